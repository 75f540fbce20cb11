"""Residents that become one, are looked after by their retention, exported and erased."""
from peewee import *


def up(migrator, db):
    class Resident(Model):
        id = BigAutoField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'people_resident'

    class ResidentMerge(Model):
        id = BigAutoField()
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        kept = ForeignKeyField(Resident)
        gone = ForeignKeyField(Resident)
        at = DateTimeField()
        by_id = IntegerField(null=True)
        by_name = CharField(max_length=60)
        reason = CharField(max_length=200)
        moved = JSONField(default=list)
        before = TextField(default='')
        undone_at = DateTimeField(null=True)
        undone_by = CharField(max_length=60, default='')
        undone_because = CharField(max_length=200, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'people_merge'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([ResidentMerge])

    class ResidentPair(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        first = ForeignKeyField(Resident)
        second = ForeignKeyField(Resident)
        because = CharField(max_length=12)
        found = DateTimeField()
        apart_at = DateTimeField(null=True)
        apart_by = CharField(max_length=60, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'people_pair'
            indexes = ((('first', 'second'), True), (('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([ResidentPair])

    class ResidentRequest(Model):
        id = BigAutoField()
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        resident = ForeignKeyField(Resident)
        kind = CharField(max_length=8)
        at = DateTimeField()
        by_id = IntegerField(null=True)
        by_name = CharField(max_length=60)
        reason = CharField(max_length=200)
        granted = BooleanField()
        because = JSONField(default=list)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'people_request'
            indexes = ((('county_id', 'id'), False), (('town_id', 'id'), False), (('village_id', 'id'), False))
    db.create_tables([ResidentRequest])

    migrator.migrate(migrator.add_column('people_resident', 'guardian', CharField(max_length=200, default='')))
    migrator.migrate(migrator.add_column('people_resident', 'merged_into_id', ForeignKeyField(Resident, field=Resident.id, null=True)))
    migrator.migrate(migrator.add_column('people_resident', 'erased_at', DateTimeField(null=True)))
    migrator.migrate(migrator.add_column('people_resident', 'review_on', DateField(null=True)))
    migrator.migrate(migrator.add_column('people_resident', 'expired_on', DateField(null=True)))
    migrator.migrate(migrator.add_index('people_resident', ('review_on', 'id')))
    migrator.migrate(migrator.add_index('people_resident', ('village_id', 'name')))
    db.execute_sql(
        'CREATE INDEX people_resident_expired ON people_resident (county_id, expired_on) WHERE expired_on IS NOT NULL'
    )


def down(migrator, db):
    db.execute_sql('DROP INDEX people_resident_expired')
    migrator.migrate(migrator.drop_index('people_resident', 'people_resident_village_id_name'))
    migrator.migrate(migrator.drop_index('people_resident', 'people_resident_review_on_id'))
    migrator.migrate(migrator.drop_index('people_resident', 'people_resident_merged_into_id'))
    migrator.migrate(migrator.drop_column('people_resident', 'expired_on'))
    migrator.migrate(migrator.drop_column('people_resident', 'review_on'))
    migrator.migrate(migrator.drop_column('people_resident', 'erased_at'))
    migrator.migrate(migrator.drop_column('people_resident', 'merged_into_id'))
    migrator.migrate(migrator.drop_column('people_resident', 'guardian'))
    migrator.migrate(migrator.drop_table('people_request'))
    migrator.migrate(migrator.drop_table('people_pair'))
    migrator.migrate(migrator.drop_table('people_merge'))
