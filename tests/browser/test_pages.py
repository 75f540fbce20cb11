"""Every kind of page at both sizes: it fits, it weighs little, it does not jump, and axe-core finds nothing in it."""

import gzip
import importlib.resources
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE

pytestmark = pytest.mark.browser

AXE = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
#: Who looks at which pages; {name} is the id of a matter of ground.py. Those with a star are examined by axe-core.
PAGES = {
    "": ["* /accounts/sign-in"],
    "cun": [
        "* /", "/cases/desk", "/cases/", "* /cases/?phase=paused&since=2020-01-01", "/cases/?q=不存在",
        "/cases/{new}", "/cases/{paused}", "* /cases/{archived}", "/cases/{declined}", "/cases/{new}/notes",
        "* /cases/{archived}/papers/receipt", "/cases/{paused}/papers/correction",
        "* /cases/{new}/steps/accept", "/cases/{new}/steps/correct", "* /cases/{new}/files", "* /station/items",
        "/station/items/9", "* /station/receive", "/people/", "/people/new", "* /people/1", "/org/", "/search",
        "* /search?q=津贴", "/search?q=没有", "* /help", "/accounts/me", "* /accounts/password", "* /nowhere",
        "* /notify/", "/notify/announcements/", "/cases/{new}/extend",
    ],
    "zhen": [
        "/", "* /cases/", "* /cases/{overdue}", "/cases/{overdue}/assign", "/cases/{overdue}/steps/forward_county",
        "* /cases/{new}", "* /cases/overdue", "* /cases/orders/new", "/cases/alike", "/cases/{overdue}/merge",
        "/cases/{overdue}/hand-over", "* /notify/publish",
    ],
    "minzheng": ["/cases/{special}"],
    "zhener": ["* /station/receive/9"],
    "lingdao": ["/", "/cases/", "/cases/{overdue}", "* /cases/figures?span=year"],
    "xitong": [
        "/", "* /org/", "/org/2/add", "* /org/plugins", "* /org/plugins/rules/station", "/org/plugins/2/grid/about",
        "* /calendar", "/calendar/load", "/calendar/days/2026-11-25",
        "* /accounts/users", "/accounts/users/1", "/accounts/users/add",
        "/cases/rules", "/cases/check", "/jobs/",
        "* /org/settings", "/org/settings/grid.village_hours", "* /org/towns", "* /org/copy", "/org/copies",
        "* /org/copy?source=3&target=28",
    ],
    "zhenguan": [
        "* /org/plugins", "* /org/plugins/3/station", "* /org/plugins/3/station/about", "* /org/towns",
        "* /org/towns/3/settings/cases.alike_days",
    ],
    "anquan": ["/accounts/roles", "/accounts/roles/1"],
    "shenji": ["* /audit/", "/audit/1"],
    "kongkong": ["/"],
}
KB = 1024

WATCH = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: 'layout-shift', buffered: true });
"""
#: Links in sentences and cells need no room of their own; titles of rows and ticks are reached by the row or label, the
#: input of a combobox by the control around it.
FREE = "p, dd, td:not(.c-verb), .page-subtitle, .crumbs, .flash, .hit, .row-title, .todo-title, .form-check-input, "\
       ".ts-control input"
MEASURE = """([free, least]) => ({
  width: document.documentElement.scrollWidth, room: document.documentElement.clientWidth,
  nodes: document.getElementsByTagName('*').length,
  filled: [...document.querySelectorAll('main .btn-primary')].filter((button) => button.offsetParent).length,
  small: [...document.querySelectorAll('main a, main button, main input, main select, main summary, .check-row, .tab')]
    .filter((part) => part.offsetParent && !part.closest(free) && part.getBoundingClientRect().height < least - 0.5)
    .map((part) => part.outerHTML.slice(0, 120)),
})"""
#: What repeats is examined in its first five.
REPEATED = [".month ~ .month", *(f"{part}:nth-child(n + 6)" for part in (".data tbody tr", ".tree li", ".rows li"))]
AXE_OPTIONS = "{resultTypes: ['violations'], rules: {'target-size': {enabled: true}}}"


def flaws(page, url: str, least: int) -> list[str]:
    """Return what is wrong with the page that stands there; `least` is how high a target must be."""
    seen = page.evaluate(MEASURE, [FREE, least])
    found = [f"{url}: a target too small: {part}" for part in seen["small"]]
    if seen["width"] > seen["room"]:
        found.append(f"{url}: {seen['width']} px wide in {seen['room']}")
    if seen["nodes"] > 1500:
        found.append(f"{url}: {seen['nodes']} elements")
    if seen["filled"] > 2:  # the action of the page, and the most urgent row of the todo list
        found.append(f"{url}: {seen['filled']} filled buttons")
    return found


def complaints(page, url: str) -> list[str]:
    """Return what axe-core finds."""
    answer = page.evaluate(f"(exclude) => axe.run({{exclude}}, {AXE_OPTIONS})", [[part] for part in REPEATED])
    return [
        f"{url}: {one['id']} ({one['impact']}) {node['html'][:200]} {node['failureSummary']}"
        for one in answer["violations"] for node in one["nodes"][:2]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_and_axe_finds_nothing(visit, site, name):
    visit.expect("status of 404")
    page = visit(name)
    found = []
    for line in PAGES[name]:
        url = re.sub(r"{(\w+)}", lambda known: str(site.cases[known[1]]), line.removeprefix("* "))
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(url)
        if line.startswith("*"):
            page.evaluate(AXE)
        for width, height, least in ((1440, 900, 24), (390, 844, 44)):
            page.set_viewport_size({"width": width, "height": height})
            found += flaws(page, f"{url} at {width}", least)
            if line.startswith("*"):
                found += complaints(page, f"{url} at {width}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("name", "url", "budget"),
    [("", "/accounts/sign-in", 150), ("zhen", "/cases/", 150), ("zhen", "/cases/{overdue}", 150),
     ("zhener", "/station/receive/9", 150), ("cun", "/", 350)],
)
def test_pages_are_light_and_do_not_jump(visit, site, name, url, budget):
    page = visit(name, PHONE)
    page.add_init_script(WATCH)
    bodies = []
    page.on("response", lambda answer: bodies.append(answer))
    page.goto(re.sub(r"{(\w+)}", lambda known: str(site.cases[known[1]]), url), wait_until="networkidle")
    weight = sum(len(gzip.compress(answer.body())) for answer in bodies) / KB
    assert weight <= budget
    assert page.evaluate("window.shifted") < 0.05
    page.set_viewport_size({"width": 1440, "height": 900})
    page.evaluate("window.shifted = 0")
    page.reload(wait_until="networkidle")
    assert page.evaluate("window.shifted") < 0.05


def test_magnified_one_and_a_half_times_nothing_is_cut_off(visit, site):
    """The browser's zoom of 150 % on an office screen: 960 px of room."""
    page = visit("zhen", {"viewport": {"width": 960, "height": 600}}, device_scale_factor=1.5)
    for url in ("/", "/cases/", f"/cases/{site.cases['overdue']}", "/station/items", "/people/"):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), url
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_large_type_fits_on_a_phone(visit, site):
    page = visit("zhener", PHONE, fresh=True)
    page.goto("/#menu")
    page.click("#menu .menu-item:has-text('大字模式')")
    expect(page.locator("html.large-type")).to_have_count(1)
    for url in ("/", "/cases/", f"/cases/{site.cases['at_hall']}", "/station/receive/9", "/station/items"):
        page.goto(url)
        for _ in range(50):  # until the chart has found its size
            fits = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
            if fits:
                break
            page.wait_for_timeout(100)
        assert fits, url
