"""How each engine gives its content away at one moment while others write, and takes it back."""

import contextlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import peewee
from playhouse.cysqlite_ext import CySqliteDatabase

from portal.commands.backups.manifest import Unusable
from portal.db import database, snapshot

Rows = dict[str, int]


def engine_of(setting: str) -> str:
    return "postgres" if setting.startswith(("postgresql://", "postgres://")) else "sqlite"


def rows_of(base) -> Rows:
    """Return {table: number of rows} of every table but those inside SQLite's full-text index."""
    tables = [name for name in base.get_tables() if not name.startswith(("sqlite_", "search_gram"))]
    return {name: base.execute_sql(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in sorted(tables)}


# -- SQLite --------------------------------------------------------------------------------------------------------

def dump_sqlite(path: Path) -> Rows:
    """Write what the database holds at this moment into the new file `path`; returns the numbers of rows.

    VACUUM INTO reads in one transaction. The backup API begins again whenever another process commits, and would
    never end at a busy hour; a plain copy of the file loses commits.
    """
    database.connect(reuse_if_open=True)
    database.execute_sql("VACUUM INTO ?", (str(path),))
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    with opened(path) as base:
        return rows_of(base)


def load_sqlite(dump: Path, target: Path) -> Rows:
    """Put the content of `dump` into the new file `target`. Raises Unusable where it is damaged."""
    shutil.copyfile(dump, target)
    with open(target, "rb") as file:
        os.fsync(file.fileno())
    with opened(target) as base:
        try:
            wrong = [*base.execute_sql("PRAGMA integrity_check(1)").fetchone()]
            broken = base.execute_sql("PRAGMA foreign_key_check").fetchone()
            rows = rows_of(base)
        except peewee.DatabaseError as error:
            raise Unusable(f"备份里的数据库读不出来（{error}），请换一份备份。") from error
        if wrong != ["ok"] or broken:
            raise Unusable("备份里的数据库不完整，请换一份备份。")
        return rows


@contextlib.contextmanager
def opened(path: Path) -> Iterator[CySqliteDatabase]:
    base = CySqliteDatabase(str(path), pragmas={"journal_mode": "delete"})
    base.connect()
    try:
        yield base
    finally:
        base.close()


# -- PostgreSQL ----------------------------------------------------------------------------------------------------

def dump_postgres(path: Path, address: str) -> Rows:
    """Write what the database holds at one moment into `path`, in pg_dump's own format; returns the numbers of rows
    of that very moment."""
    with snapshot() as name:
        rows = rows_of(database)
        _run(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={name}", f"--file={path}"],
             address)
    return rows


def load_postgres(dump: Path, address: str) -> Rows:
    """Put the content of `dump` into the empty database at `address`, all of it or nothing."""
    _run(["pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error",
          f"--dbname={urlsplit(address).path.lstrip('/')}", str(dump)], address)
    with connected(address) as base:
        return rows_of(base)


@contextlib.contextmanager
def scratch(address: str) -> Iterator[str]:
    """Make an empty database beside the one at `address`, yield its address, and drop it."""
    name = f"portal_rehearsal_{secrets.token_hex(4)}"
    with connected(address) as base:
        base.connection().autocommit = True
        try:
            base.execute_sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
        except peewee.DatabaseError as error:
            raise Unusable(
                "数据库账号不能新建数据库，没法把备份恢复一遍来证明它能用；请授予 CREATEDB，或加 --no-verify。"
            ) from error
        try:
            yield urlunsplit(urlsplit(address)._replace(path=f"/{name}"))
        finally:
            base.execute_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def connected(address: str) -> Iterator[peewee.PostgresqlDatabase]:
    """Open the database at `address` beside the portal's own."""
    parts = urlsplit(address)
    base = peewee.PostgresqlDatabase(
        parts.path.lstrip("/"), prefer_psycopg3=True, host=parts.hostname, port=parts.port or 5432, connect_timeout=3,
        user=unquote(parts.username or "") or None, password=unquote(parts.password or "") or None,
    )
    base.connect()
    try:
        yield base
    finally:
        base.close()


def _run(command: list[str], address: str) -> None:
    """Run a tool of PostgreSQL; the password goes through its environment, where no list of processes shows it."""
    parts = urlsplit(address)
    given = {
        "PGHOST": parts.hostname, "PGPORT": str(parts.port or 5432), "PGDATABASE": parts.path.lstrip("/"),
        "PGUSER": unquote(parts.username or ""), "PGPASSWORD": unquote(parts.password or ""), "LC_ALL": "C.UTF-8",
    }
    environment = os.environ | {name: text for name, text in given.items() if text}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    except FileNotFoundError:
        raise Unusable(f"没有 {command[0]}：请安装 postgresql-client，版本不低于数据库的版本。") from None
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["没有说原因"])[-1][:300]
        raise Unusable(f"{command[0]} 没有成功（{why}）。")
