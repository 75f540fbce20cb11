"""A plugin of another house, tests/market_days: its wheel beside the portal's, where nothing else is installed.

It was written from docs/ alone. What runs here is its own test suite, as its authors run it, then what a county does.
"""

import re
import shutil
import uuid
from urllib.parse import quote

import psycopg
import pytest

from tests.commands.server import ROOT, Served, free_port
from tests.conftest import POSTGRES, _missing
from tests.test_house import imports
from tests.wheels import MARKS, build, environment_with, run

REPOSITORY = ROOT / "tests" / "market_days"
TOWN = "510722104000"


def wheel(test):
    for mark in MARKS:
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def env(portal_wheel, tmp_path_factory):
    """The bin of an empty environment with both wheels and what the plugin's tests need."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "wheel").mkdir()
    plugin = build(REPOSITORY, folder / "wheel")
    return environment_with(folder / "env", f"{portal_wheel}[test]", f"{plugin}[test]")


def test_it_imports_nothing_of_ours_but_the_kit_and_nothing_inside_a_function():
    allowed = {"market_days": {"portal.kit"}, "tests": {"portal.kit", "portal.testing"}}
    wrong = [
        f"{path.relative_to(REPOSITORY)}:{line} imports {module}"
        for folder, kit in allowed.items()
        for path in (REPOSITORY / folder).rglob("*.py")
        for line, module, inside in imports(path)
        if inside or (module.split(".")[0] in ("portal", "plugins", "tests") and module not in kit)
    ]
    assert not wrong, "\n".join(wrong)


@wheel
def test_its_own_tests_pass_against_the_installed_wheels(env, tmp_path):
    """Only the tests are copied: beside them lies neither the plugin's folder nor this checkout."""
    shutil.copytree(REPOSITORY / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "setup.cfg", tmp_path)
    for module in ("market_days", "portal"):
        where = run(env / "python", "-c", f"import {module}; print({module}.__file__)", cwd=tmp_path)
        assert where.startswith(str(env.parent)), f"{module} was not imported from its wheel: {where}"
    said = run(env / "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)
    passed = re.search(r"(\d+) passed", said.splitlines()[-1])
    assert passed and int(passed[1]) > 80, said


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def county(request, tmp_path):
    """The folder of an instance without anything in it, on either engine."""
    (tmp_path / "instance").mkdir()
    if request.param == "sqlite":
        yield tmp_path
        return
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError:
        _missing("no PostgreSQL server at PORTAL_TEST_POSTGRES")
    name = f"portal_test_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        (tmp_path / "instance" / "portal.toml").write_text(f'database = "{POSTGRES.rsplit("/", 1)[0]}/{name}"\n')
        yield tmp_path
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@wheel
def test_a_county_installs_it_enables_it_for_a_town_and_answers_a_question(env, county):
    portal = env / "portal"
    data = env.parent.glob("lib/python*/site-packages/portal/org/data/510722_towns.csv")
    run(portal, "migrate", cwd=county)
    run(portal, "org", "import", next(data), cwd=county)
    post = ("--full-name", "刘德明", "--unit", TOWN, "--role", "town_staff")
    added = run(portal, "user", "add", "tashan", *post, cwd=county)
    first = re.search(r"\w+(?:-\w+){3}", added)[0]
    assert "完好" in run(portal, "plugin", "check", "market_days", cwd=county)
    with Served(county, "serve", portal=portal, port=free_port(), workers=1) as served:
        town = served.visitor()
        town.send("/accounts/sign-in", name="tashan", password=first)
        town.send("/accounts/password", old=first, password="Gan1ji-Chang5-Ri", again="Gan1ji-Chang5-Ri")
        assert town.open("/market_days/").status == 404
        run(portal, "plugin", "enable", "market_days", "--unit", TOWN, cwd=county)
        town.send("/market_days/new", name="塔山大集", rule="逢1逢5", calendar="lunar")
        assert town.status == 200 and "农历逢一、五" in town.text, town.text
        market = town.response.request.path
        town.send(f"{market}/stalls/new", number="A12", trade="豆制品")
        town.send(f"{town.response.request.path}/holder", name="许德全", phone="13890112233")
        assert "许*全" in town.text, town.text
        town.send("/market_days/ask", stall="A12", name="王秀兰", title="几点散集")
        town.send(f"{town.response.request.path}/steps/answer", reply="下午两点。", reply_channel="face")
        assert "已答复" in town.text and "下午两点。" in town.text, town.text
        assert market in town.open(f"/search?q={quote('塔山大')}").text
