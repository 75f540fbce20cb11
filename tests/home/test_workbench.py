"""The workbench: its figures are those of a recount by hand, and it is calm where there is nothing."""

import contextlib
import datetime
import re
from zoneinfo import ZoneInfo

import pytest
import time_machine

from portal.accounts.models import Post, User
from portal.calendar import Calendar
from portal.cases.ledger import rate
from portal.testing import Browser
from tests.cases.making import matter, move, waiting
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, PASSWORD, VILLAGE, person, unit

#: A Thursday; the last twelve weeks begin on 14 September.
TODAY = "2026-12-03 10:00"


@contextlib.contextmanager
def on(text: str):
    moment = datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    with time_machine.travel(moment, tick=False):
        yield


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def county(stage):
    """Nine matters whose figures can be counted on the fingers."""
    Post.update(valid_from=datetime.date(2026, 1, 1)).execute()
    with on(TODAY), stage.test_request_context():
        spot = "居民养老保险参保"
        # 华光村: three settled in December (two in one day, one rated), one of them late; one in November; two open.
        one = move(matter(VILLAGE, "cun", spot, at("2026-12-01 09:00")), ("settle", "cun"), at=at("2026-12-02 09:00"))
        rate(one, person("cun"), 5, "screen", at=at("2026-12-02 09:30"))
        two = move(matter(VILLAGE, "cun", spot, at("2026-12-02 09:00")), ("settle", "cun"), at=at("2026-12-03 09:00"))
        rate(two, person("cun"), 2, "phone", at=at("2026-12-03 09:30"))
        move(matter(VILLAGE, "cun", spot, at("2026-11-16 09:00")), ("settle", "cun"), at=at("2026-12-01 09:00"))
        move(matter(VILLAGE, "cun", spot, at("2026-11-02 09:00")), ("settle", "cun"), at=at("2026-11-03 09:00"))
        matter(VILLAGE, "cun", at=at("2026-12-01 15:00"))
        matter(VILLAGE, "cun", at=at("2026-11-10 15:00"))  # five workdays: overdue since the 18th
        move(matter(VILLAGE, "cun", at=at("2026-12-02 15:00"), complete=False), ("correct", "cun"),
             at=at("2026-12-02 16:00"))
        # The next village and the other town, once each.
        late = at("2026-12-02 10:00")
        move(matter(NEXT_VILLAGE, "lincun", spot, at("2026-12-02 09:00")), ("settle", "lincun"), at=late)
        matter(OTHER_TOWN + "/village", "linjia", at=at("2026-09-14 00:00"))
        yield


@pytest.fixture(scope="module")
def bench_of(county, stage):
    """Return a function that gives the text of somebody's workbench at that moment."""
    known = {}

    def bench_of(name: str) -> str:
        if name not in known:
            browser = Browser(stage.test_client())
            browser.send("/accounts/sign-in", name=name, password=PASSWORD)
            known[name] = browser.open("/").text
            assert browser.status == 200
        return known[name]

    return bench_of


def strip(text: str) -> dict[str, tuple[str, str]]:
    """Return the figures of the KPI strip: label -> (value with unit, note)."""
    part = text.split('aria-label="概况"')[1].split("</section>")[0]
    found = {}
    for piece in part.split("kpi-label")[1:]:
        label = re.search(r'">([^<]+)<', piece)[1]
        value = re.search(r'kpi-value">([^<]*)<', piece)[1]
        unit = re.search(r'kpi-unit">([^<]*)<', piece)
        note = re.search(r'kpi-note">([^<]*)<', piece)
        found[label] = (value + (unit[1] if unit else ""), note[1] if note else "")
    return found


def chart(text: str) -> list[tuple[str, int, int]]:
    """Return the rows of the table behind the chart: week, opened, closed."""
    body = text.split('class="chart-data"')[1].split("<tbody>")[1].split("</tbody>")[0]
    rows = re.findall(r'<th scope="row">([^<]+)</th><td>(\d+)</td><td>(\d+)</td>', body)
    return [(week, int(opened), int(closed)) for week, opened, closed in rows]


def test_the_strip_of_a_village_is_what_was_counted(bench_of):
    assert strip(bench_of("cun")) == {
        "待我处理": ("2件", "另有 1 件停表"),
        "急办": ("1件", "已超期 1 件，今日到期 0 件"),
        "本月办结": ("3件", "按期 2 / 3 件"),
        # 1, 1 and 15 days in December; one day in November
        "平均办理时长": ("5.7天", "较上月 +4.7 天"),
        "群众满意度": ("3.5分", "评价 2 / 办结 3 件"),
    }


def test_a_town_counts_its_villages_and_waits_for_nothing_of_theirs(bench_of):
    found = strip(bench_of("zhen"))
    assert found["待我处理"] == ("0件", "没有停表的件")
    assert found["本月办结"] == ("4件", "按期 3 / 4 件") and found["群众满意度"] == ("3.5分", "评价 2 / 办结 4 件")


@pytest.mark.parametrize("name", ["lingdao", "xian"])
def test_the_county_counts_all(bench_of, name):
    assert strip(bench_of(name))["本月办结"] == ("4件", "按期 3 / 4 件")
    assert sum(opened for _, opened, _ in chart(bench_of(name))) == 9


def test_a_line_counts_its_own_matters(bench_of):
    """高龄津贴 is 民政局's, the pension is not."""
    found = strip(bench_of("minzheng"))
    assert found["本月办结"] == ("0件", "按期 0 / 0 件") and found["平均办理时长"][0] == "–天"
    assert found["群众满意度"] == ("–分", "评价 0 / 办结 0 件"), "no figure is not zero"
    assert sum(opened for _, opened, _ in chart(bench_of("minzheng"))) == 4


def test_the_chart_has_twelve_weeks_in_a_table_for_those_who_cannot_see_it(bench_of):
    rows = chart(bench_of("cun"))
    assert [week for week, _, _ in rows] == [
        "9/14", "9/21", "9/28", "10/5", "10/12", "10/19", "10/26", "11/2", "11/9", "11/16", "11/23", "11/30",
    ]
    filled = {week: (opened, closed) for week, opened, closed in rows if opened or closed}
    assert filled == {"11/2": (1, 1), "11/9": (1, 0), "11/16": (1, 0), "11/30": (4, 3)}


def test_the_first_moment_of_the_oldest_week_belongs_to_it(bench_of):
    assert chart(bench_of("lingdao"))[0] == ("9/14", 1, 0)


def test_the_chart_is_said_in_one_sentence(bench_of):
    assert "近 12 周共登记 7 件，办结 4 件；本周登记 4 件，办结 3 件。" in bench_of("cun")
    assert re.search(r'<figure class="chart" data-chart="line"', bench_of("cun"))


def test_the_on_time_card_is_for_those_who_answer_for_several(bench_of):
    def meters(text):
        part = text.split('<ul class="meters">')[1].split("</ul>")[0]
        return re.findall(r'class="clip">([^<]+)<.*?<b>(\d+)%</b><span>([^<]+)</span>', part, re.S)

    villages = [unit(code).short for code in (NEXT_VILLAGE, VILLAGE)]
    assert meters(bench_of("zhen")) == [(villages[0], "100", "1 / 1 件"), (villages[1], "100", "2 / 2 件")], (
        "the late one was due in November, and what is due later in December is not owed yet")
    for name in ("cun", "minzheng", "lingdao"):
        assert "各单位按期办结" not in bench_of(name), "one row, or none, is no comparison"


def test_the_todo_list_shows_the_most_urgent_first_and_what_it_says_is_what_the_desk_says(bench_of):
    text = bench_of("cun")
    assert len(waiting(text)) == 2 and waiting(text)[0] > waiting(text)[1], "the older one was opened later here"
    assert "有 <b>1 件</b> 已超期" in text


def test_the_head_says_who_and_which_day(bench_of):
    assert "上午好，李秀英" in bench_of("cun") and "12 月 3 日 星期四，工作日" in bench_of("cun")


@pytest.mark.parametrize("moment, words", [
    ("2026-12-05 03:00", "夜深了"), ("2026-12-05 07:00", "早上好"), ("2026-12-05 12:30", "下午好"),
    ("2026-12-05 20:00", "晚上好"),
])
def test_the_greeting_follows_the_hour_and_a_saturday_is_no_workday(app, sign_in, moment, words):
    with on(moment):
        text = sign_in("cun").open("/").text
    assert f"{words}，李秀英" in text and "12 月 5 日 星期六，休息日" in text


def test_a_year_that_nobody_has_loaded_is_not_called_anything(app, sign_in):
    year = max(Calendar.load().years) + 1
    User.update(password_at=at(f"{year}-05-01 10:00")).execute()
    with on(f"{year}-05-06 10:00"):
        text = sign_in("cun").open("/").text
    assert "5 月 6 日 星期" in text and "工作日</" not in text and "休息日" not in text


# -- where there is nothing ------------------------------------------------------------------------------------------

def test_a_new_office_sees_zeros_dashes_and_where_to_begin(app, sign_in):
    text = sign_in("cun").open("/").text
    found = strip(text)
    assert found["待我处理"] == ("0件", "没有停表的件") and found["平均办理时长"][0] == "–天"
    assert "没有待处理的事" in text and 'href="/station/receive"' in text
    assert len(chart(text)) == 12 and "近 12 周共登记 0 件" in text


@pytest.mark.parametrize("part, sentence", [
    ("paused", "这里没有案件"), ("others", "这里没有案件"), ("done", "这里没有案件"), ("nonsense", "没有待处理的事"),
])
def test_each_part_of_the_list_has_its_empty_sentence(app, sign_in, part, sentence):
    assert sentence in sign_in("cun").open(f"/?part={part}").text


def test_somebody_without_a_post_is_told_whom_to_ask(app, sign_in):
    browser = sign_in("kongkong").open("/")
    assert browser.status == 200 and "您还没有岗位" in browser.text and "系统管理员" in browser.text
    assert "概况" not in browser.text
    for path in ("/help", "/accounts/me", "/search?q=津贴"):
        assert browser.open(path).status == 200, path


@pytest.mark.parametrize("name", ["xitong", "anquan", "shenji"])
def test_an_administrator_has_no_figures_but_a_way_to_the_own_pages(app, sign_in, name):
    text = sign_in(name).open("/").text
    assert "从这里开始" in text and "概况" not in text and "我的待办" not in text


def test_healthz_tells_a_watcher_only_that_pages_can_be_answered(visitor):
    assert visitor.open("/healthz").status == 200 and visitor.response.get_json() == {"status": "ok"}
