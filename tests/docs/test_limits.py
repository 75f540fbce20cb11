"""What a plugin may not do: each line is held by something that exists, and each sentence of the start is explained."""

import ast
import re

import pytest

from portal import access, migrations
from portal.cases import ledger
from portal.forms import once
from portal.org.models import PlacedModel
from portal.registry import Registry, checks
from portal.testing import PluginContract
from tests.docs import pages

PAGE = "plugin-limits.md"
SOURCES = [*sorted((pages.ROOT / "portal" / "registry").glob("*.py")), pages.ROOT / "portal" / "migrations.py"]
RAISED = ("PluginError", "MigrationPending", "MigrationFailed")


def rows(after: str) -> list[list[str]]:
    """Return the rows of the tables below the heading `after`, up to the next heading of its rank."""
    part = pages.read(PAGE).split(f"\n## {after}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def sentences() -> set[str]:
    """Return what the start may say, with … for each hole."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISED and node.args:
                found.add(_with_holes(node.args[0]))
    return found


def _with_holes(node) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return str(node.value)


def explained() -> set[str]:
    table = rows("What is said at start, and what to do")
    return {said for cells in table for said in re.findall(r"^`(.+)`$", cells[0])}


def test_every_sentence_of_the_start_is_explained():
    missing = sentences() - explained()
    assert not missing, f"docs/{PAGE}: say what to do when the start says:\n" + "\n".join(sorted(missing))


def test_every_sentence_that_is_explained_is_said():
    sources = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    for said in explained() - sentences():
        if "…" in said and all("\u4e00" <= sign <= "\u9fff" or sign in "…：" for sign in said):
            assert said.split("…")[0] in sources, f"docs/{PAGE}: nobody says {said}"


PLACES = {"access": access, "migrations": migrations, "checks": checks, "ledger": ledger, "once": once}
CLASSES = {"Registry": Registry, "PlacedModel": PlacedModel}
HELD = [(rule, held) for rule, held in rows("The rules") if not rule.startswith("a plugin may")]


@pytest.mark.parametrize(("rule", "held"), HELD, ids=[rule[:40] for rule, _ in HELD])
def test_each_rule_is_held_by_what_the_page_names(rule, held):
    names = re.findall(r"`([\w.]+)`", held)
    assert names, f"say what holds this: {rule}"
    for name in names:
        if name.startswith("test_"):
            assert hasattr(PluginContract, name), f"the contract has no {name}"
        else:
            where, _, what = name.partition(".")
            assert hasattr({**PLACES, **CLASSES}[where], what), f"there is no {name}"


def test_every_test_of_the_contract_holds_a_rule():
    named = set(re.findall(r"`(test_\w+)`", pages.read(PAGE)))
    contract = {name for name in vars(PluginContract) if name.startswith("test_")}
    assert contract - named <= {"test_it_is_loaded_and_was_not_left_out"}, contract - named


def test_seven_rules_and_more():
    assert len(HELD) >= 15 and len(explained()) >= 40
