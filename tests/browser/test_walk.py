"""One matter all the way, by the people who do it, each at their own computer."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, print_to_pdf

pytestmark = pytest.mark.browser

WANG = {"name": "王秀兰", "id_card": "510722194003072224", "phone": "13890112233"}
MATERIALS = ("户口簿", "身份证", "社会保障卡")


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "户口簿.jpg"
    Image.new("RGB", (640, 480), "#d9c8a0").save(path)
    return path


def fill_in(page, person: dict, materials=MATERIALS) -> None:
    for field, text in person.items():
        page.fill(f"[name={field}]", text)
    for material in materials:
        page.check(f".check-row:has-text('{material}') input")


def choose_item(page, name: str) -> None:
    page.goto("/station/receive")
    page.fill(".list-find input", name)
    page.press(".list-find input", "Enter")
    page.click(f"a[aria-label='收件：{name}']")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"收件：{name}")


def step(page, verb: str, choices=(), **fields) -> None:
    """Press the button of a step at the top of the case page, fill its form in, and send it."""
    page.click(f".next .btn:has-text('{verb}')")
    for label in choices:
        page.get_by_label(label, exact=True).check()
    for name, text in fields.items():
        page.fill(f"[name={name}]", text)
    page.click(f".form-bar .btn:has-text('{verb}')")
    expect(page.locator(".flash").first).to_contain_text(f"已{verb}")


def words_of(page, path) -> str:
    """Print the page to a PDF of one A4 page; return what it says."""
    pages, words = print_to_pdf(page, path, "-layout")
    assert pages == 1
    return words


def test_a_matter_goes_from_the_window_to_the_county_and_back(visit, photo, tmp_path):
    village = visit("cun")
    choose_item(village, "高龄津贴")
    fill_in(village, WANG)
    village.set_input_files("[name=attachments]", photo)
    expect(village.locator(".file-names")).to_contain_text("户口簿.jpg")
    village.click(".form-bar .btn-primary")
    village.wait_for_url(re.compile(r"/cases/\d+$"))
    case = village.url
    number = village.locator("#subtitle .number").inner_text()
    expect(village.locator(".file-row")).to_contain_text("户口簿.jpg")

    village.click(".paper-link:has-text('收件回执')")
    village.wait_for_url("**/papers/receipt")
    receipt = words_of(village, tmp_path / "receipt.pdf")
    assert number in receipt and "510722********2224" in receipt and WANG["id_card"] not in receipt
    assert "收件回执" in receipt and "王秀兰" in receipt
    village.click("text=回到案件")

    step(village, "受理")
    step(village, "转报乡镇", text="材料齐全，请审核。")

    town = visit("zhen")
    town.goto("/cases/desk")
    town.click(f".todo:has-text('{number}') .btn")
    step(town, "转报县级部门", text="情况属实。")

    county = visit("minzheng")
    county.goto(case)
    step(county, "作出决定", ["准予"], text="符合条件，准予，从下月起按月发放。")

    village.goto(case)
    step(village, "送达", ["窗口领取"], recipient="王秀兰", reply="津贴已经批准，下月起按月发到卡上。")

    village.click("a.btn:has-text('请办事人评价')")
    expect(village.get_by_role("heading", level=1)).to_have_text("请您评价")
    assert village.locator(".rating-form .tiles label").count() == 5
    assert min(box["height"] for box in (tile.bounding_box() for tile in village.locator(".tiles label").all())) >= 60
    village.get_by_label("非常满意", exact=True).check()
    village.fill("[name=text]", "办得快")
    village.click("text=提交评价")

    step(village, "归档")
    told = [line.inner_text() for line in village.locator(".entry-title").all()]
    assert told == ["归档", "评价：非常满意", "送达", "作出决定", "转报县级部门", "转报乡镇", "受理", "收件"]
    page = village.locator("main").inner_text()
    assert "津贴已经批准，下月起按月发到卡上。" in page and "群众评价：非常满意" in page
    expect(village.locator(".next")).to_contain_text("已归档")


def test_the_same_works_without_a_script(visit, photo):
    """A browser that runs no script receives and takes a step: links and forms are enough."""
    window = visit("cun", PHONE, java_script_enabled=False)
    window.goto("/station/receive?q=glbt")
    assert "高龄津贴" not in window.locator("main").inner_text()
    window.goto("/station/receive?q=gljt")
    window.click(".row-title:has-text('高龄津贴')")
    fill_in(window, {**WANG, "name": "王秀芳", "id_card": "510722194003072240"})
    window.set_input_files("[name=attachments]", photo)
    window.click(".form-bar .btn-primary")
    expect(window.locator(".flash")).to_contain_text("已收件")
    window.click(".next .btn-primary")
    window.click(".form-bar .btn-primary")
    expect(window.locator(".flash")).to_contain_text("已受理")
    window.locator(".file-row .btn").click()
    expect(window.locator("main")).to_contain_text("没有附件")


def test_a_town_without_a_script_chooses_the_village_in_a_list(visit):
    hall = visit("zhener", java_script_enabled=False)
    hall.goto("/station/receive?q=gljt")
    hall.click(".row-title:has-text('高龄津贴')")
    fill_in(hall, {**WANG, "name": "王秀英", "id_card": "510722194003072267"})
    hall.select_option("[name=unit_id]", label="华光村")
    hall.click(".form-bar .btn-primary")
    expect(hall.locator(".flash")).to_contain_text("已收件")
    expect(hall.locator(".facts").first).to_contain_text("华光村")


def test_removing_a_file_asks_first(visit, site, photo):
    page = visit("cun")
    page.goto(f"/cases/{site.cases['new']}/files")
    page.set_input_files("[name=attachments]", photo)
    page.click(".form-bar .btn-primary")
    page.click(".file-row .btn")
    expect(page.locator("dialog.confirm")).to_contain_text("删去“户口簿.jpg”？")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.confirm")).to_have_count(0)
    expect(page.locator(".file-row")).to_have_count(1)
    page.click(".file-row .btn")
    page.click("dialog.confirm .btn-danger")
    expect(page.locator("main")).to_contain_text("没有附件")
