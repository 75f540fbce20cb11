"""What the county lays down about a plugin: required or forbidden, for all towns or for one; and the history of
switches by town and plugin."""

from peewee import *


def up(migrator, db):
    class Unit(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_unit'

    class PluginRule(Model):
        county = ForeignKeyField(Unit, index=False, backref='+')
        unit = ForeignKeyField(Unit, index=False, backref='+')
        plugin = CharField(max_length=40)
        kind = CharField(max_length=10)
        reason = CharField(max_length=200)
        version = IntegerField(default=1)
        by_id = IntegerField(null=True)
        by_name = CharField(max_length=60, default='')
        at = DateTimeField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_plugin_rule'
            indexes = ((('unit', 'plugin'), True), (('county', 'plugin'), False))
    db.create_tables([PluginRule])

    db.execute_sql(
        'CREATE INDEX org_town_plugin_event_plugin ON org_town_plugin_event (plugin, unit_id, id)')


def down(migrator, db):
    db.execute_sql('DROP INDEX org_town_plugin_event_plugin')
    migrator.migrate(migrator.drop_table('org_plugin_rule'))
