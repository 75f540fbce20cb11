"""并案: a person decides that two cases are one; the other one answers for both, and it can be taken back."""

import datetime

import pytest
import time_machine

from portal.cases import assists, extensions, merging, pausing, timeline
from portal.cases.answering import answer_merged
from portal.cases.checks import findings
from portal.cases.clock_models import Extension, Pause
from portal.cases.counter_models import Flow
from portal.cases.ledger import rate
from portal.cases.merge_models import Merge
from portal.cases.models import Case, Reply
from portal.cases.supervision import instructions, orders
from portal.cases.supervision.models import Order
from portal.db import atomic, now
from portal.notify import Notice
from portal.org.models import Unit
from portal.values import Conflict, Refused
from tests.cases.making import in_threads, matter, move, post
from tests.grid.door import report, step
from tests.people_of_the_county import OTHER_TOWN, TOWN, person, unit

ASKED = {"channel": "public", "name": "王秀兰", "phone": "13890112233"}
ASKED_TOO = {"channel": "hotline", "name": "李大明", "phone": "13890445566"}
ANSWER = {"reply": "护栏已经换好，请放心。", "reply_channel": "door", "text": "到现场看过。"}

#: An item that the village settles by itself.
QUICK = "居民养老保险参保"


@pytest.fixture
def village(sign_in):
    return sign_in("shuji")


@pytest.fixture
def two(app, sign_in):
    """Two reports of one matter by two people, the earlier one first."""
    worker = sign_in("wangge")
    return report(worker, **ASKED), report(worker, text="石桥边护栏断了三米，危险", **ASKED_TOO)


def fresh(case) -> Case:
    return Case.get_by_id(case.id)


def titles(case) -> list[str]:
    return [entry.title for entry in timeline.entries(case)]


def join(browser, case, into, **fields):
    return browser.send(f"/cases/{case.id}/merge", number=into.number, **fields)


def apart(browser, case, text="核实后是两处护栏"):
    return browser.send(f"/cases/{case.id}/unmerge", text=text)


def answered(village, case):
    """Let the village handle the case and the reporter's unit answer it."""
    step(village, case, "accept")
    step(village, case, "handle", text="换了三米护栏")
    with_worker = move(case, ("confirm_reply", "wangge", ANSWER))
    return with_worker


# -- merging -------------------------------------------------------------------------------------------------------

def test_the_one_merged_closes_with_the_number_that_answers_for_it(two, village):
    first, second = two
    join(village, second, first, text="同一处护栏")
    after = fresh(second)
    assert village.status == 200 and after.phase == "closed" and after.state == "merged" and after.closed
    assert after.no_reply_because == f"并入 {first.number}，由该件答复" and after.merged_into_id == first.id
    assert after.due is None and fresh(first).merged_count == 1 and fresh(first).is_open
    assert findings() == []


def test_both_timelines_tell_of_it_and_who_else_asked(two, village):
    first, second = two
    join(village, second, first, text="同一处护栏")
    told = timeline.entries(first)[-1]
    assert told.title == "并入一件" and "李*明" in told.text and second.number in told.text and "同一处" in told.text
    assert titles(second)[-1] == "并案" and first.number in timeline.entries(second)[-1].text


def test_each_page_leads_to_the_other_for_those_who_may_open_it(two, village):
    first, second = two
    join(village, second, first)
    assert f'href="/cases/{second.id}"' in village.open(f"/cases/{first.id}").text and "李*明" in village.text
    assert f'href="/cases/{first.id}"' in village.open(f"/cases/{second.id}").text
    assert "13890445566" not in village.text


def test_a_merged_case_offers_no_step(two, village):
    first, second = two
    join(village, second, first)
    assert f"/cases/{second.id}/steps/" not in village.open(f"/cases/{second.id}").text
    assert "已并案" in village.text and village.open(f"/cases/{second.id}/steps/accept").status == 200
    assert post(village, f"/cases/{second.id}/steps/accept", version="2").status == 422
    assert fresh(second).state == "merged"


def test_where_nobody_waited_for_it_the_case_owes_an_answer_from_then_on(app, sign_in, village):
    worker = sign_in("wangge")
    patrol, asked = report(worker), report(worker, **ASKED)
    assert patrol.no_reply_because
    join(village, asked, patrol)
    assert fresh(patrol).no_reply_because == ""
    apart(village, asked)
    assert fresh(patrol).no_reply_because == patrol.no_reply_because and findings() == []


# -- the answer ----------------------------------------------------------------------------------------------------

def test_who_asked_in_the_merged_case_gets_an_answer_of_their_own(two, village):
    first, second = two
    join(village, second, first)
    answered(village, first)
    reply = Reply.get(Reply.case == second.id)
    assert reply.text == ANSWER["reply"] and fresh(second).replied == fresh(first).replied
    assert titles(second)[-1] == "随并入的件答复" and ANSWER["reply"] in village.open(f"/cases/{second.id}").text
    assert findings() == []


def test_each_person_is_ticked_once_they_were_told_and_how(two, village):
    first, second = two
    join(village, second, first)
    answered(village, first)
    assert "已答复，待告知" in village.open(f"/cases/{first.id}").text
    row = Merge.get()
    assert first.title in village.open("/cases/alike").text and "还有人待告知" in village.text
    village.send(f"/cases/{first.id}", to=f"/cases/{first.id}/told/{row.id}", channel="paper")
    row = Merge.get()
    assert village.status == 200 and row.told_how == "paper" and row.told_by_name == "张国强"
    assert Reply.get(Reply.case == second.id).channel == "paper" and titles(second)[-1] == "已告知本人"
    assert "还有人待告知" not in village.open("/cases/alike").text
    assert post(village, f"/cases/{first.id}/told/{row.id}", channel="phone").status == 422
    assert Merge.get().told_how == "paper" and findings() == []


def test_the_same_person_is_not_told_twice(app, village):
    with app.test_request_context():
        first, second = matter(of=QUICK), matter(of=QUICK)
        Case.update(resident=first.resident_id).where(Case.id == second.id).execute()
        merging.merge(fresh(second), first, person("shuji"))
        move(first, ("settle", "cun"))
    assert Merge.get().told_at is not None and Reply.select().count() == 2 and findings() == []


def test_nobody_is_told_before_there_is_an_answer(two, village):
    first, second = two
    join(village, second, first)
    assert post(village, f"/cases/{first.id}/told/{Merge.get().id}", channel="phone").status == 422
    assert post(village, f"/cases/{second.id}/told/{Merge.get().id}", channel="phone").status == 404


def test_a_case_that_others_wait_for_does_not_close_without_an_answer(two, village):
    first, second = two
    join(village, second, first)
    step(village, first, "withdraw", text="本人说不反映了")
    assert village.status == 422 and "还在等答复" in village.text and fresh(first).is_open


def test_who_was_merged_twice_is_answered_by_the_last(two, sign_in, village):
    first, second = two
    third = report(sign_in("wangge"), text="护栏断了三米", **{**ASKED, "name": "赵有才", "phone": ""})
    join(village, third, second)
    join(village, second, first)
    answered(village, first)
    assert {row.case_id for row in Reply.select()} == {first.id, second.id, third.id} and findings() == []


# -- taking it back ------------------------------------------------------------------------------------------------

def test_taken_back_it_stands_where_it_stood_and_the_time_counts(two, village):
    first, second = two
    step(village, second, "accept")
    before = fresh(second)
    join(village, second, first)
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2), tick=True):
        merging.undo(second, person("shuji"), "核实后是两处")
        after = fresh(second)
    assert (after.state, after.phase, after.unit_id, after.due, after.clock_start, after.person_id) == (
        before.state, before.phase, before.unit_id, before.due, before.clock_start, before.person_id)
    assert after.closed is None and after.no_reply_because == "" and after.merged_into_id is None
    assert fresh(first).merged_count == 0 and titles(first)[-1] == titles(second)[-1] == "撤销并案"
    assert findings() == []
    step(village, second, "handle", text="修好了")
    assert fresh(second).state == "checking"


def test_taken_back_a_paused_case_is_paused_again(app):
    with app.test_request_context():
        first = matter()
        second = move(matter(), ("correct", "cun"))
        Case.update(resident=first.resident_id).where(Case.id == second.id).execute()
        merging.merge(fresh(second), first, person("shuji"))
        assert Pause.get().until is not None
        merging.undo(fresh(second), person("shuji"), "不是一件")
        after = fresh(second)
        assert after.paused_at == second.paused_at and after.pause_reason == second.pause_reason and after.due is None
        assert Pause.get().until is None and findings() == []
        assert move(after, ("supplement", "cun")).due is not None


def test_taken_back_a_pause_has_its_expected_end_and_is_reminded_of_again(app):
    with app.test_request_context():
        first, second = matter(), move(matter(), ("accept", "cun"))
        Case.update(resident=first.resident_id).where(Case.id == second.id).execute()
        day = now().date() + datetime.timedelta(days=7)
        pausing.pause(second, person("cun"), "publicity", evidence="公示 3 号", until_expected=day, text="公示",
                      version=None)
        before = fresh(second)
        merging.merge(before, first, person("shuji"))
        assert fresh(second).resume_by is None
        merging.undo(fresh(second), person("shuji"), "不是一件")
        after = fresh(second)
        assert (after.resume_by, after.pauses, after.paused_at, after.halted) == (day, 1, before.paused_at, True)
        assert Pause.get().until is None and findings() == []
        with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=9), tick=False):
            assert pausing.remind() == 1


def asked_for_time(first):
    second = move(matter(), ("accept", "cun"))
    Case.update(resident=first.resident_id).where(Case.id == second.id).execute()
    extensions.ask(second, person("cun"), 5, "要到省厅核查学籍", None)
    merging.merge(fresh(second), first, person("shuji"))
    assert fresh(second).extension_asked is None and Extension.get().state == "moot"
    return second


def test_taken_back_a_request_for_more_time_waits_again_and_can_be_granted_once(app):
    with app.test_request_context():
        second = asked_for_time(matter())
        merging.undo(fresh(second), person("shuji"), "不是一件")
        after = fresh(second)
        assert (after.extension, after.extension_asked) == ("asked", unit(TOWN).id)
        assert Extension.get().decided_at is None and findings() == []
        said = {"granted": "yes", "text": "同意", "told_channel": "phone", "told_text": "已告知延长五天"}
        extensions.decide(after, person("zhen"), said, None)
        granted = fresh(second)
        assert (granted.extended, granted.extension) == (5, "granted") and granted.due > second.due
        first = matter()
        Case.update(resident=first.resident_id).where(Case.id == second.id).execute()
        merging.merge(fresh(second), first, person("shuji"))
        merging.undo(fresh(second), person("shuji"), "又弄错了")
        assert [getattr(fresh(second), name) for name in ("due", "extended", "extension", "extension_asked")] == [
            granted.due, 5, "granted", None]
        assert findings() == []


def test_taken_back_a_request_that_another_unit_would_decide_is_not_revived(app):
    with app.test_request_context():
        second = asked_for_time(matter())
        Unit.update(valid_to=now().date()).where(Unit.id == unit(TOWN).id).execute()
        merging.undo(fresh(second), person("shuji"), "不是一件")
        assert (fresh(second).extension, fresh(second).extension_asked) == ("moot", None)
        assert Extension.get().state == "moot" and findings() == []


def test_counters_are_what_they_were_after_taking_it_back(two, village):
    first, second = two
    flows = sorted(Flow.select().tuples())
    join(village, second, first)
    assert sorted(Flow.select().tuples()) != flows
    apart(village, second)
    assert sorted(Flow.select().tuples()) == flows and findings() == []


def test_what_is_answered_or_closed_is_not_taken_back(two, village):
    first, second = two
    join(village, second, first)
    answered(village, first)
    apart(village, second)
    assert village.status == 422 and "已经办结" in village.text and fresh(second).merged_into_id == first.id


def test_a_middle_case_must_be_taken_back_first(two, sign_in, village):
    first, second = two
    third = report(sign_in("wangge"), text="护栏断了三米", **{**ASKED, "name": "赵有才", "phone": ""})
    join(village, third, second)
    join(village, second, first)
    apart(village, third)
    assert village.status == 422 and f"先撤销 {second.number} 的并案" in village.text
    apart(village, second)
    apart(village, third)
    assert all(fresh(one).is_open for one in (first, second, third)) and findings() == []


def test_an_answer_through_the_other_case_does_not_count_after_taking_it_back(app):
    with app.test_request_context():
        first, second = matter(), matter()
        Case.update(resident=first.resident_id).where(Case.id == second.id).execute()
        merging.merge(fresh(second), first, person("shuji"))
        with atomic():  # as a step does that answers and leaves the case open
            answer_merged(fresh(first), person("cun"), {"reply": "明天上门", "channel": "phone"}, now())
        assert fresh(second).replied is not None
        merging.undo(fresh(second), person("shuji"), "不是一件")
        assert fresh(second).replied is None and fresh(second).is_open and findings() == []


# -- who may -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["linzhen", "lingan", "wuzhen"])
def test_the_neighbour_finds_neither_the_page_nor_the_case(two, sign_in, name):
    first, second = two
    browser = sign_in(name)
    for url in (f"/cases/{second.id}/merge", f"/cases/{second.id}/unmerge", f"/cases/{second.id}/split"):
        assert browser.open(url).status == 404 and post(browser, url, number=first.number).status == 404


def test_nothing_outside_the_own_ground_can_be_merged_into(two, sign_in, village):
    other = report(sign_in("linwang"), unit_id=str(unit(OTHER_TOWN + "/village").id))
    join(village, two[1], other)
    assert village.status == 422 and "没有找到这个编号" in village.text and fresh(two[1]).is_open


@pytest.mark.parametrize("name", ["cun", "wangge", "lingdao", "tiaojie"])
def test_without_the_permission_nobody_merges(two, sign_in, name):
    browser = sign_in(name)
    assert browser.open(f"/cases/{two[1].id}/merge").status == 403
    assert post(browser, f"/cases/{two[1].id}/merge", number=two[0].number).status == 403
    assert fresh(two[1]).is_open


def test_who_holds_only_one_of_them_cannot_but_a_superior_of_both_can(two, sign_in, village):
    first, second = two
    move(second, ("accept", "shuji"), ("to_town", "shuji"))
    join(village, second, first)
    assert village.status == 422 and "双方的上级单位" in village.text
    join(sign_in("zongzhi"), second, first)
    assert fresh(second).merged_into_id == first.id
    assert Notice.select().where(Notice.topic == "cases.merged").count() > 0


def test_people_of_two_applications_are_not_merged_but_the_same_one_is(app, village):
    with app.test_request_context():
        first, second = matter(), matter()
    join(village, second, first)
    assert village.status == 422 and "分别答复" in village.text
    with app.test_request_context():
        Case.update(resident=first.resident_id).where(Case.id == second.id).execute()
    join(village, second, first)
    assert fresh(second).merged_into_id == first.id


def test_a_restricted_case_and_a_compulsory_report_are_merged_by_nobody(app, sign_in, village):
    worker = sign_in("wangge")
    plain, secret = report(worker), report(worker, category="protect", sub="minor", text="孩子身上有新伤")
    centre = sign_in("zongzhi")
    join(centre, secret, plain)
    assert fresh(secret).is_open and centre.status in (404, 422)
    Case.update(restricted=True).where(Case.id == plain.id).execute()
    other = report(worker, text="护栏断了")
    join(village, other, plain)
    assert village.status == 422 and fresh(other).is_open


# -- what hangs on a case ------------------------------------------------------------------------------------------

def ordered(case):
    demand = orders.Demand("护栏", "请限期修好", now().date() + datetime.timedelta(days=3), "徐志远", case.unit_id)
    orders.issue([case.id], person("zhen"), demand)


def instructed(case):
    instructions.instruct(case.id, person("lingdao"), "请认真办理", now().date() + datetime.timedelta(days=3))


def assisted(case):
    assists.ask(case, person("shuji"), assists.candidates(case)[0].id, "请核对", now().date())


HANGING = [(ordered, "正在督办"), (instructed, "有领导批示"), (assisted, "还在请别的单位协办")]


@pytest.mark.parametrize("hang, said", HANGING, ids=["order", "instruction", "assist"])
def test_what_is_owed_keeps_a_case_from_being_merged_but_it_takes_in_another(app, two, village, hang, said):
    first, second = two
    with app.test_request_context():
        hang(fresh(second))
    join(village, second, first)
    assert village.status == 422 and f"{second.number} {said}" in village.text and "先办结这一项" in village.text
    assert fresh(second).is_open and not Merge.select().exists()
    join(village, first, second)
    assert fresh(first).merged_into_id == second.id and fresh(second).is_open and findings() == []


def test_once_the_order_is_settled_the_case_can_be_merged(app, two, village):
    first, second = two
    with app.test_request_context():
        ordered(fresh(second))
        order = Order.get()
        orders.answer(order.id, person("shuji"), "已经修好", order.version)
        join(village, second, first)
        assert village.status == 422 and "正在督办" in village.text, "the answer is not yet judged"
        orders.approve(order.id, person("zhen"), "看过", Order.get().version)
    join(village, second, first)
    assert fresh(second).merged_into_id == first.id and findings() == []


def test_to_whom_the_case_is_closed_nothing_is_said_of_what_hangs_on_it(app, two, village):
    first, second = two
    with app.test_request_context():
        move(second, ("accept", "shuji"), ("to_town", "shuji"))
        instructed(fresh(second))
    join(village, second, first)
    assert village.status == 422 and "双方的上级单位" in village.text and "有领导批示" not in village.text


# -- rules of forms ------------------------------------------------------------------------------------------------

def test_it_is_not_merged_into_itself_or_what_is_closed_or_answered(two, village):
    first, second = two
    join(village, second, second)
    assert village.status == 422 and "同一件" in village.text
    answered(village, first)
    join(village, second, first)
    assert village.status == 422 and "已经办结" in village.text and fresh(second).is_open


def test_ten_thousand_characters_are_refused_and_kept(two, village):
    first, second = two
    join(village, second, first, text="护" * 10_000)
    assert village.status == 422 and "护" * 9_000 in village.text and fresh(second).is_open


def test_the_slower_of_two_clerks_learns_who_was_faster(two, village):
    first, second = two
    village.open(f"/cases/{second.id}/merge")
    form = village.form({"number"})
    move(second, ("accept", "shuji"))
    village.submit(form, number=first.number, text="我写的理由")
    assert village.status == 409 and "我写的理由" in village.text and fresh(second).is_open


def test_the_same_form_sent_twice_merges_once(two, village):
    first, second = two
    village.open(f"/cases/{second.id}/merge")
    form = village.form({"number"})
    village.submit(form, number=first.number)
    village.submit(form, number=first.number)
    assert village.status == 200 and Merge.select().count() == 1 and fresh(first).merged_count == 1


def test_two_who_merge_both_ways_at_once_end_with_one_open_case(app, two):
    first, second = two

    def run(case, into):
        def job():
            with app.test_request_context():
                return merging.merge(case, into, person("shuji"), version=case.version)
        return job

    results = in_threads(app, run(first, second), run(second, first))
    assert sum(isinstance(one, Refused | Conflict) for one in results) == 1
    assert [fresh(first).is_open, fresh(second).is_open].count(True) == 1 and findings() == []


def test_a_rated_case_stays_merged(app):
    with app.test_request_context():
        first, second = matter(of=QUICK), matter(of=QUICK)
        Case.update(resident=first.resident_id).where(Case.id == second.id).execute()
        merging.merge(fresh(second), first, person("shuji"))
        move(first, ("settle", "cun"))
        rate(fresh(second), person("cun"), 5, "phone")
        with pytest.raises(Refused):
            merging.undo(fresh(second), person("shuji"), "不是一件")
        assert findings() == []
