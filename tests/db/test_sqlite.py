"""SQLite as the portal uses it: a version that loses nothing, settings that lose nothing, one writer at a time."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import peewee
import pytest

from portal import create_app
from portal.audit.models import AuditEntry
from portal.db import DatabaseUnusable, atomic, database, is_safe_sqlite
from portal.db.sqlite import Sqlite
from portal.people.models import Resident
from tests.forms.together import NUMBERS, WANG, side_by_side

ROOT = Path(__file__).parents[2]

only_sqlite = pytest.mark.parametrize("ground", ["sqlite"], indirect=True, scope="session")


# -- the version -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("version", [
    (3, 7, 0), (3, 40, 1), (3, 44, 5), (3, 45, 0), (3, 50, 0), (3, 50, 6), (3, 51, 0), (3, 51, 1), (3, 51, 2),
])
def test_a_version_that_can_lose_commits_is_known(version):
    assert not is_safe_sqlite(version)


@pytest.mark.parametrize("version", [
    (3, 44, 6), (3, 44, 99), (3, 50, 7), (3, 50, 8), (3, 51, 3), (3, 51, 4), (3, 52, 0), (3, 54, 0), (4, 0, 0),
])
def test_a_version_that_was_mended_is_known(version):
    assert is_safe_sqlite(version)


def test_an_unsafe_version_stops_the_start(tmp_path, elsewhere, monkeypatch):
    monkeypatch.setattr("portal.db.sqlite.CySqliteDatabase.server_version", (3, 40, 1))
    with pytest.raises(DatabaseUnusable, match="SQLite 3.40.1 .*cysqlite"):
        create_app(tmp_path, {"testing": True}, check=False)
    assert not (tmp_path / "portal.db").exists()


@pytest.fixture
def as_served(app, ground, tmp_path, elsewhere):
    """The application on a database opened as a server does; the ground's does not wait for the disk."""
    served = create_app(tmp_path, {"testing": True}, check=False)
    with served.app_context():
        database.connect(reuse_if_open=True)
        yield served
    if not database.is_closed():
        database.close()


# -- the settings ------------------------------------------------------------------------------------------------

@only_sqlite
@pytest.mark.parametrize(("pragma", "value"), [
    ("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000), ("secure_delete", 1),
    ("journal_size_limit", 64 * 2**20), ("temp_store", 2),
])
def test_a_setting_is_in_force(as_served, pragma, value):
    assert database.execute_sql(f"PRAGMA {pragma}").fetchone()[0] == value


@only_sqlite
def test_the_settings_hold_in_every_thread(as_served):
    found = []

    def look():
        with as_served.app_context():
            names = ("synchronous", "foreign_keys")
            found.append([database.execute_sql(f"PRAGMA {name}").fetchone()[0] for name in names])
            database.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [[2, 1]]


@only_sqlite
def test_a_row_that_is_referred_to_cannot_be_deleted(app):
    with pytest.raises(peewee.IntegrityError):
        database.execute_sql("DELETE FROM org_unit WHERE level = 'town'")


# -- transactions ------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def traced():
    """Yield the list of all that SQLite is told on this thread's connection, BEGIN and COMMIT included."""
    seen: list[str] = []
    database.obj.trace(lambda event, statement, sql, nanoseconds: seen.append((sql or "").split("\n")[0].upper()))
    try:
        yield seen
    finally:
        database.obj.trace(None)


@only_sqlite
def test_a_writing_request_takes_the_write_lock_at_once(sign_in):
    clerk = sign_in("cun")
    form = clerk.open("/people/new").form(["id_card"])
    with traced() as seen:
        clerk.submit(form, follow=False, **WANG)
    assert clerk.status == 302
    begins = [sql for sql in seen if sql.startswith("BEGIN")]
    first_write = next(number for number, sql in enumerate(seen) if sql.startswith(("INSERT", "UPDATE", "DELETE")))
    assert begins == ["BEGIN IMMEDIATE"] and seen.index("BEGIN IMMEDIATE") < first_write
    assert any(sql.startswith("COMMIT") for sql in seen)


@only_sqlite
@pytest.mark.parametrize("url", ["/", "/cases/", "/people/", "/org/", "/station/", "/search?q=津贴", "/org/find?q=hg"])
def test_a_reading_request_opens_no_transaction(sign_in, url):
    clerk = sign_in("cun").open(url)
    with traced() as seen:
        clerk.open(url)
    assert clerk.status == 200 and seen
    assert not [sql for sql in seen if sql.startswith(("BEGIN", "INSERT", "UPDATE", "DELETE", "SAVEPOINT"))]


@only_sqlite
def test_whatever_begins_a_transaction_begins_it_with_the_lock(app):
    with traced() as seen, database.atomic():
        pass
    assert seen[0] == "BEGIN IMMEDIATE"


# -- several writers ---------------------------------------------------------------------------------------------

WRITE = """
import sys
from pathlib import Path
from portal.db import atomic, open_database
from portal.audit.models import AuditEntry
open_database(sys.argv[1], Path(sys.argv[2]))
for number in range(50):
    with atomic():
        known = AuditEntry.select().count()
        AuditEntry.create(action="test.write", object_id=f"{sys.argv[3]}-{number}")
"""


def test_processes_that_read_and_write_at_once_all_succeed(app, ground):
    running = [
        subprocess.Popen([sys.executable, "-c", WRITE, ground.setting, ground.folder, str(number)], cwd=ROOT,
                         stderr=subprocess.PIPE, text=True)
        for number in range(3)
    ]
    errors = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], errors
    assert AuditEntry.select().where(AuditEntry.action == "test.write").count() == 150


def test_clerks_of_one_worker_who_write_at_once_all_succeed(app, sign_in):
    clerks = [sign_in(name) for name in ("cun", "lincun", "linjia")]
    forms = [clerk.open("/people/new").form(["id_card"]) for clerk in clerks]
    side_by_side(*(
        lambda clerk=clerk, form=form, number=number: clerk.submit(form, follow=False, **{**WANG, "id_card": number})
        for clerk, form, number in zip(clerks, forms, NUMBERS, strict=False)
    ))
    assert {clerk.status for clerk in clerks} == {302} and Resident.select().count() == 3


LOCK = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
other.rollback()
other.close()
"""


@only_sqlite
def test_a_locked_database_is_a_calm_503_soon_and_reading_goes_on(sign_in, ground):
    clerk = sign_in("cun")
    form = clerk.open("/people/new").form(["id_card"])
    form.action = "/people/new"
    other = subprocess.Popen([sys.executable, "-c", LOCK, ground.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"locked\n"
    began = time.monotonic()
    clerk.submit(form, follow=False, **WANG)
    assert clerk.status == 503 and "占用" in clerk.text and "已经保存的内容不会丢失" in clerk.text
    assert 4 < time.monotonic() - began < 9
    assert clerk.open("/people/").status == 200
    other.communicate(b"enough")
    clerk.submit(form, follow=False, **WANG)
    assert clerk.status == 302, "the same form goes through afterwards"


HANG = """
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@only_sqlite
def test_a_worker_that_hangs_while_it_writes_holds_nobody_up_for_long(sign_in, ground, monkeypatch):
    monkeypatch.setattr("portal.db.sqlite.PATIENCE", 1)
    clerk, neighbour = sign_in("cun"), sign_in("linjia")
    forms = [one.open("/people/new").form(["id_card"]) for one in (clerk, neighbour)]
    hanging = subprocess.Popen([sys.executable, "-c", HANG, f"{ground.path}-writers"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    assert hanging.stdout.readline() == b"held\n"
    began = time.monotonic()
    side_by_side(*(lambda one=one, form=form: one.submit(form, follow=False, **WANG)
                   for one, form in ((clerk, forms[0]), (neighbour, forms[1]))))
    assert [one.status for one in (clerk, neighbour)] == [503, 503] and time.monotonic() - began < 5
    hanging.send_signal(signal.SIGKILL)
    hanging.communicate()
    clerk.submit(forms[0], follow=False, **WANG)
    assert clerk.status == 302, "the lock goes with the process that held it"
    with open(f"{ground.path}-writers", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@only_sqlite
def test_a_lock_that_comes_when_nobody_waits_is_given_back(sign_in, ground, monkeypatch):
    monkeypatch.setattr("portal.db.sqlite.PATIENCE", 1)
    clerk = sign_in("cun")
    form = clerk.open("/people/new").form(["id_card"])
    with open(f"{ground.path}-writers", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        clerk.submit(form, follow=False, **WANG)
        assert clerk.status == 503
    with open(f"{ground.path}-writers", "a") as file:
        deadline = time.monotonic() + 5
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            assert time.monotonic() < deadline, "an idle worker keeps the others from writing"
            time.sleep(0.01)
    clerk.submit(form, follow=False, **WANG)
    assert clerk.status == 302


def test_a_thread_waits_for_its_turn_no_longer_than_a_page_may_take(tmp_path, monkeypatch):
    monkeypatch.setattr("portal.db.sqlite.PATIENCE", 0.2)
    own = Sqlite(str(tmp_path / "own.db"))
    failed = []

    def write():
        try:
            with own.atomic():
                pass
        except peewee.OperationalError as error:
            failed.append(str(error))

    with own.atomic():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert failed == ["database is locked by another thread"]
    with own.atomic():
        pass
    own.close()


def test_after_a_failed_commit_the_next_writer_has_its_turn(app):
    with pytest.raises(peewee.IntegrityError), atomic():
        database.execute_sql("INSERT INTO org_unit (id, code) VALUES (1, 'x')")
    done = []
    thread = threading.Thread(target=lambda: (_write(app), done.append(1)))
    thread.start()
    thread.join(10)
    assert done == [1]


def _write(app) -> None:
    with app.app_context():
        with atomic():
            AuditEntry.create(action="test.write")
        database.close()


def test_the_queue_of_writers_is_no_file_of_strangers(tmp_path):
    path = tmp_path / "own.db"
    Sqlite(str(path))
    assert os.listdir(tmp_path) == [], "nothing is made before somebody writes"
