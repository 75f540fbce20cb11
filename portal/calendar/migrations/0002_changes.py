"""Each change of the calendar, and how far open cases were recomputed after it."""

from peewee import *


def up(migrator, db):
    class CalendarChange(Model):
        at = DateTimeField()
        by = IntegerField(null=True)
        by_name = CharField(max_length=60, default='')
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
            table_name = 'calendar_change'
    db.create_tables([CalendarChange])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('calendar_change'))
