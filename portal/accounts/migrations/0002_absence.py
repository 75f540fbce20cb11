"""Who is away, and who stands in."""

from peewee import *


def up(migrator, db):
    class Post(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_post'

    class User(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_user'

    class Absence(Model):
        county_id = IntegerField()
        post = ForeignKeyField(Post)
        user = ForeignKeyField(User, index=False)
        stand_in = ForeignKeyField(Post, index=False)
        since = DateField()
        until = DateField()
        note = CharField(max_length=200, default='')
        by_name = CharField(max_length=60)
        at = DateTimeField()
        ended = DateTimeField(null=True)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_absence'
    Absence.add_index(
        Absence.index(Absence.stand_in, Absence.until, where=SQL("ended IS NULL"), name="accounts_absence_now")
    )
    db.create_tables([Absence])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('accounts_absence'))
