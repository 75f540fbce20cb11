"""The days set apart by hand, the loaded years, and the token by which workers notice a change."""

from peewee import BooleanField, CharField, DateField, DateTimeField, IntegerField, JSONField, Model


def up(migrator, db):
    class CalendarDay(Model):
        date = DateField(unique=True)
        kind = CharField(max_length=4)
        name = CharField(max_length=40)
        by = IntegerField(null=True)
        by_name = CharField(max_length=60, default="")
        at = DateTimeField()
        version = IntegerField(default=1)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "calendar_day"

    class CalendarRevision(Model):
        token = CharField(max_length=32)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "calendar_revision"

    class CalendarYear(Model):
        year = IntegerField(unique=True)
        source = CharField(max_length=100)
        days = JSONField(default=dict)
        provisional = BooleanField(default=False)
        by = IntegerField(null=True)
        by_name = CharField(max_length=60, default="")
        loaded_at = DateTimeField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "calendar_year"

    db.create_tables([CalendarDay, CalendarRevision, CalendarYear])


def down(migrator, db):
    for table in ("calendar_year", "calendar_revision", "calendar_day"):
        migrator.migrate(migrator.drop_table(table))
