"""people: initial."""
from peewee import *


def up(migrator, db):
    class Unit(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_unit'

    class Resident(Model):
        id = BigAutoField()
        uuid = CharField(unique=True, max_length=32)
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit)
        name = CharField(max_length=50)
        initials = CharField(max_length=50, default='')
        id_card_cipher = TextField(default='')
        id_card_index = CharField(null=True, max_length=64)
        phone_cipher = TextField(default='')
        phone_index = CharField(index=True, null=True, max_length=64)
        sex = CharField(max_length=1, default='')
        birth_date = DateField(null=True)
        address = CharField(max_length=200, default='')
        tags = JSONField(default=list)
        created_by = IntegerField(null=True)
        created = DateTimeField()
        updated = DateTimeField()
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'people_resident'
            indexes = ((('county_id', 'id_card_index'), True), (('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([Resident])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('people_resident'))
