"""Lists: a choice swaps the list, never the page; the address and the back button keep up."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CHIP = ".list-tools .chip"


@pytest.fixture
def cases(visit):
    """The list of the village, on a page that a reload would lose."""
    page = visit("cun")
    page.goto("/cases/")
    page.evaluate("window.kept = true")
    return page


def on_the_same_page(page) -> bool:
    return bool(page.evaluate("window.kept"))


def test_chips_filters_and_search_swap_without_a_reload(cases):
    cases.click(f"{CHIP}:has-text('已停表')")
    expect(cases.locator(f"{CHIP}[aria-current]")).to_contain_text("已停表")
    expect(cases.locator(".data tbody tr")).to_have_count(2)
    cases.click(f"{CHIP}:has-text('全部')")
    expect(cases.locator(f"{CHIP}[aria-current]")).to_contain_text("全部")  # the panel goes with what is swapped
    cases.click("details.filter summary")
    cases.fill("#f-since", "2020-01-01")
    cases.click(".filter-panel .btn-primary")
    expect(cases.locator(".tag")).to_contain_text("登记不早于 2020-01-01")
    cases.fill(".list-find input", "聚餐")
    expect(cases.locator(".data tbody tr")).to_have_count(1)
    assert "since=2020-01-01" in cases.url and "q=" in cases.url and on_the_same_page(cases)
    expect(cases.locator(".list-find input")).to_be_focused()
    cases.click(".tags > a")
    expect(cases.locator(".tag")).to_have_count(0)
    assert on_the_same_page(cases)


def test_the_back_button_goes_back_in_the_list(cases):
    cases.click(f"{CHIP}:has-text('已停表')")
    expect(cases.locator(f"{CHIP}[aria-current]")).to_contain_text("已停表")
    cases.click(f"{CHIP}:has-text('超期')")
    expect(cases.locator(f"{CHIP}[aria-current]")).to_contain_text("超期")
    cases.go_back()
    expect(cases.locator(f"{CHIP}[aria-current]")).to_contain_text("已停表")
    cases.go_back()
    expect(cases.locator(f"{CHIP}[aria-current]")).to_contain_text("全部")


def test_of_two_quick_clicks_the_last_wins(cases):
    held = []
    cases.route("**/cases/?*phase=paused*", lambda route: held.append(route))
    cases.click(f"{CHIP}:has-text('已停表')")
    cases.click(f"{CHIP}:has-text('已办结')")
    expect(cases.locator(f"{CHIP}[aria-current]")).to_contain_text("已办结")
    for route in held:
        route.abort()
    expect(cases.locator(f"{CHIP}[aria-current]")).to_contain_text("已办结")
    assert "closed" in cases.url and len(held) == 1 and on_the_same_page(cases)
    expect(cases.locator(".progress-line")).to_have_count(0)


def test_columns_stay_where_they_are_when_the_list_is_swapped(cases):
    def edges():
        return cases.evaluate("""() => [...document.querySelectorAll('.data th, .list-tools, .chip, .list-find')]
            .map((part) => part.getBoundingClientRect()).map((box) => [Math.round(box.left), Math.round(box.top)])""")

    before = edges()
    cases.click(f"{CHIP}:has-text('已停表')")
    expect(cases.locator(f"{CHIP}[aria-current]")).to_contain_text("已停表")
    assert edges() == before


def test_an_expired_session_leads_to_signing_in(visit):
    page = visit("lincun", fresh=True)
    visit.expect("status of 401")
    page.goto("/cases/")
    page.context.clear_cookies()
    page.click(f"{CHIP}:has-text('已办结')")
    expect(page.locator("[name=password]")).to_be_visible()


def test_the_todo_list_swaps_on_the_workbench(visit):
    page = visit("cun")
    page.goto("/")
    page.evaluate("window.kept = true")
    page.click(".segments-nav a:has-text('已停表')")
    expect(page.locator(".segments-nav [aria-current]")).to_contain_text("已停表")
    expect(page.locator(".todo")).to_have_count(1)
    assert on_the_same_page(page)
