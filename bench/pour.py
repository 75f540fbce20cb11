"""Pours millions of rows into the tables: COPY on PostgreSQL, bound rows on SQLite, and the indexes made afterwards."""

import contextlib
import json

from portal import db


class Table:
    """One table to pour into. `columns` come with each row, `always` {column: value} are the same in all of them, and
    what neither names has the model's default. Rows are plain tuples of numbers, texts and None.
    """

    def __init__(self, name: str, columns: tuple[str, ...], always: dict | None = None, model=None):
        self.name, self.columns = name, columns
        always = {**_defaults(model), **(always or {})}
        self._always = {key: _plain(value) for key, value in always.items() if key not in columns and value is not None}

    def write(self, rows: list[tuple]) -> None:
        names = ", ".join(f'"{name}"' for name in (*self.columns, *self._always))
        cursor = db.database.cursor()
        if db.is_postgres():
            tail = "".join(f"\t{_text(value)}" for value in self._always.values()) + "\n"
            with cursor.copy(f'COPY "{self.name}" ({names}) FROM STDIN') as copy:
                copy.write("".join(["\t".join([_text(value) for value in row]) + tail for row in rows]))
            return
        marks = ", ".join(["?"] * len(self.columns) + [_literal(value) for value in self._always.values()])
        cursor.executemany(f'INSERT INTO "{self.name}" ({names}) VALUES ({marks})', rows)  # noqa: S608


def _defaults(model) -> dict:
    if model is None:
        return {}
    given = model._meta.get_default_dict()
    columns = {field.name: field.column_name for field in model._meta.sorted_fields}
    return {columns[name]: value for name, value in given.items() if not callable(value)}


def _plain(value):
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    return int(value) if isinstance(value, bool) else value


def _text(value) -> str:
    """Return a value as COPY reads it; nothing that the bench writes holds a backslash, a tab or a line feed."""
    return "\\N" if value is None else str(value)


def _literal(value) -> str:
    return str(value) if isinstance(value, int | float) else "'" + value.replace("'", "''") + "'"


@contextlib.contextmanager
def without_indexes(tables: tuple[str, ...], say):
    """Drop what makes each row expensive (indexes, triggers, waiting for the disk) and make it anew afterwards."""
    with _postgres(tables, say) if db.is_postgres() else _sqlite(tables, say):
        yield


@contextlib.contextmanager
def _postgres(tables: tuple[str, ...], say):
    run = db.database.execute_sql
    for name, value in (("statement_timeout", "0"), ("lock_timeout", "0"), ("synchronous_commit", "off"),
                        ("maintenance_work_mem", "'1GB'"), ("session_replication_role", "replica")):
        run(f"SET {name} = {value}")
    kept = run(
        "SELECT i.indexname, i.indexdef FROM pg_indexes i LEFT JOIN pg_constraint c ON c.conname = i.indexname "
        "WHERE c.oid IS NULL AND i.tablename = ANY(%s) ORDER BY i.tablename, i.indexname", (list(tables),)).fetchall()
    for name, _ in kept:
        run(f'DROP INDEX "{name}"')
    yield
    for number, (_, made) in enumerate(kept, 1):
        run(made)
        say("建索引", number, len(kept))
    for table in tables:
        if run("SELECT 1 FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'id' AND atthasdef",
               (table,)).fetchone():
            run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest(max(id), 1)) FROM {table}")  # noqa: S608
    run("RESET session_replication_role")


@contextlib.contextmanager
def _sqlite(tables: tuple[str, ...], say):
    run = db.database.execute_sql
    for pragma in ("synchronous = off", "foreign_keys = 0", "cache_size = -1000000", "journal_mode = off"):
        run(f"PRAGMA {pragma}")
    marks = ", ".join("?" * len(tables))
    kept = run(f"SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL "  # noqa: S608
               f"AND tbl_name IN ({marks}) ORDER BY type, name", tables).fetchall()
    for kind, name, _ in kept:
        run(f'DROP {kind} "{name}"')
    # Larger pieces of the full-text index, merged less often: it is the same index in the end.
    run("INSERT INTO search_gram (search_gram, rank) VALUES ('hashsize', 67108864)")
    yield
    run("INSERT INTO search_gram (search_gram, rank) VALUES ('hashsize', 1048576)")
    for number, (_, _, made) in enumerate(kept, 1):
        run(made)
        say("建索引", number, len(kept))
    run("PRAGMA journal_mode = wal")
    run("PRAGMA foreign_keys = 1")
