"""提级: the superior takes over what stays late, the clock runs on, the former unit assists and is told."""

import pytest

from portal.cases import timeline
from portal.cases.checks import findings
from portal.cases.ledger import available, take
from portal.cases.supervision.escalation import escalate
from portal.cases.supervision.reach import superior_of
from portal.values import Conflict, Refused
from tests.cases.making import move, post
from tests.cases.supervision.late import again, fallen_due, full, issued, notices, steps
from tests.people_of_the_county import COUNTY, TOWN, person, unit


def test_a_late_case_goes_from_the_village_to_the_town_with_its_clock(app, sign_in, cast):
    with app.test_request_context():
        case = full(6)
    browser = sign_in("zhen")
    assert f"/cases/{case.id}/escalate" in browser.open(f"/cases/{case.id}").text
    browser.send(f"/cases/{case.id}/escalate", text="村里办不动")
    after = again(case)
    assert browser.status == 200 and "原责任单位华光村协助" in browser.text
    assert after.unit_id == unit(TOWN).id and after.person_id is None and after.due == case.due
    assert after.former_unit_id == case.unit_id and after.clock_start == case.clock_start
    entry = timeline.entries(after)[-1]
    assert entry.step == "escalate" and "村里办不动" in entry.text and entry.holder_id == after.unit_id
    assert notices(cast["cun"], "cases.escalation") and not after.is_unsigned
    with app.app_context():
        assert not [one.sentence for one in findings() if case.number in one.sentence]


def test_the_superior_can_do_what_the_former_unit_did_and_the_former_cannot(app, cast):
    with app.test_request_context():
        case = escalate(full(6, of="居民养老保险参保").id, person("zhen"), "提级")
        assert "settle" in [step.name for step in available(case, person("zhen"))]
        assert {step.by for step in available(again(case), person("cun"))} <= {"reach"}
        take("settle", case, person("zhen"), {"text": "好", "reply": "已办好", "reply_channel": "face"})
    assert notices(cast["cun"], "cases.escalation")[-1].title.startswith("提级办理的件有了结果")


def test_from_the_town_it_goes_to_the_department_of_the_line_whose_staff_may_act(app, cast):
    with app.test_request_context():
        case = fallen_due(move(full(6), ("accept", "cun"), ("forward_town", "cun")), 6)
        assert superior_of(case).name == "县民政局"
        case = escalate(case.id, person("lingdao"), "镇里办不动")
        assert case.unit_id == unit((COUNTY, "民政局")).id and case.is_unsigned
        told = notices(cast["minzheng"], "cases.handed")[-1].title
        assert told.startswith("提级到本单位，原由塔山镇便民服务中心办理") and case.number in told
        assert "send_back_village" in [step.name for step in available(case, person("minzheng"))]
        after = move(case, ("send_back_village", "minzheng"))
        assert after.former_unit_id is None and not [
            step for step in available(after, person("minzheng")) if step.by == "holder"]


def test_it_is_late_enough_or_under_an_order_or_it_stays(app, sign_in):
    with app.test_request_context():
        case = full(2)
    browser = sign_in("zhen")
    assert "/escalate" not in browser.open(f"/cases/{case.id}").text
    assert "超期 5 天以上的案件才能提级" in browser.open(f"/cases/{case.id}/escalate").text
    assert post(browser, f"/cases/{case.id}/escalate", text="提级", version="1").status == 422
    assert again(case).unit_id == case.unit_id
    issued(browser, case)
    browser.send(f"/cases/{case.id}/escalate", text="督办后提级")
    assert again(case).unit_id == unit(TOWN).id


@pytest.mark.parametrize("name, answered", [("linzhen", 404), ("cun", 403), ("shuji", 403), ("xitong", 403)])
def test_neighbours_and_the_village_itself_do_not_raise_it(app, sign_in, name, answered):
    with app.test_request_context():
        case = full(9)
    assert post(sign_in(name), f"/cases/{case.id}/escalate", text="提", version="1").status == answered
    assert again(case).unit_id == case.unit_id


def test_whoever_is_slower_is_told(app):
    with app.test_request_context():
        case = full(9)
        move(case, ("accept", "cun"))
        fallen_due(case, 9)
        with pytest.raises(Conflict):
            escalate(case.id, person("zhen"), "提级", version=case.version)
        assert steps(case)[-1] == "accept"


def test_where_nobody_can_act_it_is_not_raised(app):
    """The quiet county office: nobody with a post there could take a single step."""
    with app.test_request_context():
        case = fallen_due(move(full(9), ("accept", "cun"), ("forward_town", "cun")), 9)
        case.line_id = unit((COUNTY, "水利局")).id
        case.save()
        with pytest.raises(Refused, match="没有人能办"):
            escalate(case.id, person("lingdao"), "提级")
        assert again(case).unit_id == case.unit_id and again(case).former_unit_id is None
