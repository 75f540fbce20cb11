"""The contract finds what a careless author breaks: one small plugin for each rule, all in one county."""

import re
import subprocess
import sys

import pytest

from portal.registry import PluginError
from portal.testing import County
from tests.commands.server import environment
from tests.registry.sources import hook, plugin

ROWS = '''
NOTES = {{1: "第一条"}}


@blueprint.get("/")
@requires("{slug}.read")
def index():
    return "笔记"


@blueprint.get("/<int:note_id>")
@requires("{slug}.read")
def show(note_id):
    {first}
    return NOTES[note_id] if note_id in NOTES else abort(404)
'''
KIND = '''
FLOW = Workflow(
    states=(State("begun", "开始", "new", "办"), State("going", "继续", "handling", "办")),
    steps=(
        Step("on", "继续办", ("begun",), "going", "{0}.read"), Step("back", "退回", ("going",), "begun", "{0}.read"),
    ),
    start="begun",
)
'''
TABLE = '''
class Thing(Model):
    text = TextField()

    class Meta:
        table_name = "{}_thing"
'''
SCRIPT = '''
from peewee import Model, TextField


def up(migrator, db):
    class Thing(Model):
        text = TextField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "{}_thing"

    db.create_tables([Thing])


def down(migrator, db):
    pass
'''


def notes(slug: str, first: str = "pass", extra: str = "", **more) -> str:
    return plugin(slug, extra, role="village_staff", page=ROWS.format(slug=slug, first=first), **more)


#: The rule that is broken: the plugin, and the test of the contract that must fail for it.
BROKEN = {
    "open_door": (notes("open_door"), "test_the_neighbours_reach_none_of_its_rows", "open_door/1': 200"),
    "too_frank": (
        notes("too_frank", 'current_user.user.name == "village" or note_id > 1 or abort(403)'),
        "test_the_neighbours_reach_none_of_its_rows", "too_frank/1': 403"),
    "secretive": (
        notes("secretive", 'current_user.user.name == "village" or abort(404)'),
        "test_nor_does_it_reach_those_of_the_neighbours", "other_village should reach /secretive/1"),
    "talkative": (
        notes("talkative", head="from flask import request", extra='''
@blueprint.url_value_preprocessor
def look(endpoint, values):
    abort(410)
'''),
        "test_where_the_town_has_disabled_it_every_answer_is_that_of_a_portal_without_it", "/talkative/.*404, 410"),
    "busybody": (
        notes("busybody", extra=f'''
def work():
    send_notice(list(User.select().where(User.name == "village")), "busybody.news", "又有新闻")


{hook("portal_jobs", 'return [Job("busybody.work", "写新闻", work, every=5)]')}
{hook("portal_topics", 'return [Topic("busybody.news", "新闻")]')}
'''),
        "test_its_jobs_leave_a_town_alone_that_has_disabled_it", "busybody.work works for a town that has disabled it"),
    "meddler": (
        notes("meddler", head="Case.shout = lambda self: self.title.upper()"), "test_it_acts_on_no_page_of_others",
        "portal.cases.models.Case.shout"),
    "forgetful": (
        notes("forgetful", extra=hook("portal_town_changed", "enabled or NOTES.clear()", "town, enabled")),
        "test_enabling_it_again_loses_nothing", "forgetful has lost what it had"),
    "endless": (
        notes("endless", head=KIND.format("endless"), extra=hook(
            "portal_cases", 'return [CaseKind("endless.matter", "没完没了", "MW", FLOW, "endless.read")]')),
        "test_every_matter_can_come_to_an_end", "nothing leads to an end"),
    "sticky": (
        notes("sticky", head=TABLE.format("sticky"), extra=hook("portal_models", "return [Thing]")),
        "test_its_migrations_go_up_down_and_up", "leave .*sticky_thing.* behind"),
}

SUITE = '''
import pytest

from portal.testing import PluginContract

'''
CLASS = '''
class Test_{0}(PluginContract):
    plugin = "{0}"

    def fill(self, county):
        return ["/{0}/1"]

'''
CONFTEST = '''
from pathlib import Path

import pytest

pytest_plugins = ["portal.testing.fixtures"]


@pytest.fixture(scope="session")
def portal_plugins():
    return []


@pytest.fixture(scope="session")
def portal_dropped():
    return sorted(Path(__file__).with_name("dropped").iterdir())
'''


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What pytest says when the contract is held against all of them, as their author would run it."""
    folder = tmp_path_factory.mktemp("careless")
    (folder / "dropped" / "sticky_migrations").mkdir(parents=True)
    for slug, (source, *_) in BROKEN.items():
        (folder / "dropped" / f"{slug}.py").write_text(source, encoding="utf-8")
    (folder / "dropped" / "sticky_migrations" / "0001_initial.py").write_text(SCRIPT.format("sticky"), encoding="utf-8")
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    classes = "".join(CLASS.format(slug) for slug in BROKEN)
    (folder / "test_careless.py").write_text(SUITE + classes, encoding="utf-8")
    wanted = [f"test_careless.py::Test_{slug}::{test}" for slug, (_, test, _) in BROKEN.items()]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", "-p", "no:xdist", *wanted],
        cwd=folder, env={**environment(), "COLUMNS": "400"}, capture_output=True, text=True, timeout=300,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("slug", BROKEN)
def test_the_contract_fails_for_a_plugin_that_breaks_the_rule(told, slug):
    _, test, words = BROKEN[slug]
    assert re.search(rf"FAILED test_careless.py::Test_{slug}::{test}\b", told), told[-6000:]
    assert re.search(words, told, re.DOTALL), told[-6000:]


#: What is refused before anything is built.
AT_THE_DOOR = {
    "a page without a permission": plugin(page='@blueprint.get("/")\ndef index():\n    return "x"\n'),
    "a page for everybody": plugin(
        head="from portal.access import public", page='@blueprint.get("/")\n@public\ndef index():\n    return "x"\n'),
    "something before every page": plugin(extra="@blueprint.before_app_request\ndef look():\n    pass\n"),
    "a page of somebody else": plugin(
        extra='blueprint.record(lambda state: state.app.add_url_rule("/org/x", "x", index))'),
}


@pytest.mark.parametrize("source", AT_THE_DOOR.values(), ids=AT_THE_DOOR)
def test_a_county_is_not_even_built_with_a_plugin_that_reaches_too_far(app, tmp_path, source):
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "notices.py").write_text(source, encoding="utf-8")
    with pytest.raises(PluginError):
        County(tmp_path, [])
    assert app.test_client().get("/healthz").status_code == 200, "the county of the other tests was left behind"
