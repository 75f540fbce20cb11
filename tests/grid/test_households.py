"""一户一档, its members, its risk, and who may see which flag."""

import datetime

import pytest

from plugins.grid.models import Household, KeyPerson, Member, RiskChange
from portal.audit.models import AuditEntry
from portal.db import today
from portal.people.models import Resident
from tests.grid.door import draw, house, settle_in, staff
from tests.people_of_the_county import VILLAGE, unit

WANG = "510722194003072224"


def test_a_household_has_a_head_and_members(sign_in):
    village = sign_in("shuji")
    home = house(village)
    settle_in(village, home, "王秀兰", id_card=WANG)
    settle_in(village, home, "何清祥", "1", tags=["aged"])
    page = village.open(f"/grid/households/{home.id}").text
    assert "王*兰" in page and "王秀兰" not in page and "配偶" in page and "80 岁以上" in page
    assert Household.get_by_id(home.id).head == "王*兰"


def test_a_second_head_is_refused_with_one_sentence(sign_in):
    village = sign_in("shuji")
    home = house(village)
    settle_in(village, home)
    village.send(f"/grid/households/{home.id}/members/new", name="何清祥", relation="0")
    assert village.status == 422 and "一户只有一位户主" in village.text and 'value="何清祥"' in village.text
    assert Member.select().count() == 1 and Resident.select().where(Resident.name == "何清祥").count() == 0


def test_the_head_comes_first(sign_in):
    village = sign_in("shuji")
    home = house(village)
    village.send(f"/grid/households/{home.id}/members/new", name="何清祥", relation="1")
    assert village.status == 422 and "请先登记户主" in village.text


def test_somebody_lives_in_one_household(sign_in):
    village = sign_in("shuji")
    first, second = house(village, 1), house(village, 2)
    settle_in(village, first, id_card=WANG)
    village.send(f"/grid/households/{second.id}/members/new", name="王秀兰", id_card=WANG, relation="0")
    assert village.status == 422 and "已登记在另一户" in village.text


def test_the_head_changes_and_the_former_stays(sign_in):
    village = sign_in("shuji")
    home = house(village)
    first = settle_in(village, home)
    second = settle_in(village, home, "何清祥", "1")
    village.send(f"/grid/households/{home.id}", to=f"/grid/members/{second.id}/head")
    assert Member.get_by_id(second.id).relation == "0" and Member.get_by_id(first.id).relation == "8"
    assert Household.get_by_id(home.id).head == "何*祥"


def test_the_head_does_not_leave_the_others_behind(sign_in):
    village = sign_in("shuji")
    home = house(village)
    head = settle_in(village, home)
    other = settle_in(village, home, "何清祥", "1")
    village.send(f"/grid/households/{home.id}", to=f"/grid/members/{head.id}/remove")
    assert "户主不能先移出" in village.text and Member.get_by_id(head.id).until is None
    village.send(f"/grid/households/{home.id}", to=f"/grid/members/{other.id}/remove")
    assert Member.get_by_id(other.id).until == today()


def test_a_number_stands_once_in_a_village(sign_in):
    village = sign_in("shuji")
    house(village, 7)
    village.send("/grid/households/new", unit_id=str(unit(VILLAGE).id), number="7", address="三组")
    assert village.status == 422 and "本村已有 7 号户" in village.text
    assert house(sign_in("lingan"), 7, "510722141000/village").number == 7


def test_two_who_edit_one_household_do_not_overwrite_each_other(sign_in):
    village = sign_in("shuji")
    home = house(village)
    village.open(f"/grid/households/{home.id}/edit")
    stale = village.form(["address"])
    stale.action = f"/grid/households/{home.id}/edit"
    village.send(f"/grid/households/{home.id}/edit", address="三组 1 号")
    village.submit(stale, f"/grid/households/{home.id}/edit", address="四组 9 号")
    assert village.status == 409 and "四组 9 号" in village.text
    assert Household.get_by_id(home.id).address == "三组 1 号"


def test_a_neighbour_finds_neither_the_page_nor_the_row(sign_in):
    home = house(sign_in("shuji"))
    for name in ("lingan", "linwang", "linzhen"):
        browser = sign_in(name)
        for path in ("", "/edit", "/members/new", "/risk"):
            assert browser.open(f"/grid/households/{home.id}{path}").status in (403, 404), (name, path)
        assert "二组 12 号" not in browser.open("/grid/households").text
        assert browser.post(f"/grid/households/{home.id}/visits/normal").status in (403, 404)


def test_a_household_is_found_by_who_lives_there(sign_in):
    village = sign_in("shuji")
    home = house(village)
    settle_in(village, home)
    for words in ("王秀兰", "wxl", "12 号"):
        assert f"/grid/households/{home.id}" in village.open(f"/grid/households?q={words}").text, words
        assert f"/grid/households/{home.id}" in village.open(f"/search?q={words}").text, words
    assert f"/grid/households/{home.id}" not in sign_in("lingan").open("/search?q=王秀兰").text


# -- risk and visits -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("risk, days", [("high", 1), ("key", 30)])
def test_a_change_of_risk_is_a_record_and_moves_the_next_visit(sign_in, risk, days):
    village = sign_in("shuji")
    home = house(village)
    assert home.due_on == today() + datetime.timedelta(days=90)
    village.send(f"/grid/households/{home.id}/risk", risk=risk, reason="独居老人摔伤")
    after = Household.get_by_id(home.id)
    assert after.risk == risk and after.due_on == today() + datetime.timedelta(days=days)
    assert RiskChange.get().reason == "独居老人摔伤"


def test_one_tap_records_a_visit_and_sets_the_next_one(sign_in):
    village, worker = sign_in("shuji"), sign_in("wangge")
    home = house(village)
    Household.update(due_on=today() - datetime.timedelta(days=3)).where(Household.id == home.id).execute()
    assert "逾期 3 天" in worker.open("/grid/visits").text
    worker.send("/grid/visits", to=f"/grid/households/{home.id}/visits/normal")
    after = Household.get_by_id(home.id)
    assert after.last_visit == today() and after.due_on == today() + datetime.timedelta(days=90)
    assert f"/grid/households/{home.id}" not in worker.open("/grid/visits").text
    assert "正常" in worker.open("/grid/visits/done").text


def test_who_was_not_at_home_is_still_due(sign_in):
    worker, home = sign_in("wangge"), house(sign_in("shuji"))
    Household.update(due_on=today()).where(Household.id == home.id).execute()
    worker.send("/grid/visits", to=f"/grid/households/{home.id}/visits/absent")
    assert Household.get_by_id(home.id).due_on == today() and Household.get_by_id(home.id).last_visit is None


def test_what_is_found_on_a_visit_becomes_an_event_in_one_form(sign_in):
    worker, home = sign_in("wangge"), house(sign_in("shuji"))
    worker.open(f"/grid/report?household={home.id}")
    assert "二组 12 号" in worker.text
    worker.submit(worker.form(["category"]), "/grid/report", category="hazard", text="灶台边堆柴")
    visit = home.visits.get()
    assert visit.result == "problem" and visit.case_id and Household.get_by_id(home.id).last_visit == today()


def test_a_patrol_is_one_tap_or_leads_to_an_event(sign_in):
    worker = sign_in("wangge")
    fields = {"unit_id": str(unit(VILLAGE).id), "theme": "drowning", "route": "河边和水塘"}
    worker.send("/grid/patrols/new", found="0", **fields)
    assert "正常" in worker.text and "河边和水塘" in worker.text
    worker.send("/grid/patrols/new", found="1", **fields)
    assert "河边和水塘" in worker.text and "上报事件" in worker.text
    worker.submit(worker.form(["category"]), "/grid/report", category="hazard", text="警示牌倒了")
    assert "已上报" in worker.open("/grid/patrols").text


# -- key groups ------------------------------------------------------------------------------------------------------

@pytest.fixture
def flagged(sign_in):
    """Somebody in the grid of wangge, flagged by the town; returns (flag, household)."""
    village, town = sign_in("shuji"), sign_in("zongzhi")
    grid = draw(village)
    staff(village, grid, account="wangge")
    home = house(village, where=grid.unit_id)
    member = settle_in(village, home, "何清祥")
    town.send(f"/grid/members/{member.id}/flag", kind="released", owner="塔山镇司法所")
    assert town.status == 200, town.text
    return KeyPerson.get(), home


def test_a_flag_is_opened_for_a_reason_that_stays(flagged, sign_in):
    flag, _ = flagged
    town = sign_in("zongzhi")
    town.open(f"/grid/key-people/{flag.id}")
    assert "刑满释放" not in town.text
    town.submit(town.form(["reason"]), f"/grid/key-people/{flag.id}", reason="看看")
    assert town.status == 422 and "刑满释放" not in town.text
    town.submit(town.form(["reason"]), f"/grid/key-people/{flag.id}", reason="走访前核对情况")
    assert "刑满释放" in town.text
    entry = AuditEntry.select().where(AuditEntry.action == "grid.open_key_person").get()
    assert entry.detail["reason"] == "走访前核对情况"


def test_the_worker_of_the_grid_sees_it_by_name_and_others_do_not(flagged, sign_in):
    flag, home = flagged
    assert f"/grid/key-people/{flag.id}" in sign_in("wangge").open("/grid/key-people").text
    assert sign_in("linwang").open(f"/grid/key-people/{flag.id}").status == 404
    assert sign_in("shuji").open(f"/grid/key-people/{flag.id}").status == 403
    page = sign_in("shuji").open(f"/grid/households/{home.id}").text
    assert "有标记" not in page and "刑满释放" not in page


def test_a_flag_that_is_lifted_is_deleted(flagged, sign_in):
    flag, _ = flagged
    town = sign_in("zongzhi")
    town.send(f"/grid/key-people/{flag.id}", reason="司法所通知解除")
    town.submit(town.form((), f"/grid/key-people/{flag.id}/end"))
    assert not KeyPerson.select().exists()


def test_every_field_says_why_it_is_kept(sign_in):
    page = sign_in("wangge").open("/grid/purposes").text
    for words in ("社区矫正", "独居空巢", "个人信息保护法第三十四条", "保存多久"):
        assert words in page


