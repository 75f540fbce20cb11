"""The queries that answer what a reader asks of the list: one page of rows, and the figures of the chips.

The SQL of a list depends on which conditions there are, not on their values: it is worked out once for each `Shape`.
"""

import base64
import datetime
import functools
import json
from dataclasses import dataclass, replace
from typing import NamedTuple

from peewee import JOIN, SQL, fn

from portal import search
from portal.accounts.models import User
from portal.cases import behind, tallies
from portal.cases.kinds import kinds
from portal.cases.lens import Reader, of_kinds, through, unrestricted
from portal.cases.models import Case
from portal.cases.search_text import place
from portal.cases.wanted import CHIPS, UNTIMED, Wanted
from portal.db import now
from portal.org.models import Unit
from portal.prepared import Prepared, unindexed
from portal.values import PHASES

PAGE = 50
#: Filtered counts stop here; "1,000+" says enough and costs little.
COUNTED = 1000
#: A rating and a channel have no index together: "100+" has to do.
COUNTED_SLOWLY = 100
#: Up to this rating there are few cases; most of those that are rated have a better one.
BADLY = 2
PLACES = {"county": Case.county_id, "town": Case.town_id, "village": Case.village_id, "grid": Case.grid_id}


# -- shapes --------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Shape:
    """Which conditions a list has. `key`: "" for the first page, "after" or "before" a row."""

    reader: tuple
    lens: str
    phase: str
    by_due: bool
    channel: bool
    state: bool
    rating: str
    since: bool
    until: bool
    unit: str
    words: int
    by: str = "opened"
    timing: str = ""
    mark: str = ""
    rated: bool = False
    holder: bool = False
    direct: str = ""
    common: bool = False
    key: str = ""

    @classmethod
    def of(cls, wanted: Wanted, reader: Reader, key: str = "") -> "Shape":
        phase = wanted.phase if wanted.phase in ("", "overdue") else "one"
        level = wanted.unit.level if wanted.unit else ""
        return cls(
            reader.shape, wanted.lens, phase, wanted.by_due, bool(wanted.channel), bool(wanted.state),
            _rating(wanted.rating), bool(wanted.since), bool(wanted.until),
            level if level in PLACES else "holder" if level else "",
            len(search.phrases(wanted.words)) if wanted.words else -1, wanted.by, wanted.timing, wanted.mark,
            wanted.rated is not None, wanted.holder is not None, level if wanted.direct else "", wanted.common, key,
        )


def _rating(rating: int | None) -> str:
    return "" if rating is None else "few" if rating <= BADLY else "many"


def _values(wanted: Wanted, reader: Reader) -> dict:
    """Return the value of every slot that any list of this reader may have."""
    midnight = datetime.time()
    scope = place(*reader.area) if wanted.lens == "area" and reader.area else ""
    return {
        **reader.values, "now": now(), "phase": wanted.phase, "channel": wanted.channel, "state": wanted.state,
        "rating": wanted.rating, "state_phase": _phase_of(wanted),
        "since": wanted.since and datetime.datetime.combine(wanted.since, midnight),
        "until": wanted.until and datetime.datetime.combine(wanted.until, midnight) + datetime.timedelta(1),
        "unit": wanted.unit.id if wanted.unit else None,
        "words": search.match(wanted.words, scope) if wanted.words else "",
        "rated": wanted.rated, "holder": wanted.holder.id if wanted.holder else None,
    }


def _phase_of(wanted: Wanted) -> str:
    """Return the phase that the state belongs to: by phase there is an index, and few cases stand in an open one."""
    return kinds()[wanted.kind].workflow.state(wanted.state).phase if wanted.state else ""


def _conditions(shape: Shape, slots, unit=None) -> list:
    """Return the conditions of a list; with `unit` of the part of it that lies with this one of the reader's units."""
    reader = Reader.in_slots(shape.reader, slots)
    lens = through(shape.lens, reader) if unit is None else Case.unit == unit
    # Whatever else there is an index for is rarer than a kind or a channel, and a bad rating is the rarest.
    others = shape.by_due or shape.by != "opened" or shape.words > 0
    rarely = shape.rating == "few" and not (others or shape.phase == "overdue")
    indexed = not (others or shape.phase or shape.state or rarely)
    found = [lens, of_kinds(reader, indexed and len(reader.kinds) == 1), unrestricted(reader)]
    if shape.phase == "overdue":
        found += [Case.closed.is_null(), Case.due < slots.now]
    elif shape.phase:
        found.append((unindexed(Case.phase) if rarely else Case.phase) == slots.phase)
    if shape.by_due:
        found += [Case.closed.is_null(), Case.due.is_null(False)]
    if shape.channel:
        found.append((Case.channel if indexed else unindexed(Case.channel)) == slots.channel)
    if shape.state:
        found += [Case.state == slots.state, (unindexed(Case.phase) if rarely else Case.phase) == slots.state_phase]
    if shape.rating:
        found.append((Case.rating if rarely else unindexed(Case.rating)) == slots.rating)
    found += _behind(shape, slots)
    if shape.unit:
        found.append(PLACES.get(shape.unit, Case.unit) == slots.unit)
    if shape.words > 0:
        found.append(Case.id.in_(search.matching("case", slots.plain("words"))))
    elif shape.words == 0:  # nothing in them can be searched for
        found.append(Case.id < 0)
    return found


def _behind(shape: Shape, slots) -> list:
    """Return the conditions on dates, timing, rating and responsibility: those that figures are made of."""
    found, moment = behind.dated(shape.by, slots.now), behind.COLUMN[shape.by]
    if shape.phase == "overdue" or shape.by_due:  # few are overdue, or open, of those that a month brings
        moment = unindexed(moment)
    if shape.since:
        found.append(moment >= slots.since)
    if shape.until:
        found.append(moment < slots.until)
    if shape.timing:
        found.append(behind.timing(shape.timing))
    if shape.mark:
        found.append(behind.marked(shape.mark))
    if shape.rated:
        found.append(Case.rating >= slots.rated)
    if shape.holder:
        found.append(Case.unit == slots.holder)
    if shape.direct:
        found.append(behind.BELOW[shape.direct].is_null())
    if shape.common:
        found.append(Case.restricted == False)  # noqa: E712
    return found


# -- one page ------------------------------------------------------------------------------------------------------

Place = Unit.alias()


class Found(NamedTuple):
    """One row as the database gives it: the case, and the names of its unit, place and person."""

    id: int
    number: str
    kind: str
    title: str
    applicant: str
    state: str
    phase: str
    opened: datetime.datetime
    due: datetime.datetime | None
    closed: datetime.datetime | None
    clock_start: datetime.datetime | None
    paused_at: datetime.datetime | None
    pause_reason: str
    resume_by: datetime.date | None
    limit_unit: str
    county_id: int
    town_id: int | None
    unit: str
    place: str | None
    person: str | None
    owed: datetime.datetime | None
    unsigned: bool
    person_id: int | None


def columns(start=Case.clock_start, due=Case.due):
    """Return the query of the columns of `Found`; `start` and `due` are the clock that the rows show."""
    return (
        Case.select(
            Case.id, Case.number, Case.kind, Case.title, Case.applicant, Case.state, Case.phase, Case.opened, due,
            Case.closed, start, Case.paused_at, Case.pause_reason, Case.resume_by, Case.limit_unit, Case.county_id,
            Case.town_id, Unit.short, Place.short, User.full_name, Case.owed,
            Case.sign_due.is_null(False) & Case.signed.is_null(), Case.person,
        )
        .join(Unit, on=(Case.unit == Unit.id))
        .join_from(Case, Place, JOIN.LEFT_OUTER, on=(Place.id == fn.COALESCE(
            Case.grid_id, Case.village_id, Case.town_id, Case.county_id)))
        .join_from(Case, User, JOIN.LEFT_OUTER, on=(Case.person == User.id))
    )


@functools.lru_cache(maxsize=500)
def _rows(shape: Shape) -> Prepared:
    field, ascending = (Case.due, True) if shape.by_due else (behind.COLUMN[shape.by], False)
    forward = ascending != (shape.key == "before")

    def cut(query, slots):
        if shape.key:
            beyond, tie = (field > slots.moment, Case.id > slots.row) if forward else (
                field < slots.moment, Case.id < slots.row)
            # The plain bound lets the index be entered at the key; the tie is settled among equal moments only.
            bound = field >= slots.moment if forward else field <= slots.moment
            query = query.where(bound, beyond | ((field == slots.moment) & tie))
        order = (field, Case.id) if forward else (field.desc(), Case.id.desc())
        return query.order_by(*order).limit(PAGE + 1)

    def build(slots):
        units = shape.reader[1] if shape.lens == "unit" else 0
        if units < 2:
            return cut(columns().where(*_conditions(shape, slots)), slots)
        # Each unit's newest by its index: for several at once all of their cases would have to be sorted.
        parts = [
            cut(Case.select(Case.id).where(*_conditions(shape, slots, unit)), slots).alias(f"part{number}")
            for number, unit in enumerate(slots.many("unit", units))
        ]
        first, *rest = (Case.select(part.c.id).from_(part) for part in parts)
        for one in rest:
            first = first.union_all(one)
        return cut(columns().where(Case.id.in_(first)), slots)

    return Prepared(build, Found)


def page(wanted: Wanted, person, before: str | None, after: str | None):
    """Return (rows, cursor of the previous page, cursor of the next page)."""
    key = _read_cursor(before or after)
    back = bool(key and before)
    reader = Reader.of(person, wanted.kind)
    shape = Shape.of(wanted, reader, ("before" if back else "after") if key else "")
    moment, row = key or (None, None)
    rows = _rows(shape)(**_values(wanted, reader), moment=moment, row=row)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if back:
        rows.reverse()
    if not rows:  # beyond the end, because rows have moved on in the meantime: begin anew
        return page(wanted, person, None, None) if key else ([], None, None)
    name = wanted.ordered_by
    first, last = _cursor(rows[0], name), _cursor(rows[-1], name)
    return rows, first if (more if back else key is not None) else None, last if (back or more) else None


def _cursor(row, name: str) -> str:
    text = json.dumps([getattr(row, name).isoformat(), row.id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str | None):
    """Return (moment, id) of a cursor, or None for none and for a damaged one: then the first page is shown."""
    if not text:
        return None
    try:
        moment, number = json.loads(base64.urlsafe_b64decode(text[:200] + "=" * (-len(text[:200]) % 4)))
        return datetime.datetime.fromisoformat(moment).replace(tzinfo=None), int(number) % 2**63
    except (ValueError, TypeError):
        return None


# -- counts --------------------------------------------------------------------------------------------------------

def counts(wanted: Wanted, person) -> tuple[dict[str, int], set[str]]:
    """Return the figure of each chip, and the chips of which there may be more: where the counters tell apart what is
    asked figures are exact, else they are counted up to a limit.

    One query in either case, and one for what is overdue.
    """
    reader = Reader.of(person, wanted.kind)
    values, stop, more = _values(wanted, reader), most(wanted), set()
    if wanted.lens == "area" and not wanted.is_filtered and not has_restricted(reader.kinds):
        found = tallies.by_phase(person, list(reader.kinds), wanted.state)
    else:
        found = dict(_counted(Shape.of(replace(wanted, phase="", sort="newest"), reader))(**values))
        more = {phase for phase, _ in CHIPS} if sum(found.values()) >= stop else set()
    shown = {phase: found.get(phase, 0) for phase, _ in CHIPS if phase in PHASES}
    shown[""] = sum(count for phase, count in found.items() if wanted.sort != "due" or phase not in UNTIMED)
    [(shown["overdue"],)] = _overdue(Shape.of(replace(wanted, phase="overdue"), reader))(**values)
    return shown, (more - {"overdue"}) | ({"overdue"} if shown["overdue"] >= stop else set())


def has_restricted(names) -> bool:
    """Tell whether counters would say too much: cases of these kinds may be hidden from some of their readers."""
    return any(kinds()[name].restricted for name in names)


def most(shape) -> int:
    """Return where counting stops for a Shape, or for what is Wanted."""
    return COUNTED_SLOWLY if shape.rating else COUNTED


@functools.lru_cache(maxsize=500)
def _counted(shape: Shape) -> Prepared:
    """Return the query of the phases of the newest: by the index that the list goes along, so that what lies beyond the
    limit is not looked at. With words all that hold them would have to be sorted, so any of them are counted."""
    newest = (behind.COLUMN[shape.by].desc(), Case.id.desc()) if shape.words < 0 else ()

    def some(slots, *more, unit=None):
        query = Case.select(Case.phase, *more).where(*_conditions(shape, slots, unit))
        return query.order_by(*newest).limit(most(shape))

    def of_units(slots, units):
        """The newest of the newest of each."""
        moment = behind.COLUMN[shape.by].alias("moment")
        parts = [some(slots, moment, unit=unit).alias(f"part{number}") for number, unit in enumerate(units)]
        first, *rest = (Case.select(part.c.phase, part.c.moment).from_(part) for part in parts)
        for one in rest:
            first = first.union_all(one)
        return first.order_by(SQL("2 DESC")).limit(most(shape))

    def build(slots):
        units = shape.reader[1] if shape.lens == "unit" else 0
        found = (of_units(slots, slots.many("unit", units)) if units > 1 else some(slots)).alias("some")
        return Case.select(found.c.phase, fn.COUNT(1)).from_(found).group_by(found.c.phase)

    return Prepared(build)


@functools.lru_cache(maxsize=500)
def _overdue(shape: Shape) -> Prepared:
    def build(slots):
        some = Case.select(Case.id).where(*_conditions(shape, slots)).limit(most(shape)).alias("some")
        return Case.select(fn.COUNT(1)).from_(some)

    return Prepared(build)

