"""Towns set what the county lets them; the history of settings; copying one town's set-up to another."""

from peewee import *


def up(migrator, db):
    class Unit(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_unit'

    migrator.migrate(
        migrator.drop_index('org_setting', 'org_setting_county_id_name'),
        migrator.drop_index('org_setting', 'org_setting_county_id'),
        migrator.rename_column('org_setting', 'county_id', 'unit_id'),
        migrator.add_index('org_setting', ('unit_id',), False),
        migrator.add_index('org_setting', ('unit_id', 'name'), True),
    )

    class OrgSettingEvent(Model):
        unit = ForeignKeyField(Unit, index=False)
        name = CharField(max_length=60)
        old = JSONField(null=True)
        new = JSONField(null=True)
        by_id = IntegerField(null=True)
        by_name = CharField(max_length=60, default='')
        at = DateTimeField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_setting_event'
            indexes = ((('unit', 'name', 'id'), False),)
    db.create_tables([OrgSettingEvent])

    class OrgCopy(Model):
        county_id = IntegerField()
        source = ForeignKeyField(Unit)
        target = ForeignKeyField(Unit)
        undoes = ForeignKeyField('self', null=True)
        lines = JSONField()
        by_id = IntegerField(null=True)
        by_name = CharField(max_length=60, default='')
        at = DateTimeField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_copy'
            indexes = ((('county_id', 'id'), False),)
    db.create_tables([OrgCopy])


def down(migrator, db):
    # What towns had set for themselves has no place in the table of before.
    db.execute_sql("DELETE FROM org_setting WHERE unit_id IN (SELECT id FROM org_unit WHERE level <> 'county')")
    migrator.migrate(
        migrator.drop_table('org_copy'),
        migrator.drop_table('org_setting_event'),
        migrator.drop_index('org_setting', 'org_setting_unit_id_name'),
        migrator.drop_index('org_setting', 'org_setting_unit_id'),
        migrator.rename_column('org_setting', 'unit_id', 'county_id'),
        migrator.add_index('org_setting', ('county_id',), False),
        migrator.add_index('org_setting', ('county_id', 'name'), True),
    )
