"""A step with its timeline, counters, audit entry and notice, beside the bare SQL of its writes: the same statements
with the same values, sent by the driver alone to a copy of the same database."""

import time
from dataclasses import dataclass

from bench.small import Small, release
from portal import audit, notify
from portal.accounts import acting_as
from portal.cases.ledger import take
from portal.cases.models import Case
from portal.commands.table import print_table
from portal.db import atomic, database

STEPS, WARM = 150, 30
WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass
class Took:
    """Milliseconds a step: on the clock, and CPU of this process."""

    wall: float
    cpu: float


def _timed(works: list) -> Took:
    """Run the works one after the other; the first ones only warm up."""
    for work in works[:WARM]:
        work()
    wall, cpu, number = time.perf_counter(), time.process_time(), len(works) - WARM
    for work in works[WARM:]:
        work()
    return Took((time.perf_counter() - wall) / number * 1000, (time.process_time() - cpu) / number * 1000)


def measure(small: Small) -> None:
    """Print what a step costs on one engine, and what its statements cost without the portal."""
    with small.twin() as first:
        recorded = _recorded(first)
    with small.twin() as second:
        whole = _taken(second)
    with small.twin() as third:
        everything = _replayed(third, recorded)
    with small.twin() as fourth:
        bare = _replayed(fourth, [[one for one in step if _is_write(one[0])] for step in recorded])
    writes = sum(map(_is_write, (sql for sql, _ in recorded[-1])))
    print(f"\n{small.name}, one step: accept, with timeline, counters, audit entry and notice in one transaction; "
          f"{len(recorded[-1])} statements, {writes} of them write.")
    print_table(("", "ms", "x bare", "CPU ms of the client", "x bare"), [
        (name, f"{took.wall:.2f}", f"{took.wall / bare.wall:.2f}", f"{took.cpu:.2f}", f"{took.cpu / bare.cpu:.2f}")
        for name, took in (
            ("bare SQL of its writes, and the commit", bare), ("all its SQL, bare, and the commit", everything),
            ("through the portal: rules, forms of SQL, seals", whole),
        )
    ])


def _is_write(sql: str) -> bool:
    return sql.lstrip().upper().startswith(WRITES)


def _works(app) -> list:
    """Return the steps, each a function that takes one."""
    actor = acting_as("bench-village")
    rows = Case.select().where(Case.state == "received", Case.unit == actor.post.unit.id).order_by(Case.id).limit(STEPS)

    def work(case):
        def step():
            with app.test_request_context(), atomic():
                take("accept", case, actor, {"text": "材料齐全", "later": []}, version=1)
                audit.record("cases.open", "case", case.id, actor=actor)
                notify.send([actor], "cases.handed", "已受理", f"/cases/{case.id}", county_id=case.county_id)
        return step

    return [work(case) for case in rows]


def _taken(small: Small) -> Took:
    app = small.open()
    with app.app_context():
        return _timed(_works(app))


def _recorded(small: Small) -> list[list[tuple]]:
    """Return the statements of each step, with their values."""
    app, found = small.open(), []
    with app.app_context():
        for work in _works(app):
            seen: list[tuple] = []
            database.obj.query_hooks.append(lambda event, seen=seen: seen.append((event.sql, event.params)))
            work()
            database.obj.query_hooks.pop()
            found.append([one for one in seen if one[0].lstrip().upper().startswith(("SELECT", *WRITES))])
    return found


def _replayed(small: Small, recorded: list[list[tuple]]) -> Took:
    small.open()
    database.connect(reuse_if_open=True)
    connection, postgres = database.connection(), small.name == "PostgreSQL"

    def work(step):
        def run():
            connection.execute("BEGIN" if postgres else "BEGIN IMMEDIATE")
            for sql, values in step:
                cursor = connection.execute(sql, values or ())
                if not postgres or cursor.description:
                    cursor.fetchall()
            connection.execute("COMMIT")
        return run

    if postgres:
        connection.autocommit = True
    try:
        return _timed([work(step) for step in recorded])
    finally:
        release()
