"""What failed in plugins, as all processes have seen it."""

from peewee import BigAutoField, BigIntegerField, BooleanField, CharField, DateTimeField, Model


def up(migrator, db):
    class HookHealth(Model):
        id = BigAutoField()
        plugin = CharField(max_length=40)
        hook = CharField(max_length=80)
        failures = BigIntegerField(default=0)
        slow = BigIntegerField(default=0)
        skipped = BigIntegerField(default=0)
        opened = BigIntegerField(default=0)
        first_at = DateTimeField()
        last_at = DateTimeField()
        error = CharField(max_length=200, default="")
        open_until = DateTimeField(null=True)
        freed_at = DateTimeField(null=True)
        told = BooleanField(default=False)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "health_hook"
            indexes = ((("plugin", "hook"), True),)

    db.create_tables([HookHealth])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("health_hook"))
