"""The instance that tests work on, and the cast: people with posts in two neighbouring towns.

Both engines are real. The database is built once for each engine and put back between tests.
"""

import contextlib
import gc
import logging
import os
import shutil
import uuid
from pathlib import Path

import psycopg
import pytest
import time_machine

from portal import create_app
from portal.calendar.models import CalendarChange, CalendarRevision, CalendarYear
from portal.db import atomic, database
from portal.registry import registry_of
from portal.testing import Browser
from tests.parted import part_everything
from tests.people_of_the_county import PASSWORD, PLUGINS, build
from tests.wheels import build_once

#: A repository of its own, whose tests run in an environment of its own: test_market_days.py.
collect_ignore = ["market_days"]

#: A moment without its zone would be read as UTC, eight hours from the county's clock: the test would hold only in the
#: morning.
time_machine.naive_mode = time_machine.NaiveMode.ERROR

POSTGRES = os.environ.get("PORTAL_TEST_POSTGRES", "postgresql://127.0.0.1:5432/postgres")
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Let no garbage be looked for while eight thousand tests are read, of which all stays until the end: it took two
    fifths of the reading. Nor is it looked through again and again while they run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _missing(what: str):
    if IN_CI:
        pytest.fail(f"{what}; in CI that is a failure, not a skip")
    pytest.skip(what)


class Ground:
    """An instance with the county. `put_back` makes it what it was before a test, and what its process remembers: a
    plugin that failed in one test is reported half a minute later, by whichever page of another one comes then."""

    application = None

    def put_back(self):
        shutil.rmtree(self.folder / "heads", ignore_errors=True)  # what was written of rows that are no more
        for breaker in registry_of(self.application).breakers.due(everything=True):
            breaker.take()
        self.put_rows_back()


class SqliteGround(Ground):
    name = "sqlite"

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "portal.db"
        self.setting = "portal.db"

    def keep(self):
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        shutil.copyfile(self.path, self.path.with_suffix(".kept"))

    def put_rows_back(self):
        if not database.is_closed():
            database.close()
        for end in ("-wal", "-shm"):
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        # A file of its own: a connection that a thread of the test left to the garbage collector writes what it still
        # has into the old one when it is closed at last.
        shutil.copyfile(self.path.with_suffix(".kept"), self.path.with_suffix(".fresh"))
        self.path.with_suffix(".fresh").replace(self.path)

    def haste(self, on: bool = True):
        """What a test wrote need not survive a power cut: a commit that waits for the disk costs 5 ms."""
        with database.connection_context():
            database.obj.pragma("synchronous", 0 if on else 2, permanent=True)

    def remove(self):
        pass


#: With this set, everything on PostgreSQL runs on a database that is parted by county (docs/growing.md).
PARTED = bool(os.environ.get("PORTAL_TEST_PARTED"))
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
#: What a database consists of, besides its rows, as one sum: pg_get_constraintdef and an md5 over all of it cost four
#: times as much, before each test. A trigger, a constraint or a function that is altered is a row of another version.
SHAPE = """
    SELECT count(*), sum(one) FROM (
    SELECT hash_record_extended((oid, relname, relkind, relnatts), 0)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT hash_record_extended((oid, xmin, tgname, tgenabled), 0) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT hash_record_extended((oid, xmin, conname), 0) FROM pg_constraint
    UNION ALL SELECT hash_record_extended((oid, xmin, proname), 0)
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT hash_record_extended((attrelid, attname, atttypid, attnotnull), 0) FROM pg_attribute
        JOIN pg_class ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace AND attnum > 0
    ) AS parts (one)
"""


#: The same without the numbers that each database gives anew: what two databases made apart have in common.
SHAPE_BY_NAME = """
    SELECT relname, relkind::text, relnatts::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT tgname, tgenabled::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT conname, contype::text, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT indexname, tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2, 3
"""


class PostgresGround(Ground):
    name = "postgres"

    def __init__(self, folder):
        self.folder = folder
        self.own = None
        self.base = f"portal_test_{uuid.uuid4().hex[:8]}"
        self.setting = POSTGRES.rsplit("/", 1)[0] + "/" + self.base
        self._run(f'CREATE DATABASE "{self.base}"', self.hasty)

    def haste(self):
        pass

    @property
    def hasty(self) -> str:
        """As on SQLite, no test waits for the disk; a database that is made anew must be told again."""
        return f'ALTER DATABASE "{self.base}" SET synchronous_commit = off'

    def _run(self, *statements):
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def _release(self):
        if not database.is_closed():
            database.close()
        database.obj.close_all()

    def keep(self):
        self._release()
        self._run(f'CREATE DATABASE "{self.base}_kept" TEMPLATE "{self.base}"')
        with self._inside() as connection:
            self.shape = self._shape(connection)
            self.rows = {table: self._read(connection, table) for table in self._tables(connection)}
            self.sums = self._sums(connection, self.rows)
            self.sequences = dict(connection.execute(SEQUENCES))

    def put_rows_back(self):
        self._release()
        try:
            with self._inside() as connection:
                if self._shape(connection) == self.shape:
                    return self._put_changed_back(connection)
        except psycopg.OperationalError:
            pass  # a lock that a test left behind, or its connections: then the whole database is made anew
        self._leave()
        self._run(
            f'DROP DATABASE IF EXISTS "{self.base}" WITH (FORCE)',
            f'CREATE DATABASE "{self.base}" TEMPLATE "{self.base}_kept"',
            self.hasty,
        )
        with self._inside() as connection:
            self.shape, self.sums = self._shape(connection), self._sums(connection, self.rows)

    # Making a database anew takes seconds, putting back the rows that a test changed takes milliseconds. Whatever
    # changed a table, an index or a trigger is seen by the shape and gets a new database. The connection for it stays
    # open: a new one has to read the whole catalogue first.

    @contextlib.contextmanager
    def _inside(self):
        if self.own is None or self.own.closed:
            self.own = psycopg.connect(POSTGRES.rsplit("/", 1)[0] + "/" + self.base, connect_timeout=3)
            for setting in ("session_replication_role = replica", "lock_timeout = 2000", "synchronous_commit = off"):
                self.own.execute(f"SET {setting}")
            self.own.commit()
        with self.own.transaction():
            yield self.own
        self.own.commit()

    def _leave(self):
        if self.own is not None:
            self.own.close()

    def _shape(self, connection):
        return connection.execute(SHAPE).fetchall()

    def _tables(self, connection) -> list[str]:
        return [name for (name,) in connection.execute(TABLES)]

    def _read(self, connection, table: str) -> bytes:
        with connection.cursor().copy(f'COPY "{table}" TO STDOUT (FORMAT binary)') as copy:
            return b"".join(bytes(piece) for piece in copy)

    def _sums(self, connection, tables) -> dict:
        """Return a sum over the versions of the rows of each table, in one query: what is as it was need not be read.

        A row that was written has another place or another transaction, so no column has to be looked at.
        """
        parts = (
            f"SELECT '{table}', count(*), sum(hash_record_extended((xmin, ctid), 0)) FROM \"{table}\""
            for table in tables
        )
        return {table: rest for table, *rest in connection.execute(" UNION ALL ".join(parts))}

    def _put_changed_back(self, connection):
        sums = self._sums(connection, self.rows)
        changed = [table for table in self.rows if sums[table] != self.sums[table]]
        for table in changed:
            connection.execute(f'DELETE FROM "{table}"')
            with connection.cursor().copy(f'COPY "{table}" FROM STDIN (FORMAT binary)') as copy:
                copy.write(self.rows[table])
        if changed:
            self.sums |= self._sums(connection, changed)
        now = dict(connection.execute(SEQUENCES))
        for name, last in self.sequences.items():
            if now[name] != last:  # a round trip for each of a hundred would cost more than all the rest
                connection.execute("SELECT setval(%s::regclass, %s, %s)", (f'"{name}"', last or 1, last is not None))

    def remove(self):
        self._release()
        self._leave()
        self._run(
            f'DROP DATABASE IF EXISTS "{self.base}" WITH (FORCE)',
            f'DROP DATABASE IF EXISTS "{self.base}_kept" WITH (FORCE)',
        )


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def ground(request, tmp_path_factory):
    """An instance folder and a database with the county, its units, roles and the cast."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "postgres":
        try:
            psycopg.connect(POSTGRES, connect_timeout=3).close()
        except psycopg.OperationalError:
            _missing("no PostgreSQL server at PORTAL_TEST_POSTGRES")
        ground = PostgresGround(folder)
    else:
        ground = SqliteGround(folder)
    ground.overrides = {
        "testing": True, "database": ground.setting, "argon2_time_cost": 1, "argon2_memory_kib": 64,
        "trusted_hosts": ["localhost"], "plugins": PLUGINS,
    }
    built = create_app(folder, ground.overrides, check=False)
    ground.people = build(built)
    if PARTED and request.param == "postgres":
        part_everything(built)
    ground.keep()
    ground.application = create_app(folder, ground.overrides)
    ground.haste()
    yield ground
    ground.remove()


@pytest.fixture(scope="session")
def portal_wheel(tmp_path_factory):
    """The portal as others install it; built once in a run."""
    return build_once(Path(__file__).parents[1], tmp_path_factory, "tests")


@pytest.fixture(autouse=True)
def whatever_follows_a_commit_succeeds(request):
    """Where people work such a failure is only logged, because what was committed has happened. Here it fails the test,
    unless the test is about that (mark `fails_after_commit`)."""
    failed = _Failures()
    log = logging.getLogger("portal.db")
    log.addHandler(failed)
    yield
    log.removeHandler(failed)
    if failed.errors and not request.node.get_closest_marker("fails_after_commit"):
        pytest.fail("what should follow a commit failed: " + "; ".join(map(repr, failed.errors)))


class _Failures(logging.Handler):
    """Keeps the errors of what was to follow a commit."""

    def __init__(self):
        super().__init__()
        self.errors = []

    def emit(self, record):
        if "should follow a commit" in str(record.msg) and record.exc_info:
            self.errors.append(record.exc_info[1])


@pytest.fixture
def app(ground):
    """The application on a fresh copy of the county; inside its context, so that models can be used."""
    ground.put_back()
    application = ground.application
    with application.app_context():
        database.connect(reuse_if_open=True)
        yield application
    if not database.is_closed() and not database.in_transaction():
        database.close()


@pytest.fixture
def unestimated(app):
    """The years after those that were announced are not known, as before an administrator or a job estimates them."""
    with atomic():
        CalendarYear.delete().where(CalendarYear.provisional).execute()
        CalendarChange.delete().execute()
        CalendarRevision.update(token=uuid.uuid4().hex).execute()


@pytest.fixture
def cast(app, ground):
    """The people by name: `cast["cun"]` is the village window's user id; see people_of_the_county."""
    return ground.people


@pytest.fixture
def visitor(app):
    """A browser in which nobody is signed in."""
    return Browser(app.test_client())


@pytest.fixture
def sign_in(app, cast):
    """Return a function that signs one of the cast in and returns their browser."""

    def sign_in(name: str) -> Browser:
        browser = Browser(app.test_client())
        browser.send("/accounts/sign-in", name=name, password=PASSWORD)
        assert browser.status == 200 and "name=\"password\"" not in browser.text, f"{name} could not sign in"
        return browser

    return sign_in
