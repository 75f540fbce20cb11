"""A county on SQLite goes over to PostgreSQL: nothing is lost, whatever happens on the way."""

import fcntl
import hashlib
import itertools
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from types import SimpleNamespace
from urllib.parse import quote

import psycopg
import pytest

from tests.commands.server import PORTAL, Served, environment, free_port, portal, said
from tests.conftest import SHAPE_BY_NAME, _missing
from tests.people_of_the_county import PASSWORD
from tests.pg_servers import pg_servers

pytestmark = pytest.mark.postgres

_serial = itertools.count(1)

RECEIVE = """
from portal import create_app
from tests.commands.furnish import receive
receive(create_app("instance", {"testing": True}), 1)
"""
MIGRATE = """
from portal import create_app, migrations
from portal.registry import registry_of
registry = registry_of(create_app("instance", check=False))
migrations.migrate(registry.owners(), "instance")
"""


@pytest.fixture(scope="module")
def server():
    with pg_servers() as make:
        yield make().init().start()


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    """An SQLite instance with people, three matters and a file: its folder."""
    folder = tmp_path_factory.mktemp("furnished")
    run_python("-m", "tests.commands.furnish", "instance", "portal.db", "3", cwd=folder)
    (folder / "instance" / "portal.toml").write_text('# 县里的设置\nportal_name = "三台县"\n', encoding="utf-8")
    return folder


@pytest.fixture
def county(furnished, tmp_path):
    """A copy of it for one test."""
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def target(server):
    """An empty database: its address, and ask(sql)."""
    name = f"goal_{next(_serial)}"
    server.ask(f"CREATE DATABASE {name}")
    return SimpleNamespace(name=name, address=server.address(name), ask=lambda sql: server.ask(sql, name))


def run_python(*arguments, cwd, **settings):
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment(**settings), capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]


def change(folder, *statements):
    """Change the SQLite database behind the portal's back."""
    with closing(sqlite3.connect(folder / "instance" / "portal.db")) as base:
        for statement in statements:
            base.execute(*statement if isinstance(statement, tuple) else (statement,))
        base.commit()


def move(folder, target, *more, **settings):
    return portal("move-to", target.address, *more, cwd=folder, **settings)


def moved(folder, target, *more):
    outcome = move(folder, target, *more)
    assert outcome.status == 0, outcome.out[-3000:] + outcome.err
    assert "两边逐表相同" in outcome.out and "不同\n" not in outcome.out
    assert not target.ask("SELECT 1 FROM pg_class WHERE relname LIKE 'portal_move%'"), "nothing of the move stays"
    return outcome.out


def sum_of(folder) -> str:
    return hashlib.sha256((folder / "instance" / "portal.db").read_bytes()).hexdigest()


def plain(html: str) -> str:
    """Return what a page says, without what differs at each opening."""
    return re.sub(r'(csrf[^>]*|name="[^"]*key"[^>]*|value="[0-9a-zA-Z._-]{20,}")', "", html.split("<main")[1])


def pages_of(folder) -> list[str]:
    """Sign in as the village's window and read the list, a case, the residents and the search."""
    with Served(folder, workers=1) as served:
        visitor = served.visitor()
        visitor.send("/accounts/sign-in", name="cun", password=PASSWORD)
        found = [visitor.open(url).text for url in ("/cases/", "/people/", f"/search?q={quote('高龄津贴')}")]
        first = re.search(r'href="(/cases/\d+)"', found[0])[1]
        found.append(visitor.open(first).text)
    return [plain(page) for page in found]


def numbers(target) -> list[str]:
    return [number for (number,) in target.ask("SELECT number FROM cases_case ORDER BY id")]


def test_the_county_is_the_same_on_the_other_engine_and_goes_on(county, target, server):
    before = pages_of(county)
    assert all("高龄津贴" in page for page in (before[0], before[3])) and "FW" in before[2]
    change(county, "PRAGMA wal_checkpoint(TRUNCATE)")
    sum_before = sum_of(county)
    told = moved(county, target, "--switch")
    assert sum_of(county) == sum_before and "portal.toml 已改用新的数据库" in told
    settings = (county / "instance" / "portal.toml").read_text(encoding="utf-8")
    assert settings == f'database = "{target.address}"\n# 县里的设置\nportal_name = "三台县"\n'
    assert list((county / "instance").glob("portal.toml.2*")), "the old settings are kept"
    assert pages_of(county) == before
    run_python("-c", RECEIVE, cwd=county)
    *old, newest = numbers(target)
    assert len(old) == 3 and newest == f"{old[-1][:-4]}{int(old[-1][-4:]) + 1:04d}"
    assert target.ask("SELECT count(*), count(DISTINCT digest) FROM audit_lane") == [(32, 32)]
    assert target.ask("SELECT count(*) FROM audit_entry WHERE action = 'instance.move'") == [(1,)]
    checked = portal("check", cwd=county)
    assert checked.status == 0, checked.out + checked.err
    assert "已经在 PostgreSQL 上" in said(move(county, target))
    server.ask(f"CREATE DATABASE {target.name}_fresh")
    run_python("-c", MIGRATE, cwd=county, database=server.address(f"{target.name}_fresh"))
    assert target.ask(SHAPE_BY_NAME) == server.ask(SHAPE_BY_NAME, f"{target.name}_fresh")


def fill(folder, rows: int) -> None:
    """Put in so many rows with a text for a key: in the order of bytes, with signs that collations sort otherwise."""
    change(folder, (
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO accounts_failure "
        "SELECT (CASE i % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'B' WHEN 2 THEN '-' ELSE '县' END) || i, 1, "
        "'2026-01-01 00:00:00', NULL, 0 FROM n", (rows,)))


def test_killed_at_any_moment_it_goes_on_and_doubles_nothing(county, target, server):
    fill(county, 45_000)
    for moment, sign in (  # what must be true on the target at the moment of the signal
        ("SELECT 1 FROM pg_class WHERE relname = 'cases_case'", signal.SIGINT),
        ("SELECT 1 FROM portal_move_chunk", signal.SIGKILL),
        ("SELECT 1 FROM portal_move WHERE stage = 'finish'", signal.SIGKILL),
    ):
        process = start(county, target)
        wait_for(target, moment, process)
        process.send_signal(sign)
        out, err = process.communicate(timeout=60)
        if sign == signal.SIGINT:
            assert process.returncode == 1 and "已中断" in err and "从停下的地方接着搬" in err, out + err
            assert "Traceback" not in err, err
    process = start(county, target)
    wait_for(target, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'", process)
    server.stop()  # as a power cut on the other machine
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "再运行同一条命令" in err and "Traceback" not in err, out + err
    server.start()
    told = moved(county, target)
    assert re.search(r"accounts_failure +45000 +(\w+) +45000 +\1", told), told
    assert "核对上次已复制的" in told


def start(folder, target) -> subprocess.Popen:
    return subprocess.Popen([*PORTAL, "move-to", target.address], cwd=folder, env=environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def small(server):
    """A database on a disk of its own that is too small: its address and ask(sql), and grow()."""
    place, name = server.folder.parent / "small", f"goal_{next(_serial)}"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", place]).returncode:
        _missing("mounting a small disk needs root")
    try:
        shutil.chown(place, "postgres", "postgres")
        server.ask(f"CREATE TABLESPACE small LOCATION '{place}'")
        server.ask(f"CREATE DATABASE {name} TABLESPACE small")
        yield SimpleNamespace(
            name=name, address=server.address(name), ask=lambda sql: server.ask(sql, name),
            grow=lambda: subprocess.run(["mount", "-o", "remount,size=200m", place], check=True))
        server.ask(f"DROP DATABASE {name} WITH (FORCE)")
        server.ask("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "-l", place], check=False)


def test_a_full_disk_on_the_other_side_is_a_sentence_and_room_is_enough_to_go_on(county, small):
    """What a removed plugin left stays behind where that is wanted."""
    fill(county, 150_000)
    leftover(county, small)
    told = said(move(county, small, "--without-leftovers"))
    assert "PostgreSQL 那边的磁盘满了" in told and "从停下的地方接着搬" in told
    small.grow()
    told = moved(county, small, "--no-check", "--without-leftovers")
    assert "核对上次已复制的" in told and "opera" not in told


def wait_for(target, moment: str, process) -> None:
    deadline = time.monotonic() + 60
    with psycopg.connect(target.address, autocommit=True) as connection:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if connection.execute(moment).fetchone():
                    return
            except psycopg.errors.UndefinedTable:
                pass
    raise AssertionError(f"it was over before: {moment}")


def test_a_changed_source_is_carried_over_and_a_changed_row_of_the_target_is_found(county, target):
    fill(county, 12_000)
    spoil, mend = ("UPDATE cases_tally SET count = count + ?", (1,)), ("UPDATE cases_tally SET count = count - ?", (1,))
    change(county, spoil)
    told = said(move(county, target))
    assert "自检发现" in told and "--no-check" in told
    # In the morning the county works on, and goes over the next night.
    change(county, mend, "UPDATE accounts_failure SET rounds = 7 WHERE key = 'B4001'",
           "DELETE FROM accounts_failure WHERE key = '县11999'")
    run_python("-c", RECEIVE, cwd=county)
    change(county, spoil)
    outcome = move(county, target)
    assert outcome.status == 1 and "已重新复制" in outcome.out and "自检发现" in outcome.err
    assert len(numbers(target)) == 4
    assert target.ask("SELECT count(*), max(rounds) FROM accounts_failure") == [(11_999, 7)]
    for tamper in (
        "UPDATE cases_case SET title = title || '。' WHERE id = 2", "DELETE FROM accounts_failure WHERE key = 'a4000'",
        "INSERT INTO notify_mute (user_id, topic) VALUES (1, 'x')",
    ):
        target.ask(tamper)
    outcome = move(county, target)
    told = said(outcome)
    assert " 不同" in outcome.out and "设置没有动" in told
    for place in ("表 cases_case：id=2 的 title", "表 accounts_failure：目标少了 key=a4000",
                  "表 notify_mute：目标多出 user_id=1、topic=x"):
        assert place in told, told
    change(county, mend)
    assert "已重新复制" in moved(county, target), "the next run has put it right"


def another_instance(county, target):
    target.ask("CREATE TABLE portal_move AS SELECT 'another' AS instance, '{}'::jsonb AS scripts, 'copy' AS stage")


def older(county, target):
    change(county, "DELETE FROM cases_migration WHERE name LIKE '0007%'")


def nul(county, target):
    change(county, ("UPDATE cases_case SET title = ? WHERE id = 3", ("王\0兰",)),
           ("UPDATE accounts_user SET full_name = ? WHERE id = 1", ("长" * 300,)))


def leftover(county, target):
    change(county, "CREATE TABLE opera_stage (id INTEGER PRIMARY KEY)", "INSERT INTO opera_stage VALUES (1)",
           "CREATE TABLE opera_migration (id INTEGER PRIMARY KEY, name TEXT, applied TEXT)")


def occupied(county, target):
    target.ask("CREATE TABLE somebody (id INT)")


REFUSED = [
    (older, ["还有未执行的升级"]),
    (nul, ["cases_case 的id=3：title 含有 NUL", "full_name 有 300 个字，最多"]),
    (leftover, ["opera_migration、opera_stage", "--without-leftovers"]),
    (occupied, ["public.somebody", "没有动它"]),
    (another_instance, ["另一个实例没有搬完"]),
]


@pytest.mark.parametrize(("spoil", "sentences"), REFUSED, ids=[one.__name__ for one, _ in REFUSED])
def test_what_cannot_be_moved_is_refused_with_a_sentence(county, target, spoil, sentences):
    spoil(county, target)
    before = (county / "instance" / "portal.toml").read_bytes(), sum_of(county)
    told = said(move(county, target, "--switch"))
    assert all(sentence in told for sentence in sentences), told
    assert ((county / "instance" / "portal.toml").read_bytes(), sum_of(county)) == before


def test_a_service_that_is_started_too_early_does_not_write_into_the_old_database(county):
    with open(county / "instance" / "serving.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "等它结束再启动" in said(portal("serve", "--port", str(free_port()), cwd=county))
