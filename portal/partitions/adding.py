"""Gives counties that were added later partitions of their own."""

from collections.abc import Callable

from portal import db
from portal.partitions.catalogue import parted_tables, partitions_of, references_to
from portal.partitions.parting import REST, create_partition, guard


def lacking(counties: dict[int, str]) -> dict[str, list[int]]:
    """Return {parted table: ids of `counties` that have no partition of it}."""
    found = {}
    for table in sorted(parted_tables(db.database)):
        bounds = set(partitions_of(db.database, table).values())
        if missing := [key for key in counties if not bounds & {f"FOR VALUES IN ({key})", f"FOR VALUES IN ('{key}')"}]:
            found[table] = missing
    return found


def add_counties(counties: dict[int, str], say: Callable[[str, int, int], None] = lambda *told: None) -> int:
    """Make the partitions that `counties` {id: code} lack, in one transaction; return how many rows moved into them.

    A county that has no rows yet costs a moment; of one that has worked meanwhile the rows are taken over from the
    partition for all others, and all references are checked anew.
    """
    missing = lacking(counties)
    with db.atomic():
        db.database.execute_sql("SET LOCAL statement_timeout = 0")
        held = {table: _rows_at_rest(table, keys) for table, keys in missing.items()}
        moved = sum(held.values())
        parted = parted_tables(db.database)
        references = references_to(db.database, parted) if moved else []
        for one in references:
            _run(one.drop)
        for number, (table, keys) in enumerate(missing.items(), 1):
            for key in keys:
                _add(table, key, counties[key], bool(held[table]))
            say("新增分区", number, len(missing))
        for one in references:
            _run(one.add(parted))
    return moved


def _rows_at_rest(table: str, keys: list[int]) -> int:
    _run(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')
    listed = ", ".join(str(int(key)) for key in keys)
    return db.database.execute_sql(
        f'SELECT count(*) FROM "{table}{REST}" WHERE county_id IN ({listed})').fetchone()[0]  # noqa: S608


def _add(table: str, key: int, code: str, holds: bool) -> None:
    rest = f"{table}{REST}"
    if holds:  # what may only grow is moved, not changed: the same rows stand in the new partition afterwards
        _run(f'CREATE TEMPORARY TABLE moving ON COMMIT DROP AS SELECT * FROM "{rest}" WHERE county_id = {int(key)}')  # noqa: S608
        _run(f'ALTER TABLE "{rest}" DISABLE TRIGGER USER')
        _run(f'DELETE FROM "{rest}" WHERE county_id = {int(key)}')  # noqa: S608
        _run(f'ALTER TABLE "{rest}" ENABLE TRIGGER USER')
    guard(table, create_partition(table, key, code))
    if holds:
        _run(f'INSERT INTO "{table}" SELECT * FROM moving')  # noqa: S608
        _run("DROP TABLE moving")


def _run(statement: str) -> None:
    db.database.execute_sql(statement.replace("%", "%%"))  # it takes no parameters
