"""Holds one range of the ledger against its promises, in one pass over raw rows: what `portal check` is made of.

Everything here works on what the driver returns and needs no application, so that several processes can share the
work (see walking.py). A walk over a range returns what it saw as a `Seen`; those of all ranges are added up.
"""

import datetime
import functools
import hashlib
import itertools
import json
from collections import Counter
from dataclasses import dataclass, field
from operator import itemgetter

from portal.cases import tallies
from portal.cases.timeline import SEALED, digest_of
from portal.db import database, is_postgres
from portal.values import OPEN_PHASES

#: How many breaches of one range are put into words; all are counted.
TOLD = 200

_case = itemgetter(0)
_AT, _STEP, _TO, _HOLDER, _DATA = (SEALED.index(name) for name in ("at", "step", "to_state", "holder_id", "data"))

CASES = (
    "SELECT c.id, c.number, c.kind, c.state, c.phase, c.unit_id, c.due, c.paused_at, c.closed, c.replied,"
    " c.no_reply_because, c.opened, c.late, c.rating, r.at, c.county_id, c.town_id, c.village_id, c.grid_id, c.line_id"
    " FROM cases_case c LEFT JOIN cases_rating r ON r.case_id = c.id WHERE c.id > ? AND c.id <= ? ORDER BY c.id"
)
EVENTS = (
    f"SELECT {', '.join(SEALED)}, digest FROM cases_event WHERE case_id > ? AND case_id <= ? ORDER BY case_id, seq"
)
REPLIES = "SELECT case_id, text FROM cases_reply WHERE case_id > ? AND case_id <= ? ORDER BY case_id, id"


@dataclass(frozen=True)
class Rules:
    """What the kinds of the running application say, in plain values: `phases` {kind: {state: phase}}, `moves`
    {kind: states that some step leaves}; `gone` are the ids of the units that are closed."""

    phases: dict[str, dict[str, str]]
    moves: dict[str, frozenset[str]]
    gone: frozenset[int]


@dataclass
class Seen:
    """What a walk saw: rows read, breaches (counted, the first in words with the id of the case), and what the
    counters and the series should hold. `numbers` is {(county, stem of the number): [how many, the largest]}."""

    rows: int = 0
    count: int = 0
    breaches: list = field(default_factory=list)
    tallies: Counter = field(default_factory=Counter)
    flows: dict = field(default_factory=dict)
    places: dict = field(default_factory=dict)
    numbers: dict = field(default_factory=dict)

    def tell(self, key: int, sentence: str) -> None:
        self.count += 1
        if len(self.breaches) < TOLD:
            self.breaches.append((key, sentence))

    def add(self, other: "Seen") -> None:
        self.rows, self.count = self.rows + other.rows, self.count + other.count
        self.breaches += other.breaches[:max(TOLD - len(self.breaches), 0)]
        self.tallies.update(other.tallies)
        self.places |= other.places
        for key, sums in other.flows.items():
            self.flows[key] = [mine + more for mine, more in zip(self.flows.get(key, NONE), sums, strict=True)]
        for key, (count, largest) in other.numbers.items():
            mine = self.numbers.get(key, (0, 0))
            self.numbers[key] = [mine[0] + count, max(mine[1], largest)]


NONE = (0,) * len(tallies.FLOWS)


def fetched(sql: str, values=()) -> list[tuple]:
    return database.execute_sql(sql.replace("?", "%s") if is_postgres() else sql, values).fetchall()


def walk(after: int, last: int, rules: Rules) -> Seen:
    """Look at the cases with `after` < id <= `last`: timeline, promises 1 to 3, and what they add to the counters."""
    seen = Seen()
    events = itertools.groupby(_decoded(fetched(EVENTS, (after, last))), _case)
    replies = {key: [text for _, text in some]
               for key, some in itertools.groupby(fetched(REPLIES, (after, last)), _case)}
    here, entries = next(events, (None, ()))
    for row in fetched(CASES, (after, last)):
        while here is not None and here < row[0]:
            seen.tell(here, f"案件（第 {here} 行）被删去了，它的经过还在。")
            here, entries = next(events, (None, ()))
        own = list(entries) if here == row[0] else []
        if own:
            here, entries = next(events, (None, ()))
        seen.rows += 1 + len(own)
        for sentence in _breaches(row, own, replies.get(row[0], []), rules):
            seen.tell(row[0], sentence)
        _count(seen, row)
    while here is not None:
        seen.tell(here, f"案件（第 {here} 行）被删去了，它的经过还在。")
        here, entries = next(events, (None, ()))
    return seen


def _decoded(rows):
    """Yield the rows of EVENTS as lists in the form in which they were sealed, the stored digest last."""
    for row in rows:
        values = list(row)
        values[_AT] = str(row[_AT])
        if isinstance(row[_DATA], str):  # SQLite keeps JSON as text
            values[_DATA] = json.loads(row[_DATA])
        yield values


def _breaches(row, events: list[list], replies: list[str], rules: Rules):
    """Yield a sentence for each promise that the case does not keep."""
    number, kind, state, phase, unit, due, paused, closed, replied, because = row[1:11]
    if (broken := _broken_at(events)) is not None:
        yield f"案件 {number} 的经过从第 {broken} 条起被改动过。"
    elif (state, unit, _moment(due)) != (events[-1][_TO], events[-1][_HOLDER], events[-1][_DATA].get("due")):
        yield f"案件 {number} 现在的环节、承办单位或期限与经过不符。"
    if replies != [entry[_DATA]["reply"] for entry in events if entry[_DATA].get("reply")]:
        yield f"案件 {number} 的答复与经过里写的不符。"
    is_open, known = phase in OPEN_PHASES, rules.phases.get(kind)
    if is_open and ((due is None and paused is None) or closed is not None):
        yield f"案件 {number} 没有办结，却没有期限也没有停表，或已写上办结时间。"
    if not is_open and ((replied is None and not because) or closed is None):
        yield f"案件 {number} 已经办结，却没有给来办事的人答复，也没有写明理由，或没有办结时间。"
    if known is not None and known.get(state) != phase and events and events[-1][_TO] == state:
        yield f"案件 {number} 的环节与阶段不符。"
    elif is_open and (unit in rules.gone or known is not None and state not in rules.moves[kind]):
        yield f"案件 {number} 没有人能往下办：承办单位已停用，或没有下一步。"


def _broken_at(events: list[list]) -> int | None:
    """Return the number of the first entry whose seal does not hold, None where all do; 1 where there is none."""
    before = ""
    for expected, entry in enumerate(events, 1):
        if entry[1] != expected or entry[-1] != digest_of(before, entry[:-1]):
            return expected
        before = entry[-1]
    return None if events else 1


def _moment(value) -> str | None:
    return None if value is None else str(value).replace(" ", "T")


def entries_digest(after: int, last: int) -> tuple[int, str]:
    """Return how many entries of the timeline have ids after `after` up to `last`, and one digest over theirs."""
    digest, count = hashlib.sha256(), 0
    while some := fetched("SELECT id, digest FROM cases_event WHERE id > ? AND id <= ? ORDER BY id LIMIT 20000",
                          (after, last)):
        digest.update("".join(f"{key} {own}\n" for key, own in some).encode())
        count, after = count + len(some), some[-1][0]
    return count, digest.hexdigest()


# -- what the counters and the series should hold ---------------------------------------------------------------------

def _count(seen: Seen, row) -> None:
    (number, kind, _, phase), (closed, opened, late, rating, rated) = row[1:5], (row[8], *row[11:15])
    county, town, village, grid, line = row[15:20]
    leaf = grid or village or town or county
    axes = [("place", leaf)]
    seen.places["place", leaf] = {"county_id": county, "town_id": town, "village_id": village}
    if line:
        axes.append(("line", line))
        seen.places["line", line] = {"county_id": county}
    flows = [(_periods(str(opened)[:10]), (1, 0, 0, 0, 0, 0))]
    if closed is not None:
        spent = int((_time(closed) - _time(opened)).total_seconds() // 60)
        flows.append((_periods(str(closed)[:10]), (0, 1, 0 if late else 1, spent, 0, 0)))
    if rating is not None and rated is not None:
        flows.append((_periods(str(rated)[:10]), (0, 0, 0, 0, 1, rating)))
    for axis, unit in axes:
        seen.tallies[axis, unit, kind, phase] += 1
        for periods, changes in flows:
            for period in periods:
                sums = seen.flows.get((axis, unit, kind, period))
                seen.flows[axis, unit, kind, period] = changes if sums is None else tuple(map(int.__add__, sums, changes))
    stem, _, digits = number.rpartition("-")
    value = int(digits) if digits.isascii() and digits.isdigit() and f"{int(digits):04d}" == digits else 0
    kept = seen.numbers.setdefault((county, stem if value else number), [0, 0])
    kept[0] += 1
    kept[1] = max(kept[1], value)


@functools.lru_cache(maxsize=20_000)
def _periods(day: str) -> tuple[str, str]:
    return tallies.periods(datetime.date.fromisoformat(day))


def _time(value) -> datetime.datetime:
    return datetime.datetime.fromisoformat(value) if isinstance(value, str) else value
