"""The clock through the real steps, over holidays and 调休, and the words in which lists and pages say it.

2026: 中秋 rests from 25 to 27 September; 国庆 from 1 to 7 October; Saturday 10 October is a workday.
"""

import contextlib
import datetime
import re
from zoneinfo import ZoneInfo

import pytest
import time_machine

from plugins.station.models import ServiceRequest
from portal.accounts.models import Post, User
from portal.calendar import Calendar
from portal.cases.checks import findings
from portal.cases.clock_models import Pause
from portal.cases.counter_models import Flow
from portal.cases.models import Case
from portal.values import Deadline
from tests.cases.making import chips, listed, matter, move, plain
from tests.station.door import item, must_have, newest, receive, request_of, step

CHINA = ZoneInfo("Asia/Shanghai")


@contextlib.contextmanager
def on(text: str):
    """Let it be that moment in China; the clock stands."""
    with time_machine.travel(datetime.datetime.fromisoformat(text).replace(tzinfo=CHINA), tick=False):
        yield


@pytest.fixture(autouse=True)
def posts_are_old(app):
    """The cast has been in office since the spring; sessions begin inside each journey."""
    Post.update(valid_from=datetime.date(2026, 3, 1)).execute()


def due(case) -> str:
    found = Case.get_by_id(case.id).due
    return f"{found:%m-%d}" if found else ""


def light(browser, case) -> str:
    """Return the words of the case's light in the list."""
    row = browser.open("/cases/").text.split(f'href="/cases/{case.id}"')[1].split("</tr>")[0]
    return re.search(r'class="clip">([^<]+)<', row)[1]


def test_a_matter_over_the_holidays_with_a_pause_is_due_on_the_right_days(sign_in):
    with on("2026-09-24 10:00"):
        case = receive(sign_in("cun"), everything=False)
        assert due(case) == "10-09", "28, 29, 30 September, 8 and 9 October"
    with on("2026-09-28 10:00"):
        village = sign_in("cun")
        assert light(village, case) == "剩 4 个工作日"
        missing = [str(material.id) for material in request_of(case).materials]
        step(village, case, "correct", missing=missing, text="请带户口簿")
        assert due(case) == "" and light(village, case) == "停表：等待申请人补正材料"
        assert "09-28 10:00 起停表：等待申请人补正材料" in village.open(f"/cases/{case.id}").text
    with on("2026-10-09 15:00"):
        step(sign_in("cun"), case, "supplement", received=missing, text="")
        assert due(case) == "10-14", "9, 10 (班), 12, 13, 14 October"
    with on("2026-10-12 09:00"):
        village = sign_in("cun")
        step(village, case, "accept")
        assert due(case) == "10-21" and light(village, case) == "剩 7 个工作日"
        step(village, case, "forward_town", text="请审核")
        assert due(case) == "10-21", "handing on leaves the clock alone"
    for moment, words, overdue in (
        ("2026-10-20 09:00", "剩 1 个工作日", 0), ("2026-10-21 09:00", "今日到期", 0),
        ("2026-10-21 23:59", "今日到期", 0), ("2026-10-22 00:01", "超 1 天", 1), ("2026-10-24 12:00", "超 3 天", 1),
    ):
        with on(moment):
            town = sign_in("zhen")
            assert light(town, case) == words and chips(town.text)["超期"] == overdue, moment
            assert (case.id in listed(town.open("/cases/?phase=overdue").text)) == bool(overdue)
            assert words in town.open(f"/cases/{case.id}").text
    with on("2026-10-26 10:00"):
        step(sign_in("zhen"), case, "forward_county", text="属实")
        step(sign_in("minzheng"), case, "decide", granted="yes", text="准予")
        assert due(case) == "11-09", "ten workdays to hand it over"
        assert Case.get_by_id(case.id).late, "decided after its date"
    with on("2026-10-27 10:00"):
        village = sign_in("cun")
        step(village, case, "deliver", delivery="window", recipient="王秀兰", reply="已批准", reply_channel="face")
        assert due(case) == "" and light(village, case) == "用时 33 天"
        assert chips(village.text)["超期"] == 0
        assert {(row.closed, row.on_time) for row in Flow.select().where(Flow.closed > 0)} == {(1, 0)}
        assert findings() == []


def test_a_special_procedure_is_not_counted_twice(app):
    """Two pauses at two levels: the days of both are left out, the days between them count."""
    with app.test_request_context():
        case = matter(at=at("2026-10-12 09:00"))
        for name, who, moment in (
            ("accept", "cun", "2026-10-12 09:00"), ("forward_town", "cun", "2026-10-12 10:00"),
            ("suspend_town", "zhen", "2026-10-14 09:00"), ("resume_town", "zhen", "2026-10-21 16:00"),
            ("forward_county", "zhen", "2026-10-21 17:00"), ("suspend_county", "minzheng", "2026-10-23 09:00"),
        ):
            case = move(case, (name, who), at=at(moment))
        assert due(case) == "" and Pause.select().count() == 2
        case = move(case, ("resume_county", "minzheng"), at=at("2026-11-02 09:00"))
    assert due(case) == "11-05", "13, 21, 22 October, then 2, 3, 4, 5 November: seven"


def test_a_pause_after_the_date_does_not_make_it_timely(app):
    with app.test_request_context():
        case = _at_town("2026-10-12 09:00")
        before = due(case)
        case = move(case, ("suspend_town", "zhen"), at=at("2026-11-02 09:00"))
        assert case.late and due(case) == ""
        case = move(case, ("resume_town", "zhen"), at=at("2026-11-09 09:00"))
    assert due(case) == before == "10-21"


def _at_town(moment: str):
    """Return a case that was received, accepted and forwarded at that moment."""
    return move(matter(at=at(moment)), ("accept", "cun"), ("forward_town", "cun"), at=at(moment))


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def test_a_pause_of_less_than_a_day_changes_nothing(app):
    with app.test_request_context():
        case = _at_town("2026-10-12 09:00")
        before = due(case)
        case = move(case, ("suspend_town", "zhen"), at=at("2026-10-14 09:00"))
        case = move(case, ("resume_town", "zhen"), at=at("2026-10-14 16:00"))
    assert due(case) == before


def test_an_ended_clock_leaves_no_pause_open(app):
    with app.test_request_context():
        case = move(matter(complete=False), ("correct", "cun"), ("terminate", "cun"))
        assert not case.is_open and case.due is None and case.paused_at is None
    assert Pause.select().where(Pause.until.is_null()).count() == 0


@pytest.mark.parametrize("limit, opened, words", [
    (Deadline(5), "2026-09-24 10:00", "10-09"), (Deadline(1), "2026-09-30 10:00", "10-08"),
    (Deadline(1), "2026-10-09 10:00", "10-10"), (Deadline(15, "day"), "2026-09-24 10:00", "10-09"),
    (Deadline(7, "day"), "2026-09-24 10:00", "10-08"), (Deadline(1, "month"), "2026-08-31 10:00", "09-30"),
    (Deadline(1, "month"), "2026-09-01 10:00", "10-08"),
])
def test_each_unit_of_a_period_ends_where_the_law_says(app, limit, opened, words):
    with app.test_request_context():
        assert due(plain(limit=limit, at=at(opened))) == words


@pytest.mark.parametrize("limit, words", [
    (Deadline(10), "剩 10 个工作日"), (Deadline(1), "剩 1 个工作日"), (Deadline(9, "day"), "剩 9 天"),
    (Deadline(30, "hour"), "剩 30 小时"),
])
def test_the_light_counts_in_the_unit_of_the_period(sign_in, app, limit, words):
    with on("2026-11-03 10:00"):
        with app.test_request_context():
            case = plain(limit=limit)
        assert light(sign_in("cun"), case) == words


def test_the_desk_says_what_is_overdue_and_what_is_due_today(sign_in, app):
    with on("2026-11-03 10:00"), app.test_request_context():
        for limit in (Deadline(1), Deadline(2), Deadline(9)):
            plain(limit=limit)
    with on("2026-11-05 09:00"):
        text = sign_in("cun").open("/").text
        assert "有 <b>1 件</b> 已超期" in text and "已超期 1 件，今日到期 1 件" in text
    with on("2026-11-04 09:00"):
        assert "今天有 <b>1 件</b> 到期" in sign_in("cun").open("/").text
    with on("2026-11-03 12:00"):
        assert "今天没有到期的件" in sign_in("cun").open("/").text


@pytest.mark.usefixtures("unestimated")
def test_beyond_the_last_loaded_year_nothing_is_guessed_and_nothing_half_saved(sign_in):
    """A deadline that reaches into a year that nobody has loaded is refused with what to do."""
    last = max(Calendar.load().years)
    with on(f"{last}-12-30 10:00"):
        browser = sign_in("cun")
        before = Case.select().count(), ServiceRequest.select().count()
        wanted = {"name": "王秀兰", "id_card": "510722194003072224", "phone": ""}
        browser.send(f"/station/receive/{item().id}", **wanted, received=must_have(item()))
        assert browser.status == 422 and str(last + 1) in browser.text and "日历" in browser.text
        assert 'value="王秀兰"' in browser.text, "what was typed is kept"
        assert (Case.select().count(), ServiceRequest.select().count()) == before


def test_a_case_whose_calendar_is_missing_can_still_be_read(sign_in, app):
    last = max(Calendar.load().years)
    with on(f"{last}-12-21 10:00"), app.test_request_context():
        case = matter()
    User.update(password_at=at(f"{last + 1}-02-20 10:00")).execute()  # else it would have to be changed first
    with on(f"{last + 1}-03-01 10:00"):
        browser = sign_in("cun")
        assert light(browser, case).startswith("超 ")
        own = ("", "/steps/withdraw", "/papers/receipt")
        for path in ("/", "/cases/desk", "/cases/?phase=overdue", *(f"/cases/{case.id}{end}" for end in own)):
            assert browser.open(path).status == 200, path
    assert newest().id == case.id
