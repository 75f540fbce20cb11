"""Counters that the ledger keeps in the transaction of each step, at the leaves of the tree.

No row is shared by a whole county: measured, one hot county row halves the writes of concurrent clerks.
"""

import datetime
import functools
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from peewee import JOIN, chunked, fn

from portal.cases.models import Case, Flow, Rating, Tally
from portal.db import atomic, database
from portal.org.models import Unit
from portal.prepared import Prepared, numbered
from portal.values import OPEN_PHASES

#: What a Flow counts.
FLOWS = ("opened", "closed", "on_time", "minutes", "rated", "rating_sum")


def periods(moment: datetime.datetime) -> tuple[str, str]:
    """Return the ISO week and the month of `moment`: ("2026-W47", "2026-11")."""
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02d}", f"{moment:%Y-%m}"


def _axes(case):
    """Yield (axis, leaf unit, place columns) of the counters that the case belongs to, in one order for all."""
    county = {"county_id": case.county_id}
    if case.line_id:
        yield "line", case.line_id, county
    yield "place", case.place_id, {**county, "town_id": case.town_id, "village_id": case.village_id}


def moved(case, before: str | None, after: str) -> None:
    """Count the case out of the phase `before` (None: it is new) and into `after`."""
    if before == after:
        return
    for axis, unit_id, place in _axes(case):
        # In one order for everybody: two clerks moving cases in opposite directions must not wait for each other.
        for phase, change in sorted((phase, change) for phase, change in ((before, -1), (after, 1)) if phase):
            key = {"axis": axis, "unit_id": unit_id, "kind": case.kind, "phase": phase}
            _add(Tally, key, place, {"count": change})


def flowed(case, moment: datetime.datetime, **changes) -> None:
    """Add `changes` (opened, closed, on_time, minutes, rated, rating_sum) to the periods of `moment`."""
    for axis, unit_id, place in _axes(case):
        for period in periods(moment):
            _add(Flow, {"axis": axis, "unit_id": unit_id, "kind": case.kind, "period": period}, place, changes)


def _add(model, key: dict, place: dict, changes: dict) -> None:
    fields = [getattr(model, name) for name in key]
    update = {getattr(model, name): getattr(model, name) + change for name, change in changes.items()}
    model.insert(**key, **place, **changes).on_conflict(conflict_target=fields, update=update).execute()


def by_phase(person, kinds: list[str]) -> dict[str, int]:
    """Return how many cases of `kinds` stand in each phase in the area of the person's post."""
    if person.area is None or not kinds:
        return {}
    column, value = person.area
    rows = _by_phase(column, len(kinds))(area=value, **numbered("kind", kinds))
    return {phase: int(count) for phase, count in rows if count}


@functools.lru_cache(maxsize=100)
def _by_phase(column: str, kinds: int) -> Prepared:
    return Prepared(lambda slots: (
        Tally.select(Tally.phase, fn.SUM(Tally.count))
        .where(_within(Tally, column, slots.area), Tally.kind.in_(slots.many("kind", kinds)))
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
    below = BELOW[level]
    return Prepared(lambda slots: (
        Tally.select(below, fn.SUM(Tally.count))
        .where(_within(Tally, column, slots.area), getattr(Tally, f"{level}_id") == slots.parent,
               Tally.kind.in_(slots.many("kind", kinds)), Tally.phase.in_(OPEN_PHASES))
        .group_by(below)
    ))


def by_period(person, kinds: list[str], wanted: list[str]) -> dict[str, dict[str, int]]:
    """Return the flows of the periods `wanted` in the area of the person's post; every period is present."""
    found = {period: dict.fromkeys(FLOWS, 0) for period in wanted}
    if person.area is None or not kinds:
        return found
    rows = (
        Flow.select(Flow.period, *(fn.SUM(getattr(Flow, name)) for name in FLOWS))
        .where(_in_area(Flow, person), Flow.kind.in_(kinds), Flow.period.in_(wanted))
        .group_by(Flow.period)
        .tuples()
    )
    for period, *sums in rows:
        found[period] = {name: int(value or 0) for name, value in zip(FLOWS, sums, strict=True)}
    return found


def on_time_below(person, kinds: list[str], period: str) -> list[tuple[str, int, int]]:
    """Return (name, closed, on time) of the towns or villages of the person's area that closed something in `period`,
    in administrative order."""
    column = {"county_id": Flow.town_id, "town_id": Flow.village_id}.get(person.area[0] if person.area else "")
    if column is None or not kinds:
        return []
    rows = (
        Flow.select(Unit.short, fn.SUM(Flow.closed), fn.SUM(Flow.on_time)).join(Unit, on=(Unit.id == column))
        .where(_in_area(Flow, person), Flow.kind.in_(kinds), Flow.period == period)
        .group_by(Unit.code, Unit.short).having(fn.SUM(Flow.closed) > 0).order_by(Unit.code).tuples()
    )
    return [(name, int(closed), int(on_time)) for name, closed, on_time in rows]


def _in_area(model, person):
    return _within(model, *person.area)


def _within(model, column: str, value):
    """Return the condition that a counter belongs to the area whose place column holds `value`."""
    if column in ("grid_id", "line_id"):
        return (model.axis == ("line" if column == "line_id" else "place")) & (model.unit_id == value)
    return (model.axis == "place") & (getattr(model, column) == value)


@dataclass
class Recount:
    """What the counters should hold, recounted from the cases: {(axis, unit, kind, phase): count} and
    {(axis, unit, kind, period): {opened, closed, ...}}; `places` has the place columns of each (axis, unit)."""

    tallies: Counter = field(default_factory=Counter)
    flows: dict = field(default_factory=lambda: defaultdict(Counter))
    places: dict = field(default_factory=dict)


def recount() -> Recount:
    """Read every case once and count it anew; memory grows with the counters, not with the cases."""
    found = Recount()
    rows = (
        Case.select(Case.kind, Case.phase, Case.opened, Case.closed, Case.late, Case.rating, Rating.at, Case.county_id,
                    Case.town_id, Case.village_id, Case.grid_id, Case.line_id)
        .join(Rating, JOIN.LEFT_OUTER, on=(Rating.case == Case.id))
    )
    for row in rows.namedtuples().iterator():
        leaf = row.grid_id or row.village_id or row.town_id or row.county_id
        place = {"county_id": row.county_id, "town_id": row.town_id, "village_id": row.village_id}
        axes = [("place", leaf, place)] + ([("line", row.line_id, {"county_id": row.county_id})] if row.line_id else [])
        for axis, unit_id, columns in axes:
            found.places[axis, unit_id] = columns
            found.tallies[axis, unit_id, row.kind, row.phase] += 1
            for moment, changes in _flows(row):
                for period in periods(moment):
                    found.flows[axis, unit_id, row.kind, period].update(changes)
    return found


def _flows(row):
    """Yield (moment, what it adds) for the opening, the closing and the rating of a case."""
    yield row.opened, {"opened": 1}
    if row.closed:
        yield row.closed, closing(row)
    if row.rating is not None and row.at:
        yield row.at, {"rated": 1, "rating_sum": row.rating}


def kept() -> tuple[dict, dict]:
    """Return what the counters hold: {(axis, unit, kind, phase): count}, {(axis, unit, kind, period): values}."""
    counts = database.execute_sql("SELECT axis, unit_id, kind, phase, count FROM cases_tally")
    flows = database.execute_sql(f"SELECT axis, unit_id, kind, period, {', '.join(FLOWS)} FROM cases_flow")
    return {row[:4]: row[4] for row in counts.fetchall()}, {row[:4]: tuple(row[4:]) for row in flows.fetchall()}


def differences(found=None, held=None) -> list[str]:
    """Return one sentence for each counter that lies: what is `held` (see `kept`) against what a recount `found`."""
    found, (counts, flows) = found or recount(), held or kept()
    nothing = (0,) * len(FLOWS)
    recounted = {
        key: tuple(sums.get(name, 0) for name in FLOWS) if isinstance(sums, dict) else tuple(sums)
        for key, sums in found.flows.items()
    }
    return [
        f"计数不符：{' '.join(map(str, key))} 记为 {counts.get(key, 0)}，实有 {found.tallies.get(key, 0)}。"
        for key in sorted(found.tallies.keys() | counts.keys()) if counts.get(key, 0) != found.tallies.get(key, 0)
    ] + [
        f"流量不符：{' '.join(map(str, key))} 与案件不一致。"
        for key in sorted(recounted.keys() | flows.keys())
        if flows.get(key, nothing) != recounted.get(key, nothing)
    ]


def rebuild() -> None:
    """Write all counters anew from the cases, in one transaction."""
    with atomic():
        found = recount()
        Tally.delete().execute()
        Flow.delete().execute()
        _insert(Tally, ("axis", "unit_id", "kind", "phase"), found, {
            key: {"count": count} for key, count in found.tallies.items()
        })
        _insert(Flow, ("axis", "unit_id", "kind", "period"), found, found.flows)


def _insert(model, names: tuple, found: Recount, counted: dict) -> None:
    empty = {"town_id": None, "village_id": None, **(dict.fromkeys(FLOWS, 0) if model is Flow else {})}
    rows = ({**empty, **dict(zip(names, key, strict=True)), **found.places[key[:2]], **values}
            for key, values in counted.items())
    for some in chunked(rows, 500):
        model.insert_many(some).execute()


def closing(case) -> dict[str, int]:
    """Return what the closing of `case` adds to its period."""
    spent = int((case.closed - case.opened).total_seconds() // 60)
    return {"closed": 1, "on_time": 0 if case.late else 1, "minutes": spent}
