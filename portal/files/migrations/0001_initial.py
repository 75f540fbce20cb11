"""files: initial."""
from peewee import *


def up(migrator, db):
    class Attachment(Model):
        id = BigAutoField()
        county_id = IntegerField()
        owner_type = CharField(max_length=20)
        owner_id = BigIntegerField()
        name = CharField(max_length=150)
        sha256 = CharField(index=True, max_length=64)
        size = IntegerField()
        mime = CharField(max_length=100)
        by_id = IntegerField(null=True)
        by_name = CharField(max_length=60, default='')
        at = DateTimeField()
        removed_at = DateTimeField(null=True)
        removed_by = IntegerField(null=True)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'files_attachment'
            indexes = ((('owner_type', 'owner_id'), False),)
    db.create_tables([Attachment])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('files_attachment'))
