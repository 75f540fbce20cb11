"""One broken plugin stays one broken plugin: the pages of others stand, and what it cannot answer is not a no."""

import pytest

from portal.org.enablement import enabled_for, set_enabled
from portal.org.models import TownPlugin
from portal.values import Refused
from tests.people_of_the_county import TOWN, VILLAGE, unit
from tests.registry.sources import hook, plugin

CARD = 'return [Card(5, "news", "通知", "{template}", {prepare}, "notices.read")]'
SEARCH = 'return [SearchProvider(5, "通知", "notices.read", {find})]'
FAILING = "lambda *arguments: 1 / 0"


def with_card(prepare: str = FAILING, template: str = "notices/card.html") -> dict[str, str]:
    extra = hook("portal_cards", CARD.format(template=template, prepare=prepare))
    return {"notices.py": plugin(extra=extra)}


@pytest.mark.parametrize("files", [
    with_card(), with_card("lambda person: 7"), with_card("lambda person: {}", "notices/absent.html"),
    {"notices.py": plugin(extra=hook("portal_search", SEARCH.format(find=FAILING)))},
    {"notices.py": plugin(extra=hook("portal_search", SEARCH.format(find="lambda *arguments: None")))},
    {"notices.py": plugin(extra=hook("portal_search", SEARCH.format(find="lambda *arguments: [1, 2]")))},
], ids=["card", "card-nonsense", "card-template", "search", "search-none", "search-nonsense"])
def test_what_fails_in_one_plugin_leaves_the_pages_of_all_standing(start, files):
    county = start(files | {"weather_report.py": plugin("weather_report")}, ["station", "notices", "weather_report"])
    assert not county.registry.quarantined
    clerk = county.sign_in("cun")
    for url in ("/", "/cases/", "/search?q=华光", "/station/", "/weather_report/", "/notices/"):
        assert clerk.open(url).status == 200, url
    assert "华光村" in clerk.open("/search?q=华光").text
    assert "菜单 weather_report" in clerk.text and "菜单 notices" in clerk.text


def test_a_page_that_fails_fails_alone(start):
    page = '@blueprint.get("/")\n@requires("notices.read")\ndef index():\n    return 1 / 0\n'
    county = start({"notices.py": plugin(page=page)}, ["notices"])
    clerk = county.sign_in("cun")
    assert clerk.open("/notices/").status == 500 and "系统出了差错" in clerk.text
    assert clerk.open("/").status == 200


def test_a_permission_hook_that_fails_costs_nobody_else_their_permissions(start):
    county = start({"notices.py": plugin(permissions="1 / 0")}, ["station"])
    assert [item.slug for item in county.registry.quarantined] == ["notices"]
    assert county.sign_in("cun").open("/station/").status == 200


def test_the_administrator_reads_what_was_left_out_and_why(start):
    county = start({"notices.py": "raise ValueError('坏了')", "email.py": plugin()})
    admin = county.sign_in("xitong").open("/org/plugins")
    assert "notices 已被隔离" in admin.text and "坏了" in admin.text and "email.py 与已安装的模块" in admin.text
    assert admin.open("/healthz").text.strip() == '{"status":"degraded"}'


def test_a_plugin_that_cannot_say_what_is_open_is_not_disabled(start):
    files = {"notices.py": plugin(extra=hook("portal_town_obstacles", "return 1 / 0", "town"))}
    county = start(files, ["notices"])
    with county.app.app_context():
        with pytest.raises(Refused, match="说不清"):
            set_enabled(unit(TOWN), "notices", False, None)
        assert "notices" in enabled_for(unit(VILLAGE))


@pytest.mark.parametrize("answer", ["'还有一件'", "[1]", "{'a': 1}"])
def test_an_answer_of_the_wrong_kind_is_no_answer(start, answer):
    files = {"notices.py": plugin(extra=hook("portal_town_obstacles", f"return {answer}", "town"))}
    county = start(files, ["notices"])
    with county.app.app_context(), pytest.raises(Refused, match="说不清"):
        set_enabled(unit(TOWN), "notices", False, None)


def test_a_unit_is_not_closed_while_a_plugin_cannot_say_what_hangs_on_it(start):
    county = start({"notices.py": plugin(extra=hook("portal_unit_obstacles", "return 1 / 0", "unit"))})
    village = unit("510722104003")
    admin = county.sign_in("xitong")
    admin.send(f"/org/{village.id}/close", valid_to="2026-01-01", note="撤并")
    assert admin.status == 422 and "说不清" in admin.text


def test_a_hook_that_fails_afterwards_does_not_undo_what_was_committed(start):
    files = {"notices.py": plugin(extra=hook("portal_town_changed", "return 1 / 0", "town, enabled"))}
    start(files, ["notices"])
    assert TownPlugin.get(TownPlugin.plugin == "notices", TownPlugin.unit == unit(TOWN)).enabled


def test_a_hook_may_take_fewer_arguments_than_there_are(start):
    extra = hook("portal_town_changed", "heard.append(town.name)", "town")
    county = start({"notices.py": plugin(head="heard = []", extra=extra)}, ["notices"], strict=True)
    assert county.registry.modules["notices"].heard[0] == "塔山镇"


def test_a_self_check_that_fails_is_a_finding(start):
    county = start({"notices.py": plugin(extra=hook("portal_check", "return 1 / 0"))})
    with county.app.app_context():
        findings = [finding for slug, finding in county.registry.collect("portal_check") if slug.slug == "notices"]
    assert [finding.sentence for finding in findings] == ["“平台 notices”的自查没有做完，请查看日志。"]


def test_in_tests_a_failing_hook_is_not_kept_quiet(start):
    files = {"notices.py": plugin(extra=hook("portal_check", "return 1 / 0"))}
    county = start(files, strict=True)
    with county.app.app_context(), pytest.raises(ZeroDivisionError):
        county.registry.collect("portal_check")
