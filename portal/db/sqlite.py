"""SQLite: one writer at a time, fairly, and nothing that was acknowledged is lost at a power cut."""

import contextlib
import fcntl
import logging
import os
import threading
import time
from pathlib import Path

import peewee
from flask import has_request_context
from playhouse.cysqlite_ext import CySqliteDatabase

from portal.db import containing
from portal.db.limits import STATEMENT_SECONDS, limit
from portal.db.model import DatabaseUnusable, database, is_postgres

log = logging.getLogger(__name__)


def is_safe_sqlite(version: tuple[int, ...]) -> bool:
    """Tell whether an SQLite of `version` is free of the WAL-reset bug (sqlite.org/wal.html#the_wal_reset_bug).

    3.7.0 to 3.51.2 can lose committed transactions when two processes write and checkpoint at the same time;
    fixed in 3.51.3, with backports 3.50.7 and 3.44.6.
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


#: Seconds that a writer waits for another one, in this process or outside it, before the page says so.
PATIENCE = 5


class _Hurry(threading.local):
    """How long this thread waits where that is less than PATIENCE."""

    seconds = None


_hurry = _Hurry()


def _patience() -> float:
    return PATIENCE if _hurry.seconds is None else _hurry.seconds


@contextlib.contextmanager
def impatient(seconds: float):
    """Wait no longer than `seconds` for another writer: for notes beside a page that is only read.

    Inside a transaction there is nothing to wait for any more, so nothing changes.
    """
    if is_postgres() or database.transaction_depth():
        yield
        return
    _hurry.seconds = seconds
    database.connection().execute_one(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    try:
        yield
    finally:
        _hurry.seconds = None
        database.connection().execute_one(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")


class _Waiting(threading.Thread):
    """Waits for the lock of a file on behalf of a writer, because flock knows no limit of time.

    The writer may give up; whoever writes next in this process takes the waiting over. A lock that comes when nobody
    wants it is given back.
    """

    def __init__(self, path: Path):
        super().__init__(daemon=True)
        self.file = open(path, "a")  # closed by whoever has it last
        self._lock = threading.Lock()
        self._came = threading.Event()
        self._wanted = True
        self.start()

    def run(self):
        fcntl.flock(self.file, fcntl.LOCK_EX)
        with self._lock:
            if not self._wanted:
                self.file.close()
            self._came.set()

    def wait(self, seconds: float) -> bool:
        """Tell whether the lock came in time; `file.closed` afterwards: it came while nobody waited."""
        with self._lock:
            self._wanted = True
        if self._came.wait(max(seconds, 0)):
            return True
        with self._lock:
            self._wanted = self._came.is_set()
        return self._wanted


class _WorkersQueue:
    """Lets the workers of a server write one after the other, in the order in which they came.

    SQLite's own waiting is polling, so a worker whose threads write without a pause can keep the others waiting for
    seconds. Only requests queue here, because their transactions are short; a long import outside is met by the busy
    timeout, and the page says so. The lock goes with the process, however that ends; a worker that hangs with it is
    waited for no longer than PATIENCE.
    """

    def __init__(self, path: Path):
        self._path = path
        self._file = None
        self._waiting = None
        self._owner = None
        self._inside = False

    def __del__(self):
        if self._file is not None:
            self._file.close()

    def enter(self, deadline: float) -> None:
        """Wait for this worker's turn; raise OperationalError past `deadline`, a moment of time.monotonic()."""
        if not has_request_context():
            return
        try:
            if self._owner != os.getpid():  # a lock must not be shared with the process that this one was forked from
                self._file, self._waiting, self._owner = open(self._path, "a"), None, os.getpid()
            while not (self._waiting is None and _flocked(self._file)):
                self._take_over(deadline)
            self._inside = True
        except OSError as error:  # a full disk has no room for the file: then the busy timeout alone has to do
            log.warning("writers cannot queue: %s", error)

    def _take_over(self, deadline: float) -> None:
        waiting = self._waiting = self._waiting or _Waiting(self._path)
        if not waiting.wait(deadline - time.monotonic()):
            raise peewee.OperationalError("database is locked by another worker")
        self._waiting = None
        if not waiting.file.closed:
            self._file.close()
            self._file = waiting.file

    def leave(self) -> None:
        if self._inside:
            self._inside = False
            fcntl.flock(self._file, fcntl.LOCK_UN)


def _flocked(file) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class _Clock(threading.local):
    """When the statement that this thread runs has run for too long, in time.monotonic()."""

    ends = float("inf")


#: SQLite asks after so many steps of its machine whether to go on: some 200 times a second, which costs nothing.
STEPS = 10_000


class Sqlite(CySqliteDatabase):
    """One process writes at a time, and inside a process its threads queue fairly instead of polling the file.

    Each transaction takes the write lock at once (BEGIN IMMEDIATE). A DEFERRED one that reads and then writes fails at
    once when another process wrote in between, busy timeout or not; measured, that is 98 % of them under load.
    """

    def __init__(self, path: str, seconds: int = STATEMENT_SECONDS, **kwargs):
        super().__init__(path, lock_type="immediate", **kwargs)
        self._seconds, self._clock = seconds, _Clock()
        self._turn = threading.RLock()
        self._queue = _WorkersQueue(Path(path + "-writers"))

    def _connect(self):
        connection = super()._connect()
        connection.progress(self._is_over, STEPS)
        return connection

    def _is_over(self) -> bool:
        """Tell SQLite, which asks from time to time, whether the statement has run for too long. What is read while
        others work with the rows (commands, jobs: `patient`) has no end."""
        return limit.seconds is None and time.monotonic() > self._clock.ends

    def apply_limit(self) -> None:
        self._clock.ends = time.monotonic() + self._seconds

    def execute_sql(self, sql, params=None):
        if containing.here.to is not None:
            containing.look_at(sql)
        self._clock.ends = time.monotonic() + self._seconds
        return super().execute_sql(sql, params)

    def begin(self, lock_type=None):
        if containing.here.to is not None:
            containing.look_at("BEGIN")
        deadline = time.monotonic() + _patience()
        if not self._turn.acquire(timeout=_patience()):
            raise peewee.OperationalError("database is locked by another thread")
        try:
            self._queue.enter(deadline)
            super().begin(lock_type)
        except BaseException:
            self._give_back()
            raise

    def _give_back(self):
        self._queue.leave()
        self._turn.release()

    def commit(self):
        if containing.here.to is not None:
            containing.look_at("COMMIT")
        super().commit()  # a failed commit is followed by rollback, which gives the turn back
        self._give_back()

    def rollback(self):
        if containing.here.to is not None:
            containing.look_at("ROLLBACK")
        try:
            super().rollback()
        except peewee.OperationalError as error:
            # On a full disk SQLite has rolled back by itself; saying so must not hide what had gone wrong before.
            if "no transaction is active" not in str(error):
                raise
        finally:
            self._give_back()


def open_file(path: Path, seconds: int = STATEMENT_SECONDS) -> CySqliteDatabase:
    """Return the database in the file `path`, whose statements run for at most `seconds`."""
    if not is_safe_sqlite(CySqliteDatabase.server_version):
        version = ".".join(map(str, CySqliteDatabase.server_version))
        raise DatabaseUnusable(
            f"SQLite {version} 在多进程写入时可能丢失已提交的数据，请升级 cysqlite（其 SQLite 不低于 3.51.3）后再启动。"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    return Sqlite(
        str(path),
        seconds,
        rank_functions=False,
        timeout=PATIENCE,
        pragmas={
            "busy_timeout": PATIENCE * 1000,
            "journal_mode": "wal",
            # NORMAL loses acknowledged writes at a power cut; FULL loses none.
            "synchronous": "full",
            "foreign_keys": 1,
            "secure_delete": 1,
            "journal_size_limit": 64 * 2**20,
            # For each thread; what the pages share is in the cache of the operating system.
            "cache_size": -8 * 1024,
            "temp_store": "memory",
        },
    )
