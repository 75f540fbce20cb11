"""Each gate of the People's Mediation Law is violated once, and each senseless input gets its sentence."""

import datetime

import pytest

from plugins.mediation.models import Agreement, Committee, CourtConfirmation, Mediator, Naming, TakenNumber
from plugins.mediation.offices import above
from portal.cases.models import Case
from portal.db import now, today
from portal.people.models import Resident
from tests.mediation.door import (
    TO_MEDIATING,
    TO_PERFORMING,
    committee,
    dispute_of,
    go,
    mediators,
    minute,
    newest,
    parties_of,
    register,
    said,
    state,
    step,
)

YESTERDAY = str(datetime.date.today() - datetime.timedelta(days=1))


@pytest.fixture
def office(sign_in):
    """The mediator's browser in a village that has a committee."""
    committee(sign_in("shuji"))
    return sign_in("tiaojie")


def refused(browser, case, name, sentence, **fields):
    """Take the step with these fields and expect the sentence, nothing moved."""
    before = Case.get_by_id(case.id)
    step(browser, case, name, **{**said(case, name), **fields})
    assert browser.status == 422 and sentence in browser.text, browser.text
    assert Case.get_by_id(case.id).version == before.version


def without(browser, case, name, sentence, *left_out):
    fields = {key: value for key, value in said(case, name).items() if key not in left_out}
    step(browser, case, name, **fields)
    assert browser.status == 422 and sentence in browser.text, browser.text


def test_a_party_that_clearly_refuses_stops_it(office):
    case = register(office)
    refused(office, case, "accept", "一方当事人明确拒绝调解的，不得调解", willing="no")
    go(office, case, "stop")
    stopped = Case.get_by_id(case.id)
    assert stopped.state == "stopped" and stopped.replied and dispute_of(case).routes == [
        "arbitration", "administration", "court"]


def test_without_a_committee_nothing_is_accepted(sign_in):
    village = sign_in("tiaojie")
    case = register(village)
    step(village, case, "accept", willing="yes", committee="0")
    assert village.status == 422 and "这里还没有人民调解委员会" in village.text and state(case) == "registered"


def test_a_mediator_who_is_a_party_may_not_mediate(office):
    case = register(office, a_name="唐世容", a_id_card="")
    go(office, case, "accept")
    refused(office, case, "name", "调解员唐世容和当事人同名")
    go(office, case, "name", mediators=mediators("谢朝富"))


def test_a_mediator_who_is_known_to_be_a_party_is_refused_by_name(office):
    case = register(office, a_name="唐世容", a_id_card="510722197508082026")
    Mediator.update(resident=Resident.get(Resident.name == "唐世容")).where(Mediator.name == "唐世容").execute()
    go(office, case, "accept")
    refused(office, case, "name", "唐世容是本案当事人，不能调解自己的纠纷")


def test_others_are_invited_only_with_the_consent_of_the_parties(office):
    case = register(office)
    go(office, case, "accept")
    refused(office, case, "name", "必须征得双方当事人同意", invited="村小组长")
    go(office, case, "name", invited="村小组长", consent="y")
    assert dispute_of(case).invited == "村小组长"


def test_no_round_before_the_rights_were_told(office):
    case = register(office)
    go(office, case, "accept", "name")
    without(office, case, "tell_rights", "还没有告知双方的权利和义务", "told")
    assert state(case) == "named"
    office.open(f"/cases/{case.id}/steps/round")
    assert "现在不能“记一次调解”" in office.text and state(case) == "named"


def test_a_round_is_not_earlier_than_the_telling_nor_in_the_future(office):
    case = register(office)
    go(office, case, *TO_MEDIATING)
    refused(office, case, "round", "调解不能早于告知", round_at=minute(now() - datetime.timedelta(hours=3)))
    refused(office, case, "round", "时间不能晚于现在", round_at=minute(now() + datetime.timedelta(hours=3)))


@pytest.mark.parametrize("left_out, sentence", [
    ("parties_signed", "双方当事人还没有签名"), ("mediator_signed", "人民调解员还没有签名"),
    ("seal", "还没有加盖人民调解委员会印章"),
])
def test_a_written_agreement_needs_all_signatures_and_the_seal(office, left_out, sentence):
    case = register(office)
    go(office, case, *TO_MEDIATING, "round")
    without(office, case, "agree", sentence, left_out)
    assert state(case) == "mediating" and Agreement.select().count() == 0


def test_an_agreement_needs_a_round_before_it(office):
    case = register(office)
    go(office, case, *TO_MEDIATING)
    refused(office, case, "agree", "还没有调解记录")
    refused(office, case, "fail", "还没有调解记录")


def test_an_agreement_is_not_dated_before_the_dispute_before_its_acceptance_or_in_the_future(office):
    case = register(office, happened_on=YESTERDAY)
    go(office, case, *TO_MEDIATING, "round")
    refused(office, case, "agree", "协议日期早于纠纷发生的日期", made_on="2026-01-01")
    refused(office, case, "agree", "协议日期早于受理的日期", made_on=YESTERDAY)
    refused(office, case, "agree", "达成协议的日期不能晚于今天", made_on=str(today() + datetime.timedelta(days=1)))
    refused(office, case, "agree", "履行期限不能早于", until=YESTERDAY)


def test_a_committee_without_a_seal_makes_no_written_agreement(sign_in):
    committee(sign_in("shuji"))
    Committee.update(sealed=False).execute()
    office = sign_in("tiaojie")
    case = register(office)
    go(office, case, *TO_MEDIATING, "round")
    refused(office, case, "agree", "没有印章的人民调解委员会")
    go(office, case, "agree_orally")
    assert Agreement.get().form == "oral"


def test_failing_must_tell_the_ways_that_are_left(office):
    case = register(office)
    go(office, case, *TO_MEDIATING, "round")
    without(office, case, "fail", "请勾选已经告知双方的途径", "routes")
    without(office, case, "fail", "告诉双方当事人的话", "reply")
    go(office, case, "fail")
    assert state(case) == "failed" and Case.get_by_id(case.id).replied


def test_it_does_not_close_without_a_follow_up(office):
    case = register(office)
    go(office, case, *TO_PERFORMING, "perform")
    refused(office, case, "close", "还没有回访，不能结案")
    go(office, case, "follow_up", risk="again", measures="请组长多看着")
    refused(office, case, "close", "有反复或激化的隐患")
    go(office, case, "follow_up", "close")


def test_a_follow_up_with_a_danger_needs_measures(office):
    case = register(office)
    go(office, case, *TO_PERFORMING, "perform")
    refused(office, case, "follow_up", "请写明采取了什么措施", risk="again")


def test_the_court_is_asked_jointly_in_time_and_not_about_status(office):
    case = register(office)
    go(office, case, *TO_PERFORMING)
    without(office, case, "ask_court", "须由双方当事人共同申请", "jointly")
    without(office, case, "ask_court", "身份关系、收养关系、婚姻关系", "no_status")
    refused(office, case, "ask_court", "申请不能早于这一天", asked_on=YESTERDAY)
    early = today() - datetime.timedelta(days=40)
    Agreement.update(effective_on=early, made_on=early).execute()
    refused(office, case, "ask_court", "须在三十日内")
    Agreement.update(effective_on=today(), made_on=today()).execute()
    go(office, case, "ask_court", "court_result")
    assert CourtConfirmation.get().result == "confirmed"


def test_danger_marks_the_dispute_and_says_who_was_told(office):
    case = register(office)
    go(office, case, "alarm")
    dispute = dispute_of(case)
    assert (dispute.risk, dispute.reported_to) == ("high", "塔山派出所")
    assert "高风险：请党小组长看着" in office.open(f"/cases/{case.id}").text


def test_a_party_appears_once(office):
    register_twice = {"b_name": "张建国", "b_id_card": "510722196003071212"}
    office.send("/mediation/register", **{**FILLED, **register_twice})
    assert office.status == 422 and "张建国已经是本案当事人，一方不能出现两次" in office.text
    assert 'href="#b_id_card"' in office.text and newest() is None and Resident.select().count() == 0
    office.send("/mediation/register", **{**FILLED, "a_id_card": "", "b_name": "张建国", "b_id_card": ""})
    assert office.status == 422 and "请把两人的身份证号都填上" in office.text
    case = register(office)
    dispute = dispute_of(case)
    office.send(f"/mediation/disputes/{dispute.id}/parties", side="third", name="张建国", id_card="510722196003071212")
    assert office.status == 422 and "一方不能出现两次" in office.text and len(parties_of(case)) == 2


def test_two_people_of_one_name_are_two_when_their_numbers_say_so(office):
    case = register(office, a_id_card="510722196003071212", b_name="张建国", b_id_card="510722196405121235")
    assert [party.resident.name for party in parties_of(case)] == ["张建国", "张建国"]


def test_an_organisation_may_be_a_party(office):
    case = register(office, b_kind="organisation", b_name="塔山砂石厂", b_id_card="",
                    b_credit_code="91110000600037341L")
    assert case.title == "张*国与某单位：邻里纠纷（土地互换）"
    office.send("/mediation/register", **{**FILLED, "b_kind": "organisation", "b_credit_code": "123"})
    assert office.status == 422 and "统一社会信用代码应为 18 位" in office.text


def test_the_subject_names_nobody(office):
    office.send("/mediation/register", **{**FILLED, "subject": "张建华占树"})
    assert office.status == 422 and "请不要写当事人的姓名" in office.text and newest() is None


def test_a_day_to_come_is_no_day_of_a_quarrel(office):
    office.send("/mediation/register", **{**FILLED, "happened_on": str(today() + datetime.timedelta(days=2))})
    assert office.status == 422 and "日期不能晚于今天" in office.text


def test_numbers_of_the_register_have_no_gap_and_void_ones_stay(office, sign_in):
    committee(sign_in("zongzhi"), "510722104000", "塔山镇人民调解委员会", kind="town")
    for _ in range(2):
        go(office, register(office, a_id_card="", b_id_card=""), "accept")
    case = newest()
    hand_up(office, case)
    go(office, register(office, a_id_card="", b_id_card=""), "accept")
    found = [(one.number, bool(one.void_at)) for one in TakenNumber.select().order_by(TakenNumber.number)]
    assert found == [(1, False), (2, True), (3, False)]


def hand_up(browser, case, difficulty="complex"):
    """Hand the case up to the first office that its form offers."""
    url = f"/cases/{case.id}/steps/hand_up"
    form = browser.open(url).form(["to", "difficulty"])
    to = str(above(Case.get_by_id(case.id))[0].id)
    form.fields |= {"to": to, "difficulty": difficulty, "text": "牵涉三个组，村里调不下来。"}
    browser.submit(form, url)
    assert browser.status == 200, browser.text
    return Case.get_by_id(case.id)


def test_a_hard_dispute_goes_up_to_the_town_and_the_county_and_back(office, sign_in):
    town, county = sign_in("zongzhi"), sign_in("sifaju")
    committee(town, "510722104000", "塔山镇人民调解委员会", kind="town")
    case = register(office)
    go(office, case, *TO_MEDIATING, "round")
    case = hand_up(office, case)
    assert (case.state, case.unit.name, case.person_id) == ("registered", "塔山镇综治中心", None)
    assert dispute_of(case).named == [] and not Naming.select().where(Naming.until.is_null()).exists()
    assert "换地建房" in town.open(f"/cases/{case.id}").text, "who takes it over reads it"
    go(town, case, "accept")
    assert dispute_of(case).number == "（2026）塔山镇人调字第 1 号"
    case = hand_up(town, case, "hard")
    assert case.unit.name == "县司法局"
    go(county, case, "hand_down")
    assert Case.get_by_id(case.id).unit.name == "塔山镇综治中心"
    go(town, case, "hand_down")
    assert Case.get_by_id(case.id).unit.name == "华光村村民委员会" and state(case) == "registered"


FILLED = {
    "a_name": "张建国", "a_id_card": "510722196003071212", "b_name": "张建华", "b_id_card": "510722196405121235",
    "channel": "found", "type": "neighbours", "subject": "土地互换", "happened_on": "2026-03-01", "people": "2",
    "brief": "换地建房时三棵藤椒树没有算进去。",
}
