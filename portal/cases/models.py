"""The tables of the ledger. Every one that grows carries `county_id`, so that it can be partitioned by county."""

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    SmallIntegerField,
    TextField,
)

from portal.accounts.models import User
from portal.db import Model, now
from portal.org.models import Unit
from portal.people.models import Resident
from portal.prepared import PreparedRows
from portal.values import OPEN_PHASES, PHASES, Deadline

#: 国办发〔2019〕51号: five levels, the last two are 差评.
RATINGS = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}


class Case(Model):
    """One matter. What it is about lies in the plugin's detail table; who must act by when lies here."""

    id = BigAutoField()
    number = CharField(max_length=40)
    kind = CharField(max_length=40)
    title = CharField(max_length=200)

    # The place, one column per level: the only design that stays fast from village to nation.
    county_id = IntegerField()
    town_id = IntegerField(null=True)
    village_id = IntegerField(null=True)
    grid_id = IntegerField(null=True)
    # The county department whose line of work this is (条), whoever holds the case at the moment.
    line_id = IntegerField(null=True)

    unit = ForeignKeyField(Unit, index=False)
    person = ForeignKeyField(User, null=True, index=False)

    channel = CharField(max_length=20, default="window")
    source_case = ForeignKeyField("self", null=True)
    resident = ForeignKeyField(Resident, null=True)
    #: The masked name that lists show; the full name stays in the people room.
    applicant = CharField(max_length=60, default="")
    #: "" for a matter that came from a person, else why no answer is owed (anonymous, found on patrol ...).
    no_reply_because = CharField(max_length=100, default="")

    state = CharField(max_length=30)
    phase = CharField(max_length=12)
    opened = DateTimeField(default=now)
    due = DateTimeField(null=True)
    closed = DateTimeField(null=True)
    replied = DateTimeField(null=True)
    rating = SmallIntegerField(null=True)

    limit_amount = IntegerField(null=True)
    limit_unit = CharField(max_length=10, default="")
    limit_rolls = BooleanField(default=True)
    clock_start = DateTimeField(null=True)
    paused_at = DateTimeField(null=True)
    pause_reason = CharField(max_length=100, default="")
    #: A step was taken after its due moment at least once.
    late = BooleanField(default=False)
    #: By when it had to be done: follows `due` while the case is open and stays when it is closed.
    owed = DateTimeField(null=True)
    #: It was sent back at least once because what was done did not do (发回重办).
    redone = BooleanField(default=False)
    #: Its clock stood still at least once (补正、特别程序).
    halted = BooleanField(default=False)

    restricted = BooleanField(default=False)
    created_by = ForeignKeyField(User, null=True, index=False)
    version = IntegerField(default=1)

    class Meta:
        table_name = "cases_case"
        indexes = ((("county_id", "number"), True),)

    def save(self, force_insert=False, only=None):
        if self.closed is None:
            self.owed = self.due
        if only is not None or force_insert or self.id is None or not _whole.is_whole(self):
            return super().save(force_insert, [*only, Case.owed] if only is not None else None)
        return _whole.update(self)

    @property
    def is_open(self) -> bool:
        return self.phase in OPEN_PHASES

    @property
    def phase_title(self) -> str:
        return PHASES[self.phase]

    @property
    def place_id(self) -> int:
        """The most precise unit that the case lies in."""
        return self.grid_id or self.village_id or self.town_id or self.county_id

    @property
    def limit(self) -> Deadline | None:
        if self.limit_amount is None:
            return None
        return Deadline(self.limit_amount, self.limit_unit, self.limit_rolls)


_whole = PreparedRows(Case)

# Lists: newest first in an area, the same by phase, and what is due next; one set per place column. A village or a
# grid holds few enough cases to do without the second.
for _place in ("county_id", "town_id", "village_id", "grid_id", "line_id", "unit_id", "person_id"):
    _column = getattr(Case, _place.removesuffix("_id") if _place in ("unit_id", "person_id") else _place)
    Case.add_index(
        Case.index(_column, Case.opened.desc(), Case.id.desc(), name=f"cases_case_{_place}_opened")
    )
    # The desk counts what lies with a unit on every page: from this index alone.
    _more = (Case.kind, Case.person, Case.restricted, Case.created_by) if _place == "unit_id" else ()
    Case.add_index(
        Case.index(_column, Case.due, Case.id, *_more, where=SQL("closed IS NULL"), name=f"cases_case_{_place}_due")
    )
    if _place in ("county_id", "town_id", "line_id"):
        Case.add_index(
            Case.index(_column, Case.phase, Case.opened.desc(), Case.id.desc(), name=f"cases_case_{_place}_phase")
        )
        # What was closed, and what was due, in a period: the cases behind the figures.
        for _moment in (Case.closed, Case.owed):
            _name = f"cases_case_{_place}_{_moment.name}"
            Case.add_index(Case.index(_column, _moment.desc(), Case.id.desc(), name=_name))


class CaseEvent(Model):
    """One entry of the timeline. It only grows: triggers refuse changes, and each entry carries the one before.

    `digest` is the SHA-256 over this entry and the digest before it (see timeline.py).
    """

    id = BigAutoField()
    county_id = IntegerField()
    case = ForeignKeyField(Case, index=False)
    seq = IntegerField()
    at = DateTimeField()
    step = CharField(max_length=40)
    title = CharField(max_length=60)
    actor_id = IntegerField(null=True)
    actor_name = CharField(max_length=60)
    post_title = CharField(max_length=60, default="")
    # The names as they were then: a merged town's old cases still print its old name.
    unit_id = IntegerField(null=True)
    unit_name = CharField(max_length=200, default="")
    from_state = CharField(max_length=30, default="")
    to_state = CharField(max_length=30)
    holder_id = IntegerField()
    holder_name = CharField(max_length=200)
    text = TextField(default="")
    data = JSONField(default=dict)
    digest = CharField(max_length=64)

    class Meta:
        table_name = "cases_event"
        indexes = ((("case", "seq"), True), (("actor_id", "at"), False))


class Pause(Model):
    """The clock stood still from `since` until `until` (None: it still does), for a lawful reason."""

    county_id = IntegerField()
    case = ForeignKeyField(Case)
    since = DateTimeField()
    until = DateTimeField(null=True)
    reason = CharField(max_length=200)

    class Meta:
        table_name = "cases_pause"


class Reply(Model):
    """What the person who came was told, how, and by whom (promise 2)."""

    county_id = IntegerField()
    case = ForeignKeyField(Case)
    at = DateTimeField(default=now)
    by = ForeignKeyField(User, null=True)
    by_name = CharField(max_length=60)
    channel = CharField(max_length=20)
    text = TextField()

    class Meta:
        table_name = "cases_reply"


class Rating(Model):
    """好差评, once for each case (一事一评). The rater's words are for those who answer for the case."""

    county_id = IntegerField()
    case = ForeignKeyField(Case, unique=True)
    level = SmallIntegerField()
    channel = CharField(max_length=20)
    text = TextField(default="")
    at = DateTimeField(default=now)
    recorded_by = IntegerField(null=True)

    class Meta:
        table_name = "cases_rating"


class Series(Model):
    """The last number given out: one row for each kind, unit and year, so that clerks of two villages never wait."""

    unit_id = IntegerField()
    prefix = CharField(max_length=10)
    year = IntegerField()
    last = IntegerField(default=0)

    class Meta:
        table_name = "cases_series"
        primary_key = CompositeKey("unit_id", "prefix", "year")


class Tally(Model):
    """How many cases of a kind stand in a state, at the leaf of the tree; sums over the tree are made when reading.

    `axis` is "place" (unit_id is the village or what is nearest to it) or "line" (unit_id is the department).
    """

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
        table_name = "cases_tally"
        primary_key = CompositeKey("axis", "unit_id", "kind", "phase", "state")
        indexes = ((("axis", "county_id"), False), (("axis", "town_id"), False), (("axis", "village_id"), False))


class Flow(Model):
    """What came, went and fell due in a period ("2026-W47", "2026-11", "2026"), at the same leaves as Tally, by the
    responsible unit (`holder_id`), kind and channel.

    A line's rows are kept for each town (0: the county itself), so that no row of a department is everybody's. Only
    cases that are open to all readers of their kind are counted here.
    """

    county_id = IntegerField()
    axis = CharField(max_length=6)
    period = CharField(max_length=8)
    unit_id = IntegerField()
    town_id = IntegerField(default=0)
    holder_id = IntegerField()
    kind = CharField(max_length=40)
    channel = CharField(max_length=20)
    village_id = IntegerField(null=True)

    # Of the cases registered in the period: all, and what became of them until now.
    opened = IntegerField(default=0)
    settled = IntegerField(default=0)
    cancelled = IntegerField(default=0)
    redone = IntegerField(default=0)
    # Of those closed in it (and not cancelled); the minutes from opening to closing are for the mean.
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
    # Of those that were due in it (and not cancelled): all, and those closed without having been late.
    due = IntegerField(default=0)
    kept = IntegerField(default=0)

    class Meta:
        table_name = "cases_flow"
        primary_key = CompositeKey("county_id", "axis", "period", "unit_id", "town_id", "holder_id", "kind", "channel")
        indexes = (
            (("town_id", "axis", "period"), False),
            (("village_id", "axis", "period"), False),
            (("unit_id", "axis", "period"), False),
        )
