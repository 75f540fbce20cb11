"""举报 and the like: seen only by those who hold them, in no list, figure, search or tree of anybody else."""

import dataclasses

import pytest

from portal.cases.kinds import kinds
from portal.cases.models import Case
from tests.cases.making import chips, listed, matter, plain, waiting
from tests.people_of_the_county import COUNTY, TOWN, VILLAGE, unit

KIND = "station.request"


@pytest.fixture
def hidden(app, monkeypatch):
    """A restricted case of shuji beside an open one of cun, in a kind that says that it may hold such cases."""
    with app.test_request_context():
        plugin, kind = kinds() and app.extensions["portal_kinds"][KIND]
        monkeypatch.setitem(app.extensions["portal_kinds"], KIND, (plugin, dataclasses.replace(kind, restricted=True)))
        matter(VILLAGE, "cun")
        return plain(VILLAGE, "shuji", restricted=True, title="举报：村账目不清")


@pytest.mark.parametrize("name", ["cun", "wangge", "zhen", "zhener", "minzheng", "xian", "lingdao"])
def test_whoever_does_not_hold_it_sees_nothing_of_it(hidden, sign_in, name):
    browser = sign_in(name)
    for path in ("/cases/", "/cases/?lens=unit", "/cases/?lens=person", "/cases/?q=举报", "/station/", "/cases/desk",
                 "/cases/desk?part=others", "/search?q=举报", f"/search?q={hidden.number}", "/"):
        text = browser.open(path).text
        assert f"/cases/{hidden.id}" not in text and "账目" not in text, path
    assert chips(browser.open("/cases/").text)["全部"] == len(listed(browser.text)) <= 1
    assert browser.open(f"/cases/{hidden.id}").status == 404
    assert browser.open(f"/cases/{hidden.id}/notes").status in (403, 404)


def test_whoever_holds_it_works_on_it(hidden, sign_in):
    browser = sign_in("shuji")
    assert hidden.id in listed(browser.open("/cases/").text) and hidden.id in waiting(browser.open("/cases/desk").text)
    assert f"/cases/{hidden.id}" in browser.open("/search?q=举报").text
    browser.send(f"/cases/{hidden.id}/assign", person=str(Case.get_by_id(hidden.id).person_id), text="请核实")


def test_the_tree_counts_no_kind_that_may_be_restricted(hidden, sign_in):
    for name, above in (("zhen", TOWN), ("lingdao", COUNTY)):
        assert "tree-count" not in sign_in(name).open(f"/cases/places/all/{unit(above).id}").text


def test_who_is_given_it_sees_it_from_then_on(hidden, sign_in, cast):
    sign_in("shuji").send(f"/cases/{hidden.id}/assign", person=str(cast["wangge"]), text="请核实")
    assert hidden.id in listed(sign_in("wangge").open("/cases/").text)
    assert f"/cases/{hidden.id}" not in sign_in("cun").open("/cases/").text


def test_a_kind_that_is_open_to_all_readers_holds_no_restricted_case(app):
    """Its counters say how many cases there are, so a hidden one among them would not be hidden."""
    with app.test_request_context(), pytest.raises(ValueError):
        plain(VILLAGE, "shuji", restricted=True)
    assert Case.select().count() == 0
