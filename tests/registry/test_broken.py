"""Every kind of broken plugin, really installed: each is kept to itself, said where an administrator looks, counted,
and the rest of the portal stands. All of a kind are installed at once, beside a sound one."""

import contextlib
import threading

import pytest
from click.testing import CliRunner

from portal import create_app, migrations
from portal.accounts.models import KnownPermission
from portal.cases.ledger import Opening, open_case
from portal.commands import main
from portal.db import atomic, database, is_postgres
from portal.health import HookHealth, report_due, troubles
from portal.jobs import running
from portal.jobs.models import JobRun
from portal.migrations import MigrationFailed
from portal.org.enablement import enabled_for, set_enabled
from portal.org.models import TownPlugin, Unit
from portal.registry import registry_of
from portal.registry.checks import DECLARATIONS
from portal.values import Deadline, Refused
from tests.cases.making import matter
from tests.people_of_the_county import TOWN, VILLAGE, person, unit
from tests.registry.conftest import write
from tests.registry.sources import FAILING, HARMLESS, NONSENSE, SPOILED_HEAD, hook, plugin
from tests.registry.test_notices import NOTICES, SCRIPT

ALL = FAILING | NONSENSE | HARMLESS


def spoiled(hooked, behaviours=ALL) -> dict[str, str]:
    """Return a drop-in for each behaviour; `hooked(slug)` is the source of the hook that uses `act`."""
    return {
        f"b_{name}.py": plugin(f"b_{name}", head=f"{SPOILED_HEAD}\n\ndef act(*arguments):\n    {body}\n\n",
                               extra=hooked(f"b_{name}"))
        for name, body in behaviours.items()
    }


@pytest.fixture
def county(start):
    """Return a function that starts the county with a drop-in for each behaviour, enables them, and looks afterwards
    whether anything was left behind."""
    def begin(hooked, behaviours=ALL):
        files = spoiled(hooked, behaviours)
        slugs = [name.removesuffix(".py") for name in files]
        made = start(files | {"weather.py": plugin("weather")}, ["station", "weather", *slugs])
        assert not made.registry.quarantined, made.registry.quarantined
        made.slugs = slugs
        return made

    yield begin
    assert not Unit.select().where(Unit.short == "坏了").exists(), "what a failing plugin wrote has stayed"
    assert not database.in_transaction()


def failed(made) -> set[str]:
    """Return the behaviours that were counted as failures."""
    with made.app.app_context():
        report_due(everything=True)
    return {row.plugin.removeprefix("b_") for row in HookHealth.select().where(HookHealth.failures > 0)}


def stands(browser, *words: str) -> None:
    """The pages of the core and of the sound plugin are there, with everything on them that is not broken."""
    assert browser.open("/weather/").status == 200
    for url in ("/", "/cases/", "/station/"):
        assert browser.open(url).status == 200, (url, browser.text)
        assert "菜单 weather" in browser.text and "便民服务站" in browser.text
    for word in words:
        assert word in browser.text


# -- asked while a page is read ------------------------------------------------------------------------------------

def card(slug: str) -> str:
    return hook("portal_cards", f'return [Card(5, "news", "x", "{slug}/none.html", act, "{slug}.read")]')


def test_cards(county):
    made = county(card)
    stands(made.sign_in("cun"))
    assert failed(made) == set(ALL) - {"nothing"}, "what is placed by no template is a failure as well"


def search(slug: str) -> str:
    return hook("portal_search", f'return [SearchProvider(5, "结果 {slug}", "{slug}.read", act, units=act)]')


def test_searches(county):
    made = county(search)
    clerk = made.sign_in("cun")
    for url in ("/search?q=华光", "/search?q=华光&narrow=1"):
        assert clerk.open(url).status == 200 and "华光村" in clerk.text
    stands(clerk)
    assert failed(made) >= set(FAILING) | {"number", "wrong_list", "generator", "nasty", "nasty_list", "endless"}


def paper(slug: str) -> str:
    return hook("portal_papers",
                f'return [Paper("sheet", "文书", "", "{slug}/none.html", act, "{slug}.read", shown=act)]')


def test_papers_on_the_page_of_a_case(county):
    made = county(paper)
    with made.app.test_request_context():
        case = matter()
    clerk = made.sign_in("cun")
    assert clerk.open(f"/cases/{case.id}").status == 200 and case.number in clerk.text
    assert failed(made) >= set(FAILING) | {"nasty"}
    assert clerk.open(f"/cases/{case.id}/papers/receipt").status == 200
    stands(clerk)


KIND = '''
FLOW = Workflow((State("open", "待办", "new"), State("done", "办结", "closed")),
    (Step("end", "办结", ("open",), "done", "{slug}.read", shown=act),), "open")


@hookimpl
def portal_cases():
    return [CaseKind("{slug}.matter", "事项", "TZ", FLOW, "{slug}.read", facts=act, prepare=act, extension=act,
                     template="{slug}/none.html", contents={contents}, words=act, apart=act)]


@blueprint.get("/open")
@requires("{slug}.read")
def begin():
    return "x"
'''


@pytest.mark.parametrize("contents", ["None", "act"], ids=["open", "closed"])
def test_the_page_of_a_case_whose_plugin_cannot_say_anything_about_it(county, contents):
    made = county(lambda slug: KIND.format(slug=slug, contents=contents))
    clerk = made.sign_in("cun")
    with made.app.test_request_context():
        cases = [open_case(Opening(f"{slug}.matter", f"事项 {slug}", unit(VILLAGE), Deadline(5)), person("cun"))
                 for slug in made.slugs]
    for case in cases:
        assert clerk.open(f"/cases/{case.id}").status == 200, (case.kind, clerk.text)
        assert case.number in clerk.text and "经过" in clerk.text
    assert clerk.open("/cases/").status == 200 and cases[0].number in clerk.text
    assert clerk.open("/cases/desk").status == 200
    assert failed(made) >= set(FAILING)


# -- asked before somebody acts: no answer is not a no -------------------------------------------------------------

def test_obstacles_before_a_town_switches_it_off(county):
    made = county(lambda slug: hook("portal_town_obstacles", "return act()", "town"))
    admin = made.sign_in("xitong")
    town = unit(TOWN)
    refused = set()
    for slug in made.slugs:
        admin.send(f"/org/plugins/{town.id}/{slug}", enable="0")
        assert admin.status in (200, 422), (slug, admin.text)
        if admin.status == 422:
            assert "说不清" in admin.text, slug
            refused.add(slug.removeprefix("b_"))
    assert refused >= set(FAILING) | set(NONSENSE) and "nothing" not in refused
    with made.app.app_context():
        still = enabled_for(unit(VILLAGE))
    assert {f"b_{name}" for name in refused} <= still
    assert failed(made) >= set(FAILING) | set(NONSENSE)
    stands(made.sign_in("cun"))


@pytest.mark.parametrize(("name", "arguments"), [
    ("portal_unit_obstacles", "unit"), ("portal_work", "post"), ("portal_resident_uses", "resident"),
    ("portal_resident_data", "resident, person"), ("portal_resident_obstacles", "kept, gone"),
])
def test_every_question_that_must_be_answered_refuses(county, name, arguments):
    made = county(lambda slug: hook(name, "return act()", arguments))
    given = dict.fromkeys(arguments.split(", "))
    with made.app.app_context():
        for slug in made.slugs:
            if slug.removeprefix("b_") in FAILING | NONSENSE:
                with only(made, name, slug), pytest.raises(Refused, match="说不清"):
                    made.registry.collect(name, or_refuse=True, **given)
    assert failed(made) >= set(FAILING) | set(NONSENSE)


@contextlib.contextmanager
def only(made, name: str, slug: str):
    """Have nobody but the plugin asked: the rooms of the core could not answer with nothing in their hands."""
    known = made.registry._all(name)
    made.registry._known[name] = [one for one in known if one.plugin.slug == slug]
    try:
        yield
    finally:
        made.registry._known[name] = known


@pytest.mark.parametrize("name", ["portal_refer", "portal_hand_work"])
def test_whoever_hands_something_over_is_refused_and_nothing_is_changed(county, name):
    made = county(lambda slug: hook(name, "return act()"))
    with made.app.app_context():
        for slug in made.slugs:
            if slug.removeprefix("b_") in FAILING:
                with atomic(), pytest.raises(Refused, match="没有办成"):
                    made.registry.ask(slug, name)
                with pytest.raises(Refused, match="没有办成"):
                    made.registry.ask(slug, name)
    assert failed(made) >= set(FAILING)


# -- told afterwards -----------------------------------------------------------------------------------------------

def test_what_fails_after_a_town_enabled_it_does_not_undo_that(county):
    made = county(lambda slug: hook("portal_town_changed", "act()", "town, enabled"))
    rows = TownPlugin.select().where(TownPlugin.unit == unit(TOWN), TownPlugin.enabled == True)  # noqa: E712
    assert {row.plugin for row in rows} >= set(made.slugs)
    assert failed(made) >= set(FAILING)
    stands(made.sign_in("cun"))


# -- in the background ---------------------------------------------------------------------------------------------

def test_jobs(county):
    made = county(lambda slug: hook("portal_jobs", f'return [Job("{slug}.x", "活", act, at="02:00")]'))
    with made.app.app_context():
        for slug in made.slugs:
            running.ask(f"{slug}.x")
        while run := running.claim("here"):
            running.perform(run)
        ended = {run.name.split(".")[0].removeprefix("b_"): run.ok for run in JobRun.select()}
    assert set(ended) == set(ALL)
    assert [name for name, ok in ended.items() if ok is None] == []
    bad = {name for name, ok in ended.items() if not ok}
    assert bad >= {"raises", "exits", "raises_odd", "raises_wordless", "recurses", "writes_and_fails", "asks_wrongly"}
    assert failed(made) == bad
    Unit.update(short="好").where(Unit.short == "坏了").execute()  # a job writes in its own transactions
    stands(made.sign_in("cun"))


def test_a_job_that_hangs_takes_one_place_and_one_is_left_for_the_core(start):
    def jobs(slug, *names):
        given = ", ".join(f'Job("{slug}.{name}", "活", print, at="02:00")' for name in names)
        return plugin(slug, extra=hook("portal_jobs", f"return [{given}]"))

    made = start({"a.py": jobs("a", "x", "y"), "b.py": jobs("b", "x"), "c.py": jobs("c", "x")}, ["a", "b", "c"])
    with made.app.app_context():
        for name in ("a.x", "a.y", "b.x", "c.x", "jobs.prune"):
            running.ask(name)
        begun = [run.name for run in iter(lambda: running.claim("here"), None)]
        assert begun == ["a.x", "b.x", "jobs.prune"]
        running.perform(JobRun.get(JobRun.name == "b.x"))
        assert running.claim("here").name == "c.x"


def test_the_self_check_says_of_each_that_it_was_not_done(county):
    made = county(lambda slug: hook("portal_check", "return act()"))
    with made.app.app_context():
        for slug in made.slugs:
            with only(made, "portal_check", slug):
                found = [finding.sentence for _, finding in made.registry.collect("portal_check")]
            assert slug.removeprefix("b_") not in FAILING | NONSENSE or "没有做完" in found[0], slug
    assert failed(made) >= set(FAILING) | set(NONSENSE)


# -- pages ---------------------------------------------------------------------------------------------------------

#: A page may write and end its transactions; what it sends piece by piece is on its way when a piece fails.
OTHERWISE = ("million", "endless", "commits", "commits_well", "ends_by_itself", "generator", "nasty_list")
PAGE = '''
@blueprint.route("/", methods=["GET", "POST"])
@requires("{slug}.read")
def index():
    return act()
'''


def test_pages_of_its_own(start):
    files = {
        f"b_{name}.py": plugin(f"b_{name}", head=f"{SPOILED_HEAD}\n\ndef act(*arguments):\n    {body}\n\n",
                               page=PAGE.format(slug=f"b_{name}"))
        for name, body in ALL.items() if name not in OTHERWISE
    }
    slugs = [name.removesuffix(".py") for name in files]
    made = start(files | {"weather.py": plugin("weather")}, ["station", "weather", *slugs])
    clerk = made.sign_in("cun")
    for slug in slugs:
        clerk.open(f"/{slug}/")
        assert clerk.status in (200, 404, 500, 503) and "Traceback" not in clerk.text, (slug, clerk.status)
        clerk.post(f"/{slug}/")
        assert clerk.status in (200, 400, 404, 500, 503), slug
    stands(clerk)
    assert {"raises", "exits", "raises_odd", "raises_wordless", "recurses", "writes_and_fails",
            "asks_wrongly"} <= failed(made)
    assert "页面（b_exits.index）" in made.sign_in("xitong").open("/health/").text


@pytest.mark.parametrize(("template", "kind"), [
    (None, "TemplateNotFound"), ("{{ 1 / 0 }}", "ZeroDivisionError"), ("{% if %}", "TemplateSyntaxError"),
    ("{{ nothing.at.all }}", "UndefinedError"),
])
def test_a_template_that_is_missing_or_fails(start, template, kind):
    page = ('@blueprint.get("/")\n@requires("notices.read")\ndef index():\n'
            '    return render_template("notices/page.html")\n')
    folder = 'Blueprint("notices", __name__, template_folder="notices_templates")'
    files = {"notices.py": plugin(page=page, blueprint=folder)}
    if template is not None:
        files["notices_templates/notices/page.html"] = template
    made = start(files, ["station", "notices"])
    clerk = made.sign_in("cun")
    assert clerk.open("/notices/").status == 500 and "系统出了差错" in clerk.text
    assert clerk.open("/").status == 200 and clerk.open("/station/").status == 200
    text = made.sign_in("xitong").open("/health/").text
    assert "页面（notices.index）" in text and kind in text


def test_a_page_that_wants_to_end_the_process_piece_by_piece_only_ends_its_answer(start):
    page = ('@blueprint.get("/")\n@requires("notices.read")\ndef index():\n    def pieces():\n        yield "x"\n'
            '        raise SystemExit(3)\n    return pieces()\n')
    made = start({"notices.py": plugin(page=page)}, ["notices"])
    clerk = made.sign_in("cun")
    with pytest.raises(RuntimeError, match="SystemExit"):
        _ = clerk.open("/notices/").text
    assert clerk.open("/").status == 200


HANGING = '''
import threading

inside, go_on = [], threading.Event()
'''


def test_pages_that_hang_take_no_more_than_half_of_the_threads(start):
    page = ('@blueprint.get("/")\n@requires("notices.read")\ndef index():\n    inside.append(1)\n    go_on.wait(20)\n'
            '    return "x"\n')
    made = start({"notices.py": plugin(head=HANGING, page=page), "weather.py": plugin("weather")},
                 ["notices", "weather"], threads=4)
    passed = [0.0]
    made.registry.breakers.clock = lambda: passed[0]
    module = made.registry.modules["notices"]
    clerks = [made.sign_in("cun") for _ in range(3)]
    hung = [threading.Thread(target=clerk.open, args=("/notices/",)) for clerk in clerks[:2]]
    for thread in hung:
        thread.start()
    while len(module.inside) < 2:
        hung[0].join(0.01)
    passed[0] = 11
    assert clerks[2].open("/notices/").status == 503 and len(module.inside) == 2
    assert clerks[2].open("/weather/").status == 200 and clerks[2].open("/").status == 200
    module.go_on.set()
    for thread in hung:
        thread.join()
    assert [clerk.status for clerk in clerks[:2]] == [200, 200] and clerks[2].open("/notices/").status == 200


# -- seen ----------------------------------------------------------------------------------------------------------

def test_a_watcher_and_the_command_are_told_as_well(county, tmp_path, ground):
    made = county(card, {"raises": FAILING["raises"]})
    assert made.sign_in("xitong").open("/healthz").response.get_json()["status"] == "ok"
    clerk = made.sign_in("cun")
    assert clerk.open("/healthz").response.get_json() == {"status": "degraded"}
    for _ in range(3):
        clerk.open("/")
    with made.app.app_context():
        [one] = troubles()
        found = made.registry.collect("portal_check", {"b_raises"})
        findings = [finding for _, finding in found if "b_raises" in finding.sentence]
    assert one.paused and findings[0].serious and "暂停调用" in findings[0].sentence
    setting = str(ground.path) if ground.name == "sqlite" else ground.setting
    (tmp_path / "portal.toml").write_text(f'database = "{setting}"\n')
    outcome = CliRunner().invoke(main, ["--instance", str(tmp_path), "plugin", "list"])
    assert "出差错" in outcome.output and "工作台卡片" in outcome.output, outcome.output
    outcome = CliRunner().invoke(main, ["--instance", str(tmp_path), "plugin", "check", "b_raises"])
    assert outcome.exit_code == 1 and "暂停调用" in outcome.output


# -- at start ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", [*DECLARATIONS, "portal_blueprint", "portal_plugin"])
def test_what_cannot_say_what_it_is_is_left_out(registry, name):
    """Every declaring hook with every behaviour, all at once; the sound one is taken."""
    base = {key: body for key, body in ALL.items() if "database" not in body and "spoil" not in body and key not in (
        "swallows", "aborts")}
    files = {}
    for key, body in base.items():
        source = plugin(f"b_{key}", head=f"{SPOILED_HEAD}\n\ndef act(*arguments):\n    {body}\n\n")
        source = source.replace(f"def {name}():", f"def {name}():\n    return act()\n\n\ndef unused_{name}():")
        if f"def {name}():" not in source:
            source += hook(name, "return act()")
        files[f"b_{key}.py"] = source
    found = registry(files | {"weather.py": plugin("weather")})
    assert "weather" in found.plugins
    left = {item.slug.removeprefix("b_") for item in found.quarantined}
    assert left >= set(base) - {"nothing"}, set(base) - left
    assert all("\n" not in item.reason and item.reason for item in found.quarantined)


def test_a_dependency_that_is_no_name_is_one_sentence(registry):
    found = registry({"a.py": plugin("a", about="depends=([],)"), "b.py": plugin("b", about="depends=(7,)"),
                      "weather.py": plugin("weather")})
    assert [item.slug for item in found.quarantined] == ["a", "b"] and "weather" in found.plugins
    assert all("depends" in item.reason for item in found.quarantined)


def test_plugins_that_need_each_other_are_both_left_out(registry):
    found = registry({"a.py": plugin("a", about='depends=("b",)'), "b.py": plugin("b", about='depends=("a",)')})
    assert sorted(item.slug for item in found.quarantined) == ["a", "b"]


def test_pages_that_can_only_be_tried_and_not_mounted_stay_closed(start):
    late = '''
blueprint.record(lambda state: seen.append(state) or (len(seen) > 1 and 1 / 0))
'''
    made = start({"notices.py": plugin(head="seen = []", extra=late), "weather.py": plugin("weather"),
                  "b.py": plugin("b", about='depends=("notices",)')}, ["weather", "station"])
    assert {item.slug for item in made.registry.quarantined} == {"notices", "b"}
    clerk = made.sign_in("cun")
    for url in ("/notices/", "/b/"):
        assert clerk.open(url).status == 404 and clerk.post(url).status in (400, 404)
    stands(clerk)


# -- migrations ----------------------------------------------------------------------------------------------------

FINE = {"weather.py": NOTICES.replace("notices", "weather").replace("Notice", "Weather"),
        "weather_migrations/0001_initial.py": SCRIPT.replace("notices", "weather")}
HALF = SCRIPT.replace("    db.create_tables([Notice])\n", "    db.create_tables([Notice])\n    {}\n")


@pytest.fixture
def restart(start, ground, tmp_path):
    """Return a function that starts the county as a server does: looking at the tables, running nothing."""
    def restart(files, enable=()):
        try:
            start(files, enable)
        except MigrationFailed as failure:
            told = str(failure)
        else:
            told = ""
        database_setting = str(ground.path) if ground.name == "sqlite" else ground.setting
        built = create_app(tmp_path, {**ground.overrides, "strict": False, "database": database_setting})
        return built, registry_of(built), told

    return restart


@pytest.mark.parametrize("body", [
    "1 / 0", "raise SystemExit(1)", "db.execute_sql('SELECT * FROM nowhere')", "db.execute_sql('DROP TABLE nowhere')",
    "Notice.create(text='x', by_name='y'); raise ValueError('坏了')", "import nothing_of_the_kind",
], ids=["raises", "exits", "asks-wrongly", "drops-wrongly", "fills-and-fails", "imports"])
def test_a_script_that_fails_is_its_plugins_affair_alone(restart, body):
    built, registry, told = restart({
        "notices.py": NOTICES, "notices_migrations/0001_initial.py": HALF.format(body), **FINE})
    assert "notices（" in told and "weather" not in told
    assert {"weather_notice", "weather_migration"} <= set(database.get_tables())
    assert "notices_notice" not in database.get_tables()
    [item] = registry.quarantined
    assert item.slug == "notices" and "0001_initial" in item.reason and "portal migrate" in item.reason
    assert "weather" in registry.plugins and "station" in registry.plugins


def test_a_script_that_is_no_python_is_its_plugins_affair_alone(restart):
    built, registry, told = restart({"notices.py": NOTICES, "notices_migrations/0001_initial.py": "def up(", **FINE})
    assert "notices（" in told and [item.slug for item in registry.quarantined] == ["notices"]
    assert "weather_notice" in database.get_tables()


def test_a_script_that_could_leave_half_of_itself_is_not_run(restart):
    built, registry, told = restart({
        "notices.py": NOTICES, "notices_migrations/0001_initial.py": "atomic = False\n" + SCRIPT, **FINE})
    assert "atomic" in told and "notices_notice" not in database.get_tables()


def test_a_script_that_nobody_has_run_leaves_its_plugin_out(start, restart, tmp_path):
    start(FINE)
    (tmp_path / "plugins" / "weather_migrations" / "0002_more.py").write_text("def up(migrator, db):\n    pass\n")
    built, registry, told = _only_looked_at(start, tmp_path)
    [item] = registry.quarantined
    assert item.slug == "weather" and "0002_more" in item.reason
    assert "weather" not in registry.plugins and "/weather/" not in {rule.rule for rule in built.url_map.iter_rules()}


def _only_looked_at(start, tmp_path):
    settings = {"strict": False, "testing": True, "argon2_time_cost": 1, "argon2_memory_kib": 64,
                "trusted_hosts": ["localhost"], "plugins": ["station"], "database": _address()}
    built = create_app(tmp_path, settings)
    return built, registry_of(built), ""


def _address() -> str:
    if not is_postgres():
        return database.obj.database
    parameters = database.obj.connect_params
    return f"postgresql://{parameters['host']}:{parameters['port']}/{database.obj.database}"


def test_tables_of_a_newer_plugin_leave_the_plugin_out_and_nothing_else(restart, start, tmp_path):
    start(FINE)
    database.execute_sql("INSERT INTO weather_migration (name, applied) VALUES ('0009_future', '2026-01-01')")
    built, registry, told = _only_looked_at(start, tmp_path)
    [item] = registry.quarantined
    assert item.slug == "weather" and "更新的版本" in item.reason


def test_who_depends_on_one_whose_tables_are_missing_is_left_out_with_it(restart):
    built, registry, told = restart({
        "notices.py": NOTICES, "notices_migrations/0001_initial.py": HALF.format("1 / 0"),
        "b.py": plugin("b", about='depends=("notices",)')})
    assert {item.slug for item in registry.quarantined} == {"notices", "b"}


def test_in_tests_a_pending_script_stops_the_start(start, tmp_path, ground):
    start(FINE)
    (tmp_path / "plugins" / "weather_migrations" / "0002_more.py").write_text("def up(migrator, db):\n    pass\n")
    with pytest.raises(migrations.MigrationPending, match="0002_more"):
        create_app(tmp_path, {**ground.overrides, "database": _address()})


def test_the_command_says_what_failed_and_gives_the_others_their_permissions(tmp_path, ground, start):
    start({})
    write(tmp_path, {"notices.py": NOTICES, "notices_migrations/0001_initial.py": HALF.format("1 / 0"), **FINE})
    (tmp_path / "portal.toml").write_text(f'database = "{_address()}"\n')
    database.close()
    outcome = CliRunner().invoke(main, ["--instance", str(tmp_path), "migrate"])
    database.connect(reuse_if_open=True)
    assert outcome.exit_code == 1 and "notices（" in outcome.output and "Traceback" not in outcome.output
    assert KnownPermission.select().where(KnownPermission.name == "weather.read").exists()
    outcome = CliRunner().invoke(main, ["--instance", str(tmp_path), "plugin", "list"])
    assert "已隔离  notices" in outcome.output and "weather" in outcome.output


def test_set_enabled_of_a_quarantined_one_is_refused(restart):
    built, registry, told = restart({"notices.py": NOTICES, "notices_migrations/0001_initial.py": HALF.format("1 / 0")})
    with built.app_context(), pytest.raises((Refused, KeyError)):
        set_enabled(unit(TOWN), "notices", True, None)
