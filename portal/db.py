"""One database per process: SQLite (through cysqlite) or PostgreSQL, behind the one setting `database`.

Times are naive and in China Standard Time (UTC+8, no summer time), whole seconds: what a clerk reads on the wall.
"""

import contextlib
import datetime
import fcntl
import logging
import os
import re
import threading
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import peewee
from flask import has_request_context
from peewee import DatabaseProxy
from playhouse.cysqlite_ext import CySqliteDatabase
from playhouse.pool import PooledPostgresqlDatabase

log = logging.getLogger(__name__)

CHINA = ZoneInfo("Asia/Shanghai")

database = DatabaseProxy()


class Model(peewee.Model):
    """The base of every table; `Meta.table_name` is `<room or plugin>_<thing>`."""

    class Meta:
        database = database
        legacy_table_names = False


class DatabaseUnusable(Exception):
    """The database cannot be used as it is; the message is one Chinese sentence that says what to do."""


def now() -> datetime.datetime:
    """Return the moment: naive, in China Standard Time, whole seconds; what every DateTimeField holds."""
    return datetime.datetime.now(CHINA).replace(tzinfo=None, microsecond=0)


def today() -> datetime.date:
    """Return the day in China."""
    return now().date()


def is_postgres() -> bool:
    return isinstance(database.obj, peewee.PostgresqlDatabase)


class Forbidden(Exception):
    """Somebody else's code did with the database what it may not at this place; see `contained`."""


class _Contained(threading.local):
    """What this thread may do with the database: "read", "part" (of a transaction that is not its own), None: all."""

    to = None
    part = None


_contained = _Contained()

_WRITES = re.compile(r"\b(insert|update|delete|merge)\b", re.I)
_ENDS = re.compile(r"\s*(begin|commit|end|abort|rollback(?!\s+to\b)|start\s+transaction)\b", re.I)


def _look_at(sql: str) -> None:
    """Raise Forbidden for a statement that the code which now runs may not send; make its part ready for any other."""
    if _contained.to == "part":
        if _ENDS.match(sql):
            raise Forbidden("a transaction that belongs to the caller is neither ended nor begun")
        if _contained.part is not None:
            _contained.part.open()
        return
    first = sql.lstrip(" \t\r\n(")[:7].upper()
    if not first.startswith(("SELECT", "WITH", "VALUES", "EXPLAIN", "PRAGMA", "SHOW")) or (
        first.startswith("WITH") and _WRITES.search(sql)
    ):
        raise Forbidden("what is asked while a page is only read may not write")


class _Part:
    """A savepoint that is set when the first statement comes: most of what is asked of a plugin sends none."""

    def __init__(self, outer: "_Part | None"):
        self.outer, self.savepoint = outer, None

    def open(self) -> None:
        if self.savepoint is None:
            if self.outer is not None:
                self.outer.open()
            to, _contained.to = _contained.to, None
            try:
                savepoint = database.savepoint()
                savepoint.__enter__()
                self.savepoint = savepoint
            finally:
                _contained.to = to

    def close(self, *failure) -> None:
        if self.savepoint is not None:
            self.savepoint.__exit__(*failure)


def contained(act, writes: bool = False):
    """Return `act()`, which is somebody else's code: if it fails, nothing of it stays in the database, and the caller's
    transaction goes on.

    Inside a transaction its part is taken back alone. Outside it may only read, so that it can neither leave something
    half-done nor hold a lock while others wait, unless `writes`: then it gets a transaction.
    """
    if database.transaction_depth():
        return _kept_apart(act, _Part(_contained.part))
    if writes:
        with atomic():
            return _kept_apart(act, None)
    before, _contained.to = _contained.to, "read"
    try:
        return act()
    finally:
        _contained.to = before


def _kept_apart(act, part: _Part | None):
    before, depth, stack = (_contained.to, _contained.part), _promises.depth, database.transaction_depth()
    made = len(_promises.made)
    _contained.to, _contained.part = "part", part
    failure = (None, None, None)
    try:
        return act()
    except BaseException as error:
        failure = type(error), error, error.__traceback__
        for promise in _promises.made[made:]:
            promise.clear()
        raise
    finally:
        (_contained.to, _contained.part), _promises.depth = before, depth
        while database.transaction_depth() > stack:  # one that was begun and left open
            database.pop_transaction()
        if part is not None:
            part.close(*failure)


def end_left_open() -> bool:
    """Roll back whatever transaction somebody else's code left open in this thread; tell whether there was one."""
    left = False
    while database.transaction_depth():
        database.pop_transaction()
        left = True
    _promises.depth = 0
    _promises.made.clear()
    _promises.last.clear()
    if database.is_closed():
        return left
    if left:
        database.obj._clear_commit_callbacks()
        database.rollback()
    elif open_still := _is_in_transaction():  # begun without peewee
        database.cursor().execute("ROLLBACK")
    return left or open_still


def _is_in_transaction() -> bool:
    """Tell whether the driver itself is inside a transaction, whoever began it."""
    connection = database.connection()
    return connection.pgconn.transaction_status != 0 if is_postgres() else not connection.autocommit()


class _Promises(threading.local):
    """What each thread shall do after its commit: [fn], emptied where the part that it belongs to is rolled back."""

    def __init__(self):
        self.made: list[list] = []
        self.depth = 0
        self.last: dict = {}


_promises = _Promises()


@contextlib.contextmanager
def atomic():
    """The transaction to write in; inside another one a part of it that can be rolled back alone."""
    made, depth = _promises.made, _promises.depth
    top = database.transaction_depth() == 0  # so it is as well in what follows a commit, before the outer one is left
    outermost, before = not made and top, len(made)
    _promises.depth = 1 if top else depth + 1
    try:
        with database.atomic() as transaction:
            yield transaction
            if _promises.depth == 1:
                _do_last()
    except BaseException:
        for promise in made[before:]:
            promise.clear()  # peewee itself would keep what a savepoint promised and then took back
        raise
    finally:
        _promises.depth = depth
        if top:
            _promises.last.clear()
        if outermost:
            made.clear()


def _do_last() -> None:
    while _promises.last:
        fn, kept = next(iter(_promises.last.items()))
        del _promises.last[fn]
        fn(kept)


def before_commit(fn) -> dict:
    """Call `fn(kept)` as the last thing in the outermost transaction, and return `kept`: a dict that belongs to `fn` in
    this transaction, the same one each time.

    What many clerks write to at once is written here, in one order of keys: nobody holds it longer than a moment, and
    no two wait for each other. What a part that was rolled back had put into `kept` stays in it.
    """
    if not _promises.depth:
        raise RuntimeError("before_commit is for the inside of atomic()")
    return _promises.last.setdefault(fn, {})


def after_commit(fn) -> None:
    """Run `fn()` once the outermost transaction is committed; never if it, or the part around the call, is rolled back.

    What has been committed has happened: a failure of `fn` is logged, it no longer changes the answer.
    """
    promise = [fn]
    if database.transaction_depth():
        _promises.made.append(promise)

    def run():
        for act in promise:
            try:
                act()
            except Exception:
                log.exception("what should follow a commit failed")

    database.after_commit(run)


def open_database(setting: str, instance: Path):
    """Point `database` at what `setting` names: a file below `instance`, or a postgresql:// address.

    Raises DatabaseUnusable for an address that cannot be read or an SQLite version that can lose commits.
    """
    if database.obj is not None:
        database.close()
        if is_postgres():
            database.obj.close_all()  # a pool would keep its connections to a database that nobody asks any more
    if setting.startswith(("postgresql://", "postgres://")):
        database.initialize(_postgres(setting))
    elif "://" in setting:
        raise DatabaseUnusable("设置 database 应为文件名，或以 postgresql:// 开头的地址。")
    else:
        database.initialize(_sqlite(Path(instance) / setting))
    return database.obj


@contextlib.contextmanager
def snapshot(shared: str = ""):
    """Read inside the block what was true at one moment, while others go on writing; yields the snapshot's name.

    On PostgreSQL another process reads the very same moment by giving that name as `shared`. Nothing is written.
    """
    if database.transaction_depth():
        yield ""
        return
    database.connect(reuse_if_open=True)
    if is_postgres():
        database.execute_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        database.execute_sql("SET LOCAL statement_timeout = 0")
    else:
        database.execute_sql("BEGIN")
    try:
        yield _begun_to_read(shared)
    finally:
        database.execute_sql("COMMIT")


def _begun_to_read(shared: str) -> str:
    if not is_postgres():
        database.execute_sql("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()  # an SQLite snapshot begins here
        return ""
    if shared:
        database.execute_sql(f"SET TRANSACTION SNAPSHOT '{shared}'")
        return shared
    return database.execute_sql("SELECT pg_export_snapshot()").fetchone()[0]


# -- SQLite ------------------------------------------------------------------------------------------------------

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


class _Sqlite(CySqliteDatabase):
    """One process writes at a time, and inside a process its threads queue fairly instead of polling the file.

    Each transaction takes the write lock at once (BEGIN IMMEDIATE). A DEFERRED one that reads and then writes fails at
    once when another process wrote in between, busy timeout or not; measured, that is 98 % of them under load.
    """

    def __init__(self, path: str, **kwargs):
        super().__init__(path, lock_type="immediate", **kwargs)
        self._turn = threading.RLock()
        self._queue = _WorkersQueue(Path(path + "-writers"))

    def execute_sql(self, sql, params=None):
        if _contained.to is not None:
            _look_at(sql)
        return super().execute_sql(sql, params)

    def begin(self, lock_type=None):
        if _contained.to is not None:
            _look_at("BEGIN")
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
        if _contained.to is not None:
            _look_at("COMMIT")
        super().commit()  # a failed commit is followed by rollback, which gives the turn back
        self._give_back()

    def rollback(self):
        if _contained.to is not None:
            _look_at("ROLLBACK")
        try:
            super().rollback()
        except peewee.OperationalError as error:
            # On a full disk SQLite has rolled back by itself; saying so must not hide what had gone wrong before.
            if "no transaction is active" not in str(error):
                raise
        finally:
            self._give_back()


def _sqlite(path: Path) -> CySqliteDatabase:
    if not is_safe_sqlite(CySqliteDatabase.server_version):
        version = ".".join(map(str, CySqliteDatabase.server_version))
        raise DatabaseUnusable(
            f"SQLite {version} 在多进程写入时可能丢失已提交的数据，请升级 cysqlite（其 SQLite 不低于 3.51.3）后再启动。"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    return _Sqlite(
        str(path),
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


# -- PostgreSQL --------------------------------------------------------------------------------------------------

class _Postgres(PooledPostgresqlDatabase):
    """A pool that refuses what contained code may not send."""

    #: On a database that is parted by county: a function that fits a statement to it (portal/partitions).
    fit = None

    def execute_sql(self, sql, params=None):
        if _contained.to is not None:
            _look_at(sql)
        if self.fit is not None:
            sql = self.fit(sql)
        return super().execute_sql(sql, params)

    def begin(self, isolation_level=None):
        if _contained.to is not None:
            _look_at("BEGIN")
        super().begin(isolation_level)

    def commit(self):
        if _contained.to is not None:
            _look_at("COMMIT")
        super().commit()

    def rollback(self):
        if _contained.to is not None:
            _look_at("ROLLBACK")
        super().rollback()


def _postgres(address: str):
    if peewee.psycopg is None:  # the driver is an extra: counties on SQLite do not need it
        raise DatabaseUnusable("要使用 PostgreSQL，请先安装：pip install 'county-portal[postgres]'。")
    try:
        parts = urlsplit(address)
        port = parts.port or 5432
    except ValueError as error:
        raise DatabaseUnusable(
            "设置 database 里的 PostgreSQL 地址不完整，例如 postgresql://用户@主机:5432/库名。"
        ) from error
    return _Postgres(
        parts.path.lstrip("/") or "portal",
        prefer_psycopg3=True,
        user=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None,
        host=parts.hostname,
        port=port,
        max_connections=200,  # one a thread: never the limit, the server's own is
        stale_timeout=300,
        timeout=PATIENCE,
        # Without these libpq hangs for more than 25 s when packets are dropped.
        connect_timeout=3,
        tcp_user_timeout=4000,
        keepalives_idle=5,
        options="-c statement_timeout=15000 -c lock_timeout=5000 -c timezone=Asia/Shanghai",
    )


# -- requests ----------------------------------------------------------------------------------------------------

def init_app(app):
    @app.before_request
    def open_connection():
        database.connect(reuse_if_open=True)

    @app.teardown_request
    def close_connection(error):
        # An SQLite connection stays open for the life of its thread: after a full disk the last close removes
        # the -wal file, and then not even reading works until there is room again.
        if is_postgres() and not database.is_closed():
            database.close()


def check_writable(instance: Path) -> None:
    """Raise DatabaseUnusable if the SQLite file cannot be written: missing rights, a full disk, a damaged file."""
    if is_postgres():
        return _check_reachable()
    path = Path(database.obj.database)
    if not path.exists():  # an empty one in its place would look like a county that lost everything
        raise DatabaseUnusable(
            f"没有找到数据库文件 {path}。第一次安装请先运行 portal migrate；否则请检查磁盘是否挂上，或从备份恢复。"
        )
    try:
        database.connect(reuse_if_open=True)
        with atomic():
            database.execute_sql("PRAGMA user_version")
    except peewee.DatabaseError as error:
        raise DatabaseUnusable(explain(error, path)) from error
    if path.exists() and not os.access(path, os.W_OK):
        raise DatabaseUnusable(f"数据库文件 {path.name} 是只读的，请改回可写后再启动。")


def _check_reachable():
    try:
        database.connect(reuse_if_open=True)
        database.execute_sql("SELECT 1")
    except peewee.DatabaseError as error:
        raise DatabaseUnusable("连不上 PostgreSQL，请检查它是否在运行、地址和口令是否正确。") from error


def is_away(error: BaseException) -> bool:
    """Tell whether the database is the cause of `error`, and not what was asked of it: nobody answers, or another one
    writes. SQLite says of a missing table what it says of a missing disk, so it is asked once more."""
    if not isinstance(error, peewee.OperationalError | peewee.InterfaceError):
        return False
    if "is locked" in str(error):
        return True
    try:
        database.execute_sql("SELECT 1")
    except (peewee.DatabaseError, peewee.InterfaceError):
        return True
    return False


def explain(error: Exception, path: Path | None = None) -> str:
    """Return the one Chinese sentence for a failing database that says what to do.

    What is raised may have come up while an earlier error was dealt with (a savepoint that is gone with its
    transaction), so the earlier ones are looked at too.
    """
    text = str(error).lower()
    while (error := error.__context__) is not None:
        text += f"\n{error}".lower()
    name = f" {path.name} " if path else ""
    for sign, sentence in (
        ("locked", f"数据库{name}正被另一个程序占用，请稍后再试；一直如此时请检查是否有备份或导入在运行。"),
        ("busy", f"数据库{name}正被另一个程序占用，请稍后再试；一直如此时请检查是否有备份或导入在运行。"),
        ("lock timeout", f"数据库{name}正被另一个程序占用，请稍后再试；一直如此时请检查是否有备份或导入在运行。"),
        ("statement timeout", "这次查询用时太长，已经停下；请缩小范围后再试。"),
        ("readonly", f"数据库{name}是只读的，请检查文件和文件夹的写权限。"),
        ("full", "磁盘已满，没有写入任何内容；请清出空间后再试。"),
        ("not a database", f"文件{name}不是可用的数据库，可能已损坏，请从备份恢复。"),
        ("malformed", f"数据库{name}已损坏，请从备份恢复。"),
        ("disk i/o", "读写磁盘出错，请检查磁盘是否已满或损坏。"),
        ("unable to open", f"打不开数据库{name}，请检查它所在的文件夹是否存在、是否可写。"),
    ):
        if sign in text:
            return sentence
    return "数据库暂时用不了，请稍后再试；一直如此时请联系系统管理员。"
