"""A broken railing: reported on a phone, taken in by the village, handled by the town, checked by whoever saw it."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_pages import AXE, complaints, flaws
from tests.browser.test_walk import step, words_of

pytestmark = pytest.mark.browser


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "护栏.jpg"
    Image.new("RGB", (1280, 960), "#8aa0a8").save(path)
    return path


def report(page, text: str, photo=None, **fields) -> str:
    """Fill the phone form in and send it; return the address of the case."""
    page.goto("/")
    page.click(".tabbar .tab-centre")
    expect(page.get_by_role("heading", level=1)).to_have_text("上报事件")
    page.get_by_label("公共设施", exact=True).check(force=True)
    page.fill("[name=text]", text)
    for name, value in fields.items():
        page.fill(f"[name={name}]", value)
    if photo:
        page.set_input_files("[name=attachments]", photo)
    page.click(".form-bar .btn-primary")
    page.wait_for_url(re.compile(r"/cases/\d+$"))
    return page.url


def test_a_broken_railing_is_reported_handled_and_checked(visit, photo):
    worker = visit("wangge", PHONE)
    case = report(worker, "河边护栏断了三米，孩子放学从这里过", photo, where="二组石桥边")
    expect(worker.locator(".flash")).to_contain_text("已上报")
    expect(worker.locator(".file-row")).to_contain_text("护栏.jpg")

    village = visit("shuji")
    village.goto(case)
    step(village, "受理", text="到现场看过，情况属实。")
    step(village, "分流到乡镇", text="村里修不了，请镇上安排。")

    town = visit("zongzhi")
    town.goto(case)
    step(town, "签收")
    step(town, "反馈处置结果", text="护栏已焊好，加了反光条。")

    worker.goto(case)
    expect(worker.locator(".next")).to_contain_text("核查是不是真的办好了")
    step(worker, "核查通过，结案", text="到现场看过，修好了。")
    expect(worker.locator(".next")).to_contain_text("办结")
    told = [line.inner_text() for line in worker.locator(".entry-title").all()]
    assert told == ["核查通过，结案", "反馈处置结果", "签收", "分流到乡镇", "受理", "上报"]


def test_the_phone_form_fits_a_thumb(visit):
    page = visit("wangge", PHONE)
    page.goto("/grid/report")
    boxes = [tile.bounding_box() for tile in page.locator("#category .tiles label").all()]
    assert len(boxes) == 10 and min(min(box["width"], box["height"]) for box in boxes) >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.fill("[name=text]", "水管爆了")
    page.click(".phrase >> nth=0")
    expect(page.locator("[name=text]")).to_have_value(re.compile("水管爆了，"))


def test_a_hint_appears_while_somebody_types(visit):
    worker = visit("wangge", PHONE)
    report(worker, "村口路灯不亮，晚上看不清")
    worker.goto("/grid/report")
    worker.fill("[name=text]", "听说村口路灯不亮")
    expect(worker.locator(".alike")).to_contain_text("相近的事")
    worker.on("dialog", lambda dialog: dialog.accept())


def test_reporting_works_without_a_script(visit, photo):
    worker = visit("wangge", PHONE, java_script_enabled=False)
    report(worker, "井盖翻开了，已经盖好", photo)
    expect(worker.locator(".flash")).to_contain_text("已上报")


def test_the_map_is_drawn_and_its_table_stands_beside_it(visit):
    page = visit("zongzhi")
    page.goto("/grid/map")
    expect(page.locator(".map canvas")).to_be_visible()
    expect(page.locator("table")).to_contain_text("华光村")
    plain = visit("zongzhi", java_script_enabled=False)
    plain.goto("/grid/map")
    expect(plain.locator("table")).to_contain_text("华光村")


def test_the_notice_prints_on_one_page(visit, tmp_path):
    page = visit("shuji")
    page.goto("/grid/new")
    for name, text in {"name": "河东网格", "range": "一组、二组", "supervision_phone": "0816-5221234"}.items():
        page.fill(f"[name={name}]", text)
    page.click(".form-bar .btn-primary")
    page.click("a.btn:has-text('打印公示')")
    page.wait_for_url("**/notice")
    words = words_of(page, tmp_path / "notice.pdf")
    assert "网格公示" in words and "河东网格" in words and "0816-5221234" in words


@pytest.fixture(scope="module")
def drawn():
    """Remembers the grid and the household that the first of these tests makes."""
    return {}


def furnish(page, drawn: dict) -> None:
    """Draw a grid, put somebody on its team, open the file of a household with its head; once for the module."""
    if drawn:
        return
    page.goto("/grid/new")
    for name, text in {"name": "河西网格", "range": "三组", "supervision_phone": "0816-5221234", "lon": "105.13",
                       "lat": "31.31"}.items():
        page.fill(f"[name={name}]", text)
    page.click(".form-bar .btn-primary")
    page.wait_for_url(re.compile(r"/grid/\d+$"))
    drawn["grid"] = page.url.rsplit("/", 1)[1]
    page.goto(f"/grid/{drawn['grid']}/workers/new")
    page.fill("[name=name]", "周勇")
    page.select_option("[name=role]", "full")
    page.click(".form-bar .btn-primary")
    page.wait_for_url(re.compile(r"/grid/\d+$"))
    page.goto("/grid/households/new")
    page.fill("[name=address]", "三组 8 号")
    page.click(".form-bar .btn-primary")
    page.wait_for_url(re.compile(r"/members/new$"))
    drawn["house"] = page.url.split("/")[-3]
    page.fill("[name=name]", "何清祥")
    page.click(".form-bar .btn-primary")
    page.wait_for_url(re.compile(r"/households/\d+$"))


PAGES = {
    "shuji": [
        "/grid/", "/grid/{grid}", "/grid/{grid}/notice", "/grid/{grid}/edit", "/grid/{grid}/close", "/grid/new",
        "/grid/{grid}/workers/new", "/grid/households", "/grid/households/{house}", "/grid/households/new",
        "/grid/households/{house}/edit", "/grid/households/{house}/risk", "/grid/households/{house}/members/new",
        "/grid/report", "/grid/visits", "/grid/visits/done", "/grid/patrols", "/grid/patrols/new", "/grid/events",
        "/grid/map", "/grid/figures", "/grid/purposes",
    ],
    "zongzhi": ["/grid/", "/grid/report", "/grid/key-people", "/grid/map", "/grid/figures", "/grid/events"],
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_and_axe_finds_nothing(visit, drawn, name):
    furnish(visit("shuji"), drawn)
    page, found = visit(name), []
    for pattern in PAGES[name]:
        url = pattern.format(**drawn)
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(url)
        page.evaluate(AXE)
        for width, height, least in ((1440, 900, 24), (390, 844, 44)):
            page.set_viewport_size({"width": width, "height": height})
            found += flaws(page, f"{url} at {width}", least) + complaints(page, f"{url} at {width}")
    assert not found, "\n".join(found)
