"""Which rows lead to a resident, in whatever table: found in the database and in the models, so none is forgotten.

The database knows the tables of plugins that are left out at the moment; the models know references that the database
has no constraint for.
"""

from dataclasses import dataclass

from flask import current_app
from peewee import ForeignKeyField

from portal.db import database, is_postgres
from portal.people.models import Resident
from portal.registry import registry_of
from portal.values import Refused

OWN = "people_"
TABLE = Resident._meta.table_name

_SQLITE = 'SELECT m.name, f."from" FROM sqlite_master m, pragma_foreign_key_list(m.name) f ' \
          "WHERE m.type = 'table' AND f.\"table\" = 'people_resident'"
_POSTGRES = "SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c " \
            "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] " \
            "WHERE c.contype = 'f' AND c.confrelid = 'people_resident'::regclass AND c.conparentid = 0"
#: Asked of the catalogue itself: peewee does not see the indexes of a table that is parted by county.
_UNIQUE = "SELECT ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY(indkey)) " \
          "FROM pg_index WHERE indisunique AND indrelid = %s::regclass"


@dataclass(frozen=True, order=True)
class Reference:
    """A column that holds ids of residents."""

    table: str
    column: str

    def ids(self, resident_id: int) -> list[int]:
        """Return the ids of the rows that lead to the resident."""
        if "id" not in database.get_primary_keys(self.table):
            raise Refused(f"数据表 {self.table} 的行没有编号，合并后无法撤销，请系统管理员联系插件的作者。")
        sql = f'SELECT id FROM "{self.table}" WHERE "{self.column}" = {_mark()} ORDER BY id'
        return [row[0] for row in database.execute_sql(sql, (resident_id,)).fetchall()]

    def lead(self, ids: list[int], old: int, new: int) -> int:
        """Lead those of the rows `ids` that still lead to `old` to `new`; returns how many did."""
        done = 0
        for start in range(0, len(ids), 500):
            part = ids[start:start + 500]
            marks = ", ".join([_mark()] * len(part))
            sql = f'UPDATE "{self.table}" SET "{self.column}" = {_mark()} ' \
                  f'WHERE "{self.column}" = {_mark()} AND id IN ({marks})'
            done += database.execute_sql(sql, (new, old, *part)).rowcount
        return done

    def strays(self) -> list[int]:
        """Return the ids of residents that were merged into others and to whom a row still leads."""
        gone = f'SELECT id FROM "{TABLE}" WHERE merged_into_id IS NOT NULL'
        sql = f'SELECT DISTINCT "{self.column}" FROM "{self.table}" WHERE "{self.column}" IN ({gone})'
        return [row[0] for row in database.execute_sql(sql).fetchall()]

    def clashes(self, kept: int, gone: int) -> int:
        """Return how many rows of `gone` stand beside one of `kept` where a unique index allows one only."""
        return max((self._both(columns, kept, gone) for columns in self._unique()), default=0)

    def _unique(self) -> list[list[str]]:
        """Return, for each unique index that the column is part of, its other columns."""
        if is_postgres():
            indexes = [columns for (columns,) in database.execute_sql(_UNIQUE, (f'"{self.table}"',)).fetchall()]
        else:
            indexes = [index.columns for index in database.get_indexes(self.table) if index.unique]
        return [[one for one in columns if one != self.column] for columns in indexes if self.column in columns]

    def _both(self, others: list[str], kept: int, gone: int) -> int:
        same = "".join(f' AND a."{name}" = b."{name}"' for name in others)
        sql = f'SELECT COUNT(*) FROM "{self.table}" a JOIN "{self.table}" b ON b."{self.column}" = {_mark()}{same} ' \
              f'WHERE a."{self.column}" = {_mark()}'
        return database.execute_sql(sql, (gone, kept)).fetchone()[0]


def _mark() -> str:
    return "%s" if is_postgres() else "?"


def references() -> list[Reference]:
    """Return every column that leads to residents, without those of this room, which keep what was."""
    rows = database.execute_sql(_POSTGRES if is_postgres() else _SQLITE).fetchall()
    found = {Reference(table.strip('"'), column) for table, column in rows}
    for model in registry_of(current_app).values("portal_models"):
        for field in model._meta.sorted_fields:
            if isinstance(field, ForeignKeyField) and field.rel_model is Resident:
                found.add(Reference(model._meta.table_name, field.column_name))
    return sorted(one for one in found if not one.table.startswith(OWN))


def owner_title(table: str) -> str:
    """Return the title of the room or plugin to which a table belongs."""
    plugins = registry_of(current_app).plugins
    slug = max((slug for slug in plugins if table.startswith(f"{slug}_")), key=len, default="")
    return plugins[slug].title if slug else table
