"""The first tables of this plugin."""

from peewee import *


def up(migrator, db):
    class Case(Model):
        id = BigAutoField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_case'

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

    class ServiceItem(Model):
        county_id = IntegerField()
        code = CharField(max_length=80)
        name = CharField(max_length=200)
        aliases = CharField(max_length=200, default='')
        initials = CharField(max_length=100, default='')
        theme = CharField(max_length=20, default='其他')
        modes = JSONField(default=list)
        decides = CharField(max_length=10)
        department = ForeignKeyField(Unit, null=True)
        department_name = CharField(max_length=60, default='')
        legal_limit = CharField(max_length=60, default='')
        basis = TextField(default='')
        basis_checked = BooleanField(default=False)
        promise_amount = SmallIntegerField()
        promise_unit = CharField(max_length=10, default='workday')
        fee = CharField(max_length=60, default='不收费')
        conditions = TextField(default='')
        guide = TextField(default='')
        procedures = CharField(max_length=200, default='')
        starter = BooleanField(default=False)
        origin = CharField(max_length=10, default='catalogue')
        active = BooleanField(default=True)
        version = IntegerField(default=1)
        changed_at = DateTimeField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'station_item'
            indexes = ((('county_id', 'code'), True), (('county_id', 'starter'), False))
    db.create_tables([ServiceItem])

    class ItemMaterial(Model):
        item = ForeignKeyField(ServiceItem)
        sort = SmallIntegerField()
        name = CharField(max_length=200)
        form = CharField(max_length=60, default='')
        source = CharField(max_length=12, default='self')
        need = CharField(max_length=12, default='must')
        condition = CharField(max_length=200, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'station_material'
    db.create_tables([ItemMaterial])

    class ServiceRequest(Model):
        case = ForeignKeyField(Case, unique=True)
        county_id = IntegerField()
        item = ForeignKeyField(ServiceItem)
        item_name = CharField(max_length=200)
        item_version = IntegerField()
        decides = CharField(max_length=10)
        promise_amount = SmallIntegerField()
        promise_unit = CharField(max_length=10, default='workday')
        window = ForeignKeyField(Unit)
        received_by = ForeignKeyField(User, null=True)
        proxy_name = CharField(max_length=60, default='')
        proxy_letter = BooleanField(default=False)
        told_at = DateTimeField(null=True)
        told = TextField(default='')
        told_missing = JSONField(default=list)
        special_at = DateTimeField(null=True)
        special = CharField(max_length=60, default='')
        special_reason = TextField(default='')
        special_by = CharField(max_length=200, default='')
        accepted_at = DateTimeField(null=True)
        granted = BooleanField(null=True)
        decided_at = DateTimeField(null=True)
        decided_by = CharField(max_length=60, default='')
        decision = TextField(default='')
        delivered_at = DateTimeField(null=True)
        delivery = CharField(max_length=20, default='')
        recipient = CharField(max_length=60, default='')
        provincial_number = CharField(max_length=60, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'station_request'
    db.create_tables([ServiceRequest])

    class RequestMaterial(Model):
        request = ForeignKeyField(ServiceRequest)
        sort = SmallIntegerField()
        name = CharField(max_length=200)
        form = CharField(max_length=60, default='')
        need = CharField(max_length=12)
        state = CharField(max_length=10, default='missing')
        at_receipt = BooleanField(default=False)
        received_at = DateTimeField(null=True)
        owed_until = DateField(null=True)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'station_request_material'
    db.create_tables([RequestMaterial])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('station_request_material'))
    migrator.migrate(migrator.drop_table('station_request'))
    migrator.migrate(migrator.drop_table('station_material'))
    migrator.migrate(migrator.drop_table('station_item'))
