"""超期清单: every open case past its due moment, or near it, and whose turn it is.

Read over the partial indexes of open cases by due moment; no row is counted twice, and none is asked for by itself.
"""

import datetime
from dataclasses import dataclass

from flask import abort
from peewee import JOIN, fn
from peewee import Case as When

from portal.accounts.models import User
from portal.calendar import Calendar
from portal.cases.asking import PLACES
from portal.cases.kinds import readable
from portal.cases.lens import Reader, kind_among, of_kinds, seen_by, through, unrestricted
from portal.cases.models import Case, CaseEvent
from portal.cases.supervision.escalation import days_over
from portal.cases.supervision.models import COLOURS
from portal.cases.supervision.rules import rules_of
from portal.db import now
from portal.org.models import Unit

PAGE = 50
#: Figures stop here; "5,000+" says enough.
COUNTED = 5000
SOON_DAYS = 3
PARTS = {"over": "已超期", "today": "今日到期", "soon": f"{SOON_DAYS} 天内到期", "raise": "建议提级"}
LENSES = {"area": "辖区", "unit": "本单位承办"}
MIDNIGHT = datetime.time()

Place = Unit.alias()


@dataclass
class Asked:
    """What a reader wants to see, every value checked."""

    part: str = "over"
    lens: str = "area"
    kind: str = ""
    colour: str = ""
    holder: int | None = None
    place: Unit | None = None

    @property
    def filters(self) -> dict:
        return {
            "kind": self.kind, "colour": self.colour, "holder": self.holder or "",
            "place": self.place.id if self.place else "",
        }

    @property
    def kept(self) -> dict:
        part, lens = "" if self.part == "over" else self.part, "" if self.lens == "area" else self.lens
        return {"part": part, "lens": lens, **self.filters}


def read(args, person) -> Asked:
    """Return what `args` ask for; a place outside the own sight is a 404."""
    asked = Asked(
        part=args.get("part") if args.get("part") in PARTS else "over",
        lens=args.get("lens") if args.get("lens") in LENSES else "area",
        kind=args.get("kind") if args.get("kind") in {kind.name for kind in readable(person)} else "",
        colour=args.get("colour") if args.get("colour") in COLOURS else "",
    )
    asked.holder = _id(args.get("holder"))
    if place := _id(args.get("place")):
        asked.place = Unit.seen_by(person).where(Unit.id == place, Unit.level.in_(tuple(PLACES))).first() or abort(404)
    if asked.colour:
        asked.part = "over"
    return asked


def _id(text) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


# -- conditions ----------------------------------------------------------------------------------------------------

def _reader(asked: Asked, person) -> Reader:
    return Reader.of(person, asked.kind)


def _open(asked: Asked, person, until) -> list:
    reader = _reader(asked, person)
    found = [through(asked.lens, reader), of_kinds(reader), unrestricted(reader), Case.closed.is_null(),
             Case.due < until]
    if asked.place:
        found.append(PLACES[asked.place.level] == asked.place.id)
    return found


def ends(at) -> tuple:
    """Return the ends of today and of the days that count as soon."""
    tonight = datetime.datetime.combine(at.date() + datetime.timedelta(days=1), MIDNIGHT)
    return tonight, tonight + datetime.timedelta(days=SOON_DAYS)


def _by_days(reader: Reader, county_id, at, names: tuple[str, str | None]):
    """Return the condition that a case is overdue from one number of days of its kind's rules up to another one."""
    groups: dict[tuple, list[str]] = {}
    for kind in reader.kinds:
        held = rules_of(kind, county_id)
        groups.setdefault(tuple(getattr(held, name) if name else None for name in names), []).append(kind)
    found = Case.id < 0
    for (least, below), kinds in groups.items():
        one = kind_among(kinds) & (Case.due < at)
        if least is not None:
            one &= Case.due < days_ago(at, least)
        if below is not None:
            one &= Case.due >= days_ago(at, below)
        found |= one
    return found


def days_ago(at, days: int) -> datetime.datetime:
    """Return the first moment that is not yet `days` days overdue at `at`."""
    return datetime.datetime.combine(at.date() - datetime.timedelta(days=days - 1), MIDNIGHT) if days > 0 else at


def _in_part(asked: Asked, person, at) -> list:
    reader, county = _reader(asked, person), person.post.unit.county_id
    tonight, soon = ends(at)
    if asked.part == "today":
        found = [*_open(asked, person, tonight), Case.due >= at]
    elif asked.part == "soon":
        found = [*_open(asked, person, soon), Case.due >= tonight]
    else:
        found = _open(asked, person, at)
    if asked.part == "raise":
        found.append(_by_days(reader, county, at, ("escalate_days", None)))
    if asked.colour:
        bounds = {"blue": (None, "orange_days"), "orange": ("orange_days", "red_days"), "red": ("red_days", None)}
        found.append(_by_days(reader, county, at, bounds[asked.colour]))
    if asked.holder:
        found.append(Case.unit == asked.holder)
    return found


# -- figures -------------------------------------------------------------------------------------------------------

@dataclass
class Holder:
    """A unit, and how many cases in each part lie with it; `worst` is the earliest due moment."""

    id: int
    name: str
    counts: dict[str, int]
    worst: datetime.datetime


def holders(asked: Asked, person) -> list[Holder]:
    """Return who has what is due, whoever has most that is late first. One query, over at most COUNTED cases."""
    at = now()
    tonight, soon = ends(at)
    late = _by_days(_reader(asked, person), person.post.unit.county_id, at, ("escalate_days", None))
    some = (
        Case.select(
            Case.unit, Case.due, counted(Case.due < at).alias("over"), counted((Case.due >= at) & (Case.due < tonight))
            .alias("today"), counted(Case.due >= tonight).alias("soon"), counted(late).alias("raised"),
        )
        .where(*_open(asked, person, soon)).order_by(Case.due).limit(COUNTED).alias("some")
    )
    figures = [fn.SUM(getattr(some.c, name)) for name in ("over", "today", "soon", "raised")]
    rows = (
        Unit.select(Unit.id, Unit.short, *figures, fn.MIN(some.c.due)).join(some, on=(some.c.unit_id == Unit.id))
        .group_by(Unit.id, Unit.short).order_by(figures[0].desc(), fn.MIN(some.c.due)).tuples()
    )
    return [
        Holder(key, name, dict(zip(PARTS, map(int, counts), strict=True)), _moment(worst))
        for key, name, *counts, worst in rows
    ]


def counted(condition):
    return When(None, ((condition, 1),), 0)


def _moment(value):
    return datetime.datetime.fromisoformat(value) if isinstance(value, str) else value


# -- rows ----------------------------------------------------------------------------------------------------------

def page(asked: Asked, person, after: str | None) -> tuple[list[Case], str | None]:
    """Return the cases of a page, the longest overdue first, and where the next one begins."""
    query = _rows(asked, person)
    if key := _read_key(after):
        moment, case_id = key
        query = query.where(Case.due >= moment, (Case.due > moment) | (Case.id > case_id))
    rows = list(query.limit(PAGE + 1))
    following = f"{rows[PAGE - 1].due.isoformat()}_{rows[PAGE - 1].id}" if len(rows) > PAGE else None
    return rows[:PAGE], following


def every(asked: Asked, person, limit: int) -> list[Case]:
    """Return up to `limit` cases, for an export."""
    return list(_rows(asked, person).limit(limit))


def _rows(asked: Asked, person):
    place = fn.COALESCE(Case.grid_id, Case.village_id, Case.town_id, Case.county_id)
    return (
        Case.select(Case, Unit, User.id, User.full_name, Place.id, Place.short, Place.name)
        .join(Unit, on=(Case.unit == Unit.id))
        .join_from(Case, User, JOIN.LEFT_OUTER, on=(Case.person == User.id))
        .join_from(Case, Place, JOIN.LEFT_OUTER, on=(Place.id == place), attr="place")
        .where(*_in_part(asked, person, now())).order_by(Case.due, Case.id)
    )


def _read_key(text: str | None):
    try:
        moment, number = (text or "").rsplit("_", 1)
        return datetime.datetime.fromisoformat(moment).replace(tzinfo=None), int(number) % 2**63
    except ValueError:
        return None


def waiting_since(cases) -> dict[int, datetime.datetime]:
    """Return since when each case has been with whoever has it now: the last time that it moved or was handed on."""
    found: dict[int, datetime.datetime] = {}
    last: dict[int, tuple] = {}
    rows = (
        CaseEvent.select(CaseEvent.case, CaseEvent.at, CaseEvent.step, CaseEvent.to_state, CaseEvent.holder_id)
        .where(CaseEvent.case.in_([case.id for case in cases] or [0])).order_by(CaseEvent.case, CaseEvent.seq).tuples()
    )
    for case_id, at, step, state, holder in rows:
        if last.get(case_id) != (state, holder) or step == "assign":
            found[case_id] = at
        last[case_id] = (state, holder)
    return found


def late_text(case, at, calendar: Calendar) -> str:
    """Return how long the case is overdue, in the measure of its own period: 超 3 个工作日, 超 5 天, 超 2 小时."""
    if case.due is None or at <= case.due:
        return ""
    if case.limit_unit == "workday":
        first, last = case.due.date(), at.date()
        if calendar.is_known(first, last) and (count := calendar.workdays_between(first, last)):
            return f"超 {count} 个工作日"
    if days := days_over(case, at):
        return f"超 {days} 天"
    hours = int((at - case.due).total_seconds() // 3600)
    return f"超 {hours} 小时" if hours else "刚刚超期"


def seen_of(person, ids) -> list[int]:
    """Return those of `ids` that the person may open, in their order."""
    query = seen_by(person).select(Case.id).where(Case.id.in_(list(ids))).order_by(Case.id)
    return [case_id for (case_id,) in query.tuples()]
