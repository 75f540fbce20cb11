"""Void numbers with their reasons, the results of checks, the daily heads."""

from peewee import *

from portal.migrations import append_only, no_longer_append_only


def up(migrator, db):
    class VoidNumber(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        line_id = IntegerField(null=True)
        unit = IntegerField()
        prefix = CharField(max_length=10)
        year = IntegerField()
        number = IntegerField()
        text = CharField(max_length=60, default='')
        kind = CharField(max_length=40, default='')
        restricted = BooleanField(default=False)
        case_id = BigIntegerField(null=True)
        reason = CharField(max_length=200)
        by = IntegerField(null=True)
        by_name = CharField(max_length=60, default='')
        at = DateTimeField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_void_number'
            indexes = ((('unit', 'prefix', 'year', 'number'), True), (('county_id', 'year'), False))

    class CheckRun(Model):
        asked_by = IntegerField(null=True)
        asked_name = CharField(max_length=60, default='')
        asked = DateTimeField()
        started = DateTimeField(null=True)
        ended = DateTimeField(null=True)
        rows = BigIntegerField(default=0)
        count = IntegerField(default=0)
        breaches = JSONField(default=list)
        warnings = JSONField(default=list)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_check_run'

    class DailyHead(Model):
        id = BigAutoField()
        day = DateField()
        at = DateTimeField()
        lanes = JSONField(default=list)
        entries_from = BigIntegerField(default=0)
        entries_to = BigIntegerField(default=0)
        entries_count = IntegerField(default=0)
        entries_digest = CharField(max_length=64)
        before = CharField(max_length=64, default='')
        text = TextField()
        digest = CharField(max_length=64)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_daily_head'
    DailyHead.add_index(DailyHead.index(DailyHead.day, name='cases_daily_head_day'))
    db.create_tables([VoidNumber, CheckRun, DailyHead])
    append_only(db, 'cases_void_number', key=('unit', 'prefix', 'year', 'number'))
    append_only(db, 'cases_daily_head')


def down(migrator, db):
    for table in ('cases_daily_head', 'cases_check_run', 'cases_void_number'):
        migrator.migrate(migrator.drop_table(table))
    no_longer_append_only(db, 'cases_daily_head')
    no_longer_append_only(db, 'cases_void_number')
