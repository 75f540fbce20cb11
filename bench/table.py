"""The table: every page on an instance of many cases beside the same on one of few, and beside the limit server.

The three servers are asked in turn, one request each, so that whatever else the machine does falls on all of them
alike; what is compared is the CPU time of a request, of the workers and of PostgreSQL's processes together. Then eight
clients ask the large instance at once.
"""

import contextlib
import itertools
import secrets
import statistics
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

from bench import load
from bench.asked import Asked, to_accept, writer_grid
from bench.pages import cookie
from bench.plans import Plans, Query, sentence
from bench.server import serving
from bench.sides import Side, entered
from portal.commands.table import print_table
from portal.db import database, is_postgres

CLIENTS, WARM = 8, 4
#: Of a page's addresses so many are asked in this process for their statements; of the search's words all.
EXPLAINED = 3


@dataclass
class Line:
    """What one page costs: `cpu` milliseconds of a request on few cases, on many, and of the limit server."""

    page: Asked
    #: The same page where there are few cases: other cases lie there.
    few: Asked | None = None
    queries: list[Query] = field(default_factory=list)
    few_sql: float = 0
    sql: list[float] = field(default_factory=list)
    cpu: tuple[float, float, float | None] = (0, 0, None)
    answered: load.Answered | None = None


def measure(folders: tuple[Path, Path], settings: tuple[str, str], requests: int) -> list[Line]:
    """Return the lines of one engine; the instances of few and of many cases lie in `folders`, on `settings`."""
    lines = _planned(*folders, requests)
    limit_database = settings[1] if "://" in settings[1] else str(folders[1] / settings[1])
    with contextlib.ExitStack() as stack:
        one, two = (_served(stack, folder) for folder in folders) if folders[0] != folders[1] else (
            [_served(stack, folders[0])] * 2)
        three = stack.enter_context(serving("bench.limit:app", {"BENCH_DATABASE": limit_database}, "/"))
        sides = [Side(server, setting if "://" in setting else "", server is three)
                 for server, setting in ((one, settings[0]), (two, settings[1]), (three, settings[1]))]
        cookies = {login: (cookie(one.port, login), cookie(two.port, login), entered(three.port, login))
                   for login in sorted({line.page.login for line in lines})}
        for line in lines:
            _in_turn(line, sides, cookies[line.page.login], requests)
            line.answered = load.run(two.port, [
                ("GET", urllib.parse.quote(path, safe="/?&=-%"), {"Cookie": cookies[line.page.login][1]}, None)
                for path in itertools.islice(itertools.cycle(line.page.paths), requests)], CLIENTS)
        return lines + _written(folders, sides[:2], cookies, requests)


def _served(stack: contextlib.ExitStack, folder: Path):
    environment = {"PORTAL_LOG_LEVEL": "ERROR", "PORTAL_INSTANCE": str(folder)}
    return stack.enter_context(serving("wsgi:app", environment, "/healthz"))


def _in_turn(line: Line, sides: list[Side], cookies: tuple, requests: int) -> None:
    """Ask each side for the page as often; what is asked first warms up, and is not counted."""
    paths_of = (line.few.paths, line.page.paths, line.page.limit)
    wanted = [one for one in zip(sides, cookies, paths_of, strict=True) if one[2]]
    for number in range(-min(WARM, requests), requests):
        if number == 0:
            before = [side.cpu() for side, _, _ in wanted]
        for side, signed_in, paths in wanted:
            side.ask(paths[number % len(paths)], signed_in)
    spent = [(side.cpu() - began) / requests * 1000 for (side, _, _), began in zip(wanted, before, strict=True)]
    line.cpu = (*spent, None)[:3]


# -- what writes ---------------------------------------------------------------------------------------------------

def _written(folders: tuple[Path, Path], sides: list[Side], cookies: dict, requests: int) -> list[Line]:
    """Return the lines of opening a case and of a step, each a form with a key of its own, on few and on many cases."""
    works = []
    for number, (folder, side) in enumerate(dict(zip(folders, sides, strict=True)).items()):
        with Plans(folder).opened():
            keys, grid = to_accept(requests), writer_grid()
        _closed()
        works.append((side, cookies["bench-grid"][number], [(
            "/grid/report", {"category": "facility", "unit_id": grid, "text": "路灯不亮", "urgency": "normal",
                             "channel": "grid", "informed_whom": "", "sub": ""})] * requests))
        works.append((side, cookies["bench-village"][number], [(
            f"/cases/{key}/steps/accept", {"version": 1, "owed_until": "", "text": "材料齐全"}) for key in keys]))
    return [_sent(Asked("create", "grid", ()), works[0::2]), _sent(Asked("step: accept", "village", ()), works[1::2])]


def _sent(page: Asked, works: list[tuple]) -> Line:
    line, seconds = Line(page, page), []
    number = min(len(forms) for _, _, forms in works)  # where an instance is measured again, fewer wait
    tokens = [load.with_token(side.server.port, signed_in) for side, signed_in, _ in works]
    before = [side.cpu() for side, _, _ in works]
    for turn in range(number):
        for (side, _, forms), (signed_in, token) in zip(works, tokens, strict=True):
            path, fields = forms[turn]
            seconds.append(side.ask(path, signed_in, {"csrf_token": token, "_key": secrets.token_hex(16), **fields}))
    if number:
        spent = [(side.cpu() - began) / number * 1000 for (side, _, _), began in zip(works, before, strict=True)]
        line.cpu = spent[0], spent[-1], None
        large = seconds[len(works) - 1::len(works)]
        line.answered = load.Answered(sorted(large), sum(large), 0)
    return line


# -- the statements ------------------------------------------------------------------------------------------------

def _planned(few: Path, many: Path, requests: int) -> list[Line]:
    """Ask each page in this process: its statements, bare, on both instances, and what they examine on the large."""
    small, lines = _asked_of(few, requests), []
    large = small if few == many else _asked_of(many, requests)
    for name, (page, times, queries) in large.items():
        if name in small:  # among few cases there may be none that the reader sees
            lines.append(Line(page, small[name][0], queries, statistics.median(small[name][1]), times))
    return lines


def _asked_of(folder: Path, requests: int) -> dict[tuple, tuple]:
    plans = Plans(folder)
    found = {(page.name, page.level): (page, *_bare(plans, page, requests)) for page in plans.asked()}
    _closed()
    return found


def _bare(plans: Plans, page: Asked, requests: int) -> tuple[list[float], list[Query]]:
    """Return the milliseconds of all SQL of a page for each of its addresses, sorted, and the queries of the one that
    examines most for what it returns."""
    some = page.paths[:requests] if page.name.startswith("search") else page.paths[:min(EXPLAINED, requests)]
    found = [plans.queries(page, path) for path in some]
    times = sorted(sum(one.milliseconds for one in queries) for queries in found)
    return times, max(found, key=lambda queries: max(map(_waste, queries), default=0))


def _waste(query: Query) -> float:
    return query.examined / max(query.returned, 1)


def _closed() -> None:
    database.close()
    if is_postgres():
        database.obj.close_all()


# -- showing -------------------------------------------------------------------------------------------------------

def show(name: str, lines: list[Line], few: int, many: int) -> list[str]:
    """Print the table of one engine; return a sentence for each query that examines too much."""
    print(f"\n{name}, {many:,} cases beside {few:,}\n")
    print_table(("page", "level", "p50 ms", "p99 ms", "req/s", "CPU ms", f"x {few:,}", "x limit", "SQL ms", "SQL p99",
                 f"SQL at {few:,}", "queries", "examined", "returned"), [_row(line) for line in lines])
    found = [sentence(line.page, line.page.paths[0], one) for line in lines for one in line.queries if one.is_wasteful]
    for one in found:
        print(f"examines too much: {one}")
    return found


def _row(line: Line) -> tuple:
    answered, (small, large, limit) = line.answered, line.cpu
    worst = max(line.queries, key=_waste, default=None)
    sql = ("", "", "") if not line.sql else tuple(f"{one:.2f}" for one in (
        statistics.median(line.sql), line.sql[min(len(line.sql) - 1, len(line.sql) * 99 // 100)], line.few_sql))
    asked = ("", "", "") if answered is None else (
        f"{answered.percentile(50) * 1000:.0f}", f"{answered.percentile(99) * 1000:.0f}", f"{answered.per_second:.0f}")
    return (
        line.page.name, line.page.level, *asked, f"{large:.1f}", f"{large / small:.2f}" if small else "",
        f"{large / limit:.1f}" if limit else "", *sql, str(len(line.queries) or ""),
        str(worst.examined) if worst else "", str(worst.returned) if worst else "",
    )
