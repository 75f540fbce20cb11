"""grid: initial."""
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

    class Grid(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit, unique=True)
        kind = CharField(max_length=10, default='general')
        range = TextField(default='')
        supervision_phone = CharField(max_length=30, default='')
        lon = DecimalField(null=True, max_digits=9, decimal_places=6)
        lat = DecimalField(null=True, max_digits=9, decimal_places=6)
        boundary = JSONField(null=True)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'grid_grid'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([Grid])

    class GridEvent(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        case = ForeignKeyField(Case, unique=True)
        category = CharField(max_length=20)
        sub = CharField(max_length=20, default='')
        where = CharField(max_length=200, default='')
        lon = DecimalField(null=True, max_digits=9, decimal_places=6)
        lat = DecimalField(null=True, max_digits=9, decimal_places=6)
        text = TextField(default='')
        urgency = CharField(max_length=8, default='normal')
        compulsory = BooleanField(default=False)
        informed_whom = CharField(max_length=100, default='')
        informed_at = DateTimeField(null=True)
        reported_from = ForeignKeyField(Unit)
        reported_by = ForeignKeyField(User, null=True)
        sent_by = ForeignKeyField(Unit, null=True)
        appointed = BooleanField(default=False)
        difficulty = CharField(max_length=10, default='')
        declined = SmallIntegerField(default=0)
        redone = SmallIntegerField(default=0)
        extension_unit = ForeignKeyField(Unit, null=True)
        extension_days = SmallIntegerField(null=True)
        extension_granted = BooleanField(null=True)
        handled_unit = ForeignKeyField(Unit, null=True)
        handled_by = ForeignKeyField(User, null=True)
        handled_level = CharField(max_length=8, default='')
        handled_at = DateTimeField(null=True)
        result = TextField(default='')
        merged_into = ForeignKeyField(Case, null=True)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'grid_event'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([GridEvent])

    class GridWorker(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit)
        name = CharField(max_length=50)
        work_phone = CharField(max_length=30, default='')
        role = CharField(max_length=10)
        user = ForeignKeyField(User, null=True)
        since = DateField()
        until = DateField(null=True)
        ended_by = CharField(max_length=60, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'grid_worker'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([GridWorker])

    class Household(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit)
        number = IntegerField()
        address = CharField(max_length=200, default='')
        kind = CharField(max_length=12, default='resident')
        structure = CharField(max_length=10, default='')
        floors = SmallIntegerField(null=True)
        safety = CharField(max_length=1, default='')
        helper = CharField(max_length=50, default='')
        head = CharField(max_length=60, default='')
        initials = CharField(max_length=50, default='')
        risk = CharField(max_length=8, default='normal')
        last_visit = DateField(null=True)
        due_on = DateField()
        created = DateTimeField()
        closed_on = DateField(null=True)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'grid_household'
            indexes = ((('village_id', 'number'), True), (('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'due_on'), False), (('grid_id', 'due_on'), False))
    db.create_tables([Household])

    class KeyPerson(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        resident = ForeignKeyField(Resident)
        unit = ForeignKeyField(Unit)
        kind = CharField(max_length=12)
        owner = CharField(max_length=60)
        since = DateField()
        added_by = CharField(max_length=60, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'grid_key_person'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([KeyPerson])

    class Member(Model):
        county_id = IntegerField()
        household = ForeignKeyField(Household)
        resident = ForeignKeyField(Resident)
        relation = CharField(max_length=1)
        since = DateField()
        until = DateField(null=True)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'grid_member'
    db.create_tables([Member])

    class Patrol(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit)
        theme = CharField(max_length=12)
        route = CharField(max_length=200)
        normal = BooleanField(default=True)
        note = CharField(max_length=300, default='')
        at = DateTimeField()
        by = ForeignKeyField(User)
        by_name = CharField(max_length=60)
        case = ForeignKeyField(Case, null=True)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'grid_patrol'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([Patrol])

    class RiskChange(Model):
        county_id = IntegerField()
        household = ForeignKeyField(Household)
        old = CharField(max_length=8)
        new = CharField(max_length=8)
        reason = CharField(max_length=200)
        by_name = CharField(max_length=60)
        at = DateTimeField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'grid_risk_change'
    db.create_tables([RiskChange])

    class TownPoint(Model):
        unit = ForeignKeyField(Unit, unique=True)
        county_id = IntegerField()
        lon = DecimalField(max_digits=9, decimal_places=6)
        lat = DecimalField(max_digits=9, decimal_places=6)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'grid_town_point'
    db.create_tables([TownPoint])

    class Visit(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        household = ForeignKeyField(Household)
        result = CharField(max_length=8)
        note = CharField(max_length=300, default='')
        due_on = DateField()
        at = DateTimeField()
        by = ForeignKeyField(User)
        by_name = CharField(max_length=60)
        case = ForeignKeyField(Case, null=True)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'grid_visit'
            indexes = ((('county_id', 'at'), False), (('town_id', 'at'), False), (('village_id', 'at'), False))
    db.create_tables([Visit])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('grid_visit'))
    migrator.migrate(migrator.drop_table('grid_town_point'))
    migrator.migrate(migrator.drop_table('grid_risk_change'))
    migrator.migrate(migrator.drop_table('grid_patrol'))
    migrator.migrate(migrator.drop_table('grid_member'))
    migrator.migrate(migrator.drop_table('grid_key_person'))
    migrator.migrate(migrator.drop_table('grid_household'))
    migrator.migrate(migrator.drop_table('grid_worker'))
    migrator.migrate(migrator.drop_table('grid_event'))
    migrator.migrate(migrator.drop_table('grid_grid'))
