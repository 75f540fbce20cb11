"""The tables of the ledger; what belongs to its clock, to merging, to counters and to proof is beside this file.

Every table that grows carries `county_id`, so that it can be partitioned by county.
"""

from peewee import (
    SQL,
    BigAutoField,
    BooleanField,
    CharField,
    DateField,
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
    source_case = ForeignKeyField("self", null=True, index=False)
    #: The matter that answers for this one; and how many lie merged in this one (see merging.py).
    merged_into = ForeignKeyField("self", null=True, backref="merged", index=False)
    merged_count = SmallIntegerField(default=0)
    #: How many open matters may be the same and wait for somebody to decide (see duplicates.py).
    alike = SmallIntegerField(default=0)
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
    #: The day on which the reason of the pause should be over, where the clock stands still.
    resume_by = DateField(null=True)
    #: How often the clock was stopped: the page asks for the pauses only where there are any.
    pauses = SmallIntegerField(default=0)
    #: By how much the period that runs was extended, in its own unit.
    extended = IntegerField(default=0)
    #: What came of the last request for an extension (EXTENSIONS), "" where there was none.
    extension = CharField(max_length=10, default="")
    #: The unit that has to decide about an open request.
    extension_asked = IntegerField(null=True)
    #: A step was taken after its due moment at least once.
    late = BooleanField(default=False)
    #: By when it had to be done: follows `due` while the case is open and stays when it is closed.
    owed = DateTimeField(null=True)
    #: It was sent back at least once because what was done did not do (发回重办).
    redone = BooleanField(default=False)
    #: Its clock stood still at least once (补正、特别程序).
    halted = BooleanField(default=False)

    # How often somebody pressed for it, how many orders (督办单) and instructions (批示) are open, and whether there
    # ever was one: the page of a case that nobody supervises asks no further.
    reminded = IntegerField(default=0)
    supervised = IntegerField(default=0)
    instructed = IntegerField(default=0)
    overseen = BooleanField(default=False)
    #: Whose case it was before a superior took it over (提级); that unit assists until the case is handed on.
    former_unit = ForeignKeyField(Unit, null=True, index=False, backref="+")

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

    def save(self, force_insert=False, only=None):
        if self.closed is None:
            self.owed = self.due
        if only is None and self.id is None:
            _whole.insert(self)
            return 1
        if only is not None or force_insert or not _whole.is_whole(self):
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
    def is_unsigned(self) -> bool:
        """The responsible unit has not signed for it yet."""
        return self.sign_due is not None and self.signed is None

    @property
    def limit(self) -> Deadline | None:
        if self.limit_amount is None:
            return None
        return Deadline(self.limit_amount, self.limit_unit, self.limit_rolls)


Case.add_index(Case.index(
    Case.extension_asked, Case.due, Case.id, where=SQL("extension_asked IS NOT NULL"),
    name="cases_case_extension_asked",
))
Case.add_index(Case.index(Case.unit, Case.resume_by, name="cases_case_resume_by", where=SQL("resume_by IS NOT NULL")))
_whole = PreparedRows(Case)

for _link in (Case.merged_into, Case.source_case, Case.handed_from_id, Case.former_unit):  # hardly a case has one
    _name = _link.column_name
    Case.add_index(Case.index(_link, where=SQL(f"{_name} IS NOT NULL"), name=f"cases_case_{_name}"))

# Lists: newest first in an area, the same by phase, and what is due next; one set per place column. A grid holds few
# enough cases to do without the second.
_shown = (Case.kind, Case.restricted, Case.person, Case.created_by, Case.unit, Case.channel, Case.opened, Case.closed)
_COUNTED = {
    "county_id": (Case.town_id, *_shown), "town_id": (Case.village_id, *_shown),
    "village_id": (Case.grid_id, *_shown), "line_id": (Case.town_id, *_shown),
    "unit_id": (Case.kind, Case.person, Case.restricted, Case.created_by, Case.resume_by, Case.closed),
}
for _place in ("county_id", "town_id", "village_id", "grid_id", "line_id", "unit_id", "person_id"):
    _column = getattr(Case, _place.removesuffix("_id") if _place in ("unit_id", "person_id") else _place)
    Case.add_index(
        Case.index(_column, Case.opened.desc(), Case.id.desc(), name=f"cases_case_{_place}_opened")
    )
    # The desk counts what lies with a unit on every page, figures and lists what is overdue: from this index alone.
    # SQLite takes it only with `closed` in it, although it is always null here; else it walks through all that ever lay
    # with the unit.
    _more = _COUNTED.get(_place, ())
    Case.add_index(
        Case.index(_column, Case.due, Case.id, *_more, where=SQL("closed IS NULL"), name=f"cases_case_{_place}_due")
    )
    if _place in ("county_id", "town_id", "village_id", "line_id"):
        Case.add_index(
            Case.index(_column, Case.phase, Case.opened.desc(), Case.id.desc(), name=f"cases_case_{_place}_phase")
        )
        # What was closed, and what was due, in a period: the cases behind the figures.
        for _moment in (Case.closed, Case.owed):
            _name = f"cases_case_{_place}_{_moment.name}"
            Case.add_index(Case.index(_column, _moment.desc(), Case.id.desc(), name=_name))
    if _place in ("county_id", "town_id", "village_id"):
        # One kind, channel or rating may be one case in ten thousand: fifty of it are not to be looked for in all.
        for _filter in (Case.kind, Case.channel):
            _name = f"cases_case_{_place}_{_filter.name}"
            Case.add_index(Case.index(_column, _filter, Case.opened.desc(), Case.id.desc(), name=_name))
        Case.add_index(Case.index(
            _column, Case.rating, Case.opened.desc(), Case.id.desc(), Case.channel, where=SQL("rating IS NOT NULL"),
            name=f"cases_case_{_place}_rating"))


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
