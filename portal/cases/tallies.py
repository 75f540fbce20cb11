"""Counters that the ledger keeps in the transaction of each step, at the leaves of the tree.

No row is shared by a whole county: measured, one hot county row halves the writes of concurrent clerks. Whoever holds a
case (`timeline.locked`) or opens one is noted here with how it stood; what changed is counted as the last thing before
the commit, from the rows themselves, whichever step, extension or correction changed them.
"""

import datetime
import functools

from peewee import JOIN, chunked, fn

from portal.cases.counter_models import Flow, Tally
from portal.cases.counters import Change
from portal.cases.counting import FIELDS, FLOWS, Standing, periods
from portal.cases.lens import COLUMNS, kind_among
from portal.cases.models import Case
from portal.cases.periods import Period
from portal.cases.recount import differences, rebuild, recount
from portal.db import before_commit, is_postgres, now
from portal.org.models import Unit
from portal.prepared import Prepared, numbered, unindexed
from portal.values import OPEN_PHASES

__all__ = ["by_period", "by_phase", "created", "differences", "held", "open_below", "periods", "rebuild", "recount"]


# -- keeping -------------------------------------------------------------------------------------------------------

def held(case) -> None:
    """Note how the case stands that is held for writing; must be called before anything of it is changed."""
    before_commit(_count).setdefault(case.id, Standing.of(case))


def hold_all(condition) -> int:
    """Hold all cases of `condition` for writing, in the order of their ids, and note how they stand; returns how many.

    For what changes thousands at once. The ledger counts what became of them as the last thing before the commit.
    """
    query = Case.select(Case.id, *FIELDS).where(condition).order_by(Case.id)
    kept, number = before_commit(_count), 0
    for key, *rest in (query.for_update() if is_postgres() else query).tuples().iterator():
        kept.setdefault(key, Standing(*rest))
        number += 1
    return number


def created(case) -> None:
    """Note that the case was not there before."""
    before_commit(_count).setdefault(case.id, None)


def is_held(case) -> bool:
    return case.id in before_commit(_count)


def _count(before: dict[int, Standing | None]) -> None:
    """Write what the cases add now that they did not add before: two statements, the keys in one order for everybody,
    so that two clerks moving cases in opposite directions never wait for each other."""
    change = Change()
    for some in chunked(before, 200):
        after = standing_now(some)
        for key in some:
            if before[key] != after.get(key):
                change.count(before[key], -1)
                change.count(after.get(key), 1)
    change.write()


def standing_now(ids: list[int]) -> dict[int, Standing]:
    rows = _standings(len(ids))(**numbered("case", ids))
    return {key: Standing(*rest) for key, *rest in rows}


@functools.lru_cache(maxsize=200)
def _standings(number: int) -> Prepared:
    return Prepared(lambda slots: Case.select(Case.id, *FIELDS).where(Case.id.in_(slots.many("case", number))))


# -- reading -------------------------------------------------------------------------------------------------------

def by_phase(person, kinds: list[str], state: str = "") -> dict[str, int]:
    """Return how many cases of `kinds` stand in each phase, or in one `state`, in the area of the person's post."""
    if person.area is None or not kinds:
        return {}
    column, value = person.area
    rows = _by_phase(column, len(kinds), bool(state))(area=value, state=state, **numbered("kind", kinds))
    return {phase: int(count) for phase, count in rows if count}


@functools.lru_cache(maxsize=100)
def _by_phase(column: str, kinds: int, state: bool) -> Prepared:
    return Prepared(lambda slots: (
        Tally.select(Tally.phase, fn.SUM(Tally.count))
        .where(_summed(Tally, column, slots.area), Tally.kind.in_(slots.many("kind", kinds)),
               *([Tally.state == slots.state] if state else []))
        .group_by(Tally.phase)
    ))


def open_below(person, parent_id: int, level: str, kinds: list[str]) -> dict[int, int]:
    """Return how many open cases of `kinds` lie in each unit directly below the unit `parent_id` of `level`.

    Only what lies in the person's own area is counted. A line's counters are kept for the department as a whole, so
    its staff get none.
    """
    if level not in BELOW or person.area is None or person.area[0] == "line_id" or not kinds:
        return {}
    column, value = person.area
    rows = _open_below(column, level, len(kinds))(area=value, parent=parent_id, **numbered("kind", kinds))
    return {unit_id: int(count) for unit_id, count in rows}


BELOW = {"county": Tally.town_id, "town": Tally.village_id, "village": Tally.unit_id}


@functools.lru_cache(maxsize=100)
def _open_below(column: str, level: str, kinds: int) -> Prepared:
    within = _summed if level == "county" else _within
    return Prepared(lambda slots: (
        Tally.select(below := unindexed(BELOW[level]), fn.SUM(Tally.count))
        .where(within(Tally, column, slots.area), getattr(Tally, f"{level}_id") == slots.parent,
               Tally.kind.in_(slots.many("kind", kinds)), Tally.phase.in_(OPEN_PHASES))
        .group_by(below)
    ))


def open_by_town(county_id: int, kinds: list[str]) -> list[tuple[int, str, int]]:
    """Return (town, kind, how many) of the open cases of `kinds` that lie in the towns of a county."""
    rows = (
        Tally.select(Tally.town_id, Tally.kind, fn.SUM(Tally.count))
        .where(Tally.axis == "town", Tally.county_id == county_id, Tally.town_id.is_null(False),
               Tally.kind.in_(kinds or [""]), Tally.phase.in_(OPEN_PHASES))
        .group_by(Tally.town_id, Tally.kind).tuples()
    )
    return [(town, kind, int(count)) for town, kind, count in rows if count]


def by_period(person, kinds: list[str], wanted: list[str]) -> dict[str, dict[str, int]]:
    """Return the flows of the periods `wanted` in the area of the person's post; every period is present."""
    found = {period: dict.fromkeys(FLOWS, 0) for period in wanted}
    if person.area is None or not kinds:
        return found
    rows = (
        Flow.select(Flow.period, *(fn.SUM(getattr(Flow, name)) for name in FLOWS))
        .where(_summed(Flow, *person.area), Flow.kind.in_(kinds), Flow.period.in_(wanted))
        .group_by(Flow.period)
        .tuples()
    )
    for period, *sums in rows:
        found[period] = {name: int(value or 0) for name, value in zip(FLOWS, sums, strict=True)}
    return found


def kept_below(person, kinds: list[str], month: Period) -> list[tuple[str, int, int]]:
    """Return (name, due, kept) of the towns or villages of the person's area in which something was due in `month` so
    far, in administrative order: what 按期办结率 consists of, as on the page of figures. One query."""
    column = {"county_id": "town_id", "town_id": "village_id"}.get(person.area[0] if person.area else "")
    if column is None or not kinds:
        return []
    flow, case = getattr(Flow, column), getattr(Case, column)
    within = _summed if column == "town_id" else _within
    sums = (
        Flow.select(flow.alias("place"), fn.SUM(Flow.due).alias("due"), fn.SUM(Flow.kept).alias("kept"))
        .where(within(Flow, *person.area), Flow.kind.in_(kinds), Flow.period == month.keys[0])
        .group_by(flow).alias("sums")
    )
    end = datetime.datetime.combine(month.after, datetime.time())
    ahead = (
        Case.select(case.alias("place"), fn.COUNT(Case.id).alias("number"))
        .where(COLUMNS[person.area[0]] == person.area[1], Case.closed.is_null(), Case.due >= now(), Case.due < end,
               kind_among(kinds), Case.restricted == False)  # noqa: E712
        .group_by(case).alias("ahead")
    )
    due = sums.c.due - fn.COALESCE(ahead.c.number, 0)
    rows = (
        Unit.select(Unit.short, due, sums.c.kept).join(sums, on=(sums.c.place == Unit.id))
        .join_from(Unit, ahead, JOIN.LEFT_OUTER, on=(ahead.c.place == Unit.id)).where(due > 0).order_by(Unit.code)
    )
    return [(name, int(owed), int(kept)) for name, owed, kept in rows.tuples()]


def _within(model, column: str, value):
    """Return the condition that a counter belongs to the area whose place column holds `value`."""
    if column in ("grid_id", "line_id"):
        return (model.unit_id == value) & (model.axis == ("line" if column == "line_id" else "place"))
    return (model.axis == "place") & (getattr(model, column) == value)


def _summed(model, column: str, value):
    """The same for sums in which no unit below a town is told apart: a county has thousands of leaves, and some thirty
    towns."""
    if column not in ("county_id", "town_id"):
        return _within(model, column, value)
    return (model.axis == "town") & (getattr(model, column) == value)
