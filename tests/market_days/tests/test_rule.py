"""The rule alone, and the lunar calendar that it stands on: no database."""

import datetime

import pytest
from borax.calendars.lunardate import LunarDate
from hypothesis import given
from hypothesis import strategies as st
from market_days.rule import FIRST, LAST, NUMERALS, Rule, lunar_name, read

from portal.kit import Refused

DAY = datetime.timedelta(days=1)
#: So far from both ends that the whole lunar month around the day is known.
days = st.dates(FIRST + 31 * DAY, LAST - 62 * DAY)
digits = st.frozensets(st.integers(0, 9), min_size=1).map(tuple)
rules = st.builds(Rule, digits, st.booleans(), st.booleans())


def month_around(day: datetime.date) -> list[datetime.date]:
    """Return the days of the lunar month that `day` lies in, found by walking to where the count begins anew."""
    first = day - (LunarDate.from_solar(day).day - 1) * DAY
    following = first + 29 * DAY
    return [first + n * DAY for n in range(29 if LunarDate.from_solar(following).day == 1 else 30)]


@given(days)
def test_a_fifth_is_the_fifth_fifteenth_and_twenty_fifth_of_every_lunar_month_long_or_short(day):
    month = month_around(day)
    market = Rule((5,), lunar=True).within(month[0], month[-1])
    assert [month.index(one) + 1 for one in market] == [5, 15, 25]


@given(days)
def test_a_tenth_comes_a_third_time_only_in_a_month_of_thirty_days(day):
    month = month_around(day)
    market = Rule((0,), lunar=True).within(month[0], month[-1])
    assert [month.index(one) + 1 for one in market] == ([10, 20] if len(month) == 29 else [10, 20, 30])


@given(rules, days)
def test_the_next_day_is_a_market_day_and_none_lies_before_it(rule, day):
    following = rule.next(day)
    assert following >= day and rule.holds(following)
    assert not any(rule.holds(day + n * DAY) for n in range((following - day).days))


@given(rules, days)
def test_months_hold_each_market_day_once_and_in_order(rule, day):
    first = day.replace(day=1)
    found = rule.of_month(first)
    assert found == sorted(set(found)) and {one.month for one in found} <= {first.month}
    assert all(rule.holds(one) for one in found)


@given(digits, st.booleans())
def test_what_a_rule_says_is_read_as_the_same_rule(some, lunar):
    said = str(Rule(some, lunar))
    assert set(read(said[2:])) == set(some) and Rule(read(said[2:]), lunar).digits == read(said[2:])


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_rule_or_a_sentence(text):
    try:
        assert set(read(text)) <= set(range(10))
    except Refused as refused:
        assert refused.field == "rule"


@pytest.mark.parametrize(("text", "expected"), [
    ("逢1逢5", (1, 5)), ("逢2、5、8", (2, 5, 8)), ("三六九", (3, 6, 9)), ("逢5,10", (5, 0)), ("一、四、七", (1, 4, 7)),
    ("逢十逢五", (5, 0)), ("5 5", (5,)), ("逢10", (0,)),
])
def test_the_ways_in_which_people_write_it(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize("text", ["", "逢", "逢0", "每天", "初五、十五", "廿五", "二十", "逢1至5", "-1", "逢５"])
def test_what_is_no_rule_is_refused_with_a_sentence(text):
    with pytest.raises(Refused):
        read(text)


@pytest.mark.parametrize(("day", "name"), [
    ((2023, 3, 22), "闰二月初一"), ((2025, 7, 25), "闰六月初一"), ((2026, 2, 17), "正月初一"),
    ((2025, 1, 29), "正月初一"), ((2026, 2, 16), "腊月廿九"), ((1900, 12, 31), ""),
])
def test_known_days_of_the_lunar_calendar(day, name):
    assert lunar_name(datetime.date(*day)) == name


def test_a_leap_month_has_its_market_days_like_any_other():
    first, last = datetime.date(2025, 7, 25), datetime.date(2025, 8, 22)
    assert [day.isoformat() for day in Rule((1, 5), lunar=True).within(first, last)] == [
        "2025-07-25", "2025-07-29", "2025-08-04", "2025-08-08", "2025-08-14", "2025-08-18"]


@pytest.mark.parametrize(("thirty_first", "expected"), [(False, [1, 11, 21]), (True, [1, 11, 21, 31])])
def test_the_thirty_first_is_a_market_day_only_where_the_town_says_so(thirty_first, expected):
    rule = Rule((1,), lunar=False, thirty_first=thirty_first)
    assert [day.day for day in rule.of_month(datetime.date(2026, 10, 1))] == expected


def test_where_the_lunar_calendar_ends_there_are_no_more_days():
    assert Rule((5,), lunar=True).next(LAST + DAY) is None
    assert len(NUMERALS) == 10
