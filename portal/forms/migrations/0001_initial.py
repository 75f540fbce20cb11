"""The first tables of this room."""

from peewee import *


def up(migrator, db):
    class RequestKey(Model):
        user_id = IntegerField()
        key = CharField(max_length=64)
        location = CharField(max_length=2000, default='')
        at = DateTimeField(index=True)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'forms_request_key'
            primary_key = CompositeKey('user_id', 'key')
    db.create_tables([RequestKey])

def down(migrator, db):
    migrator.migrate(migrator.drop_table('forms_request_key'))
