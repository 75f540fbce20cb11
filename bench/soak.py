"""`python -m bench.soak`: a county at full load for ten minutes: whether memory stays flat and anything fails.

Two workers that are never replaced and the process of the jobs serve an instance of its own; clerks read lists, cases,
desks, figures and searches without a pause or report events, each on a connection of its own. Once a
minute a line is printed; the status is 1 where an answer was wrong or a process grew by more than GROWTH after the
first third.
"""

import argparse
import http.client
import os
import random
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

from bench import load
from bench.many import fill
from bench.pages import COUNTY, LOGIN, cookie
from bench.peers import FORM
from bench.search import MATTERS, SAYING, WHERE
from bench.server import Server, pss, serving
from portal.commands.table import print_table
from portal.db import database

GROWTH = 1.1
#: What each clerk opens in turn; "{case}" is a case of the list before.
READING = ("/", "/cases/", "{case}", "/cases/desk", "/cases/?phase=overdue", "/search?q={word}", "/cases/?lens=unit",
           "/cases/?phase=handling", "{case}")
#: What the county's own people open as well.
COUNTING = (*READING, "/cases/figures", "/cases/figures?span=year")
READERS = (LOGIN, COUNTY, "bench-village", LOGIN, COUNTY, "bench-village")
WRITERS = ("bench-grid", "bench-grid")


@dataclass
class Tally:
    """What the clerks of one minute saw."""

    seconds: list[float] = field(default_factory=list)
    written: int = 0
    errors: list[str] = field(default_factory=list)


class Clerk(threading.Thread):
    """One person at one screen until `stop` is set."""

    def __init__(self, port: int, login: str, tally: Tally, stop: threading.Event):
        super().__init__(daemon=True)
        self.port, self.login, self.tally, self.stop = port, login, tally, stop
        self.chance = random.Random(f"{login}{id(self)}")
        self.signed_in, self.token = load.with_token(port, cookie(port, login))
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def run(self):
        while not self.stop.is_set():
            try:
                self.work()
            except (OSError, http.client.HTTPException) as error:
                self.tally.errors.append(f"{self.login}: {error!r}")
                self.connection.close()

    def ask(self, method: str, path: str, body: str | None = None, expect: int = 200) -> str:
        headers = {"Cookie": self.signed_in, **(FORM if body else {})}
        began = time.perf_counter()
        self.connection.request(method, path, body=body, headers=headers)
        answer = self.connection.getresponse()
        page = answer.read().decode()
        self.tally.seconds.append(time.perf_counter() - began)
        if answer.status != expect:
            self.tally.errors.append(f"{self.login}: {method} {path} answered {answer.status}")
        return page


class Reader(Clerk):
    def work(self):
        case = "/cases/"
        for path in COUNTING if self.login == COUNTY else READING:
            word = urllib.parse.quote(self.chance.choice(MATTERS)[:2])
            page = self.ask("GET", path.format(case=case, word=word))
            found = re.findall(r'href="(/cases/\d+)"', page) if path == "/cases/" else []
            case = self.chance.choice(found) if found else case
            if self.stop.is_set():
                return


class Writer(Clerk):
    def __init__(self, *given):
        super().__init__(*given)
        self.place = re.search(r'name="unit_id" value="(\d+)"', self.ask("GET", "/grid/report"))[1]

    def work(self):
        self.ask("POST", "/grid/report", urllib.parse.urlencode({
            "csrf_token": self.token, "_key": secrets.token_hex(16), "category": "facility", "unit_id": self.place,
            "text": f"{self.chance.choice(MATTERS)}，{self.chance.choice(SAYING)}{secrets.token_hex(3)}",
            "where": self.chance.choice(WHERE),
        }), 302)
        self.tally.written += 1


def soak(server: Server, jobs: subprocess.Popen, folder: Path, minutes: float) -> bool:
    """Keep the clerks at work, print a line a minute; tell whether nothing failed and nothing grew."""
    stop, tally = threading.Event(), Tally()
    clerks = [kind(server.port, login, tally, stop) for kind, logins in ((Reader, READERS), (Writer, WRITERS))
              for login in logins]
    for clerk in clerks:
        clerk.start()
    rows, sizes, all_errors = [], [], []
    step = min(60.0, minutes * 60 / 3)
    for number in range(1, max(3, round(minutes * 60 / step)) + 1):
        cpu = server.cpu_seconds()
        time.sleep(step)
        seen = Tally(tally.seconds[:], tally.written, tally.errors[:])
        tally.seconds, tally.written, tally.errors = [], 0, []
        for clerk in clerks:
            clerk.tally = tally
        sizes.append({pid: pss(pid) / 1024 for pid in [*server.workers(), jobs.pid]})
        rows.append(_line(number * step / 60, seen, step, sizes[-1], server.cpu_seconds() - cpu, folder))
        all_errors += seen.errors
        print("\t".join(rows[-1]), file=sys.stderr)
    stop.set()
    for clerk in clerks:
        clerk.join(60)
    print_table(
        ("minute", "requests/s", "written", "p50 ms", "p99 ms", "CPU of the workers", "MiB", "WAL MiB", "errors"), rows)
    for error in all_errors[:10]:
        print(error)
    grown = _grown(sizes)
    print(f"Growth after the first third: {', '.join(f'{one:.2f}x' for one in grown)} (at most {GROWTH}x).")
    return not all_errors and max(grown) <= GROWTH and jobs.poll() is None


def _line(minute: float, seen: Tally, step: float, sizes: dict, cpu: float, folder: Path) -> tuple[str, ...]:
    took = sorted(seen.seconds) or [0]
    wal = folder / "portal.db-wal"
    return (
        f"{minute:.1f}", f"{len(seen.seconds) / step:.0f}", str(seen.written), f"{took[len(took) // 2] * 1000:.0f}",
        f"{took[len(took) * 99 // 100] * 1000:.0f}", f"{cpu / step * 100:.0f}%",
        " ".join(f"{size:.0f}" for size in sizes.values()),
        f"{wal.stat().st_size / 2**20:.0f}" if wal.exists() else "", str(len(seen.errors)),
    )


def _grown(sizes: list[dict[int, float]]) -> list[float]:
    """Return how many times as large each process is at the end as after the first third; one that died is no less."""
    then, last = sizes[len(sizes) // 3], sizes[-1]
    return [last[pid] / then[pid] if pid in last and pid in then else float("inf") for pid in last | then]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--instance", type=Path, help="keep the instance in this folder, or use the one that is there")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as temporary:
        folder = (wanted.instance or Path(temporary)).absolute()
        if not (folder / "portal.db").exists():
            folder.mkdir(parents=True, exist_ok=True)
            fill(folder, wanted.cases, "portal.db")
            database.close()
        environment = {"PORTAL_INSTANCE": str(folder), "PORTAL_LOG_LEVEL": "ERROR"}
        with serving("wsgi:app", environment, "/healthz") as server:
            jobs = subprocess.Popen(
                [sys.executable, "-c", "from portal.commands import main; main()", "jobs", "run"],
                env={**os.environ, **environment},
            )
            try:
                well = soak(server, jobs, folder, wanted.minutes)
            finally:
                jobs.terminate()
                jobs.wait(60)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
