"""Looks units up in the directory: what begins with the words first, then codes that do, then what holds them.

Within each of these three in the order of the codes: of the towns, in a town of its own. One statement takes the rows
of the directory that hold the words apart into their lines, and reads the units of those that fit.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from peewee import CTE, JOIN, SQL, NodeList, fn

from portal.db import database, is_postgres
from portal.org.directory import BEGIN, LINE, MARKS
from portal.org.models import PLACES, Unit, ids_of
from portal.prepared import PreparedModels, Slots, numbered, unindexed

LONGEST = 40
SLOT = r"(?<!:):([a-z]+\d*)"
BEGINS, CODED, HOLDS = 0, 1, 2

#: The counties below a region and what else lies directly below one, region by region: CROSS JOIN keeps SQLite from
#: going through all units instead.
_TOPS = (
    "WITH RECURSIVE region(id) AS (SELECT CAST({mark} AS INTEGER) UNION ALL SELECT u.id FROM region r "
    "CROSS JOIN org_unit u WHERE u.parent_id = r.id AND u.level = 'region') "
    "SELECT u.code, u.id FROM region r CROSS JOIN org_unit u WHERE u.parent_id = r.id AND u.level <> 'region'"
)
#: Counties looked through at once: few at first, because common words stand in the first ones.
STEP, STRIDE, MOST = 5, 4, 1000

#: The rows `wanted` taken apart: `words`, `code` and `id` of each unit. SQLite takes lists apart as JSON.
_APART = {
    True: f"""
        SELECT town, l.place, l.words, l.code, l.id FROM wanted CROSS JOIN LATERAL unnest(
            string_to_array(wanted.words, chr({ord(LINE)})), string_to_array(codes, chr({ord(LINE)})),
            string_to_array(units, ',')::int[]) WITH ORDINALITY AS l(words, code, id, place)""",
    False: f"""
        SELECT town, l.key AS place, l.value AS words,
            '[' || replace(json_quote(codes), char({ord(LINE)}), '","') || ']' ->> l.key AS code,
            '[' || units || ']' ->> l.key AS id
        FROM wanted CROSS JOIN json_each('[' || replace(json_quote(words), char({ord(LINE)}), '","') || ']') AS l""",
}


def find(person, words: str, limit: int, merged: bool = False) -> list[Unit]:
    """Return the units in the person's sight whose name, former name, code or pinyin initials hold `words`, at most
    `limit`; codes by their beginning.

    With `merged` also those that were merged into another unit. Each brings `above`, the short name of the unit that it
    belongs to, because names repeat inside a county; for people above the counties the whole way down from their unit.
    """
    words = unicodedata.normalize("NFC", words).strip()[:LONGEST].lower()
    if not words or person.post is None or any(mark in words for mark in MARKS + "\0"):
        return []
    unit = person.post.unit
    top, level, path = unit.sight
    column, keys = _places(unit, top, level)
    above = ids_of(path)
    values = {"words": words, "begin": BEGIN + words, "top": top, "town": unit.town_id, "path": path,
              **numbered("above", above)}
    shape = _Shape(level if level in PLACES else "region", len(above), column, words.isascii() and words.isdigit(),
                   merged, limit)
    found: list[Unit] = []
    for some in _strides(keys):
        # Those of further counties come after what is there in each rank: only better ones are still wanted.
        worst = found[-1].rank - 1 if len(found) == limit else HOLDS
        if worst < BEGINS:
            break
        statement = _statement(shape, len(some), worst)
        found += statement(keys=",".join(map(str, some)), **numbered("key", some), **values)
        found = sorted(found, key=lambda one: one.rank)[:limit]
    if level not in PLACES:
        _name_the_way(found, top)
    return found


def _places(unit, top: int, level: str) -> tuple[str, list[int]]:
    """Return a column of the directory and its values, in their order, for the places where its people see a unit."""
    if level == "county":
        return "top_id", [top]
    if level in PLACES:  # what is above, and the town with the village or grid in it
        return "place", [key for key in (unit.county_id, unit.town_id) if key]
    rows = database.execute_sql(_TOPS.format(mark=database.obj.param), [top]).fetchall()
    return "top_id", [key for _, key in sorted(rows)]


def _strides(keys: list[int]) -> Iterator[list[int]]:
    begin, number = 0, STEP
    while some := keys[begin:begin + number]:
        yield some
        begin, number = begin + number, min(number * STRIDE, MOST)


class _Shape(NamedTuple):
    """What makes a statement another one: the reader's level and how many units are above, and what is asked for."""

    level: str
    depth: int
    column: str
    coded: bool
    merged: bool
    limit: int


@functools.lru_cache(256)
def _statement(shape: _Shape, number: int, worst: int) -> PreparedModels:
    """Return the statement that finds units of the rank `worst` and better in `number` places."""
    return PreparedModels(lambda slots: _found(slots, shape, _lines(slots, shape, number, worst)))


def _found(slots: Slots, shape: _Shape, line: CTE):
    usable = Unit.valid_to.is_null()
    if shape.merged:
        usable |= Unit.successor.is_null(False)
    sight = Unit.in_sight(
        shape.level, slots.top, slots.town, slots.path, slots.many("above", shape.depth), place=unindexed)
    parent = Unit.alias()
    query = Unit.select(Unit, parent.short.alias("above"), line.c.rank).with_cte(line).from_(
        line.join(Unit, JOIN.CROSS).join(parent, JOIN.LEFT_OUTER, on=(parent.id == _each(Unit.parent))))
    query = query.where(Unit.id == _each(line.c.id), sight, usable, Unit.level != "region")
    # The number itself: SQLite works a statement out anew each time if it has a slot for its limit.
    return query.order_by(line.c.rank, line.c.town, line.c.place).limit(SQL(f"{shape.limit}")).objects()


def _each(column):
    """Return `column` so that PostgreSQL looks units up by their keys one by one: it joins by nothing else then, and
    never goes through all units because it takes the lines for many more than are shown."""
    return fn.ANY(NodeList((SQL("ARRAY["), column, SQL("]")), glue="")) if is_postgres() else column


def _lines(slots: Slots, shape: _Shape, number: int, worst: int) -> CTE:
    """Return the lines that fit in their order, so that PostgreSQL reads no more units than it shows."""
    has, held = "strpos" if is_postgres() else "instr", ":words" if worst == HOLDS else ":begin"
    rows, fits, rank = f"{has}(d.words, {held}) > 0", f"{has}(words, {held}) > 0", f"{has}(words, :begin) > 0 THEN 0"
    if shape.coded and worst >= CODED:
        rows += f" OR {has}(d.codes, :begin) > 0"
        fits += f" OR {has}(code, :begin) > 0"
        rank += f" WHEN {has}(code, :begin) > 0 THEN 1"
    keys = "= ANY(string_to_array(:keys, ',')::int[])"  # PostgreSQL plans for each parameter of an IN anew
    if number <= STEP or not is_postgres():
        keys = f"IN ({', '.join(f':key{at}' for at in range(number))})"
    text = ("WITH wanted AS MATERIALIZED (SELECT d.code AS town, d.words, d.codes, d.units "  # noqa: S608
            f"FROM org_directory AS d WHERE d.{shape.column} {keys} AND ({rows})) "
            f"SELECT id, town, place, CASE WHEN {rank} ELSE 2 END AS rank FROM ({_APART[is_postgres()]}) AS every "
            f"WHERE {fits} ORDER BY rank, town, place")
    names = re.findall(SLOT, text)
    return CTE("line", SQL(re.sub(SLOT, database.obj.param, text), tuple(map(slots.plain, names))))


def _name_the_way(found: list[Unit], top: int) -> None:
    """Let `above` be 绵阳市 / 三台县 / 塔山镇, what lies between `top` and the unit."""
    ways = {unit.id: [key for key in ids_of(unit.path)[:-1] if key != top] for unit in found}
    wanted = {key for way in ways.values() for key in way}
    shorts = dict(Unit.select(Unit.id, Unit.short).where(Unit.id.in_(wanted or [0])).tuples())
    for unit in found:
        way = ways[unit.id]
        way = way[ids_of(unit.path).index(top):] if top in ids_of(unit.path) else way
        unit.above = " / ".join(shorts[key] for key in way if key in shorts)
