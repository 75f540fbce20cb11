from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.calendar.days import Calendar, CalendarMissing
from portal.calendar.official import LIBRARY_YEARS, PACKAGE_YEARS, Day, from_library, packaged
from portal.values import Refused
from tests.calendar import slow

OFFICIAL = Calendar.official()
ANNOUNCED_ONLY = Calendar(packaged(), PACKAGE_YEARS)

known_days = st.dates(date(2024, 1, 1), date(2026, 12, 31))


def span(year, *ranges):
    return [date(year, month, day) for month, first, last in ranges for day in range(first, last + 1)]


def test_the_holidays_of_2026_are_as_announced():
    off = span(2026, (1, 1, 3), (2, 15, 23), (4, 4, 6), (5, 1, 5), (6, 19, 21), (9, 25, 27), (10, 1, 7))
    work = [date(2026, *day) for day in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))]
    assert not any(OFFICIAL.is_workday(day) for day in off)
    assert all(OFFICIAL.is_workday(day) and day.isoweekday() >= 6 for day in work)
    special = [day for day in packaged() if day.year == 2026]
    assert sorted(special) == sorted(off + work)


@pytest.mark.parametrize(
    ("day", "amount", "expected"),
    [
        (date(2026, 2, 13), 1, date(2026, 2, 14)),  # a Saturday on which one works
        (date(2026, 2, 14), 1, date(2026, 2, 24)),  # across the whole Spring Festival
        (date(2026, 2, 24), 4, date(2026, 2, 28)),  # ends on the second working Saturday
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 10, 8), 2, date(2026, 10, 10)),
        (date(2026, 10, 9), 3, date(2026, 10, 13)),
        (date(2025, 12, 31), 1, date(2026, 1, 4)),  # a year's end, and a working Sunday
        (date(2024, 2, 9), 5, date(2024, 2, 22)),
        (date(2026, 11, 23), 0, date(2026, 11, 23)),
    ],
)
def test_workdays_are_counted_over_real_holidays(day, amount, expected):
    assert OFFICIAL.add_workdays(day, amount) == expected
    assert OFFICIAL.workdays_between(day, expected) == amount


@given(known_days, st.integers(0, 300))
def test_adding_agrees_with_walking(day, amount):
    try:
        expected = slow.add_workdays(day, amount)
    except slow.Unknown:
        with pytest.raises(CalendarMissing):
            ANNOUNCED_ONLY.add_workdays(day, amount)
    else:
        assert ANNOUNCED_ONLY.add_workdays(day, amount) == expected


@given(known_days, known_days)
def test_counting_agrees_with_walking(one, other):
    start, end = sorted((one, other))
    assert ANNOUNCED_ONLY.workdays_between(start, end) == slow.workdays_between(start, end)
    assert ANNOUNCED_ONLY.workdays_between(end, start) == -slow.workdays_between(start, end)


@given(known_days)
def test_the_library_agrees_with_the_announcement(day):
    assert ANNOUNCED_ONLY.is_workday(day) == slow.is_workday(day)


def test_the_library_knows_the_working_weekends_of_every_year_we_take_from_it():
    for year in LIBRARY_YEARS:
        assert sum(day.year == year and special.kind == "work" for day, special in from_library().items()) >= 3, year


def test_a_day_of_an_unknown_year_is_refused_with_the_year_and_who_can_help():
    with pytest.raises(CalendarMissing) as refused:
        OFFICIAL.add_workdays(date(2026, 12, 20), 20)
    assert refused.value.year == 2027
    assert isinstance(refused.value, Refused)
    for word in ("2027 年", "系统管理员", "日历", "载入"):
        assert word in refused.value.sentence


@pytest.mark.parametrize(
    "ask",
    [
        lambda: OFFICIAL.is_workday(date(2027, 1, 1)),
        lambda: OFFICIAL.next_workday(date(2027, 3, 1)),
        lambda: OFFICIAL.add_workdays(date(2026, 12, 31), 1),
        lambda: OFFICIAL.add_workdays(date(2030, 1, 1), 1),
        lambda: OFFICIAL.add_workdays(date(2001, 1, 1), 1),
        lambda: OFFICIAL.workdays_between(date(2026, 12, 1), date(2027, 1, 1)),
    ],
)
def test_nothing_is_guessed_past_the_last_year(ask):
    with pytest.raises(CalendarMissing):
        ask()


def test_the_last_known_day_can_still_be_reached():
    assert OFFICIAL.add_workdays(date(2026, 12, 30), 1) == date(2026, 12, 31)
    assert OFFICIAL.workdays_between(date(2026, 12, 30), date(2026, 12, 31)) == 1
    assert OFFICIAL.next_workday(date(2026, 12, 31)) == date(2026, 12, 31)


def test_a_year_in_the_middle_that_is_not_loaded_is_refused_too():
    gap = Calendar(packaged(), [2024, 2026])
    with pytest.raises(CalendarMissing) as refused:
        gap.add_workdays(date(2024, 12, 30), 5)
    assert refused.value.year == 2025
    assert gap.add_workdays(date(2025, 12, 31), 1) == date(2026, 1, 4)


def test_an_override_wins_over_the_announcement_both_ways():
    calendar = Calendar(packaged(), PACKAGE_YEARS, {
        date(2026, 11, 23): Day("off", "县庆"), date(2026, 10, 10): Day("off", "防汛后补休"),
        date(2026, 10, 3): Day("work", "应急值班"),
    })
    assert not calendar.is_workday(date(2026, 11, 23))
    assert calendar.next_workday(date(2026, 10, 10)) == date(2026, 10, 12)
    assert calendar.add_workdays(date(2026, 9, 30), 1) == date(2026, 10, 3)


def test_an_override_alone_does_not_make_its_year_known():
    calendar = Calendar(packaged(), PACKAGE_YEARS, {date(2027, 1, 1): Day("off", "元旦")})
    with pytest.raises(CalendarMissing):
        calendar.is_workday(date(2027, 1, 1))


def test_negative_amounts_are_a_mistake_of_the_program():
    with pytest.raises(ValueError):
        OFFICIAL.add_workdays(date(2026, 1, 5), -1)


@given(known_days.filter(lambda day: day < date(2026, 12, 31)))
def test_the_next_workday_is_the_day_itself_or_the_first_after_it(day):
    found = ANNOUNCED_ONLY.next_workday(day)
    assert slow.is_workday(found) and found >= day
    assert not any(slow.is_workday(day + timedelta(n)) for n in range((found - day).days))
