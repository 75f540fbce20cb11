"""What millions of cases are made of: the rows of one case in each table, as they would lie after three years.

How long a case takes is drawn (a few days for most) and compared with its age, so that what is open, overdue and
closed keeps the proportions of a working county whatever the number of cases.
"""

import bisect
import datetime
import itertools
import random
from dataclasses import dataclass

from bench.counted import Counted
from bench.county import County
from bench.fill import TO_ACCEPT
from bench.search import MATTERS, SAYING, WHERE
from portal import db
from portal.cases import timeline
from portal.search import grams, index

DAYS = 1095
#: Days until most cases are done, on the mean; and the limits that they have.
MEAN, LIMITS = 5.0, (5, 10, 20, 20, 30)
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周", "兰芳强伟军秀敏静丽平"
PAUSED = "等待申请人补正材料"


@dataclass(frozen=True)
class Kind:
    """A kind of case: its share of a thousand, ways in, states of open and closed ones, and where it lies last:
    (share, office of the town, "" for the village, "line" for the county's department, "grid" for the grid)."""

    name: str
    prefix: str
    share: int
    channels: tuple[str, ...]
    fresh: str
    at_work: tuple[str, ...]
    paused: str
    done: tuple[str, ...]
    holders: tuple[tuple[int, str], ...]
    lined: float
    in_grid: bool = False


KINDS = (
    Kind("station.request", "FW", 600, ("window", "window", "window", "visit", "proxy", "phone"), "received",
         ("accepted", "at_town", "at_county", "decided"), "correcting", ("archived",) * 8 + ("delivered",),
         ((70, ""), (90, "便民服务中心"), (100, "line")), 1.0),
    Kind("grid.event", "WG", 300, ("grid", "grid", "grid", "public", "hotline", "meeting"), "reported",
         ("handling", "handling", "sent", "checking"), "", ("archived", "archived", "done"),
         ((30, "grid"), (80, ""), (95, "综治中心"), (100, "line")), 0.4, True),
    Kind("mediation.dispute", "TJ", 90, ("found", "asked", "asked", "grid", "police"), "registered",
         ("accepted", "named", "mediating", "performing"), "", ("archived", "archived", "settled", "failed"),
         ((80, ""), (100, "司法所")), 0.2),
    Kind("village_rules.charter", "GY", 10, ("meeting",), "collecting", ("drafting", "reviewing", "voting", "filing"),
         "", ("in_force", "repealed"), ((100, ""),), 0.0),
)
PHASES = {"accepted": "accepted", "sent": "accepted", "named": "accepted", "drafting": "accepted"}

CASE = (
    "id", "number", "kind", "title", "county_id", "town_id", "village_id", "grid_id", "line_id", "unit_id", "person_id",
    "channel", "applicant", "no_reply_because", "state", "phase", "opened", "due", "closed", "replied", "rating",
    "limit_amount", "clock_start", "paused_at", "pause_reason", "late", "owed", "halted", "redone", "created_by_id",
    "version",
)
EVENT = (
    "county_id", "case_id", "seq", "at", "step", "title", "actor_id", "actor_name", "post_title", "unit_id",
    "unit_name", "from_state", "to_state", "holder_id", "holder_name", "text", "data", "digest",
)
REQUEST = ("case_id", "county_id", "window_id", "received_by_id", "accepted_at")
GRID_EVENT = ("case_id", "county_id", "town_id", "village_id", "grid_id", "reported_from_id", "reported_by_id",
              "handled_level", "handled_at")
DISPUTE = ("case_id", "county_id", "subject", "accepted_at")
CHARTER = ("case_id", "county_id", "town_id", "village_id", "unit_id", "edition", "status")
#: The rows of one batch, by what they are.
TABLES = ("case", "event", "text", "gram", "station.request", "grid.event", "mediation.dispute",
          "village_rules.charter")


class Matters:
    """Makes the rows of the cases 1 to `number`; the same for the same number and day."""

    def __init__(self, county: County, number: int):
        self.county, self.number = county, number
        self.random = random.Random(510722)
        self.moment = db.now()
        self.start = self.moment - datetime.timedelta(days=DAYS)
        self.last: dict[tuple, int] = {}
        self.editions: dict[int, int] = {}
        self.counted = Counted()
        self._bounds = list(itertools.accumulate(kind.share for kind in KINDS))
        self._titles = [
            (title, grams.grams(title), grams.initials_of(title))
            for title in (f"{where}{matter}{saying}" for where in WHERE for matter in MATTERS for saying in SAYING)
        ]
        self._names = [(f"{one}*{two}", [one, two]) for one in SURNAMES for two in GIVEN]

    def batch(self, first: int, last: int) -> dict[str, list[tuple]]:
        """Return the rows of the cases `first` to `last` for each of TABLES."""
        rows: dict[str, list[tuple]] = {name: [] for name in TABLES}
        for key in range(first, last + 1):
            self._one(key, rows)
        return rows

    def _one(self, key: int, rows: dict) -> None:
        draw, county = self.random.random, self.county
        fresh = self.number - key < min(TO_ACCEPT, self.number // 4)
        kind = KINDS[0] if fresh else KINDS[bisect.bisect(self._bounds, int(draw() * 1000))]
        place = county.own if fresh else county.places[int(draw() * len(county.places))]
        code, county_id, town, village, grids = place
        grid = grids[int(draw() * len(grids))] if kind.in_grid else None
        opened = self.start + datetime.timedelta(seconds=int((key - draw()) * DAYS * 86400 / self.number))
        series = village, kind.prefix, opened.year
        self.last[series] = self.last.get(series, 0) + 1
        number = f"{kind.prefix}{code}-{opened.year}-{self.last[series]:04d}"
        line = county.lines[int(draw() * len(county.lines))] if draw() < kind.lined else None
        stands = self._stands(kind, opened, fresh)
        holder = village if fresh else self._holder(kind, town, village, grid, line, county_id)
        staff = county.staff[holder]
        author = county.staff[grid or village][0]
        person = staff[int(draw() * len(staff))] if stands.closed or draw() < 0.4 else None
        title, *tokens = self._titles[int(draw() * len(self._titles))]
        name, name_tokens = self._names[int(draw() * len(self._names))]
        at, due = str(opened), None if stands.closed or stands.paused else str(stands.until)
        closed = str(stands.closed) if stands.closed else None
        rating = (5, 5, 5, 4, 3, 2)[int(draw() * 6)] if closed and draw() < 0.5 else None
        rows["case"].append((
            key, number, kind.name, title, county_id, town, village, grid, line, holder, None if fresh else person,
            kind.channels[int(draw() * len(kind.channels))], name, "", stands.state, stands.phase, at, due, closed,
            closed, rating, stands.limit, at, at if stands.paused else None, PAUSED if stands.paused else "",
            int(stands.late), None if stands.paused else str(stands.until), int(draw() < 0.03), int(draw() < 0.02),
            author, 1,
        ))
        self.counted.add(rows["case"][-1], opened, stands.closed, None if stands.paused else stands.until)
        self._events(rows["event"], rows["case"][-1], stands, grid or village, staff, kind.fresh)
        rows["text"].append((key, "case", key, f"{number} {title} {name}"))
        where = [("c", county_id), ("t", town), ("v", village), ("g", grid), ("l", line)]
        found = [f"{kind.prefix.lower()}{code}", str(opened.year), f"{self.last[series]:04d}", *tokens[0], *name_tokens,
                 *[f"{index.SCOPE}{letter}{value}" for letter, value in where if value], *tokens[1]]
        rows["gram"].append((key, index._vector(found) if db.is_postgres() else " ".join(found)))
        self._detail(rows[kind.name], kind, rows["case"][-1], author)

    def moment_of(self, key: int) -> datetime.datetime:
        """Return a moment before which no case after `key` was opened."""
        return self.start + datetime.timedelta(seconds=int((key - 1) * DAYS * 86400 / self.number))

    def _stands(self, kind: Kind, opened, fresh: bool) -> "Stands":
        """Return how the case stands today."""
        draw = self.random.random
        limit = LIMITS[int(draw() * len(LIMITS))]
        until = opened + datetime.timedelta(days=limit)
        closed = opened + datetime.timedelta(seconds=int(self.random.expovariate(1 / (MEAN * 86400))) + 600)
        if fresh:
            return Stands(kind.fresh, "new", limit, until, None, False, False)
        if closed < self.moment:
            state = kind.done[int(draw() * len(kind.done))]
            return Stands(state, "closed", limit, until, closed, closed > until, False)
        if kind.paused and draw() < 0.08:
            return Stands(kind.paused, "paused", limit, until, None, False, True)
        if draw() < 0.25:
            return Stands(kind.fresh, "new", limit, until, None, False, False)
        state = kind.at_work[int(draw() * len(kind.at_work))]
        return Stands(state, PHASES.get(state, "handling"), limit, until, None, False, False)

    def _holder(self, kind: Kind, town: int, village: int, grid, line, county_id: int) -> int:
        drawn = self.random.random() * 100
        office = next(name for bound, name in kind.holders if drawn < bound)
        if office == "line":
            return line or village
        if office == "grid":
            return grid
        return self.county.offices.get((town, office), village) if office else village

    def _events(self, rows: list, case: tuple, stands: "Stands", unit: int, staff: list, fresh: str) -> None:
        """Append the sealed entries: the opening, and the end where another unit than the village brought it about."""
        holder, due, names = case[9], case[17], self.county.names
        data = f'{{"due":"{due.replace(" ", "T")}"}}' if due else '{"due":null}'
        handed = stands.closed and holder != unit
        author, first = case[29], fresh if handed else stands.state
        entries = [(1, case[16], "open", "收件", author, unit, "", first)]
        if handed:
            entries.append((2, case[18], "close", "办结", staff[case[0] % len(staff)], holder, first, stands.state))
        before, moment = "", due and due.replace(" ", "T")
        for seq, at, step, title, actor, by, came, went in entries:
            text = "" if seq == 1 else "材料齐全，情况属实，已办结。"
            sealed = [case[0], seq, at, step, title, actor, "工作员", "工作人员", by, names[by], came, went, holder,
                      names[holder], text]
            before = timeline.digest_of(before, [*sealed, {"due": moment}])
            rows.append((case[4], *sealed, data, before))

    def _detail(self, rows: list, kind: Kind, case: tuple, author: int) -> None:
        key, county_id, town, village, grid, opened, closed = *case[:1], *case[4:8], case[16], case[18]
        if kind.name == "station.request":
            rows.append((key, county_id, village, author, opened))
        elif kind.name == "grid.event":
            rows.append((key, county_id, town, village, grid, grid, author, "village" if closed else "", closed))
        elif kind.name == "mediation.dispute":
            rows.append((key, county_id, case[3][:30], opened))
        else:
            self.editions[village] = edition = self.editions.get(village, 0) + 1
            status = "drafting" if not closed else "repealed" if case[14] == "repealed" else "in_force"
            rows.append((key, county_id, town, village, village, edition, status))


@dataclass(frozen=True, slots=True)
class Stands:
    """How a case stands: `until` it had to be done; `closed` is None while it is open."""

    state: str
    phase: str
    limit: int
    until: datetime.datetime
    closed: datetime.datetime | None
    late: bool
    paused: bool
