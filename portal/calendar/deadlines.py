"""Deadlines: when a period ends, with pauses and extensions, and the light that shows how far it has run.

The rules, with their sources:
- The day on which a period starts is not counted (民法典第二百零一条); hours run from the moment itself.
- A period in months ends on the corresponding day, or on the last day of a month that has none (第二百零二条).
- A last day on a holiday moves to the next workday (第二百零三条第一款), and ends at 24:00 or at the close of business
  (第二款, `Calendar.day_ends`). A period in workdays cannot end on a holiday.
- 所需时间不计算在期限内 (行政许可法第四十五条): the days on which the clock stood still are taken out of the count. We
  count whole days: the day on which the pause began does not count, the day on which the clock runs again does. So a
  pause that ends on the day it began changes nothing, and overlapping pauses count once. A period in months is as many
  days long as it would be without a pause, and then runs on by the days that did not count. For hours the time itself
  is taken out. A pause that began after the period had ended changes nothing: what is late stays late.
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from portal.calendar.days import ONE_DAY, Calendar
from portal.values import Deadline


class Span(NamedTuple):
    """The clock stood still from `since` until `until`."""

    since: datetime
    until: datetime


class Light(NamedTuple):
    """How a clock stands: `tone` is ok, warn, over, none (stopped) or done, `percent` of the period is used up.

    `tone` is "over" when the time is all but used up as well; only `overdue` says that it is past.
    """

    tone: str
    text: str
    percent: int
    overdue: bool = False
    paused: bool = False

    @property
    def urgent(self) -> bool:
        return self.overdue


def due_at(limit: Deadline, start: datetime, calendar: Calendar) -> datetime:
    """Return the moment at which the period `limit` that begins at `start` ends.

    Raises CalendarMissing where that needs a year nobody has loaded.
    """
    return due_with_pauses(limit, start, (), calendar)


def due_with_pauses(limit: Deadline, start: datetime, pauses: Iterable[Span], calendar: Calendar) -> datetime:
    """Return the end of the period with the time of `pauses` taken out; see the top of this file for what counts."""
    if limit.amount < 0:
        raise ValueError("a period cannot be negative")
    if limit.unit == "hour":
        return _after_hours(start, limit.amount, _merged(pauses))
    still = _merged(Span(pause.since.date(), pause.until.date()) for pause in pauses)
    last = _last_day(limit, start.date(), still, calendar)
    last = _settled(last, limit.roll or limit.unit == "workday", still, calendar)
    return datetime.combine(last, calendar.day_ends)


def due_extended(
    limit: Deadline, start: datetime, pauses: Iterable[Span], more: int, calendar: Calendar
) -> datetime:
    """Return the end of a period that was extended by `more` of its own unit (0: it was not), pauses taken out.

    The extension is a period of its own that begins when the first has run out, as `extend` says: it cannot end
    earlier than one period of both lengths.
    """
    pauses = list(pauses)
    due = due_with_pauses(limit, start, pauses, calendar)
    return due_with_pauses(Deadline(more, limit.unit, limit.roll), due, pauses, calendar) if more else due


def extend(due: datetime, more: Deadline, calendar: Calendar) -> datetime:
    """Return the end of an extension: it begins when the period it extends has run out."""
    return due_at(more, due, calendar)


def _merged(pauses) -> list:
    """Return the pauses, [since, until) each, in order and without overlaps; empty ones are dropped."""
    merged = []
    for since, until in sorted(pauses):
        if until <= since:
            continue
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((since, until))
    return merged


def _after_hours(start: datetime, hours: int, still: list) -> datetime:
    due = start + timedelta(hours=hours)
    for since, until in still:
        since = max(since, start)
        if since < min(until, due):
            due += until - since
    return due


def _last_day(limit: Deadline, first: date, still: list, calendar: Calendar) -> date:
    """Return the last day of the period that begins after `first`, the days in `still` not counted."""
    if limit.unit == "workday":
        amount, advance, count = limit.amount, calendar.add_workdays, calendar.workdays_between
    else:
        amount, advance, count = _length(limit, first), _add_days, _days_between
    last, lost = advance(first, amount), 0
    for since, until in still:
        if until <= first + ONE_DAY:
            continue
        if since > last:
            break
        lost += count(max(since - ONE_DAY, first), until - ONE_DAY)
        last = advance(first, amount + lost)
    return last


def _length(limit: Deadline, first: date) -> int:
    """Return how many days the period has after `first`."""
    if limit.unit == "day":
        return limit.amount
    if limit.unit == "month":
        return (_corresponding_day(first, limit.amount) - first).days
    raise ValueError(f"unknown unit {limit.unit!r}")


def _corresponding_day(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _add_days(day: date, amount: int) -> date:
    return day + timedelta(days=amount)


def _days_between(start: date, end: date) -> int:
    return (end - start).days


def _settled(last: date, roll: bool, still: list, calendar: Calendar) -> date:
    """Move `last` to the first day on or after it that counts and, with `roll`, is a workday."""
    while True:
        settled = next((until for since, until in still if since <= last < until), last)
        if roll:
            settled = calendar.next_workday(settled)
        if settled == last:
            return last
        last = settled


# -- what a clerk reads --------------------------------------------------------------------------------------------

NOTHING = timedelta(0)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def remaining(now: datetime, due: datetime, calendar: Calendar | None = None) -> str:
    """Return how long it still is until `due`, or since: 剩 4 小时, 剩 12 天, 今日到期, 超 2 天.

    With a calendar, days are workdays (剩 3 个工作日) as far as it knows them. A due moment at the end of a day is told
    in days, any other in hours when it is near. Never raises CalendarMissing.
    """
    left = due - now
    by_the_day = due.hour == 23 and due.minute == 59 or calendar is not None and due.time() == calendar.day_ends
    if left < NOTHING:
        return _past(now, due, -left, by_the_day)
    if by_the_day:
        return _days_left(now.date(), due.date(), calendar)
    if left < HOUR:
        return f"剩 {left.seconds // 60} 分钟"
    if left < 2 * DAY:
        return f"剩 {left // HOUR} 小时"
    return _days_left(now.date(), due.date(), calendar)


def _days_left(today: date, last: date, calendar: Calendar | None) -> str:
    if today == last:
        return "今日到期"
    if calendar is not None and calendar.is_known(today, last):
        workdays = calendar.workdays_between(today, last)
        if workdays:
            return f"剩 {workdays} 个工作日"
    return f"剩 {(last - today).days} 天"


def _past(now: datetime, due: datetime, over: timedelta, by_the_day: bool) -> str:
    if by_the_day or over >= DAY:
        return f"超 {max((now.date() - due.date()).days, 1)} 天"
    return f"超 {over // HOUR} 小时" if over >= HOUR else f"超 {max(over.seconds // 60, 1)} 分钟"


def light(
    now: datetime,
    start: datetime,
    due: datetime | None,
    *,
    paused: str | None = None,
    opened: datetime | None = None,
    closed: datetime | None = None,
    calendar: Calendar | None = None,
    yellow: int = 60,
    red: int = 90,
) -> Light:
    """Return the light of a clock that began at `start`; from time alone, so it can never be stale.

    `paused` is the reason for which the clock stands still, None while it runs. Teal below `yellow` percent of the
    period, 麦 from there to `red`, 朱 above and when it is past.
    """
    if closed is not None:
        days = (closed.date() - (opened or start).date()).days
        return Light("done", f"用时 {days} 天" if days else "当日办结", 100)
    if paused is not None:
        return Light("none", f"停表：{paused}" if paused else "已停表", 0, paused=True)
    if due is None:
        return Light("none", "未计时", 0)
    text = remaining(now, due, calendar)
    if now > due:
        return Light("over", text, 100, True)
    percent = (now - start) / (due - start) * 100 if start < due else 100.0
    percent = percent if percent > 0 else 0.0
    return Light("over" if percent > red else "warn" if percent >= yellow else "ok", text, int(percent))
