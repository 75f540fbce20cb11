"""Changing the calendar in a real database: what is loaded holds at once, and nobody overwrites another unseen."""

from datetime import date, datetime
from types import SimpleNamespace

import pytest

from portal.calendar.days import Calendar, CalendarMissing, missing_next_year, years_to_load
from portal.calendar.deadlines import due_at
from portal.calendar.keeping import load_year, remove_day, set_day
from portal.calendar.models import CalendarDay, CalendarYear
from portal.calendar.official import Day, statutory
from portal.db import atomic
from portal.values import Conflict, Deadline, Refused

ADMIN = SimpleNamespace(id=1, name="管理员")
MONDAY = date(2026, 11, 23)

pytestmark = pytest.mark.usefixtures("app")


def days_of_2027():
    return {**statutory(2027), date(2027, 2, 20): Day("work", "春节"), date(2026, 12, 31): Day("off", "元旦")}


def test_loading_a_year_lets_deadlines_cross_into_it():
    start = datetime(2026, 12, 20, 10)
    with pytest.raises(CalendarMissing):
        due_at(Deadline(20), start, Calendar.load())
    load_year(2027, days_of_2027(), "国办发明电〔2026〕7号", ADMIN)
    calendar = Calendar.load()
    assert due_at(Deadline(20), start, calendar).date() == date(2027, 1, 19)
    assert calendar.is_workday(date(2027, 2, 20)) and not calendar.is_workday(date(2026, 12, 31))


def test_loading_again_replaces_the_year_as_a_whole():
    load_year(2027, {**statutory(2027), date(2027, 3, 1): Day("off", "写错了")}, "暂行", ADMIN, provisional=True)
    assert not Calendar.load().is_workday(date(2027, 3, 1))
    load_year(2027, days_of_2027(), "国办发明电〔2026〕7号", ADMIN)
    assert Calendar.load().is_workday(date(2027, 3, 1))
    row = CalendarYear.get(CalendarYear.year == 2027)
    assert (row.source, row.provisional, row.by_name) == ("国办发明电〔2026〕7号", False, "管理员")
    load_year(2026, statutory(2026), "更正", ADMIN)
    assert not Calendar.load().is_workday(date(2026, 2, 14)), "the packaged 调休 of a reloaded year must be gone"
    assert not Calendar.load().is_workday(date(2026, 12, 31)), "a day moved by the next year's announcement stays"


def test_the_next_year_is_asked_for_from_october_on():
    assert not missing_next_year(date(2026, 9, 30))
    assert missing_next_year(date(2026, 10, 1))
    assert years_to_load(date(2026, 12, 31)) == [2027]
    assert years_to_load(date(2027, 1, 1)) == [2027]
    load_year(2027, statutory(2027), "暂行", ADMIN, provisional=True)
    assert missing_next_year(date(2026, 10, 1)), "a provisional year has to be replaced"
    load_year(2027, days_of_2027(), "国办发明电〔2026〕7号", ADMIN)
    assert not missing_next_year(date(2026, 12, 31))


def test_a_day_set_apart_wins_and_can_be_taken_back():
    assert Calendar.load().is_workday(MONDAY)
    set_day(MONDAY, "off", "县庆", ADMIN)
    assert Calendar.load().next_workday(MONDAY) == date(2026, 11, 24)
    set_day(MONDAY, "off", "县庆放假", ADMIN, version=1)
    row = CalendarDay.get()
    assert (row.name, row.version, row.by_name) == ("县庆放假", 2, "管理员")
    remove_day(MONDAY, version=2)
    assert Calendar.load().is_workday(MONDAY)


def test_setting_a_day_to_what_it_is_says_so():
    with pytest.raises(Refused) as refused:
        set_day(MONDAY, "work", "上班", ADMIN)
    assert refused.value.field == "kind"
    assert not CalendarDay.select().exists()


def test_the_second_of_two_administrators_is_told():
    set_day(MONDAY, "off", "县庆", ADMIN)
    for late in (lambda: set_day(MONDAY, "off", "停电", ADMIN), lambda: remove_day(MONDAY, version=0)):
        with pytest.raises(Conflict) as told:
            late()
        assert told.value.who == "管理员"
    remove_day(MONDAY, version=1)
    with pytest.raises(Conflict):
        set_day(MONDAY, "off", "县庆", ADMIN, version=1)


def test_a_change_that_is_rolled_back_does_not_stay_in_memory():
    with pytest.raises(ZeroDivisionError), atomic():
        set_day(MONDAY, "off", "县庆", ADMIN)
        assert not Calendar.load().is_workday(MONDAY)
        raise ZeroDivisionError
    assert Calendar.load().is_workday(MONDAY)


def test_the_calendar_is_built_once_until_it_changes():
    first = Calendar.load()
    assert Calendar.load() is first
    set_day(MONDAY, "off", "县庆", ADMIN)
    assert Calendar.load() is not first
