"""`portal demo`: what a newcomer sees first."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

from portal.commands.demo_cast import CAST, WITHOUT_PLUGINS
from tests.commands.server import PORTAL, Served, environment, free_port, portal, said


def count(folder, table: str, where: str = "1=1") -> int:
    with closing(sqlite3.connect(folder / "instance" / "portal.db")) as database:
        return database.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0]


def test_it_makes_the_county_with_people_and_cases(county):
    assert count(county.folder, "org_unit", "level = 'town'") == 33
    assert count(county.folder, "org_unit", "level = 'village'") == 462
    assert set(county.passwords) == {person.login for person in CAST}
    assert len(set(county.passwords.values())) == len(CAST)
    assert count(county.folder, "cases_case") >= 100
    assert portal("check", cwd=county.folder).status == 0


def test_units_have_signed_for_nearly_all_that_reached_them_and_nobody_finds_a_flood_of_notices(county):
    waiting = "closed IS NULL AND signed IS NULL AND sign_due IS NOT NULL"
    assert 0 < count(county.folder, "cases_case", waiting) <= 16
    assert count(county.folder, "cases_event", "step = 'sign' AND title = '签收'") >= 5
    unread = "(SELECT user_id FROM notify_notice WHERE read_at IS NULL GROUP BY user_id HAVING count(*) > 8)"
    assert count(county.folder, unread) == 0 and count(county.folder, "notify_notice", "read_at IS NULL") > 0


def test_superiors_have_pressed_and_units_assist_and_ask_for_time(county):
    def stands(table: str, column: str) -> set[str]:
        with closing(sqlite3.connect(county.folder / "instance" / "portal.db")) as database:
            return {value for (value,) in database.execute(f"SELECT {column} FROM {table}")}

    assert stands("cases_order", "status") == {"issued", "accepted", "answered", "returned", "withdrawn"}
    assert count(county.folder, "cases_order", "settled_at IS NULL AND due < datetime('now', '+8 hours')") >= 1
    assert count(county.folder, "cases_instruction", "due IS NOT NULL AND feedback_at IS NULL") >= 1
    assert count(county.folder, "cases_instruction", "feedback_at IS NOT NULL") >= 1
    assert count(county.folder, "cases_reminder") >= 1 and {"asked", "answered"} <= stands("cases_assist", "state")
    assert {"asked", "granted"} <= stands("cases_extension", "state")


def test_a_newcomer_finds_the_pages_of_supervision_filled(county):
    with Served(county.folder) as served:
        town = served.visitor()
        town.send("/accounts/sign-in", name="tashan", password=county.passwords["tashan"])
        assert "塔山镇督〔" in town.open("/cases/orders?side=issued").text
        assert "批示" in town.open("/cases/instructions?side=area&part=all").text
        leader = served.visitor()
        leader.send("/accounts/sign-in", name="tashan-leader", password=county.passwords["tashan-leader"])
        assert "FW" in leader.open("/cases/extensions").text


def test_each_of_the_cast_signs_in_at_once_and_sees_their_workbench(county):
    with Served(county.folder) as served:
        for person in CAST:
            visitor = served.visitor()
            visitor.send("/accounts/sign-in", name=person.login, password=county.passwords[person.login])
            assert visitor.open("/").status == 200 and person.name in visitor.text, person.login


def test_a_town_that_enabled_nothing_finds_nothing(county):
    assert WITHOUT_PLUGINS
    with Served(county.folder) as served:
        inside, outside = served.visitor(), served.visitor()
        inside.send("/accounts/sign-in", name="tashan2", password=county.passwords["tashan2"])
        outside.send("/accounts/sign-in", name="zhongxiao", password=county.passwords["zhongxiao"])
        assert inside.open("/knock/new").status == 200 and "敲门" in inside.open("/").text
        assert outside.open("/knock/new").status == 404 and "敲门" not in outside.open("/").text


def test_a_second_start_goes_on_with_the_first(county):
    before = count(county.folder, "cases_case")
    outcome = portal("demo", "--no-serve", cwd=county.folder)
    assert outcome.status == 0 and "portal user passwd" in outcome.out
    assert not any(password in outcome.out for password in county.passwords.values())
    assert count(county.folder, "cases_case") == before


def test_passwords_are_nowhere_in_the_instance(county):
    for path in county.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(password.encode() in content for password in county.passwords.values()), path


def test_an_instance_of_others_is_never_touched(place):
    for option in ([], ["--fresh"]):
        assert "不会碰" in said(portal("demo", "--no-serve", *option, cwd=place))
    assert portal("check", cwd=place).status == 0


def test_another_database_is_never_touched(tmp_path):
    assert "SQLite" in said(portal("demo", "--no-serve", cwd=tmp_path, database="postgresql://127.0.0.1/postgres"))


def test_fresh_leaves_what_it_did_not_make(county):
    instance = county.folder / "instance"
    (instance / "portal.toml").write_text('portal_name = "我们的"', encoding="utf-8")
    (instance / "notes.txt").write_text("别删", encoding="utf-8")
    (instance / "heads").mkdir(exist_ok=True)
    (instance / "heads" / "2026-01-01.txt").write_text("每日校验值", encoding="utf-8")
    key = (instance / "keys" / "session").read_text()
    process = start(county.folder, "--fresh")
    wait_for(lambda: (instance / "keys" / "session").exists() and (instance / "keys" / "session").read_text() != key)
    kill(process)
    assert (instance / "notes.txt").exists() and (instance / "portal.toml").exists()
    assert (instance / "plugins" / "knock.py").exists()
    assert not (instance / "heads").exists(), "or the new demo would be told that days were deleted from it"


def test_what_was_killed_half_way_is_begun_again(tmp_path):
    process = start(tmp_path)
    database = tmp_path / "instance" / "portal.db"
    wait_for(lambda: database.exists() and tables(database) > 10)
    assert "正在建立" in said(portal("demo", "--no-serve", cwd=tmp_path))
    kill(process)
    process = start(tmp_path)
    wait_for(lambda: "从头再来" in (tmp_path / "demo.log").read_text())
    kill(process)
    shutil.rmtree(tmp_path / "instance" / "keys", ignore_errors=True)
    outcome = portal("demo", "--no-serve", cwd=tmp_path, timeout=240)
    assert outcome.status == 0 and "从头再来" in outcome.out and "huaguang" in outcome.out
    assert portal("check", cwd=tmp_path).status == 0


def test_ctrl_c_is_one_sentence(tmp_path):
    process = start(tmp_path)
    wait_for(lambda: (tmp_path / "instance" / "portal.db").exists())
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 1
    log = (tmp_path / "demo.log").read_text()
    assert "中断" in log and "Traceback" not in log


def test_fresh_refuses_while_a_server_uses_the_instance(county):
    with Served(county.folder):
        assert "正在使用" in said(portal("demo", "--fresh", "--no-serve", cwd=county.folder))


def test_it_serves_what_it_made(county):
    port = free_port()
    with Served(county.folder, "demo", "--port", str(port), port=port) as served:
        assert 'name="password"' in served.open("/accounts/sign-in").text


def start(folder, *options) -> subprocess.Popen:
    with open(folder / "demo.log", "wb") as log:
        return subprocess.Popen(
            [*PORTAL, "demo", "--no-serve", *options], cwd=folder, env=environment(pythonunbuffered="1"), stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
        )


def kill(process) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def tables(path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.Error:
        return 0
