"""One event goes all the way, and what may not happen on the way does not."""

import datetime

import pytest

from plugins.grid.models import GridEvent
from portal.cases import timeline
from portal.cases.models import Case, Reply
from portal.cases.referral import refer
from portal.org.models import Unit
from portal.org.settings import find, save_setting
from tests.cases.making import plain
from tests.grid.door import draw, event_of, holder, report, staff, state, step
from tests.people_of_the_county import VILLAGE, person, unit


@pytest.fixture
def handed_up(sign_in):
    """An event that wangge reported and the village handed to the town; returns (case, browser of the centre)."""
    worker, village, town = sign_in("wangge"), sign_in("shuji"), sign_in("zongzhi")
    case = report(worker)
    step(village, case, "accept")
    step(village, case, "to_town", text="村里修不了，请镇上派人")
    return case, town


def test_an_event_goes_from_the_worker_over_village_and_town_back_to_the_worker(handed_up, sign_in):
    case, town = handed_up
    assert state(case) == "sent" and holder(case) == "塔山镇综治中心"
    step(town, case, "sign")
    step(town, case, "handle", text="护栏已焊好")
    assert state(case) == "checking" and holder(case) == unit(VILLAGE).name
    step(sign_in("wangge"), case, "confirm", text="到现场看过，修好了")
    done = Case.get_by_id(case.id)
    assert (done.state, done.phase, done.due) == ("done", "closed", None)
    assert done.no_reply_because == "网格员巡查发现" and event_of(case).handled_level == "town"
    step(sign_in("shuji"), case, "archive")
    assert state(case) == "archived" and timeline.broken_at(case.id) is None


def test_whoever_handled_it_does_not_check_it(sign_in):
    worker, village = sign_in("wangge"), sign_in("shuji")
    case = report(worker)
    step(village, case, "accept")
    step(village, case, "handle", text="自己修好了")
    step(village, case, "confirm", text="好了")
    assert village.status == 422 and "不能核查自己办的事" in village.text and state(case) == "checking"
    step(worker, case, "confirm", text="看过了")
    assert state(case) == "done" and event_of(case).handled_level == "village"


def test_what_the_reporter_handled_themself_is_checked_above(sign_in):
    village = sign_in("shuji")
    case = report(village)
    step(village, case, "accept")
    step(village, case, "handle", text="自己修好了")
    assert state(case) == "checking" and holder(case) == "塔山镇综治中心"


def test_what_is_not_done_well_goes_back_and_is_counted(handed_up, sign_in):
    case, town = handed_up
    step(town, case, "sign")
    step(town, case, "handle", text="已修")
    step(sign_in("wangge"), case, "redo", text="只焊了一头")
    assert state(case) == "handling" and holder(case) == "塔山镇综治中心" and event_of(case).redone == 1


def test_settled_on_the_spot_is_one_form(sign_in):
    worker = sign_in("wangge")
    case = report(worker, text="井盖翻开了", settled="y", result="已盖好")
    done = Case.get_by_id(case.id)
    assert done.state == "done" and done.no_reply_because == "网格员巡查发现"
    assert event_of(case).handled_level == "grid" and event_of(case).result == "已盖好"


def test_settled_on_the_spot_says_how(sign_in):
    worker = sign_in("wangge")
    worker.send("/grid/report", category="facility", unit_id=str(unit(VILLAGE).id), text="井盖翻开了", settled="y")
    assert worker.status == 422 and "怎么处置的" in worker.text and not GridEvent.select().exists()


def test_whoever_spoke_up_gets_an_answer_before_it_closes(sign_in):
    worker, village = sign_in("wangge"), sign_in("shuji")
    case = report(worker, channel="public", name="何清祥", phone="13890112233")
    assert case.applicant == "何*祥" and case.no_reply_because == ""
    step(village, case, "accept")
    step(village, case, "handle", text="修好了")
    assert "/steps/confirm_reply" in worker.open(f"/cases/{case.id}").text
    assert "/steps/confirm\"" not in worker.text
    step(worker, case, "confirm_reply", reply="  ")
    assert worker.status == 422 and state(case) == "checking"
    step(worker, case, "confirm_reply", reply="护栏修好了，请放心走", reply_channel="phone")
    assert state(case) == "done" and Reply.get(Reply.case == case.id).text == "护栏修好了，请放心走"


def test_somebody_who_spoke_up_is_named_or_wants_no_name(sign_in):
    worker = sign_in("wangge")
    fields = {"category": "facility", "unit_id": str(unit(VILLAGE).id), "text": "路灯不亮", "channel": "public"}
    worker.send("/grid/report", **fields)
    assert worker.status == 422 and "反映人不愿留名" in worker.text
    case = report(worker, channel="public", anonymous="y")
    assert case.no_reply_because == "匿名反映，无法答复"


def test_an_event_not_taken_in_says_why(sign_in):
    worker, village = sign_in("wangge"), sign_in("shuji")
    case = report(worker)
    step(village, case, "refuse", text="已在修，重复上报")
    assert state(case) == "refused" and Case.get_by_id(case.id).closed


# -- sent back, sent on, agreed on -----------------------------------------------------------------------------------

def target(code_or_office) -> str:
    return str(unit(code_or_office).id)


def test_a_unit_that_is_not_the_right_one_sends_it_back_until_several_agree(handed_up, sign_in):
    case, town = handed_up
    step(town, case, "sign")
    step(town, case, "assign", target=target(("510722104000", "司法所")), text="请你们看看")
    office = sign_in("sifasuo")
    assert holder(case) == "塔山镇司法所"
    step(office, case, "decline", text="护栏不归司法所")
    assert state(case) == "disputed" and holder(case) == "塔山镇综治中心" and event_of(case).declined == 1
    step(town, case, "reassign", target=target(("510722104000", "便民服务中心")), text="请改办")
    hall = sign_in("zhen")
    step(hall, case, "decline", text="也不归便民中心")
    assert event_of(case).declined == 2
    hall_id = target(("510722104000", "便民服务中心"))
    step(town, case, "appoint", target=hall_id, text="十一月二十六日会商，由便民中心牵头")
    assert "/steps/decline" not in hall.open(f"/cases/{case.id}").text
    assert hall.post(f"/cases/{case.id}/steps/decline").status in (409, 422)
    step(hall, case, "sign")
    step(hall, case, "handle", text="已联系施工队修好")
    assert state(case) == "checking"


def test_the_town_hands_it_to_the_county_office_in_charge(handed_up, sign_in):
    case, town = handed_up
    step(town, case, "sign")
    page = town.open(f"/cases/{case.id}/steps/assign").text
    assert "县住房和城乡建设局" in page
    office = target(("510722000000", "住房和城乡建设局"))
    step(town, case, "assign", target=office, difficulty="difficult", text="请县里办")
    there = Case.get_by_id(case.id)
    assert there.unit.name == "县住房和城乡建设局" and (there.limit_amount, there.limit_unit) == (15, "workday")


@pytest.mark.parametrize("difficulty, days", [("normal", 5), ("hard", 7), ("difficult", 15)])
def test_the_limit_follows_the_level_and_how_hard_it_is(handed_up, difficulty, days):
    case, town = handed_up
    assert (Case.get_by_id(case.id).limit_amount, Case.get_by_id(case.id).limit_unit) == (3, "workday")
    step(town, case, "sign")
    step(town, case, "assign", target=target(("510722000000", "住房和城乡建设局")), difficulty=difficulty, text="请办")
    assert Case.get_by_id(case.id).limit_amount == days


def test_the_village_has_a_day(sign_in):
    case = report(sign_in("wangge"))
    there = Case.get_by_id(case.id)
    assert (there.limit_amount, there.limit_unit) == (24, "hour") and there.unit_id == unit(VILLAGE).id


def test_a_village_cannot_hand_it_to_anybody_it_likes(handed_up):
    case, town = handed_up
    step(town, case, "sign")
    step(town, case, "assign", target=target("510722104203"), text="给邻村")
    assert town.status == 422 and state(case) == "handling"


# -- extension -------------------------------------------------------------------------------------------------------

@pytest.fixture
def xian_coordinates(app):
    """The county lets 行政审批服务局 coordinate, where 黄涛 works."""
    county = unit("510722000000")
    save_setting(find("grid.coordination"), county.id, unit(("510722000000", "行政审批服务局")).id, person("xian"))


def test_an_extension_is_asked_once_and_granted_above(handed_up, sign_in, xian_coordinates):
    case, town = handed_up
    step(town, case, "sign")
    before = Case.get_by_id(case.id).due
    step(town, case, "ask_extension", days="5", text="材料要从外地运")
    assert state(case) == "extending" and holder(case) == "县行政审批服务局"
    assert Case.get_by_id(case.id).due == before, "asking alone moves nothing"
    assert "/steps/grant_extension" not in town.open(f"/cases/{case.id}").text
    step(sign_in("xian"), case, "grant_extension")
    after = Case.get_by_id(case.id)
    assert after.state == "handling" and after.unit.name == "塔山镇综治中心" and after.due > before
    assert after.limit_amount == 8 and event_of(case).extension_granted
    step(town, case, "ask_extension", days="5", text="还要几天")
    assert town.status == 422 and "只能申请一次" in town.text


def test_an_extension_after_the_limit_is_refused(handed_up, app):
    case, town = handed_up
    step(town, case, "sign")
    there = Case.get_by_id(case.id)
    Case.update(due=there.opened - datetime.timedelta(hours=1)).where(Case.id == case.id).execute()
    step(town, case, "ask_extension", days="5", text="忘了")
    assert town.status == 422 and "期限已过" in town.text and state(case) == "handling"


# -- the same matter twice -------------------------------------------------------------------------------------------

def test_two_reports_of_one_matter_become_one(sign_in):
    worker, village = sign_in("wangge"), sign_in("shuji")
    first, second = report(worker), report(worker, text="石桥边护栏坏了")
    assert first.number in village.open(f"/cases/{second.id}").text
    village.send(f"/cases/{second.id}/merge", number="WG-不存在")
    assert village.status == 422 and "没有找到这个编号" in village.text
    village.send(f"/cases/{second.id}/merge", number=first.number)
    merged = Case.get_by_id(second.id)
    assert merged.state == "merged" and merged.no_reply_because == f"并入 {first.number}，由该件答复"
    assert state(first) == "reported"


def test_a_hint_names_what_may_be_the_same_while_typing(sign_in):
    worker = sign_in("wangge")
    first = report(worker)
    place = unit(VILLAGE).id
    assert first.number in worker.open(f"/grid/alike?unit_id={place}&category=facility").text
    assert first.number in worker.open(f"/grid/alike?unit_id={place}&category=other&text=听说河边护栏断了").text
    assert first.number not in worker.open(f"/grid/alike?unit_id={place}&category=other&text=垃圾").text
    other = sign_in("linwang")
    assert first.number not in other.open(f"/grid/alike?unit_id={place}&category=facility").text


# -- to another platform ---------------------------------------------------------------------------------------------

def test_a_need_goes_to_the_station_and_both_point_at_each_other(sign_in):
    worker, village = sign_in("wangge"), sign_in("shuji")
    case = report(worker, category="need", text="老人想办高龄津贴", channel="public", name="何清祥")
    step(village, case, "refer", kind="station.request", text="请联系本人")
    opened = Case.select().where(Case.source_case == case.id).get()
    referred = Case.get_by_id(case.id)
    assert referred.state == "referred" and opened.number in referred.no_reply_because
    assert opened.applicant == "何*祥" and opened.no_reply_because == ""
    assert opened.number in village.open(f"/cases/{case.id}").text


def test_a_grid_takes_in_what_another_platform_hands_over(app, cast):
    with app.test_request_context():
        case = refer(plain(), "grid.event", person("cun"), "水塘边没有护栏")
    assert case.kind == "grid.event" and case.unit_id == unit(VILLAGE).id and event_of(case).category == "other"


# -- who sees it -----------------------------------------------------------------------------------------------------

def test_a_neighbour_does_not_see_it(sign_in):
    case = report(sign_in("wangge"))
    for stranger in ("lincun", "linwang", "lingan", "linzhen"):
        browser = sign_in(stranger)
        assert browser.open(f"/cases/{case.id}").status == 404, stranger
        assert case.number not in browser.open("/grid/events").text


def test_the_line_sees_its_kind_of_event(sign_in, app):
    case = report(sign_in("wangge"), category="quarrel", text="两家争地界")
    assert Case.get_by_id(case.id).line_id == unit(("510722000000", "司法局")).id
    assert sign_in("sifaju").open(f"/cases/{case.id}").status == 200


def test_the_second_of_two_clerks_is_told(sign_in):
    worker, village = sign_in("wangge"), sign_in("shuji")
    case = report(worker)
    path = f"/cases/{case.id}/steps/refuse"
    village.open(path)
    stale = village.form(["text"])
    step(village, case, "accept")
    village.submit(stale, path, text="不受理")
    assert village.status == 409 and state(case) == "handling"


def test_the_same_form_sent_twice_makes_one_event(sign_in):
    worker = sign_in("wangge")
    worker.open("/grid/report")
    form = worker.form(["category"])
    fields = {"category": "facility", "unit_id": str(unit(VILLAGE).id), "text": "路灯不亮"}
    worker.submit(form, **fields)
    worker.submit(form, **fields)
    assert GridEvent.select().count() == 1


def test_each_grid_counts_its_own_numbers(sign_in):
    village, worker = sign_in("shuji"), sign_in("wangge")
    first, second = draw(village, "第一网格"), draw(village, "第二网格")
    staff(village, first, account="wangge")
    one = report(worker, unit_id=str(first.unit_id))
    two = report(worker, unit_id=str(second.unit_id))
    assert one.number.startswith("WG104204001-") and two.number.startswith("WG104204002-")
    assert one.grid_id == first.unit_id and one.unit_id == unit(VILLAGE).id


@pytest.mark.parametrize("field, value, sentence", [
    ("category", "nonsense", "请从列表中选择"), ("category", "", "请选择"), ("unit_id", "999999", "请在单位树里选择"),
    ("unit_id", "abc", "请在单位树里选择"), ("text", "", "请填写"), ("text", "长" * 3000, "最多 1000 字"),
    ("text", "护栏\u202e断了", "零宽字符"), ("sub", "violence", "没有这个细分"), ("urgency", "now", "请从列表中选择"),
    ("channel", "radio", "请从列表中选择"), ("phone", "12", "11 位手机号"), ("lon", "105.1", "要么都填"),
    ("lat", "1000", "应在"), ("lon", "abc", "请填写"), ("household_id", "9" * 30, ""), ("patrol_id", "x", ""),
])
def test_bad_input_is_refused_with_a_sentence_and_the_rest_is_kept(sign_in, field, value, sentence):
    worker = sign_in("wangge")
    fields = {"category": "facility", "unit_id": str(unit(VILLAGE).id), "text": "路灯不亮", "where": "村口大树下"}
    worker.send("/grid/report", **fields | {field: value})
    if not sentence:
        assert GridEvent.select().count() == 1, "what points nowhere is left aside"
        return
    assert worker.status == 422 and sentence in worker.text and not GridEvent.select().exists()
    assert "村口大树下" in worker.text


def test_a_closed_grid_keeps_its_old_events(sign_in):
    village, worker = sign_in("shuji"), sign_in("wangge")
    grid = draw(village)
    case = report(worker, unit_id=str(grid.unit_id), settled="y", result="好了")
    village.send(f"/grid/{grid.id}/close", valid_to=str(Unit.get_by_id(grid.unit_id).valid_from), note="合并网格")
    assert village.status == 200 and Unit.get_by_id(grid.unit_id).valid_to is not None
    assert "第一网格" in worker.open(f"/cases/{case.id}").text
