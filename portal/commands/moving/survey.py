"""Looks for rows that PostgreSQL could not hold before anything is copied: nobody should learn of them hours later."""

from portal.commands.backups.manifest import Unusable
from portal.commands.moving.canonical import INTEGERS
from portal.commands.moving.shapes import Shape
from portal.commands.moving.source import INDEX, Source

#: How many rows of a table are named.
NAMED = 20


def survey(source: Source, shapes: list[Shape], say) -> None:
    """Raise Unusable, naming each row, where SQLite holds what PostgreSQL cannot: a text with NUL or longer than its
    column, a number out of range, or something of another type. What SQL does not see is found while it is copied."""
    found = []
    for number, shape in enumerate(shapes, 1):
        if shape.table.name != INDEX:
            found += _of_table(source, shape)
        say("查看原来的数据", number, len(shapes))
    if found:
        say.finish()
        raise Unusable(f"原来的数据里有 {len(found)} 处 PostgreSQL 存不下，什么也没有复制。{'；'.join(found[:NAMED])}。"
                       "请在原来的实例上改好，再运行同一条命令。")


def _of_table(source: Source, shape: Shape) -> list[str]:
    conditions = [one for name, kind in zip(shape.table.columns, shape.kinds, strict=True)
                  if (one := _condition(f'"{name}"', kind))]
    if not conditions:
        return []
    columns = ", ".join(f'"{name}"' for name in shape.table.columns)
    try:
        rows = source.ask(f'SELECT {columns} FROM "{shape.table.name}" '  # noqa: S608 - names from the catalogue
                          f"WHERE {' OR '.join(conditions)} LIMIT {NAMED}")
    except UnicodeDecodeError:
        return [f"表 {shape.table.name} 有文字不是 UTF-8"]
    return [sentence for row in rows for sentence in shape.wrong(row)]


def _condition(name: str, kind: str) -> str:
    """Return in SQLite's words what may not be in a column of PostgreSQL's type `kind`; "" where nothing is known."""
    base, _, given = kind.partition("(")
    if base in INTEGERS:
        most = (1 << INTEGERS[base]) - 1
        return f"(typeof({name}) NOT IN ('integer', 'null') OR {name} > {most} OR {name} < {-most - 1})"
    if base in ("text", "character varying", "character"):
        longer = f" OR length({name}) > {int(given.rstrip(')'))}" if given else ""
        return f"(typeof({name}) NOT IN ('text', 'null') OR instr({name}, char(0)) > 0{longer})"
    if kind in ("jsonb", "json"):
        return f"instr({name}, '\\u0000') > 0"
    if kind.startswith(("timestamp", "date", "time")):
        return f"typeof({name}) NOT IN ('text', 'null')"
    return ""
