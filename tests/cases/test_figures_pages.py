"""The figures of a county by who is responsible: more rows than a page shows."""

import io
import re
from html import unescape

import pytest
from python_calamine import CalamineWorkbook

from portal.db import atomic
from portal.org.models import Unit
from portal.paging import PAGE
from portal.testing import counted_queries
from tests.cases.making import plain
from tests.people_of_the_county import OTHER_TOWN, TOWN, person, unit

ROWS, OTHERS = 2 * PAGE + 7, 9
ASKED = "/cases/figures?span=year&by=holder"
SORTS = ("-opened", "opened", "-closed", "in_time", "-days")


@pytest.fixture(scope="module")
def villages(stage):
    """A case in each of the villages, a second one in every eighth, so that borders of pages fall among ties; the
    neighbour's town has some of them. Returns their names in administrative order."""
    with stage.test_request_context(), atomic():
        query = Unit.select().where(Unit.level == "village").order_by(Unit.code)
        own = list(query.where(Unit.town_id == unit(OTHER_TOWN).id).limit(OTHERS))
        others = list(query.where(Unit.town_id != unit(OTHER_TOWN).id).limit(ROWS - OTHERS))
        places, clerk = sorted([*own, *others], key=lambda place: place.code), person("xian")
        for number, place in enumerate(places):
            for _ in range(1 + (number % 8 == 3)):
                plain(place=place, who=clerk)
        return [place.short for place in places]


def rows(text: str, part: str = "tbody") -> list[tuple[str, int]]:
    """Return (name, registered) of the rows of the table, or of its sum."""
    table = text.split("figures-table")[1].split(f"<{part}>")[1].split(f"</{part}>")[0]
    return [(unescape(name), int(number)) for name, number in re.findall(
        r'<th scope="row" class="c-main">([^<]+)(?:<span[^<]+</span>)?</th>\s*<td[^>]*>(?:<a[^>]*>)?(\d+)', table)]


def following(text: str, rel: str = "next") -> str | None:
    found = re.search(rf'href="([^"]+)"[^>]*rel="{rel}"', text)
    return unescape(found[1]).split("#")[0] if found else None


def pages(browser, url: str) -> list[str]:
    found = [browser.open(url).text]
    while url := following(found[-1]):
        found.append(browser.open(url).text)
    return found


@pytest.mark.parametrize("sort", ["", *SORTS])
def test_over_its_pages_the_table_is_what_the_whole_is(villages, browser_of, sort):
    browser, url = browser_of("lingdao"), f"{ASKED}&sort={sort}" if sort else ASKED
    found, whole = pages(browser, url), browser.open(f"{url}&page=all").text
    assert [len(rows(text)) for text in found] == [PAGE, PAGE, ROWS - 2 * PAGE]
    assert [row for text in found for row in rows(text)] == rows(whole)
    assert sorted(name for name, _ in rows(whole)) == sorted(villages)


def test_rows_are_sorted_over_all_pages_and_equals_stand_in_administrative_order(villages, browser_of):
    browser = browser_of("lingdao")
    plainly = rows(browser.open(f"{ASKED}&page=all").text)
    assert [name for name, _ in plainly] == villages
    most, least = (rows(browser.open(f"{ASKED}&sort={sort}&page=1").text) for sort in ("-opened", "opened"))
    assert most == sorted(plainly, key=lambda row: -row[1])[:PAGE]
    assert least == sorted(plainly, key=lambda row: row[1])[:PAGE]


def test_the_sum_is_that_of_all_rows_on_every_page(villages, browser_of):
    browser = browser_of("lingdao")
    sums = {rows(text, "tfoot")[0] for text in pages(browser, f"{ASKED}&sort=-opened")}
    assert sums == {("合计", sum(number for _, number in rows(browser.open(f"{ASKED}&page=all").text)))}


def test_a_page_shows_and_draws_its_own_rows_only(villages, browser_of):
    text = browser_of("lingdao").open(f"{ASKED}&page=2").text
    shown = {name for name, _ in rows(text)}
    drawn = set(map(unescape, re.findall(r'<th scope="row">([^<]+)</th>', text)))
    assert drawn == shown == set(villages[PAGE:2 * PAGE]) and f"图中是本页的 {PAGE} 行" in text
    assert f"共 {ROWS} 行，第 2 页，共 3 页" in text and f"合计<span class=\"row-meta\">全部 {ROWS} 行</span>" in text


def test_the_sheet_holds_all_rows_whatever_page_it_is_asked_from(villages, browser_of):
    browser = browser_of("lingdao")
    for sort in ("", "-opened"):
        text = browser.open(f"{ASKED}&sort={sort}&page=2").text
        sheet = unescape(re.search(r'href="([^"]+/figures/sheet[^"]+)"', text)[1])
        whole = rows(browser.open(f"{ASKED}&sort={sort}&page=all").text)
        book = CalamineWorkbook.from_filelike(io.BytesIO(browser.open(sheet).response.data))
        lines = book.get_sheet_by_index(0).to_python()
        names = [line[0] for line in lines]
        first = names.index(whole[0][0])
        assert [(name, int(number)) for name, number, *_ in lines[first:first + ROWS]] == whole
        assert names[first + ROWS] == "合计"


def test_printing_leads_to_the_whole_table_which_prints_and_leads_back_to_the_pages(villages, browser_of):
    browser = browser_of("lingdao")
    text = browser.open(f"{ASKED}&sort=-opened&page=3").text
    assert "data-print" not in text
    whole = unescape(re.search(r'href="([^"]+)#print"', text)[1])
    text = browser.open(whole).text
    assert len(rows(text)) == ROWS and "data-print" in text and following(text) is None
    back = unescape(re.search(r'href="([^"]+)#rows">分页显示', text)[1])
    assert rows(browser.open(back).text) == rows(browser.open(f"{ASKED}&sort=-opened").text)


@pytest.mark.parametrize("page, first", [
    ("0", 0), ("-1", 0), ("x", 0), ("", 0), ("1.5", 0), ("2", PAGE), ("4", 2 * PAGE), ("9" * 30, 2 * PAGE),
    ("9" * 5000, 0),
])
def test_a_page_that_there_is_not_shows_the_nearest_one(villages, browser_of, page, first):
    text = browser_of("lingdao").open(f"{ASKED}&page={page}").text
    assert [name for name, _ in rows(text)] == villages[first:first + PAGE]


def test_whoever_asks_for_something_else_begins_at_the_first_page(villages, browser_of):
    """Only the links to pages and to the whole say a page, and they keep everything else."""
    text = browser_of("lingdao").open(f"{ASKED}&sort=-opened&page=2").text
    main = text.split('id="figures"')[1]
    urls = list(map(unescape, re.findall(r'href="(/cases/figures\?[^"]+)"', main)))
    assert len(urls) > 20 and 'name="page"' not in main
    told = [url for url in urls if "page=" in url]
    assert len(told) == 1 and "by=holder" in told[0] and "sort=-opened" in told[0] and "page=3" in told[0]
    assert following(text, "prev") in urls and "page" not in following(text, "prev")


def test_one_page_of_rows_has_no_pages_and_prints_at_once(villages, browser_of):
    for query in ("by=unit", "by=kind", "by=holder&page=7"):
        text = browser_of("linzhen").open(f"/cases/figures?span=year&{query}").text
        assert "data-print" in text and 'class="pager"' not in text, query


def test_the_neighbours_town_sees_only_its_own_on_every_page(villages, browser_of, stage):
    with stage.test_request_context():
        own = {short for (short,) in Unit.select(Unit.short).where(Unit.town_id == unit(OTHER_TOWN).id).tuples()}
    for page in ("1", "2", "all"):
        found = rows(browser_of("linzhen").open(f"{ASKED}&page={page}").text)
        assert len(found) == OTHERS and {name for name, _ in found} <= own, page


def test_every_page_costs_the_same_three_queries_and_reads_no_names_that_it_does_not_show(villages, browser_of):
    browser = browser_of("lingdao")
    for query in ("", "&page=3", "&sort=-opened", "&sort=-opened&page=3", "&page=all"):
        with counted_queries() as seen:
            browser.open(ASKED + query)
        of_figures = [sql for sql in seen if re.search('"cases_flow"|AS "row", COALESCE|"id", "t1"."short" FROM', sql)]
        assert len(of_figures) == 3, (query, "\n".join(seen))
        assert "sort" in query or "LIMIT" in of_figures[-1], query


def test_the_units_below_stand_on_one_page_however_many_there_are(app, sign_in):
    """The rows of the other tables are those of the administration: a town's villages are looked at together."""
    for number in range(PAGE):
        Unit.add(code=f"5107221042{number + 49:02d}", name=f"新村{number}村", level="village", parent=unit(TOWN))
    for page in ("", "&page=2"):
        text = sign_in("zhen").open(f"/cases/figures?span=year&by=unit{page}").text
        assert text.count('scope="row" class="c-main"') > PAGE and "新村49" in text
        assert "第 1 页" not in text and "分页" not in text and following(text) is None
