"""Leads rows over to another place: every table that carries place columns, whoever's it is, one statement each."""

from peewee import Case as When
from peewee import IntegrityError

from portal.db import database, is_postgres
from portal.migrations import append_only_tables
from portal.org.models import PLACES
from portal.values import Refused

PLACE_COLUMNS = tuple(f"{level}_id" for level in PLACES)
#: Written by whoever shapes the tree.
OWN = "org_unit"
#: The columns by which rows are found, as SQL.
_NAMES = ", ".join(f"'{name}'" for name in (*PLACE_COLUMNS, "case_id"))


def placed_tables() -> dict[str, set[str]]:
    """Return {table: its columns of place, and case_id} of the tables whose rows lie somewhere, those of plugins that
    are not loaded too.

    What is part of a key is left out of the columns (a counter is counted anew, not renamed), and so are tables to
    which rows are only added: they are read through the unit that they name.
    """
    if is_postgres():
        # Not information_schema, which asks for each column who may see it.
        sql = (
            "SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid WHERE attnum > 0"
            " AND NOT attisdropped AND relkind IN ('r', 'p') AND NOT relispartition"
            f" AND relnamespace = 'public'::regnamespace AND attname IN ({_NAMES})",
            "SELECT relname, attname FROM pg_index JOIN pg_class ON pg_class.oid = indrelid JOIN pg_attribute"
            f" ON attrelid = indrelid AND attnum = ANY(indkey) WHERE indisprimary AND attname IN ({_NAMES})",
        )
    else:
        tables = ("SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c "
                  f"WHERE m.type = 'table' AND c.name IN ({_NAMES})")
        sql = tables, tables + " AND c.pk > 0"
    columns, keys = (set(database.execute_sql(one).fetchall()) for one in sql)
    guarded, found = append_only_tables(database.obj), {}
    for table, column in columns - keys:
        if table not in guarded and table != OWN:
            found.setdefault(table, set()).add(column)
    return {table: held for table, held in sorted(found.items()) if "town_id" in held or "village_id" in held}


def led(field, to: dict):
    """Return what becomes of a field that names units, when those with the ids `to` hand over to the Units there: one
    statement for all of them."""
    return When(field, [(key, unit.id) for key, unit in to.items()], field)


def to_heirs(change, field, *which, **more) -> int:
    """Let the rows that name in `field` a unit that ends name its heir, as far as `which` holds for them, and become
    what `more` says; returns how many. One statement for all of `change` (a Rearrangement): a town ends with its
    offices."""
    if not change.heirs:
        return 0
    rows = field.model.update({field: led(field, change.heirs), **more})
    return rows.where(field.in_(list(change.heirs)), *which).execute()


def lead(column: str, ids, place: dict[str, int], tables: dict[str, set[str]] | None = None) -> int:
    """Give the rows whose `column` holds one of `ids` the columns of `place`; returns how many rows that were."""
    return sum(
        _lead(table, column, sorted(ids), {name: value for name, value in place.items() if name in held})
        for table, held in (placed_tables() if tables is None else tables).items() if column in held
    )


def _lead(table: str, column: str, ids: list[int], place: dict[str, int]) -> int:
    if not place or not ids:
        return 0
    mark = database.obj.param
    sets = ", ".join(f'"{name}" = {mark}' for name in place)
    sql = f'UPDATE "{table}" SET {sets} WHERE "{column}" IN ({", ".join([mark] * len(ids))})'  # noqa: S608
    try:
        return database.execute_sql(sql, [*place.values(), *ids]).rowcount
    except IntegrityError as error:
        raise Refused(
            f"两边的记录（{table}）有相同的编号，不能放到一起。请联系系统管理员，由这个平台的开发者补上合并的办法。"
        ) from error


def counted(column: str, ids) -> dict[str, int]:
    """Return {table: how many of its rows have one of `ids` in `column`}, without the empty ones."""
    mark, found = database.obj.param, {}
    for table, held in placed_tables().items():
        if column in held and ids:
            sql = f'SELECT COUNT(*) FROM "{table}" WHERE "{column}" IN ({", ".join([mark] * len(ids))})'  # noqa: S608
            found[table] = database.execute_sql(sql, sorted(ids)).fetchone()[0]
    return {table: number for table, number in found.items() if number}


#: A row contradicts the tree if its village lies in another town than it says, or its grid in another village.
PAIRS = (("village_id", "town_id"), ("grid_id", "village_id"), ("town_id", "county_id"))


def misplaced(tables: dict[str, set[str]] | None = None) -> dict[str, int]:
    """Return {table: rows that say of their place what the tree of units does not say}."""
    found: dict[str, int] = {}
    for table, held in (placed_tables() if tables is None else tables).items():
        for below, above in PAIRS:
            if {below, above} <= held:
                sql = (
                    f'SELECT COUNT(*) FROM "{table}" r JOIN org_unit u ON u.id = r."{below}" '  # noqa: S608
                    f'WHERE u."{above}" IS NOT NULL AND COALESCE(r."{above}", 0) <> u."{above}"'
                )
                found[table] = found.get(table, 0) + database.execute_sql(sql).fetchone()[0]
    return {table: number for table, number in found.items() if number}
