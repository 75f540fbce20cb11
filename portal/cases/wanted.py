"""What a reader asks of the list of cases: every value of the address checked."""

import datetime
from dataclasses import dataclass

from flask import abort

from portal.asked import day_of
from portal.cases import behind
from portal.cases.behind import DATED, MARKS, RATED, TIMINGS
from portal.cases.kinds import kinds, readable
from portal.cases.lens import LENSES
from portal.cases.models import RATINGS
from portal.org.models import Unit

SORTS = {"newest": "最新登记", "due": "最早到期（只看在办）"}
CHIPS = (("", "全部"), ("new", "待受理"), ("accepted", "已受理"), ("handling", "办理中"), ("paused", "已停表"),
         ("closed", "已办结"), ("overdue", "超期"))
#: Phases in which nothing is due: sorted by due, they stay in the order of their opening.
UNTIMED = ("paused", "closed", "cancelled")


@dataclass
class Wanted:
    """What a reader asked for, every value checked; anything else in the address is ignored."""

    lens: str = "area"
    phase: str = ""
    channel: str = ""
    state: str = ""
    kind: str = ""
    sort: str = "newest"
    words: str = ""
    rating: int | None = None
    since: datetime.date | None = None
    until: datetime.date | None = None
    unit: Unit | None = None
    #: What the days are of: registered, closed, or due (see behind.py for this and what follows).
    by: str = "opened"
    timing: str = ""
    mark: str = ""
    rated: int | None = None
    #: The responsible unit, whatever the place.
    holder: Unit | None = None
    #: Only what lies directly in `unit`, and in none below it.
    direct: bool = False
    #: Only what all readers of its kind see.
    common: bool = False

    @property
    def is_filtered(self) -> bool:
        """Tell whether more is asked than the counters tell apart: kind, phase and state."""
        return bool(
            self.words or self.channel or self.rating or self.since or self.until or self.unit
            or self.by != "opened" or self.timing or self.mark or self.rated or self.holder or self.common
        )

    @property
    def by_due(self) -> bool:
        return self.sort == "due" and self.phase not in UNTIMED

    @property
    def ordered_by(self) -> str:
        """The column that the rows are ordered by: the next due first, or the newest of what the days are of."""
        return "due" if self.by_due else "owed" if self.by == "due" else self.by


def read(args, person, only_kind: str = "") -> Wanted:
    """Return what `args` ask for. A unit outside the own sight is a 404, like any row outside it."""
    kind, channel = only_kind, args.get("channel", "")
    if not kind and args.get("kind"):
        kind = _among(args["kind"], {one.name for one in readable(person)})
    wanted = Wanted(
        lens=args.get("lens") if args.get("lens") in LENSES else "area",
        phase=args.get("phase") if args.get("phase") in dict(CHIPS) else "",
        sort=args.get("sort") if args.get("sort") in SORTS else "newest",
        kind=kind,
        channel=channel if channel and channel in channels(kind, person) else "",
        state=args.get("state") if args.get("state") in states(kind) else "",
        words=" ".join(args.get("q", "").split())[:60],
        rating=args.get("rating", type=int) if args.get("rating", type=int) in RATINGS else None,
        since=day_of(args.get("since")), until=day_of(args.get("until")),
        by=_among(args.get("by"), DATED, "opened"), timing=_among(args.get("timing"), TIMINGS),
        mark=_among(args.get("mark"), MARKS), rated=_among(args.get("rated", type=int), RATED, None),
        common=args.get("common") == "1",
    )
    unit_id = args.get("unit", type=int)
    if unit_id:
        if not 0 < unit_id < 2**31:
            abort(404)
        wanted.unit = Unit.seen_by(person).where(Unit.id == unit_id).first() or abort(404)
        if person.post.unit.covers(wanted.unit) is False and person.area[0] != "line_id":
            wanted.unit = None  # an ancestor in sight is no filter: the own area is smaller already
    wanted.direct = bool(args.get("direct") == "1" and wanted.unit and wanted.unit.level in behind.BELOW)
    if args.get("holder"):
        wanted.holder = _holder(args.get("holder", type=int), person) or abort(404)
    return wanted


def _among(value, offered, otherwise=""):
    return value if value in offered else otherwise


def _holder(unit_id: int | None, person) -> Unit | None:
    """Return the unit of the own county: lists name whoever is responsible, above and beside the own area as well."""
    if unit_id is None or not 0 < unit_id < 2**31:
        return None
    return Unit.get_or_none(Unit.id == unit_id, Unit.county_id == person.post.unit.county_id)


def channels(kind_name: str, person) -> dict[str, str]:
    """Return where the cases of a kind, or of all kinds ("") that the person may read, may come from, with titles."""
    return {
        name: title for kind in readable(person) if kind_name in ("", kind.name) for name, title in kind.channels
    }


def states(kind_name: str) -> dict[str, str]:
    """Return the states of one kind with their titles; none for "": each kind has states of its own."""
    return {state.name: state.title for state in kinds()[kind_name].workflow.states} if kind_name else {}
