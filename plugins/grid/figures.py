"""Counts over an area, computed from records and never typed: by town, village or grid, in administrative order."""

import datetime
from dataclasses import dataclass

from peewee import Case as When

from plugins.grid.models import MET, Grid, GridEvent, GridWorker, Household, Visit
from plugins.grid.team import responsible
from plugins.grid.workflow import KIND
from portal.kit import Case, Unit, fn, now, today

#: Below which column the rows of an area stand.
BELOW = {"county_id": "town_id", "line_id": "town_id", "town_id": "village_id", "village_id": "grid_id",
         "grid_id": "grid_id"}
LEVEL = {"town_id": "town", "village_id": "village", "grid_id": "grid"}
TITLES = {"town_id": "乡镇（街道）", "village_id": "村（社区）", "grid_id": "网格"}


def rate(part: int, whole: int) -> str:
    """Return 85.0%，17/20; without anything to divide by a dash, never nought or all (DOMAIN 9.10)."""
    return f"{part / whole:.1%}，{part}/{whole}" if whole else "—"


@dataclass
class Figures:
    """What one unit has and did."""

    name: str
    grids: int = 0
    staffed: int = 0
    workers: int = 0
    visited: int = 0
    outstanding: int = 0
    opened: int = 0
    closed: int = 0
    settled: int = 0
    own: int = 0
    declined: int = 0
    handled: int = 0
    redone: int = 0
    due: int = 0
    kept: int = 0
    overdue: int = 0
    open: int = 0

    def add(self, other: "Figures") -> None:
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def staffing(self) -> str:
        return rate(self.staffed, self.grids)

    @property
    def visiting(self) -> str:
        return rate(self.visited, self.visited + self.outstanding)

    @property
    def on_the_ground(self) -> str:
        return rate(self.own, self.settled)

    @property
    def redoing(self) -> str:
        return rate(self.redone, self.handled)

    @property
    def in_time(self) -> str:
        return rate(self.kept, self.due)


COUNTED = tuple(name for name in Figures.__dataclass_fields__ if name != "name")


def month_of(text: str) -> datetime.date:
    """Return the first day of the month "2026-11", of the present one for anything else."""
    try:
        return datetime.datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        return today().replace(day=1)


def following(first: datetime.date) -> datetime.date:
    return (first + datetime.timedelta(days=32)).replace(day=1)


def table(person, first: datetime.date) -> tuple[str, list[Figures], Figures]:
    """Return the heading of the first column, the rows of the month that begins on `first`, and their sum."""
    area, value = person.area or ("line_id", 0)
    column = BELOW[area]
    rows = {key: Figures(name) for key, name in _units(person, area, value, column)}
    unplaced = Figures("未分到网格" if column == "grid_id" else "乡镇本级" if column == "village_id" else "县本级")
    for source in (_grids, _workers, _visits, _events):
        for key, counted in source(person, column, first):
            row = rows.get(key, unplaced)
            for name, number in counted.items():
                setattr(row, name, getattr(row, name) + int(number or 0))
    found = list(rows.values())
    if any(getattr(unplaced, name) for name in COUNTED):
        found.append(unplaced)
    total = Figures("合计")
    for row in found:
        total.add(row)
    return TITLES[column], found, total


def _units(person, area: str, value: int, column: str):
    county = person.post.unit.county_id if person.post else 0
    place = Unit.county_id == county if area in ("county_id", "line_id") else getattr(Unit, area) == value
    query = Unit.select(Unit.id, Unit.short).where(place, Unit.level == LEVEL[column], Unit.valid_to.is_null())
    return query.order_by(Unit.code).tuples()


def _of(model, person):
    """Return the condition of the area; a line has no ground of its own."""
    column, value = person.area or ("line_id", 0)
    return model.id < 0 if column == "line_id" else getattr(model, column) == value


def _number(condition):
    return fn.SUM(When(None, ((condition, 1),), 0))


def _grids(person, column, first):
    key = getattr(Grid, column)
    query = Grid.select(key, fn.COUNT(Grid.id), _number(Grid.unit.in_(responsible()))).join(Unit)
    for row in query.where(_of(Grid, person), Unit.valid_to.is_null()).group_by(key).tuples():
        yield row[0], {"grids": row[1], "staffed": row[2]}


def _workers(person, column, first):
    key = getattr(GridWorker, column)
    query = GridWorker.select(key, fn.COUNT(GridWorker.id)).where(
        _of(GridWorker, person), GridWorker.until.is_null(), GridWorker.role.in_(("head", "full", "part"))
    )
    for row in query.group_by(key).tuples():
        yield row[0], {"workers": row[1]}


def _visits(person, column, first):
    """Yield what was visited in the month, and what was due by its end and was not: because somebody called later, or
    nobody did yet."""
    end = min(following(first), today() + datetime.timedelta(days=1))
    key = getattr(Visit, column)
    # Moments, not days: a text "2026-12-01 08:00" would come after the day "2026-12-01" on one engine only.
    since, until = (datetime.datetime.combine(day, datetime.time()) for day in (first, following(first)))
    made = _number((Visit.at >= since) & (Visit.at < until))
    later = _number((Visit.at >= until) & (Visit.due_on < end))
    query = Visit.select(key, made, later).where(_of(Visit, person), Visit.result.in_(MET), Visit.at >= since)
    for row in query.group_by(key).tuples():
        yield row[0], {"visited": row[1], "outstanding": row[2]}
    key = getattr(Household, column)
    query = Household.select(key, fn.COUNT(Household.id)).where(
        _of(Household, person), Household.closed_on.is_null(), Household.due_on < end, Household.kind != "registered"
    )
    for row in query.group_by(key).tuples():
        yield row[0], {"outstanding": row[1]}


def _events(person, column, first):
    """Yield what came and went in the month, and what is open now."""
    since, until = (datetime.datetime.combine(day, datetime.time()) for day in (first, following(first)))
    area, value = person.area or ("line_id", 0)
    opened = Case.opened.between(since, until)
    closed = Case.closed.between(since, until)
    # 当期应办结: due in the month, whenever it came; what is due later than now only once it is done (DOMAIN 9.10).
    due = (Case.owed >= since) & (Case.owed < until) & (Case.phase != "cancelled") & (
        Case.closed.is_null(False) | (Case.owed < now()))
    settled = closed & (GridEvent.handled_level != "") & Case.state.in_(("done", "archived"))
    key = getattr(Case, column)
    query = (
        GridEvent.select(
            key, _number(opened), _number(closed), _number(settled),
            _number(settled & GridEvent.handled_level.in_(("grid", "village"))),
            fn.SUM(When(None, ((opened, GridEvent.declined),), 0)), _number(opened & (GridEvent.handled_level != "")),
            _number(opened & (GridEvent.redone > 0)), _number(due),
            _number(due & (Case.phase == "closed") & (Case.late == False)),  # noqa: E712
            _number(Case.closed.is_null()), _number(Case.closed.is_null() & (Case.due < now())),
        )
        .join(Case, on=(GridEvent.case == Case.id))
        .where(Case.kind == KIND.name, getattr(Case, area) == value,
               (Case.opened >= since) | (Case.closed >= since) | (Case.owed >= since) | Case.closed.is_null())
        .group_by(key).tuples()
    )
    for row in query:
        names = ("opened", "closed", "settled", "own", "declined", "handled", "redone", "due", "kept", "open",
                 "overdue")
        yield row[0], dict(zip(names, row[1:], strict=True))
