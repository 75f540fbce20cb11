"""The inbox."""

from peewee import BigAutoField, CharField, DateTimeField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class User(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = "accounts_user"

    class Notice(Model):
        id = BigAutoField()
        county_id = IntegerField(null=True)
        user = ForeignKeyField(User, index=False)
        at = DateTimeField()
        topic = CharField(max_length=60)
        title = CharField(max_length=200)
        text = TextField(default="")
        url = CharField(max_length=200, default="")
        read_at = DateTimeField(null=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "notify_notice"

    Notice.add_index(Notice.index(Notice.user, Notice.id.desc(), name="notify_notice_user"))
    Notice.add_index(Notice.index(Notice.user, where=Notice.read_at.is_null(), name="notify_notice_unread"))
    db.create_tables([Notice])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("notify_notice"))
