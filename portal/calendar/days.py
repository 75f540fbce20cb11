"""Working days: weekends, the announced holidays with their 调休, and what the administrator changed by hand.

A year is known when official data says so. Whatever needs a day of an unknown year is refused (`CalendarMissing`):
a guessed deadline is worse than none, because nobody doubts it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from itertools import count

from flask import g, has_app_context

from portal.calendar.models import CalendarDay, CalendarRevision, CalendarYear
from portal.calendar.official import (
    LIBRARY_YEARS,
    PACKAGE_YEARS,
    Day,
    days_of,
    from_library,
    packaged,
    weekend_or,
)
from portal.db import firsthand
from portal.values import Refused

#: From this month on the announcement for the next year is due (it came between 25 October and 8 December).
WARN_FROM_MONTH = 10

ONE_DAY = timedelta(days=1)


class CalendarMissing(Refused):
    """The calculation needs a day of `year`, whose holidays nobody has loaded."""

    def __init__(self, year: int):
        self.year = year
        super().__init__(
            f"日历里还没有 {year} 年的放假和调休安排，算不出期限，所以没有保存。"
            f"请现在告诉本县的系统管理员：打开“日历”，按国务院办公厅通知载入 {year} 年（一张表，一分钟）；"
            f"通知还没有发布的，点“暂按推算载入”。然后再办一次。"
        )


class Calendar:
    """An immutable calendar: `special` days over weekends, for the `years` that are known; `overrides` win.

    `day_ends` is the moment at which a day's business is over (民法典第二百零三条第二款): 24:00, or the close of
    business. Counting is a binary search in one list of all workdays, so it costs the same for 2 days and for 200.
    """

    def __init__(
        self,
        special: Mapping[date, Day],
        years: Iterable[int],
        overrides: Mapping[date, Day] | None = None,
        provisional: Iterable[int] = (),
        day_ends: time = time(23, 59, 59),
    ):
        self.years = tuple(sorted(set(years)))
        self.provisional = frozenset(provisional)
        self.overrides = dict(overrides or {})
        self.day_ends = day_ends
        self._known = frozenset(self.years)
        self._special = {**special, **self.overrides}
        self._workdays = [
            day.toordinal()
            for year in self.years
            for day in days_of(year)
            if weekend_or(day, self._special.get(day))
        ]
        self._is_workday = frozenset(self._workdays)

    @classmethod
    def official(cls) -> "Calendar":
        """Return what the program itself brings: announced days from 2015 to 2026."""
        return cls({**from_library(), **packaged()}, [*LIBRARY_YEARS, *PACKAGE_YEARS])

    @classmethod
    def load(cls) -> "Calendar":
        """Return the calendar of this instance; built once in each process, and again after a change.

        Asks for the present token, unless this request brought it along with its person (see `revision`).
        """
        global _loaded
        token = g.get("calendar_token") if has_app_context() else None
        if token is None:
            token = revision().scalar() or ""
        if _loaded is None or _loaded[0] != token:
            with firsthand():  # days older than the token would be taken for what holds now
                _loaded = (token, read())
        return _loaded[1]

    def differs(self, other: "Calendar") -> tuple[date, date] | None:
        """Return the first and the last day that is a workday in one of the two only; None if there is none."""
        changed = self._is_workday ^ other._is_workday
        return (date.fromordinal(min(changed)), date.fromordinal(max(changed))) if changed else None

    # -- asking --------------------------------------------------------------------------------------------------

    def is_known(self, first: date, last: date) -> bool:
        """Tell whether every year from `first` to `last` is loaded."""
        return all(year in self._known for year in range(first.year, last.year + 1))

    def special(self, day: date) -> Day | None:
        """Return what is special about `day`, None for an ordinary one."""
        return self._special.get(day)

    def is_workday(self, day: date) -> bool:
        self._need(day.year, day.year)
        return day.toordinal() in self._is_workday

    def add_workdays(self, day: date, amount: int) -> date:
        """Return the `amount`-th workday after `day`; `day` itself for 0. Raises CalendarMissing."""
        if amount < 0:
            raise ValueError("a period cannot be negative")
        if amount == 0:
            return day
        following = day + ONE_DAY
        index = bisect_left(self._workdays, following.toordinal()) + amount - 1
        if index >= len(self._workdays):
            raise CalendarMissing(next(year for year in count(following.year) if year not in self._known))
        found = date.fromordinal(self._workdays[index])
        self._need(following.year, found.year)
        return found

    def workdays_between(self, start: date, end: date) -> int:
        """Return how many workdays lie after `start` up to and with `end`; negative if `end` comes first."""
        if end < start:
            return -self.workdays_between(end, start)
        if end == start:
            return 0
        self._need((start + ONE_DAY).year, end.year)
        return bisect_right(self._workdays, end.toordinal()) - bisect_right(self._workdays, start.toordinal())

    def next_workday(self, day: date) -> date:
        """Return `day` if it is a workday, else the first one after it. Raises CalendarMissing."""
        return self.add_workdays(day - ONE_DAY, 1)

    def _need(self, first: int, last: int) -> None:
        for year in range(first, last + 1):
            if year not in self._known:
                raise CalendarMissing(year)


_loaded: tuple[str, Calendar] | None = None


def revision():
    """Return the query of the token that changes with every change of the calendar."""
    return CalendarRevision.select(CalendarRevision.token)


def read() -> Calendar:
    """Return the calendar as the tables are now, past every cache; for changing it."""
    return built(loaded_years(), overrides())


def loaded_years() -> dict[int, tuple[dict, bool]]:
    """Return what was loaded, in the order of the years: year -> ({ISO date: [kind, name]}, provisional)."""
    return {row.year: (row.days, row.provisional) for row in CalendarYear.select().order_by(CalendarYear.year)}


def overrides() -> dict[date, Day]:
    """Return the days that were set apart by hand."""
    return {row.date: Day(row.kind, row.name) for row in CalendarDay.select()}


def built(loaded: dict[int, tuple[dict, bool]], own: Mapping[date, Day]) -> Calendar:
    """Return the calendar of what the program brings, what was loaded, and what was set apart by hand."""
    special, years, provisional = {**from_library(), **packaged()}, {*LIBRARY_YEARS, *PACKAGE_YEARS}, set()
    for year, (days, estimated) in sorted(loaded.items()):
        # A loaded year replaces what the program knew of it. It may also move days of the December before, which
        # therefore stand in its own row and are put in last.
        special = {day: meaning for day, meaning in special.items() if day.year != year}
        special |= {date.fromisoformat(text): Day(*meaning) for text, meaning in days.items()}
        years.add(year)
        if estimated:
            provisional.add(year)
    return Calendar(special, years, own, provisional)


def missing_next_year(today: date) -> bool:
    """Tell whether an administrator should load a year now: this one, or from October on the next one.

    A provisional year still counts as missing: its 调休 has to be filled in when the announcement is out.
    """
    return bool(years_to_load(today))


def years_to_load(today: date) -> list[int]:
    """Return the years that an administrator should load now."""
    calendar = Calendar.load()
    wanted = [today.year, today.year + 1] if today.month >= WARN_FROM_MONTH else [today.year]
    return [year for year in wanted if year not in calendar.years or year in calendar.provisional]


def reminders(today: date) -> list[tuple[int, str]]:
    """Return (year, Chinese sentence) for each of `years_to_load`: what is missing and what comes of it."""
    provisional = Calendar.load().provisional
    return [
        (
            year,
            f"{year} 年只有暂按推算的放假安排（没有调休），国务院办公厅通知发布后请载入正式安排，期限会自动重新计算。"
            if year in provisional
            else f"{year} 年的放假和调休安排还没有载入，凡是要用到 {year} 年的期限都会被拒绝，件就立不了。",
        )
        for year in years_to_load(today)
    ]
