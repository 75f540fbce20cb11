"""签收: whoever is handed a case signs for it, in time, once, and by whatever it does first."""

import datetime

import pytest
import time_machine

from portal.cases import timeline
from portal.cases.checks import findings
from portal.cases.jobs import remind_unsigned
from portal.cases.models import Case
from portal.db import now
from portal.notify.models import Notice
from portal.org.models import OrgSetting
from tests.cases.making import matter, move, waiting
from tests.people_of_the_county import COUNTY, person, unit


def steps(case) -> list[str]:
    return [entry.step for entry in timeline.entries(case)]


def test_a_unit_that_is_handed_a_case_owes_its_signature_within_a_working_day(at_town, now_of):
    case = now_of(at_town)
    assert case.is_unsigned and now() < case.sign_due < now() + datetime.timedelta(days=12)


def test_a_window_does_not_sign_for_what_it_registers_itself(app):
    with app.test_request_context():
        assert not matter().is_unsigned


def test_the_desk_and_the_case_page_say_that_it_waits_for_a_signature(at_town, sign_in):
    town = sign_in("zhen")
    assert waiting(town.open("/cases/desk").text) == [at_town.id] and "待签收" in town.text
    assert "还没有签收，请在" in town.open(f"/cases/{at_town.id}").text


def test_signing_is_one_tap_and_stands_in_the_timeline(at_town, sign_in, now_of):
    town = sign_in("zhen")
    town.open(f"/cases/{at_town.id}")
    town.submit(town.form(action=f"/cases/{at_town.id}/sign"))
    assert town.status == 200 and "已签收" in town.text and "还没有签收" not in town.text
    case = now_of(at_town)
    assert case.signed and case.person.name == "zhen" and steps(case)[-1] == "sign"
    assert findings() == []


def test_signing_twice_is_signing_once(at_town, sign_in):
    town = sign_in("zhen")
    form = town.open(f"/cases/{at_town.id}").form(action=f"/cases/{at_town.id}/sign")
    town.submit(form)
    town.submit(form)
    assert steps(at_town).count("sign") == 1


def test_the_slower_of_two_who_sign_is_told_who_was_faster(at_town, sign_in):
    town, other = sign_in("zhen"), sign_in("zhener")
    one, two = (browser.open(f"/cases/{at_town.id}").form(action=f"/cases/{at_town.id}/sign")
                for browser in (town, other))
    town.submit(one)
    other.submit(two)
    assert other.status == 409 and "刘德明" in other.text


@pytest.mark.parametrize("act", [
    lambda browser, case: browser.send(f"/cases/{case.id}/notes", text="看过了，下午联系"),
    lambda browser, case: browser.send(
        f"/cases/{case.id}/assign", person=str(person("zhener").id), text="请核实"),
    lambda browser, case: browser.send(f"/cases/{case.id}/steps/forward_county", text="情况属实"),
], ids=["a note", "an assignment", "a step"])
def test_the_first_act_of_the_unit_is_its_signature(at_town, sign_in, act):
    act(sign_in("zhen"), at_town)
    last = timeline.entries(at_town)[-1]
    assert last.data["signed"] is True and "sign" not in steps(at_town)


def test_a_note_of_the_village_that_handed_it_over_is_no_signature(at_town, sign_in, now_of):
    sign_in("cun").send(f"/cases/{at_town.id}/notes", text="老人住院了，请快些")
    assert now_of(at_town).is_unsigned


def test_a_neighbour_town_does_not_find_it_and_the_village_cannot_sign(at_town, sign_in):
    assert sign_in("linzhen").post(f"/cases/{at_town.id}/sign").status == 404
    village = sign_in("cun")
    village.post(f"/cases/{at_town.id}/sign", version=str(at_town.version), follow=True)
    assert "请由他们办理" in village.text and Case.get_by_id(at_town.id).is_unsigned


def test_who_only_looks_on_may_not_sign(at_town, sign_in):
    assert sign_in("lingdao").post(f"/cases/{at_town.id}/sign").status == 403


def test_a_county_may_do_without_signatures(app):
    OrgSetting.create(unit=unit(COUNTY), name="cases.sign_days", value=0, by_name="测试")
    with app.test_request_context():
        assert not move(matter(), ("accept", "cun"), ("forward_town", "cun")).is_unsigned


def test_an_event_of_the_grid_signs_in_its_own_way_and_is_not_asked_twice(app, sign_in):
    kind = next(kind for kind in app.extensions["portal"].values("portal_cases") if kind.name == "grid.event")
    assert not kind.signs and kind.workflow.state("sent").title == "待签收"


def test_the_job_reminds_the_unit_and_those_above_once(app, at_town):
    later = at_town.sign_due.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
    with time_machine.travel(later + datetime.timedelta(hours=1), tick=False), app.test_request_context():
        assert remind_unsigned() == "提醒签收 1 件。"
        assert remind_unsigned() == "提醒签收 0 件。"
    told = list(Notice.select().where(Notice.topic == "cases.unsigned"))
    assert {"zhen", "zhener", "zongzhi"} <= {one.user.name for one in told}
    assert all(one.url == f"/cases/{at_town.id}" for one in told)


def test_what_was_handed_over_is_told_to_those_who_work_there(at_town):
    told = {one.user.name for one in Notice.select().where(Notice.topic == "cases.handed")}
    assert {"zhen", "zhener"} <= told and not {"cun", "linzhen", "zhenguan"} & told
