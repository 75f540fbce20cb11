"""Working days with 调休, deadlines with pauses, and the page on which an administrator keeps the calendar."""

from portal.calendar.commands import calendar
from portal.calendar.days import Calendar, CalendarMissing, missing_next_year, reminders, years_to_load
from portal.calendar.deadlines import Light, Span, due_at, due_extended, due_with_pauses, extend, light, remaining
from portal.calendar.keeping import load_year
from portal.calendar.models import CalendarChange, CalendarDay, CalendarReminder, CalendarRevision, CalendarYear
from portal.calendar.official import statutory
from portal.calendar.reminding import CARDS, JOBS, due_reminders
from portal.calendar.views import blueprint
from portal.db import today
from portal.hookspecs import hookimpl
from portal.values import Finding, MenuItem, Permission, Plugin

__all__ = [
    "Calendar", "CalendarMissing", "Light", "Span", "due_at", "due_extended", "due_reminders", "due_with_pauses",
    "extend", "light",
    "load_year", "missing_next_year", "remaining", "reminders", "statutory", "years_to_load",
]


@hookimpl
def portal_plugin():
    return Plugin("calendar", "日历", level="core", icon="calendar", summary="工作日、调休与期限")


@hookimpl
def portal_models():
    return [CalendarYear, CalendarDay, CalendarRevision, CalendarChange, CalendarReminder]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [Permission("calendar.manage", "维护日历（放假、调休）", ("system_admin",))]


@hookimpl
def portal_menu():
    return [MenuItem(930, "日历", "calendar.show_year", "calendar.manage", "calendar", "系统管理")]


@hookimpl
def portal_cards():
    return list(CARDS)


@hookimpl
def portal_jobs():
    return list(JOBS)


@hookimpl
def portal_commands():
    return [calendar]


@hookimpl
def portal_check():
    """A missing present year stops every new deadline; a missing next year will, so it is said from October on."""
    present = today().year
    return [
        Finding(
            f"日历：{sentence}请系统管理员打开“日历”办理。",
            serious=year == present and year not in Calendar.load().years,
        )
        for year, sentence in reminders(today())
    ]


@hookimpl
def portal_demo(say):
    """Load the statutory days of years that are not announced yet, so that a demo works in December as well.

    They are marked as provisional and as no official calendar; a real instance never does this by itself.
    """
    for year in (today().year, today().year + 1):
        if year not in Calendar.load().years:
            load_year(year, statutory(year), "演示数据：只有法定节假日，不是官方安排", None, provisional=True)
    say("日历", 1, 1)

