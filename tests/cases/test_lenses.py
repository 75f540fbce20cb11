"""Who sees which cases: the three lenses, for every kind of post, and nothing outside."""

import re

import pytest

from portal.testing import Browser
from tests.cases.making import listed, matter, move, plain, post, waiting
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, PASSWORD, TOWN, VILLAGE, person, unit

#: who: (辖区, 本单位承办, 我的), by the letters of the cases below
SEEN = {
    "cun": ("abch", "a", "a"),
    "shuji": ("abch", "a", ""),
    "wangge": ("abch", "a", ""),
    "lincun": ("de", "d", "d"),
    "linjia": ("fg", "g", "g"),
    "zhen": ("abcdeh", "bh", "h"),
    "zhener": ("abcdeh", "bh", ""),
    "linzhen": ("fg", "", ""),
    "minzheng": ("abcdfh", "cf", "f"),
    "canlian": ("e", "e", ""),
    "xian": ("abcdefghi", "i", "i"),
    "lingdao": ("abcdefghi", "i", ""),
    "duogang": ("abch", "a", ""),
}

NOT_READING = ("zhenguan", "xitong", "anquan", "shenji", "kongkong")
PATHS = ("", "/steps/accept", "/assign", "/notes", "/files", "/files/1", "/papers/receipt", "/rating")


@pytest.fixture(scope="module")
def cases(stage):
    """Nine cases by letter, held at every level and by two lines."""
    up = ("accept", "forward_town", "forward_county")
    with stage.test_request_context():
        found = {
            "a": matter(),
            "b": move(matter(), *zip(up[:2], ("cun", "cun"), strict=True)),
            "c": move(matter(), *zip(up, ("cun", "cun", "zhen"), strict=True)),
            "d": matter(NEXT_VILLAGE, "lincun"),
            "e": move(matter(NEXT_VILLAGE, "lincun", "残疾人证"), *zip(up, ("lincun", "lincun", "zhen"), strict=True)),
            "f": move(matter(OTHER_TOWN + "/village", "linjia"), *zip(up, ("linjia", "linjia", "linzhen"), strict=True),
                      ("suspend_county", "minzheng")),
            "g": matter(OTHER_TOWN + "/village", "linjia", "家庭医生签约"),
            "h": matter(VILLAGE, "zhen"),
            "i": plain(unit("510722000000").code, "xian", title="县里直接登记的事", unit=unit("510722000000")),
        }
    return {letter: case.id for letter, case in found.items()}


def letters(cases: dict, ids) -> str:
    names = {number: letter for letter, number in cases.items()}
    return "".join(sorted(names[number] for number in ids))


@pytest.mark.parametrize("name", SEEN)
def test_each_lens_shows_exactly_what_it_promises(cases, browser_of, name):
    for lens, wanted in zip(("area", "unit", "person"), SEEN[name], strict=True):
        shown = listed(browser_of(name).open(f"/cases/?lens={lens}").text)
        assert letters(cases, shown) == wanted, (name, lens)
    assert letters(cases, listed(browser_of(name).open("/station/").text)) == SEEN[name][0]


@pytest.mark.parametrize("name", SEEN)
def test_what_no_lens_reaches_is_not_there_at_all(cases, browser_of, name):
    reach = set("".join(SEEN[name]))
    for letter, case_id in cases.items():
        if letter == "i":
            continue  # opened without details: it has no page of its own
        status = browser_of(name).open(f"/cases/{case_id}").status
        assert status == (200 if letter in reach else 404), (name, letter)


@pytest.mark.parametrize("name", ["cun", "shuji", "lincun", "linjia", "zhen", "linzhen", "canlian", "minzheng"])
def test_a_case_outside_is_a_404_behind_every_door(cases, browser_of, name):
    browser = browser_of(name)
    outside = [case_id for letter, case_id in cases.items() if letter not in set("".join(SEEN[name]))]
    # 403 only where the post does not hold the permission at all, whatever the case.
    barred = {"/assign"} if not person(name).may("cases.assign") else set()
    for case_id in outside[::3]:
        for path in PATHS:
            wanted = 403 if path in barred else 404
            assert browser.open(f"/cases/{case_id}{path}", follow=False).status == wanted, (case_id, path)
        for path in (*PATHS[1:5], "/rating", "/files/1/remove"):
            wanted = 403 if path in barred else 404
            assert post(browser, f"/cases/{case_id}{path}", text="x").status == wanted, (case_id, path)


@pytest.mark.parametrize("name", ["cun", "lincun", "zhen", "linzhen", "minzheng", "canlian", "xian"])
def test_a_404_outside_says_the_same_as_one_for_a_case_that_never_was(cases, browser_of, name):
    browser = browser_of(name)
    never = browser.open("/cases/999999").text
    for letter, case_id in cases.items():
        if letter not in set("".join(SEEN[name])):
            assert browser.open(f"/cases/{case_id}").text == never or _alike(browser.text, never)


def _alike(one: str, other: str) -> bool:
    nonce = re.compile(r'nonce="[^"]*"')
    return nonce.sub("", one) == nonce.sub("", other)


@pytest.mark.parametrize("name", NOT_READING)
def test_who_has_nothing_to_do_with_cases_opens_none(cases, browser_of, name):
    for path in ("/cases/", "/cases/desk", f"/cases/{cases['a']}", "/station/"):
        assert browser_of(name).open(path).status in (403, 404), path


def test_somebody_with_several_posts_sees_each_ground_in_its_post_only(cases, sign_in_alone):
    browser = sign_in_alone("duogang")
    posts = [post.id for post in person("duogang").posts]
    for post_id, area, held in zip(posts, ("abch", "de", "abcdeh"), ("a", "d", "bh"), strict=True):
        post(browser, "/accounts/switch-post", post_id=post_id)
        assert letters(cases, listed(browser.open("/cases/").text)) == area
        assert letters(cases, listed(browser.open("/cases/?lens=unit").text)) == held
        assert letters(cases, waiting(browser.open("/cases/desk").text)) <= held
        for letter, case_id in cases.items():
            if letter != "i":
                assert (browser.open(f"/cases/{case_id}").status == 200) == (letter in area), (post_id, letter)


def test_the_tree_counts_only_the_own_ground(cases, browser_of):
    """Whoever asks below which unit: a figure never tells of a case that the asker cannot list."""
    town, other = unit(TOWN), unit(OTHER_TOWN)
    county = unit("510722000000")
    below_town = {unit(VILLAGE).id: 4, unit(NEXT_VILLAGE).id: 2}
    assert _counts(browser_of("zhen").open(f"/cases/places/all/{town.id}").text) == below_town
    assert _counts(browser_of("lingdao").open(f"/cases/places/all/{town.id}").text) == below_town
    below_county = browser_of("lingdao").open(f"/cases/places/station.request/{county.id}").text
    assert _counts(below_county) == {town.id: 6, other.id: 2}
    # From below, the county's and the town's trees show only the own branch.
    assert _counts(browser_of("cun").open(f"/cases/places/all/{town.id}").text) == {unit(VILLAGE).id: 4}
    assert _counts(browser_of("linzhen").open(f"/cases/places/all/{county.id}").text) == {other.id: 2}
    assert _counts(browser_of("cun").open(f"/cases/places/all/{county.id}").text).get(town.id) in (None, 4)
    # A line's counters are for the department as a whole: no figure by place.
    assert _counts(browser_of("minzheng").open(f"/cases/places/all/{county.id}").text) == {}


def _counts(text: str) -> dict[int, int]:
    found = re.findall(r'data-id="(\d+)".*?(?:<span class="tree-count">(\d+)</span>)?</a>', text, re.S)
    return {int(key): int(count) for key, count in found if count and count != "0"}


@pytest.mark.parametrize("name", ["cun", "lincun", "zhen", "linzhen"])
def test_the_tree_below_a_foreign_unit_is_a_404(cases, browser_of, name):
    foreign = {"cun": NEXT_VILLAGE, "lincun": VILLAGE, "zhen": OTHER_TOWN, "linzhen": TOWN}[name]
    for path in (f"/cases/places/all/{unit(foreign).id}", "/cases/places/all/999999",
                 f"/cases/places/nothing.such/{unit(TOWN).id}", f"/cases/?unit={unit(foreign).id}"):
        assert browser_of(name).open(path).status == 404, path


@pytest.fixture
def sign_in_alone(stage):
    """Return a function that signs somebody in anew: for those who switch their post."""
    def sign_in(name):
        browser = Browser(stage.test_client())
        browser.send("/accounts/sign-in", name=name, password=PASSWORD)
        return browser

    return sign_in
