"""The PostgreSQL side: empty at first; what was begun is kept in tables of its own there, and dropped at the end.

A batch and its mark are one transaction, so a run that is cut off anywhere goes on where it was, and doubles no row.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import peewee
from peewee import psycopg

from portal.commands.backups import engines
from portal.commands.backups.manifest import Unusable
from portal.commands.moving.shapes import Shape
from portal.commands.moving.source import Table, bounded
from portal.migrations import ADVISORY_LOCK

STATE = (
    "CREATE TABLE portal_move (instance TEXT NOT NULL, scripts JSONB NOT NULL, stage TEXT NOT NULL)",
    "CREATE TABLE portal_move_chunk (name TEXT, number INT, upto JSONB NOT NULL, rows BIGINT NOT NULL, "
    "digest TEXT NOT NULL, PRIMARY KEY (name, number))",
    "CREATE TABLE portal_move_later (rank INT NOT NULL, sql TEXT PRIMARY KEY)",
)
OWN = ("portal_move", "portal_move_chunk", "portal_move_later")
#: An index that stands only while a table is compared.
ORDER = "portal_move_order"
RELATIONS = """
    SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1
"""
SETTINGS = ("statement_timeout = 0", "lock_timeout = 10000", "idle_in_transaction_session_timeout = 0",
            "datestyle = 'ISO'", "bytea_output = 'hex'", "client_encoding = 'UTF8'", "synchronous_commit = off",
            "maintenance_work_mem = '128MB'", "search_path = public")


@dataclass(frozen=True)
class Mark:
    """A batch that was copied: the rows behind the mark before it up to the key `upto`, and the digest over them."""

    number: int
    upto: list
    rows: int
    digest: str


class Target:
    """A PostgreSQL database that a move goes to, over one connection."""

    def __init__(self, connection: "psycopg.Connection"):
        self.connection = connection

    def ask(self, sql: str, values=None) -> list[tuple]:
        cursor = self.connection.execute(sql, values)
        return cursor.fetchall() if cursor.description else []

    # -- what was begun --------------------------------------------------------------------------------------------

    def begin(self, instance: str, scripts: dict) -> bool:
        """Begin a move in an empty database, or go on with that of the same instance; tell whether it goes on.

        Raises Unusable for a database that holds anything else.
        """
        there = [name for (name,) in self.ask(RELATIONS)]
        if not there:
            with self.connection.transaction():
                for sql in STATE:
                    self.ask(sql)
                self.ask("INSERT INTO portal_move VALUES (%s, %s, 'schema')", (instance, json.dumps(scripts)))
            return False
        if "public.portal_move" not in there:
            raise Unusable(f"目标数据库里已有内容（如 {there[0]}），没有动它；请新建一个空的数据库再搬。"
                           "如果刚刚已经搬完，就不要再搬，改 portal.toml 即可。")
        ((known, before, _),) = self.ask("SELECT instance, scripts, stage FROM portal_move")
        if known != instance:
            raise Unusable("目标数据库里是另一个实例没有搬完的内容，没有动它；请新建一个空的数据库再搬。")
        if before != scripts:
            raise Unusable("程序或插件与上次开始搬的时候不同，不能接着搬；请删去目标数据库，新建一个空的，从头再搬。")
        return True

    @property
    def stage(self) -> str:
        return self.ask("SELECT stage FROM portal_move")[0][0]

    def enter(self, stage: str) -> None:
        self.ask("UPDATE portal_move SET stage = %s", (stage,))

    def marks(self, table: Table) -> list[Mark]:
        return [Mark(*row) for row in self.ask(
            "SELECT number, upto, rows, digest FROM portal_move_chunk WHERE name = %s ORDER BY number", (table.name,))]

    def mark(self, table: Table, mark: Mark) -> None:
        self.ask("INSERT INTO portal_move_chunk VALUES (%s, %s, %s, %s, %s) ON CONFLICT (name, number) DO UPDATE "
                 "SET rows = excluded.rows, digest = excluded.digest",
                 (table.name, mark.number, json.dumps(mark.upto), mark.rows, mark.digest))

    # -- rows ------------------------------------------------------------------------------------------------------

    def columns(self) -> dict[str, dict[str, str]]:
        """Return {table: {column: type}} of all tables."""
        found: dict[str, dict[str, str]] = {}
        for table, column, kind in self.ask(
            "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a "
            "JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace "
            "AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum"
        ):
            found.setdefault(table, {})[column] = kind
        return found

    def delete(self, shape: Shape, after, upto) -> int:
        """Delete the rows with `after` < key <= `upto`; returns how many there were."""
        where, values = bounded(shape.key_on_target, after, upto, "%s")
        return self.connection.execute(f'DELETE FROM "{shape.table.name}"{where}', _texts(values)).rowcount

    @contextlib.contextmanager
    def filling(self, shape: Shape) -> "Iterator[psycopg.Copy]":
        columns = ", ".join(f'"{name}"' for name in shape.table.columns)
        with self.connection.cursor() as cursor, cursor.copy(
                f'COPY "{shape.table.name}" ({columns}) FROM STDIN') as copy:
            yield copy

    def order_by_bytes(self, shape: Shape, wanted: bool) -> None:
        """Give a large table whose key holds texts an index in the order of their bytes for as long as it is compared:
        without one each batch would read the whole table. Takes that of the table before away."""
        self.ask(f"DROP INDEX IF EXISTS {ORDER}")
        if wanted and any("COLLATE" in name for name in shape.key_on_target):
            self.ask(f'CREATE INDEX {ORDER} ON "{shape.table.name}" ({", ".join(shape.key_on_target)})')

    def blocks(self, shape: Shape, after, upto) -> Iterator[bytes]:
        """Yield the rows with `after` < key <= `upto` in the canonical form, in order: a line for each, in blocks."""
        where, values = bounded(shape.key_on_target, after, upto, "%s")
        with self.connection.cursor() as cursor, cursor.copy(
                f'COPY (SELECT {", ".join(shape.expressions)} FROM "{shape.table.name}"{where} '  # noqa: S608
                f'ORDER BY {", ".join(shape.key_on_target)}) TO STDOUT', _texts(values)) as copy:
            for block in copy:
                yield bytes(block)


def _texts(values: list) -> list[str]:
    """Return values for PostgreSQL, which finds out by the column what a text means."""
    return [str(value) for value in values]


def refuse_without_driver() -> None:
    """Raise Unusable where the driver is not installed, which is an extra: counties on SQLite do not need it."""
    if psycopg is None:
        raise Unusable("要搬到 PostgreSQL，请先安装驱动：pip install 'county-portal[postgres]'。")


@contextlib.contextmanager
def reached(address: str) -> Iterator[Target]:
    """Connect to the database at `address` and hold it for this move alone.

    Raises Unusable with a sentence where nobody answers, or where it cannot take a county's data.
    """
    if not _is_whole(address):
        raise Unusable("目标地址应写成 postgresql://用户@主机:5432/库名 的样子。")
    with contextlib.ExitStack() as stack:
        try:
            base = stack.enter_context(engines.connected(address))
        except peewee.OperationalError as error:
            why = " ".join(str(error).split())[-300:]
            raise Unusable(f"连不上目标数据库（{why}），什么也没有动；"
                           "请检查地址、账号，以及 PostgreSQL 是否在运行。") from None
        connection = base.connection()
        connection.autocommit = True
        target = Target(connection)
        _refuse_unfit(target)
        yield target


def _is_whole(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return engines.engine_of(address) == "postgres" and bool(parts.path.strip("/")) and parts.port != 0
    except ValueError:
        return False


def _refuse_unfit(target: Target) -> None:
    for setting in SETTINGS:
        target.ask(f"SET {setting}")
    ((encoding, standby, alone),) = target.ask(
        "SELECT getdatabaseencoding(), pg_is_in_recovery(), pg_try_advisory_lock(%s)", (ADVISORY_LOCK + 1,))
    if encoding != "UTF8":
        raise Unusable(f"目标数据库的编码是 {encoding}，存不下汉字；请用 CREATE DATABASE 库名 ENCODING 'UTF8' "
                       "TEMPLATE template0 新建一个。")
    if standby:
        raise Unusable("目标数据库是只读的备库，请写主库的地址。")
    if not alone:
        raise Unusable("另一个 portal move-to 正在往这个数据库里搬，请等它结束。")
