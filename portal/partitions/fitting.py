"""Lets scripts that were written for whole tables run on a parted database: their statements are fitted to it.

A reference to a parted table names the county on both sides, a unique index on one has the county among its columns.
Where the referring table does not name the county the reference is left out, and the log says so.
"""

import contextlib
import logging
import re

from portal.partitions.catalogue import COUNTY, parted_tables, unique_with_county

log = logging.getLogger(__name__)

_REFERENCE = re.compile(
    r'(, )?(CONSTRAINT "\w+" )?FOREIGN KEY \("(\w+)"\) REFERENCES "(\w+)" \("(\w+)"\)'
    r'((?: ON (?:DELETE|UPDATE) (?:CASCADE|RESTRICT|SET NULL|SET DEFAULT|NO ACTION))*)')
#: A column that is added brings its reference along; it becomes one of the table, which can name two columns.
_ADDED = re.compile(r'(ALTER TABLE "\w+" ADD COLUMN "(\w+)" .*?)( REFERENCES "\w+" \("\w+"\).*)$', re.S)
_UNIQUE = re.compile(r'CREATE UNIQUE INDEX (?:IF NOT EXISTS )?"\w+" ON "(\w+)"')
_TABLE = re.compile(r'(?:CREATE TABLE (?:IF NOT EXISTS )?|ALTER TABLE )"(\w+)"')


@contextlib.contextmanager
def fitted(db):
    """Fit every statement sent inside the block through `db`, which is a parted PostgreSQL database or any other."""
    send = db.execute_sql
    parted, before = (parted_tables(db), db.fit) if hasattr(db, "fit") else (set(), None)
    if parted:
        db.fit = lambda sql: fit(sql, parted, lambda table: _names_county(send, table))
    try:
        yield
    finally:
        if parted:
            db.fit = before


def _names_county(send, table: str) -> bool:
    return send("SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = %s",
                (f'"{table}"', COUNTY)).fetchone() is not None


def fit(sql: str, parted: set[str], names_county) -> str:
    """Return the statement as a database parted in the tables `parted` takes it."""
    head = sql.lstrip()[:20].upper()
    if head.startswith("CREATE UNIQUE"):
        found = _UNIQUE.match(sql.lstrip())
        return unique_with_county(sql) if found and found[1] in parted else sql
    if not head.startswith(("CREATE TABLE", "ALTER TABLE")):
        return sql
    table = _TABLE.match(sql.lstrip())
    if table is None or not any(f'REFERENCES "{name}"' in sql for name in parted):
        return sql
    sql = _ADDED.sub(r'\1, ADD FOREIGN KEY ("\2")\3', sql)
    named = f'"{COUNTY}"' in sql if head.startswith("CREATE") else names_county(table[1])
    return _references(sql, table[1], parted, named)


def _references(sql: str, table: str, parted: set[str], named: bool) -> str:
    def change(found):
        comma, name, column, target, key, rest = (part or "" for part in found.groups())
        if target not in parted:
            return found[0]
        if named:
            rest = rest.replace("SET NULL", f'SET NULL ("{column}")')  # the county itself stays
            return (f'{comma}{name}FOREIGN KEY ("{column}", "{COUNTY}") REFERENCES "{target}" ("{key}", "{COUNTY}")'
                    f"{rest}")
        log.warning("%s.%s refers to %s and names no county: the database does not check it", table, column, target)
        return ""

    changed = _REFERENCE.sub(change, sql)
    changed = re.sub(r", ADD\s*$", "", changed)
    return "SELECT 1" if re.fullmatch(r'\s*ALTER TABLE "\w+" ADD\s*', changed) else changed
