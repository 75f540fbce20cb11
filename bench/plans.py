"""`python -m bench.plans FOLDER`: what the queries of the pages examine, from their plans; fails where one examines
more than a hundred times what it returns.

On PostgreSQL the plan says it (EXPLAIN ANALYZE: rows and rows removed, at the leaves, times the loops). SQLite does not
tell; there the steps of its virtual machine are counted, and STEPS of them are taken for a row.
"""

import argparse
import contextlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.asked import Asked, asked
from bench.fill import PASSWORD
from portal import create_app
from portal.db import database, is_postgres
from portal.testing import Browser

#: A query may examine so many times what it returns, and as much as FLOOR in any case: counts stop at a thousand, and
#: the fifty rows of a list have three joins each. Sums of counters may examine COUNTERS: as many as the towns of a
#: county have by kind and way in for the fourteen periods of a chart, however many cases there are.
TIMES, FLOOR, COUNTERS = 100, 2000, 10_000
#: Steps of SQLite's virtual machine for one row, measured: where it is passed over, and for each sum that it goes into.
STEPS, STEPS_A_SUM = 15, 2


@dataclass(frozen=True)
class Query:
    """One statement of a page, with what running it once took."""

    sql: str
    values: tuple
    milliseconds: float
    examined: int
    returned: int

    @property
    def is_wasteful(self) -> bool:
        counters = "cases_flow" in self.sql or "cases_tally" in self.sql
        return self.examined > max(COUNTERS if counters else FLOOR, TIMES * self.returned)


class Plans:
    """Opens pages in this process, and runs their queries once more without the portal."""

    def __init__(self, folder: Path):
        self.app = create_app(folder, {"log_level": "ERROR"})
        self._browsers: dict[str, Browser] = {}

    @contextlib.contextmanager
    def opened(self):
        """Let the block ask the database of this instance."""
        with self.app.app_context():
            database.connect(reuse_if_open=True)
            yield

    def asked(self) -> list[Asked]:
        with self.opened():
            return asked()

    def statements(self, page: Asked, path: str) -> list[tuple]:
        """Return the queries, with their values, that a warm page sends."""
        if page.login not in self._browsers:
            self._browsers[page.login] = Browser(self.app.test_client())
            self._browsers[page.login].send("/accounts/sign-in", name=page.login, password=PASSWORD)
        browser, seen = self._browsers[page.login], []
        browser.open(path, follow=False)
        database.obj.query_hooks.append(lambda event: seen.append((event.sql, tuple(event.params or ()))))
        status = browser.open(path, follow=False).status
        database.obj.query_hooks.pop()
        if status != 200:
            raise RuntimeError(f"{page.login} {path} answered {status}")
        return [(sql, values) for sql, values in seen if sql.lstrip(" (").upper().startswith(("SELECT", "WITH"))]

    def queries(self, page: Asked, path: str) -> list[Query]:
        found = self.statements(page, path)
        database.connect(reuse_if_open=True)
        return [_query(sql, values) for sql, values in found]


def _query(sql: str, values: tuple) -> Query:
    connection, times = database.connection(), []
    # SQLite works in this process: its CPU time is what others on the machine do not lengthen.
    clock = time.perf_counter if is_postgres() else time.process_time
    for _ in range(3):
        began = clock()
        rows = connection.execute(sql, values).fetchall()
        times.append((clock() - began) * 1000)
    examined = _examined(connection, sql, values) if is_postgres() else (
        _stepped(connection, sql, values) // (STEPS + STEPS_A_SUM * sql.count("SUM(")))
    return Query(sql, values, min(times), examined, len(rows))


def _stepped(connection, sql: str, values: tuple) -> int:
    steps = [0]

    def count():
        steps[0] += 10
        return 0

    connection.progress(count, 10)
    try:
        connection.execute(sql, values).fetchall()
    finally:
        connection.progress(None, 0)
    return steps[0]


#: As many as the county has, however many cases lie in it: its units and people, and the items that it offers.
BOUNDED = ("org_unit", "accounts_user", "station_item")


def _examined(connection, sql: str, values: tuple) -> int:
    """Return the rows that the leaves of the plan gave and removed. Reading a whole table is priced out: of one with
    ten thousand rows that is cheapest, and what matters is the plan for a large one."""
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("SET jit = off")  # what was priced out looks dear enough to be compiled, for a second each
        try:
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", values)
            [(found,)] = cursor.fetchall()
        finally:
            cursor.execute("RESET enable_seqscan")
            cursor.execute("RESET jit")
    return int(_of_node(found[0]["Plan"]))


def _of_node(node: dict) -> float:
    own = 0
    if node.get("Relation Name") in BOUNDED:
        return 0
    if not node.get("Plans") or node["Node Type"] == "Bitmap Heap Scan":
        removed = sum(node.get(name, 0) for name in ("Rows Removed by Filter", "Rows Removed by Index Recheck"))
        own = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return own + sum(_of_node(one) for one in node.get("Plans", ()))


def wasteful(folder: Path) -> list[str]:
    """Return a sentence for each query of the pages that examines too much."""
    plans, found = Plans(folder), []
    for page in plans.asked():
        for path in page.paths[:3]:
            found += [sentence(page, path, one) for one in plans.queries(page, path) if one.is_wasteful]
    return found


def sentence(page: Asked, path: str, query: Query) -> str:
    return (f"{page.level} {path}: examines {query.examined:,} rows for {query.returned:,}, "
            f"{query.milliseconds:.1f} ms: {' '.join(query.sql.split())[:1200]}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.plans", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="an instance that `python -m bench --instance` has filled")
    found = wasteful(parser.parse_args().folder)
    for one in found:
        print(one)
    print(f"{len(found)} queries examine more than {TIMES} times what they return.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
