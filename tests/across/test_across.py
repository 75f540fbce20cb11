"""The four platforms on one ledger: a matter goes from one to the other, and one page shows them all together."""

import re

import pytest

from portal.cases import timeline
from portal.cases.assign import note
from portal.cases.ledger import take
from portal.cases.models import Case
from portal.org import set_enabled
from portal.org.settings import find, save_setting
from tests.cases.making import in_threads
from tests.grid.door import report
from tests.grid.door import step as grid_step
from tests.mediation.door import committee
from tests.mediation.door import step as dispute_step
from tests.people_of_the_county import PLUGINS, TOWN, VILLAGE, person, unit
from tests.station.door import receive
from tests.village_rules.door import begin

QUARREL = {"category": "quarrel", "text": "两家为三棵藤椒树吵起来了", "channel": "public", "name": "张建国"}


@pytest.fixture
def quarrel(sign_in):
    """An event that wangge found on patrol and the village handed to mediation; returns (event, dispute)."""
    event, village = report(sign_in("wangge"), **QUARREL), sign_in("shuji")
    grid_step(village, event, "refer", kind="mediation.dispute", text="村里说不下来，请调解")
    assert village.status == 200, village.text
    return Case.get_by_id(event.id), Case.select().where(Case.source_case == event.id).get()


def test_a_quarrel_found_on_patrol_becomes_a_dispute_and_both_lead_to_each_other(quarrel, sign_in):
    event, dispute = quarrel
    assert dispute.kind == "mediation.dispute" and dispute.unit_id == unit(VILLAGE).id
    assert (event.state, event.is_open) == ("referred", False) and event.replied or event.no_reply_because
    assert f'href="/cases/{dispute.id}"' in sign_in("shuji").open(f"/cases/{event.id}").text
    assert f'href="/cases/{event.id}"' in sign_in("shuji").open(f"/cases/{dispute.id}").text
    assert event.number in sign_in("tiaojie").open(f"/cases/{dispute.id}").text, "mediators do not read the grids"


def test_whoever_handed_it_over_learns_that_it_is_settled_and_not_what_was_said(quarrel, sign_in):
    event, dispute = quarrel
    committee(sign_in("shuji"))
    browser = sign_in("tiaojie")
    dispute_step(browser, dispute, "withdraw", text="两家自己和好了")
    if Case.get_by_id(dispute.id).is_open:
        pytest.fail(browser.text)
    page = sign_in("wangge").open(f"/cases/{event.id}").text
    assert "转出的件有了结果" in page and dispute.number in page and "两家自己和好了" not in page


def test_notes_beside_the_source_and_the_end_of_what_it_became_do_not_meet(quarrel, app):
    event, dispute = quarrel
    worker, mediator = person("shuji"), person("tiaojie")
    jobs = [lambda: note(event, worker, "又去看了一次") for _ in range(4)]
    results = in_threads(app, *jobs, lambda: take("withdraw", dispute, mediator, {"text": "两家自己和好了"}))
    assert not [result for result in results if isinstance(result, Exception)], results
    assert timeline.broken_at(event.id) is None
    assert {"转出的件有了结果", "备注"} <= {entry.title for entry in timeline.entries(event)}


def test_where_the_town_has_no_mediation_the_county_takes_it(app, sign_in):
    with app.test_request_context():
        set_enabled(unit(TOWN), "mediation", False, None)
    event, village = report(sign_in("wangge"), **QUARREL), sign_in("shuji")
    grid_step(village, event, "refer", kind="mediation.dispute", text="村里说不下来")
    dispute = Case.select().where(Case.source_case == event.id).get()
    assert dispute.unit_id == unit(("510722000000", "司法局")).id and dispute.village_id == unit(VILLAGE).id
    assert sign_in("sifaju").open(f"/cases/{dispute.id}").status == 200
    page = village.open(f"/cases/{event.id}").text
    assert dispute.number in page and f'href="/cases/{dispute.id}"' not in page, "the town cannot open it"
    assert sign_in("tiaojie").open(f"/cases/{dispute.id}").status == 404


def test_the_county_sets_who_takes_it(app, sign_in):
    with app.test_request_context():
        set_enabled(unit(TOWN), "mediation", False, None)
        other = unit(("510722000000", "信访局"))
        save_setting(find("mediation.in_charge"), unit(TOWN).county_id, other.id, person("xitong"))
    event = report(sign_in("wangge"), **QUARREL)
    grid_step(sign_in("shuji"), event, "refer", kind="mediation.dispute", text="村里说不下来")
    assert Case.select().where(Case.source_case == event.id).get().unit_id == other.id


def test_where_nobody_takes_it_the_step_says_so_and_nothing_is_lost(app, sign_in):
    with app.test_request_context():
        for code in (TOWN, "510722000000"):
            set_enabled(unit(code), "mediation", False, None)
    event, village = report(sign_in("wangge"), **QUARREL), sign_in("shuji")
    grid_step(village, event, "refer", kind="mediation.dispute", text="村里说不下来")
    assert village.status == 422 and "村里说不下来" in village.text
    assert Case.get_by_id(event.id).is_open and not Case.select().where(Case.source_case == event.id).exists()


@pytest.fixture
def one_of_each(sign_in, quarrel):
    """A case of each platform in 华光村; returns the kinds."""
    receive(sign_in("cun"))
    begin(sign_in("shuji"))
    return {case.kind for case in Case.select()}


def test_list_workbench_search_and_desk_show_all_four_together_and_each_alone(one_of_each, sign_in):
    assert {kind.split(".")[0] for kind in one_of_each} == set(PLUGINS)
    browser = sign_in("shuji")
    everything = rows(browser, "/cases/")
    assert len(everything) == Case.select().count()
    alone = {path: rows(browser, path) for path in ("/station/", "/grid/events", "/mediation/", "/village_rules/")}
    assert all(alone.values()) and sum(map(len, alone.values())) == len(everything)
    text = browser.open("/").text
    for title in ("便民服务站", "网格管理", "矛盾调处", "村民自治"):
        assert title in text, title
    numbers = [case.number for case in Case.select()]
    assert all(number in browser.open(f"/search?q={number}").text for number in numbers)


def rows(browser, path: str) -> list[str]:
    page = browser.open(path)
    assert page.status == 200, path
    return re.findall(r'<a class="row-title" href="(/cases/\d+)"', page.text)


@pytest.mark.parametrize("slug", PLUGINS)
def test_a_town_with_one_platform_alone_works(app, sign_in, slug):
    with app.test_request_context():
        for other in PLUGINS:
            set_enabled(unit(TOWN), other, other == slug, None)
    browser = sign_in("shuji")
    assert browser.open("/").status == 200 and browser.open("/cases/").status == 200
    assert [other for other in PLUGINS if f'href="/{other}/' in browser.open("/").text] == [slug]


