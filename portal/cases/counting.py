"""What one case adds to the counters: the only definition, for the step that moves it and for the recount alike.

按期办结率 = 期限内办结 ÷ 当期应办结, due in the period and not received in it (DOMAIN 9.10): a due moment that moves
takes the count along. Every figure is a condition on columns of the case, so that a list can show the cases behind it.
"""

import datetime
import functools
from typing import NamedTuple

from portal.cases.models import Case

#: What a Flow counts.
FLOWS = ("opened", "settled", "cancelled", "redone", "closed", "on_time", "minutes", "rated", "rating_sum", "satisfied",
         "fair", "at_once", "first_time", "own", "due", "kept")
SATISFIED, FAIR = 4, 3
#: The way in that counts as 代办, whichever kind of case has it.
PROXY = "proxy"


class Standing(NamedTuple):
    """The columns of a case that decide what it adds."""

    county_id: int
    town_id: int | None
    village_id: int | None
    grid_id: int | None
    line_id: int | None
    unit_id: int
    kind: str
    channel: str
    state: str
    phase: str
    opened: datetime.datetime
    closed: datetime.datetime | None
    owed: datetime.datetime | None
    late: bool
    redone: bool
    halted: bool
    restricted: bool
    rating: int | None

    @classmethod
    def of(cls, case: Case) -> "Standing":
        return cls(*(getattr(case, name) for name in cls._fields))

    @property
    def axes(self) -> list[tuple[str, int]]:
        """Return (axis, unit) of the counters that the case belongs to: its most precise place, and its line."""
        place = ("place", self.grid_id or self.village_id or self.town_id or self.county_id)
        return [place, ("line", self.line_id)] if self.line_id else [place]


#: The fields of the model in the order of `Standing`.
FIELDS = tuple(Case.unit if name == "unit_id" else getattr(Case, name) for name in Standing._fields)


@functools.lru_cache(maxsize=4000)
def periods(day: datetime.date) -> tuple[str, str, str]:
    """Return the ISO week, the month and the year of `day`: ("2026-W47", "2026-11", "2026")."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}", f"{day.year}-{day.month:02d}", str(day.year)


def events(case) -> list[tuple[str, datetime.datetime, dict[str, int]]]:
    """Return ("opened" | "closed" | "due", moment, what it adds) of `case`, a Standing or a Case.

    What is seen by those only who are named on it is not counted: a figure would tell of it.
    """
    if case.restricted:
        return []
    done = case.phase == "closed" and case.closed is not None
    found = [("opened", case.opened, {
        "opened": 1, "settled": done, "cancelled": case.phase == "cancelled", "redone": bool(case.redone),
    })]
    if done:
        found.append(("closed", case.closed, closing(case)))
    if case.owed is not None and case.phase != "cancelled":
        found.append(("due", case.owed, {"due": 1, "kept": done and not case.late}))
    return found


def closing(case) -> dict[str, int]:
    rated = case.rating is not None
    return {
        "closed": 1, "on_time": not case.late,
        "minutes": int((case.closed - case.opened).total_seconds() // 60),
        "rated": rated, "rating_sum": case.rating or 0, "satisfied": rated and case.rating >= SATISFIED,
        "fair": rated and case.rating == FAIR, "at_once": case.closed.date() == case.opened.date(),
        "first_time": not (case.halted or case.redone),
        "own": case.unit_id in (case.village_id or 0, case.grid_id or 0),
    }


def tallied(case: Standing):
    """Yield (key, place) of the Tally rows that count the case."""
    for axis, unit_id in case.axes:
        place = (case.town_id, case.village_id) if axis == "place" else (None, None)
        yield (case.county_id, axis, unit_id, case.kind, case.phase, case.state), place
    town = case.county_id, "town", case.town_id or case.county_id
    yield (*town, case.kind, case.phase, case.state), (case.town_id, None)


def flowed(case: Standing):
    """Yield (key, village, what it adds) of the Flow rows that count the case."""
    found = events(case)
    if not found:
        return
    town, proxy = case.town_id or 0, PROXY if case.channel == PROXY else ""
    (_, place), *line = case.axes
    rows = [
        ("place", (place, town, case.unit_id, case.kind, case.channel), case.village_id),
        # What a county sums up: thousands of leaves would be too many.
        ("town", (town or case.county_id, town, 0, case.kind, case.channel), None),
        ("holder", (0, 0, case.unit_id, case.kind, proxy), None),
    ]
    for _, unit_id in line:
        rows.append(("line", (unit_id, town, 0, case.kind, case.channel), None))
        rows.append(("holder", (unit_id, town, case.unit_id, case.kind, proxy), None))
    for axis, rest, village in rows:
        for _, moment, changes in found:
            for period in periods(moment.date()):
                yield (case.county_id, axis, period, *rest), village, changes
