"""What a form does for the person who fills it in, and the keys and switches of the frame."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def receive_form(page) -> None:
    page.goto("/station/receive?q=gljt")
    page.click(".row-title:has-text('高龄津贴')")
    expect(page.locator("[name=name]")).to_be_focused()


def total(page) -> int:
    page.goto("/cases/")
    return int(re.search(r"共 (\d+) 件", page.inner_text("#subtitle"))[1])


def test_a_double_click_makes_one_case(visit):
    page = visit("lincun")
    before = total(page)
    receive_form(page)
    page.fill("[name=name]", "郑国芳")
    page.fill("[name=id_card]", "510722194003072283")
    page.dblclick(".form-bar .btn-primary")
    page.wait_for_url(re.compile(r"/cases/\d+$"))
    assert total(page) == before + 1


def test_unsaved_text_warns_before_it_is_lost(visit):
    page = visit("cun")
    receive_form(page)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.type("[name=name]", "王")
    page.click(".brand")
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"] and "/station/receive/" in page.url


def test_an_untouched_form_lets_go(visit):
    page = visit("cun")
    receive_form(page)
    page.on("dialog", lambda dialog: pytest.fail("asked about a form in which nothing was written"))
    page.click(".brand")
    page.wait_for_url("**/")


def test_the_error_summary_takes_the_focus_and_links_to_the_field(visit):
    visit.expect("status of 422")
    page = visit("cun")
    receive_form(page)
    page.fill("[name=phone]", "13890112233")
    page.click(".form-bar .btn-primary")
    expect(page.locator(".error-summary")).to_be_focused()
    page.keyboard.press("Tab")
    assert "办事人姓名" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(page.locator("[name=name]")).to_be_focused()
    assert page.input_value("[name=phone]") == "13890112233", "what was typed is kept"
    assert page.get_attribute("[name=name]", "aria-invalid") == "true"


def test_the_file_field_is_reached_by_keyboard_and_says_what_was_chosen(visit, tmp_path):
    (tmp_path / "说明.txt").write_text("情况属实", "utf-8")
    page = visit("cun")
    page.on("filechooser", lambda chooser: None)  # watched from the beginning, so that none opens unseen
    receive_form(page)
    page.focus("[name=attachments]")
    ring = page.evaluate("getComputedStyle(document.querySelector('.file-face')).outlineStyle")
    assert ring == "solid", "the face shows the focus of the field under it"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(tmp_path / "说明.txt")
    expect(page.locator(".file-names")).to_contain_text("说明.txt")
    expect(page.locator(".file-face")).to_contain_text("已选 1 个")


def test_ctrl_k_goes_to_the_search(visit):
    page = visit("cun")
    page.goto("/help")
    page.keyboard.press("Control+k")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("聚餐")
    page.keyboard.press("Enter")
    expect(page.locator(".hit-list").first).to_contain_text("农村集体聚餐备案")


def test_large_type_keeps_the_page(visit):
    page = visit("cun", fresh=True)
    page.goto("/cases/?phase=paused")
    page.click("[aria-label=大字模式]")
    expect(page.locator("html.large-type")).to_have_count(1)
    assert page.url.endswith("/cases/?phase=paused")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "19px"
    page.click("[aria-label=大字模式]")
    expect(page.locator("html.large-type")).to_have_count(0)


def test_a_person_with_several_posts_switches_without_signing_out(visit):
    page = visit("duogang", fresh=True)
    expect(page.locator(".scope summary")).to_contain_text("华光村")
    page.click(".scope summary")
    page.click(".scope .menu-item:has-text('迎丰村')")
    expect(page.locator(".scope summary")).to_contain_text("迎丰村")
    page.goto("/cases/")
    expect(page.locator("#subtitle")).to_contain_text("迎丰村")


def test_the_keyboard_skips_to_the_text_and_closes_menus(visit):
    page = visit("cun")
    page.goto("/help")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.focus(".person summary")
    page.keyboard.press("Enter")
    expect(page.locator(".person .menu-panel")).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert "我的账号" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Escape")
    expect(page.locator(".person .menu-panel")).to_be_hidden()
    expect(page.locator(".person summary")).to_be_focused()


def test_a_second_clerk_is_told_and_keeps_their_words(visit, site):
    visit.expect("status of 409")
    where = f"/cases/{site.cases['to_town']}/steps/send_back_village"
    first, second = visit("zhen"), visit("zhener")
    for page in (first, second):
        page.goto(where)
    first.fill("[name=text]", "户口簿看不清，请重拍。")
    first.click(".form-bar .btn")
    expect(first.locator(".flash")).to_be_visible()
    second.fill("[name=text]", "<b>请补一张</b>照片")
    second.click(".form-bar .btn")
    expect(second.get_by_role("heading", level=1)).to_have_text("这件事刚被别人改动过")
    expect(second.locator(".kept")).to_contain_text("<b>请补一张</b>照片")
