"""What breaks the contract is left out with a sentence that says why; the rest of the portal stands."""

import pytest

from portal.registry import PluginError
from tests.registry.sources import hook, plugin


def page(decorators: str, name: str = "index") -> str:
    return f'{decorators}\ndef {name}(**arguments):\n    return "x"\n'


INDEX = page('@blueprint.get("/")\n@requires("notices.read")')
NO_BLUEPRINT = {"page": "", "blueprint": "None", "menu": "[]"}

WORKFLOW = '''Workflow((State("open", "待办", "{phase}"), State("done", "办结", "closed")),
    (Step("end", "办结", ("{source}",), "{to}", "notices.read"),), "{start}")'''


def kind(name="notices.matter", read="notices.read", **changes) -> str:
    workflow = WORKFLOW.format(**{"phase": "new", "source": "open", "to": "done", "start": "open"} | changes)
    return hook("portal_cases", f'return [CaseKind("{name}", "事项", "TZ", {workflow}, "{read}")]')


#: What is wrong, and a word of the sentence that must say so.
BROKEN = {
    "a syntax error": ("def portal_plugin(:", "SyntaxError"),
    "an error at import": ("raise ValueError('nothing works')", "nothing works"),
    "an exit at import": ("import sys\nsys.exit(3)", "SystemExit"),
    "a library that is missing": ("import no_such_library", "no_such_library"),
    "no portal_plugin": ("x = 1", "portal_plugin"),
    "a portal_plugin without the mark": ("def portal_plugin():\n    return None", "@hookimpl"),
    "a portal_plugin that gives something else": (
        "from portal.kit import *\n" + hook("portal_plugin", "return 'x'"), "Plugin"),
    "a misspelt hook": (plugin(extra=hook("portal_menus", "return []")), "portal_menu"),
    "a hook that nobody knows": (plugin(extra=hook("portal_zzzzz", "return []")), "请检查拼写"),
    "a misspelt hook without the mark": (plugin(extra="def portal_serach():\n    return []"), "portal_search"),
    "an argument that the hook does not have": (
        plugin(extra=hook("portal_town_changed", "pass", "town, enabled, colour")), "colour"),
    "another version of the contract": (plugin(about="api=2"), "第 2 版"),
    "a level that only the core has": (plugin(about='level="core"'), "level"),
    "a slug that is no name": (plugin("a/b", **NO_BLUEPRINT, permissions="[]"), "a/b"),
    "a slug of the core": (plugin("org"), "已有名为 org"),
    "a slug that is an address of the core": (plugin("help"), "/help"),
    "the address of the static files": (plugin("static"), "/static"),
    "a dependency that is missing": (plugin(about='depends=("weather",)'), "需要 weather"),
    "a dependency on itself": (plugin(about='depends=("notices",)'), "notices"),
    "a table under another name": (
        plugin(head='class Foreign(Model):\n    class Meta:\n        table_name = "org_secret"',
               extra=hook("portal_models", "return [Foreign]")), "org_secret"),
    "the table of its own history": (
        plugin(head='class History(Model):\n    class Meta:\n        table_name = "notices_migration"',
               extra=hook("portal_models", "return [History]")), "notices_migration"),
    "a model of somebody else": (
        plugin(head="import peewee\nclass Loose(peewee.Model):\n    pass",
               extra=hook("portal_models", "return [Loose]")),
        "Loose"),
    "people in a table, and no way to copy or erase them": (
        plugin(head='class Guest(Model):\n    who = ForeignKeyField(Resident)\n\n'
                    '    class Meta:\n        table_name = "notices_guest"',
               extra=hook("portal_models", "return [Guest]")), "portal_resident_erased"),
    "a permission under another name": (plugin(permissions='[Permission("org.manage", "x")]'), "org.manage"),
    "a permission twice": (plugin(permissions='[Permission("notices.read", "x")] * 2'), "两次"),
    "a permission that is too long": (plugin(permissions='[Permission("notices." + "x" * 60, "x")]'), "40 个字符"),
    "permissions that are a text": (plugin(permissions='"notices.read"'), "应返回列表"),
    "permissions that are names only": (plugin(permissions='["notices.read"]'), "Permission"),
    "a menu that fails": (plugin(menu="1 / 0"), "ZeroDivisionError"),
    "a menu of texts": (plugin(menu='["x"]'), "MenuItem"),
    "a menu whose order is a text": (plugin(menu='[MenuItem("9", "x", "notices.index", "notices.read")]'), "order"),
    "a menu that leads nowhere": (plugin(menu='[MenuItem(9, "x", "notices.gone", "notices.read")]'), "notices.gone"),
    "a menu that needs an id": (
        plugin(page=page('@blueprint.get("/<int:key>")\n@requires("notices.read")')), "不带参数"),
    "a menu with a permission that nobody declared": (
        plugin(menu='[MenuItem(9, "x", "notices.index", "notices.write")]'), "notices.write"),
    "cards that are no cards": (plugin(extra=hook("portal_cards", "return [{}]")), "Card"),
    "a card whose content cannot be called": (
        plugin(extra=hook("portal_cards", 'return [Card(1, "a", "b", "c", "d", "notices.read")]')), "prepare"),
    "a command that is none": (plugin(extra=hook("portal_commands", "return [print]")), "Command"),
    "a kind under another name": (plugin(extra=kind("station.request")), "station.request"),
    "a kind that begins nowhere": (plugin(extra=kind(start="nowhere")), "nowhere"),
    "a kind with an unknown phase": (plugin(extra=kind(phase="dreaming")), "dreaming"),
    "a kind that gets stuck": (plugin(extra=kind(source="done")), "没有下一步"),
    "a step to an unknown state": (plugin(extra=kind(to="nowhere")), "nowhere"),
    "a kind that is read with an undeclared permission": (plugin(extra=kind(read="notices.peek")), "notices.peek"),
    "a blueprint that is none": (plugin(blueprint="Blueprint", page="", extra=""), "Blueprint"),
    "a blueprint under another name": (plugin(blueprint='Blueprint("news", __name__)'), "同名"),
    "a route without a permission": (plugin(page=page('@blueprint.get("/")')), "没有声明权限"),
    "a route with an undeclared permission": (
        plugin(page=page('@blueprint.get("/")\n@requires("notices.write")')), "notices.write"),
    "a route with the permission of a stranger": (
        plugin(page=page('@blueprint.get("/")\n@requires("station.read")')), "station.read"),
    "a route for everybody": (
        plugin(head="from portal.access import public", page=page('@blueprint.get("/")\n@public')), "公开"),
    "static files, which are a route too": (
        plugin(blueprint='Blueprint("notices", __name__, static_folder=".")'), "static"),
    "an endpoint twice": (
        plugin(page=INDEX + page(
            '@blueprint.get("/2", endpoint="index")\n@requires("notices.read")', "second")), "装不上"),
    "something on every page before": (
        plugin(page=page("@blueprint.before_app_request", "a") + INDEX),
        "before_request_funcs"),
    "something on every page after": (
        plugin(page=page("@blueprint.after_app_request", "a") + INDEX),
        "after_request_funcs"),
    "a context processor": (
        plugin(page=page("@blueprint.app_context_processor", "a") + INDEX),
        "template_context_processors"),
    "an error handler": (
        plugin(page=page("@blueprint.app_errorhandler(404)", "a") + INDEX),
        "error_handler_spec"),
    "a url preprocessor": (
        plugin(page=page("@blueprint.app_url_value_preprocessor", "a")
               + INDEX), "url_value_preprocessors"),
    "url defaults": (
        plugin(page=page("@blueprint.app_url_defaults", "a") + INDEX),
        "url_default_functions"),
    "a filter": (
        plugin(page=page("@blueprint.app_template_filter('moment')", "a")
               + INDEX), "filters"),
    "a test of templates": (
        plugin(page=page("@blueprint.app_template_test('odd')", "a")
               + INDEX), "tests"),
    "a global of templates": (
        plugin(page=page("@blueprint.app_template_global('icon')", "a")
               + INDEX), "globals"),
    "another setting": (
        plugin(page=INDEX
               + 'blueprint.record(lambda state: state.app.config.update(TESTING=True))'), "config"),
    "another way to answer": (
        plugin(page=INDEX
               + 'blueprint.record(lambda state: setattr(state.app, "wsgi_app", print))'), "app"),
    "a foreign route": (
        plugin(page=INDEX
               + 'blueprint.record(lambda state: state.app.add_url_rule("/org/all", "org_all", index))'), "/org/all"),
    "a foreign page": (
        plugin(page=INDEX
               + 'blueprint.record(lambda state: state.app.add_url_rule("/notices/x", "org.show", index))'),
        "org.show"),
}


@pytest.mark.parametrize(("source", "word"), BROKEN.values(), ids=BROKEN)
def test_what_breaks_the_contract_is_left_out_with_its_reason(registry, source, word):
    found = registry({"notices.py": source, "weather_report.py": plugin("weather_report")})
    assert [item.slug for item in found.quarantined] == ["notices"], found.quarantined
    reason = found.quarantined[0].reason
    assert word in reason and any("\u4e00" <= sign <= "\u9fff" for sign in reason) and "\n" not in reason, reason
    assert "weather_report" in found.plugins and "notices" not in found.plugins
    assert [permission.name for permission in found.permissions() if permission.name.startswith("notices")] == []


@pytest.mark.parametrize("source", [BROKEN["a misspelt hook"][0], BROKEN["a route without a permission"][0],
                                    BROKEN["an error at import"][0]])
def test_in_tests_it_stops_at_once(registry, source):
    with pytest.raises((PluginError, ValueError)):
        registry({"notices.py": source}, strict=True)


def test_a_good_one_is_taken(registry):
    found = registry({"notices.py": plugin(extra=kind())}, strict=True)
    assert found.plugins["notices"].title == "平台 notices" and not found.quarantined


def test_two_files_for_one_slug_leave_the_first(registry):
    found = registry({"notices.py": plugin(), "notices_too.py": plugin()})
    assert [item.slug for item in found.quarantined] == ["notices_too"]
    assert "已有名为 notices" in found.quarantined[0].reason and "notices" in found.plugins


def test_two_plugins_never_share_a_table(registry):
    model = 'class Thing(Model):\n    class Meta:\n        table_name = "{}"'
    found = registry({
        "a.py": plugin("a", head=model.format("a_b_thing"), extra=hook("portal_models", "return [Thing]")),
        "a_b.py": plugin("a_b", head=model.format("a_b_thing"), extra=hook("portal_models", "return [Thing]")),
    })
    assert [item.slug for item in found.quarantined] == ["a_b"] and "a_b_thing" in found.quarantined[0].reason


def test_a_dependency_is_taken_first_whatever_the_files_are_called(registry):
    found = registry({"a.py": plugin("a", about='depends=("z",)'), "z.py": plugin("z")}, strict=True)
    assert list(found.plugins)[-2:] == ["z", "a"]


@pytest.mark.parametrize("broken", [
    "raise ValueError",
    plugin("base_register", page=page('@blueprint.get("/")')),
    plugin("base_register", page=page("@blueprint.app_errorhandler(404)", "a")),
])
def test_who_depends_on_a_broken_one_is_left_out_with_it(registry, broken):
    found = registry({
        "base_register.py": broken, "a.py": plugin("a", about='depends=("base_register",)'),
        "b.py": plugin("b", about='depends=("a",)'), "c.py": plugin("c"),
    })
    reasons = {item.slug: item.reason for item in found.quarantined}
    assert set(reasons) == {"base_register", "a", "b"}
    assert "base_register" in reasons["a"] and "依赖的 a" in reasons["b"]
    assert "c" in found.plugins


def test_two_that_need_each_other_are_both_left_out(registry):
    found = registry({"a.py": plugin("a", about='depends=("b",)'), "b.py": plugin("b", about='depends=("a",)')})
    assert {item.slug for item in found.quarantined} == {"a", "b"}
    assert "互相依赖" in found.quarantined[0].reason


def test_a_dependant_may_use_the_permissions_and_pages_of_what_it_needs(registry):
    found = registry({
        "a.py": plugin("a", about='depends=("z",)', menu='[MenuItem(9, "x", "z.index", "z.read")]',
                       page=page('@blueprint.get("/")\n@requires("z.read")')),
        "z.py": plugin("z"),
    })
    assert not found.quarantined


def test_templates_lie_under_the_name_of_the_plugin(registry, tmp_path):
    source = plugin(blueprint='Blueprint("notices", __name__, template_folder="templates")')
    good, bad = "notices/templates/notices/index.html", "notices/templates/frame.html"
    assert not registry({"notices/__init__.py": source, good: "x"}).quarantined
    found = registry({bad: "x"})
    assert "frame.html" in found.quarantined[0].reason
