"""The desk: what waits for this very person, what stands still, what colleagues have, what is done."""

import datetime
import re

import pytest

from portal.cases.desk import rows
from portal.cases.desk import waiting as count_waiting
from portal.cases.models import Case
from portal.db import atomic, database, now
from portal.testing import counted_queries
from tests.cases.making import matter, move, plain, waiting
from tests.people_of_the_county import NEXT_VILLAGE, TOWN, VILLAGE, person, unit


def desk(browser, part: str = "mine") -> list[int]:
    return waiting(browser.open(f"/cases/desk?part={part}").text)


def figures(text: str) -> dict[str, int]:
    """Return the figures of the switch between the parts."""
    part = text.split('aria-label="待办"')[1].split("</nav>")[0]
    return {label: int(count) for label, count in re.findall(r">([^<>]+)<span>(\d+)</span>", part)}


def test_what_one_received_is_on_the_own_desk_and_a_colleague_knows_that_it_is_taken(app, sign_in):
    with app.test_request_context():
        case = matter()
    cun, shuji = sign_in("cun"), sign_in("shuji")
    assert desk(cun) == [case.id] and desk(cun, "others") == []
    assert desk(shuji) == [] and desk(shuji, "others") == [case.id]


def test_what_nobody_has_yet_waits_for_everybody_in_the_office(app, sign_in):
    with app.test_request_context():
        case = move(matter(), ("accept", "cun"), ("forward_town", "cun"))
    for name in ("zhen", "zhener"):
        assert desk(sign_in(name)) == [case.id] and desk(sign_in(name), "others") == []
    assert desk(sign_in("linzhen")) == []


def test_whoever_takes_the_first_step_has_it_from_then_on(app, sign_in):
    with app.test_request_context():
        case = move(matter(of="临时救助"), ("accept", "cun"), ("forward_town", "cun"), ("suspend_town", "zhen"),
                    ("resume_town", "zhen"))
    assert desk(sign_in("zhen")) == [case.id]
    assert desk(sign_in("zhener")) == [] and desk(sign_in("zhener"), "others") == [case.id]


def test_what_stands_still_is_on_a_part_of_its_own_whoever_has_it(app, sign_in):
    with app.test_request_context():
        case = move(matter(complete=False), ("correct", "cun"))
    for name in ("cun", "shuji"):
        assert desk(sign_in(name)) == [] and desk(sign_in(name), "paused") == [case.id]


def test_what_is_due_first_stands_first(app, sign_in):
    with app.test_request_context():
        early, late, newest = (plain(at=now() - datetime.timedelta(days=days)).id for days in (9, 40, 1))
    assert desk(sign_in("cun")) == [late, early, newest]


def test_done_shows_what_one_has_worked_on_newest_first_and_of_colleagues_nothing(app, sign_in):
    with app.test_request_context():
        first = move(matter(of="居民养老保险参保"), ("settle", "cun"), at=now() - datetime.timedelta(hours=3))
        second = move(matter(), ("withdraw", "cun"), at=now() - datetime.timedelta(hours=1))
        move(matter(), ("withdraw", "shuji"))
        foreign = move(matter(NEXT_VILLAGE, "lincun"), ("withdraw", "lincun"))
    cun = sign_in("cun")
    assert desk(cun, "done") == [Case.select().where(Case.id != foreign.id).order_by(Case.id.desc()).get().id,
                                 second.id, first.id], "a colleague closed the last one, cun had received it"
    assert desk(sign_in("lincun"), "done") == [foreign.id]


def test_done_reaches_back_ninety_days(app, sign_in):
    with app.test_request_context():
        for days in (91, 89):
            at = now() - datetime.timedelta(days=days)
            move(matter(at=at), ("withdraw", "cun"), at=at)
    assert len(desk(sign_in("cun"), "done")) == 1


@pytest.mark.parametrize("name", ["cun", "shuji", "zhen", "zhener", "minzheng"])
def test_the_figures_are_the_rows_and_menu_and_workbench_say_the_same(app, sign_in, name):
    with app.test_request_context():
        for _ in range(2):
            matter()
        move(matter(complete=False), ("correct", "cun"))
        move(matter(), ("accept", "shuji"))
        up = move(matter(), ("accept", "cun"), ("forward_town", "cun"))
        move(up, ("suspend_town", "zhen"), ("resume_town", "zhen"))
        move(matter(), ("accept", "cun"), ("forward_town", "cun"), ("forward_county", "zhen"))
    browser = sign_in(name)
    said = figures(browser.open("/cases/desk").text)
    assert said == figures(browser.open("/").text)
    for part, label in (("mine", "待处理"), ("paused", "已停表"), ("others", "同事在办")):
        assert said[label] == len(desk(browser, part)), (name, part)
    menu = re.search(r"<span>我的待办</span>\s*(?:<span class=\"sidebar-count\">(\d+))?", browser.open("/help").text)[1]
    assert int(menu or 0) == said["待处理"]


def test_a_leader_who_takes_no_steps_sees_what_is_most_urgent_in_the_area(app, sign_in):
    with app.test_request_context():
        first, later = matter(), move(matter(), ("accept", "cun"))
        move(matter(complete=False), ("correct", "cun"))
    leader = sign_in("lingdao")
    assert desk(leader, "area") == [first.id, later.id]
    assert leader.open("/cases/desk?part=mine").status == 404 and "查看" in leader.open("/cases/desk").text


def test_what_lies_with_the_town_itself_waits_for_its_offices(app, sign_in):
    with app.test_request_context():
        town = unit(TOWN)
        case = plain(VILLAGE, "cun", unit=town)
    assert desk(sign_in("zhen")) == [case.id] and desk(sign_in("cun")) == []


def test_a_part_that_is_none_is_a_404(app, sign_in):
    browser = sign_in("cun")
    for part in ("", "x", "MINE", "mine'"):
        assert browser.open(f"/cases/desk?part={part}").status == 404, part


def test_an_empty_desk_says_so(app, sign_in):
    assert "没有待处理的事" in sign_in("cun").open("/cases/desk").text
    assert "这里没有案件" in sign_in("cun").open("/cases/desk?part=others").text


def test_a_long_desk_says_how_many_are_not_shown(app, sign_in):
    """The switch shows 60, the desk has room for 50: the rest is behind one link."""
    with app.test_request_context():
        who, place = person("cun"), unit(VILLAGE)
        with atomic():
            for _ in range(60):
                plain(place=place, who=who)
    browser = sign_in("cun")
    assert len(desk(browser)) == 50 and figures(browser.text)["待处理"] == 60
    assert "/cases/?lens=unit" in browser.text


@pytest.mark.parametrize("ground", ["sqlite"], indirect=True, scope="session")  # PostgreSQL knows it by its statistics
def test_what_was_ever_done_costs_the_count_of_the_desk_nothing(app, ground):
    zhen = person("zhen")
    with app.test_request_context(), counted_queries() as seen:
        count_waiting(zhen)
    [asked] = [sql for sql in seen if "cases_assist" in sql]
    assert "COVERING INDEX cases_case_unit_id_due" in _plan(asked)


@pytest.mark.parametrize("part", ["mine", "paused", "others"])
@pytest.mark.parametrize("ground", ["sqlite"], indirect=True, scope="session")
def test_what_was_ever_done_costs_the_rows_of_the_desk_nothing(app, ground, part):
    """The town's people act for two units: for both at once SQLite would go through all that ever lay with them."""
    zhen = person("zhen")
    assert len(zhen.acts_for) > 1
    with app.test_request_context(), counted_queries() as seen:
        rows(zhen, part)
    [asked] = [sql for sql in seen if "cases_case" in sql]
    plan = _plan(asked)
    assert "COVERING INDEX cases_case_unit_id_due" in plan and "cases_case_unit_id_opened" not in plan, plan


def _plan(sql: str) -> str:
    values = [0] * sql.count("?")
    return "; ".join(row[3] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall())
