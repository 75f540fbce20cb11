"""The first tables of this room."""

from peewee import *


def up(migrator, db):
    class Unit(Model):
        code = CharField(unique=True, max_length=24)
        name = CharField(max_length=100)
        short = CharField(max_length=100)
        level = CharField(max_length=12)
        kind = CharField(max_length=20, default='')
        reach = CharField(max_length=6, default='area')
        parent = ForeignKeyField('self', null=True)
        path = CharField(max_length=120, default='')
        county_id = IntegerField(index=True, null=True)
        town_id = IntegerField(index=True, null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        initials = CharField(max_length=100, default='')
        is_statistical_only = BooleanField(default=False)
        valid_from = DateField(null=True)
        valid_to = DateField(null=True)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_unit'
            indexes = ((('parent', 'code'), False), (('county_id', 'level'), False))
    db.create_tables([Unit])

    class TownPlugin(Model):
        unit = ForeignKeyField(Unit)
        plugin = CharField(max_length=40)
        enabled = BooleanField()
        by_id = IntegerField(null=True)
        by_name = CharField(max_length=60, default='')
        at = DateTimeField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_town_plugin'
            indexes = ((('unit', 'plugin'), True),)
    db.create_tables([TownPlugin])

    class TownPluginEvent(Model):
        unit = ForeignKeyField(Unit)
        plugin = CharField(max_length=40)
        enabled = BooleanField()
        by_id = IntegerField(null=True)
        by_name = CharField(max_length=60, default='')
        at = DateTimeField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_town_plugin_event'
    db.create_tables([TownPluginEvent])

    class UnitChange(Model):
        unit = ForeignKeyField(Unit)
        kind = CharField(max_length=12)
        other = ForeignKeyField(Unit, null=True)
        old_name = CharField(max_length=100, default='')
        new_name = CharField(max_length=100, default='')
        on = DateField()
        note = CharField(max_length=200, default='')
        by_id = IntegerField(null=True)
        by_name = CharField(max_length=60, default='')
        at = DateTimeField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_unit_change'
    db.create_tables([UnitChange])

    class OrgRevision(Model):
        token = CharField(max_length=32)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_revision'
    db.create_tables([OrgRevision])

    class OrgSetting(Model):
        county = ForeignKeyField(Unit)
        name = CharField(max_length=60)
        value = JSONField()
        by_name = CharField(max_length=60, default='')
        at = DateTimeField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_setting'
            indexes = ((('county', 'name'), True),)
    db.create_tables([OrgSetting])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('org_setting'))
    migrator.migrate(migrator.drop_table('org_revision'))
    migrator.migrate(migrator.drop_table('org_unit_change'))
    migrator.migrate(migrator.drop_table('org_town_plugin_event'))
    migrator.migrate(migrator.drop_table('org_town_plugin'))
    migrator.migrate(migrator.drop_table('org_unit'))
