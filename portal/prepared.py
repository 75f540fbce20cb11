"""Queries whose SQL is worked out once: on the pages that everybody opens, working it out costs more than running it.

Measured on the list of cases, building and writing out peewee's queries was a third of the page's CPU time.
"""

from collections.abc import Callable
from datetime import datetime

from peewee import BooleanField, DateField, DateTimeField, DecimalField, JSONField, Value

from portal.db import database


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


def numbered(name: str, values) -> dict:
    """Return {name0: first, name1: second ...}: the values for `slots.many`."""
    return {f"{name}{position}": value for position, value in enumerate(values)}


class Prepared:
    """`build(slots)` returns a select query with slots for its values; calling this with the values runs it.

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
    """The same for a query of models: returns instances, joined ones included."""

    def __call__(self, **values) -> list:
        query, sql, _, given = self._ready(values)
        return list(query.clone().execute(_Run(sql, given)))


class _Run:
    """What a query asks for its cursor."""

    def __init__(self, sql: str, parameters: list):
        self._sql, self._parameters = sql, parameters

    def execute(self, query):
        return database.execute_sql(self._sql, self._parameters)


def _converters(query) -> list[tuple[int, Callable]]:
    """Return (position, conversion) of the columns that a driver may hand over as something else than what they are."""
    found = []
    while hasattr(query, "lhs"):  # of several joined by UNION the first says what the columns are
        query = query.lhs
    for position, column in enumerate(query.selected_columns):
        field = column.unalias() if hasattr(column, "unalias") else column
        if isinstance(field, DateTimeField):
            found.append((position, _moment))
        elif isinstance(field, DateField | BooleanField | JSONField | DecimalField):
            found.append((position, field.python_value))
    return found


def _converted(row, converters) -> list:
    row = list(row)
    for position, convert in converters:
        row[position] = convert(row[position])
    return row


def _moment(value):
    """Return a datetime: SQLite keeps times as ISO text, PostgreSQL as what they are."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
