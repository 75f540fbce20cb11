"""Dates remind and say what they are; where the law sets none, the page says that too."""

import datetime

import pytest

from plugins.mediation.models import Agreement
from portal import calendar
from portal.cases.models import Case
from portal.db import today
from portal.org.models import OrgSetting
from tests.mediation.door import TO_MEDIATING, TO_PERFORMING, committee, go, register, state, step
from tests.people_of_the_county import COUNTY, unit


@pytest.fixture
def office(app, sign_in):
    with app.app_context():
        calendar.portal_demo(lambda *said: None)  # a period may end in a year that is not official yet
    committee(sign_in("shuji"))
    return sign_in("tiaojie")


def limit(case) -> tuple:
    found = Case.get_by_id(case.id)
    return found.limit_amount, found.limit_unit


@pytest.mark.parametrize("kind, wanted, words", [
    ("neighbours", (1, "month"), "参考期限，不是法定期限"), ("medical", (30, "workday"), "医疗纠纷预防和处理条例"),
    ("labour", (15, "day"), "劳动争议调解仲裁法"),
])
def test_the_period_of_each_type_and_what_it_is(office, kind, wanted, words):
    case = register(office, type=kind)
    assert limit(case) == (3, "workday") and "受理后起算" in office.open(f"/cases/{case.id}").text
    go(office, case, "accept")
    assert limit(case) == wanted and words in office.open(f"/cases/{case.id}").text


def test_a_county_sets_its_own_and_what_was_said_stays(office):
    case = go(office, register(office), "accept")
    OrgSetting.create(unit=unit(COUNTY), name="mediation.ordinary", value=2)
    later = go(office, register(office, a_id_card="", b_id_card=""), "accept")
    assert limit(case) == (1, "month") and limit(later) == (2, "month")
    assert "一般 1 个月" in office.open(f"/cases/{case.id}").text


def test_both_may_agree_to_go_on(office):
    case = go(office, register(office), *TO_MEDIATING)
    day = today() + datetime.timedelta(days=50)
    step(office, case, "prolong", until=str(today()), text="双方愿意继续")
    assert office.status == 422 and "新的期限要晚于今天" in office.text
    step(office, case, "prolong", until=str(day), text="双方愿意继续")
    assert Case.get_by_id(case.id).due.date() == day and state(case) == "mediating"


def test_performance_is_due_on_the_day_that_they_agreed_on_be_it_a_holiday(office):
    case = go(office, register(office), *TO_MEDIATING, "round")
    day = today() + datetime.timedelta(days=9)
    go(office, case, "agree", until=str(day))
    assert Case.get_by_id(case.id).due.date() == day
    later = day + datetime.timedelta(days=3)
    step(office, case, "defer", until=str(later), text="秋收以后再付")
    assert Case.get_by_id(case.id).due.date() == later == Agreement.get().until


def test_the_follow_up_has_its_reminder(office):
    case = go(office, register(office), *TO_PERFORMING, "press", "perform")
    assert limit(case) == (30, "day") and state(case) == "performed"


def test_who_does_not_perform_is_told_the_ways_and_it_ends(office):
    case = go(office, register(office), *TO_PERFORMING, "breach")
    assert (case.state, case.phase) == ("unperformed", "closed") and case.replied
    go(office, case, "file")


def test_an_applicant_may_withdraw_and_a_found_dispute_has_none(office):
    asked = register(office, channel="asked")
    go(office, asked, "withdraw")
    assert Case.get_by_id(asked.id).no_reply_because == "申请人撤回"
    found = register(office, a_id_card="", b_id_card="")
    assert f"/cases/{found.id}/steps/withdraw" not in office.open(f"/cases/{found.id}").text


def test_other_mediators_tell_the_rights_anew(office):
    case = go(office, register(office), *TO_MEDIATING, "rename")
    assert case.state == "named"
    go(office, case, "tell_rights", "round")


def test_the_clock_stands_still_while_an_expert_opinion_is_made(office):
    case = go(office, register(office, type="medical"), *TO_MEDIATING)
    said = {"evidence": "医鉴〔2026〕5号", "text": "双方同意做医疗损害鉴定。"}
    until = today() + datetime.timedelta(days=20)
    office.send(f"/cases/{case.id}/pause", reason="medical_appraisal", until_expected=f"{until}", **said)
    assert "医疗纠纷预防和处理条例第三十八条" in office.text and said["evidence"] in office.text
    assert Case.get_by_id(case.id).due is None
    office.send(f"/cases/{case.id}/resume", evidence="鉴定意见书", text="鉴定意见已送达双方。")
    assert office.status == 200 and Case.get_by_id(case.id).due is not None
    assert "双方同意延长”登记商定的日期" in office.text, "there is no extension by a superior"
