"""The SQLite side: held so that nobody else can write, and read in one transaction, table by table, by primary key."""

import contextlib
import fcntl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import peewee
from playhouse.cysqlite_ext import CySqliteDatabase

from portal.commands.backups.manifest import Unusable
from portal.search.index import SCOPE, tokens

#: The table of the full-text index; its rows are made anew from the texts, because SQLite's index does not give its
#: own back. Only the tokens of places are read from it, which no text contains.
INDEX = "search_gram"
#: What sorts just behind every token of a place.
_BEHIND = chr(ord(SCOPE) + 1)
BUSY = (
    "数据库正被别的程序打开着。请先停掉服务（portal serve 或 gunicorn）、后台任务和别的 portal 命令，再运行一次："
    "搬的时候谁也不能写，才不会丢下一行。"
)


@dataclass(frozen=True)
class Table:
    """A table of the source: its columns in order, and the positions among them of its primary key."""

    name: str
    columns: tuple[str, ...]
    key: tuple[int, ...]

    @property
    def key_names(self) -> tuple[str, ...]:
        return tuple(self.columns[place] for place in self.key)


class Source:
    """An SQLite database that is read in one transaction which keeps every other writer out."""

    def __init__(self, base: CySqliteDatabase):
        self.base = base

    def ask(self, sql: str, values=()) -> list[tuple]:
        return self.base.execute_sql(sql, tuple(values)).fetchall()

    def tables(self) -> list[Table]:
        """Return all tables but SQLite's own, by name; of a full-text index only the table INDEX, as PostgreSQL has it.

        Raises Unusable for a table without a primary key and for another virtual table.
        """
        made = self.ask("SELECT name, sql FROM main.sqlite_master WHERE type = 'table' ORDER BY name")
        virtual = [name for name, sql in made if sql.upper().startswith("CREATE VIRTUAL")]
        if strange := [name for name in virtual if name != INDEX]:
            raise Unusable(f"{'、'.join(strange)} 是 SQLite 才有的虚拟表，搬不到 PostgreSQL；请联系做这个插件的人。")
        inside = tuple(f"{name}_" for name in virtual)
        return [
            Table(name, ("id", "grams"), (0,)) if name in virtual else self._table(name)
            for name, _ in made if not name.startswith(("sqlite_", *inside))
        ]

    def _table(self, name: str) -> Table:
        found = self.ask(f'PRAGMA main.table_info("{name}")')
        columns = tuple(row[1] for row in found)
        ordered = sorted((row[5], columns.index(row[1])) for row in found if row[5])
        if not ordered:
            raise Unusable(f"表 {name} 没有主键，没法逐段复制和核对；请联系做这个插件的人。")
        return Table(name, columns, tuple(place for _, place in ordered))

    def count(self, table: Table) -> int:
        if table.name == INDEX:
            return self.ask(f"SELECT count(*) FROM {_INDEXED}")[0][0]
        return self.ask(f'SELECT count(*) FROM "{table.name}"')[0][0]

    def rows(self, table: Table, after: list | None, upto: list | None = None, limit: int = -1) -> Iterator[tuple]:
        """Yield the rows with `after` < key <= `upto` (None: no bound), in the order of the key, at most `limit`."""
        if table.name == INDEX:
            return self._grams(after, upto, limit)
        columns = ", ".join(f'"{name}"' for name in table.columns)
        names = [f'"{name}"' for name in table.key_names]
        where, values = bounded(names, after, upto, "?")
        return iter(self.base.execute_sql(
            f'SELECT {columns} FROM "{table.name}"{where} ORDER BY {", ".join(names)} LIMIT {limit}', tuple(values)))

    def _grams(self, after, upto, limit) -> Iterator[tuple]:
        """Yield (id, tokens) of what the index holds: made from the text, with the places that the index knows."""
        found = self.base.execute_sql(
            f"SELECT t.id, t.text, (SELECT group_concat(term, ' ') FROM temp.moving_place WHERE doc = t.id) "  # noqa: S608
            f"FROM {_INDEXED} WHERE t.id > ? AND t.id <= ? ORDER BY t.id LIMIT {limit}",
            (after[0] if after else -(1 << 63), upto[0] if upto else (1 << 63) - 1))
        for key, text, places in found:
            scope = sorted(place.removeprefix(SCOPE) for place in (places or "").split())
            yield key, tokens(text, tuple(scope))

    def prepare_index(self) -> None:
        """Gather the tokens of places by row. They are put into a temporary table, which lies outside the database."""
        self.base.execute_sql(f"CREATE VIRTUAL TABLE temp.moving_term USING fts5vocab(main, {INDEX}, instance)")
        self.base.execute_sql("CREATE TEMP TABLE moving_place (doc INTEGER, term TEXT, PRIMARY KEY (doc, term)) "
                              "WITHOUT ROWID")
        self.base.execute_sql("INSERT OR IGNORE INTO moving_place SELECT doc, term FROM temp.moving_term "
                              "WHERE term >= ? AND term < ?", (SCOPE, _BEHIND))

    def highest(self, table: str) -> int:
        """Return the largest id that AUTOINCREMENT ever gave in `table`, 0 where it does not count."""
        if not self.ask("SELECT 1 FROM main.sqlite_master WHERE name = 'sqlite_sequence'"):
            return 0
        return (self.ask("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)) or [(0,)])[0][0]


_INDEXED = f"{INDEX}_docsize d JOIN search_text t ON t.id = d.id"


def bounded(names: list[str], after: list | None, upto: list | None, mark: str) -> tuple[str, list]:
    """Return the condition `after` < key <= `upto` (None: no bound) in SQL, and its values; `names` are the key's."""
    key, marks = ", ".join(names), ", ".join([mark] * len(names))
    parts = [f"({key}) {sign} ({marks})" for sign, bound in ((">", after), ("<=", upto)) if bound is not None]
    values = [value for bound in (after, upto) if bound is not None for value in bound]
    return (f" WHERE {' AND '.join(parts)}" if parts else ""), values


@contextlib.contextmanager
def stopped(folder: Path) -> Iterator[None]:
    """Hold the lock that `portal serve` holds while it serves; refuse while it does."""
    with open(folder / "serving.lock", "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unusable(
                "这个实例的服务（或另一个 portal move-to）正在运行，没有开始搬；请停掉它再运行一次："
                "搬的时候谁也不能写。"
            ) from None
        yield


@contextlib.contextmanager
def held(path: Path) -> Iterator[Source]:
    """Open the database at `path` so that nobody else has it open, read or written, until the block ends.

    The lock is SQLite's own: it goes with this process, however that ends. Nothing is written into the file. Raises
    Unusable while another process has it open.
    """
    base = CySqliteDatabase(str(path), timeout=1, pragmas={"locking_mode": "exclusive", "cache_size": -64 * 1024})
    try:
        try:
            base.connect()
            base.execute_sql("BEGIN IMMEDIATE")
            base.execute_sql("SELECT count(*) FROM sqlite_master").fetchone()
        except peewee.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise Unusable(BUSY) from None
            raise
        yield Source(base)
    finally:
        if not base.is_closed():
            if not base.connection().autocommit():
                base.execute_sql("ROLLBACK")
            base.close()
