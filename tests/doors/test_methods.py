"""Wrong methods, sessions that are over, and what stands hidden in forms."""

import contextvars
import datetime

import pytest
import time_machine

from plugins.station.models import ItemMaterial, RequestMaterial, ServiceItem
from portal.accounts.models import Session
from portal.cases.models import Case
from portal.db import now
from tests.cases.making import id_card, matter, move, post
from tests.doors.world import address, fingerprint, has_chinese, permission_of, read, routes
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, PASSWORD, TOWN, person, unit
from tests.station.door import item, must_have, request_of, state

METHODS = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "XYZ")


def ask(browser, method: str, url: str):
    browser.response = contextvars.Context().run(browser.client.open, url, method=method)
    return browser


def tamper(browser, path: str, **fields):
    """Send the form of a step with whatever somebody writes into it who does not keep to its fields."""
    form = browser.open(path).form((), path)
    return browser.submit(form, path, **fields)


def test_a_wrong_method_is_a_calm_405_for_those_who_are_in(world, stage, browser_of):
    before = fingerprint(stage, ("audit_entry", "accounts_session"))
    for rule in stage.url_map.iter_rules():
        browser, url = browser_of("zhen"), address(rule, world.ids)
        for method in ("GET", *METHODS):
            if method in rule.methods or method == "OPTIONS" and permission_of(stage, rule) == "public":
                continue
            ask(browser, method, url)
            if browser.status == 200 and method in ("GET", "OPTIONS"):
                continue  # another rule answers this address by this method
            assert browser.status in (405, 404, 403, 400), (method, url, browser.status)
            page = read(browser.text)
            assert page.h1 == 1 and has_chinese(page.title) and "Method" not in browser.text, (method, url)
    assert fingerprint(stage, ("audit_entry", "accounts_session")) == before


def test_a_wrong_method_leads_strangers_to_the_door(world, stage, visitor_of):
    for rule in stage.url_map.iter_rules():
        if permission_of(stage, rule) == "public":
            continue
        for method in METHODS:
            visitor = ask(visitor_of(), method, address(rule, world.ids))
            assert visitor.status in (302, 401), (method, rule.rule, visitor.status)


def test_a_405_says_which_methods_there_are_and_needs_no_database(world, browser_of):
    browser = ask(browser_of("zhen"), "DELETE", "/cases/")
    assert browser.status == 405 and "GET" in browser.response.headers["Allow"]
    assert "no-store" in browser.response.headers["Cache-Control"]


# -- sessions that are over ------------------------------------------------------------------------------------------

def test_when_the_session_is_over_every_page_leads_to_the_door_and_back(world, stage, sign_in_new):
    browser = sign_in_new("zhen")
    addresses = [
        address(rule, world.ids) for rule in routes(stage, "GET")
        if permission_of(stage, rule) == "signed_in" or person("zhen").may(permission_of(stage, rule))
    ]
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=11)
    with time_machine.travel(later, tick=False):
        for url in addresses:
            browser.open(url + "?q=津贴&x=1", follow=False)
            assert browser.status == 302, url
            assert browser.response.location.startswith("/accounts/sign-in?next=/"), url
        for url in addresses[::8]:
            form = browser.open(url + "?q=%E6%B4%A5%E8%B4%B4").form(["password"])
            assert form.fields["next"].startswith(url), url
            browser.submit(form, url, name="zhen", password=PASSWORD, follow=False)
            assert browser.response.location.startswith(url), url
            post(browser, "/accounts/sign-out")
            del browser.token


def test_what_is_sent_after_the_session_is_over_is_not_carried_out(world, stage, sign_in_new):
    browser = sign_in_new("zhen")
    case = world.cases["at_town"]
    path = f"/cases/{case}/steps/send_back_village"
    form = browser.open(path).form(["text"])
    Session.update(ended=now()).execute()
    browser.submit(form, path, text="退回", follow=False)
    assert browser.status == 401 and Case.get_by_id(case).state == "at_town"
    assert "登录已过期" in browser.text and f"/accounts/sign-in?next={path}" in browser.text


@pytest.fixture
def sign_in_new(stage, visitor_of):
    def sign_in(name):
        browser = visitor_of()
        browser.send("/accounts/sign-in", name=name, password=PASSWORD)
        return browser

    return sign_in


# -- what stands hidden in forms -------------------------------------------------------------------------------------

RECEIVE = {"name": "王秀兰", "phone": ""}


@pytest.mark.parametrize("code", [NEXT_VILLAGE, OTHER_TOWN, TOWN, "510722000000"])
def test_a_village_window_receives_for_no_other_unit(app, sign_in, code):
    browser, wanted = sign_in("cun"), item()
    browser.send(f"/station/receive/{wanted.id}", **RECEIVE, id_card=id_card(), unit_id=str(unit(code).id),
                 received=must_have(wanted))
    assert browser.status == 422 and "辖区内" in browser.text and Case.select().count() == 0


def test_a_town_hall_receives_for_no_village_of_another_town(app, sign_in):
    browser, wanted = sign_in("zhen"), item()
    browser.send(f"/station/receive/{wanted.id}", **RECEIVE, id_card=id_card(),
                 unit_id=str(unit(OTHER_TOWN + "/village").id), received=must_have(wanted))
    assert browser.status == 422 and Case.select().count() == 0


def test_materials_of_another_item_are_refused(app, sign_in):
    browser, wanted, other = sign_in("cun"), item(), item("最低生活保障")
    foreign = str(ItemMaterial.get(ItemMaterial.item == other).id)
    browser.send(f"/station/receive/{wanted.id}", **RECEIVE, id_card=id_card(), received=[*must_have(wanted), foreign])
    assert browser.status == 422 and "从列表中选择" in browser.text and Case.select().count() == 0


def test_an_item_of_another_county_or_one_that_is_closed_is_not_received(app, sign_in):
    wanted = item()
    browser = sign_in("cun")
    form = browser.open(f"/station/receive/{wanted.id}").form(["id_card"])
    ServiceItem.update(active=False).where(ServiceItem.id == wanted.id).execute()
    form.action = f"/station/receive/{wanted.id}"
    browser.submit(form, **RECEIVE, id_card=id_card(), received=must_have(wanted))
    assert browser.status == 422 and "现在不受理" in browser.text and Case.select().count() == 0
    ServiceItem.update(county_id=999).where(ServiceItem.id == wanted.id).execute()
    browser.submit(form, **RECEIVE, id_card=id_card())
    assert browser.status == 404


@pytest.mark.parametrize("name, field, steps", [
    ("correct", "missing", ()), ("accept", "later", ()), ("supplement", "received", (("correct", "cun"),)),
])
def test_materials_of_another_case_in_a_step_are_refused(app, sign_in, name, field, steps):
    with app.test_request_context():
        case, other = move(matter(complete=False), *steps), matter(complete=False)
    foreign = str(request_of(other).materials.get().id)
    before = state(case)
    browser = sign_in("cun")
    path = f"/cases/{case.id}/steps/{name}"
    tamper(browser, path, **{field: [foreign], "text": "请补正", "owed_until": str(now().date())})
    assert browser.status == 422 and state(case) == before
    assert RequestMaterial.get_by_id(int(foreign)).state == "missing"


def test_the_step_of_another_case_is_not_taken_by_a_form_that_names_it(app, sign_in):
    """The form goes to its own address: an id in its body says nothing."""
    with app.test_request_context():
        own, other = matter(), matter(NEXT_VILLAGE, "lincun")
    browser = sign_in("cun")
    path = f"/cases/{own.id}/steps/withdraw"
    tamper(browser, path, text="不办了", case_id=str(other.id), case=str(other.id), id=str(other.id))
    assert state(own) == "withdrawn" and state(other) == "received"
    form = browser.open(f"/cases/{own.id}/notes").form(["text"])
    form.action = f"/cases/{other.id}/notes"
    assert browser.submit(form, text="x").status == 404


@pytest.mark.parametrize("extra", [
    {"state": "archived"}, {"unit_id": "1"}, {"due": "2030-01-01"}, {"restricted": "1"}, {"county_id": "1"},
    {"rating": "5"}, {"person": "1"}, {"version": "99"}, {"version": ""}, {"version": "abc"}, {"version": "-5"},
    {"at": "2020-01-01"}, {"pause_reason": "x"}, {"granted": "yes"}, {"phase": "closed"},
])
def test_fields_that_the_form_does_not_have_are_ignored_and_a_wrong_version_is_a_conflict(app, sign_in, extra):
    with app.test_request_context():
        case = matter()
    browser = sign_in("cun")
    path = f"/cases/{case.id}/steps/accept"
    tamper(browser, path, **{"text": "", **extra})
    found = Case.get_by_id(case.id)
    if "version" in extra:
        assert browser.status == 409 and found.state == "received"
        return
    assert (found.state, found.unit_id, found.restricted, found.rating) == ("accepted", case.unit_id, False, None)
    assert found.due.year < 2030 and found.person_id == case.person_id and found.county_id == case.county_id


def test_the_key_of_a_form_of_somebody_else_leads_nowhere(app, sign_in):
    """Who sends the key of another's form does not see where that led, and their own form is carried out."""
    with app.test_request_context():
        one, other = matter(), matter(NEXT_VILLAGE, "lincun")
    cun, lincun = sign_in("cun"), sign_in("lincun")
    path = f"/cases/{one.id}/notes"
    form = cun.open(path).form(["text"])
    form.action = path
    cun.submit(form, text="一")
    theirs = lincun.open(f"/cases/{other.id}/notes").form(["text"])
    theirs.action, theirs.fields["_key"] = f"/cases/{other.id}/notes", form.fields["_key"]
    lincun.submit(theirs, text="二")
    assert lincun.status == 200 and f"/cases/{one.id}" not in lincun.text and "二" in lincun.text
