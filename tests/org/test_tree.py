"""The tree of units: what each of the cast sees of it, and what they find in it."""

import re
from html import unescape

import pytest

from portal.org import tree
from portal.org.models import Unit
from portal.testing import counted_queries
from tests.people_of_the_county import COUNTY, NEXT_VILLAGE, OTHER_TOWN, TOWN, VILLAGE, person, unit


def names(browser) -> list[str]:
    return [unescape(name) for name in re.findall(r'data-name="([^"]*)"', browser.text)]


def find(browser, words: str) -> list[str]:
    browser.open("/org/find", query_string={"q": words})
    assert browser.status == 200, words
    return names(browser)


def searched(browser, words: str) -> str:
    """Return the page of the one search, without the marks that stand around what was found."""
    browser.open("/search", query_string={"q": words})
    assert browser.status == 200, words
    return re.sub("</?mark>", "", browser.text)


# -- fragments ---------------------------------------------------------------------------------------------------

def test_the_top_is_the_own_area_opened(sign_in):
    county = names(sign_in("xian").open("/org/children/"))
    assert county[0] == "三台县" and len(county) == 1 + 33
    town = names(sign_in("zhen").open("/org/children/"))
    assert town[0] == "塔山镇" and len(town) == 1 + 19
    assert names(sign_in("cun").open("/org/children/")) == ["华光村"]


def test_children_are_places_offices_are_in_a_tree_of_their_own(sign_in):
    county = unit(COUNTY).id
    clerk = sign_in("xitong")
    assert len(names(clerk.open(f"/org/children/{county}"))) == 33
    offices = names(clerk.open(f"/org/offices/{county}"))
    assert len(offices) == 33 + 20 and "县民政局" in offices
    assert "塔山镇便民服务中心" in names(clerk.open(f"/org/offices/{unit(TOWN).id}"))
    assert names(clerk.open("/org/offices/"))[:2] == ["三台县", "县委社会工作部"]


def test_a_node_says_whether_something_lies_below(sign_in):
    clerk = sign_in("zhen")
    top, *villages = re.findall(r"<a class=\"tree-node\"[^>]*>", clerk.open("/org/children/").text)
    assert 'aria-expanded="true"' in top and not any("aria-expanded" in village for village in villages)


def test_without_a_post_the_tree_is_empty(sign_in):
    nobody = sign_in("kongkong")
    for url in ("/org/children/", "/org/offices/", "/org/find?q=村"):
        assert nobody.open(url).status == 200 and names(nobody) == [], url


@pytest.mark.parametrize("url", ["/org/{}", "/org/children/{}", "/org/offices/{}"])
def test_a_neighbour_is_not_there(sign_in, url):
    clerk = sign_in("cun")
    for code in (NEXT_VILLAGE, OTHER_TOWN):
        assert clerk.open(url.format(unit(code).id)).status == 404, code
    assert clerk.open(url.format(10**6)).status == 404


def test_a_village_sees_the_way_up_and_nothing_beside_it(sign_in):
    clerk = sign_in("cun")
    assert names(clerk.open(f"/org/children/{unit(COUNTY).id}")) == ["塔山镇"]
    assert names(clerk.open(f"/org/offices/{unit(COUNTY).id}")) == ["塔山镇"]
    assert names(clerk.open(f"/org/children/{unit(TOWN).id}")) == ["华光村"]
    page = clerk.open(f"/org/{unit(TOWN).id}").text
    assert "塔山镇" in page and "华光村" in page and unit(NEXT_VILLAGE).short not in page


SIGHT = {
    "cun": lambda: {unit(code).id for code in (VILLAGE, TOWN, COUNTY)},
    "zhen": lambda: {one.id for one in Unit.select().where(Unit.town_id == unit(TOWN).id)} | {unit(COUNTY).id},
    "minzheng": lambda: {one.id for one in Unit.select().where(Unit.county_id == unit(COUNTY).id)},
    "xian": lambda: {one.id for one in Unit.select().where(Unit.county_id == unit(COUNTY).id)},
    "kongkong": lambda: set(),
}


@pytest.mark.parametrize("name", SIGHT)
def test_everybody_sees_exactly_their_ground_and_what_is_above(app, cast, name):
    Unit.add(code="520000000000", name="别县", level="county")
    who = person(name)
    seen = {one.id for one in Unit.seen_by(who)}
    assert seen == SIGHT[name]() == {one.id for one in Unit.select() if one.is_seen_by(who)}


def test_who_sits_at_a_grid_or_a_region_sees_that(app, cast):
    village = unit(VILLAGE)
    region = Unit.add(code="51", name="四川省", level="region")
    beside = Unit.add(code="510799000000", name="别县", level="county", parent=region)
    grid = Unit.add(code=Unit.next_code(village, "grid"), name="第一网格", level="grid", parent=village)
    other = Unit.add(code=Unit.next_code(village, "grid"), name="第二网格", level="grid", parent=village)

    def seen(where) -> set[int]:
        found = {one.id for one in Unit.seen_by(Somebody(where))}
        assert found == {one.id for one in Unit.select() if one.is_seen_by(Somebody(where))}
        return found

    assert seen(grid) == {grid.id, village.id, village.town_id, village.county_id} and other.id not in seen(grid)
    assert seen(region) == {region.id, beside.id}


class Somebody:
    """A person as far as the tree asks: somebody who acts for a unit."""

    def __init__(self, where):
        self.post = self
        self.unit = where.ref()


# -- search ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("words", "expected"), [
    ("华光", "华光村"), ("hgc", "华光村"), ("HGC", "华光村"), ("hg", "华光村"), ("510722104204", "华光村"),
    ("  华光村  ", "华光村"), ("民政", "县民政局"), ("tsz", "塔山镇"),
])
def test_it_finds_by_name_initials_and_code(sign_in, words, expected):
    assert expected in find(sign_in("xian"), words)


def test_beginnings_come_first(sign_in):
    clerk = sign_in("xian")
    found = find(clerk, "塔山")
    assert found[0] == "塔山镇" and "塔山镇便民服务中心" in found
    assert all(name.startswith("塔山") for name in found[:5])


def test_equal_names_are_told_apart_by_what_they_belong_to(sign_in):
    clerk = sign_in("xian")
    Unit.add(code="510722141999", name="华光村村民委员会", level="village", parent=unit(OTHER_TOWN))
    assert find(clerk, "华光") == ["华光村", "华光村"]
    assert "塔山镇" in clerk.text and unit(OTHER_TOWN).short in clerk.text


SIGNS = ("%", "_", "%%", "__", "华%", "_光", "\\", "h_c", "华光\\", "'", '"', "(", "*", "[", "^")


@pytest.mark.parametrize("words", SIGNS)
def test_signs_that_mean_something_to_a_database_mean_themselves(sign_in, words):
    assert find(sign_in("xian"), words) == []


def test_a_name_with_such_a_sign_is_found_by_it(sign_in):
    for number, name in enumerate((
            "百分之50%村", "下划_线村", "反\\斜村", '引"号","村', "反\\n\\u2028村", "行\u2028分\x1e段村")):
        Unit.add(code=f"51072210499{number}", name=name, level="village", parent=unit(TOWN))
    clerk = sign_in("xian")
    assert find(clerk, "50%") == ["百分之50%村"]
    assert find(clerk, "划_") == ["下划_线村"] and find(clerk, "反\\斜") == ["反\\斜村"]
    assert find(clerk, '"号",') == ['引"号","村'] and find(clerk, "\\n\\u") == ["反\\n\\u2028村"]
    assert len(find(clerk, "行 分")) == 1 and find(clerk, "分\x1e段") == find(clerk, "\x1e") == []


def test_a_letter_that_is_no_initial_is_only_found_in_the_name(sign_in):
    for code, name in (("510722104990", "（Ａ）区村"), ("510722104991", "Ａ区村")):
        Unit.add(code=code, name=name, level="village", parent=unit(TOWN))
    clerk = sign_in("xian")
    assert find(clerk, "ａ") == ["Ａ区村", "（Ａ）区村"], "what begins with it comes first"
    assert find(clerk, "ａq") == [] and "Ａ区村" in find(clerk, "qc")


def test_what_is_found_comes_in_the_order_of_the_codes(sign_in):
    sign_in("xian")
    codes = [one.code for one in tree.find(Somebody(unit(COUNTY)), "村", limit=2000)]
    assert len(codes) > 100 and codes == sorted(codes)


NONSENSE = ("", "   ", "村" * 5000, "<script>alert(1)</script>", "😀", "\ud800", "a\tb", "²", "٣")


@pytest.mark.parametrize("words", NONSENSE)
def test_nonsense_finds_nothing_and_breaks_nothing(sign_in, words):
    assert find(sign_in("xian"), words.encode("utf-8", "surrogatepass").decode("utf-8", "replace")) == []


def test_names_with_figures_are_found_by_them(sign_in):
    Unit.add(code="510722104997", name="102社区居委会", level="village", parent=unit(TOWN))
    assert find(sign_in("xian"), "102") == ["102社区"]


def test_the_search_ends_where_the_sight_ends(sign_in):
    Unit.add(code="510722104998", name="隐秘村村委会", level="village", parent=unit(TOWN))
    Unit.update(valid_to="2026-01-01").where(Unit.code == NEXT_VILLAGE).execute()
    closed = unit(NEXT_VILLAGE).short
    assert find(sign_in("cun"), "隐秘") == find(sign_in("linzhen"), "隐秘") == []
    clerk = sign_in("zhen")
    assert find(clerk, "隐秘") == ["隐秘村"] and closed not in find(clerk, closed)
    assert "隐秘村" in searched(clerk, "隐秘") and "隐秘村" not in searched(sign_in("cun"), "隐秘")


def test_at_most_twenty_are_offered(sign_in):
    assert len(find(sign_in("xian"), "村")) == tree.MOST == 20


# -- cost --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("url", "most"), [
    ("/org/{county}", 8), ("/org/{village}", 8), ("/org/children/", 3), ("/org/children/{county}", 3),
    ("/org/offices/{county}", 3), ("/org/find?q=村", 2), ("/org/plugins", 7), ("/org/{village}/rename", 4),
])
def test_each_page_asks_little_of_the_database(sign_in, url, most):
    admin = sign_in("xitong")
    url = url.format(county=unit(COUNTY).id, village=unit(VILLAGE).id)
    admin.open(url)
    with counted_queries() as queries:
        assert admin.open(url).status == 200
    assert len(queries) <= most, queries
