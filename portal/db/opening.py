"""Opening the database that the settings name, for a process and for each request."""

import contextlib
import os
from pathlib import Path

import peewee

from portal.db import own_writes, postgres, sqlite
from portal.db.explaining import explain
from portal.db.limits import STATEMENT_SECONDS
from portal.db.model import DatabaseUnusable, database, is_postgres
from portal.db.transactions import atomic

ADDRESSES = ("postgresql://", "postgres://")


def open_database(setting: str, instance: Path, seconds: int = STATEMENT_SECONDS, replica: str = "",
                  most_behind: int = 10):
    """Point `database` at what `setting` names: a file below `instance`, or a postgresql:// address; a statement may
    run for `seconds`. For `replica` and `most_behind` see postgres.open_address.

    Raises DatabaseUnusable for an address that cannot be read or an SQLite version that can lose commits.
    """
    if database.obj is not None:
        database.close()
        if is_postgres():
            database.obj.close_all()  # a pool would keep its connections to a database that nobody asks any more
    if setting.startswith(ADDRESSES):
        database.initialize(postgres.open_address(setting, seconds, replica, most_behind))
    elif "://" in setting:
        raise DatabaseUnusable("设置 database 应为文件名，或以 postgresql:// 开头的地址。")
    else:
        database.initialize(sqlite.open_file(Path(instance) / setting, seconds))
    return database.obj


def open_for(settings: dict):
    """Point `database` at what the settings say (`config.load`); raises DatabaseUnusable as `open_database` does."""
    if settings["replica"] and not settings["database"].startswith(ADDRESSES):
        raise DatabaseUnusable("设置 replica（只读备库）只用于 PostgreSQL；用 SQLite 时请去掉它。")
    return open_database(settings["database"], settings["instance"], settings["statement_timeout_seconds"],
                         settings["replica"], settings["replica_lag_seconds"])


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


def init_app(app):
    @app.before_request
    def open_connection():
        if not is_postgres():  # there the first statement takes one from the pool, and what needs none waits for none
            database.connect(reuse_if_open=True)
        own_writes.begin()

    app.after_request(own_writes.remember)

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
