"""Each change of the calendar, and how far open cases were recomputed after it."""

from peewee import BigIntegerField, CharField, DateField, DateTimeField, IntegerField, Model


def up(migrator, db):
    class CalendarChange(Model):
        at = DateTimeField()
        by = IntegerField(null=True)
        by_name = CharField(max_length=60, default="")
        what = CharField(max_length=200)
        first = DateField()
        last = DateField()
        cursor = BigIntegerField(default=0)
        looked = IntegerField(default=0)
        moved = IntegerField(default=0)
        done_at = DateTimeField(null=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "calendar_change"

    class CalendarReminder(Model):
        year = IntegerField(unique=True)
        sent_on = DateField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "calendar_reminder"

    db.create_tables([CalendarChange, CalendarReminder])


def down(migrator, db):
    for table in ("calendar_reminder", "calendar_change"):
        migrator.migrate(migrator.drop_table(table))
