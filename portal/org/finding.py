"""Looks units up in the directory: what begins with the words first, then codes that do, then what holds them.

Within each of these three in the order of the codes: of the counties, in a county of the towns, in a town of its own.
"""

import unicodedata
from collections.abc import Iterator
from itertools import islice

from peewee import JOIN

from portal.db import database, is_postgres
from portal.org.directory import LINE, PART
from portal.org.models import PLACES, Unit, ids_of

LONGEST = 40
#: So many rows of the directory are taken at once: where the words stand in fewer, that is all there is.
FEW = 200
BEGINS, CODED, HOLDS = 0, 1, 2

#: The counties below a region and what else lies directly below one, region by region: CROSS JOIN keeps SQLite from
#: going through all units instead.
_TOPS = (
    "WITH RECURSIVE region(id) AS (SELECT CAST({mark} AS INTEGER) UNION ALL SELECT u.id FROM region r "
    "CROSS JOIN org_unit u WHERE u.parent_id = r.id AND u.level = 'region') "
    "SELECT u.code, u.id FROM region r CROSS JOIN org_unit u WHERE u.parent_id = r.id AND u.level <> 'region'"
)
#: Counties looked through at once: few at first, because common words stand in the first ones.
STEP, STRIDE = 20, 4


def find(person, words: str, limit: int, merged: bool = False) -> list[Unit]:
    """Return the units in the person's sight whose name, former name, code or pinyin initials hold `words`, at most
    `limit`; codes by their beginning.

    With `merged` also those that were merged into another unit. Each brings `above`, the short name of the unit that it
    belongs to, because names repeat inside a county; for people above the counties the whole way down from their unit.
    """
    words = unicodedata.normalize("NFC", words).strip()[:LONGEST].lower()
    if not words or person.post is None or any(mark in words for mark in (LINE, PART, "\0")):
        return []
    found: list[Unit] = []
    candidates = _Search(person, words, limit).ids()
    while len(found) < limit and (some := list(islice(candidates, max(limit, FEW // 10)))):
        found += _units(person, some, merged)
    found = found[:limit]
    top, level = person.post.unit.top
    if level == "region":
        _name_the_way(found, top)
    return found


def _name_the_way(found: list[Unit], top: int) -> None:
    """Let `above` be 绵阳市 / 三台县 / 塔山镇, what lies between `top` and the unit."""
    ways = {unit.id: [key for key in ids_of(unit.path)[:-1] if key != top] for unit in found}
    wanted = {key for way in ways.values() for key in way}
    shorts = dict(Unit.select(Unit.id, Unit.short).where(Unit.id.in_(wanted or [0])).tuples())
    for unit in found:
        way = ways[unit.id]
        way = way[ids_of(unit.path).index(top):] if top in ids_of(unit.path) else way
        unit.above = " / ".join(shorts[key] for key in way if key in shorts)


def _units(person, ids: list[int], merged: bool) -> list[Unit]:
    """Return those of `ids` that are in sight and in use, in this order."""
    usable = Unit.valid_to.is_null()
    if merged:
        usable |= Unit.successor.is_null(False)
    parent = Unit.alias()
    query = (
        Unit.seen_by(person).where(Unit.id.in_(ids), usable, Unit.level != "region")
        .select(Unit, parent.short.alias("above")).join(parent, JOIN.LEFT_OUTER, on=(Unit.parent == parent.id))
    )
    known = {unit.id: unit for unit in query.objects()}
    return [known[key] for key in ids if key in known]


class _Search:
    """One search: which rows of the directory it looks at, and which of their lines it takes."""

    def __init__(self, person, words: str, limit: int):
        self.words, self.few = words, max(FEW, limit)
        #: Only who types letters means initials, only who types figures alone means a code.
        self.plain, self.code = words.isascii(), words.isascii() and words.isdigit()
        self.column, self.keys = _sight(person)

    def ids(self) -> Iterator[int]:
        """Yield the ids of all units that fit, in their order; rows are read as they are needed."""
        holding = [("words", self.words)] + ([("codes", LINE + self.words)] if self.code else [])
        rows = list(islice(self._rows(holding), self.few + 1))
        if len(rows) <= self.few:
            found = [one for place, row in enumerate(rows) for one in self._lines(place, row)]
            yield from (key for _, _, key in sorted(found, key=lambda one: one[:2]))
            return
        beginning = [("words", LINE + self.words)] + ([("words", PART + self.words)] if self.plain else [])
        for rank, patterns in ((BEGINS, beginning), (CODED, holding[1:]), (HOLDS, holding[:1])):
            for row in self._rows(patterns) if patterns else ():
                yield from (key for at, _, key in self._lines(0, row) if at == rank)

    def _rows(self, patterns: list[tuple]) -> Iterator[tuple]:
        """Yield (code, words, codes, units) of places that hold one of `patterns` (column, text) and lie in sight, in
        the order of the counties' codes and then of their own."""
        holds = "strpos({}, {}) > 0" if is_postgres() else "instr({}, {}) > 0"
        mark, begin, number = database.obj.param, 0, STEP
        either = " OR ".join(holds.format(column, mark) for column, _ in patterns)
        while some := self.keys[begin:begin + number]:
            sql = (f"SELECT code, words, codes, units, {self.column} FROM org_directory WHERE "  # noqa: S608
                   f"{self.column} IN ({', '.join([mark] * len(some))}) AND ({either})")
            rows = database.execute_sql(sql, [*some, *(text for _, text in patterns)]).fetchall()
            order = {key: at for at, key in enumerate(some)}
            yield from sorted(rows, key=lambda row: (order[row[4]], row[0]))
            begin, number = begin + number, min(number * STRIDE, 1000)

    def _lines(self, place: int, row: tuple) -> Iterator[tuple[int, int, int]]:
        """Yield (rank, place, id) of the units of a row that fit."""
        _, words, codes, units, _ = row
        for line, code, key in zip(words.split(LINE)[1:], codes.split(LINE)[1:], units.split(","), strict=True):
            rank = self._rank(line, code)
            if rank is not None:
                yield rank, place, int(key)

    def _rank(self, line: str, code: str) -> int | None:
        words = self.words
        coded = self.code and code.startswith(words)
        if not coded and words not in line:
            return None
        name, initials, *former = line.split(PART)
        if name.startswith(words) or self.plain and initials.startswith(words):
            return BEGINS
        if coded:
            return CODED
        held = words in name or self.plain and words in initials or any(words in one for one in former)
        return HOLDS if held else None


def _sight(person) -> tuple[str, list[int]]:
    """Return a column of the directory and its values, in their order, for the places where the person sees a unit."""
    unit = person.post.unit
    top, level = unit.top
    if level == "county":
        return "top_id", [top]
    if level in PLACES:  # what is above, and the town with the village or grid in it
        return "place", [key for key in (unit.county_id, unit.town_id) if key]
    rows = database.execute_sql(_TOPS.format(mark=database.obj.param), [top]).fetchall()
    return "top_id", [key for _, key in sorted(rows)]
