"""The tables of mediation."""

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

    class Agreement(Model):
        county_id = IntegerField()
        case = ForeignKeyField(Case, unique=True)
        form = CharField(max_length=8)
        facts = TextField()
        terms = TextField()
        how = CharField(max_length=200, default='')
        where = CharField(max_length=100, default='')
        until = DateField()
        amount = DecimalField(null=True, max_digits=14, decimal_places=2)
        copies = SmallIntegerField(default=3)
        made_on = DateField()
        effective_on = DateField()
        recorder = CharField(max_length=60, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'mediation_agreement'
    db.create_tables([Agreement])

    class Committee(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit)
        kind = CharField(max_length=10)
        name = CharField(max_length=80)
        elected_on = DateField()
        sealed = BooleanField(default=True)
        dissolved_on = DateField(null=True)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'mediation_committee'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False), (('unit', 'name'), True))
    db.create_tables([Committee])

    class CourtConfirmation(Model):
        county_id = IntegerField()
        case = ForeignKeyField(Case, unique=True)
        court = CharField(max_length=80)
        asked_on = DateField()
        result = CharField(max_length=10, default='')
        result_on = DateField(null=True)
        court_number = CharField(max_length=80, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'mediation_confirmation'
    db.create_tables([CourtConfirmation])

    class Dispute(Model):
        case = ForeignKeyField(Case, unique=True)
        county_id = IntegerField()
        type = CharField(max_length=12)
        subject = CharField(max_length=30)
        happened_on = DateField(null=True)
        brief = TextField()
        difficulty = CharField(max_length=8, default='simple')
        risk = CharField(max_length=8, default='low')
        people = SmallIntegerField(default=2)
        committee = ForeignKeyField(Committee, null=True)
        accepted_at = DateTimeField(null=True)
        number = CharField(max_length=80, default='')
        period = CharField(max_length=100, default='')
        chosen_by = CharField(max_length=10, default='')
        named = JSONField(default=list)
        readers = JSONField(default=list)
        invited = CharField(max_length=200, default='')
        rights_told_at = DateTimeField(null=True)
        agreed_at = DateTimeField(null=True)
        routes = JSONField(default=list)
        way = CharField(max_length=15, default='')
        ended_because = TextField(default='')
        ended_at = DateTimeField(null=True)
        performance = CharField(max_length=8, default='')
        performed_on = DateField(null=True)
        alarmed_at = DateTimeField(null=True)
        measures = TextField(default='')
        reported_to = CharField(max_length=100, default='')
        retention = CharField(max_length=60, default='')
        filed_at = DateTimeField(null=True)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'mediation_dispute'
    db.create_tables([Dispute])

    class FollowUp(Model):
        county_id = IntegerField()
        case = ForeignKeyField(Case)
        at = DateTimeField()
        performed = CharField(max_length=8)
        satisfaction = CharField(max_length=2)
        risk = CharField(max_length=8)
        text = TextField()
        measures = CharField(max_length=300, default='')
        by_name = CharField(max_length=60)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'mediation_follow_up'
    db.create_tables([FollowUp])

    class MediationRound(Model):
        county_id = IntegerField()
        case = ForeignKeyField(Case)
        at = DateTimeField()
        kind = CharField(max_length=10)
        place = CharField(max_length=100)
        people = CharField(max_length=200)
        told = CharField(max_length=200, default='')
        text = TextField()
        result = CharField(max_length=8)
        recorder = CharField(max_length=60)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'mediation_round'
    db.create_tables([MediationRound])

    class Mediator(Model):
        county_id = IntegerField()
        committee = ForeignKeyField(Committee)
        name = CharField(max_length=50)
        sex = CharField(max_length=1)
        joined = CharField(max_length=8, default='member')
        time = CharField(max_length=6, default='part')
        duty = CharField(max_length=20, default='')
        user = ForeignKeyField(User, null=True)
        resident = ForeignKeyField(Resident, null=True)
        phone = CharField(max_length=20, default='')
        since = DateField()
        until = DateField(null=True)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'mediation_mediator'
    db.create_tables([Mediator])

    class Naming(Model):
        county_id = IntegerField()
        case = ForeignKeyField(Case)
        mediator = ForeignKeyField(Mediator)
        by = CharField(max_length=10)
        since = DateTimeField()
        until = DateTimeField(null=True)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'mediation_naming'
    db.create_tables([Naming])

    class Party(Model):
        county_id = IntegerField()
        case = ForeignKeyField(Case)
        side = CharField(max_length=12)
        resident = ForeignKeyField(Resident, null=True)
        organisation = CharField(max_length=100, default='')
        credit_code = CharField(max_length=18, default='')
        representative = CharField(max_length=50, default='')
        ethnicity = CharField(max_length=20, default='')
        occupation = CharField(max_length=60, default='')
        address = CharField(max_length=200, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'mediation_party'
            indexes = ((('case', 'resident'), True),)
    db.create_tables([Party])

    class Team(Model):
        county_id = IntegerField()
        committee = ForeignKeyField(Committee)
        name = CharField(max_length=60)
        leader = ForeignKeyField(Mediator)
        dissolved_on = DateField(null=True)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'mediation_team'
    db.create_tables([Team])

    class Seat(Model):
        team = ForeignKeyField(Team)
        mediator = ForeignKeyField(Mediator)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'mediation_seat'
            indexes = ((('team', 'mediator'), True),)
    db.create_tables([Seat])

    class Sweep(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit)
        since = DateField()
        until = DateField()
        found = IntegerField(default=0)
        open = IntegerField(default=0)
        note = CharField(max_length=300, default='')
        by = BigIntegerField(null=True)
        by_name = CharField(max_length=60)
        at = DateTimeField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'mediation_sweep'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([Sweep])

    class TakenNumber(Model):
        county_id = IntegerField()
        case = ForeignKeyField(Case)
        committee = ForeignKeyField(Committee)
        year = SmallIntegerField()
        number = IntegerField()
        text = CharField(max_length=80)
        at = DateTimeField()
        void_at = DateTimeField(null=True)
        void_because = CharField(max_length=200, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'mediation_number'
            indexes = ((('committee', 'year', 'number'), True),)
    db.create_tables([TakenNumber])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('mediation_number'))
    migrator.migrate(migrator.drop_table('mediation_sweep'))
    migrator.migrate(migrator.drop_table('mediation_seat'))
    migrator.migrate(migrator.drop_table('mediation_team'))
    migrator.migrate(migrator.drop_table('mediation_party'))
    migrator.migrate(migrator.drop_table('mediation_naming'))
    migrator.migrate(migrator.drop_table('mediation_mediator'))
    migrator.migrate(migrator.drop_table('mediation_round'))
    migrator.migrate(migrator.drop_table('mediation_follow_up'))
    migrator.migrate(migrator.drop_table('mediation_dispute'))
    migrator.migrate(migrator.drop_table('mediation_confirmation'))
    migrator.migrate(migrator.drop_table('mediation_committee'))
    migrator.migrate(migrator.drop_table('mediation_agreement'))
