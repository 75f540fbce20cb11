"""The same rules as portal.calendar, told day by day: slow, and so plain that one can see that they are right."""

import calendar
import csv
from datetime import date, datetime, time, timedelta
from pathlib import Path

import portal

ONE_DAY = timedelta(days=1)
ONE_MINUTE = timedelta(minutes=1)
DATA = Path(portal.__path__[0]) / "calendar" / "data" / "cn_official_2024_2026.csv"
with DATA.open(encoding="utf-8") as file:
    ANNOUNCED = {row["date"]: row["kind"] for row in csv.DictReader(file)}


class Unknown(Exception):
    """A day was asked for whose year nobody announced."""


def is_workday(day: date) -> bool:
    if not 2024 <= day.year <= 2026:
        raise Unknown(day)
    kind = ANNOUNCED.get(day.isoformat())
    return day.isoweekday() <= 5 if kind is None else kind == "调休上班"


def add_workdays(day: date, amount: int) -> date:
    while amount:
        day += ONE_DAY
        if is_workday(day):
            amount -= 1
    return day


def workdays_between(start: date, end: date) -> int:
    counted = 0
    while start < end:
        start += ONE_DAY
        counted += is_workday(start)
    return counted


def due(limit, start: datetime, pauses) -> datetime:
    if limit.unit == "hour":
        return due_in_minutes(limit.amount * 60, start, pauses)

    def stands_still(day):
        return any(pause.since.date() <= day < pause.until.date() for pause in pauses)

    left = limit.amount
    if limit.unit == "month":
        left = (same_day_later(start.date(), limit.amount) - start.date()).days
    day = start.date()
    while left:
        day += ONE_DAY
        if not stands_still(day) and (limit.unit != "workday" or is_workday(day)):
            left -= 1
    while stands_still(day) or ((limit.roll or limit.unit == "workday") and not is_workday(day)):
        day += ONE_DAY
    return datetime.combine(day, time(23, 59, 59))


def due_in_minutes(left: int, moment: datetime, pauses) -> datetime:
    while left:
        if not any(pause.since <= moment < pause.until for pause in pauses):
            left -= 1
        moment += ONE_MINUTE
    return moment


def same_day_later(day: date, months: int) -> date:
    """Walk month by month to the first of the month, then to the same day or the last one there is."""
    year, month = day.year, day.month
    for _ in range(months):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
