"""A table as both engines have it: how its rows are written down, and which of them PostgreSQL could not hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from portal.commands.backups.manifest import Unusable
from portal.commands.moving.canonical import NULL, Form, Unfit, UnknownType, form_of, vector
from portal.commands.moving.source import INDEX, Table


class UnfitRow(Unusable):
    """A row of the source that PostgreSQL cannot hold; the message names its table, key and column."""


@dataclass(frozen=True)
class Shape:
    """A table of the source with the types that its columns have on the target, in the source's order."""

    table: Table
    kinds: tuple[str, ...]

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        if self.table.name == INDEX:
            return form_of("bigint"), Form(vector, vector)
        try:
            return tuple(map(form_of, self.kinds))
        except UnknownType as error:
            raise Unusable(f"表 {self.table.name} 有一列的类型是 {error}，不知道怎样核对；"
                           "请联系做这个插件的人。") from None

    @cached_property
    def key_on_target(self) -> list[str]:
        """The names of the key; texts sort by their bytes, as on SQLite."""
        return [
            f'"{self.table.columns[place]}"'
            + (' COLLATE "C"' if self.kinds[place].startswith(("character", "text")) else "")
            for place in self.table.key
        ]

    @cached_property
    def expressions(self) -> list[str]:
        """What gives the columns in their canonical form on the target."""
        return [form.expression.format(f'"{name}"') for form, name in zip(self.forms, self.table.columns, strict=True)]

    def lines(self, rows) -> Iterator[tuple[tuple, bytes, bytes]]:
        """Yield (row, canonical line, line for COPY FROM) for each row. Raises UnfitRow."""
        canonical = [form.canonical for form in self.forms]
        others = [(place, form.sent) for place, form in enumerate(self.forms) if form.sent is not form.canonical]
        row = None
        try:
            for row in rows:
                cells = [NULL if value is None else write(value)
                         for write, value in zip(canonical, row, strict=True)]
                line = ("\t".join(cells) + "\n").encode()
                if not others:
                    yield row, line, line
                    continue
                for place, write in others:
                    if row[place] is not None:
                        cells[place] = write(row[place])
                yield row, line, ("\t".join(cells) + "\n").encode()
        except Unfit:
            raise UnfitRow("；".join(self.wrong(row)) + "。") from None
        except UnicodeDecodeError:
            raise UnfitRow(f"表 {self.table.name} 有一行（在{self.said(row)}之后）的文字不是 UTF-8，"
                           "PostgreSQL 存不下；请先改好它。") from None

    def wrong(self, row: tuple) -> list[str]:
        """Return for each value of `row` that PostgreSQL cannot hold what is wrong with it."""
        found = []
        for name, form, value in zip(self.table.columns, self.forms, row, strict=True):
            try:
                if value is not None:
                    form.canonical(value)
            except Unfit as reason:
                found.append(f"表 {self.table.name} 的{self.said(row)}：{name} {reason}")
        return found

    def key_of(self, row: tuple) -> list:
        return [row[place] for place in self.table.key]

    def said(self, row: tuple | None) -> str:
        """Name a row by its key, for a sentence."""
        if row is None:
            return "开头"
        named = zip(self.table.key_names, self.key_of(row), strict=True)
        return "、".join(f"{name}={value}" for name, value in named)


def shapes_of(tables: list[Table], there: dict[str, dict[str, str]]) -> list[Shape]:
    """Return the shapes of `tables`, all of which the target has. Raises Unusable where columns differ."""
    found = []
    for table in tables:
        kinds = there[table.name]
        if set(kinds) != set(table.columns):
            odd = min(set(kinds) ^ set(table.columns))
            raise Unusable(f"表 {table.name} 两边的列不一样（{odd}），没有搬；请先在原来的实例上运行 portal migrate。")
        found.append(Shape(table, tuple(kinds[name] for name in table.columns)))
        found[-1].forms  # noqa: B018 - an unknown type is told now
    return found
