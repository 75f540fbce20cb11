"""Files and folders in instance/plugins: which of them are plugins, and under which names."""

import email
import json
import sys

import pytest

from tests.registry.sources import hook, plugin


@pytest.mark.parametrize("name", ["email", "json", "flask", "peewee", "portal", "plugins", "sys", "pytest"])
def test_a_file_that_is_called_like_an_installed_module_is_refused(registry, name):
    before = sys.modules.get(name)
    found = registry({f"{name}.py": plugin("notices"), "weather_report.py": plugin("weather_report")})
    assert [item.slug for item in found.quarantined] == [name]
    assert "同名" in found.quarantined[0].reason and f"{name}.py" in found.quarantined[0].reason
    assert sys.modules.get(name) is before and "weather_report" in found.plugins
    assert json.loads("[1]") == [1] and email.__name__ == "email"


@pytest.mark.parametrize("name", ["my-plugin.py", "Notices.py", "1st.py", "通知.py", "a b.py", "x" * 41 + ".py"])
def test_a_file_whose_name_is_no_module_is_refused(registry, name):
    found = registry({name: plugin("notices")})
    assert "小写字母" in found.quarantined[0].reason and "notices" not in found.plugins


@pytest.mark.parametrize("files", [
    {"notes.txt": "x"}, {"notices_migrations/0001_initial.py": "raise SystemExit"}, {"_draft.py": "raise SystemExit"},
    {".hidden.py": "raise SystemExit"}, {"__pycache__/x.py": "raise SystemExit"}, {"templates/notices/index.html": "x"},
])
def test_what_is_no_plugin_is_passed_over(registry, files):
    assert not registry(files).quarantined


def test_what_the_settings_leave_out_is_not_even_read(registry):
    found = registry({"notices.py": "raise SystemExit"}, without_plugins=["notices"])
    assert not found.quarantined and "notices" not in found.plugins


def test_a_package_imports_its_own_files_by_its_name(registry):
    found = registry({
        "notices/__init__.py": "from notices.texts import TITLE\n" + plugin(extra=hook("portal_check", "return []")),
        "notices/texts.py": 'TITLE = "通知"',
    })
    assert not found.quarantined and found.modules["notices"].TITLE == "通知"


def test_a_single_file_does_not_see_what_lies_beside_it(registry):
    found = registry({"notices.py": "import secret_settings\n" + plugin(), "_secret_settings.py": "", "notes.txt": ""})
    assert "secret_settings" in found.quarantined[0].reason


def test_a_file_that_was_mended_is_read_anew(registry, tmp_path):
    assert registry({"notices.py": "raise ValueError"}).quarantined
    found = registry({"notices.py": plugin()})
    assert not found.quarantined and registry({}).modules["notices"] is found.modules["notices"]


def test_the_folder_may_be_absent(registry, tmp_path):
    assert not registry({}).quarantined and not (tmp_path / "plugins").exists()
