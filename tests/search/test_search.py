"""The search: over all rooms, by words of two characters, initials and numbers; people's signs are only text."""

import re
from urllib.parse import quote

import pytest

from portal import search
from portal.db import atomic
from portal.org import set_enabled
from portal.search.models import SearchText
from tests.cases.making import matter, plain
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, QUIET_TOWN, VILLAGE, person, unit

TITLES = (
    "老街排水沟堵塞", "100%补贴_说明", 'He said "AND" (NOT) x*', "A^B-C NEAR D", "𠮷家院子铺路", "高龄津贴 申请",
    "O'Brien; DROP TABLE", "ＡＢＣ全角", "三级残疾人", "残疾三级",
)


@pytest.fixture(scope="module")
def county(stage):
    """Cases with odd titles in 华光村, and one each elsewhere; residents come with those that were received."""
    with stage.test_request_context(), atomic():
        cun, place = person("cun"), unit(VILLAGE)
        cases = {title: plain(place=place, who=cun, title=title, applicant="") for title in TITLES}
        cases["own"] = matter(VILLAGE, "cun", name="欧阳修文", phone="13890112233")
        cases["next"] = matter(NEXT_VILLAGE, "lincun", name="欧阳锋")
        cases["other"] = matter(OTHER_TOWN + "/village", "linjia", name="欧阳克")
    return cases


def hits(browser, words: str) -> dict[str, list[str]]:
    """Return the addresses found, by the heading that they stand under."""
    text = browser.open("/search?q=" + quote(words)).text
    assert browser.status == 200, words
    found = {}
    for part in text.split('<section class="card" aria-label="')[1:]:
        inside = part.split("</section>")[0]
        found[part.split('"')[0]] = re.findall(r'<li class="hit">.*?<a href="([^"]+)"', inside, re.S)
    return found


def cases_found(browser, words: str, county) -> set[str]:
    names = {f"/cases/{case.id}": title for title, case in county.items()}
    return {names[url] for url in hits(browser, words).get("案件", [])}


@pytest.mark.parametrize("words, titles", [
    ("排水", {"老街排水沟堵塞"}), ("沟堵", {"老街排水沟堵塞"}), ("水", {"老街排水沟堵塞"}), ("街水", set()),
    ("排水 老街", {"老街排水沟堵塞"}), ("老街排水沟堵塞", {"老街排水沟堵塞"}), ("排水，堵塞！", {"老街排水沟堵塞"}),
    ("100%", {"100%补贴_说明"}), ("补贴_说明", {"100%补贴_说明"}), ("100% 补贴", {"100%补贴_说明"}),
    ("said", {'He said "AND" (NOT) x*'}), ('"AND"', {'He said "AND" (NOT) x*'}), ("NOT", {'He said "AND" (NOT) x*'}),
    ("near", {"A^B-C NEAR D"}), ("A^B-C", {"A^B-C NEAR D"}), ("NEAR D", {"A^B-C NEAR D"}),
    ("𠮷家", {"𠮷家院子铺路"}), ("𠮷", {"𠮷家院子铺路"}), ("O'Brien", {"O'Brien; DROP TABLE"}),
    ("abc", {"ＡＢＣ全角"}), ("ＡＢＣ", {"ＡＢＣ全角"}), ("三级残疾", {"三级残疾人"}), ("残疾三级", {"残疾三级"}),
    ("残疾 三级", {"三级残疾人", "残疾三级"}), ("人残", set()),
])
def test_words_of_two_characters_and_more_are_found_where_they_stand(county, browser_of, words, titles):
    assert cases_found(browser_of("cun"), words, county) == titles


@pytest.mark.parametrize("words", [
    "%", "_", "*", "^", "-", '"', "'", "()", "AND OR NOT", "NEAR(", "NEAR/2", "col:", "{a b}:c", "+x", "a* b*", '""',
    '"a" "b', "a AND", "(", ")", "\\", "\\%", "a:*", "a & !b", "a <-> b", "!", "|", "<script>alert(1)</script>",
    "' OR 1=1 --", "';--", "&amp;", "😀", "\u202e津贴", "津\x07贴", "\ufdfd", "\u0301", "\ufb00", "١٢", "\ud800",
    "津贴" * 200, " ", "\t\n", "\u3000", "00000000",
])
def test_what_people_type_is_never_an_operator_and_never_an_error(county, browser_of, words):
    everything = {f"/cases/{case.id}" for case in county.values()}
    for name in ("cun", "zhen"):
        text = browser_of(name).open("/search?q=" + quote(words, errors="surrogatepass")).text
        assert browser_of(name).status == 200, words
        assert "<script>alert" not in text
        found = set(re.findall(r'<a href="(/cases/\d+)"', text.split("<main")[1]))
        assert len(found) < len(everything) - 2, "a sign alone finds no more than what contains it"


@pytest.mark.parametrize("name", ["cun", "zhen", "xian"])
def test_the_list_finds_words_within_the_own_area_only(county, browser_of, name):
    listed = re.findall(r'<a class="row-title" href="(/cases/\d+)"', browser_of(name).open("/cases/?q=补贴").text)
    found = hits(browser_of(name), "补贴").get("案件", [])
    assert listed and set(listed) == set(found)


def test_the_names_of_places_in_the_index_are_no_words(county, browser_of):
    village = next(iter(county.values())).village_id
    for words in (f"v{village}", f"§v{village}", "§", "v"):
        assert cases_found(browser_of("zhen"), words, county) == set(), words


def test_a_query_is_cut_after_sixty_characters_and_says_so_in_what_it_shows(county, browser_of):
    text = browser_of("cun").open("/search?q=" + quote("津贴" * 100)).text
    assert f'value="{"津贴" * 30}"' in text and "津贴" * 31 not in text


def test_more_than_eight_words_are_too_many_to_matter_but_no_error(county, browser_of):
    words = "老街 排水 堵塞 沟 老 街 排 水 不会有的词"
    assert cases_found(browser_of("cun"), words, county) == {"老街排水沟堵塞"}


@pytest.mark.parametrize("name, expected", [
    ("cun", {"own"}), ("lincun", {"next"}), ("linjia", {"other"}), ("zhen", {"own", "next"}), ("linzhen", {"other"}),
    ("minzheng", {"own", "next", "other"}), ("xian", {"own", "next", "other"}), ("lingdao", {"own", "next", "other"}),
    ("canlian", set()),
])
def test_each_finds_cases_and_residents_of_the_own_ground_only(county, browser_of, name, expected):
    assert cases_found(browser_of(name), "高龄津贴", county) - {"高龄津贴 申请"} == expected
    residents = {f"/people/{county[key].resident_id}" for key in expected}
    found = set(hits(browser_of(name), "欧阳").get("居民", []))
    sees_people = person(name).may("people.read") and person(name).area[0] != "line_id"
    assert found == (residents if sees_people else set())


def test_cases_are_found_by_their_number_whole_or_from_its_beginning(county, browser_of):
    case = county["own"]
    for words in (case.number, case.number.lower(), case.number[:8], case.number.replace("-", " "), case.number[-4:]):
        assert "own" in cases_found(browser_of("cun"), words, county), words
    assert cases_found(browser_of("cun"), case.number, county) == {"own"}
    assert cases_found(browser_of("lincun"), case.number, county) == set()


def test_residents_are_found_by_initials_and_shown_masked(county, browser_of):
    browser = browser_of("cun")
    assert hits(browser, "oyxw")["居民"] == [f"/people/{county['own'].resident_id}"]
    assert "欧阳修文" not in browser.text and "13890112233" not in browser.text and "138****2233" in browser.text


def test_units_are_found_by_name_initials_and_code(county, browser_of):
    village = unit(VILLAGE)
    for words in ("华光", "hgc", "HGC", VILLAGE, VILLAGE[:11]):
        assert f"/org/{village.id}" in hits(browser_of("zhen"), words)["单位"], words
    assert f"/org/{village.id}" not in hits(browser_of("linzhen"), "华光").get("单位", [])


def test_items_are_found_by_name_alias_and_initials(county, browser_of):
    for words in ("高龄津贴", "津贴", "gljt"):
        found = hits(browser_of("cun"), words)["服务事项"]
        assert found and all(url.startswith("/station/items/") for url in found), words


def test_nothing_of_a_plugin_is_found_where_it_is_not_enabled(county, browser_of):
    for words in ("津贴", "高龄津贴", "FW", "gljt"):
        found = hits(browser_of("wuzhen"), words)
        assert "服务事项" not in found and not found.get("案件"), words


def test_numbers_of_people_are_in_no_index(county):
    """The words of a case are its number, its title and the masked name; a card or a phone is found by another way."""
    texts = [row.text for row in SearchText.select()]
    assert texts and not any(re.search(r"\d{11}|\d{17}[\dX]|欧阳[修锋克]", text) for text in texts)


def test_many_hits_are_twenty_and_a_word(app, sign_in):
    with app.test_request_context(), atomic():
        place, who = unit(VILLAGE), person("cun")
        for number in range(23):
            plain(place=place, who=who, title=f"路灯不亮{number}")
    browser = sign_in("cun")
    assert len(hits(browser, "路灯")["案件"]) == 20 and "全部 23 条</a>" in browser.text


def test_newest_cases_come_first(app, sign_in):
    with app.test_request_context():
        first, second = plain(title="路灯一"), plain(title="路灯二")
    assert hits(sign_in("cun"), "路灯")["案件"] == [f"/cases/{second.id}", f"/cases/{first.id}"]


def test_nothing_found_says_what_to_try_and_leads_only_where_one_may_go(app, sign_in):
    for name in ("cun", "zhenguan", "xitong", "shenji", "kongkong"):
        browser = sign_in(name)
        text = browser.open("/search?q=不会有的词").text.split("<main")[1]
        assert "没有找到" in text, name
        for url in re.findall(r'<a [^>]*href="(/[^"]*)"', text.split('class="empty"')[1]):
            assert browser.open(url).status == 200, (name, url)


def test_an_empty_query_asks_for_words(app, sign_in):
    for url in ("/search", "/search?q=", "/search?q=%20%20"):
        browser = sign_in("cun").open(url)
        assert browser.status == 200 and "没有找到" not in browser.text and 'type="search"' in browser.text


# -- the index itself ------------------------------------------------------------------------------------------------

def found(owner: str, words: str) -> set[int]:
    ids = search.ids(owner, words)
    return set() if ids is None else {row_id for (row_id,) in ids.tuples()}


def test_what_a_row_was_indexed_by_before_is_forgotten(app):
    with atomic():
        search.put("case", 1, "老名字")
        search.put("case", 1, "新名称")
        search.put("case", 1, "新名称")
        search.put("unit", 1, "老名字")
    assert found("case", "老名") == set() and found("case", "新名") == {1} and found("unit", "老名") == {1}
    with atomic():
        search.remove("case", 1)
        search.remove("case", 99)
    assert found("case", "新名") == set() and SearchText.select().count() == 1


def test_a_rolled_back_row_is_not_found(app):
    with pytest.raises(RuntimeError), atomic():
        search.put("case", 1, "新名称")
        raise RuntimeError
    assert found("case", "新名") == set()


def test_a_long_text_is_found_by_its_beginning(app):
    with atomic():
        search.put("case", 1, "开头" + "填充" * 3000 + "结尾")
    assert found("case", "开头") == {1} and found("case", "结尾") == set()


@pytest.mark.parametrize("text", [
    "'", '"', "\\", "a'b", "''", ":", "a:b*", "<->", "&", "!", "(", "\\'", "津'贴", "%",
    "%s", "?", "{}",
])
def test_any_sign_can_be_indexed_and_asked_for(app, text):
    with atomic():
        search.put("case", 1, text + "津贴")
    assert found("case", text + "津贴") == {1}


def test_the_town_that_switches_the_station_on_finds_its_items(app, sign_in):
    browser = sign_in("wuzhen")
    assert "服务事项" not in hits(browser, "津贴")
    with app.test_request_context():
        set_enabled(unit(QUIET_TOWN), "station", True, None)
    assert hits(browser, "津贴")["服务事项"]
