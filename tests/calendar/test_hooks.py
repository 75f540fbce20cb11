"""What the room tells the rest of the house."""

from datetime import date, datetime

import pytest
import time_machine

from portal import calendar
from portal.calendar import Calendar, due_at
from portal.calendar.models import CalendarYear
from portal.values import Deadline

pytestmark = pytest.mark.usefixtures("app")


def china(text: str) -> str:
    return f"{text}+08:00"


def found(moment: str):
    with time_machine.travel(china(moment), tick=False):
        return [(finding.serious, finding.sentence) for finding in calendar.portal_check()]


def test_the_check_warns_from_october_on_and_fails_in_january():
    assert found("2026-09-30T12:00:00") == []
    [(serious, sentence)] = found("2026-10-01T12:00:00")
    assert not serious and "2027 年" in sentence
    [(serious, sentence)] = found("2027-01-01T00:00:01")
    assert serious and "2027 年" in sentence


def test_a_demo_works_in_december_too_and_says_what_its_calendar_is():
    told = []
    with time_machine.travel(china("2026-12-20T10:00:00"), tick=False):
        calendar.portal_demo(lambda *said: told.append(said))
        calendar.portal_demo(lambda *said: told.append(said))
    [row] = CalendarYear.select()
    assert (row.year, row.provisional) == (2027, True)
    assert "不是官方安排" in row.source and told
    due = due_at(Deadline(20), datetime(2026, 12, 20, 10), Calendar.load())
    assert due.date() > date(2027, 1, 1)
