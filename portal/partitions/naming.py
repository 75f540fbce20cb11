"""Has every statement of a request name the county in which its reader acts, on a database that is parted by county.

Without it the engine would ask every county's partition, and one that places counties on several servers every server.
It is a fence as well: a page that forgot to ask for its own ground still sees no other county. The text that peewee
writes is changed once for each statement and kept; nothing happens on whole tables, or where no county is known (jobs,
commands, people of a province).
"""

import contextlib
import functools
import re
import threading

from portal import db
from portal.partitions.catalogue import COUNTY, parted_tables

#: Stands in a kept statement for the county.
_HERE = "\x00"
_SOURCE = re.compile(r'(\b(?:FROM|JOIN|USING)\s+|,\s*)"(\w+)" AS "(\w+)"')
_CHANGES = re.compile(r'\s*(?:UPDATE|DELETE FROM) "(\w+)"')
#: Brackets, quoted names and texts, and the words between which a condition belongs.
_TOKENS = re.compile(r"""[()]|"[^"]*"|'(?:[^']|'')*'|\bWHERE\b|\bRETURNING\b""")


class _Acting(threading.local):
    """The county in which this thread works for somebody; None: it may be any."""

    county = None


_acting = _Acting()


def within(county_id: int | None) -> None:
    """Let the statements of this thread name `county_id` from now on, to the end of the request; None: no county."""
    _acting.county = county_id


@contextlib.contextmanager
def everywhere():
    """Inside the block no county is named: for what all counties of an instance share."""
    before, _acting.county = _acting.county, None
    try:
        yield
    finally:
        _acting.county = before


def begin() -> None:
    """Name the county from now on, if the database is parted; a server that runs while it is parted must begin anew."""
    if not db.is_postgres():
        return
    parted = frozenset(parted_tables(db.database))
    db.database.obj.fit = functools.partial(_fit, parted) if parted else None


def init_app(app) -> None:
    begin()

    @app.teardown_request
    def end(error):
        within(None)


def _fit(parted: frozenset[str], sql: str) -> str:
    county = _acting.county
    if county is None:
        return sql
    named = naming(parted, sql)
    return sql if named is None else named.replace(_HERE, str(int(county)))


@functools.lru_cache(maxsize=5000)
def naming(parted: frozenset[str], sql: str) -> str | None:
    """Return the statement with \\x00 for the county wherever it looks at one of `parted`; None where it does not."""
    def look(found):
        before, table, alias = found.groups()
        if table not in parted:
            return found[0]
        return f'{before}(SELECT * FROM "{table}" WHERE "{COUNTY}" = {_HERE}) AS "{alias}"'  # noqa: S608

    changed = _SOURCE.sub(look, sql)
    change = _CHANGES.match(changed)
    if change and change[1] in parted:
        changed = _bounded(changed, change[1])
    return changed if changed != sql else None


def _bounded(sql: str, table: str) -> str:
    """Return an UPDATE or DELETE of `table` whose condition names the county."""
    condition, depth, where, end = f'"{table}"."{COUNTY}" = {_HERE}', 0, None, len(sql)
    for token in _TOKENS.finditer(sql):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0 and token[0] == "WHERE":
            where = token
        if depth == 0 and token[0] == "RETURNING":
            end = token.start()
            break
    returning = f" {sql[end:]}" if end < len(sql) else ""
    if where is None:
        return f"{sql[:end].rstrip()} WHERE {condition}{returning}"
    return f"{sql[:where.end()]} {condition} AND ({sql[where.end():end].rstrip()}){returning}"
