"""The tests of the bundled plugins pass with broken ones installed beside them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.registry.sources import FAILING, HARMLESS, NONSENSE, SPOILED_HEAD, hook, plugin
from tests.registry.test_notices import NOTICES, SCRIPT

ROOT = Path(__file__).parents[2]

#: What is asked of every plugin while others work.
ASKED = {
    "portal_unit_obstacles": "unit", "portal_town_changed": "town, enabled", "portal_check": "",
    "portal_resident_records": "resident, person", "portal_calendar_changed": "",
}


def asked(body: str, slug: str) -> str:
    card = f'Card(5, "news", "x", "{slug}/none.html", act, "{slug}.read")'
    extra = hook("portal_cards", f"return [{card}]")
    extra += hook("portal_search", f'return [SearchProvider(5, "结果", "{slug}.read", act, units=act)]')
    extra += hook("portal_papers",
                  f'return [Paper("x", "文书", "", "{slug}/x.html", act, "{slug}.read", shown=act)]')
    extra += "".join(hook(name, "return act()", arguments) for name, arguments in ASKED.items())
    head = f"{SPOILED_HEAD}\n\ndef act(*arguments):\n    {body}\n\n"
    return plugin(slug, head=head, extra=extra, role='window", "village_staff", "town_staff')


def all_of(behaviours: dict[str, str]) -> dict[str, str]:
    return {f"b_{name}.py": asked(body, f"b_{name}") for name, body in behaviours.items()}


#: What lies in instance/plugins.
BROKEN = {
    "that-do-not-load": {
        "b_import.py": "import nothing_of_the_kind", "b_syntax.py": "def portal_plugin(:",
        "b_exit.py": "import sys\nsys.exit(3)", "b_api.py": plugin("b_api", about="api=2"),
        "b_needs.py": plugin("b_needs", about='depends=("weather",)'),
        "b_circle.py": plugin("b_circle", about='depends=("b_round",)'),
        "b_round.py": plugin("b_round", about='depends=("b_circle",)'),
        "b_menu.py": plugin("b_menu", menu="1 / 0"), "b_slug.py": plugin("station"),
        "b_cards.py": plugin("b_cards", extra=hook("portal_cards", "1 / 0")),
        "b_open.py": plugin("b_open", page='@blueprint.get("/")\ndef index():\n    pass\n'),
    },
    "whose-tables-are-missing": {
        "b_half.py": NOTICES.replace("notices", "b_half").replace("Notice", "Half"),
        "b_half_migrations/0001_initial.py": SCRIPT.replace("notices", "b_half").replace(
            "    db.create_tables([Notice])\n", "    db.create_tables([Notice])\n    1 / 0\n"),
    },
    "that-always-fail": all_of(FAILING),
    "that-answer-nonsense": all_of(NONSENSE | HARMLESS),
}

CONFTEST = """
import pytest
from portal.testing.fixtures import *
from tests.people_of_the_county import PLUGINS


@pytest.fixture(scope="session")
def portal_plugins():
    return PLUGINS


@pytest.fixture(scope="session")
def portal_strict():
    return False


@pytest.fixture(scope="session")
def portal_dropped():
    from pathlib import Path
    return sorted((Path(__file__).parent / "dropped").iterdir())


@pytest.fixture(autouse=True)
def they_are_there(county):
    found = {one.slug for one in county.registry.quarantined} | set(county.registry.plugins)
    assert len([slug for slug in found if slug.startswith("b_")]) >= NUMBER
"""


@pytest.mark.parametrize(("tested", "kind"), [
    ("TestStation", "that-do-not-load"), ("TestVillageRules", "whose-tables-are-missing"),
    ("TestStation", "that-always-fail"), ("TestVillageRules", "that-always-fail"),
    ("TestVillageRules", "that-answer-nonsense"),
])
def test_their_contract_holds_beside_plugins(tmp_path, tested, kind):
    for name, text in BROKEN[kind].items():
        path = tmp_path / "dropped" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    number = len([name for name in BROKEN[kind] if "/" not in name])
    (tmp_path / "conftest.py").write_text(CONFTEST.replace("NUMBER", str(number)), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(f"from tests.contract.test_bundled import {tested}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", str(tmp_path)],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300,
    )
    assert done.returncode == 0 and "passed" in done.stdout, done.stdout[-6000:] + done.stderr[-2000:]
