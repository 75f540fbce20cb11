"""`portal plugin new`: what it writes works as written, and the contract finds what a careless author breaks."""

import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from portal.commands import main
from tests.commands.server import environment, portal, said


def written(folder, *more, name="street_lamp", title="路灯报修"):
    outcome = portal("plugin", "new", name, "--title", title, *more, cwd=folder)
    assert outcome.status == 0, outcome.err
    return outcome.out


def run_tests(folder, tests, *arguments, path="") -> SimpleNamespace:
    known = environment()
    known["PYTHONPATH"] = os.pathsep.join([*filter(None, [path]), known["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(tests), *arguments],
        cwd=folder, env=known, capture_output=True, text=True, timeout=300,
    )
    return SimpleNamespace(status=done.returncode, out=done.stdout + done.stderr)


def test_a_dropped_plugin_passes_its_tests_as_written(tmp_path):
    out = written(tmp_path)
    assert "instance/plugins/street_lamp/__init__.py" in out and "路灯报修" in out
    done = run_tests(tmp_path, "instance/plugins/street_lamp_tests")
    assert done.status == 0 and re.search(r"1[0-9] passed", done.out) and "skipped" not in done.out, done.out


def test_what_was_written_is_loaded_and_needs_its_tables(tmp_path):
    written(tmp_path)
    assert portal("migrate", cwd=tmp_path).status == 0
    listed = portal("plugin", "list", cwd=tmp_path)
    assert listed.status == 0 and "street_lamp" in listed.out and "已隔离" not in listed.out
    assert portal("check", cwd=tmp_path).status == 0


@pytest.mark.parametrize(("name", "title"), [
    ("Lamp", "路灯"), ("1lamp", "路灯"), ("l", "路灯"), ("lamp-post", "路灯"), ("class", "路灯"), ("json", "路灯"),
    ("search", "路灯"), ("../lamp", "路灯"), ("l" * 31, "路灯"), ("lamp", ""), ("lamp", "路" * 21),
    ("lamp", '路"灯'), ("lamp", "{{灯}}"), ("lamp", "@@slug@@"),
])
def test_a_name_or_title_that_cannot_be_is_refused_and_nothing_is_written(tmp_path, name, title):
    outcome = CliRunner().invoke(
        main, ["--instance", str(tmp_path / "instance"), "plugin", "new", name, "--title", title]
    )
    assert outcome.exit_code == 1 and outcome.output.startswith("错误：") and outcome.output.count("\n") == 1
    assert not (tmp_path / "instance" / "plugins").exists()


def test_what_lies_there_already_is_not_touched(tmp_path):
    written(tmp_path)
    views = tmp_path / "instance" / "plugins" / "street_lamp" / "views.py"
    views.write_text("# mine\n")
    assert "已有文件" in said(portal("plugin", "new", "street_lamp", "--title", "别的", cwd=tmp_path))
    assert views.read_text() == "# mine\n"


@pytest.mark.wheel
def test_a_package_passes_its_tests_when_installed(tmp_path):
    written(tmp_path, "--package", "lamp")
    target = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), "./lamp"], cwd=tmp_path,
        env=environment(), capture_output=True, text=True, timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (target / "street_lamp" / "templates" / "street_lamp" / "new.html").is_file()
    passed = run_tests(tmp_path / "lamp" / "tests", ".", path=str(target))
    assert passed.status == 0 and re.search(r"1[0-9] passed", passed.out), passed.out


#: What a careless author writes, and the test of the contract that says so.
SPOILT = [
    ("views.py", '@requires("street_lamp.read")\ndef index', "def index", "permission|权限"),
    ("workflow.py", '("received", "handling"), "answered"', '("received",), "answered"', "没有着落|no step"),
    ("migrations/0001_initial.py", 'migrator.drop_table("street_lamp_matter")', 'migrator.drop_table("nowhere")',
     "test_its_migrations_go_up_down_and_up"),
    ("views.py", "def receive(data", '''
@blueprint.get("/<int:row>")
@requires("street_lamp.read")
def lamp(row):
    return StreetLampMatter.get_or_none(StreetLampMatter.id == row).text if row < 999 else ("", 404)


def receive(data''', "test_the_neighbours_reach_none_of_its_rows"),
]


@pytest.mark.parametrize(("file", "was", "spoilt", "told"), SPOILT)
def test_the_contract_finds_what_is_broken(tmp_path, file, was, spoilt, told):
    written(tmp_path)
    folder = tmp_path / "instance" / "plugins"
    text = (folder / "street_lamp" / file).read_text()
    assert was in text
    (folder / "street_lamp" / file).write_text(text.replace(was, spoilt))
    tests = folder / "street_lamp_tests" / "test_street_lamp.py"
    tests.write_text(tests.read_text().replace("return [received(county.sign_in(\"village\"))]",
                                               "return [received(county.sign_in(\"village\")), \"/street_lamp/1\"]")
                     if "lamp(row)" in spoilt else tests.read_text())
    done = run_tests(tmp_path, "instance/plugins/street_lamp_tests", "-k", "TestContract", "-x")
    assert done.status != 0 and re.search(told, done.out), done.out[-3000:]
