"""village_rules: initial."""
from peewee import *


def up(migrator, db):
    class Case(Model):
        id = BigAutoField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_case'

    class Resident(Model):
        id = BigAutoField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'people_resident'

    class Unit(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_unit'

    class User(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_user'

    class Assembly(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit, unique=True)
        adults = IntegerField()
        households = IntegerField()
        committee = SmallIntegerField()
        representatives = SmallIntegerField()
        women = SmallIntegerField()
        elected_on = DateField(null=True)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_assembly'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([Assembly])

    class Banquet(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit)
        host = CharField(max_length=60)
        resident = ForeignKeyField(Resident, null=True)
        kind = CharField(max_length=8)
        occasion = CharField(max_length=60, default='')
        on_day = DateField()
        notice_on = DateField()
        tables = IntegerField()
        per_table = IntegerField(null=True)
        tobacco = IntegerField(null=True)
        alcohol = IntegerField(null=True)
        gift = IntegerField(null=True)
        cars = IntegerField(null=True)
        days = IntegerField(null=True)
        band = BooleanField(default=False)
        pledged_on = DateField(null=True)
        visited_on = DateField(null=True)
        visited_by = CharField(max_length=60, default='')
        actual_tables = IntegerField(null=True)
        actual_per_table = IntegerField(null=True)
        remark = CharField(max_length=300, default='')
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_banquet'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([Banquet])

    class BanquetLimit(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit, unique=True)
        tables = IntegerField(null=True)
        per_table = IntegerField(null=True)
        tobacco = IntegerField(null=True)
        alcohol = IntegerField(null=True)
        gift = IntegerField(null=True)
        cars = IntegerField(null=True)
        days = IntegerField(null=True)
        note = CharField(max_length=300, default='')
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_banquet_limit'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([BanquetLimit])

    class Meeting(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit)
        body = CharField(max_length=12)
        group_name = CharField(max_length=40, default='')
        subject = CharField(max_length=200)
        called_by = CharField(max_length=20, default='committee')
        demanders = IntegerField(null=True)
        demanders_of = IntegerField(null=True)
        notice_on = DateField(null=True)
        special_reason = CharField(max_length=300, default='')
        planned_at = DateTimeField()
        place = CharField(max_length=100)
        chair = CharField(max_length=50)
        held_on = DateField(null=True)
        recorder = CharField(max_length=50, default='')
        counting = CharField(max_length=12, default='')
        roll = IntegerField(null=True)
        present = IntegerField(null=True)
        women_present = IntegerField(null=True)
        attendees = TextField(default='')
        record = TextField(default='')
        created_by = ForeignKeyField(User, null=True)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_meeting'
            indexes = ((('village_id', 'body', 'held_on'), False),)
    db.create_tables([Meeting])

    class Resolution(Model):
        meeting = ForeignKeyField(Meeting)
        position = SmallIntegerField()
        matter = CharField(max_length=12, default='other')
        text = TextField()
        important = BooleanField(default=False)
        party_on = DateField(null=True)
        party_note = CharField(max_length=300, default='')
        votes_for = IntegerField()
        votes_against = IntegerField()
        votes_abstained = IntegerField()
        passed = BooleanField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_resolution'
            indexes = ((('meeting', 'position'), True),)
    db.create_tables([Resolution])

    class Charter(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        case = ForeignKeyField(Case, unique=True)
        unit = ForeignKeyField(Unit)
        title = CharField(max_length=100)
        edition = SmallIntegerField()
        previous = ForeignKeyField('self', null=True)
        status = CharField(max_length=10, default='drafting')
        collect_until = DateField(null=True)
        reviewed_on = DateField(null=True)
        reviewed_by = CharField(max_length=50, default='')
        party_opinion = TextField(default='')
        legal_opinion = TextField(default='')
        resolution = ForeignKeyField(Resolution, null=True)
        authorised_by = ForeignKeyField(Resolution, null=True)
        filing_number = CharField(max_length=60, default='')
        filed_on = DateField(null=True)
        published_on = DateField(null=True)
        published_at = CharField(max_length=100, default='')
        effective_on = DateField(null=True)
        repealed_on = DateField(null=True)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_charter'
            indexes = ((('unit', 'edition'), True), (('village_id', 'status'), False), (('town_id', 'status'), False), (('county_id', 'status'), False))
    db.create_tables([Charter])

    class Clause(Model):
        charter = ForeignKeyField(Charter)
        position = SmallIntegerField()
        theme = CharField(max_length=10)
        heading = CharField(max_length=60, default='')
        text = TextField()
        answer = CharField(max_length=500, default='')
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_clause'
    db.create_tables([Clause])

    class Correction(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        case = ForeignKeyField(Case, unique=True)
        charter = ForeignKeyField(Charter)
        clauses = CharField(max_length=200, default='')
        reason = TextField()
        office = ForeignKeyField(Unit)
        report = TextField(default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_correction'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([Correction])

    class Council(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit)
        resolution = ForeignKeyField(Resolution, null=True)
        elected_on = DateField()
        until = DateField()
        members = JSONField(default=list)
        active = BooleanField(default=True)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_council'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([Council])

    class Household(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit)
        number = SmallIntegerField()
        group_name = CharField(max_length=20)
        door = CharField(max_length=40)
        head = CharField(max_length=60)
        resident = ForeignKeyField(Resident, null=True)
        active = BooleanField(default=True)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_household'
            indexes = ((('unit', 'number'), True), (('unit', 'group_name', 'door'), True))
    db.create_tables([Household])

    class Opinion(Model):
        charter = ForeignKeyField(Charter)
        how = CharField(max_length=10)
        people = SmallIntegerField(default=1)
        text = TextField()
        adopted = BooleanField(null=True)
        reason = CharField(max_length=300, default='')
        at = DateTimeField()
        by_name = CharField(max_length=60, default='')
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_opinion'
    db.create_tables([Opinion])

    class Sheet(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit)
        edition = SmallIntegerField()
        active = BooleanField(default=True)
        made_on = DateField()
        by_name = CharField(max_length=60, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_sheet'
            indexes = ((('unit', 'edition'), True),)
    db.create_tables([Sheet])

    class Round(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit)
        month = DateField()
        sheet = ForeignKeyField(Sheet)
        inspectors = CharField(max_length=200)
        held_on = DateField()
        state = CharField(max_length=10, default='scoring')
        confirmed_on = DateField(null=True)
        confirmed_by = CharField(max_length=200, default='')
        posted_on = DateField(null=True)
        posted_until = DateField(null=True)
        posted_at = CharField(max_length=100, default='')
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_round'
            indexes = ((('unit', 'month'), True), (('town_id', 'month'), False), (('county_id', 'month'), False))
    db.create_tables([Round])

    class Score(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        round = ForeignKeyField(Round)
        household = ForeignKeyField(Household)
        faults = JSONField(default=dict)
        tenths = SmallIntegerField()
        remark = CharField(max_length=200, default='')
        result = CharField(max_length=6, default='')
        by_name = CharField(max_length=60, default='')
        at = DateTimeField()
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_score'
            indexes = ((('round', 'household'), True),)
    db.create_tables([Score])

    class Rectification(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        case = ForeignKeyField(Case, unique=True)
        score = ForeignKeyField(Score, unique=True)
        told_on = DateField(null=True)
        what = TextField(default='')
        appealed_on = DateField(null=True)
        appeal = TextField(default='')
        answer = CharField(max_length=10, default='')
        checked_on = DateField(null=True)
        checked_by = CharField(max_length=60, default='')
        status = CharField(max_length=10, default='mending')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_rectification'
            indexes = ((('town_id', 'status'), False),)
    db.create_tables([Rectification])

    class SheetLine(Model):
        sheet = ForeignKeyField(Sheet)
        position = SmallIntegerField()
        part = CharField(max_length=20)
        standard = CharField(max_length=200)
        tenths = SmallIntegerField()
        fault_tenths = SmallIntegerField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'village_rules_sheet_line'
    db.create_tables([SheetLine])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('village_rules_sheet_line'))
    migrator.migrate(migrator.drop_table('village_rules_rectification'))
    migrator.migrate(migrator.drop_table('village_rules_score'))
    migrator.migrate(migrator.drop_table('village_rules_round'))
    migrator.migrate(migrator.drop_table('village_rules_sheet'))
    migrator.migrate(migrator.drop_table('village_rules_opinion'))
    migrator.migrate(migrator.drop_table('village_rules_household'))
    migrator.migrate(migrator.drop_table('village_rules_council'))
    migrator.migrate(migrator.drop_table('village_rules_correction'))
    migrator.migrate(migrator.drop_table('village_rules_clause'))
    migrator.migrate(migrator.drop_table('village_rules_charter'))
    migrator.migrate(migrator.drop_table('village_rules_resolution'))
    migrator.migrate(migrator.drop_table('village_rules_meeting'))
    migrator.migrate(migrator.drop_table('village_rules_banquet_limit'))
    migrator.migrate(migrator.drop_table('village_rules_banquet'))
    migrator.migrate(migrator.drop_table('village_rules_assembly'))
