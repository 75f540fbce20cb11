"""How tables were made, as PostgreSQL itself tells it: what migrations of any version made is made again the same."""

import re
from dataclasses import dataclass

from portal.partitions.growing import COUNTY


@dataclass(frozen=True)
class Reference:
    """A foreign key of `table`; `columns` refer to `wanted` of `target`, `rest` is what follows (ON DELETE ...)."""

    name: str
    table: str
    columns: tuple[str, ...]
    target: str
    wanted: tuple[str, ...]
    rest: str

    def add(self, parted: set[str]) -> str:
        """Return the statement that makes it; where the target is parted, it names the county on both sides."""
        columns, wanted = list(self.columns), list(self.wanted)
        if self.target in parted and COUNTY not in columns:
            rest = self.rest.replace("SET NULL", f"SET NULL ({quoted(columns)})")  # the county itself stays
            columns, wanted = [*columns, COUNTY], [*wanted, COUNTY]
        else:
            rest = self.rest
        return (f'ALTER TABLE "{self.table}" ADD CONSTRAINT "{self.name}" FOREIGN KEY ({quoted(columns)}) '
                f'REFERENCES "{self.target}" ({quoted(wanted)}){rest}')

    @property
    def drop(self) -> str:
        return f'ALTER TABLE "{self.table}" DROP CONSTRAINT "{self.name}"'


@dataclass(frozen=True)
class Shape:
    """What a table consists of besides its columns: the statements make it on a new table of the same name."""

    name: str
    key: tuple[str, ...]
    key_name: str
    checks: tuple[tuple[str, str], ...]
    indexes: tuple[str, ...]
    triggers: tuple[str, ...]
    sequences: tuple[tuple[str, str], ...]


def quoted(names) -> str:
    return ", ".join(f'"{name}"' for name in names)


_HERE = "relnamespace = 'public'::regnamespace"


def parted_tables(db) -> set[str]:
    """Return the names of the tables that are parted by county."""
    rows = db.execute_sql(
        "SELECT relname FROM pg_class JOIN pg_partitioned_table ON partrelid = pg_class.oid "
        f"JOIN pg_attribute ON attrelid = pg_class.oid AND attnum = ANY(partattrs) WHERE {_HERE} AND attname = %s",  # noqa: S608
        (COUNTY,))
    return {name for (name,) in rows.fetchall()}


def partitions_of(db, table: str) -> dict[str, str]:
    """Return {partition: its bound, as "FOR VALUES IN (1)" or "DEFAULT"} of a parted table."""
    rows = db.execute_sql(
        "SELECT relname, pg_get_expr(relpartbound, pg_class.oid) FROM pg_class JOIN pg_inherits ON inhrelid = "
        "pg_class.oid WHERE inhparent = %s::regclass ORDER BY relname", (f'"{table}"',))
    return dict(rows.fetchall())


def references_to(db, tables: set[str]) -> list[Reference]:
    """Return the foreign keys that any table has on one of `tables`, and those of `tables` on each other."""
    rows = db.execute_sql(
        "SELECT conname, own.relname, target.relname, pg_get_constraintdef(con.oid) FROM pg_constraint con "
        "JOIN pg_class own ON own.oid = conrelid JOIN pg_class target ON target.oid = confrelid "
        "WHERE contype = 'f' AND conparentid = 0 AND NOT own.relispartition ORDER BY own.relname, conname").fetchall()
    found = []
    for name, table, target, definition in rows:
        if target in tables:
            columns, wanted, rest = re.match(
                r"FOREIGN KEY \((.*?)\) REFERENCES \S+?\((.*?)\)(.*)$", definition).groups()
            found.append(Reference(name, table, _names(columns), target, _names(wanted), rest))
    return found


def own_references(db, table: str) -> list[tuple[str, str]]:
    """Return (name, definition) of the foreign keys of `table`."""
    return db.execute_sql(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass "
        "ORDER BY conname", (f'"{table}"',)).fetchall()


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().strip('"') for name in text.split(","))


def shape_of(db, table: str) -> Shape:
    """Return what `table`, a whole one, consists of; keys and unique indexes as they are for a table in parts."""
    name = f'"{table}"'
    key_name, key = db.execute_sql(
        "SELECT conname, array(SELECT attname FROM unnest(conkey) WITH ORDINALITY AS one(number, place) "
        "JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place) FROM pg_constraint "
        "WHERE contype = 'p' AND conrelid = %s::regclass", (name,)).fetchone()
    checks = db.execute_sql(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass",
        (name,)).fetchall()
    indexes = db.execute_sql(
        "SELECT pg_get_indexdef(indexrelid), indisunique FROM pg_index WHERE indrelid = %s::regclass AND NOT "
        "indisprimary ORDER BY indexrelid", (name,)).fetchall()
    triggers = db.execute_sql(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal ORDER BY oid",
        (name,)).fetchall()
    sequences = db.execute_sql(
        "SELECT seq.relname, attname FROM pg_depend JOIN pg_class seq ON seq.oid = objid AND relkind = 'S' "
        "JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid WHERE refobjid = %s::regclass AND "
        "deptype = 'a'", (name,)).fetchall()
    return Shape(
        table, tuple(with_county(key)), key_name, tuple(checks),
        tuple(unique_with_county(one) if unique else one for one, unique in indexes),
        tuple(one for (one,) in triggers), tuple(sequences))


def with_county(columns) -> list[str]:
    """Return the columns of a key, the county among them: at the end, so that who asks for the id alone is served."""
    return [*columns] if COUNTY in columns else [*columns, COUNTY]


def unique_with_county(statement: str) -> str:
    """Return the CREATE UNIQUE INDEX `statement` with the county among the columns, as parted tables ask for."""
    begin = statement.index("(") if " USING " not in statement else statement.index("(", statement.index(" USING "))
    depth = 0
    for end in range(begin, len(statement)):
        depth += {"(": 1, ")": -1}.get(statement[end], 0)
        if depth == 0:
            break
    if re.search(rf"\b{COUNTY}\b", statement[begin:end]):
        return statement
    return f"{statement[:end]}, {COUNTY}{statement[end:]}"
