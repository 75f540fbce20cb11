"""One matter goes all the way, and what may not happen on the way does not."""

import pytest

from portal.cases import timeline
from portal.cases.models import Case, CaseEvent, Reply
from portal.org.models import Unit
from tests.doors.world import plain_of
from tests.station.door import item, newest, receive, request_of, state, step


@pytest.fixture
def decided(sign_in):
    """A 高龄津贴 case that the county has decided and the village must deliver; returns (case, village browser)."""
    village, town, county = sign_in("cun"), sign_in("zhen"), sign_in("minzheng")
    case = receive(village)
    step(village, case, "accept")
    step(village, case, "forward_town", text="材料齐全，请审核")
    step(town, case, "forward_county", text="情况属实")
    step(county, case, "decide", granted="yes", text="准予，从十二月起按月发放")
    return case, village


def test_a_case_travels_from_the_village_to_the_county_and_back(decided):
    case, village = decided
    assert state(case) == "decided" and Case.get_by_id(case.id).unit.name == "华光村村民委员会"
    step(village, case, "deliver", delivery="window", recipient="王秀兰", reply="津贴已批准", reply_channel="face")
    step(village, case, "archive")
    done = Case.get_by_id(case.id)
    assert (done.state, done.phase, done.due) == ("archived", "closed", None)
    assert [entry.step for entry in timeline.entries(case)] == [
        "open", "accept", "forward_town", "forward_county", "decide", "deliver", "archive",
    ]
    assert timeline.broken_at(case.id) is None


def test_the_answer_to_the_person_is_kept(decided):
    case, village = decided
    step(village, case, "deliver", delivery="window", recipient="王秀兰", reply="津贴已批准", reply_channel="face")
    assert Reply.get(Reply.case == case.id).text == "津贴已批准"


def test_a_case_does_not_close_without_an_answer(decided):
    case, village = decided
    step(village, case, "deliver", delivery="window", recipient="王秀兰", reply="  ", reply_channel="face")
    assert village.status == 422 and "给办事人的答复" in village.text and state(case) == "decided"
    assert 'value="王秀兰"' in village.text, "what was typed is kept"


def test_missing_materials_are_told_once_and_the_clock_stands_still(sign_in):
    village = sign_in("cun")
    case = receive(village, everything=False)
    missing = [str(material.id) for material in request_of(case).materials][:1]
    step(village, case, "correct", missing=missing, text="请带户口簿原件")
    paused = Case.get_by_id(case.id)
    assert (paused.state, paused.phase, paused.due) == ("correcting", "paused", None) and paused.paused_at
    step(village, case, "supplement", received=missing, text="")
    running = Case.get_by_id(case.id)
    assert running.state == "received" and running.due and running.paused_at is None
    step(village, case, "correct", missing=missing, text="还要一份")
    assert village.status == 422 and "一次性告知" in village.text and state(case) == "received"


def test_a_case_without_its_materials_is_not_accepted(sign_in):
    village = sign_in("cun")
    case = receive(village, everything=False)
    step(village, case, "accept")
    assert village.status == 422 and "必交材料还没有收到" in village.text and state(case) == "received"


def test_the_receiver_does_not_decide_what_they_received(sign_in):
    """收件人≠审核人: the hall of the town receives for a village, but somebody else there reviews."""
    town = sign_in("zhen")
    village = Unit.get(Unit.code == "510722104204")
    case = receive(town, unit_id=str(village.id))
    assert case.village_id == village.id and case.unit.name == "塔山镇便民服务中心"
    step(town, case, "accept")
    step(town, case, "forward_town", text="请审核")
    step(town, case, "forward_county", text="自己收的自己审")
    assert town.status == 422 and "收件人不能审核" in town.text and state(case) == "at_town"
    step(sign_in("zhener"), case, "forward_county", text="情况属实")
    assert state(case) == "at_county"


def test_somebody_who_acts_for_another_needs_a_letter(sign_in):
    village = sign_in("cun")
    before = Case.select().count()
    wanted = item()
    village.send(f"/station/receive/{wanted.id}", name="王秀兰", id_card="510722194003072224", phone="",
                 channel="proxy", proxy_name="李四")
    assert village.status == 422 and "委托书" in village.text and Case.select().count() == before


def test_an_item_settled_on_the_spot_is_closed_with_its_answer(sign_in):
    village = sign_in("cun")
    case = receive(village, item("居民养老保险参保"))
    step(village, case, "settle", reply="已参保", reply_channel="face")
    assert state(case) == "delivered" and Case.get_by_id(case.id).replied


def test_a_withdrawn_case_says_why_there_is_no_answer(sign_in):
    village = sign_in("cun")
    case = receive(village)
    step(village, case, "withdraw", text="不办了")
    done = Case.get_by_id(case.id)
    assert done.phase == "cancelled" and done.no_reply_because == "申请人撤回"


def test_what_came_back_can_go_up_again(sign_in):
    village, town = sign_in("cun"), sign_in("zhen")
    case = receive(village)
    step(village, case, "accept")
    step(village, case, "forward_town", text="请审核")
    step(town, case, "send_back_village", text="银行卡号写错")
    assert state(case) == "accepted" and Case.get_by_id(case.id).unit.level == "village"
    step(village, case, "forward_town", text="已改正")
    assert state(case) == "at_town"


def test_the_same_form_sent_twice_makes_one_case(sign_in):
    village = sign_in("cun")
    wanted = item()
    village.open(f"/station/receive/{wanted.id}")
    form = village.form(["id_card"])
    fields = {"name": "王秀兰", "id_card": "510722194003072224", "received": []}
    before = Case.select().count()
    village.submit(form, **fields)
    first = village.response.request.path
    village.submit(form, **fields)
    assert Case.select().count() == before + 1 and village.response.request.path == first


def test_the_second_of_two_clerks_keeps_the_text(sign_in):
    village = sign_in("cun")
    case = receive(village)
    path = f"/cases/{case.id}/steps/withdraw"
    village.open(path)
    stale = village.form(["text"])
    step(village, case, "accept")
    village.submit(stale, path, text="<b>不办了</b>")
    assert village.status == 409 and "&lt;b&gt;不办了&lt;/b&gt;" in village.text and state(case) == "accepted"


def test_a_neighbouring_village_does_not_see_the_case(sign_in):
    case = receive(sign_in("cun"))
    for stranger in ("lincun", "linzhen", "linjia"):
        browser = sign_in(stranger)
        for path in ("", "/steps/accept", "/papers/receipt"):
            assert browser.open(f"/cases/{case.id}{path}").status == 404, stranger
        assert case.number not in browser.open("/station/").text
        assert f"/cases/{case.id}" not in browser.open(f"/search?q={case.number}").text


def test_those_above_and_of_the_line_see_it(sign_in):
    case = receive(sign_in("cun"))
    for name in ("zhen", "minzheng", "xian", "lingdao"):
        assert sign_in(name).open(f"/cases/{case.id}").status == 200, name


def test_a_leader_reads_and_does_nothing(sign_in):
    case = receive(sign_in("cun"))
    leader = sign_in("lingdao")
    assert "/steps/" not in leader.open(f"/cases/{case.id}").text
    assert "不能“受理”" in leader.open(f"/cases/{case.id}/steps/accept").text
    assert leader.post(f"/cases/{case.id}/steps/accept").status in (409, 422) and state(case) == "received"


def test_the_papers_are_filled_from_the_record(decided):
    case, village = decided
    receipt = village.open(f"/cases/{case.id}/papers/receipt").text
    assert case.number in receipt and "王秀兰" in receipt and "510722194003072224" not in receipt
    assert "准予决定书" in village.open(f"/cases/{case.id}/papers/decision").text
    assert village.open(f"/cases/{case.id}/papers/correction").status == 404


def test_every_timeline_entry_names_who_was_responsible(decided):
    case, _ = decided
    for entry in CaseEvent.select().where(CaseEvent.case == case.id):
        assert entry.holder_name and entry.actor_name and entry.unit_name


@pytest.mark.parametrize("field, value", [
    ("name", ""), ("name", "王" * 10_000), ("name", "王\x07秀兰"), ("name", "王\u202e秀兰"),
    ("id_card", "510722194003072225"),
    ("id_card", "' OR 1=1 --"), ("id_card", "<script>alert(1)</script>"), ("phone", "12345"), ("phone", "😀" * 11),
    ("unit_id", "999999"), ("unit_id", "abc"), ("channel", "sonstwie"), ("received", "999999"), ("note", "长" * 10_000),
])
def test_bad_input_is_refused_at_its_field_and_the_rest_is_kept(sign_in, field, value):
    village = sign_in("cun")
    before = Case.select().count()
    fields = {"name": "王秀兰", "id_card": "510722194003072224", "phone": "13890112233", "note": "腿脚不便"}
    village.send(f"/station/receive/{item().id}", **fields | {field: value})
    assert village.status == 422 and 'class="field-error"' in village.text, field
    assert Case.select().count() == before
    assert "<script>alert" not in village.text
    kept = "13890112233" if field != "phone" else "王秀兰"
    assert kept in village.text


def test_an_emoji_in_a_note_is_only_text(sign_in):
    case = receive(sign_in("cun"), note="老人说谢谢😀")
    assert "😀" in timeline.entries(case)[0].text and newest().id == case.id


def test_a_paper_says_tomorrow_what_it_said_today(sign_in):
    village = sign_in("cun")
    case = receive(village, everything=False)
    receipt = village.open(f"/cases/{case.id}/papers/receipt").text
    missing = [str(one.id) for one in request_of(case).materials]
    step(village, case, "correct", missing=missing[:1], text="请补齐。")
    told = village.open(f"/cases/{case.id}/papers/correction").text
    step(village, case, "supplement", received=missing)
    assert plain_of(village.open(f"/cases/{case.id}/papers/receipt").text) == plain_of(receipt)
    assert plain_of(village.open(f"/cases/{case.id}/papers/correction").text) == plain_of(told)


@pytest.mark.parametrize("up", [0, 1, 2])
def test_whoever_has_it_by_now_the_applicant_may_withdraw_at_the_window(sign_in, up):
    case = receive(sign_in("cun"))
    for name, taken in (("cun", "accept"), ("cun", "forward_town"), ("zhen", "forward_county"))[:up + 1]:
        step(sign_in(name), case, taken, text="材料齐全。")
    step(sign_in("cun"), case, "withdraw", text="本人暂时不办了")
    assert state(case) == "withdrawn"
    assert "station/receive" not in sign_in("linjia").open(f"/cases/{case.id}/steps/withdraw").text
