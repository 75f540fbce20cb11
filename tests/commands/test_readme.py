"""README.md is held against the code: a newcomer copies from it."""

import re
import subprocess

import click
import pytest

from portal import config
from portal.commands import main
from portal.commands.table import width
from tests.commands.server import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(group, ctx, before=""):
    """Yield every command that somebody can type, written as "user add"."""
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if isinstance(command, click.Group):
            yield from commands(command, ctx, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def as_toml(value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def test_the_table_of_settings_is_complete_and_true():
    table = dict(re.findall(r"^\| `(\w+)` \| `(.*?)` \|", README, re.MULTILINE))
    assert table == {key: as_toml(value) for key, value in config.DEFAULTS.items()}


def test_every_command_has_its_line(tmp_path):
    with main.make_context("portal", ["--instance", str(tmp_path), "check"]) as ctx:
        known = set(commands(main, ctx))
    rows = "\n".join(line for line in README.splitlines() if line.startswith("| `portal "))
    missing = [name for name in known if not all(f"{word}" in rows for word in name.split())]
    assert not missing, f"say in README.md what these do: {missing}"


def test_ci_runs_exactly_the_test_command():
    command = next(line for line in README.splitlines() if line.startswith("python3 -m venv") and "pytest" in line)
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)


LINKS = re.findall(r"\]\(([^)#:]+)\)", README)
FOLDERS = re.findall(r"^\| `([\w.]+/)` \|", README, re.MULTILINE)


@pytest.mark.parametrize("path", LINKS + FOLDERS)
def test_what_it_points_to_exists(path):
    assert path == "instance/" or (ROOT / path).exists()


def test_columns_count_chinese_characters_twice():
    assert width("塔山镇 ok") == 9
