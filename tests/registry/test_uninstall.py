"""A plugin goes: first all that it kept is in a file, then nothing of it is left."""

import json
import zipfile

import pytest
from click.testing import CliRunner

from portal.accounts.models import KnownPermission, Role
from portal.cases.models import Case
from portal.commands import main, scaffold
from portal.db import database
from portal.org.models import PluginRule, TownPlugin, TownPluginEvent
from tests.people_of_the_county import COUNTY, TOWN, unit


@pytest.fixture
def lamp(start, ground, tmp_path):
    """A plugin as it is written for an author, with one matter that is answered; and the command, typed."""
    scaffold.write("street_lamp", "路灯报修", tmp_path / "plugins", package=False)
    started = start({}, enable=["street_lamp"])
    setting = str(ground.path) if ground.name == "sqlite" else ground.setting
    (tmp_path / "portal.toml").write_text(f'database = "{setting}"\n')
    village = started.sign_in("shuji")
    village.send("/street_lamp/new", name="王秀兰", title="路灯不亮", text="第三盏坏了。")
    started.case = village.response.request.path
    started.village = village

    def portal(*words):
        database.close()
        outcome = CliRunner().invoke(main, ["--instance", str(tmp_path), "plugin", *words])
        database.connect(reuse_if_open=True)
        return outcome

    started.portal = portal
    return started


def answer(lamp):
    lamp.village.send(f"{lamp.case}/steps/answer", reply="已经修好。", reply_channel="phone")
    assert lamp.village.status == 200, lamp.village.text


def test_with_an_open_matter_it_stays(lamp, tmp_path):
    outcome = lamp.portal("uninstall", "street_lamp", "--export", str(tmp_path / "all.zip"), "--yes")
    assert outcome.exit_code == 1 and "1 件没有办结" in outcome.output and not (tmp_path / "all.zip").exists()


def test_its_rows_are_in_the_file_and_nothing_of_it_is_left(lamp, tmp_path):
    answer(lamp)
    county = unit(COUNTY)
    PluginRule.create(county=county, unit=county, plugin="street_lamp", kind="required", reason="文件", by_name="马骏")
    file = tmp_path / "all.zip"
    outcome = lamp.portal("uninstall", "street_lamp", "--export", str(file), "--yes")
    assert outcome.exit_code == 0, outcome.output
    with zipfile.ZipFile(file) as archive:
        [row] = [json.loads(line) for line in archive.read("street_lamp_matter.jsonl").splitlines()]
        manifest = json.loads(archive.read("manifest.json"))
        [reply] = [json.loads(line) for line in archive.read("cases_reply.jsonl").splitlines()]
    assert row["text"] == "第三盏坏了。" and reply["text"] == "已经修好。"
    assert manifest["rows"]["street_lamp_matter"] == 1 and manifest["rows"]["cases_event"] >= 2
    assert not [table for table in database.get_tables() if table.startswith("street_lamp_")]
    assert not KnownPermission.select().where(KnownPermission.name.startswith("street_lamp.")).exists()
    assert not [role.slug for role in Role.select() if any(one.startswith("street_lamp.") for one in role.permissions)]
    assert not TownPlugin.select().where(TownPlugin.plugin == "street_lamp").exists()
    assert not TownPluginEvent.select().where(TownPluginEvent.plugin == "street_lamp").exists()
    assert not PluginRule.select().exists()
    assert Case.get(Case.kind == "street_lamp.matter").closed is not None


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
