"""`portal plugin new`: what it writes works as written, and the contract finds what a careless author breaks."""

import contextlib
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


TOO_LONG = "l" * 100


@pytest.mark.parametrize(("name", "title", "told"), [
    ("Lamp", "路灯", "小写字母"), ("1lamp", "路灯", "以字母开头"), ("l", "路灯", "2 至 30"),
    ("lamp-post", "路灯", "小写字母"), ("路灯", "路灯", "小写字母"), ("lamp ", "路灯", "小写字母"),
    ("", "路灯", "小写字母"), ("../lamp", "路灯", "小写字母"),
    ("lämp", "路灯", "小写字母"), (TOO_LONG, "路灯", "2 至 30"), ("class", "路灯", "不能作插件标识"),
    ("json", "路灯", "别的用处"), ("flask", "路灯", "别的用处"), ("plugins", "路灯", "别的用处"),
    ("static", "路灯", "别的用处"), ("search", "路灯", "已有名为 search"),
    ("accounts", "路灯", "已有名为 accounts"), ("grid", "路灯", "已有名为 grid"),
    ("lamp", "", "1 至 20 个字"), ("lamp", "   ", "1 至 20 个字"),
    ("lamp", "路" * 21, "1 至 20 个字"), ("lamp", '路"灯', "引号"), ("lamp", "{{灯}}", "引号"),
    ("lamp", "@@slug@@", "引号"),
    ("lamp", "路\x07灯", "引号"), ("lamp", "路\u202e灯", "引号"),
])
def test_a_name_or_title_that_cannot_be_is_refused_and_nothing_is_written(tmp_path, name, title, told):
    outcome = CliRunner().invoke(
        main, ["--instance", str(tmp_path / "instance"), "plugin", "new", name, "--title", title]
    )
    assert outcome.exit_code == 1 and outcome.output.startswith("错误：") and outcome.output.count("\n") == 1
    assert told in outcome.output and TOO_LONG not in outcome.output, outcome.output
    assert not (tmp_path / "instance" / "plugins").exists()


def new(tmp_path, *more):
    return CliRunner().invoke(
        main, ["--instance", str(tmp_path / "instance"), "plugin", "new", "street_lamp", "--title", "路灯", *more])


@pytest.mark.parametrize("lies_there", ["street_lamp/mine.txt", "street_lamp.py", "street_lamp_tests/test_mine.py"])
def test_what_lies_there_already_is_not_touched(tmp_path, lies_there):
    mine = tmp_path / "instance" / "plugins" / lies_there
    mine.parent.mkdir(parents=True)
    mine.write_text("mine = True\n")
    before = sorted(path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts)
    outcome = new(tmp_path)
    assert outcome.exit_code == 1 and outcome.output.startswith("错误：") and outcome.output.count("\n") == 1
    assert mine.read_text() == "mine = True\n"
    assert sorted(path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts) == before


def test_what_cannot_be_written_as_a_whole_is_not_written_at_all(small_disk):
    disk = small_disk(1)
    with open(disk / "ballast", "ab", buffering=0) as ballast, contextlib.suppress(OSError):
        while True:
            ballast.write(bytes(4096))
    outcome = portal("plugin", "new", "street_lamp", "--title", "路灯", "--package", disk / "lamp", cwd=disk.parent)
    assert "磁盘已满" in said(outcome) and [path.name for path in disk.iterdir()] == ["ballast"]


def test_a_package_passes_its_tests_when_installed_without_a_network(tmp_path):
    written(tmp_path, "--package", "lamp")
    target, known = tmp_path / "site", {**environment(), "PIP_NO_INDEX": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(target),
         "./lamp"], cwd=tmp_path, env=known, capture_output=True, text=True, timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (target / "street_lamp" / "templates" / "street_lamp" / "new.html").is_file()
    passed = run_tests(tmp_path / "lamp" / "tests", ".", path=str(target))
    assert passed.status == 0 and re.search(r"1[0-9] passed", passed.out), passed.out
