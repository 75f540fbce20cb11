"""Counts everything anew from the cases: to prove the counters, and to write them again."""

import datetime
from collections.abc import Callable, Iterator

from peewee import fn

from portal.cases.counters import FLOW_KEY, TALLY_KEY, Change
from portal.cases.counting import FIELDS, FLOWS, Standing
from portal.cases.models import Case, Flow, Tally
from portal.db import atomic, database, is_postgres, snapshot
from portal.prepared import Prepared

BATCH = 5000
NEVER = datetime.datetime(1, 1, 1)

_batch = Prepared(lambda slots: (
    Case.select(Case.id, *FIELDS).where(Case.id > slots.after).order_by(Case.id).limit(BATCH)
))


def standings() -> Iterator[Standing]:
    """Read every case once, in batches; memory does not grow with them."""
    after = 0
    while rows := _batch(after=after):
        after = rows[-1][0]
        for _, *rest in rows:
            yield Standing(*rest)


def recount(say: Callable[[str, int, int], None] = lambda *told: None) -> Change:
    """Return what the counters should hold; memory grows with the counters, not with the cases."""
    found, total = Change(), Case.select().count()
    for number, case in enumerate(standings(), 1):
        found.count(case, 1)
        if number % BATCH == 0 or number == total:
            say("清点案件", number, total)
    return found


def differences(say: Callable[[str, int, int], None] = lambda *told: None) -> list[str]:
    """Recount everything and return one sentence for each counter that lies; clerks go on working meanwhile."""
    with snapshot():
        return compared(recount(say), kept())


def kept() -> tuple[dict, dict, int]:
    """Return what the counters hold, {key: number} and {key: numbers in the order of FLOWS}, and how many open cases
    are counted as due at another moment than they are."""
    tallies = {tuple(key): number for *key, number in Tally.select(*_columns(Tally, TALLY_KEY), Tally.count).tuples()}
    flows = {
        tuple(row[:len(FLOW_KEY)]): tuple(row[len(FLOW_KEY):])
        for row in Flow.select(*_columns(Flow, (*FLOW_KEY, *FLOWS))).tuples().iterator()
    }
    apart = fn.COALESCE(Case.owed, NEVER) != fn.COALESCE(Case.due, NEVER)
    return tallies, flows, Case.select().where(Case.closed.is_null(), apart).count()


def compared(found: Change, held: tuple[dict, dict, int]) -> list[str]:
    """Return one sentence for each counter of what is `held` (see `kept`) that differs from what was `found`."""
    tallies, flows, strayed = held
    counted = {key: tuple(flow) for key, flow in found.flows.items()}
    nothing = (0,) * len(FLOWS)
    return ([f"{strayed} 件没有办结的案件，记下的应办结时间与期限不符。"] if strayed else []) + [
        f"计数不符：{_named(key)} 记为 {tallies.get(key, 0)}，实有 {found.tallies.get(key, 0)}。"
        for key in sorted(found.tallies.keys() | tallies.keys()) if tallies.get(key, 0) != found.tallies.get(key, 0)
    ] + [
        f"流量不符：{_named(key)} 与案件不一致。"
        for key in sorted(counted.keys() | flows.keys()) if flows.get(key, nothing) != counted.get(key, nothing)
    ]


def _named(key: tuple) -> str:
    return " ".join(map(str, key))


def _columns(model, names) -> list:
    return [getattr(model, name) for name in names]


def rebuild(say: Callable[[str, int, int], None] = lambda *told: None) -> None:
    """Write all counters anew from the cases, in one transaction: whole or not at all.

    Who moves a case meanwhile waits with the counting at the end of that step, and then adds to the new counters.
    """
    with atomic():
        if is_postgres():
            database.execute_sql("LOCK TABLE cases_tally, cases_flow IN EXCLUSIVE MODE")
        found = recount(say)
        Tally.delete().execute()
        Flow.delete().execute()
        found.write()
