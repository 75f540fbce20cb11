from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.calendar.days import Calendar, CalendarMissing
from portal.calendar.deadlines import Light, Span, due_at, due_with_pauses, extend, light, remaining
from portal.calendar.official import PACKAGE_YEARS, packaged
from portal.values import Deadline
from tests.calendar import slow

CALENDAR = Calendar(packaged(), PACKAGE_YEARS)
END = time(23, 59, 59)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def last(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), END)


# -- real dates ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(
    ("limit", "start", "due"),
    [
        # 行政许可 5 / 20 workdays, over the Spring Festival with its working Saturdays 14 and 28 February
        (Deadline(5), "2026-02-12 16:30", "2026-02-26"),
        (Deadline(20), "2026-02-12 09:00", "2026-03-18"),
        (Deadline(1), "2026-09-30 17:59", "2026-10-08"),
        (Deadline(0), "2026-11-23 10:00", "2026-11-23"),  # settled on the spot
        (Deadline(0), "2026-11-22 10:00", "2026-11-23"),  # ... which on a Sunday is the next workday
        # calendar days: the start does not count, a last day on a holiday moves on
        (Deadline(15, "day"), "2026-09-16 10:00", "2026-10-08"),
        (Deadline(15, "day", roll=False), "2026-09-16 10:00", "2026-10-01"),
        (Deadline(30, "day"), "2026-01-15 08:00", "2026-02-14"),  # a Saturday, but one works
        (Deadline(7, "day", roll=False), "2026-12-28 08:00", "2027-01-04"),  # needs no holidays at all
        # months: the corresponding day, or the last of the month
        (Deadline(1, "month"), "2026-01-31 10:00", "2026-02-28"),
        (Deadline(1, "month"), "2024-01-31 10:00", "2024-02-29"),
        (Deadline(1, "month", roll=False), "2025-01-30 10:00", "2025-02-28"),
        (Deadline(12, "month"), "2024-02-29 10:00", "2025-02-28"),
        (Deadline(1, "month"), "2026-04-01 10:00", "2026-05-06"),
        (Deadline(2, "month"), "2025-11-05 10:00", "2026-01-05"),
        (Deadline(3, "month"), "2025-12-31 10:00", "2026-03-31"),
    ],
)
def test_a_period_ends_on_the_lawful_day(limit, start, due):
    assert due_at(limit, at(start), CALENDAR) == last(due)


def test_hours_run_through_nights_and_holidays():
    assert due_at(Deadline(24, "hour"), at("2026-10-01 17:20"), CALENDAR) == at("2026-10-02 17:20")
    assert due_at(Deadline(24, "hour"), at("2026-12-31 17:20"), CALENDAR) == at("2027-01-01 17:20")


def test_a_county_may_let_the_day_end_at_the_close_of_business():
    office = Calendar(packaged(), PACKAGE_YEARS, day_ends=time(18, 0))
    assert due_at(Deadline(1), at("2026-11-23 09:00"), office) == at("2026-11-24 18:00")


def test_the_days_of_a_pause_do_not_count():
    # asked for papers on Thursday, back on Monday: Thursday and Friday are lost, Monday counts
    pause = Span(at("2026-11-05 15:00"), at("2026-11-09 09:00"))
    assert due_at(Deadline(5), at("2026-11-02 10:00"), CALENDAR) == last("2026-11-09")
    assert due_with_pauses(Deadline(5), at("2026-11-02 10:00"), [pause], CALENDAR) == last("2026-11-11")
    # 20 日 with four calendar days lost
    assert due_with_pauses(Deadline(20, "day"), at("2026-11-02 10:00"), [pause], CALENDAR) == last("2026-11-26")


def test_a_pause_within_one_day_changes_nothing():
    pause = Span(at("2026-11-05 09:00"), at("2026-11-05 17:00"))
    assert due_with_pauses(Deadline(5), at("2026-11-02 10:00"), [pause], CALENDAR) == last("2026-11-09")


def test_a_pause_after_the_end_does_not_heal_what_is_late():
    pause = Span(at("2026-11-12 09:00"), at("2026-11-20 17:00"))
    assert due_with_pauses(Deadline(5), at("2026-11-02 10:00"), [pause], CALENDAR) == last("2026-11-09")


def test_a_pause_on_the_last_day_moves_it():
    pause = Span(at("2026-11-09 09:00"), at("2026-11-10 08:30"))
    assert due_with_pauses(Deadline(5), at("2026-11-02 10:00"), [pause], CALENDAR) == last("2026-11-10")


def test_the_time_of_a_pause_is_taken_out_of_hours():
    first = Span(at("2026-11-02 12:00"), at("2026-11-02 14:30"))
    pauses = [first, Span(at("2026-11-02 13:00"), at("2026-11-02 15:00"))]
    assert due_with_pauses(Deadline(24, "hour"), at("2026-11-02 10:00"), pauses, CALENDAR) == at("2026-11-03 13:00")


def test_an_extension_begins_when_the_period_ran_out():
    due = due_at(Deadline(20), at("2026-10-09 10:00"), CALENDAR)
    assert due == last("2026-11-05")
    assert extend(due, Deadline(10), CALENDAR) == last("2026-11-19")
    assert extend(at("2026-11-05 10:00"), Deadline(6, "hour"), CALENDAR) == at("2026-11-05 16:00")


@pytest.mark.parametrize("limit", [Deadline(20), Deadline(30, "day"), Deadline(1, "month")])
def test_a_period_into_an_unloaded_year_is_refused_loudly(limit):
    with pytest.raises(CalendarMissing) as refused:
        due_at(limit, at("2026-12-20 10:00"), CALENDAR)
    assert "2027 年" in refused.value.sentence


def test_a_wrong_period_is_a_mistake_of_the_program():
    for limit in (Deadline(-1), Deadline(-1, "hour"), Deadline(3, "week")):
        with pytest.raises(ValueError):
            due_at(limit, at("2026-11-02 10:00"), CALENDAR)


# -- against walking day by day ------------------------------------------------------------------------------------

moments = st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31, 23, 59)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)
limits = st.one_of(
    st.builds(Deadline, st.integers(0, 70), st.sampled_from(["workday", "day"]), st.booleans()),
    st.builds(Deadline, st.integers(0, 14), st.just("month"), st.booleans()),
)


@st.composite
def stories(draw, most_days=90):
    """A start and some pauses around it: overlapping, touching, empty, begun before the start or after the end."""
    start = draw(moments)
    pauses = []
    for _ in range(draw(st.integers(0, 4))):
        since = start + timedelta(days=draw(st.integers(-5, most_days)), minutes=draw(st.integers(0, 1439)))
        length = draw(st.one_of(st.just(0), st.integers(0, 2000), st.integers(0, 40 * 1440)))
        pauses.append(Span(since, since + timedelta(minutes=length)))
    return start, pauses


@settings(max_examples=600, deadline=None)
@given(limits, stories())
@example(Deadline(5), (at("2026-02-12 08:00"), [Span(at("2026-02-14 08:00"), at("2026-02-25 08:00"))]))
@example(Deadline(1, "month"), (at("2024-01-31 08:00"), [Span(at("2024-02-29 08:00"), at("2024-03-01 08:00"))]))
@example(Deadline(0), (at("2026-11-20 08:00"), [Span(at("2026-11-20 08:00"), at("2026-11-22 08:00"))]))
@example(Deadline(3), (at("2025-12-30 08:00"), [Span(at("2025-12-31 08:00"), at("2026-01-04 08:00"))] * 2))
def test_every_period_agrees_with_walking_day_by_day(limit, story):
    start, pauses = story
    try:
        expected = slow.due(limit, start, pauses)
    except slow.Unknown:
        with pytest.raises(CalendarMissing):
            due_with_pauses(limit, start, pauses, CALENDAR)
    else:
        assert due_with_pauses(limit, start, pauses, CALENDAR) == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30), stories(most_days=2))
@example(0, (at("2026-11-02 10:00"), [Span(at("2026-11-02 09:00"), at("2026-11-02 11:00"))]))
@example(2, (at("2026-11-02 10:00"), [Span(at("2026-11-02 12:00"), at("2026-11-02 13:00"))]))
def test_hours_agree_with_walking_minute_by_minute(hours, story):
    start, pauses = story
    pauses = [Span(since, min(until, since + timedelta(days=2))) for since, until in pauses]
    found = due_with_pauses(Deadline(hours, "hour"), start, pauses, CALENDAR)
    assert found == slow.due_in_minutes(hours * 60, start, pauses)


@given(limits, stories())
def test_a_pause_never_brings_the_end_nearer(limit, story):
    start, pauses = story
    try:
        paused = due_with_pauses(limit, start, pauses, CALENDAR)
    except CalendarMissing:
        return
    assert paused >= due_at(limit, start, CALENDAR) >= start.replace(hour=0, minute=0)


# -- what a clerk reads --------------------------------------------------------------------------------------------

@pytest.mark.parametrize(
    ("now", "due", "said"),
    [
        ("2026-11-23 09:00", "2026-12-05 23:59:59", "剩 12 天"),
        ("2026-11-23 23:00", "2026-11-24 23:59:59", "剩 1 天"),
        ("2026-11-23 09:00", "2026-11-23 23:59:59", "今日到期"),
        ("2026-11-23 09:00", "2026-11-23 13:30:00", "剩 4 小时"),
        ("2026-11-23 09:00", "2026-11-24 13:30:00", "剩 28 小时"),
        ("2026-11-23 09:00", "2026-11-23 09:20:00", "剩 20 分钟"),
        ("2026-11-23 09:00", "2026-11-30 13:30:00", "剩 7 天"),
        ("2026-11-24 00:10", "2026-11-23 23:59:59", "超 1 天"),
        ("2026-11-25 09:00", "2026-11-23 23:59:59", "超 2 天"),
        ("2026-11-23 11:00", "2026-11-23 09:00:00", "超 2 小时"),
        ("2026-11-23 09:00:20", "2026-11-23 09:00:00", "超 1 分钟"),
        ("2026-11-26 09:00", "2026-11-23 08:00:00", "超 3 天"),
    ],
)
def test_what_is_left_is_said_in_words(now, due, said):
    assert remaining(at(now), at(due)) == said


@pytest.mark.parametrize(
    ("now", "due", "said"),
    [
        ("2026-09-30 09:00", "2026-10-08 23:59:59", "剩 1 个工作日"),
        ("2026-11-20 09:00", "2026-11-22 23:59:59", "剩 2 天"),  # a Sunday: no workday is left
        ("2026-12-30 09:00", "2027-01-05 23:59:59", "剩 6 天"),  # the calendar does not know: plain days, no refusal
    ],
)
def test_what_is_left_is_said_in_workdays_where_they_are_known(now, due, said):
    assert remaining(at(now), at(due), CALENDAR) == said


@pytest.mark.parametrize(
    ("now", "tone", "percent"),
    [
        ("2026-11-01 00:00", "ok", 0), ("2026-11-06 23:00", "ok", 59), ("2026-11-07 00:00", "warn", 60),
        ("2026-11-10 00:00", "warn", 90), ("2026-11-10 01:00", "over", 90), ("2026-10-20 00:00", "ok", 0),
    ],
)
def test_the_light_turns_with_time_alone(now, tone, percent):
    found = light(at(now), at("2026-11-01 00:00"), at("2026-11-11 00:00"))
    assert (found.tone, found.percent, found.overdue) == (tone, percent, False)


def test_a_light_says_in_words_what_it_means():
    start, due, now = at("2026-11-02 10:00"), last("2026-11-09"), at("2026-11-12 09:00")
    assert light(now, start, due) == Light("over", "超 3 天", 100, True)
    assert light(now, start, None, paused="补正材料") == Light("none", "停表：补正材料", 0, paused=True)
    assert light(now, start, None, paused="") == Light("none", "已停表", 0, paused=True)
    assert light(now, start, None) == Light("none", "未计时", 0)
    assert light(now, start, None, opened=start, closed=now) == Light("done", "用时 10 天", 100)
    assert light(now, start, due, opened=start, closed=start) == Light("done", "当日办结", 100)
    assert light(now, now, now).percent == 100


def test_the_limits_of_the_light_are_a_setting():
    start, due, now = at("2026-11-01 00:00"), at("2026-11-11 00:00"), at("2026-11-04 00:00")
    assert light(now, start, due, yellow=20, red=40).tone == "warn"
    assert light(now, start, due, yellow=10, red=20).tone == "over"


@settings(deadline=None)
@given(limits, moments, moments)
def test_a_light_is_always_complete(limit, start, now):
    try:
        due = due_at(limit, start, CALENDAR)
    except CalendarMissing:
        return
    found = light(now, start, due, calendar=CALENDAR)
    assert found.text and 0 <= found.percent <= 100 and found.tone in ("ok", "warn", "over")
    assert found.overdue == (now > due)
