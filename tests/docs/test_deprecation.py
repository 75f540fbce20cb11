"""What goes with a later version is said to who writes plugins, and breaks no running portal."""

import pytest

from portal import hookspecs, kit
from portal.cases.self_check import found_everywhere
from portal.kit import Deprecated, Farewell
from tests.registry.sources import hook, plugin

SENTENCE = "portal.kit.old_now 将在 1.0 版取消，请改用 now。"
USES_OLD = {"notices.py": plugin(head="from portal.kit import old_now")}


@pytest.fixture
def going(monkeypatch):
    """A name of the kit that is to go."""
    monkeypatch.setitem(kit.DEPRECATED, "old_now", Farewell(kit.now, "now", "1.0"))


def spec(monkeypatch, name: str, **marks):
    """Mark a hook as it is marked when something of it is to go."""
    monkeypatch.setattr(getattr(hookspecs, name), "portal_spec", {**getattr(hookspecs, name).portal_spec, **marks})


def test_a_name_that_is_to_go_still_works_and_says_so(going):
    with pytest.warns(Deprecated, match="old_now 将在 1.0 版取消") as heard:
        assert kit.old_now is kit.now
    assert heard[0].filename == __file__


def test_a_name_that_never_was_is_an_error_as_ever():
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        _ = kit.no_such_name
    with pytest.raises(ImportError):
        exec("from portal.kit import no_such_name")


def test_no_name_is_both_there_and_going():
    assert not set(kit.DEPRECATED) & set(vars(kit))


def test_a_running_portal_loads_the_plugin_and_keeps_what_was_said(registry, going):
    found = registry(USES_OLD)
    assert not found.quarantined and "notices" in found.plugins
    assert found.outdated == [("notices", SENTENCE)]


def test_in_the_tests_of_a_plugin_it_is_a_failure(registry, going):
    with pytest.raises(Deprecated, match="old_now"):
        registry(USES_OLD, strict=True)


def test_an_argument_of_a_hook_that_is_to_go_is_said(registry, monkeypatch):
    said = Deprecated("portal_town_changed 的参数 enabled 将在 1.0 版取消。")
    spec(monkeypatch, "portal_town_changed", warn_on_impl_args={"enabled": said})
    both = {"notices.py": plugin(extra=hook("portal_town_changed", "pass", "town, enabled"))}
    assert registry(both).outdated == [("notices", str(said))]
    assert not registry({"notices.py": plugin(extra=hook("portal_town_changed", "pass", "town"))}).outdated


def test_a_hook_that_is_to_go_is_said(registry, monkeypatch):
    said = Deprecated("钩子 portal_refer 将在 1.0 版取消。")
    spec(monkeypatch, "portal_refer", warn_on_impl=said)
    old = {"notices.py": plugin(extra=hook("portal_refer", "return None", "case"))}
    assert registry(old).outdated == [("notices", str(said))]


def test_the_check_of_the_portal_says_it_as_a_reminder(start, going):
    county = start(USES_OLD, ["notices"])
    with county.app.app_context():
        found = found_everywhere()
    assert f"插件 notices：{SENTENCE}" in found.warnings
    assert not any("old_now" in sentence for sentence in found.breaches)


def test_a_warning_of_another_kind_is_not_kept_back(registry):
    with pytest.warns(UserWarning, match="anders"):
        found = registry({"notices.py": plugin(head="import warnings\nwarnings.warn('anders', UserWarning)")})
    assert not found.outdated and not found.quarantined
