"""What each person does not want to be told of, and an index from which every page counts what is unread."""

from peewee import CharField, CompositeKey, ForeignKeyField, Model


def up(migrator, db):
    class User(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = "accounts_user"

    class Mute(Model):
        user = ForeignKeyField(User, index=False)
        topic = CharField(max_length=60)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "notify_mute"
            primary_key = CompositeKey("user", "topic")

    db.create_tables([Mute])
    db.execute_sql("DROP INDEX notify_notice_unread")
    db.execute_sql(
        "CREATE INDEX notify_notice_unread_topic ON notify_notice (user_id, topic, read_at) "
        "WHERE read_at IS NULL"
    )


def down(migrator, db):
    db.execute_sql("DROP INDEX notify_notice_unread_topic")
    db.execute_sql("CREATE INDEX notify_notice_unread ON notify_notice (user_id) WHERE read_at IS NULL")
    migrator.migrate(migrator.drop_table("notify_mute"))
