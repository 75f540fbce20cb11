"""The tree of units, as a field and beside a list, by keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE

pytestmark = pytest.mark.browser


def focused(page) -> str:
    return page.evaluate("document.activeElement.textContent.trim()")


def keys(page, *names: str) -> None:
    for name in names:
        page.keyboard.press(name)


def open_picker(page):
    page.goto("/station/receive?q=gljt")
    page.click(".row-title:has-text('高龄津贴')")
    page.focus("#unit_id")
    page.keyboard.press("Enter")
    expect(page.locator(".unit-popup input")).to_be_focused()


def chosen(page) -> str:
    expect(page.locator("#unit_id")).to_be_focused()
    expect(page.locator(".unit-popup")).to_be_hidden()
    return page.inner_text("#unit_id-shown")


def test_a_village_is_chosen_with_the_arrows(visit):
    page = visit("zhener")
    open_picker(page)
    keys(page, "ArrowDown")
    assert focused(page) == "塔山镇"
    keys(page, "ArrowDown")
    assert focused(page) == "塔山社区"
    keys(page, "End")
    assert focused(page) == "松柏村"
    keys(page, "Home", "ArrowLeft")
    expect(page.get_by_role("treeitem", name="塔山镇")).to_have_attribute("aria-expanded", "false")
    keys(page, "ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp", "Enter")
    assert "塔山社区" in chosen(page)
    assert page.input_value("[data-picker] [name=unit_id]").isdigit()


def test_escape_leaves_the_field_as_it_was(visit):
    page = visit("zhener")
    open_picker(page)
    keys(page, "ArrowDown", "ArrowDown", "Escape")
    assert chosen(page) == "请选择"


@pytest.mark.parametrize("words", ["华光", "hgc"])
def test_a_village_is_found_by_name_and_by_initials(visit, words):
    page = visit("zhener")
    open_picker(page)
    page.keyboard.type(words)
    expect(page.locator(".unit-popup .hit")).to_have_count(1)
    keys(page, "Enter")
    assert "华光村" in chosen(page)


def test_what_is_typed_on_the_tree_goes_to_the_search(visit):
    page = visit("zhener")
    open_picker(page)
    keys(page, "ArrowDown", "h", "g", "c")
    expect(page.locator(".unit-popup .hit")).to_have_count(1)
    assert page.input_value(".unit-popup input") == "hgc"
    keys(page, "ArrowDown", "Enter")
    assert "华光村" in chosen(page)


def test_children_are_fetched_when_a_town_opens(visit):
    page = visit("xian")
    page.goto("/cases/")
    tree = page.locator(".tree-pane .tree")
    expect(tree.get_by_role("treeitem", name="华光村")).to_have_count(0)
    tree.get_by_role("treeitem", name="塔山镇").focus()
    with page.expect_response(lambda answer: "/cases/places/" in answer.url) as fetched:
        keys(page, "ArrowRight")
    assert fetched.value.status == 200
    expect(tree.get_by_role("treeitem", name="华光村")).to_be_visible()
    keys(page, "ArrowLeft")
    expect(tree.get_by_role("treeitem", name="华光村")).to_be_hidden()
    keys(page, "ArrowRight")
    expect(tree.get_by_role("treeitem", name="华光村")).to_be_visible()


def test_a_unit_beside_the_list_swaps_the_list_and_keeps_the_address(visit):
    page = visit("zhen")
    page.goto("/cases/")
    page.evaluate("window.kept = true")
    everything = page.locator(".data tbody tr").count()
    page.locator(".tree-pane .tree").get_by_role("treeitem", name="迎丰村").click()
    expect(page.locator("#subtitle")).to_contain_text("迎丰村")
    places = page.locator(".data tbody .c-place").all_inner_texts()
    assert set(places) == {"迎丰村"} and len(places) < everything
    assert "unit=" in page.url and page.evaluate("window.kept")
    page.reload()
    expect(page.locator("#subtitle")).to_contain_text("迎丰村")
    expect(page.locator(".tree-pane .tree [aria-current]")).to_contain_text("迎丰村")
    page.click(".tree-all")
    expect(page.locator(".data tbody tr")).to_have_count(everything)
    expect(page.locator(".tree-all")).to_have_attribute("aria-current", "true")


def test_on_a_phone_the_fold_says_what_was_chosen(visit):
    page = visit("zhen", PHONE)
    page.goto("/cases/")
    fold = page.locator(".tree-fold")
    fold.locator("summary").click()
    fold.get_by_role("treeitem", name="迎丰村").click()
    expect(page.locator("#subtitle")).to_contain_text("迎丰村")
    expect(fold.locator("summary")).to_have_text("迎丰村")
    assert fold.get_attribute("open") is None
