"""A backup is made while clerks work, proves itself, and becomes the same county again; anything less is refused."""

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from types import SimpleNamespace

import psycopg
import pytest

from tests.commands.server import PORTAL, Served, environment, portal, said
from tests.conftest import POSTGRES, _missing
from tests.people_of_the_county import PASSWORD


def ask_postgres(statement: str) -> None:
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(statement)


def address_of(name: str) -> str:
    return POSTGRES.rsplit("/", 1)[0] + "/" + name


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def furnished(request, tmp_path_factory):
    """An instance of either engine with people, three matters and a file, made once: its folder and database."""
    folder, name = tmp_path_factory.mktemp("furnished"), ""
    if request.param == "postgres":
        try:
            psycopg.connect(POSTGRES, connect_timeout=3).close()
        except psycopg.OperationalError:
            _missing("no PostgreSQL server at PORTAL_TEST_POSTGRES")
        name = f"portal_test_{uuid.uuid4().hex[:8]}"
        ask_postgres(f'CREATE DATABASE "{name}"')
    built = subprocess.run(
        [sys.executable, "-m", "tests.commands.furnish", "instance", address_of(name) if name else "portal.db", "3"],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=120,
    )
    assert built.returncode == 0, built.stderr[-3000:]
    yield SimpleNamespace(folder=folder, name=name)
    if name:
        ask_postgres(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def county(furnished, tmp_path):
    """A copy of it for one test: `folder`, `settings`."""
    shutil.copytree(furnished.folder, tmp_path, dirs_exist_ok=True)
    if not furnished.name:
        yield SimpleNamespace(folder=tmp_path, settings={})
        return
    name = f"portal_test_{uuid.uuid4().hex[:8]}"
    ask_postgres(f'CREATE DATABASE "{name}" TEMPLATE "{furnished.name}"')
    yield SimpleNamespace(folder=tmp_path, settings={"database": address_of(name)})
    ask_postgres(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def elsewhere(county, tmp_path_factory):
    """Another machine: an empty folder, and an empty database of the same engine."""
    folder = tmp_path_factory.mktemp("elsewhere")
    if not county.settings:
        yield SimpleNamespace(folder=folder, settings={})
        return
    name = county.settings["database"].rsplit("/", 1)[1] + "_again"
    ask_postgres(f'CREATE DATABASE "{name}"')
    yield SimpleNamespace(folder=folder, settings={"database": address_of(name)})
    ask_postgres(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def back_up(county, *more):
    outcome = portal("backup", "backups", *more, cwd=county.folder, **county.settings)
    assert outcome.status == 0, outcome.err
    return newest(county), outcome.out


def newest(county):
    return sorted(path.parent for path in (county.folder / "backups").glob("portal-*/manifest.json"))[-1]


def signed_in(served, name="cun"):
    visitor = served.visitor()
    visitor.send("/accounts/sign-in", name=name, password=PASSWORD)
    return visitor


def list_of(county) -> str:
    with Served(county.folder, workers=1, **county.settings) as served:
        visitor = signed_in(served)
        assert visitor.open("/people/").status == 200
        return visitor.open("/cases/").text.split("<main")[1]


def test_what_is_restored_is_the_same_county(county, elsewhere):
    made, told = back_up(county)
    assert "已恢复一遍核对无误" in told and "1 个附件" in told and "请与备份分开保管" in told
    outcome = portal("restore", made, cwd=elsewhere.folder, **elsewhere.settings)
    assert outcome.status == 0, outcome.out + outcome.err
    assert "1 个附件" in outcome.out and "自检没有发现问题" in outcome.out
    assert not (elsewhere.folder / "instance" / ".restoring").exists()
    with Served(elsewhere.folder, workers=1, **elsewhere.settings) as served:
        visitor = signed_in(served)
        cases = visitor.open("/cases/").text
        assert cases.count("高龄津贴") >= 3
        first = json.loads((made / "manifest.json").read_text())
        assert first["rows"]["cases_case"] == 3 and first["files"] == 1
    assert portal("check", cwd=elsewhere.folder, **elsewhere.settings).status == 0


def test_clerks_go_on_working_and_no_half_matter_is_in_it(county, elsewhere):
    written, stop = [], threading.Event()

    def work():
        while not stop.is_set():
            outcome = subprocess.run(
                [sys.executable, "-c", WRITE], cwd=county.folder, env=environment(**county.settings),
                capture_output=True, text=True)
            written.append(outcome.returncode)

    clerk = threading.Thread(target=work)
    clerk.start()
    try:
        made, _ = back_up(county)
    finally:
        stop.set()
        clerk.join()
    assert written and not any(written), "nobody was kept waiting into an error"
    outcome = portal("restore", made, cwd=elsewhere.folder, **elsewhere.settings)
    assert outcome.status == 0 and "自检没有发现问题" in outcome.out, outcome.out + outcome.err


WRITE = """
from portal import create_app
from tests.commands.furnish import receive
receive(create_app("instance", {"testing": True}), 4)
"""


def test_an_instance_that_stands_is_never_touched(county):
    made, _ = back_up(county)
    before = list_of(county)
    assert "已有实例" in said(portal("restore", made, cwd=county.folder, **county.settings))
    assert list_of(county) == before


@pytest.mark.parametrize(
    "furnished", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True, scope="module")
def test_a_database_with_tables_is_never_touched(county, elsewhere):
    made, _ = back_up(county)
    told = said(portal("restore", made, cwd=elsewhere.folder, **county.settings))
    assert "已有数据表" in told and not (elsewhere.folder / "instance" / "keys").exists()


def test_the_other_engine_is_refused(county, tmp_path_factory):
    made, _ = back_up(county)
    other = {} if county.settings else {"database": POSTGRES}
    assert "请改成同一种" in said(portal("restore", made, cwd=tmp_path_factory.mktemp("other"), **other))


def break_database(made):
    path = next(made.glob("database.*"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def break_file(made):
    next((made / "files").rglob("?" * 64)).write_bytes(b"x")


def lose_file(made):
    next((made / "files").rglob("?" * 64)).unlink()


def break_manifest(made):
    (made / "manifest.json").write_text("{", encoding="utf-8")


def of_tomorrow(made):
    facts = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
    facts["migrations"]["cases"].append("9999_of_tomorrow")
    (made / "manifest.json").write_text(json.dumps(facts), encoding="utf-8")


def another_format(made):
    facts = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
    (made / "manifest.json").write_text(json.dumps(facts | {"format": 2}), encoding="utf-8")


def smuggle(made):
    (made / "plugins").mkdir(exist_ok=True)
    (made / "plugins" / "knock.py").write_text("raise SystemExit", encoding="utf-8")


def other_keys(made):
    next(made.with_name(f"{made.name}-keys").glob("people-*")).write_text("ab" * 32, encoding="ascii")


def no_keys(made):
    shutil.rmtree(made.with_name(f"{made.name}-keys"))


BROKEN = [
    (break_database, "缺失或已被改动"), (break_file, "已损坏"), (lose_file, "应有 1 个附件"),
    (break_manifest, "已损坏"), (of_tomorrow, "请先升级程序"), (another_format, "更新的版本"), (smuggle, "多出了"),
    (other_keys, "不是这份备份的那些"), (no_keys, "--keys"),
]


# None of it comes as far as the database.
@pytest.mark.parametrize("furnished", ["sqlite"], indirect=True, scope="module")
def test_a_backup_that_is_not_whole_is_refused_with_a_sentence_and_leaves_nothing(county, elsewhere):
    whole, _ = back_up(county)
    for number, (spoil, sentence) in enumerate(BROKEN):
        made = county.folder / f"spoilt-{number}" / whole.name
        shutil.copytree(whole, made)
        shutil.copytree(whole.with_name(f"{whole.name}-keys"), made.with_name(f"{made.name}-keys"))
        spoil(made)
        assert sentence in said(portal("restore", made, cwd=elsewhere.folder)), spoil.__name__
        left = {path.name for path in (elsewhere.folder / "instance").glob("*")} - {".restoring"}
        assert not left, (spoil.__name__, left)
    assert portal("restore", whole, "--no-check", cwd=elsewhere.folder).status == 0


def test_a_folder_that_is_no_backup_is_a_sentence(tmp_path):
    (tmp_path / "x").mkdir()
    assert "不是一份备份" in said(portal("restore", "x", cwd=tmp_path))


def test_keys_lie_apart_and_are_found_again(county, elsewhere):
    made, told = back_up(county, "--keys", "vault")
    keys = county.folder / "vault" / f"{made.name}-keys"
    assert str(keys.relative_to(county.folder)) in told and keys.stat().st_mode & 0o077 == 0
    secrets = [path.read_bytes() for path in keys.iterdir()]
    kept = b"".join(path.read_bytes() for path in made.rglob("*") if path.is_file())
    assert secrets and not any(one in kept for one in secrets)
    assert "--keys" in said(portal("restore", made, cwd=elsewhere.folder, **elsewhere.settings))
    outcome = portal("restore", made, "--keys", keys, "--no-check", cwd=elsewhere.folder, **elsewhere.settings)
    assert outcome.status == 0, outcome.err


@pytest.mark.parametrize("furnished", ["sqlite"], indirect=True, scope="module")
def test_only_the_newest_are_kept_and_attachments_cost_their_room_once(county):
    first, _ = back_up(county, "--no-verify")
    second, told = back_up(county, "--keep", "1")
    assert "已删去更早的 1 份" in told and not first.exists() and second.exists()
    assert not first.with_name(f"{first.name}-keys").exists()
    third, _ = back_up(county)
    one, other = (next((made / "files").rglob("?" * 64)).stat() for made in (second, third))
    assert one.st_ino == other.st_ino


@pytest.mark.parametrize("furnished", ["sqlite"], indirect=True, scope="module")
def test_a_missing_attachment_is_told_before_anybody_relies_on_the_backup(county):
    next((county.folder / "instance" / "files").rglob("?" * 64)).unlink()
    told = said(portal("backup", "backups", cwd=county.folder))
    assert "1 个附件" in told and "--no-verify" in told
    assert not list((county.folder / "backups").glob("portal-*")), "nothing that looks like a backup is left"
    back_up(county, "--no-verify")


@pytest.mark.parametrize("furnished", ["sqlite"], indirect=True, scope="module")
def test_a_backup_inside_the_instance_is_refused(county):
    assert "实例文件夹里面" in said(portal("backup", "instance/backups", cwd=county.folder))


@pytest.mark.parametrize("furnished", ["sqlite"], indirect=True, scope="module")
def test_what_was_killed_half_way_is_cleared_away_by_the_next(county):
    folder = county.folder / "backups"
    process = subprocess.Popen([*PORTAL, "backup", "backups"], cwd=county.folder, env=environment())
    deadline = time.monotonic() + 60
    while not list(folder.glob("*.unfinished")) and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not list(folder.glob("portal-*/manifest.json")) or not list(folder.glob("*.unfinished"))
    back_up(county)
    assert not list(folder.glob("*.unfinished"))


@pytest.mark.parametrize("furnished", ["sqlite"], indirect=True, scope="module")
def test_a_full_disk_leaves_no_half_backup(county, small_disk):
    disk = small_disk(2)
    told = said(portal("backup", disk, cwd=county.folder))
    assert "已满" in told or "full" in told
    assert not list(disk.glob("portal-*"))
