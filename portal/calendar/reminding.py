"""The next year's calendar is asked for in time: on the workbench, in `portal check`, by notices; then estimated.

The announcement came between 25 October and 8 December in past years. A year that is still missing on 1 November is
estimated, so that no window has to turn people away in December (keeping.estimate_year). The notices are sent by the
ledger's jobs, which know the people; here is said when one is due.
"""

from datetime import date, timedelta

from portal.calendar import keeping
from portal.calendar.days import Calendar, reminders, years_to_load
from portal.calendar.models import CalendarReminder
from portal.db import today
from portal.values import Card, Job

#: From these months on: an estimate is made, and reminders come each week instead of each month.
ESTIMATE_FROM = WEEKLY_FROM = 11


def missing(person) -> dict | None:
    """Return what the card on the administrator's workbench says; None while nothing is missing."""
    found = reminders(today())
    return {"reminders": found} if found else None


def estimate() -> str | None:
    """Estimate the years that are missing, once it is late; returns a sentence for the record of jobs."""
    day, calendar = today(), Calendar.load()
    late = [year for year in years_to_load(day) if year not in calendar.years]
    late = [year for year in late if year <= day.year or day.month >= ESTIMATE_FROM]
    for year in late:
        keeping.estimate_year(year, None)
    return f"{'、'.join(map(str, late))} 年还没有正式安排，已暂按推算载入。" if late else None


def due_reminders() -> list[tuple[int, str]]:
    """Return (year, sentence) of what the administrators should be told today, and keep that they were.

    Once a month in October, each week from November on and as long as the year lacks its announcement.
    """
    day = today()
    apart = timedelta(days=7 if day.month >= WEEKLY_FROM or day.month < 10 else 28)
    return [(year, sentence) for year, sentence in reminders(day) if _claimed(year, day, day - apart)]


def _claimed(year: int, day: date, before: date) -> bool:
    """Note that `year` was reminded of today, unless it was since `before`; only one of two workers gets True."""
    CalendarReminder.insert(year=year, sent_on=date(2000, 1, 1)).on_conflict_ignore().execute()
    return bool(CalendarReminder.update(sent_on=day).where(
        CalendarReminder.year == year, CalendarReminder.sent_on <= before).execute())


CARDS = [Card(5, "calendar_missing", "日历", "calendar/missing.html", missing, "calendar.manage")]
JOBS = [Job("calendar.estimate", "还没有正式安排的年份暂按推算", estimate, at="03:00")]
