"""Whatever is wrong around the program is one Chinese sentence and status 1; nothing is lost, nothing half-done."""

import socket
import sqlite3
import subprocess
import sys

import pytest

from tests.commands.server import environment, free_port, portal, said


def history(folder) -> dict[str, list[str]]:
    """Return the migrations that the database in `folder` has been through, by the table that says so."""
    with sqlite3.connect(folder / "instance" / "portal.db") as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE name GLOB '*_migration'")]
        found = {table: [row[0] for row in database.execute(f'SELECT name FROM "{table}"')] for table in tables}
    database.close()
    return found


@pytest.mark.parametrize(("text", "word"), [
    ("database = ", "已损坏"),
    ("port = 80\nport = 81", "已损坏"),
    ('datbase = "portal.db"', "datbase"),
    ('port = "8000"', "整数"),
    ("https = 1", "true 或 false"),
    ("workers = -3", "workers"),
    ('database = "mysql://root@localhost/portal"', "postgresql://"),
    ('database = "postgresql://127.0.0.1:notaport/portal"', "PostgreSQL"),
    ('database = "postgresql://127.0.0.1:1/portal"', "连不上"),
])
def test_a_setting_that_cannot_be_used(place, text, word):
    (place / "instance" / "portal.toml").write_text(text, encoding="utf-8")
    assert word in said(portal("serve", cwd=place, port=free_port()))


def test_a_settings_file_in_another_encoding(place):
    (place / "instance" / "portal.toml").write_bytes('portal_name = "县域基层治理平台"'.encode("gbk"))
    assert "portal.toml" in said(portal("check", cwd=place))


def test_a_setting_in_the_environment_is_held_to_the_same_rules(place):
    assert "PORTAL_PORT" in said(portal("check", cwd=place, port="eighty"))
    assert portal("check", cwd=place, portal_name="别的名字", https="false").status == 0


def test_a_database_that_was_never_made(tmp_path):
    assert "portal migrate" in said(portal("serve", cwd=tmp_path, port=free_port()))
    assert "portal migrate" in said(portal("check", cwd=tmp_path))


def test_a_pending_migration(place):
    before = history(place)
    table = sorted(before)[0]
    with sqlite3.connect(place / "instance" / "portal.db") as database:
        database.execute(f'DELETE FROM "{table}"')
    database.close()
    for command in ("serve", "check"):
        assert "portal migrate" in said(portal(command, cwd=place, port=free_port()))


def test_a_database_from_the_future(place):
    table = sorted(history(place))[0]
    with sqlite3.connect(place / "instance" / "portal.db") as database:
        columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
        row = database.execute(f'SELECT * FROM "{table}" LIMIT 1').fetchone()
        values = ["9999_future" if column == "name" else value for column, value in zip(columns, row, strict=True)]
        keep = [index for index, column in enumerate(columns) if column != "id"]
        marks = ", ".join("?" for _ in keep)
        names = ", ".join(columns[index] for index in keep)
        database.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', [values[index] for index in keep])
    database.close()
    for command in ("serve", "check", "migrate"):
        assert "更新的版本" in said(portal(command, cwd=place, port=free_port()))


@pytest.mark.parametrize("command", ["serve", "check", "migrate"])
def test_a_file_that_is_no_database(place, command):
    for end in ("-wal", "-shm"):
        (place / "instance" / f"portal.db{end}").unlink(missing_ok=True)
    (place / "instance" / "portal.db").write_bytes("这不是数据库".encode() * 1000)
    assert "不是可用的数据库" in said(portal(command, cwd=place, port=free_port()))


def test_a_database_that_another_program_has_locked(place):
    other = sqlite3.connect(place / "instance" / "portal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "占用" in said(portal("check", cwd=place))
    other.rollback()
    other.close()
    assert portal("check", cwd=place).status == 0


def test_a_read_only_disk(place, small_disk):
    disk = small_disk(32)
    subprocess.run(["cp", "-r", str(place / "instance"), str(disk)], check=True)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for command in ("serve", "check", "migrate"):
        sentence = said(portal(command, cwd=disk, port=free_port()))
        assert any(word in sentence for word in ("只读", "打不开", "读写")), sentence


def test_a_disk_that_is_full_before_the_tables_stand(small_disk):
    disk = small_disk(1)
    (disk / "ballast").write_bytes(bytes(900 * 1024))
    sentence = said(portal("migrate", cwd=disk))
    assert "磁盘" in sentence
    (disk / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    outcome = portal("migrate", cwd=disk)
    assert outcome.status == 0, outcome.err
    assert portal("check", cwd=disk).status == 0


@pytest.mark.parametrize("command", [("serve",), ("demo",)])
def test_a_port_in_use_is_said_before_anything_is_made(tmp_path, command):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert str(port) in said(portal(*command, cwd=tmp_path, port=port))
    assert not (tmp_path / "instance" / "portal.db").exists()


@pytest.mark.parametrize(("arguments", "word"), [
    (["nonsense"], "nonsense"),
    (["serve", "--nonsense"], "--nonsense"),
    (["serve", "--port", "many"], "--port"),
    (["serve", "--port", "70000"], "65535"),
    (["org", "import", "no-such-file.csv"], "no-such-file.csv"),
    (["org", "import"], "--help"),
    (["plugin", "nonsense"], "nonsense"),
])
def test_a_command_that_is_written_wrong(place, arguments, word):
    assert word in said(portal(*arguments, cwd=place))


def test_help_makes_no_instance(tmp_path):
    for arguments in (["--help"], [], ["serve", "--help"], ["org", "--help"], ["--version"]):
        outcome = portal(*arguments, cwd=tmp_path)
        assert outcome.status == 0 and outcome.out.strip(), outcome.err
    assert list(tmp_path.iterdir()) == []


def test_four_workers_that_start_at_once_never_migrate(tmp_path):
    assert "portal migrate" in said(portal("serve", "--workers", "4", cwd=tmp_path, port=free_port()))
    outcome = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--workers", "4", "--bind", f"127.0.0.1:{free_port()}", "wsgi:app"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60,
    )
    assert outcome.returncode != 0 and "portal migrate" in outcome.stderr
    assert history(tmp_path) == {}
