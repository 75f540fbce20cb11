"""What the page of the search does with what was found: the best first, marked, counted, narrowed, page by page."""

import datetime
import re
from urllib.parse import quote

import pytest

from portal import search
from portal.audit.models import AuditEntry
from portal.cases.models import Case
from portal.cases.search_text import reindex
from portal.db import atomic, now
from portal.search.grams import initials_of
from portal.search.marking import marked
from tests.cases.making import matter, move, plain
from tests.grid.door import report
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, VILLAGE, person, unit


def found(browser, words: str, more: str = "") -> list[int]:
    """Return the ids of the cases found, in their order."""
    browser.open(f"/search?q={quote(words)}{more}")
    assert browser.status == 200, browser.text
    return [int(key) for key in re.findall(r'<li class="hit">.*?<a href="/cases/(\d+)"', browser.text, re.S)]


@pytest.fixture(scope="module")
def county(stage):
    """Cases by name; the oldest is the first."""
    with stage.test_request_context(), atomic():
        place, who = unit(VILLAGE), person("cun")
        made = {
            "inside": plain(place=place, who=who, title="村口的路灯坏了"),
            "begins": plain(place=place, who=who, title="路灯三天不亮"),
            "after_name": plain(place=place, who=who, title="王*兰：路灯不亮"),
            "next": plain(NEXT_VILLAGE, "lincun", title="路灯杆歪了"),
            "other": plain(OTHER_TOWN + "/village", "linjia", title="路灯杆歪了"),
            "old": plain(place=place, who=who, title="水渠堵塞", at=now() - datetime.timedelta(days=200)),
            "new": plain(place=place, who=who, title="水渠堵塞"),
            "done": move(matter(of="居民养老保险参保"), ("settle", "cun")),
        }
    return made


def ids(county, *names) -> list[int]:
    return [county[name].id for name in names]


def test_a_title_that_begins_with_the_words_comes_before_one_that_holds_them(county, browser_of):
    assert found(browser_of("cun"), "路灯") == ids(county, "after_name", "begins", "inside")


def test_the_own_unit_comes_first_among_equals_and_then_the_newest(county, browser_of):
    assert found(browser_of("zhen"), "路灯")[:3] == ids(county, "next", "after_name", "begins")
    assert found(browser_of("cun"), "水渠") == ids(county, "new", "old")


def test_the_case_of_exactly_this_number_comes_first(county, browser_of):
    number = county["inside"].number
    for words in (number, number.lower(), number[-9:], number[2:]):
        assert found(browser_of("cun"), words)[:1] == [county["inside"].id] or words == number[2:], words
    assert found(browser_of("lincun"), number) == [] and found(browser_of("linzhen"), number) == []


def test_a_tail_of_a_number_is_one_number_and_not_its_parts(county, browser_of):
    number = county["begins"].number
    assert found(browser_of("cun"), number[-9:]) == [county["begins"].id]


@pytest.mark.parametrize("words, names", [
    ("ldst", ["begins"]), ("ldbl", ["after_name"]), ("ckd", ["inside"]), ("LDST", ["begins"]), ("sqds", ["new", "old"]),
    ("dst", ["begins"]), ("ld", []), ("xyzq", []),
])
def test_titles_are_found_by_initials_from_any_of_their_words(county, browser_of, words, names):
    assert found(browser_of("cun"), words) == ids(county, *names)


def test_what_was_found_is_marked_and_everything_escaped(county, browser_of):
    found(browser_of("cun"), "路灯")
    assert "<mark>路灯</mark>三天不亮" in browser_of("cun").text
    shown = str(marked("<b>路灯</b> & A", "路灯 b"))
    assert shown == "&lt;<mark>b</mark>&gt;<mark>路灯</mark>&lt;/<mark>b</mark>&gt; &amp; A"
    assert str(marked("a+b", "+")) == "a<mark>+</mark>b" and str(marked("<", "")) == "&lt;"


# -- narrowed ------------------------------------------------------------------------------------------------------

def test_it_is_narrowed_by_kind_state_period_and_unit(county, browser_of):
    browser, day = browser_of("zhen"), (now() - datetime.timedelta(days=100)).date()
    assert found(browser, "水渠", f"&since={day}") == ids(county, "new")
    assert found(browser, "水渠", f"&until={day}") == ids(county, "old")
    assert found(browser, "参保", "&state=closed") == ids(county, "done")
    assert found(browser, "参保", "&state=open") == []
    assert found(browser, "路灯", "&kind=grid.event") == []
    assert len(found(browser, "路灯", "&kind=station.request")) == 4
    assert found(browser, "路灯", f"&unit={unit(NEXT_VILLAGE).id}") == ids(county, "next")


def test_narrowing_to_a_unit_out_of_sight_finds_nothing(county, browser_of):
    assert found(browser_of("cun"), "路灯", f"&unit={unit(OTHER_TOWN).id}") == []
    assert found(browser_of("zhen"), "路灯", f"&unit={county['other'].village_id}") == []
    assert len(found(browser_of("lingdao"), "路灯", f"&unit={county['other'].village_id}")) == 1


@pytest.mark.parametrize("more", [
    "&kind=x", "&state=x", "&since=x", "&until=9999-99-99", "&unit=x", "&unit=99999999999999", "&page=-1", "&page=x",
    "&unit=²",
])
def test_what_makes_no_sense_in_the_address_is_ignored(county, browser_of, more):
    assert len(found(browser_of("cun"), "路灯", more)) == 3


def test_only_the_kinds_of_result_that_one_may_read_are_offered(county, browser_of):
    assert "in=cases" in browser_of("cun").open("/search?q=路灯").text
    assert browser_of("cun").open("/search?q=路灯&in=nothing").status == 404
    assert browser_of("xitong").open("/search?q=路灯&in=cases").status == 404


def test_the_panel_offers_the_units_below_and_nothing_of_the_neighbour(county, browser_of):
    text = browser_of("zhen").open("/search?q=路灯&narrow=1").text
    assert "华光村" in text and unit(OTHER_TOWN + "/village").short not in text


# -- numbers of people ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("number", [
    "13890112233", "138 9011 2233", "510722196001011234", "51072219600101123X", "１３８９０１１２２３３",
])
def test_a_number_of_a_person_is_not_searched_for_by_address(county, browser_of, number):
    text = browser_of("cun").open("/search?q=" + quote(number)).text
    assert "按号码查找，请用下面这一栏" in text and number not in text.split("<main")[1]


def test_a_whole_phone_number_finds_who_has_it_by_the_blind_index_and_is_audited(app, sign_in):
    with app.test_request_context():
        case = matter(phone="13890112233")
    browser = sign_in("cun")
    browser.send("/search", number="13890112233", to="/people/find")
    assert browser.response.request.path == f"/people/{case.resident_id}"
    assert AuditEntry.select().where(AuditEntry.action == "people.find").count() == 1
    browser.send("/search", number="13890112234", to="/people/find")
    assert browser.status == 200 and f"/people/{case.resident_id}" not in browser.text
    neighbour = sign_in("linjia")
    neighbour.send("/search", number="13890112233", to="/people/find")
    assert f"/people/{case.resident_id}" not in neighbour.text


# -- counted and page by page --------------------------------------------------------------------------------------

def test_all_of_one_kind_are_shown_page_by_page(app, sign_in):
    with app.test_request_context(), atomic():
        place, who = unit(VILLAGE), person("cun")
        for number in range(57):
            plain(place=place, who=who, title=f"路灯不亮{number}")
    browser = sign_in("cun")
    assert len(found(browser, "路灯")) == 20 and "全部 57 条" in browser.text
    first, second = found(browser, "路灯", "&in=cases"), found(browser, "路灯", "&in=cases&page=2")
    assert len(first) == 50 and len(second) == 7 and not set(first) & set(second)
    browser.open("/search?q=路灯&in=cases")
    assert 'rel="next"' in browser.text and "共 57 条" in browser.text


# -- the index -----------------------------------------------------------------------------------------------------

def test_initials_begin_at_every_character_and_are_no_words_of_people(app):
    assert initials_of("路灯不亮") == ["¶ldbl", "¶dbl"] and initials_of("FW-2026 水") == []
    with atomic():
        search.put("case", 1, "路灯不亮")
    assert not search.ids("case", "¶ldbl") or search.ids("case", "¶ldbl").count() <= 1


def test_cases_of_an_older_version_are_indexed_anew(app, sign_in):
    worker = sign_in("wangge")
    case = report(worker)
    with app.test_request_context():
        search.remove("case", case.id)
        assert found(sign_in("shuji"), "护栏") == []
        assert reindex() == Case.select().count()
    assert found(sign_in("shuji"), "护栏") == [case.id]
