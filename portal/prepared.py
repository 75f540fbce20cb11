"""Statements whose SQL is worked out once: where everybody goes, working it out costs more than running it.

Measured on the list of cases, building and writing out peewee's queries was a third of the page's CPU time.
"""

import json
from collections.abc import Callable
from datetime import datetime

from peewee import (
    SQL,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    Field,
    FieldAlias,
    JSONField,
    ModelCursorWrapper,
    ModelObjectCursorWrapper,
    NodeList,
    SelectBase,
    Value,
)

from portal.db import database, is_postgres


class _Slot:
    """Stands in a list of parameters for a value that comes later."""

    def __init__(self, name: str):
        self.name = name


class Slots:
    """`slots.town` is the place of the value `town` in a query, `slots.many("unit", 3)` those of unit0 to unit2."""

    def __getattr__(self, name: str) -> Value:
        return Value(_Slot(name), converter=False, unpack=False)

    def many(self, name: str, number: int) -> list[Value]:
        return [getattr(self, f"{name}{position}") for position in range(number)]

    def plain(self, name: str) -> _Slot:
        """Return the place for `SQL("... ?", (slots.plain("words"),))`."""
        return _Slot(name)


def unindexed(column):
    """Return `column` so that SQLite looks for no index on it: without statistics it takes an index on a value that
    nearly every row has for as good as any. PostgreSQL counts, and is left alone."""
    return column if is_postgres() else NodeList((SQL("+"), column), glue="")


def numbered(name: str, values) -> dict:
    """Return {name0: first, name1: second ...}: the values for `slots.many`."""
    return {f"{name}{position}": value for position, value in enumerate(values)}


class Prepared:
    """`build(slots)` returns a query with slots for its values, a select or what writes and returns; calling this with
    the values runs it.

    Values are handed to the driver as they are: numbers, texts, dates and times. Rows come as tuples, or as `row`, a
    NamedTuple with the names of the columns; `PreparedModels` gives model instances. The SQL is kept for each kind of
    database: tests use both in one process.
    """

    def __init__(self, build: Callable[[Slots], object], row: type | None = None):
        self._build, self._make = build, row._make if row else None
        self._known: dict[type, tuple] = {}

    def _ready(self, values: dict) -> tuple:
        """Return the query, its SQL, its converters, and the parameters filled with `values`."""
        kind = type(database.obj)
        if kind not in self._known:
            query = self._build(Slots())
            self._known[kind] = (query, *query.sql(), _converters(query))
        query, sql, parameters, converters = self._known[kind]
        return query, sql, converters, [values[one.name] if type(one) is _Slot else one for one in parameters]

    def __call__(self, **values) -> list:
        _, sql, converters, given = self._ready(values)
        rows = database.execute_sql(sql, given).fetchall()
        if converters:
            rows = [_converted(row, converters) for row in rows]
        return [self._make(row) for row in rows] if self._make else rows


class PreparedModels(Prepared):
    """The same for a query of models: returns instances, joined ones included.

    What peewee finds out for each result anew, which column is which field of which model, is found out once as well:
    measured, that and the writing of attributes one by one were two thirds of what a row cost.
    """

    def __init__(self, build: Callable[[Slots], object]):
        super().__init__(build)
        self._makers: dict[type, Callable] = {}

    def __call__(self, **values) -> list:
        query, sql, _, given = self._ready(values)
        cursor = database.execute_sql(sql, given)
        kind = type(database.obj)
        if kind not in self._makers:
            self._makers[kind] = _maker(query, cursor)
        return [self._makers[kind](row) for row in cursor.fetchall()]


class PreparedChange(Prepared):
    """The same for a statement that writes; returns how many rows it wrote. One with RETURNING is `Prepared`.

    Columns that are not named get the default of the moment when it was worked out: name each that is to be another.
    """

    def __call__(self, **values) -> int:
        _, sql, _, given = self._ready(values)
        return database.execute_sql(sql, given).rowcount


def _maker(query, cursor) -> Callable:
    """Return the function that makes an instance of a row of `query`, whose columns `cursor` tells."""
    result = query.clone()._get_cursor_wrapper(cursor)
    result.initialize()
    result.cursor = None  # nothing of the connection is kept
    fields = query.selected_columns
    if not all(isinstance(field, Field | FieldAlias) for field in fields):
        return result.process_row
    converters = _converters(query)
    if isinstance(result, ModelObjectCursorWrapper):
        model, names = query.model, [field.name for field in fields]
        return lambda row: _instance(model, names, _converted(row, converters))
    return _joined_maker(result, query.model, fields, converters)


def _joined_maker(result: ModelCursorWrapper, root, fields: list, converters) -> Callable:
    """The same for several models, which `result` knows how to join. An outer one of which nothing is there is None."""
    columns: dict = {source: ([], []) for source, *_ in result._constructor_list}
    for position, field in enumerate(fields):
        positions, names = columns[field.source if isinstance(field, FieldAlias) else field.model]
        positions.append(position)
        names.append(field.name)
    parts = [(source, model, *columns[source]) for source, model, _ in result._constructor_list]
    # What is joined to something joined, or only leads on and is not read itself, is peewee's business.
    if not all(names for *_, names in parts) or any(source is not root for source, *_ in result.src_to_dest):
        return result.process_row

    def make(row):
        values, found = _converted(row, converters), {}
        for source, model, positions, names in parts:
            own = [values[position] for position in positions]
            there = source is root or any(value is not None for value in own)
            found[source] = _instance(model, names, own) if there else None
        for source, name, target, _, is_outer, is_key in result.src_to_dest:
            one, other = found[source], found[target]
            if one is None or (other is None and not is_outer):
                continue
            if other is None and is_key:
                one.__rel__[name] = None
            else:
                setattr(one, name, other)
                one._dirty.clear()
        return found[root]

    return make


def _instance(model, names: list[str], values: list):
    """Return an instance of `model` as it was read: with these columns, and nothing changed."""
    found = model(__no_default__=True)
    found.__data__ = dict(zip(names, values, strict=True))
    return found


def _converters(query) -> list[tuple[int, Callable]]:
    """Return (position, conversion) of the columns that a driver may hand over as something else than what they are."""
    found = []
    while hasattr(query, "lhs"):  # the columns of a union are those of its first part
        query = query.lhs
    columns = query.selected_columns if isinstance(query, SelectBase) else query._returning or ()
    for position, column in enumerate(columns):
        field = column.unalias() if hasattr(column, "unalias") else column
        if isinstance(field, DateTimeField):
            found.append((position, moment_of))
        elif isinstance(field, DateField | BooleanField | JSONField | DecimalField):
            found.append((position, field.python_value))
    return found


def _converted(row, converters) -> list:
    row = list(row)
    for position, convert in converters:
        row[position] = convert(row[position])
    return row


def moment_of(value):
    """Return a datetime: SQLite keeps times as ISO text, PostgreSQL as what they are."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


class PreparedRows:
    """Writes whole rows of a model by statements that are worked out once; whatever is not a whole row is refused."""

    def __init__(self, model):
        self._fields = list(model._meta.sorted_fields)
        self._key = model._meta.primary_key
        self._table = model._meta.table_name
        self._rest = [field for field in self._fields if field is not self._key]
        self._nothing = dict.fromkeys(field.name for field in self._rest)
        self._known: dict[tuple, str] = {}

    def is_whole(self, row) -> bool:
        """Tell whether `row` has a value for each column: one that was read in part must not be written as a whole."""
        return all(field.name in row.__data__ for field in self._rest)

    def insert(self, row) -> None:
        """Insert `row` and give it the key that the database chose; what nobody gave it is NULL."""
        names = ", ".join(f'"{field.column_name}"' for field in self._rest)
        marks = ", ".join([database.obj.param] * len(self._rest))
        sql = self._statement("insert", lambda: (
            f'INSERT INTO "{self._table}" ({names}) VALUES ({marks}) RETURNING "{self._key.column_name}"'))  # noqa: S608
        data = self._nothing | row.__data__
        row._populate_unsaved_relations(data)
        [(key,)] = database.execute_sql(sql, self._values(data)).fetchall()
        setattr(row, self._key.name, key)
        row._dirty.clear()

    def update(self, row) -> int:
        """Write all columns of `row`; return how many rows that were: 1, or 0 where there is none any more."""
        mark = database.obj.param
        sql = self._statement("update", lambda: (
            f'UPDATE "{self._table}" SET '  # noqa: S608
            + ", ".join(f'"{field.column_name}" = {mark}' for field in self._rest)
            + f' WHERE "{self._key.column_name}" = {mark}'))
        changed = database.execute_sql(sql, [*self._values(row.__data__), row.__data__[self._key.name]]).rowcount
        row._dirty.clear()
        return changed

    def _statement(self, kind: str, write) -> str:
        known = kind, type(database.obj)
        if known not in self._known:
            self._known[known] = write()
        return self._known[known]

    def _values(self, data: dict) -> list:
        return [json_text(data[field.name]) if isinstance(field, JSONField) else field.db_value(data[field.name])
                for field in self._rest]


def json_text(value) -> str | None:
    """Return what a column of the kind JSON takes: the value for a slot, too."""
    return None if value is None else json.dumps(value, separators=(",", ":"))
