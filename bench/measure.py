"""Runs the pages one after the other and prints what they cost, beside the yardsticks of the same run."""

import secrets
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from bench import load
from bench.pages import Page, cookie, pages, platform_pages, statements
from bench.server import Server, serving
from portal.commands.table import print_table
from portal.db import database

CLIENTS = 8


@dataclass
class Cost:
    name: str
    answered: load.Answered
    cpu_ms: float
    sql_ms: float | None = None
    queries: int | None = None


def run(folder: Path, requests: int) -> None:
    """Measure everything against the instance in `folder` and print the tables."""
    case_id, steps = _cases(folder)
    wanted, others = pages(case_id), platform_pages()
    lists = [page for pair in others for page in pair]
    sql = {page.path: _bare(found) for page, found in _found(folder, wanted + lists)}
    environment = {"PORTAL_INSTANCE": str(folder), "PORTAL_LOG_LEVEL": "ERROR"}
    with serving("wsgi:app", environment, "/healthz") as server:
        signed_in = cookie(server.port)
        cookies = {page.login: cookie(server.port, page.login) for page in wanted + lists}
        costs = [_page(server, page, cookies[page.login], requests, sql[page.path]) for page in wanted]
        rest = [_page(server, page, cookies[page.login], requests, sql[page.path]) for page in lists]
        again = [_page(server, page, signed_in, requests, sql[page.path]) for page in (wanted[0], wanted[3])]
        size = costs[0].answered.size
        constant = Page("constant page through the portal, signed in", f"/constant/?size={size}")
        through = _page(server, constant, signed_in, requests)
        step = [_step(server, steps)] if steps else []  # none are left where an instance is measured again
        memory = server.memory_mib()
        started = server.started_in
    with serving("bench.constant:app", {"BENCH_PAGE_SIZE": str(size)}, "/enter") as plain_server:
        plain = _constant(plain_server, requests)
    _print([plain, through, *costs, *step, *rest], plain, through)
    _compare(rest, again)
    print(f"\nStart of the server until its first answer: {started:.2f} s; import and create_app: "
          f"{_start(folder):.2f} s; largest worker: {memory:.0f} MiB.")


def _cases(folder: Path) -> tuple[int, list[int]]:
    """Return a case of the town, and cases of the village that nobody has accepted yet."""
    statements(folder, [])  # opens the database
    [(case_id,)] = database.execute_sql(
        "SELECT id FROM cases_case WHERE state = 'at_town' AND town_id = (SELECT parent_id FROM org_unit WHERE code ="
        " '510722104204') ORDER BY id DESC LIMIT 1").fetchall()
    rows = database.execute_sql(
        "SELECT id FROM cases_case WHERE state = 'received' AND unit_id = (SELECT id FROM org_unit WHERE code ="
        " '510722104204') ORDER BY id").fetchall()
    database.close()
    return case_id, [key for (key,) in rows]


def _found(folder: Path, wanted: list[Page]):
    found = statements(folder, wanted)
    return [(page, found[page.path]) for page in wanted]


def _bare(found: list[tuple]) -> tuple[float, int]:
    """Return the milliseconds that the page's own statements take without peewee, and how many there are."""
    connection = database.connection()
    best = []
    for _ in range(15):
        began = time.perf_counter()
        for statement, values in found:
            connection.execute(statement, values or ()).fetchall()
        best.append((time.perf_counter() - began) * 1000)
    return sorted(best)[len(best) // 2], len(found)


def _cost(server: Server, name: str, requests: list, expect: int = 200) -> Cost:
    before = server.cpu_seconds()
    answered = load.run(server.port, requests, CLIENTS, expect)
    return Cost(name, answered, (server.cpu_seconds() - before) / len(requests) * 1000)


def _page(server: Server, page: Page, signed_in: str, requests: int, sql=(None, None)) -> Cost:
    one = ("GET", urllib.parse.quote(page.path, safe="/?&=-"), {"Cookie": signed_in}, None)
    load.run(server.port, [one] * 40, CLIENTS)
    cost = _cost(server, page.name, [one] * requests)
    cost.sql_ms, cost.queries = sql
    return cost


def _constant(server: Server, requests: int) -> Cost:
    entered = load.enter(server.port)
    one = ("GET", "/", {"Cookie": entered}, None)
    load.run(server.port, [one] * 40, CLIENTS)
    return _cost(server, "(a) constant page through Flask with a session", [one] * requests)


def _step(server: Server, cases: list[int]) -> Cost:
    """Let the village accept one case after the other: each is a form with its own key."""
    signed_in, token = load.with_token(server.port, cookie(server.port, "bench-village"))
    headers = {"Cookie": signed_in, "Content-Type": "application/x-www-form-urlencoded"}
    requests = [
        ("POST", f"/cases/{key}/steps/accept", headers, urllib.parse.urlencode(
            {"csrf_token": token, "_key": secrets.token_hex(16), "version": 1, "owed_until": "", "text": "材料齐全"}))
        for key in cases
    ]
    return _cost(server, "one step: accept (timeline, counters, audit)", requests, 302)


def _compare(rest: list[Cost], station: list[Cost]) -> None:
    """Print what the lists and cases of the other platforms cost beside the station's, measured right after them."""
    print("\nBeside the station's list and case (CPU):")
    for number, cost in enumerate(rest):
        print(f"  {cost.name}: {cost.cpu_ms / station[number % 2].cpu_ms:.2f}x")


def _start(folder: Path) -> float:
    """Return the seconds from starting Python to a built application."""
    began = time.perf_counter()
    code = f"from portal import create_app; create_app({str(folder)!r}, {{}})"
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def _print(costs: list[Cost], plain: Cost, through: Cost) -> None:
    rows = [
        (
            cost.name, f"{cost.answered.size / 1024:.0f}", f"{cost.answered.per_second:.0f}",
            f"{cost.answered.percentile(50) * 1000:.1f}", f"{cost.answered.percentile(99) * 1000:.1f}",
            f"{cost.cpu_ms:.2f}", f"{cost.cpu_ms / plain.cpu_ms:.1f}", f"{cost.cpu_ms / through.cpu_ms:.1f}",
            "" if cost.sql_ms is None else f"{cost.sql_ms:.2f}", "" if cost.queries is None else str(cost.queries),
        )
        for cost in costs
    ]
    print_table(("page", "KB", "requests/s", "p50 ms", "p99 ms", "CPU ms", "x (a)", "x portal constant", "bare SQL ms",
                 "queries"), rows)
