"""A quarrel that came up elsewhere becomes a dispute, and a need that came up in a dispute goes elsewhere."""

import pytest

from plugins.mediation.models import Dispute
from portal.cases import timeline
from portal.cases.models import Case
from portal.cases.referral import refer
from portal.org import set_enabled
from tests.cases.making import matter
from tests.mediation.door import BROTHERS, committee, dispute_of, go, newest, register, step
from tests.people_of_the_county import PLUGINS, TOWN, person, unit

TEXT = "领补贴时两兄弟为三棵藤椒树吵了起来。"


@pytest.fixture
def taken(app):
    """A dispute that the station's window handed over; returns (source, dispute's case)."""
    source = matter()
    with app.test_request_context():
        return source, refer(source, "mediation.dispute", person("cun"), TEXT)


def test_a_quarrel_from_elsewhere_lies_with_the_village_and_both_lead_to_each_other(taken, sign_in):
    source, case = taken
    assert (case.title, case.unit.name) == ("王*兰：纠纷（华光村转来）", "华光村村民委员会")
    assert case.source_case_id == source.id and case.due and case.line_id == unit(("510722000000", "司法局")).id
    text = sign_in("tiaojie").open(f"/cases/{case.id}").text
    assert TEXT in text and source.number in text
    assert TEXT not in sign_in("cun").open(f"/cases/{source.id}").text
    assert case.number in sign_in("cun").open(f"/cases/{source.id}").text


def test_it_is_accepted_when_both_sides_are_known_and_the_facts_are_put_right(taken, sign_in):
    committee(sign_in("shuji"))
    _, case = taken
    browser = sign_in("tiaojie")
    step(browser, case, "accept", committee="1", willing="yes")
    assert browser.status == 422 and "还没有登记双方当事人" in browser.text
    dispute = dispute_of(case)
    browser.send(f"/mediation/disputes/{dispute.id}/parties", side="respondent", name="张建华", kind="person",
                 id_card=BROTHERS["b_id_card"])
    assert browser.status == 200 and "张建华" in browser.text
    browser.send(f"/mediation/disputes/{dispute.id}/edit", type="neighbours", subject="藤椒树", brief="三棵树没有算。")
    assert browser.status == 200
    assert Case.get_by_id(case.id).title == "王*兰与张*华：邻里纠纷（藤椒树）"
    assert f"/cases/{case.id}" in sign_in("shuji").open("/search?q=邻里纠纷").text, "it is found by its new title"
    assert timeline.entries(case)[-1].title == "更正登记" and timeline.broken_at(case.id) is None
    go(browser, case, "accept")
    assert browser.open(f"/mediation/disputes/{dispute.id}/edit").status == 404


def test_two_who_edit_at_once(taken, sign_in):
    _, case = taken
    first, second = sign_in("tiaojie"), sign_in("tiaojie")
    url = f"/mediation/disputes/{dispute_of(case).id}/edit"
    form = second.open(url).form(["subject"])
    first.send(url, type="land", subject="地界", brief="地界不清。")
    second.submit(form, url, type="land", subject="水沟", brief="水沟不通。")
    assert second.status == 409 and Dispute.get(Dispute.case == case.id).subject == "地界"


def test_where_the_town_lacks_mediation_it_goes_to_the_county(app, sign_in):
    with app.test_request_context():
        set_enabled(unit(TOWN), "mediation", False, None)
        case = refer(matter(), "mediation.dispute", person("cun"), TEXT)
    assert case.unit.name == "县司法局"
    assert TEXT in sign_in("sifaju").open(f"/cases/{case.id}").text
    assert sign_in("tiaojie").open(f"/cases/{case.id}").status == 404


def test_it_is_not_handed_back_to_a_town_that_lacks_mediation(app, sign_in):
    with app.test_request_context():
        set_enabled(unit(TOWN), "mediation", False, None)
        case = refer(matter(), "mediation.dispute", person("cun"), TEXT)
    county = sign_in("sifaju")
    step(county, case, "hand_down", text="请镇里调解。")
    assert Case.get_by_id(case.id).unit.name == "县司法局"
    assert "没有启用“矛盾调处”，由县司法局接着办" in county.text


def test_a_need_is_handed_on_and_the_dispute_goes_on(sign_in):
    committee(sign_in("shuji"))
    browser = sign_in("tiaojie")
    case = register(browser)
    step(browser, case, "refer", kind="station.request", text="老人想办高龄津贴，请联系。")
    assert browser.status == 200
    need = newest()
    assert need.kind == "station.request" and need.source_case_id == case.id
    assert Case.get_by_id(case.id).is_open and "藤椒" not in need.title


def test_without_another_platform_it_says_so(app, sign_in):
    browser = sign_in("tiaojie")
    case = register(browser)
    with app.app_context():
        for place in (unit(TOWN), unit("510722000000")):
            for other in set(PLUGINS) - {"mediation"}:
                set_enabled(place, other, False, None)
    browser = sign_in("tiaojie")
    step(browser, case, "refer", kind="none", text="请办。")
    assert browser.status == 422 and "这里没有平台能接收这件事" in browser.text and Case.select().count() == 1
