"""A plugin goes: first all that it kept is in a file, then nothing of it is left."""

import io
import json
import re
import shutil
import subprocess
import time
import zipfile

import click
import pytest
from click.testing import CliRunner

from portal import create_app, search
from portal.accounts.models import KnownPermission, Role, User
from portal.cases.models import Case
from portal.cases.supervision.models import Rule, Told
from portal.commands import main, plugin_export, scaffold, uninstall
from portal.db import database, now, today
from portal.jobs.models import JobRun
from portal.notify.models import Mute, Notice
from portal.org.models import OrgSetting, PluginRule, TownPlugin
from portal.search.models import SearchText
from portal.testing import Browser
from tests.commands.server import PORTAL, environment
from tests.doors.world import picture
from tests.people_of_the_county import COUNTY, PASSWORD, TOWN, unit


def lit(start, ground, tmp_path):
    """Start the county with a plugin as it is written for an author; `portal(...)` types a command about plugins."""
    tables = set(database.get_tables())
    scaffold.write("street_lamp", "路灯报修", tmp_path / "plugins", package=False)
    started = start({}, enable=["street_lamp"])
    started.tables = tables
    started.setting = str(ground.path) if ground.name == "sqlite" else ground.setting
    (tmp_path / "portal.toml").write_text(f'database = "{started.setting}"\n')

    def portal(*words):
        database.close()
        outcome = CliRunner().invoke(main, ["--instance", str(tmp_path), "plugin", *words])
        database.connect(reuse_if_open=True)
        return outcome

    started.portal = portal
    return started


@pytest.fixture
def lamp(start, ground, tmp_path):
    """The same with one matter, which is open."""
    started = lit(start, ground, tmp_path)
    started.village = started.sign_in("shuji")
    started.village.send("/street_lamp/new", name="王秀兰", title="路灯不亮", text="第三盏坏了。")
    started.case = started.village.response.request.path
    return started


def answer(lamp):
    lamp.village.send(f"{lamp.case}/steps/answer", reply="已经修好。", reply_channel="phone")
    assert lamp.village.status == 200, lamp.village.text


def test_with_an_open_matter_it_stays(lamp, tmp_path):
    outcome = lamp.portal("uninstall", "street_lamp", "--export", str(tmp_path / "all.zip"), "--yes")
    assert outcome.exit_code == 1 and "1 件没有办结" in outcome.output and not (tmp_path / "all.zip").exists()


def leave_traces():
    """What the pages and jobs of a plugin, and earlier versions of it, leave behind in tables of the core."""
    user, county = User.get(User.name == "shuji"), unit(COUNTY)
    Mute.create(user=user, topic="street_lamp.news")
    Notice.create(user=user, topic="street_lamp.news", title="路灯", url="/street_lamp/")
    JobRun.create(name="street_lamp.count", due=now())
    OrgSetting.create(unit=county, name="street_lamp.days", value=3, by_name="马骏")
    PluginRule.create(county=county, unit=county, plugin="street_lamp", kind="required", reason="文件", by_name="马骏")
    Rule.create(unit=county, kind="street_lamp.matter", yellow=50)
    Told.create(topic="street_lamp.late", about="1", on=today())
    role = Role.get(Role.slug == "leader")
    Role.update(permissions=[*role.permissions, "street_lamp.of_old"]).where(Role.id == role.id).execute()
    KnownPermission.create(name="street_lamp.of_old")
    search.put("street_lamp", 1, "路灯")


#: How the part of a table that holds one county is called in a parted database.
PART = re.compile(r"_c\d{6}$")


def naming(slug: str) -> set[str]:
    """Return the tables in which any row, in any column, names `slug`; of a parted one the whole, not its parts."""
    found = set()
    parts = {table for table in database.get_tables() if PART.search(table)}
    for table in {*database.get_tables()} - parts | {PART.sub("", table) for table in parts}:
        for row in database.execute_sql(f'SELECT * FROM "{table}"').fetchall():
            if any(slug in (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
                   for value in row):
                found.add(table)
    return found


def contents() -> dict[str, list]:
    return {table: sorted(map(repr, database.execute_sql(f'SELECT * FROM "{table}"').fetchall()))
            for table in database.get_tables()}


def test_its_rows_are_in_the_file(lamp, tmp_path):
    lamp.village.send(f"{lamp.case}/files", attachments=(io.BytesIO(picture()), "灯.png"))
    answer(lamp)
    leave_traces()
    outcome = lamp.portal("uninstall", "street_lamp", "--export", str(tmp_path / "all.zip"), "--yes")
    assert outcome.exit_code == 0, outcome.output
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        rows = {name: [json.loads(line) for line in archive.read(name).splitlines()]
                for name in archive.namelist() if name.endswith(".jsonl")}
        manifest = json.loads(archive.read("manifest.json"))
        [file] = [name for name in archive.namelist() if name.startswith("files/")]
        assert archive.read(file)
    assert rows["street_lamp_matter.jsonl"][0]["text"] == "第三盏坏了。"
    assert rows["cases_reply.jsonl"][0]["text"] == "已经修好。" and len(rows["cases_event.jsonl"]) >= 2
    assert rows["org_setting.jsonl"][0]["value"] == 3 and len(rows["org_town_plugin.jsonl"]) == 2
    assert rows["files_attachment.jsonl"][0]["sha256"] == file.removeprefix("files/")
    assert manifest["rows"] == {name.removesuffix(".jsonl"): len(rows[name]) for name in rows}


def test_nothing_of_it_is_left_but_the_records_of_the_county(lamp, tmp_path):
    answer(lamp)
    leave_traces()
    outcome = lamp.portal("uninstall", "street_lamp", "--export", str(tmp_path / "all.zip"), "--yes")
    assert outcome.exit_code == 0 and "已办结的 1 件" in outcome.output and "审计记录" in outcome.output, outcome.output
    assert naming("street_lamp") == {"cases_case", "cases_tally", "cases_flow", "audit_entry"}
    assert set(database.get_tables()) == lamp.tables
    assert Case.get(Case.kind == "street_lamp.matter").closed is not None
    assert search_hits("路灯不亮") == []


def search_hits(words: str) -> list:
    return list(SearchText.select().where(SearchText.row_id.in_(search.ids("case", words))))


def test_a_county_that_only_looked_at_it_is_as_if_it_had_never_been_there(start, ground, tmp_path):
    before = contents()
    lamp = lit(start, ground, tmp_path)
    lamp.sign_in("shuji").open("/street_lamp/")
    assert naming("street_lamp") - {"audit_entry"}
    assert lamp.portal("uninstall", "street_lamp", "--export", str(tmp_path / "all.zip"), "--yes").exit_code == 0
    after = contents()
    assert after.keys() == before.keys() and naming("street_lamp") == {"audit_entry"}
    signing_in = {"accounts_session", "accounts_user", "forms_request_key", "audit_entry", "audit_lane", "org_revision"}
    changed = {table for table in after if after[table] != before[table]}
    assert changed <= signing_in | {"sqlite_sequence"}, changed


def test_once_its_program_is_gone_the_portal_is_sound(lamp, ground, tmp_path):
    answer(lamp)
    assert lamp.portal("uninstall", "street_lamp", "--export", str(tmp_path / "all.zip"), "--yes").exit_code == 0
    shutil.rmtree(tmp_path / "plugins")
    database.close()
    checked = CliRunner().invoke(main, ["--instance", str(tmp_path), "check"])
    database.connect(reuse_if_open=True)
    assert checked.exit_code == 0, checked.output
    village = Browser(create_app(tmp_path, {**lamp.overrides, "database": lamp.setting}).test_client())
    village.send("/accounts/sign-in", name="shuji", password=PASSWORD)
    gone = {lamp.case: 404, "/street_lamp/": 404}
    for url, status in {"/": 200, "/cases/": 200, "/search?q=路灯": 200, **gone}.items():
        assert village.open(url).status == status, url
        assert "路灯不亮" not in village.text


def test_who_goes_on_working_meanwhile_keeps_everything(lamp, tmp_path):
    answer(lamp)
    written = plugin_export.export(lamp.registry, "street_lamp", tmp_path / "all.zip")
    database.execute_sql("UPDATE street_lamp_matter SET text = '第四盏也坏了。'")
    with lamp.app.app_context(), pytest.raises(click.ClickException) as refused:
        uninstall.remove_all(lamp.registry, "street_lamp", written)
    assert "又有人写入" in refused.value.message and "street_lamp_matter" in database.get_tables()
    assert lamp.village.open("/street_lamp/").status == 200


def test_where_a_script_cannot_be_taken_back_everything_stays_and_it_can_be_run_again(lamp, tmp_path):
    answer(lamp)
    script = tmp_path / "plugins" / "street_lamp" / "migrations" / "0001_initial.py"
    good = script.read_text()
    script.write_text(good.replace('migrator.drop_table("street_lamp_matter")', 'migrator.drop_table("nowhere")'))
    before = contents()
    outcome = lamp.portal("uninstall", "street_lamp", "--export", str(tmp_path / "all.zip"), "--yes")
    assert outcome.exit_code == 1 and contents() == before, outcome.output
    script.write_text(good)
    assert lamp.portal("uninstall", "street_lamp", "--export", str(tmp_path / "again.zip"), "--yes").exit_code == 0
    assert "street_lamp_matter" not in database.get_tables()


@pytest.mark.parametrize("moment", [0.0, 0.15])
def test_killed_on_the_way_it_can_be_run_again(lamp, tmp_path, moment):
    answer(lamp)
    database.close()
    words = ["--instance", str(tmp_path), "plugin", "uninstall", "street_lamp", "--yes", "--export"]
    process = subprocess.Popen([*PORTAL, *words, str(tmp_path / "all.zip")], env=environment(), cwd=tmp_path,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    written = tmp_path / ("all.zip" if moment else "all.zip.part")
    while not written.exists() and process.poll() is None:
        time.sleep(0.001)
    time.sleep(moment)
    process.kill()
    process.wait()
    outcome = lamp.portal("uninstall", "street_lamp", "--export", str(tmp_path / "again.zip"), "--yes")
    assert outcome.exit_code == 0, outcome.output
    assert naming("street_lamp") == {"cases_case", "cases_tally", "cases_flow", "audit_entry"}


def test_uninstalled_twice_it_is_still_gone(lamp, tmp_path):
    answer(lamp)
    for name in ("all.zip", "again.zip"):
        outcome = lamp.portal("uninstall", "street_lamp", "--export", str(tmp_path / name), "--yes")
        assert outcome.exit_code == 0, outcome.output


def test_a_file_that_exists_is_not_written_over(lamp, tmp_path):
    answer(lamp)
    (tmp_path / "all.zip").write_text("mine")
    outcome = lamp.portal("uninstall", "street_lamp", "--export", str(tmp_path / "all.zip"), "--yes")
    assert outcome.exit_code == 1 and "已经存在" in outcome.output and (tmp_path / "all.zip").read_text() == "mine"
    assert "street_lamp_matter" in database.get_tables()


def test_whoever_says_no_changes_nothing(lamp, tmp_path):
    answer(lamp)
    outcome = lamp.portal("uninstall", "street_lamp", "--export", str(tmp_path / "all.zip"))
    assert outcome.exit_code == 1 and "street_lamp_matter" in database.get_tables()


def test_a_town_is_switched_by_a_command_too(lamp):
    answer(lamp)
    enabled = TownPlugin.select(TownPlugin.enabled).where(TownPlugin.plugin == "street_lamp")
    assert lamp.portal("disable", "street_lamp", "--unit", TOWN).exit_code == 0
    assert sorted(enabled.tuples()) == [(False,), (True,)]
    assert lamp.portal("enable", "street_lamp", "--all").exit_code == 0
    assert {one for (one,) in enabled.tuples()} == {True} and enabled.count() > 30


@pytest.mark.parametrize(("words", "told"), [
    (["enable", "street_lamp"], "--unit"), (["enable", "nowhere", "--all"], "没有名为 nowhere"),
    (["enable", "street_lamp", "--unit", "999"], "没有编码为 999"),
    (["disable", "street_lamp", "--unit", TOWN], "1 件"),
    (["check", "nowhere"], "没有名为 nowhere"), (["uninstall", "accounts", "--export", "x.zip"], "没有名为 accounts"),
])
def test_what_cannot_be_is_said_in_one_sentence(lamp, words, told):
    outcome = lamp.portal(*words)
    assert outcome.exit_code == 1 and told in outcome.output and "Traceback" not in outcome.output


def test_a_sound_plugin_is_called_sound(lamp):
    outcome = lamp.portal("check", "street_lamp")
    assert outcome.exit_code == 0 and "完好" in outcome.output
