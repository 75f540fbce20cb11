"""Holds one range of the ledger against its promises, in one pass over raw rows: what `portal check` is made of.

Everything here works on what the driver returns and needs no application, so that several processes can share the
work (see walking.py). A walk over a range returns what it saw as a `Seen`; those of all ranges are added up.
"""

import datetime
import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field

from portal.cases.counters import Change
from portal.cases.counting import Standing
from portal.cases.timeline import SEALED, digest_of
from portal.db import database, is_postgres
from portal.values import OPEN_PHASES

#: How many breaches of one range are put into words; all are counted.
TOLD = 200

_AT, _STEP, _TO, _HOLDER, _DATA = (SEALED.index(name) for name in ("at", "step", "to_state", "holder_id", "data"))
_OPENED = 11 + Standing._fields.index("opened")

#: How many ids of cases are read at once: the memory that a walk takes.
AT_ONCE = 2000
#: What the data of most entries is, as SQLite keeps it.
DUE = re.compile(r'\{"due":"[-0-9T:.]+"\}').fullmatch
NOT_DUE = '{"due":null}'

CASES = (
    "SELECT id, number, kind, state, phase, unit_id, due, paused_at, closed, replied, no_reply_because,"
    f" {', '.join(Standing._fields)} FROM cases_case WHERE id > ? AND id <= ? ORDER BY id"
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
    counters (`change`) and the series should hold. `numbers` is {(county, stem of the number): [how many, the
    largest]}.

    Of several that are added up (`add`) the counters of cases are in `tallies`; the flows are the caller's, because
    there are as many as cases."""

    rows: int = 0
    count: int = 0
    breaches: list = field(default_factory=list)
    change: Change = field(default_factory=Change)
    tallies: Counter = field(default_factory=Counter)
    numbers: dict = field(default_factory=dict)

    def tell(self, key: int, sentence: str) -> None:
        self.count += 1
        if len(self.breaches) < TOLD:
            self.breaches.append((key, sentence))

    def add(self, other: "Seen") -> None:
        self.rows, self.count = self.rows + other.rows, self.count + other.count
        self.breaches += other.breaches[:max(TOLD - len(self.breaches), 0)]
        self.tallies.update(other.change.tallies)
        for key, (count, largest) in other.numbers.items():
            mine = self.numbers.get(key, (0, 0))
            self.numbers[key] = [mine[0] + count, max(mine[1], largest)]


def fetched(sql: str, values=()) -> list[tuple]:
    return database.execute_sql(sql.replace("?", "%s") if is_postgres() else sql, values).fetchall()


def walk(after: int, last: int, rules: Rules) -> Seen:
    """Look at the cases with `after` < id <= `last`: timeline, promises 1 to 3, and what they add to the counters."""
    seen = Seen()
    for start in range(after, last, AT_ONCE):
        _walk(seen, start, min(start + AT_ONCE, last), rules)
    return seen


def _walk(seen: Seen, after: int, last: int, rules: Rules) -> None:
    replies: dict[int, list[str]] = {}
    for key, text in fetched(REPLIES, (after, last)):
        replies.setdefault(key, []).append(text)
    rows, at, events = fetched(EVENTS, (after, last)), 0, []
    seen.rows += len(rows)
    rows.append((last + 1,))
    for row in fetched(CASES, (after, last)):
        key = row[0]
        while rows[at][0] < key:
            at = _without_case(seen, rows, at)
        begun = at
        while rows[at][0] == key:
            at += 1
        events = rows[begun:at]
        broken, stands, told = _told(events)
        for sentence in _breaches(row, broken, stands, told, replies.get(key, []), rules):
            seen.tell(key, sentence)
        if broken is None and events[0][_AT] != row[_OPENED]:
            seen.tell(key, f"案件 {row[1]} 的登记时间与经过不符。")
        seen.rows += 1
        _count(seen, row)
    while at < len(rows) - 1:
        at = _without_case(seen, rows, at)


def _without_case(seen: Seen, rows: list, at: int) -> int:
    """Tell of entries whose case is gone; return where those of the next one begin."""
    key = rows[at][0]
    seen.tell(key, f"案件（第 {key} 行）被删去了，它的经过还在。")
    while rows[at][0] == key:
        at += 1
    return at


def _told(events: list[tuple]) -> tuple[int | None, tuple | None, list[str | None]]:
    """Read one timeline: the number of the first entry whose seal does not hold (None: all hold), what the last one
    says of the case (state, unit, due moment), and the answers that were given; None instead of each answer where what
    is kept of a person was erased, because the answers outside the timeline lost the name then."""
    before, replies, data, erased = "", [], {}, False
    for expected, row in enumerate(events, 1):
        data = row[_DATA]
        if data.__class__ is str:  # SQLite keeps JSON as text
            if data == NOT_DUE:
                data = {"due": None}
            else:
                data = {"due": data[8:-2]} if DUE(data) else json.loads(data)
        if len(data) > 1 and data.get("reply"):
            replies.append(data["reply"])
        erased = erased or row[_STEP] == "erase"
        digest = row[-1]
        if row[1] != expected or digest != digest_of(before, [*row[:_AT], str(row[_AT]), *row[_AT + 1:_DATA], data]):
            return expected, None, replies
        before = digest
    told = [None] * len(replies) if erased else replies
    return (None, (row[_TO], row[_HOLDER], data.get("due")), told) if events else (1, None, told)


def _breaches(row, broken: int | None, stands: tuple | None, told: list[str | None], replies: list[str],
              rules: Rules):
    """Yield a sentence for each promise that the case does not keep."""
    number, kind, state, phase, unit, due, paused, closed, replied, because = row[1:11]
    is_open, known = phase in OPEN_PHASES, rules.phases.get(kind)
    if broken is not None:
        yield f"案件 {number} 的经过从第 {broken} 条起被改动过。"
    elif (state, unit, _moment(due)) != stands:
        yield f"案件 {number} 现在的环节、承办单位或期限与经过不符。"
    elif known is not None and known.get(state) != phase:
        yield f"案件 {number} 的环节与阶段不符。"
    if broken is None and (len(replies) != len(told) or replies != told and None not in told):
        yield f"案件 {number} 的答复与经过里写的不符。"
    if not is_open:
        if (replied is None and not because) or closed is None:
            yield f"案件 {number} 已经办结，却没有给来办事的人答复，也没有写明理由，或没有办结时间。"
        return
    if (due is None and paused is None) or closed is not None:
        yield f"案件 {number} 没有办结，却没有期限也没有停表，或已写上办结时间。"
    if unit in rules.gone or known is not None and state in known and state not in rules.moves[kind]:
        yield f"案件 {number} 没有人能往下办：承办单位已停用，或没有下一步。"


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
    """Add one case to what the counters and the series should hold."""
    number, standing = row[1], Standing(*row[11:])
    if standing.opened.__class__ is str:  # as SQLite keeps moments
        standing = standing._replace(
            opened=_time(standing.opened), closed=_time(standing.closed), owed=_time(standing.owed),
        )
    seen.change.count(standing, 1)
    county = standing.county_id
    stem, _, digits = number.rpartition("-")
    value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) >= 4 else 0
    if len(digits) > 4 and digits[0] == "0":
        value = 0
    kept = seen.numbers.setdefault((county, stem if value else number), [0, 0])
    kept[0] += 1
    if value > kept[1]:
        kept[1] = value


def _time(value: str | None) -> datetime.datetime | None:
    return datetime.datetime.fromisoformat(value) if value else None
