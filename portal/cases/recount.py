"""Counts everything anew from the cases: to prove the counters, and to write them again."""

import contextlib
import datetime
from collections import Counter
from collections.abc import Callable, Iterator

from peewee import Tuple, fn

from portal.cases.balance import MOST, Balance
from portal.cases.counter_models import Flow, Tally
from portal.cases.counters import FLOW_KEY, TALLY_KEY, Change
from portal.cases.counting import FIELDS, FLOWS, Standing
from portal.cases.models import Case
from portal.db import atomic, database, is_postgres, snapshot
from portal.prepared import Prepared

BATCH = 5000
#: Flows that are read at once.
PAGE = 20_000
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


def recount(say: Callable[[str, int, int], None] = lambda *told: None) -> Iterator[Change]:
    """Yield what the counters should hold, part by part: they are to be added up. None holds many flows, so memory does
    not grow with the cases."""
    found, total = Change(), Case.select().count()
    for number, case in enumerate(standings(), 1):
        found.count(case, 1)
        if number % BATCH == 0 or number == total:
            say("清点案件", number, total)
        if len(found.flows) >= MOST:
            yield found
            found = Change()
    yield found


def differences(say: Callable[[str, int, int], None] = lambda *told: None) -> list[str]:
    """Recount everything and return one sentence for each counter that lies; clerks go on working meanwhile."""
    with snapshot(), contextlib.closing(Balance()) as balance:
        tallies: Counter = Counter()
        for part in recount(say):
            tallies.update(part.tallies)
            balance.add(part.flows.items())
        take_held(balance)
        return compared(tallies, balance, kept())


def kept() -> tuple[dict, int]:
    """Return what the counters of cases hold, {key: number}, and how many open cases are counted as due at another
    moment than they are."""
    tallies = {tuple(key): number for *key, number in Tally.select(*_columns(Tally, TALLY_KEY), Tally.count).tuples()}
    apart = fn.COALESCE(Case.owed, NEVER) != fn.COALESCE(Case.due, NEVER)
    return tallies, Case.select().where(Case.closed.is_null(), apart).count()


def flows_after(key: tuple | None) -> list[tuple[tuple, tuple]]:
    """Return (key, numbers in the order of FLOWS) of the next PAGE flows behind `key`, from the first on for None."""
    columns = _columns(Flow, FLOW_KEY)
    query = Flow.select(*columns, *_columns(Flow, FLOWS)).order_by(*columns).limit(PAGE)
    rows = (query.where(Tuple(*columns) > Tuple(*key)) if key else query).tuples()
    return [(row[:len(FLOW_KEY)], row[len(FLOW_KEY):]) for row in rows]


def take_held(balance: Balance, read=flows_after) -> None:
    """Take from the balance what the flows hold, some at a time; `read` gives what lies behind a key."""
    key = None
    while rows := read(key):
        balance.add(rows, -1)
        key = rows[-1][0]


def compared(counted: Counter, balance: Balance, held: tuple[dict, int]) -> list[str]:
    """Return one sentence for each counter that differs: of what is `held` (see `kept`) from what was `counted`, and of
    the flows what the `balance` is not nought of."""
    tallies, strayed = held
    return ([f"{strayed} 件没有办结的案件，记下的应办结时间与期限不符。"] if strayed else []) + [
        f"计数不符：{_named(key)} 记为 {tallies.get(key, 0)}，实有 {counted.get(key, 0)}。"
        for key in sorted(counted.keys() | tallies.keys()) if tallies.get(key, 0) != counted.get(key, 0)
    ] + [f"流量不符：{_named(key)} 与案件不一致。" for key in balance.left()]


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
        Tally.delete().execute()
        Flow.delete().execute()
        for part in recount(say):
            part.write()
