"""红黑榜: the sheet makes 100, people confirm, appeals come before posting, names stay in the village and for a
time.
"""

import datetime

import pytest
import time_machine

from plugins.village_rules.models import Household, Rectification, Round, Score, Sheet
from portal.cases.models import Case, Reply
from tests.village_rules.door import (
    begin_round,
    case_of,
    confirm,
    day,
    household,
    listed,
    post,
    score,
    scored_round,
    sheet,
    state,
    step,
    tell,
)

ANSWER = {"reply": "已经核实，谢谢您。", "reply_channel": "door"}


@pytest.fixture
def village(sign_in):
    return sign_in("shuji")


@pytest.fixture
def board(village):
    """A confirmed round and the household that has something to put right."""
    return listed(village)


def test_a_round_goes_from_the_sheet_to_the_board_and_off_it_again(village, sign_in):
    one, row = listed(village)
    assert row.score.tenths == 1000 - 220 and Case.get_by_id(row.case_id).state == "listed"
    tell(village, row)
    post(village, one)
    one = Round.get_by_id(one.id)
    assert one.state == "posted" and one.posted_until == one.posted_on + datetime.timedelta(days=15)
    printed = village.open(f"/village_rules/rounds/{one.id}/board").text
    assert "李*英" in printed and "王*国" in printed and "整改户（1 户）" in printed
    step(sign_in("wangge"), case_of(row), "pass", text="已经清理干净")
    step(village, case_of(row), "clear", **ANSWER)
    assert state(case_of(row)) == "cleared" and Reply.get(Reply.case == row.case_id).text == ANSWER["reply"]
    printed = village.open(f"/village_rules/rounds/{one.id}/board").text
    assert "李*英" not in printed and "1 户已经销榜" in printed.replace("\n", "")


def test_points_are_counted_by_the_server_and_no_line_goes_below_nothing(village):
    one, clean, poor = scored_round(village)
    assert (clean.tenths, poor.tenths) == (1000, 780)
    third = household(village, "3 号")
    assert score(village, one, third, 17) is None
    assert village.status == 422 and "最多记 16 处" in village.text
    assert score(village, one, third, 16, 0, 1).tenths == 1000 - 80 - 5


@pytest.mark.parametrize("lines, sentence", [
    ("卫生 | 干净 | 99 | 0.5", "现在是 99 分"), ("卫生 | 干净 | 60 | 0.5\n庭院 | 整齐 | 40.5 | 0.5", "现在是 100.5 分"),
    ("卫生 | 干净 | 一百 | 0.5", "第 1 行：分值“一百”不是数字"), ("卫生 | 干净 | 100", "第 1 行：应为"),
    ("卫生 | 干净 | 100 | 0", "第 1 行：每处扣分"), ("卫生 | 干净 | 100 | 200", "第 1 行"), ("卫生 | 干净 | NaN | 1",
        "第 1 行"),
    ("卫生 | 干净 | 1e3 | 1", "第 1 行"),
])
def test_a_sheet_that_does_not_make_100_is_refused(village, lines, sentence):
    sheet(village, lines)
    assert village.status == 422 and sentence in village.text and lines.split("\n")[0] in village.text
    assert Sheet.select().count() == 0


def test_a_new_sheet_leaves_old_rounds_as_they_were(village):
    one, *_ = scored_round(village)
    sheet(village, "卫生 | 干净 | 100 | 1")
    assert Round.get_by_id(one.id).sheet.edition == 1 and Sheet.select().where(Sheet.active).get().edition == 2


def test_the_rule_proposes_and_people_confirm(village):
    one, clean, poor = scored_round(village)
    page = village.open(f"/village_rules/rounds/{one.id}/confirm").text
    assert f'name="first" id="first-1" value="{clean.id}" checked' in page
    assert f'value="{poor.id}" checked' in page
    confirm(village, one, [clean], [clean])
    assert village.status == 422 and "不能既是先进户又是整改户" in village.text
    confirm(village, one, [clean], [])
    assert Round.get_by_id(one.id).confirmed_by == "村民代表五人"
    assert Rectification.select().count() == 0 and Score.get_by_id(clean.id).result == "first"


def test_the_board_waits_for_those_who_were_not_told_and_for_appeals(village, board):
    one, row = board
    post(village, one)
    assert village.status == 422 and "还没有告知" in village.text
    tell(village, row)
    step(village, case_of(row), "appeal", text="垃圾不是我家的")
    post(village, one)
    assert village.status == 422 and "申诉还没有答复" in village.text and Round.get_by_id(one.id).state == "confirmed"
    step(village, case_of(row), "uphold", **ANSWER)
    post(village, one)
    assert Round.get_by_id(one.id).state == "posted"


def test_an_appeal_that_is_right_takes_the_household_off(village, board):
    one, row = board
    step(village, case_of(row), "appeal", text="打分打错了户")
    step(village, case_of(row), "correct", reply="您说得对，已经更正。", reply_channel="face")
    assert state(case_of(row)) == "corrected" and Score.get_by_id(row.score_id).result == ""
    post(village, one)
    assert "李*英" not in village.open(f"/village_rules/rounds/{one.id}/board").text


def test_an_appeal_before_being_told_leaves_no_dead_end(village, board):
    one, row = board
    step(village, case_of(row), "appeal", text="听说我家上了榜")
    step(village, case_of(row), "uphold", **ANSWER)
    tell(village, row)
    post(village, one)
    assert Round.get_by_id(one.id).state == "posted"


def test_after_posting_nobody_appeals_but_the_village_may_take_the_name_off(village, board):
    one, row = board
    tell(village, row)
    post(village, one)
    step(village, case_of(row), "appeal", text="不同意")
    assert village.status == 422 and "已经张榜" in village.text
    step(village, case_of(row), "withdraw", reply="您家有困难，我们上门帮忙。", reply_channel="door")
    assert state(case_of(row)) == "withdrawn"
    assert "李*英" not in village.open(f"/village_rules/rounds/{one.id}/board").text


def test_a_second_inspection_that_fails_goes_on(village, board):
    _, row = board
    tell(village, row)
    step(village, case_of(row), "fail", text="还有一半")
    assert state(case_of(row)) == "mending"
    step(village, case_of(row), "pass", text="干净了")
    assert state(case_of(row)) == "passed"


def test_after_its_time_no_page_shows_the_names(village, board, sign_in):
    one, row = board
    tell(village, row)
    post(village, one)
    url, paper = f"/village_rules/rounds/{one.id}", f"/village_rules/rounds/{one.id}/board"
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=15), tick=True):
        assert "李*英" in sign_in("shuji").open(paper).text
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=16), tick=True):
        later = sign_in("shuji")
        for page in (url, paper):
            text = later.open(page).text
            assert "李*英" not in text and "王*国" not in text and "已经到期" in text, page


def test_nobody_outside_the_village_sees_who_it_is(village, board, sign_in):
    one, row = board
    tell(village, row)
    post(village, one)
    case = case_of(row)
    assert "李" not in case.title and case.applicant == "" and case.resident_id is None
    for name in ("zhen", "lingdao"):
        browser = sign_in(name)
        page = browser.open(f"/village_rules/rounds/{one.id}").text
        assert "李*英" not in page and "各户的结果只在本村公布" in page and "列为整改户" in page
        assert "李*英" not in browser.open(f"/cases/{case.id}").text and "清理门前垃圾" not in browser.text
        assert "各户的评比结果只在本村公布" in browser.text
        assert "李*英" not in browser.open("/village_rules/rectifications").text
        assert "李*英" not in browser.open(f"/village_rules/rounds/{one.id}/board").text
        assert browser.open(f"/village_rules/rounds/{one.id}/households/{row.score.household_id}").status == 403
        assert browser.open(f"/cases/{case.id}/papers/mending").status == 404
    for name in ("lincun", "linzhen", "linjia"):
        assert sign_in(name).open(f"/village_rules/rounds/{one.id}").status == 404
    assert "李*英" in sign_in("wangge").open(f"/village_rules/rounds/{one.id}").text


def test_the_paper_for_the_household_says_how_to_appeal(village, board):
    _, row = board
    tell(village, row)
    paper = village.open(f"/cases/{row.case_id}/papers/mending").text
    assert "申诉" in paper and "清理门前垃圾" in paper and "78" in paper and "16 处" in paper


def test_a_need_goes_on_to_another_platform(village, board):
    _, row = board
    tell(village, row)
    step(village, case_of(row), "refer", kind="station.request", text="老人需要办理居住证")
    linked = Case.select().where(Case.source_case == row.case_id).get()
    assert linked.kind == "station.request" and state(case_of(row)) == "mending"
    step(village, case_of(row), "refer", kind="station.nothing", text="转")
    assert village.status == 422


def test_a_household_is_registered_once_and_its_name_is_masked(village):
    one = household(village)
    assert one.head == "王*国" and one.code == "001 号户"
    assert household(village) is None and "已经登记为 001 号户" in village.text
    assert household(village, "2 号", "") is None and "请填写姓名" in village.text
    assert household(village, "3 号", id_card="123") is None and village.status == 422
    assert Household.select().count() == 1


def test_one_round_a_month_and_none_without_a_sheet(village):
    assert begin_round(village) is None and "还没有评分表" in village.text
    sheet(village)
    assert begin_round(village, held_on=day(1)) is None and "不能晚于今天" in village.text
    assert begin_round(village) and begin_round(village) is None and "一个月评一次" in village.text


def test_two_inspectors_do_not_score_the_same_household_twice(village, sign_in):
    sheet(village)
    home, one = household(village), begin_round(village)
    url = f"/village_rules/rounds/{one.id}/households/{home.id}"
    other = sign_in("wangge")
    other.open(url)
    late = other.form(["remark"])
    late.action = url
    score(village, one, home, 2)
    other.submit(late, url, remark="晚到")
    assert other.status == 409 and "晚到" in other.text and Score.select().count() == 1


def test_scores_are_fixed_once_they_are_confirmed(village, board):
    one, row = board
    assert score(village, one, row.score.household, 1).tenths == 780 and village.status == 422
    confirm(village, one)
    assert village.status == 422 and "已经确认过" in village.text
