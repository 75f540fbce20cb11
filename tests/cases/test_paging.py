"""Paging by key visits every row exactly once, forth and back, over ties and while new cases come in."""

import base64
import datetime
import json

import pytest

from portal.cases.asking import PAGE
from portal.cases.models import Case
from portal.db import atomic, now
from portal.values import Deadline
from tests.cases.making import every_page, link, listed, plain
from tests.people_of_the_county import VILLAGE, person, unit

ROWS = 130


def fill(number: int = ROWS, at=None) -> list[int]:
    """Open `number` cases in one village, forty to a second, so that page borders fall among ties."""
    moment, cun, place = at or now() - datetime.timedelta(days=1), person("cun"), unit(VILLAGE)
    with atomic():
        return [
            plain(place=place, who=cun, at=moment + datetime.timedelta(seconds=row // 40),
                  limit=Deadline(3 + row % 2)).id
            for row in range(number)
        ]


@pytest.fixture(scope="module")
def cases(stage):
    with stage.test_request_context():
        return fill()


def back_again(browser, url: str) -> list[list[int]]:
    """Go to the last page, then return the pages from there to the first, following "prev"."""
    browser.open(url)
    while following := link(browser.text, "next"):
        browser.open(following)
    pages = [listed(browser.text)]
    while before := link(browser.text, "prev"):
        pages.append(listed(browser.open(before).text))
    return pages


@pytest.mark.parametrize("query", ["", "?lens=unit", "?lens=person", "?phase=new", "?q=津贴", "?channel=window"])
def test_forth_every_row_comes_once_newest_first(cases, browser_of, query):
    pages = every_page(browser_of("cun"), f"/cases/{query}")
    assert [len(page) for page in pages] == [PAGE, PAGE, ROWS - 2 * PAGE]
    assert sum(pages, []) == sorted(cases, reverse=True)


@pytest.mark.parametrize("query", ["", "?sort=due", "?lens=unit&sort=due"])
def test_back_the_same_pages_come_in_turn(cases, browser_of, query):
    forth = every_page(browser_of("cun"), f"/cases/{query}")
    assert back_again(browser_of("cun"), f"/cases/{query}") == forth[::-1]


@pytest.mark.parametrize("who", ["cun", "zhen", "xian"])
def test_sorted_by_due_every_row_comes_once_in_order(cases, browser_of, who):
    rows = sum(every_page(browser_of(who), "/cases/?sort=due"), [])
    assert rows == [case.id for case in Case.select().order_by(Case.due, Case.id)]
    assert len(rows) == ROWS


def test_the_first_page_has_no_way_back_and_the_last_none_on(cases, browser_of):
    browser = browser_of("cun")
    assert link(browser.open("/cases/").text, "prev") is None
    for _ in range(2):
        browser.open(link(browser.text, "next"))
    assert link(browser.text, "next") is None and link(browser.text, "prev")


def test_the_links_keep_what_is_filtered(cases, browser_of):
    browser = browser_of("cun")
    address = link(browser.open("/cases/?q=津贴&channel=window&sort=due").text, "next")
    assert all(part in address for part in ("channel=window", "sort=due", "q=%E6%B4%A5%E8%B4%B4", "after="))


def cursor(*values) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


DAMAGED = (
    "", "x", "====", "%%%", "e30", cursor(), cursor("2026-01-01"), cursor("nonsense", 1), cursor(None, None),
    cursor([], {}), cursor("2026-11-20T10:00:00", "DROP TABLE"), "津贴", "A" * 5000,
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
)
ODD = (
    cursor("2026-11-20T10:00:00+08:00", 5), cursor("0001-01-01T00:00:00", 10**30), cursor("9999-12-31T23:59:59", -1),
    cursor("2026-11-20T10:00:00", 1e300), cursor("2026-11-20T10:00:00.123456", True), cursor("2026-11-20", "7"),
)


@pytest.mark.parametrize("name", ["after", "before"])
def test_a_damaged_cursor_shows_the_first_page(cases, browser_of, name):
    browser = browser_of("cun")
    first = listed(browser.open("/cases/").text)
    for text in DAMAGED:
        assert listed(browser.open(f"/cases/?{name}={text}").text) == first, text


@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize("sort", ["newest", "due"])
def test_a_forged_cursor_shows_some_page_of_the_own_list(cases, browser_of, name, sort):
    browser = browser_of("cun")
    for text in ODD:
        browser.open(f"/cases/?{name}={text}&sort={sort}")
        assert browser.status == 200 and set(listed(browser.text)) <= set(cases), text


def test_the_cursor_of_somebody_else_opens_nothing(cases, browser_of):
    browser_of("cun").open("/cases/")
    address = link(browser_of("cun").text, "next")
    assert listed(browser_of("lincun").open(address).text) == []


def test_beyond_the_end_the_list_begins_anew(cases, browser_of):
    browser = browser_of("cun")
    first = listed(browser.open("/cases/").text)
    for end in (f"after={cursor('2001-01-01T00:00:00', 1)}", f"before={cursor('2099-01-01T00:00:00', 1)}"):
        assert listed(browser.open(f"/cases/?{end}").text) == first


def test_nothing_is_shown_twice_or_left_out_while_new_cases_come_in(sign_in, app):
    with app.test_request_context():
        before = fill(110)
        browser, seen, url = sign_in("zhen"), [], "/cases/"
        while url:
            seen += listed(browser.open(url).text)
            url = link(browser.text, "next")
            fill(7, at=now())
    assert seen == sorted(before, reverse=True)


def test_nothing_due_is_left_out_while_new_cases_come_in(sign_in, app):
    with app.test_request_context():
        before = fill(110)
        browser, seen, url = sign_in("zhen"), [], "/cases/?sort=due"
        while url:
            seen += listed(browser.open(url).text)
            url = link(browser.text, "next")
            fill(3, at=now())
    assert [row for row in seen if row in set(before)] == [
        case.id for case in Case.select().where(Case.id.in_(before)).order_by(Case.due, Case.id)
    ]
    assert len(seen) == len(set(seen))
