"""The figures of an area in a period, by unit below, kind, channel or responsible unit, from the counters.

Rates are those of DOMAIN 9.10; each names what it is divided by, and without anything to divide by there is none.
"""

import bisect
import datetime
import functools
from collections import Counter
from dataclasses import dataclass, field

from peewee import SQL, fn
from peewee import Case as When

from portal.cases import behind
from portal.cases.counter_models import Flow
from portal.cases.counting import FIELDS, FLOWS, PROXY, Standing, events
from portal.cases.kinds import kinds, readable
from portal.cases.lens import COLUMNS, kind_among
from portal.cases.models import Case
from portal.cases.periods import Period
from portal.db import now
from portal.org.models import Unit
from portal.org.settings import setting
from portal.paging import Numbered
from portal.prepared import Prepared, numbered

DIMENSIONS = {"unit": "按下级单位", "kind": "按种类", "channel": "按来源", "holder": "按承办单位"}
FAIR_COUNTS = "cases.fair_counts"
#: Below which level the rows of an area stand: the column of a counter, the column of a case, what the rows are called.
BELOW = {
    # On the axis "town" the unit is the town; by that name the rows lie in the order in which they are summed up.
    "county_id": (Flow.unit_id, Case.town_id, "town", "乡镇（街道）"),
    "line_id": (Flow.town_id, Case.town_id, "town", "乡镇（街道）"),
    "town_id": (Flow.village_id, Case.village_id, "village", "村（社区）"),
    "village_id": (Flow.unit_id, Case.grid_id, "grid", "网格"),
    "grid_id": (Flow.unit_id, Case.grid_id, "grid", "网格"),
}


@dataclass(frozen=True)
class Rate:
    """`part` ÷ `whole`, both names of counts; `says` explains them on the page."""

    name: str
    title: str
    part: str
    whole: str
    says: str


RATES = (
    Rate("in_time", "按期办结率", "kept", "due",
         "期限内办结 ÷ 当期应办结（期限落在当期，不看哪天登记；还没到期又没办结的不算）"),
    Rate("overrun", "超期结案率", "late", "closed", "超期办结 ÷ 当期办结"),
    Rate("settling", "综合办结率", "settled", "valid", "到现在已办结 ÷ 当期登记的有效件（登记 − 撤销）"),
    Rate("redoing", "发回重办率", "redone", "opened", "发回重办过 ÷ 当期登记"),
    Rate("content", "满意率", "content", "rated", "满意 ÷ 当期办结件中评价过的"),
    Rate("at_once", "即办率", "at_once", "closed", "登记当天办结 ÷ 当期办结"),
    Rate("first_time", "一次办成率", "first_time", "closed", "没有停表、没有重办就办结 ÷ 当期办结"),
    Rate("by_proxy", "代办占比", "proxied", "opened", "代办登记 ÷ 当期登记"),
    Rate("own", "自办率", "own", "closed", "在网格、村（社区）办结 ÷ 当期办结"),
)
#: The columns of the sums: what the counters hold, and how many came in by proxy.
SUMS = (*FLOWS, "proxied")
#: What a list shows for each count: the parameters of its address (behind.py).
LISTS = {
    "opened": {}, "proxied": {"channel": PROXY}, "valid": {"mark": "valid"},
    "settled": {"phase": "closed"}, "redone": {"mark": "redone"},
    "closed": {"by": "closed", "phase": "closed"}, "late": {"by": "closed", "phase": "closed", "timing": "late"},
    **{name: {"by": "closed", "phase": "closed", "mark": name} for name in ("at_once", "first_time", "own")},
    "rated": {"by": "closed", "phase": "closed", "rated": 1}, "content": {"by": "closed", "phase": "closed"},
    "due": {"by": "due"}, "kept": {"by": "due", "timing": "kept"},
    "overdue": {"phase": "overdue", "dated": False},
}


@dataclass
class Line:
    """One row: what it is of, the counts of the period, of the one before and of the same a year ago.

    What follows from the sums (`finished`) is in the counts of every line, and of the total in all three.
    """

    key: object
    name: str
    counts: Counter = field(default_factory=Counter)
    before: Counter = field(default_factory=Counter)
    year_before: Counter = field(default_factory=Counter)
    #: What lies in the area itself and in no unit below it.
    direct: bool = False

    def add(self, other: "Line") -> None:
        for name in ("counts", "before", "year_before"):
            getattr(self, name).update(getattr(other, name))


@dataclass
class Table:
    """What is asked, and the answer: the rows in order, and their sum."""

    period: Period
    by: str
    heading: str
    lines: list[Line]
    total: Line
    fair: bool
    #: Cases of these kinds may be seen by those named on them only, and are then in no figure.
    partly: list[str]
    #: Which page of the rows `lines` are, None where all stand on one; the total is that of all.
    shown: Numbered | None = None

    @property
    def is_part(self) -> bool:
        return self.shown is not None and len(self.lines) < self.shown.rows


def percent(counts: Counter, rate: Rate) -> float | None:
    """Return the rate in percent, None where there is nothing to divide by: never 0 and never 100."""
    return counts[rate.part] / counts[rate.whole] * 100 if counts[rate.whole] else None


def days(counts: Counter) -> float | None:
    """Return the mean from registration to closing in days."""
    return counts["minutes"] / 1440 / counts["closed"] if counts["closed"] else None


def finished(counts: Counter, fair: bool) -> Counter:
    """Add what follows from the sums; `fair`: 基本满意 counts as satisfied."""
    counts["late"] = counts["closed"] - counts["on_time"]
    counts["valid"] = counts["opened"] - counts["cancelled"]
    counts["content"] = counts["satisfied"] + (counts["fair"] if fair else 0)
    return counts


def table_of(person, period: Period, by: str, only: str = "", *, order=None, page: int = 0) -> Table:
    """Return the figures of the person's area; `only` leaves one kind. A few queries, however many cases there are.

    `order` is the key by which lines are sorted (administrative order without it, and among equals), `page` the page
    of them that is wanted (all without it).
    """
    names = [kind.name for kind in readable(person) if only in ("", kind.name)]
    found: dict[object, Line] = {}
    if person.area is not None and names:
        _count(found, person, names, period, by)
    fair = bool(setting(FAIR_COUNTS, person.post.unit.county_id)) if person.post else True
    total = Line(None, "合计")
    for line in found.values():
        total.add(line)
    for counts in (*(line.counts for line in found.values()), total.counts, total.before, total.year_before):
        finished(counts, fair)
    partly = [kinds()[name].title for name in names if kinds()[name].restricted]
    if by == "holder":
        lines, shown = _holders(found, order, page)
        return Table(period, by, "承办单位", lines, total, fair, partly, shown)
    heading, lines = _named(found, person, names, by)
    return Table(period, by, heading, sorted(lines, key=order) if order else lines, total, fair, partly)


def _count(found: dict, person, names: list[str], period: Period, by: str) -> None:
    column, value = person.area
    spans = (("counts", period), ("before", period.previous), ("year_before", period.year_before))
    if period.span == "day":
        rows = _of_days(column, value, names, by, [one.first for _, one in spans])
    else:
        wanted = sorted({key for _, one in spans for key in one.keys})
        rows = _sums(column, by, len(names), len(wanted))(
            area=value, **numbered("kind", names), **numbered("period", wanted))
    of_period = {key: name for name, one in reversed(spans) for key in (one.keys or [one.first])}
    for key, when, *sums in rows:
        line = found.setdefault(key or None, Line(key or None, ""))
        getattr(line, of_period[when]).update({name: int(n or 0) for name, n in zip(SUMS, sums, strict=True)})
    _count_open(found, column, value, names, period, by)


@functools.lru_cache(maxsize=200)
def _sums(column: str, by: str, names: int, periods: int) -> Prepared:
    """Return the query of the sums by row and period of the counters."""
    key = {"unit": BELOW[column][0], "kind": Flow.kind, "channel": Flow.channel, "holder": Flow.holder_id}[by]

    def build(slots):
        axis = Flow.axis == _axis(column, by)
        place = Flow.unit_id if column in ("grid_id", "line_id") else getattr(Flow, column)
        if column == "county_id" and by == "holder":
            axis &= Flow.unit_id == 0
        return (
            Flow.select(key, Flow.period, *(fn.SUM(getattr(Flow, name)) for name in FLOWS),
                        fn.SUM(When(None, ((Flow.channel == PROXY, Flow.opened),), 0)))
            .where(place == slots.area, axis, Flow.period.in_(slots.many("period", periods)),
                   Flow.kind.in_(slots.many("kind", names)))
            .group_by(key, Flow.period)
        )

    return Prepared(build)


def _axis(column: str, by: str) -> str:
    """Return the axis of the counters with the fewest rows that still tell the rows of `by` apart."""
    if by == "holder" and column in ("county_id", "line_id"):
        return "holder"
    if column == "county_id":
        return "town"
    if column == "town_id" and by in ("kind", "channel"):
        return "town"
    return "line" if column == "line_id" else "place"


def _case_key(column: str, by: str):
    return {"unit": BELOW[column][1], "kind": Case.kind, "channel": Case.channel, "holder": Case.unit}[by]


def _of_days(column: str, value: int, names: list[str], by: str, wanted: list[datetime.date]) -> list[tuple]:
    """Return (row, day, sums ...) of single days, counted from the cases themselves through the indexes of the area."""
    keys = {"unit": Standing._fields.index(BELOW[column][1].column_name), "kind": Standing._fields.index("kind"),
            "channel": Standing._fields.index("channel"), "holder": Standing._fields.index("unit_id")}
    sums: dict[tuple, Counter] = {}
    for moment in ("opened", "closed", "due"):
        given = {f"from{at}": datetime.datetime.combine(day, datetime.time()) for at, day in enumerate(wanted)}
        given |= {f"to{at}": given[f"from{at}"] + datetime.timedelta(days=1) for at in range(len(wanted))}
        for row in _on_days(column, moment, len(names), len(wanted))(area=value, **numbered("kind", names), **given):
            case = Standing(*row)
            for name, when, changes in events(case):
                if name == moment:
                    counted = sums.setdefault((row[keys[by]], when.date()), Counter())
                    counted.update(changes)
                    counted["proxied"] += (name, case.channel) == ("opened", PROXY)
    return [(key, day, *(counted[name] for name in SUMS)) for (key, day), counted in sums.items() if day in wanted]


@functools.lru_cache(maxsize=200)
def _on_days(column: str, moment: str, names: int, days: int) -> Prepared:
    at = behind.COLUMN[moment]

    def part(slots, number: int):
        return Case.select(*FIELDS).where(
            COLUMNS[column] == slots.area, kind_among(slots.many("kind", names)),
            at >= getattr(slots, f"from{number}"), at < getattr(slots, f"to{number}"), Case.restricted == False)  # noqa: E712

    def build(slots):
        query = part(slots, 0)
        for number in range(1, days):
            query = query.union_all(part(slots, number))
        return query

    return Prepared(build)


def _count_open(found: dict, column: str, value: int, names: list[str], period: Period, by: str) -> None:
    """Add what only the clock tells: what is overdue now; and take out what is due in the period but not yet."""
    moment = now()
    begin, end = (datetime.datetime.combine(day, datetime.time()) for day in (period.first, period.after))
    rows = _open(column, by, len(names))(
        area=value, **numbered("kind", names), now=moment, begin=max(begin, moment), end=max(end, moment))
    for key, overdue, waiting in rows:
        line = found.setdefault(key or None, Line(key or None, ""))
        line.counts.update({"overdue": int(overdue), "due": -int(waiting)})


@functools.lru_cache(maxsize=200)
def _open(column: str, by: str, names: int) -> Prepared:
    key = _case_key(column, by)

    def number(condition):
        return fn.COALESCE(fn.SUM(When(None, ((condition, 1),), 0)), 0)

    return Prepared(lambda slots: (
        Case.select(key.alias("row"), number(Case.due < slots.now),
                    number((Case.due >= slots.begin) & (Case.due < slots.end)))
        .where(COLUMNS[column] == slots.area, Case.closed.is_null(), Case.due < slots.end,
               kind_among(slots.many("kind", names)), Case.restricted == False)  # noqa: E712
        .group_by(SQL("row"))
    ))


# -- names ---------------------------------------------------------------------------------------------------------

def _named(found: dict, person, names: list[str], by: str) -> tuple[str, list[Line]]:
    """Return the heading of the first column and the rows: units in administrative order, never by their rates."""
    if by == "kind":
        order = {name: kinds()[name].title for name in names}
        return "种类", _in_order(found, order)
    if by == "channel":
        order = {key: title for name in names for key, title in kinds()[name].channels}
        return "来源", _in_order(found, order)
    return _below(found, person)


def _holders(found: dict, order, page: int) -> tuple[list[Line], Numbered]:
    """Return the rows of one page: a county has some 1,400 units that are responsible for something.

    Only the units of the page are looked up, and those that tie with its first or its last row, whose order among
    equals is that of their codes.
    """
    lines = [line for key, line in found.items() if key and any(line.counts.values())]
    shown = Numbered(len(lines), page)
    part = shown.part
    if order and lines:
        lines.sort(key=order)
        first = bisect.bisect_left(lines, order(lines[part.start]), key=order)
        lines = lines[first:bisect.bisect_right(lines, order(lines[part.stop - 1]), key=order)]
        part = slice(part.start - first, part.stop - first)
    query = Unit.select(Unit.id, Unit.short).where(Unit.id.in_([line.key for line in lines])).order_by(Unit.code)
    if not order:
        query, part = query.offset(part.start).limit(part.stop - part.start), slice(None)
    named = _in_order(found, dict(query.tuples()))
    return (sorted(named, key=order) if order else named)[part], shown


def _below(found: dict, person) -> tuple[str, list[Line]]:
    if person.area is None:
        return "单位", []
    column, value = person.area
    _, _, level, heading = BELOW[column]
    unit = person.post.unit
    place = Unit.county_id == unit.county_id if column == "line_id" else getattr(Unit, column) == value
    query = (
        Unit.select(Unit.id, Unit.short, Unit.valid_to).where(place, Unit.level == level).order_by(Unit.code)
    )
    order = {key: short for key, short, closed in query.tuples() if closed is None or key in found}
    if gone := [key for key in found if key and key not in order and key != value]:  # moved to another unit since
        order |= dict(Unit.select(Unit.id, Unit.short).where(Unit.id.in_(gone), Unit.level == level).tuples())
    own = Line(unit.county_id if column == "line_id" else value, "本级", direct=True)
    for key in [key for key in found if key not in order]:  # the village itself, the town itself, the county itself
        own.add(found.pop(key))
    lines = _in_order(found, order)
    return heading, [*lines, own] if any(own.counts.values()) else lines


def _in_order(found: dict, order: dict) -> list[Line]:
    lines = []
    for key, name in order.items():
        line = found.get(key) or Line(key, name)
        line.name = name
        lines.append(line)
    return lines
