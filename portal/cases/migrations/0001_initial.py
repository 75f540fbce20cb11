"""The first tables of this room."""

from peewee import *

from portal.migrations import append_only, no_longer_append_only


def up(migrator, db):
    class Resident(Model):
        id = BigAutoField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'people_resident'

    class Unit(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_unit'

    class User(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_user'

    class Case(Model):
        id = BigAutoField()
        number = CharField(max_length=40)
        kind = CharField(max_length=40)
        title = CharField(max_length=200)
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        line_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit, index=False)
        person = ForeignKeyField(User, null=True, index=False)
        channel = CharField(max_length=20, default='window')
        source_case = ForeignKeyField('self', null=True)
        resident = ForeignKeyField(Resident, null=True)
        applicant = CharField(max_length=60, default='')
        no_reply_because = CharField(max_length=100, default='')
        state = CharField(max_length=30)
        phase = CharField(max_length=12)
        opened = DateTimeField()
        due = DateTimeField(null=True)
        closed = DateTimeField(null=True)
        replied = DateTimeField(null=True)
        rating = SmallIntegerField(null=True)
        limit_amount = IntegerField(null=True)
        limit_unit = CharField(max_length=10, default='')
        limit_rolls = BooleanField(default=True)
        clock_start = DateTimeField(null=True)
        paused_at = DateTimeField(null=True)
        pause_reason = CharField(max_length=100, default='')
        late = BooleanField(default=False)
        restricted = BooleanField(default=False)
        created_by = ForeignKeyField(User, null=True, index=False)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_case'
            indexes = ((('county_id', 'number'), True),)
    for place in ("county_id", "town_id", "village_id", "grid_id", "line_id", "unit_id", "person_id"):
        column = getattr(Case, place.removesuffix("_id") if place in ("unit_id", "person_id") else place)
        more = (Case.kind, Case.person, Case.restricted, Case.created_by) if place == "unit_id" else ()
        Case.add_index(Case.index(column, Case.opened.desc(), Case.id.desc(), name=f"cases_case_{place}_opened"))
        Case.add_index(
            Case.index(column, Case.due, Case.id, *more, where=SQL("closed IS NULL"), name=f"cases_case_{place}_due")
        )
        if place in ("county_id", "town_id", "line_id"):
            Case.add_index(
                Case.index(column, Case.phase, Case.opened.desc(), Case.id.desc(), name=f"cases_case_{place}_phase")
            )
    db.create_tables([Case])

    class CaseEvent(Model):
        id = BigAutoField()
        county_id = IntegerField()
        case = ForeignKeyField(Case, index=False)
        seq = IntegerField()
        at = DateTimeField()
        step = CharField(max_length=40)
        title = CharField(max_length=60)
        actor_id = IntegerField(null=True)
        actor_name = CharField(max_length=60)
        post_title = CharField(max_length=60, default='')
        unit_id = IntegerField(null=True)
        unit_name = CharField(max_length=200, default='')
        from_state = CharField(max_length=30, default='')
        to_state = CharField(max_length=30)
        holder_id = IntegerField()
        holder_name = CharField(max_length=200)
        text = TextField(default='')
        data = JSONField(default=dict)
        digest = CharField(max_length=64)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_event'
            indexes = ((('case', 'seq'), True), (('actor_id', 'at'), False))
    db.create_tables([CaseEvent])
    append_only(db, 'cases_event', key=('case_id', 'seq'))

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
    db.create_tables([Flow])

    class Pause(Model):
        county_id = IntegerField()
        case = ForeignKeyField(Case)
        since = DateTimeField()
        until = DateTimeField(null=True)
        reason = CharField(max_length=200)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_pause'
    db.create_tables([Pause])

    class Rating(Model):
        county_id = IntegerField()
        case = ForeignKeyField(Case, unique=True)
        level = SmallIntegerField()
        channel = CharField(max_length=20)
        text = TextField(default='')
        at = DateTimeField()
        recorded_by = IntegerField(null=True)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_rating'
    db.create_tables([Rating])

    class Reply(Model):
        county_id = IntegerField()
        case = ForeignKeyField(Case)
        at = DateTimeField()
        by = ForeignKeyField(User, null=True)
        by_name = CharField(max_length=60)
        channel = CharField(max_length=20)
        text = TextField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_reply'
    db.create_tables([Reply])

    class Series(Model):
        unit_id = IntegerField()
        prefix = CharField(max_length=10)
        year = IntegerField()
        last = IntegerField(default=0)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_series'
            primary_key = CompositeKey('unit_id', 'prefix', 'year')
    db.create_tables([Series])

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
    db.create_tables([Tally])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('cases_tally'))
    migrator.migrate(migrator.drop_table('cases_series'))
    migrator.migrate(migrator.drop_table('cases_reply'))
    migrator.migrate(migrator.drop_table('cases_rating'))
    migrator.migrate(migrator.drop_table('cases_pause'))
    migrator.migrate(migrator.drop_table('cases_flow'))
    migrator.migrate(migrator.drop_table('cases_event'))
    no_longer_append_only(db, 'cases_event')
    migrator.migrate(migrator.drop_table('cases_case'))
