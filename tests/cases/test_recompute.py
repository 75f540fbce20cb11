"""When the calendar changes, open cases are computed anew: said before, listed afterwards, told to those who answer."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peewee import fn

from portal.calendar import Calendar, keeping, reminding
from portal.calendar.deadlines import Span, due_extended, due_with_pauses
from portal.calendar.models import CalendarChange, CalendarDay, CalendarYear
from portal.calendar.official import Day, statutory
from portal.cases import clock_jobs, merging, recompute
from portal.cases.checks import findings
from portal.cases.clock_models import DueMove
from portal.cases.models import Case, CaseEvent
from portal.db import atomic
from portal.notify.models import Notice
from portal.values import Deadline
from tests.cases.making import id_card, in_threads, matter, move, plain
from tests.cases.test_clock import at, on
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, person

MONDAY = "2026-10-12 09:00"
#: A Wednesday inside the period of the cases below; set apart, each of them is due a workday later.
DAY = "/calendar/days/2026-10-14"


pytestmark = pytest.mark.usefixtures("unestimated")


@pytest.fixture
def cases(app):
    """Three cases that move, two of workdays and one that rolls; one by the hour and one paused that do not."""
    with app.test_request_context():
        found = {
            "village": plain(limit=Deadline(5), at=at(MONDAY)),
            "next": plain(NEXT_VILLAGE, "lincun", limit=Deadline(7), at=at(MONDAY)),
            "rolls": plain(limit=Deadline(2, "day"), at=at(MONDAY)),
            "hours": plain(limit=Deadline(100, "hour"), at=at(MONDAY)),
            "paused": move(matter(complete=False, at=at(MONDAY)), ("correct", "cun"), at=at(MONDAY)),
            "over": plain(OTHER_TOWN + "/village", "linjia", limit=Deadline(1), at=at("2026-09-01 09:00")),
        }
    return found


def due(case) -> str:
    found = Case.get_by_id(case.id).due
    return f"{found:%m-%d}" if found else ""


def set_apart(browser, **more):
    """Send the day twice: the first time it says what would move."""
    browser.send(DAY, to=DAY, kind="off", name="县庆放假", **more)
    return browser.submit(browser.form(["kind"]), DAY) if "会移动" in browser.text else browser


def test_before_saving_it_says_how_many_dates_would_move(sign_in, cases):
    with on("2026-10-13 09:00"):
        admin = sign_in("xitong").send(DAY, to=DAY, kind="off", name="县庆放假")
        assert admin.status == 200 and "这会移动 3 件的期限：推后 3 件。" in admin.text
        assert not CalendarDay.select().exists() and due(cases["village"]) == "10-19", "nothing is saved yet"
        admin.submit(admin.form(["kind"]), DAY)
        assert "已设为“休”" in admin.text and CalendarDay.get().name == "县庆放假"


def test_what_rests_on_the_day_moves_and_nothing_else(sign_in, cases):
    before = {name: due(case) for name, case in cases.items()}
    with on("2026-10-13 09:00"):
        admin = set_apart(sign_in("xitong"))
        after = {name: due(case) for name, case in cases.items()}
        assert {name for name in cases if before[name] != after[name]} == {"village", "next", "rolls"}
        assert (after["village"], after["next"], after["rolls"]) == ("10-20", "10-22", "10-15")
        change = CalendarChange.get()
        assert change.done_at and change.moved == 3
        page = admin.open("/calendar?year=2026").text
        assert "日历改动" in page and "2026-10-14 设为“休”：县庆放假" in page and ">3 件" in page
        last = CaseEvent.select().where(CaseEvent.case == cases["village"].id).order_by(CaseEvent.seq.desc()).first()
        assert (last.actor_name, last.title) == ("系统", "日历调整")
        assert "期限由 2026-10-19 改为 2026-10-20" in last.text
        assert CaseEvent.select().where(CaseEvent.case == cases["hours"].id, CaseEvent.step == "recompute").count() == 0
    assert findings() == []


def test_who_answers_is_told_and_each_sees_their_own(sign_in, cases):
    with on("2026-10-13 09:00"):
        admin = set_apart(sign_in("xitong"))
        change = CalendarChange.get()
        titles = [notice.title for notice in Notice.select().where(Notice.user == person("cun").id)]
        assert titles == ["日历调整，2 件的期限有变动"]
        url = f"/cases/due-moves/{change.id}"
        village = sign_in("cun").open(url).text
        assert cases["village"].number in village and cases["rolls"].number in village
        assert cases["next"].number not in village, "the neighbour's cases are the neighbour's"
        assert cases["next"].number in sign_in("lincun").open(url).text
        assert cases["village"].number not in sign_in("linzhen").open(url).text
        review = admin.open(f"/cases/calendar-moves/{change.id}").text
        assert cases["next"].number in review and "高龄津贴" not in review, "numbers and dates, not contents"
        assert sign_in("cun").open(f"/cases/calendar-moves/{change.id}").status == 403
        assert admin.open("/cases/calendar-moves/99").status == 404
        assert sign_in("cun").open(f"/cases/due-moves/{2**40}").status == 404


def test_taking_the_day_back_brings_every_date_back(sign_in, cases):
    before = {name: due(case) for name, case in cases.items()}
    with on("2026-10-13 09:00"):
        admin = set_apart(sign_in("xitong"))
        assert "恢复国家安排以后：这会移动 3 件的期限：提前 3 件。" in admin.open(DAY).text
        admin.submit(admin.form(action=f"{DAY}/remove"))
        assert "已恢复原安排" in admin.text and {name: due(case) for name, case in cases.items()} == before
        assert CalendarChange.select().count() == 2 and DueMove.select().count() == 6
    assert findings() == []


def test_nobody_is_made_late_by_an_order_of_today(app, cases):
    """On the evening of the last day an order takes a day of rest away that had moved it: the date stays."""
    with on("2026-10-13 09:00"):
        keeping.set_day(datetime.date(2026, 10, 14), "off", "县庆放假", None)
    with on("2026-10-20 09:00"):
        assert due(cases["village"]) == "10-20"
        keeping.remove_day(datetime.date(2026, 10, 14), 1)
        assert due(cases["village"]) == "10-20" and due(cases["next"]) == "10-21"
        kept = DueMove.get(DueMove.case == cases["village"].id, DueMove.kept)
        assert f"{kept.new:%m-%d}" == "10-19"
    assert findings() == []


def test_a_paused_case_takes_the_new_calendar_when_it_runs_again(app, cases):
    with on("2026-10-13 09:00"), app.test_request_context():
        keeping.set_day(datetime.date(2026, 10, 16), "off", "县庆放假", None)
        case = move(cases["paused"], ("supplement", "cun"))
        assert due(case) == "10-20", "13, 14, 15, 19 and 20 October; the 16th rests"


def test_a_merge_that_is_taken_back_takes_the_new_calendar(app):
    with on("2026-10-12 10:00"), app.test_request_context():
        same = {"at": at(MONDAY), "id_card": id_card()}
        case, into = matter(**same), matter(**same)
        assert due(case) == "10-19"
        merging.merge(case, into, person("shuji"), "同一件事")
    with on("2026-10-13 09:00"), app.test_request_context():
        keeping.set_day(datetime.date(2026, 10, 14), "off", "县庆放假", None)
        merging.undo(Case.get_by_id(case.id), person("shuji"), "是两件事")
    last = CaseEvent.select().where(CaseEvent.case == case.id).order_by(CaseEvent.seq.desc()).first()
    assert due(case) == "10-20" and "期限由 2026-10-19 改为 2026-10-20" in last.text and findings() == []


def test_an_extended_case_is_computed_anew_with_its_extension(app):
    with app.test_request_context(), on(MONDAY):
        case = plain(limit=Deadline(5), at=at(MONDAY))
        Case.update(extended=10, due=at("2026-11-02 23:59:59")).where(Case.id == case.id).execute()
    with on("2026-10-13 09:00"):
        keeping.set_day(datetime.date(2026, 10, 28), "off", "县庆放假", None)
    assert due(case) == "11-03"


def test_batches_are_taken_up_where_they_end_and_a_second_run_changes_nothing(app, monkeypatch):
    monkeypatch.setattr(recompute, "BATCH", 2)
    with app.test_request_context():
        made = [plain(limit=Deadline(5), at=at(MONDAY)) for _ in range(5)]
    with on("2026-10-13 09:00"):
        monkeypatch.setattr(recompute, "work", lambda seconds=0: 0)
        keeping.set_day(datetime.date(2026, 10, 14), "off", "县庆放假", None)
        monkeypatch.undo()
        monkeypatch.setattr(recompute, "BATCH", 2)
        change = CalendarChange.get()
        assert recompute.left(change) == 5
        recompute.work(seconds=0)
        change = CalendarChange.get()
        assert (change.looked, change.done_at) == (2, None) and recompute.left(change) == 3
        assert sum(due(case) == "10-20" for case in made) == 2
        assert recompute.work() == 3 and CalendarChange.get().done_at is not None
        events = CaseEvent.select().count()
        assert recompute.work() == 0 and CaseEvent.select().count() == events
        CalendarChange.update(done_at=None, cursor=0).execute()
        DueMove.delete().execute()
        recompute.work()
        assert CaseEvent.select().count() == events, "what is right already is left alone"
    assert findings() == []


@pytest.mark.fails_after_commit
def test_a_crash_in_a_batch_loses_nothing_and_does_nothing_twice(app, cases, monkeypatch):
    with on("2026-10-13 09:00"):
        append, broken = recompute.timeline.append, []

        def fail(case, *rest, **more):
            if not broken and case.id == cases["rolls"].id:
                broken.append(case)
                raise ZeroDivisionError
            return append(case, *rest, **more)

        monkeypatch.setattr(recompute.timeline, "append", fail)
        keeping.set_day(datetime.date(2026, 10, 14), "off", "县庆放假", None)
        assert broken and due(cases["village"]) == "10-19", "the whole batch was taken back"
        clock_jobs._recompute()
        assert due(cases["village"]) == "10-20" and DueMove.select().count() == 3
    assert findings() == []


def test_two_workers_at_once_move_each_date_once(app, cases):
    def job():
        with app.test_request_context():
            return recompute.work()

    with on("2026-10-13 09:00"):
        with atomic():
            CalendarDay.create(date=datetime.date(2026, 10, 14), kind="off", name="县庆")
            keeping._changed()
            CalendarChange.create(first="2026-10-14", last="2026-10-14", what="县庆")
        results = in_threads(app, job, job)
        assert not [one for one in results if isinstance(one, Exception)], results
    most = DueMove.select(fn.COUNT(DueMove.id)).group_by(DueMove.case).order_by(fn.COUNT(DueMove.id).desc()).scalar()
    assert most == 1 and DueMove.select().count() == 3
    assert findings() == []


def test_a_year_estimated_in_november_is_marked_and_put_right_by_the_announcement(sign_in, app):
    with on("2026-11-01 03:00"):
        assert "2027" in reminding.estimate() and reminding.estimate() is None
        assert CalendarYear.get().provisional
    with on("2026-12-28 09:00"), app.test_request_context():
        case = plain(limit=Deadline(10), at=at("2026-12-28 09:00"))
        assert case.due.year == 2027
    with on("2026-12-29 09:00"):
        page = sign_in("cun").open("/cases/?sort=due")
        assert page.status == 200
        real = {**statutory(2027), datetime.date(2027, 1, 4): statutory(2027)[datetime.date(2027, 1, 1)]}
        before = due(case)
        keeping.load_year(2027, real, "国办发明电〔2026〕7号", None)
        assert due(case) > before and findings() == []


def test_the_case_page_says_that_a_date_is_estimated(sign_in, app):
    with on("2026-12-28 09:00"):
        keeping.estimate_year(2027, None)
        with app.test_request_context():
            case = matter(of="临时救助")
            Case.update(due=at("2027-01-12 23:59:59")).where(Case.id == case.id).execute()
        page = sign_in("cun").open(f"/cases/{case.id}").text
        assert "暂按推算" in page and "公布后系统会重新计算" in page


# -- the arithmetic ----------------------------------------------------------------------------------------------------

OFFICIAL = Calendar.official()
starts = st.datetimes(datetime.datetime(2025, 1, 1), datetime.datetime(2025, 12, 31))
limits = st.builds(Deadline, st.integers(1, 30), st.sampled_from(["workday", "day", "month", "hour"]), st.booleans())


@st.composite
def spans(draw, start):
    found, moment = [], start
    for _ in range(draw(st.integers(0, 3))):
        since = moment + datetime.timedelta(hours=draw(st.integers(1, 300)))
        moment = since + datetime.timedelta(hours=draw(st.integers(1, 300)))
        found.append(Span(since, moment))
    return found


@settings(max_examples=150, deadline=None)
@given(st.data(), starts, limits, st.integers(1, 5))
def test_an_extension_never_ends_earlier_than_the_law_and_only_ever_adds(data, start, limit, more):
    if limit.unit == "month":
        limit = Deadline(limit.amount % 3 + 1, "month", limit.roll)
    pauses = data.draw(spans(start))
    plain_due = due_with_pauses(limit, start, pauses, OFFICIAL)
    extended = due_extended(limit, start, pauses, more, OFFICIAL)
    assert due_extended(limit, start, pauses, 0, OFFICIAL) == plain_due
    assert extended > plain_due
    together = due_with_pauses(Deadline(limit.amount + more, limit.unit, limit.roll), start, pauses, OFFICIAL)
    assert extended >= together or limit.unit == "month", "the extension begins when the first period has run out"
    if limit.unit == "workday":
        assert extended == together, "and with workdays that makes no difference"
    if pauses:
        assert due_extended(limit, start, pauses, more, OFFICIAL) >= due_extended(limit, start, (), more, OFFICIAL)


@settings(max_examples=60, deadline=None)
@given(st.data(), starts, limits, st.integers(0, 5), st.dates(datetime.date(2025, 1, 1), datetime.date(2026, 3, 1)))
def test_recomputing_is_computing_anew_and_doing_it_twice_changes_nothing(data, start, limit, more, day):
    if limit.unit == "month":
        limit = Deadline(limit.amount % 3 + 1, "month", limit.roll)
    pauses = data.draw(spans(start))
    kind = "off" if OFFICIAL.is_workday(day) else "work"
    changed = Calendar(OFFICIAL._special, OFFICIAL.years, {day: Day(kind, "改")})
    case = Case(
        limit_amount=limit.amount, limit_unit=limit.unit, limit_rolls=limit.roll, clock_start=start, extended=more,
        due=due_extended(limit, start, pauses, more, OFFICIAL),
    )
    moment = datetime.datetime(2025, 1, 1)
    new, kept = recompute.moved_to(case, pauses, changed, moment)
    anew = due_extended(limit, start, pauses, more, changed)
    assert (new or case.due) == anew and not kept
    case.due = anew
    assert recompute.moved_to(case, pauses, changed, moment) == (None, False)
    first, last = OFFICIAL.differs(changed)
    assert first == last == day
    if new is not None:
        span = (case.clock_start.date() <= day <= max(new, due_extended(limit, start, pauses, more, OFFICIAL)).date())
        assert span, "a day outside the period moves nothing, so the database need not ask for it"
