"""What the figures need: when a case had to be done, whether it was redone or halted, and flows by unit and channel."""

from peewee import *

COLUMNS = (
    ("owed", DateTimeField(null=True)), ("redone", BooleanField(default=False)), ("halted", BooleanField(default=False)),
)
PLACES = ("county_id", "town_id", "line_id")


def up(migrator, db):
    migrator.migrate(*(migrator.add_column("cases_case", name, field) for name, field in COLUMNS))
    _fill(db)
    for place in PLACES:
        for moment in ("closed", "owed"):
            db.execute_sql(
                f'CREATE INDEX "cases_case_{place}_{moment}" ON "cases_case" ("{place}", "{moment}" DESC, "id" DESC)')
    db.execute_sql('DROP TABLE "cases_flow"')
    db.execute_sql('DROP TABLE "cases_tally"')

    class Tally(Model):
        axis = CharField(max_length=6)
        unit_id = IntegerField()
        kind = CharField(max_length=40)
        phase = CharField(max_length=12)
        state = CharField(max_length=30)
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        count = IntegerField(default=0)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_tally'
            primary_key = CompositeKey('axis', 'unit_id', 'kind', 'phase', 'state')
            indexes = ((('axis', 'county_id'), False), (('axis', 'town_id'), False), (('axis', 'village_id'), False))

    class Flow(Model):
        county_id = IntegerField()
        axis = CharField(max_length=6)
        period = CharField(max_length=8)
        unit_id = IntegerField()
        town_id = IntegerField(default=0)
        holder_id = IntegerField()
        kind = CharField(max_length=40)
        channel = CharField(max_length=20)
        village_id = IntegerField(null=True)
        opened = IntegerField(default=0)
        settled = IntegerField(default=0)
        cancelled = IntegerField(default=0)
        redone = IntegerField(default=0)
        closed = IntegerField(default=0)
        on_time = IntegerField(default=0)
        minutes = BigIntegerField(default=0)
        rated = IntegerField(default=0)
        rating_sum = IntegerField(default=0)
        satisfied = IntegerField(default=0)
        fair = IntegerField(default=0)
        at_once = IntegerField(default=0)
        first_time = IntegerField(default=0)
        own = IntegerField(default=0)
        due = IntegerField(default=0)
        kept = IntegerField(default=0)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_flow'
            primary_key = CompositeKey('county_id', 'axis', 'period', 'unit_id', 'town_id', 'holder_id', 'kind', 'channel')
            indexes = ((('town_id', 'axis', 'period'), False), (('village_id', 'axis', 'period'), False), (('unit_id', 'axis', 'period'), False))
    db.create_tables([Tally, Flow])


def _fill(db):
    """What is open is owed when it is due; of what is closed the timeline says until when it had been due last.

    The counters are written anew by `portal tallies rebuild`.
    """
    if isinstance(db, PostgresqlDatabase):
        due, moment = "(data ->> 'due')", "(data ->> 'due')::timestamp"
    else:
        due, moment = "json_extract(data, '$.due')", "replace(json_extract(data, '$.due'), 'T', ' ')"
    db.execute_sql("UPDATE cases_case SET owed = due WHERE closed IS NULL")
    db.execute_sql(
        f"UPDATE cases_case SET owed = (SELECT {moment} FROM cases_event WHERE cases_event.case_id = cases_case.id"
        f" AND {due} IS NOT NULL ORDER BY seq DESC LIMIT 1) WHERE closed IS NOT NULL")
    db.execute_sql("UPDATE cases_case SET halted = %s WHERE id IN (SELECT case_id FROM cases_pause)" % (
        "true" if isinstance(db, PostgresqlDatabase) else "1"))


def down(migrator, db):
    for place in PLACES:
        for moment in ("closed", "owed"):
            db.execute_sql(f'DROP INDEX "cases_case_{place}_{moment}"')
    migrator.migrate(*(migrator.drop_column("cases_case", name) for name, _ in COLUMNS))
    db.execute_sql('DROP TABLE "cases_flow"')
    db.execute_sql('DROP TABLE "cases_tally"')

    class Flow(Model):
        axis = CharField(max_length=6)
        unit_id = IntegerField()
        kind = CharField(max_length=40)
        period = CharField(max_length=8)
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        opened = IntegerField(default=0)
        closed = IntegerField(default=0)
        on_time = IntegerField(default=0)
        minutes = BigIntegerField(default=0)
        rated = IntegerField(default=0)
        rating_sum = IntegerField(default=0)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_flow'
            primary_key = CompositeKey('axis', 'unit_id', 'kind', 'period')
            indexes = ((('axis', 'county_id', 'period'), False), (('axis', 'town_id', 'period'), False), (('axis', 'village_id', 'period'), False))

    class Tally(Model):
        axis = CharField(max_length=6)
        unit_id = IntegerField()
        kind = CharField(max_length=40)
        phase = CharField(max_length=12)
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        count = IntegerField(default=0)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_tally'
            primary_key = CompositeKey('axis', 'unit_id', 'kind', 'phase')
            indexes = ((('axis', 'county_id'), False), (('axis', 'town_id'), False), (('axis', 'village_id'), False))
    db.create_tables([Flow, Tally])
