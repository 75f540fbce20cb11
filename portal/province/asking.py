"""Asks the counties for their figures. One that does not answer costs a moment, and then nothing for a minute."""

import contextlib
import datetime
import logging
import re
import time
from collections import Counter
from dataclasses import dataclass, field

import peewee

from portal import db
from portal.cases.counting import FLOWS
from portal.cases.periods import Period
from portal.province.attaching import PATIENCE, SCHEMA, server_of
from portal.province.models import ProvinceAnswer, ProvinceCounty

log = logging.getLogger(__name__)

#: Seconds for which a county that did not answer is left alone.
REST = 60
#: Seconds after which a page asks no further, however many counties are away.
LONGEST = 6
SUMS = (*FLOWS, "proxied")

#: {(host, port and name of the province's database, code): the moment of time.monotonic() until which the county is
#: left alone}.
_away: dict[tuple, float] = {}


@dataclass
class Answer:
    """What is known of a county in a period: the counts by kind, of which moment, and whether it answered just now."""

    county: ProvinceCounty
    counts: dict[str, Counter] = field(default_factory=dict)
    at: datetime.datetime | None = None
    fresh: bool = False


def ask(period: Period, region) -> list[Answer]:
    """Return an answer for each attached county of `region` (a Unit or UnitRef), in the order of their codes.

    All that are not known to be away are asked in one statement, which goes to their servers at once; where that fails
    the culprit is left out, and the others are asked again.
    """
    counties = ProvinceCounty.select().where(ProvinceCounty.code.startswith(_stem(region)))
    answers = {county.code: Answer(county) for county in counties.order_by(ProvinceCounty.code)}
    moment, asked_until = db.now(), time.monotonic() + LONGEST
    waiting = [code for code in answers if _away.get(_key(code), 0) <= time.monotonic()]
    while waiting and time.monotonic() < asked_until:
        try:
            found = _figures(waiting, period, moment)
        except peewee.DatabaseError as error:
            waiting = _without_culprit(waiting, error)
            continue
        for code in waiting:
            answers[code].counts, answers[code].at, answers[code].fresh = found[code], moment, True
        break
    _remember([answer for answer in answers.values() if answer.fresh], period)
    _recall([answer for answer in answers.values() if not answer.fresh], period)
    return list(answers.values())


def _stem(region) -> str:
    """Return what the codes of all counties of a region begin with: 51 of a province, 5107 of a city in it.

    By the code, because the counties need not stand in the tree of the instance above them.
    """
    if not re.fullmatch("[0-9]{12}", region.code):
        return "" if region.parent_id is None else region.code
    return re.sub("(00)+$", "", region.code)


def _key(code: str) -> tuple:
    base = db.database.obj
    return base.connect_params.get("host"), base.connect_params.get("port"), base.database, code


def _without_culprit(waiting: list[str], error: Exception) -> list[str]:
    """Return those that can still be asked: without the one that the error names, or that fails when asked alone."""
    named = re.search(r'"county_(\d{12})', str(error))
    culprits = [named[1]] if named and named[1] in waiting else [code for code in waiting if not _answers(code)]
    for code in culprits or waiting:
        _away[_key(code)] = time.monotonic() + REST
        log.warning("%s does not answer: %s", server_of(code), str(error).split("\n")[0])
    return [code for code in waiting if code not in (culprits or waiting)]


def _answers(code: str) -> bool:
    try:
        with _patient():
            db.database.execute_sql(f"SELECT name FROM {SCHEMA}.county WHERE code = %s", (code,)).fetchone()  # noqa: S608
    except peewee.DatabaseError:
        return False
    return True


@contextlib.contextmanager
def _patient():
    """A transaction of its own that waits PATIENCE seconds and lets the servers do the sums."""
    with db.database.atomic():
        db.database.execute_sql(f"SET LOCAL statement_timeout = {PATIENCE * 1000 + 500}")
        db.database.execute_sql("SET LOCAL enable_partitionwise_aggregate = on")
        yield


def _figures(codes: list[str], period: Period, moment: datetime.datetime) -> dict[str, dict[str, Counter]]:
    found = {code: {} for code in codes}
    begin, end = (datetime.datetime.combine(day, datetime.time()) for day in (period.first, period.after))
    with _patient():
        for code, kind, *sums in flows(codes, period.keys):
            found[code].setdefault(kind, Counter()).update(dict(zip(SUMS, map(int, sums), strict=True)))
        for code, kind, overdue, ahead in db.database.execute_sql(
            "SELECT code, kind, coalesce(sum(number) FILTER (WHERE due < %s), 0), "  # noqa: S608
            f"coalesce(sum(number) FILTER (WHERE due >= %s AND due < %s), 0) FROM {SCHEMA}.open_due "
            f"WHERE code IN ({_marks(codes)}) AND due < %s GROUP BY code, kind",
            (moment, max(begin, moment), max(end, moment), *codes, max(end, moment)),
        ).fetchall():
            found[code].setdefault(kind, Counter()).update({"overdue": int(overdue), "due": -int(ahead)})
    return found


def flows(codes: list[str], keys: list[str]) -> list[tuple]:
    """Return (code, kind, sums in the order of SUMS) of the counties `codes` in the periods `keys` of the counters."""
    return db.database.execute_sql(flows_sql(codes, keys), (*codes, *keys)).fetchall()


def flows_sql(codes: list[str], keys: list[str]) -> str:
    sums = ", ".join(f"sum({name})" for name in SUMS)
    return (f"SELECT code, kind, {sums} FROM {SCHEMA}.flow WHERE code IN ({_marks(codes)}) "  # noqa: S608
            f"AND period IN ({_marks(keys)}) GROUP BY code, kind")


def _marks(values) -> str:
    return ", ".join(["%s"] * len(values))


def _remember(answers: list[Answer], period: Period) -> None:
    with db.atomic():
        for answer in answers:
            kept = {"at": answer.at, "counts": answer.counts}
            (ProvinceAnswer.insert(code=answer.county.code, span=period.span, first=period.first, **kept)
             .on_conflict(conflict_target=[ProvinceAnswer.code, ProvinceAnswer.span, ProvinceAnswer.first],
                          update=kept).execute())


def _recall(answers: list[Answer], period: Period) -> None:
    if not answers:
        return
    rows = ProvinceAnswer.select().where(
        ProvinceAnswer.code.in_([answer.county.code for answer in answers]), ProvinceAnswer.span == period.span,
        ProvinceAnswer.first == period.first)
    kept = {row.code: row for row in rows}
    for answer in answers:
        if row := kept.get(answer.county.code):
            answer.at = row.at
            answer.counts = {kind: Counter(counts) for kind, counts in row.counts.items()}
