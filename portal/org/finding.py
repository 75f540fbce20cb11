"""Looks units up in the directory: what begins with the words first, then codes that do, then what holds them.

Within each of these three in the order of the codes: of the counties, in a county of the towns, in a town of its own.
"""

import unicodedata
from collections.abc import Iterator
from itertools import islice

from peewee import JOIN

from portal.db import database, is_postgres
from portal.org.directory import LINE, PART
from portal.org.models import PLACES, Unit

LONGEST = 40
#: So many rows of the directory are taken at once: where the words stand in fewer, that is all there is.
FEW = 200
BEGINS, CODED, HOLDS = 0, 1, 2

#: The counties below a region, in the order of their codes, and what else lies directly below one; asked for region by
#: region, because nothing else in them is looked at.
_TOPS = (
    "WITH RECURSIVE region(id) AS (SELECT CAST({mark} AS INTEGER) UNION ALL SELECT u.id FROM org_unit u "
    "JOIN region r ON u.parent_id = r.id WHERE u.level = 'region') "
    "SELECT u.id FROM org_unit u JOIN region r ON u.parent_id = r.id WHERE u.level <> 'region' ORDER BY u.code"
)
#: Counties looked through at once: few at first, because common words stand in the first ones.
STEP, STRIDE = 20, 4


def find(person, words: str, limit: int, merged: bool = False) -> list[Unit]:
    """Return the units in the person's sight whose name, former name, code or pinyin initials hold `words`, at most
    `limit`; codes by their beginning.

    With `merged` also those that were merged into another unit. Each brings `above`, the short name of the unit that it
    belongs to: names repeat inside a county.
    """
    words = unicodedata.normalize("NFC", words).strip()[:LONGEST].lower()
    if not words or LINE in words or PART in words or person.post is None:
        return []
    found: list[Unit] = []
    candidates = _Search(person, words, limit).ids()
    while len(found) < limit and (some := list(islice(candidates, max(limit, FEW // 10)))):
        found += _units(person, some, merged)
    return found[:limit]


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
    return "top_id", [key for (key,) in rows]
