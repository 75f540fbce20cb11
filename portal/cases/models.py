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

    restricted = BooleanField(default=False)
    created_by = ForeignKeyField(User, null=True, index=False)
    version = IntegerField(default=1)

    # Between units (responsibility.py). With `sign_due` the responsible unit owes its signature until `signed`.
    sign_due = DateTimeField(null=True)
    signed = DateTimeField(null=True)
    sign_reminded = DateTimeField(null=True)
    #: To whom the case may be sent back, since when; None once the responsible unit took a step itself.
    handed_from_id = IntegerField(null=True)
    handed_at = DateTimeField(null=True)
    #: How often it was sent back as not the own business.
    returns = IntegerField(default=0)
    #: It went to and fro too often: the responsible unit must say who handles it before anything else ...
    to_decide = BooleanField(default=False)
    #: ... and has said so: it stays there.
    decided_by_superior = BooleanField(default=False)
    #: How many units were ever asked to assist, and of how many the answer is open.
    assists = IntegerField(default=0)
    assists_open = IntegerField(default=0)

    class Meta:
        table_name = "cases_case"
        indexes = ((("county_id", "number"), True),)

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
    def is_unsigned(self) -> bool:
        """The responsible unit has not signed for it yet."""
        return self.sign_due is not None and self.signed is None

    @property
    def limit(self) -> Deadline | None:
        if self.limit_amount is None:
            return None
        return Deadline(self.limit_amount, self.limit_unit, self.limit_rolls)


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


Case.add_index(
    Case.index(Case.sign_due, where=SQL("signed IS NULL AND sign_due IS NOT NULL AND closed IS NULL"),
               name="cases_case_unsigned")
)


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
    """How many cases of a kind stand in a phase, at the leaf of the tree; sums over the tree are made when reading.

    `axis` is "place" (unit_id is the village or what is nearest to it) or "line" (unit_id is the department).
    """

    axis = CharField(max_length=6)
    unit_id = IntegerField()
    kind = CharField(max_length=40)
    phase = CharField(max_length=12)
    county_id = IntegerField()
    town_id = IntegerField(null=True)
    village_id = IntegerField(null=True)
    count = IntegerField(default=0)

    class Meta:
        table_name = "cases_tally"
        primary_key = CompositeKey("axis", "unit_id", "kind", "phase")
        indexes = ((("axis", "county_id"), False), (("axis", "town_id"), False), (("axis", "village_id"), False))


class Flow(Model):
    """What came and went in a period ("2026-W47", "2026-11"), at the same leaves as Tally."""

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
    #: Sum of the minutes from opening to closing, for the mean.
    minutes = BigIntegerField(default=0)
    rated = IntegerField(default=0)
    rating_sum = IntegerField(default=0)

    class Meta:
        table_name = "cases_flow"
        primary_key = CompositeKey("axis", "unit_id", "kind", "period")
        indexes = (
            (("axis", "county_id", "period"), False),
            (("axis", "town_id", "period"), False),
            (("axis", "village_id", "period"), False),
        )


class Assist(Model):
    """A unit that the responsible unit asked to help (协办): what is asked, until when, and what came of it."""

    STATES = {"asked": "等待接受", "accepted": "协办中", "answered": "已答复", "declined": "已谢绝", "ended": "已结束"}

    id = BigAutoField()
    county_id = IntegerField()
    case = ForeignKeyField(Case)
    unit = ForeignKeyField(Unit, index=False)
    asked_at = DateTimeField(default=now)
    asked_by = ForeignKeyField(User, index=False)
    asked_by_name = CharField(max_length=60)
    wanted = TextField()
    due = DateTimeField()
    state = CharField(max_length=10, default="asked")
    #: When the unit answered or declined, or the responsible unit ended it.
    ended = DateTimeField(null=True)
    by_name = CharField(max_length=60, default="")
    text = TextField(default="")

    class Meta:
        table_name = "cases_assist"

    @property
    def state_title(self) -> str:
        return self.STATES[self.state]


Assist.add_index(
    Assist.index(Assist.unit, Assist.due, Assist.case, where=SQL("ended IS NULL"), name="cases_assist_open")
)
