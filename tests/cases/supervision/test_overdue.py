"""超期清单: whose turn it is, since when, how late; filters, figures, export."""

import csv
import io

import pytest

from portal.audit.models import AuditEntry
from portal.cases import assign
from portal.cases.supervision import overdue
from portal.cases.supervision.orders import Demand, issue
from portal.cases.supervision.reminding import remind
from portal.cases.supervision.rows import plain as plain_cell
from portal.db import today
from portal.testing import counted_queries
from tests.cases.making import chips, link, listed, move, plain
from tests.cases.supervision.late import fallen_due, full, late
from tests.people_of_the_county import (
    NEXT_VILLAGE,
    OTHER_TOWN,
    VILLAGE,
    person,
    unit,
)

LIST = "/cases/overdue"


@pytest.fixture(scope="module")
def rows(stage):
    """The ids of cases by name: late by days in two villages and a neighbouring town, due soon, and not due."""
    with stage.test_request_context():
        made = {f"late{days}": late(days, title=f"王*兰：超{days}天") for days in (1, 3, 5, 8)}
        made["next"] = late(2, NEXT_VILLAGE, "lincun", title="王*兰：邻村")
        made["far"] = late(4, OTHER_TOWN + "/village", "linjia", title="王*兰：邻镇")
        made["today"], made["soon"], made["later"] = late(0), late(-2), late(-9)
        made["handed"] = fallen_due(move(full(2), ("accept", "cun")), 2)
        assign.assign(made["handed"], person("shuji"), person("wangge").id)
        made["nobody"] = plain(VILLAGE, "xian", at=made["late3"].opened, limit=made["late3"].limit, title="没人接")
        remind(made["late5"].id, person("zhen"), "快")
        issue([made["late8"].id], person("zhen"), Demand("事由", "要求", today(), "刘", unit(VILLAGE).id))
    return {name: case.id for name, case in made.items()}


def test_every_late_case_of_the_area_is_listed_the_longest_first_by_unit(rows, browser_of):
    found = listed(browser_of("zhen").open(LIST).text)
    assert set(found) == {rows[name] for name in ("late1", "late3", "late5", "late8", "next", "handed", "nobody")}
    assert found[0] == rows["late8"] and found[-1] == rows["next"]
    assert rows["far"] in listed(browser_of("lingdao").open(LIST).text)
    assert listed(browser_of("linzhen").open(LIST).text) == [rows["far"]]


def test_every_row_says_whose_turn_it_is_since_when_and_how_late(rows, browser_of):
    text = browser_of("zhen").open(LIST).text
    part = {name: text.split(f'href="/cases/{rows[name]}"')[1].split("</tr>")[0] for name in (
        "late8", "late5", "late1", "handed", "nobody")}
    assert "李秀英" in part["late8"] and "督办中" in part["late8"] and "红色督办" in part["late8"]
    assert "超 8 天" in part["late8"] and "可提级" in part["late8"]
    assert "催办 1 次" in part["late5"] and "橙色警告" in part["late5"] and "可提级" in part["late5"]
    assert "没有催过" in part["late1"] and "蓝色提醒" in part["late1"] and "可提级" not in part["late1"]
    assert "待指定" in part["nobody"] and f"{today():%m-%d} 起" in part["handed"] and "周勇" in part["handed"]
    assert "个工作日" in part["handed"]
    assert 'scope="rowgroup">华光村' in text


@pytest.mark.parametrize("query, names", [
    ("part=today", ["today"]), ("part=soon", ["soon"]), ("part=raise", ["late5", "late8"]),
    ("colour=blue", ["late1", "next", "handed"]), ("colour=orange", ["late3", "late5", "nobody"]),
    ("colour=red", ["late8"]), ("kind=grid.event", []), ("lens=unit", []),
    ("place={next}", ["next"]), ("holder={next}", ["next"]), ("holder={next}&colour=red", []),
    ("part=nonsense&colour=pink&kind=x&lens=y&holder=-1&place=", ["late1", "late3", "late5", "late8", "next", "handed",
                                                                 "nobody"]),
])
def test_filters_leave_what_they_say(rows, browser_of, query, names):
    url = f"{LIST}?{query.format(next=unit(NEXT_VILLAGE).id)}"
    assert set(listed(browser_of("zhen").open(url).text)) == {rows[name] for name in names}


def test_the_figures_are_as_many_as_the_rows(rows, browser_of):
    browser = browser_of("zhen")
    for query in ("", f"?holder={unit(VILLAGE).id}", f"?place={unit(NEXT_VILLAGE).id}"):
        figures = chips(browser.open(LIST + query).text)
        for part, label in overdue.PARTS.items():
            found = listed(browser.open(f"{LIST}{query}{'&' if query else '?'}part={part}").text)
            assert figures[label] == len(found), (query, label)


def test_own_units_are_one_lens_and_a_foreign_place_is_not_there(rows, browser_of):
    assert rows["next"] not in listed(browser_of("cun").open(f"{LIST}?lens=unit").text)
    assert rows["late1"] in listed(browser_of("cun").open(f"{LIST}?lens=unit").text)
    assert browser_of("zhen").open(f"{LIST}?place={unit(OTHER_TOWN).id}").status == 404
    assert browser_of("zhen").open(f"{LIST}?place=" + "9" * 30).status == 200


def test_a_village_window_chooses_nothing_and_a_town_everything_below_it(rows, browser_of):
    assert 'name="id"' not in browser_of("cun").open(LIST).text
    text = browser_of("zhen").open(LIST).text
    assert text.count('name="id"') == 7 and "开督办单" in text
    assert browser_of("xitong").open(LIST).status == 403


def test_the_table_holds_the_same_rows_and_the_record_says_who_took_it(rows, browser_of):
    table = list(csv.DictReader(io.StringIO(browser_of("zhen").open(f"{LIST}/export?part=soon").text)))
    assert [(row["超期"], row["建议"]) for row in table] == [("", "")]
    browser = browser_of("zhen").open(f"{LIST}/export?colour=orange")
    assert browser.response.mimetype == "text/csv" and browser.text.startswith("\ufeff")
    table = list(csv.DictReader(io.StringIO(browser.text.lstrip("\ufeff"))))
    assert {row["事由"] for row in table} == {"王*兰：超3天", "王*兰：超5天", "没人接"}
    assert {row["承办人"] for row in table} == {"李秀英", "待指定"}
    entry = AuditEntry.select().where(AuditEntry.action == "cases.export_overdue").order_by(AuditEntry.id.desc()).get()
    assert entry.actor_name == "刘德明" and entry.detail["hits"] == 3


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])
def test_no_cell_begins_a_formula(cell):
    assert plain_cell(cell) == f"'{cell}" and plain_cell("王*兰：=1") == "王*兰：=1" and plain_cell(3) == 3


def test_pages_go_on_where_the_last_one_ended(app, sign_in, monkeypatch):
    monkeypatch.setattr(overdue, "PAGE", 3)
    with app.test_request_context():
        ids = [late(days).id for days in (8, 7, 7, 7, 7, 2, 1)]
    browser, url, found = sign_in("zhen"), LIST, []
    while url:
        found += listed(browser.open(url).text)
        url = link(browser.text, "next")
    assert found == ids
    for broken in ("x", "2026-01-01_x", "_", "9" * 40 + "_1"):
        assert browser.open(f"{LIST}?after={broken}").status == 200


@pytest.mark.parametrize("who, page, most", [
    *((who, LIST, 7) for who in ("cun", "zhen", "minzheng", "xian", "lingdao")),
    ("zhen", LIST + "?place={village}&colour=orange", 8), ("zhen", "/cases/orders?side=issued", 4),
    ("lingdao", "/cases/instructions", 3), ("zhen", "/cases/{late8}/remind", 4),
])
def test_a_warm_page_costs_few_queries(rows, browser_of, who, page, most):
    browser, url = browser_of(who), page.format(village=unit(VILLAGE).id, **rows)
    browser.open(url)
    with counted_queries() as seen:
        assert browser.open(url).status == 200
    assert len(seen) <= most, "\n".join(seen)


def test_a_case_page_without_supervision_costs_no_query_more(rows, stage, browser_of):
    with stage.test_request_context():
        quiet = full(2)
    browser = browser_of("zhen").open(f"/cases/{quiet.id}")
    with counted_queries() as seen:
        browser.open(f"/cases/{quiet.id}")
    assert not [sql for sql in seen if "cases_order" in sql or "cases_instruction" in sql]


def test_a_town_without_platforms_has_an_empty_list(stage, rows, browser_of):
    assert listed(browser_of("wuzhen").open(LIST).text) == [] and "没有超期的件" in browser_of("wuzhen").text
    assert browser_of("kongkong").open(LIST).status in (403, 404)
