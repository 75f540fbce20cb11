"""The plugin's own row of a case: one query whose SQL is worked out once, asked once for each case object."""

import functools

from peewee import OP, Expression, Field, Value

from portal.prepared import PreparedModels, Slots, numbered

#: Under this name a case object keeps those that it was read together with.
TOGETHER = "read_together"


class Detail:
    """Called with a case, it returns the one row that `build(slots)` finds for `slots.case`.

    Steps, facts and papers of one page all ask for it; the case object remembers the answer under its own name.
    """

    def __init__(self, build):
        self._build, self._read = build, PreparedModels(build)
        self._name = f"detail_{id(self)}"
        self._many: dict[int, PreparedModels] = {}

    def __call__(self, case):
        if self._name not in case.__dict__:
            if (others := case.__dict__.get(TOGETHER)) and self._column:
                self._read_of(others)
            else:
                [case.__dict__[self._name]] = self._read(case=case.id)
        return case.__dict__[self._name]

    @functools.cached_property
    def _column(self) -> Field | None:
        """The column that is asked for the case, if that is all that the query asks for."""
        asked = self._build(Slots())._where
        plain = isinstance(asked, Expression) and asked.op == OP.EQ and isinstance(asked.rhs, Value)
        return asked.lhs if plain and isinstance(asked.lhs, Field) else None

    def _read_of(self, cases: list) -> None:
        """Give each of `cases` its row, in one query; those of other kinds have none."""
        number = len(cases)
        if number not in self._many:
            self._many[number] = PreparedModels(lambda slots: self._of_many(slots, number))
        rows = self._many[number](**numbered("case", [case.id for case in cases]))
        found = {row.__data__[self._column.name]: row for row in rows}
        for case in cases:
            if case.id in found:
                case.__dict__.setdefault(self._name, found[case.id])

    def _of_many(self, slots, number: int):
        query = self._build(slots)
        query._where = self._column.in_(slots.many("case", number))
        return query


def read_together(cases: list) -> None:
    """Let the details of `cases` be read for all of them at once, as soon as somebody asks for that of one."""
    if len(cases) > 1:
        for case in cases:
            case.__dict__[TOGETHER] = cases
