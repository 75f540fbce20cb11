"""转交 and 退回: with a reason, before one has begun, counted; in the end the unit above decides, and that stays."""

import datetime

import pytest
import time_machine

from portal.accounts.models import Role
from portal.cases import timeline
from portal.cases.checks import findings
from portal.cases.handing import hand_over, send_back
from portal.cases.models import Case
from portal.db import now
from portal.notify.models import Notice
from portal.org.models import OrgSetting
from portal.values import Refused
from tests.cases.making import in_threads, matter, move
from tests.grid import door as grid
from tests.people_of_the_county import COUNTY, TOWN, VILLAGE, person, unit

OFFICES = {"zongzhi": (TOWN, "综治中心"), "sifasuo": (TOWN, "司法所"), "zhen": (TOWN, "便民服务中心")}


def to(browser, case, whom: str, text="按职责归贵单位"):
    return browser.send(f"/cases/{case.id}/hand-over", unit=str(unit(OFFICES[whom]).id), text=text)


def back(browser, case, text="不属于本单位职责"):
    return browser.send(f"/cases/{case.id}/send-back", text=text)


@pytest.fixture
def disputed(at_town, sign_in):
    """Sent back three times: the town must decide. Returns (case, browsers by name)."""
    people = {name: sign_in(name) for name in OFFICES}
    for _ in range(3):
        to(people["zhen"], at_town, "zongzhi")
        back(people["zongzhi"], at_town)
    return Case.get_by_id(at_town.id), people


def test_a_case_is_handed_to_an_office_beside_and_keeps_state_and_clock(at_town, sign_in, now_of):
    zhen = sign_in("zhen")
    to(zhen, at_town, "zongzhi")
    case = now_of(at_town)
    assert zhen.status == 200 and case.unit_id == unit(OFFICES["zongzhi"]).id and case.person_id is None
    assert (case.state, case.due) == (at_town.state, at_town.due) and case.is_unsigned
    assert timeline.entries(case)[-1].title.startswith("转交") and findings() == []


def test_only_units_are_offered_where_somebody_can_go_on_with_it(at_town, sign_in):
    offered = sign_in("zhen").open(f"/cases/{at_town.id}/hand-over").text
    assert "综治中心</option>" in offered and "司法所</option>" in offered
    assert "华光村村民委员会</option>" not in offered and "民政局</option>" not in offered


def test_a_unit_that_is_not_offered_is_refused_and_the_text_is_kept(at_town, sign_in, now_of):
    zhen = sign_in("zhen")
    zhen.send(f"/cases/{at_town.id}/hand-over", unit=str(unit(VILLAGE).id), text="请村里办")
    assert zhen.status == 422 and "请村里办" in zhen.text
    assert now_of(at_town).unit_id == at_town.unit_id


def test_a_unit_sends_back_what_is_not_its_business_with_the_reason_and_the_clock_goes_on(at_town, sign_in, now_of):
    zhen, zongzhi = sign_in("zhen"), sign_in("zongzhi")
    to(zhen, at_town, "zongzhi")
    assert back(zongzhi, at_town, "高龄津贴归民政办").status == 200
    case = now_of(at_town)
    assert (case.unit_id, case.returns, case.due) == (at_town.unit_id, 1, at_town.due)
    assert timeline.entries(case)[-1].text == "高龄津贴归民政办" and findings() == []
    assert Notice.select().where(Notice.title.contains("退回一件")).exists()
    assert "已退回 1 次" in zhen.open(f"/cases/{case.id}").text


def test_a_reason_is_asked_for_and_ten_thousand_characters_are_too_many(at_town, sign_in):
    to(sign_in("zhen"), at_town, "zongzhi")
    zongzhi = sign_in("zongzhi")
    assert back(zongzhi, at_town, "").status == 422
    assert back(zongzhi, at_town, "长" * 10_000).status == 422 and "长" * 10_000 in zongzhi.text


def test_who_has_begun_cannot_send_it_back(at_town, sign_in, now_of):
    to(sign_in("zhen"), at_town, "zongzhi")
    zongzhi = sign_in("zongzhi")
    week = (now() + datetime.timedelta(days=7)).date().isoformat()
    zongzhi.send(f"/cases/{at_town.id}/steps/suspend_town", procedure="公示", text="公示七天", until_expected=week)
    assert zongzhi.status == 200
    assert "现在不能退回" in zongzhi.open(f"/cases/{at_town.id}/send-back").text
    assert now_of(at_town).unit_id == unit(OFFICES["zongzhi"]).id


def test_signing_or_assigning_is_not_beginning(at_town, sign_in, now_of):
    to(sign_in("zhen"), at_town, "zongzhi")
    zongzhi = sign_in("zongzhi")
    zongzhi.open(f"/cases/{at_town.id}")
    zongzhi.submit(zongzhi.form(action=f"/cases/{at_town.id}/sign"))
    back(zongzhi, at_town)
    assert now_of(at_town).unit_id == at_town.unit_id


def test_after_the_days_of_the_county_it_cannot_be_sent_back(app, at_town, cast):
    with app.test_request_context():
        hand_over(at_town, person("zhen"), unit(OFFICES["zongzhi"]).id, "请办")
        with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=20), tick=False):
            with pytest.raises(Refused, match="退回的时限"):
                send_back(Case.get_by_id(at_town.id), person("zongzhi"), "不归我们")


def test_what_came_by_a_step_of_the_workflow_goes_back_by_a_step_of_the_workflow(at_town, sign_in):
    assert "现在不能退回" in sign_in("zhen").open(f"/cases/{at_town.id}/send-back").text


def test_who_was_handed_it_does_not_hand_it_back_as_if_it_were_new(at_town, sign_in):
    to(sign_in("zhen"), at_town, "zongzhi")
    zongzhi = sign_in("zongzhi")
    assert to(zongzhi, at_town, "zhen").status == 422 and "请用“退回”" in zongzhi.text


def test_after_two_returns_the_next_goes_to_the_unit_above_both(disputed):
    case, people = disputed
    assert (case.unit_id, case.returns, case.to_decide) == (unit(TOWN).id, 3, True)
    assert findings() == []
    page = people["sifasuo"].open(f"/cases/{case.id}").text
    assert "指定由谁承办" in page


def test_until_it_is_decided_nobody_takes_another_step(disputed):
    case, people = disputed
    people["sifasuo"].post(f"/cases/{case.id}/steps/forward_county", text="情况属实", version=str(case.version))
    assert "请先指定由谁承办" in people["sifasuo"].text and Case.get_by_id(case.id).state == "at_town"


def test_what_the_unit_above_decided_cannot_be_sent_back(app, disputed):
    case, people = disputed
    people["sifasuo"].send(f"/cases/{case.id}/decide", unit=str(unit(OFFICES["zongzhi"]).id), text="按三定方案")
    case = Case.get_by_id(case.id)
    assert case.unit_id == unit(OFFICES["zongzhi"]).id and case.decided_by_superior and not case.to_decide
    assert "上级已指定由" in people["zongzhi"].open(f"/cases/{case.id}").text
    with app.test_request_context(), pytest.raises(Refused, match="不能再退回"):
        send_back(case, person("zongzhi"), "还是不归我们")
    assert findings() == [] and timeline.entries(case)[-1].title.endswith("不能再退回")
    assert Notice.select().where(Notice.topic == "cases.returned", Notice.title.contains("已指定由司")).count() == 0
    told = {one.user.name for one in Notice.select().where(Notice.topic == "cases.returned")}
    assert "zhener" in told


def test_a_party_does_not_decide_for_itself_though_it_acts_for_the_town(disputed):
    case, people = disputed
    assert "现在不能指定承办" in people["zhen"].open(f"/cases/{case.id}/decide").text
    wanted = {"unit": str(unit(OFFICES["sifasuo"]).id), "text": "归司法所", "version": str(case.version)}
    people["zhen"].post(f"/cases/{case.id}/decide", **wanted)
    assert people["zhen"].status == 422 and "争议的一方" in people["zhen"].text


def test_where_every_office_of_the_town_is_a_party_the_county_decides(at_town, sign_in):
    people = {name: sign_in(name) for name in OFFICES}
    for whom in ("zongzhi", "sifasuo", "zongzhi"):
        to(people["zhen"], at_town, whom)
        back(people[whom], at_town)
    case = Case.get_by_id(at_town.id)
    assert case.to_decide and case.unit.town_id is None
    xian = sign_in("xian")
    xian.send(f"/cases/{case.id}/decide", unit=str(unit(OFFICES["sifasuo"]).id), text="按三定方案，由司法所办")
    case = Case.get_by_id(case.id)
    assert xian.status == 200 and case.unit_id == unit(OFFICES["sifasuo"]).id and findings() == []


def test_the_number_of_returns_is_the_countys(at_town, sign_in):
    OrgSetting.create(unit=unit(COUNTY), name="cases.most_returns", value=1, by_name="测试")
    people = {name: sign_in(name) for name in OFFICES}
    for whom in ("zongzhi", "zongzhi"):
        to(people["zhen"], at_town, whom)
        back(people[whom], at_town)
    assert Case.get_by_id(at_town.id).to_decide


def test_two_who_hand_it_over_at_once_make_one_handing_over(app, at_town):
    def job(whom):
        return lambda: hand_over(at_town, person("zhen"), unit(OFFICES[whom]).id, "请办", at_town.version)

    results = in_threads(app, job("zongzhi"), job("sifasuo"))
    assert sorted(type(one).__name__ for one in results) == ["Case", "Conflict"]
    assert [entry.step for entry in timeline.entries(at_town)].count("hand_over") == 1


def test_nobody_from_elsewhere_or_without_the_permission_gets_in(at_town, sign_in):
    for path in ("hand-over", "send-back", "decide"):
        assert sign_in("linzhen").open(f"/cases/{at_town.id}/{path}").status == 404
        assert sign_in("lingdao").open(f"/cases/{at_town.id}/{path}").status == 403
    assert sign_in("cun").open(f"/cases/{at_town.id}/send-back").status == 403


def test_where_nobody_holds_the_right_to_decide_it_stays_with_the_unit_that_has_it(at_town, sign_in):
    OrgSetting.create(unit=unit(COUNTY), name="cases.most_returns", value=1, by_name="测试")
    people = {name: sign_in(name) for name in OFFICES}
    to(people["zhen"], at_town, "zongzhi")
    back(people["zongzhi"], at_town)
    to(people["zhen"], at_town, "zongzhi")
    for role in Role.select():
        role.permissions = [name for name in role.permissions if name != "cases.hand_over"]
        role.save()
    back(people["zongzhi"], at_town)
    assert people["zongzhi"].status == 422 and "上级没有能指定承办单位的人" in people["zongzhi"].text
    assert Case.get_by_id(at_town.id).unit_id == unit(OFFICES["zongzhi"]).id


def test_what_the_grid_gave_back_too_often_may_only_be_appointed(sign_in):
    village, centre, office = sign_in("shuji"), sign_in("zongzhi"), sign_in("sifasuo")
    case = grid.report(sign_in("wangge"))
    wanted = str(unit(OFFICES["sifasuo"]).id)
    grid.step(village, case, "accept")
    grid.step(village, case, "to_town", text="村里没有设备")
    grid.step(centre, case, "sign")
    grid.step(centre, case, "assign", target=wanted, text="请办理")
    for _ in range(2):
        grid.step(office, case, "decline", text="护栏不归司法所")
        grid.step(centre, case, "reassign", target=wanted, text="请再核对")
    grid.step(office, case, "decline", text="护栏不归司法所")
    case = Case.get_by_id(case.id)
    assert (case.state, case.returns, case.to_decide) == ("disputed", 3, True)
    page = centre.open(f"/cases/{case.id}").text
    assert "/steps/reassign" not in page and "/steps/appoint" in page
    grid.step(centre, case, "appoint", target=wanted, text="会商由司法所牵头")
    case = Case.get_by_id(case.id)
    assert case.decided_by_superior and not case.to_decide and findings() == []
    assert "/steps/decline" not in office.open(f"/cases/{case.id}").text


def test_a_new_case_cannot_be_sent_back(app, cast):
    with app.test_request_context():
        case = matter()
        with pytest.raises(Refused, match="不能退回"):
            send_back(case, person("cun"), "不归我们")
        move(case, ("accept", "cun"))
