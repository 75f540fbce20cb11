"""Whatever a person can click on: no dead link, no link to a refusal, whole pages, forms with their tokens."""

import contextvars
import re

import pytest

from portal.org import set_enabled
from portal.org.models import Unit
from tests.cases.making import matter, move, plain
from tests.doors.crawling import crawl, kind_of
from tests.doors.world import address, has_chinese, plain_of, read, routes
from tests.people_of_the_county import CAST, PLUGINS, QUIET_TOWN, VILLAGE, unit

#: Buttons that do no harm when they are pressed twice, so they need no key.
HARMLESS = re.compile(r"/accounts/(sign-out|large-type|switch-post|sessions/\d+/end)$|/cases/\d+/files/\d+/remove$")
#: One of each kind of post walks on both engines; their colleagues see the same pages, on the first only.
WALKERS = ("cun", "zhen", "minzheng", "xian", "xitong", "shenji")


def check_page(name: str, url: str, status: int, text: str, forms: list) -> list[str]:
    """Return what is wrong with a page, as sentences."""
    wrong = []
    if status >= 400:
        return [f"{name} is led to {url}: {status}"]
    if not text:
        return []
    page = read(text)
    if page.h1 != 1:
        wrong.append(f"{url} has {page.h1} h1")
    if page.lang != "zh-CN" or not has_chinese(page.title) or page.title.startswith(" -"):
        wrong.append(f"{url}: lang {page.lang!r}, title {page.title!r}")
    if name != "kongkong" and 'class="sidebar' in text and 'class="sidebar-item"' not in text:
        wrong.append(f"{url} has lost the menu: its view hands the template a name that the frame uses")
    # What is hidden in each form has the same id in all of them; no label and no script asks for it.
    if double := {one for one in page.ids if page.ids.count(one) > 1} - {"csrf_token", "_key", "version"}:
        wrong.append(f"{url} has these ids twice: {double}")
    if any(link.startswith(("http:", "https:", "//", "javascript:")) for link in page.links):
        wrong.append(f"{url} leads out of the portal")
    for form in forms:
        target = form.action or url
        if form.method != "post":
            continue
        if not form.fields.get("csrf_token"):
            wrong.append(f"{url}: the form to {target} has no csrf_token")
        if not HARMLESS.search(target) and not target.startswith("/accounts/sign-in") and not form.fields.get("_key"):
            wrong.append(f"{url}: the form to {target} has no _key")
    keys = [form.fields["_key"] for form in forms if form.fields.get("_key")]
    if len(keys) != len(set(keys)):
        wrong.append(f"{url}: two forms have the same key")
    return wrong


@pytest.mark.parametrize(
    ("ground", "name"),
    [("sqlite", name) for name in CAST]
    + [pytest.param("postgres", name, marks=pytest.mark.postgres) for name in WALKERS],
    indirect=["ground"], scope="session",
)
def test_everything_that_can_be_clicked_leads_to_a_whole_page(world, stage, browser_of, name):
    wrong, visited = [], 0
    for page in crawl(stage, browser_of(name)):
        visited += 1
        wrong += check_page(name, *page)
    assert not wrong, "\n".join(wrong)
    assert visited >= (4 if name == "kongkong" else 9)


@pytest.mark.parametrize("ground", ["sqlite"], indirect=True, scope="session")  # the links are the same on both engines
def test_the_walk_reaches_every_page_that_is_read(world, stage, browser_of):
    """What nobody can click their way to is a page that nobody finds."""
    starts = [(name, "/") for name in ("shuji", "zhen", "xian", "minzheng", "xitong", "anquan", "shenji")]
    starts += [("shi", "/"), *(("cun", f"/cases/{world.cases[state]}") for state in ("received", "delivered"))]
    starts += [("zongzhi", f"/cases/{world.cases['handed']}"), ("sifasuo", f"/cases/{world.cases['disputed']}")]
    starts += [(name, f"/cases/{world.cases['received']}") for name in ("shuji", "zhen", "lingdao")]
    starts += [("tiaojie", "/"), ("shuji", f"/cases/{world.ids['merged_case']}")]
    starts += [(name, f"/cases/{world.cases[state]}") for name in ("cun", "zhen") for state in ("asked", "stopped")]
    starts.append(("cun", f"/cases/due-moves/{world.ids['change_id']}"))  # an inbox leads there
    starts.append(("xitong", f"/org/{unit(VILLAGE).id}"))  # the tree leads there; towns come first in a walk
    fragments = {"org.top_nodes", "org.children", "org.find", "org.top_offices", "org.offices", "cases.places"}
    fragments |= {"grid.alike", "grid.points", "notify.unread"}
    others = {"home.healthz", "home.show_metrics", "accounts.sign_in", "accounts.second_factor"}
    missing = {rule.endpoint for rule in routes(stage, "GET")} - fragments - others
    for name, start in starts:
        for url, *_ in crawl(stage, browser_of(name), start, samples=3, clicks=100 if start == "/" else 2):
            missing.discard(kind_of(stage, url)[0])
            if not missing:
                return
    raise AssertionError(missing)


# -- a town without the plugin ---------------------------------------------------------------------------------------

WORDS = ("便民服务站", "代办事项", "办事指南", "收件", "/station", "矛盾调处", "调解组织", "/mediation")


def test_where_the_station_is_not_enabled_nothing_speaks_of_it(world, stage, browser_of):
    for url, status, text, _ in crawl(stage, browser_of("wuzhen")):
        assert status < 400, url
        for word in WORDS:
            assert word not in text, (url, word)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "XYZ"])
def test_every_address_of_a_plugin_that_is_not_enabled_is_the_same_404(world, stage, browser_of, method):
    browser = browser_of("wuzhen")
    never = plain_of(browser.open("/nothing/such").text)
    paths = ["/station", "/station/", "/station/nothing", "/station//", "/station/items/", "/station/receive/abc"]
    paths += [address(rule, world.ids) for rule in stage.url_map.iter_rules() if rule.rule.split("/")[1] in PLUGINS]
    for path in paths:
        browser.response = contextvars.Context().run(browser.client.open, path, method=method)
        assert browser.status == 404, (method, path, browser.status)
        assert "Allow" not in browser.response.headers
        if method != "HEAD":
            assert plain_of(browser.text) == never, (method, path)


@pytest.fixture
def disabled_again(app):
    """何平's town had the station, closed a matter in it, and has switched it off."""
    town = unit(QUIET_TOWN)
    village = Unit.select().where(Unit.parent == town, Unit.level == "village").order_by(Unit.code).get()
    with app.test_request_context():
        set_enabled(town, "station", True, None)
        case = move(matter(village, "wuzhen"), ("withdraw", "wuzhen"))
        set_enabled(town, "station", False, None)
    return town, case


def test_what_was_done_before_is_hidden_from_the_town_and_readable_above(disabled_again, sign_in):
    town, case = disabled_again
    below, above = sign_in("wuzhen"), sign_in("lingdao")
    for path in (f"/cases/{case.id}", f"/cases/{case.id}/papers/receipt", "/station/"):
        assert below.open(path).status == 404, path
    for path in ("/cases/", "/cases/desk?part=done", f"/search?q={case.number}", "/search?q=高龄", "/"):
        text = below.open(path).text
        assert f"/cases/{case.id}" not in text and "高龄津贴" not in text.split("<main")[1].split("<form")[0], path
    assert above.open(f"/cases/{case.id}").status == 200
    assert f"/cases/{case.id}" in above.open("/cases/").text


def test_enabling_again_loses_nothing(disabled_again, app, sign_in):
    town, case = disabled_again
    with app.test_request_context():
        set_enabled(town, "station", True, None)
    browser = sign_in("wuzhen")
    assert browser.open(f"/cases/{case.id}").status == 200 and browser.open("/station/").status == 200


def test_a_town_with_an_open_matter_is_not_switched_off(app, sign_in):
    with app.test_request_context():
        case = plain()
    browser = sign_in("zhenguan")
    town = unit("510722104000")
    browser.send(f"/org/plugins/{town.id}/station", enable="0")
    assert browser.status == 422 and case.number in browser.text
    assert sign_in("cun").open("/station/").status == 200


def test_switching_takes_effect_on_the_next_click(app, sign_in):
    worker = sign_in("wuzhen")
    assert worker.open("/station/").status == 404
    with app.test_request_context():
        set_enabled(unit(QUIET_TOWN), "station", True, None)
    assert worker.open("/station/").status == 200 and "便民服务站" in worker.open("/").text
