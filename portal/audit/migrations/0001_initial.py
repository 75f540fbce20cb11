"""The first tables of this room."""

from peewee import *

from portal.migrations import append_only, no_longer_append_only


def up(migrator, db):
    class AuditEntry(Model):
        id = BigAutoField()
        at = DateTimeField()
        county_id = IntegerField(null=True)
        actor_id = IntegerField(null=True)
        actor_name = CharField(max_length=60, default='')
        post_title = CharField(max_length=60, default='')
        unit_id = IntegerField(null=True)
        unit_name = CharField(max_length=100, default='')
        address = CharField(max_length=45, default='')
        session = CharField(max_length=16, default='')
        action = CharField(max_length=60)
        object_type = CharField(max_length=40, default='')
        object_id = CharField(max_length=80, default='')
        result = CharField(max_length=10, default='ok')
        detail = JSONField(default=dict)
        changes = JSONField(default=dict)
        request_id = CharField(max_length=16, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'audit_entry'
            indexes = ((('action', 'id'), False), (('actor_id', 'id'), False), (('object_type', 'object_id'), False))
    db.create_tables([AuditEntry])
    append_only(db, 'audit_entry')


def down(migrator, db):
    migrator.migrate(migrator.drop_table('audit_entry'))
    no_longer_append_only(db, 'audit_entry')
