"""A village makes and files its rules, and holds a monthly round, each person at their own computer."""

import datetime
import re

import pytest
from playwright.sync_api import expect

from portal.db import today
from tests.browser.conftest import PHONE, print_to_pdf
from tests.browser.test_walk import step

pytestmark = pytest.mark.browser


def day(days: int = 0) -> str:
    return (today() + datetime.timedelta(days=days)).isoformat()


def fill(page, **fields) -> None:
    for name, text in fields.items():
        page.fill(f"[name={name}]", text)


def send(page) -> None:
    page.click(".form-bar .btn-primary")


def choose(page, name: str, value: str) -> None:
    """Press the segment or tile of a value."""
    page.locator(f"input[name={name}][value={value}]").check()


def words_of(page, path) -> str:
    """Print the page on A4; return what it says without spaces, because lines break anywhere."""
    return re.sub(r"\s", "", print_to_pdf(page, path, "-layout")[1])


def write_clause(page, theme: str, heading: str, text: str) -> None:
    page.click("a.btn:has-text('写一条')")
    choose(page, "theme", theme)
    fill(page, heading=heading, text=text)
    send(page)


def hold_meeting(page) -> None:
    """Call a meeting of the whole village, record who came, and that it adopted the rules."""
    page.goto("/village_rules/meetings")
    page.click("a.btn-primary:has-text('召集会议')")
    choose(page, "body", "villagers")
    fill(page, subject="表决村规民约", planned_at=f"{day()}T09:00", place="村活动室", chair="张国强",
         notice_on=day(-11))
    send(page)
    expect(page.locator(".flash")).to_contain_text("请打印公告张贴")
    page.click("a.btn-primary:has-text('记录到会')")
    choose(page, "counting", "households")
    fill(page, roll="300", present="199", women_present="80", recorder="李秀英")
    send(page)
    expect(page.locator(".rule-note")).to_contain_text("没有达到法定人数")
    page.click("a.btn:has-text('修改记录')")
    fill(page, present="231", women_present="96")
    send(page)
    expect(page.locator(".rule-note")).to_contain_text("达到法定人数")
    page.click("a.btn-primary:has-text('记录决议')")
    page.select_option("[name=matter]", "charter")
    fill(page, text="通过第 1 版村规民约。", votes_for="232", votes_against="0", votes_abstained="0")
    choose(page, "passed", "yes")
    send(page)
    expect(page.locator(".field-error")).to_contain_text("赞成 232 票多于实到 231 人")
    fill(page, votes_for="220", votes_against="6", votes_abstained="5")
    send(page)
    expect(page.locator("main")).to_contain_text("超过实到 231 人的半数（须 116 人）")


def test_a_village_makes_its_rules_and_files_them(visit, tmp_path):
    visit.expect("status of 422")
    village, town = visit("shuji"), visit("sifasuo")
    village.goto("/village_rules/")
    village.click("a.btn-primary:has-text('制定村规民约')")
    fill(village, collect_until=day(20), text="路上堆东西的多了")
    send(village)
    village.wait_for_url(re.compile(r"/cases/\d+$"))
    case = village.url

    village.click("a.btn:has-text('登记意见')")
    choose(village, "how", "meeting")
    fill(village, text="路上不要堆柴草，会车困难。", people="12")
    send(village)
    village.goto(case)
    village.click("a:has-text('全文和意见')")
    village.click(".card-lines .btn:has-text('处理')")
    choose(village, "adopted", "yes")
    fill(village, reason="写进公共道路一条")
    send(village)
    village.goto(case)
    step(village, "结束征集，开始起草", text="院坝会征集")

    write_clause(village, "order", "公共道路", "不在公共道路上堆放柴草、砂石。")
    village.goto(case)
    write_clause(village, "order", "乱倒垃圾", "乱倒垃圾的，一次罚款50元。")
    expect(village.locator("mark.hint")).to_contain_text("罚款50元")
    expect(village.locator("aside")).to_contain_text("村民委员会没有处罚权")
    village.goto(case)
    village.click(".next .btn:has-text('提请审核')")
    village.click(".form-bar .btn:has-text('提请审核')")
    expect(village.locator(".error-summary")).to_contain_text("第 2 条有提示没有处理")
    village.goto(case)
    village.click("a:has-text('全文和意见')")
    village.click("a.btn:has-text('修改第 2 条')")
    fill(village, text="不乱倒垃圾；乱倒的，由村民小组长当面劝导、一起清理。")
    send(village)
    expect(village.locator("mark.hint")).to_have_count(0)
    village.goto(case)
    step(village, "提请审核", text="请审核")

    town.goto(case)
    expect(town.locator(".clauses")).to_contain_text("当面劝导")
    step(town, "审核同意", party_opinion="同意提交表决", text="与法律不抵触")

    hold_meeting(village)
    village.goto(case)
    village.click(".next .btn:has-text('登记表决结果')")
    village.select_option("[name=resolution]", index=1)
    village.click(".form-bar .btn:has-text('登记表决结果')")
    expect(village.locator(".flash").first).to_contain_text("已登记表决结果")
    step(village, "报送备案", text="附会议记录")
    town.goto(case)
    step(town, "登记备案", text="齐全")
    village.goto(case)
    step(village, "公布施行", published_on=day(), published_at="村公示栏", effective_on=day(3))
    expect(village.locator(".facts").first).to_contain_text("300 / 231 / 96")

    village.click(".paper-link:has-text('公示件')")
    village.wait_for_url("**/papers/posting")
    sheet = words_of(village, tmp_path / "posting.pdf")
    assert "村规备" in sheet and "当面劝导" in sheet and "罚款" not in sheet and "96" in sheet


def test_a_round_is_held_and_a_household_comes_off_the_board(visit, tmp_path):
    village, inspector = visit("shuji"), visit("wangge", PHONE)
    village.goto("/village_rules/sheet")
    send(village)
    expect(village.locator(".flash")).to_contain_text("已保存评分表")
    for number, head in enumerate(("王建国", "李桂英"), 1):
        village.goto("/village_rules/households/new")
        fill(village, group_name="3 组", door=f"{number} 号", head=head)
        send(village)
        expect(village.locator(".flash")).to_contain_text("已登记为")

    inspector.goto("/village_rules/rounds")
    inspector.click("a.btn-primary:has-text('开始评比')")
    inspector.select_option("[name=month]", index=1)
    fill(inspector, inspectors="周勇、村民代表两人")
    send(inspector)
    inspector.click("a.btn-primary:has-text('逐户打分')")
    send(inspector)
    expect(inspector.locator(".flash")).to_contain_text("001 号户得 100 分")
    for line, faults in enumerate(("16", "12", "12", "4")):
        inspector.locator(".score-faults input").nth(line).fill(faults)
    fill(inspector, remark="门前堆了建筑垃圾")
    send(inspector)
    expect(inspector.locator(".flash")).to_contain_text("002 号户得 78 分")

    village.goto("/village_rules/rounds")
    village.click(".row-title")
    board = village.url
    village.click("a.btn:has-text('确认结果')")
    expect(village.get_by_label("78 分，002 号户 李*英").last).to_be_checked()
    fill(village, people="村民代表五人")
    send(village)
    village.click(".c-verb .btn:has-text('整改')")
    case = village.url
    step(village, "告知这一户", what="清走门前建筑垃圾", told_on=day())
    village.goto(board)
    village.click("a.btn-primary:has-text('张榜')")
    send(village)
    village.click("a.btn-primary:has-text('张贴件')")
    village.wait_for_url("**/board")
    posted = words_of(village, tmp_path / "board.pdf")
    assert "李*英" in posted and "李桂英" not in posted and "整改户" in posted

    inspector.goto(case)
    step(inspector, "复查合格", text="已经清走，院子干净")
    village.goto(case)
    step(village, "销榜", reply="已经看过，谢谢您。")
    expect(village.locator(".next")).to_contain_text("已销榜")
    village.goto(f"{board}/board")
    posted = words_of(village, tmp_path / "board.pdf")
    assert "李*英" not in posted and "王*国" in posted

    town = visit("zhen")
    town.goto(board)
    assert "王*国" not in town.locator("main").inner_text()
    expect(town.locator("main")).to_contain_text("各户的结果只在本村公布")
