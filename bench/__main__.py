"""`python -m bench`: the portal's pages among many cases beside the same among few, and beside a limit server.

It fills an instance of each size, on SQLite and in databases of their own on a PostgreSQL server, serves them on
loopback with two gunicorn workers of four threads, and prints a table for each engine. `--only pages` holds the pages
against a constant page and their bare SQL, `--only writes` what writes against its bare SQL.
"""

import argparse
import contextlib
import datetime
import os
import platform
import sys
import tempfile
from pathlib import Path

from bench import measure, stepping, table, writing
from bench.engines import ENGINES, instances
from bench.fill import fill
from bench.platforms import fill_platforms
from bench.small import POSTGRES, small_instances

#: How many cases the instances hold in which writing is measured.
SMALL = 3000


def main() -> None:
    wanted = _parser().parse_args()
    with contextlib.ExitStack() as stack:
        folder = wanted.instance or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-bench-")))
        folder.mkdir(parents=True, exist_ok=True)
        if wanted.only == "pages":
            _pages(folder / "pages", wanted)
        elif wanted.only == "writes":
            _writes(folder, wanted)
        else:
            sys.exit(_table(folder, wanted))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=100_000, help="how many cases the instance holds (100000)")
    parser.add_argument("--beside", type=int, default=10_000, help="how many the small one beside it holds (10000)")
    parser.add_argument("--requests", type=int, default=40, help="how many requests are sent to each page (40)")
    parser.add_argument("--instance", type=Path, help="keep the instances in this folder, or use those that are there")
    parser.add_argument("--database", default=POSTGRES, help="a PostgreSQL server that may make databases, with any one"
                        f" of its databases ({POSTGRES}, or PORTAL_BENCH_POSTGRES)")
    parser.add_argument("--engine", choices=ENGINES, help="measure one engine only")
    parser.add_argument("--seconds", type=float, default=5, help="how long clerks write at once in each run (5)")
    parser.add_argument("--only", choices=("table", "pages", "writes"), default="table", help="what is measured")
    return parser


def _table(folder: Path, wanted) -> bool:
    """Print the tables; tell whether a query examines more than it should."""
    found = []
    print(f"{datetime.datetime.now():%Y-%m-%d %H:%M}, {platform.machine()}, {os.cpu_count()} cores, load "
          f"{os.getloadavg()[0]:.1f}, Python {platform.python_version()}", flush=True)
    for engine in [wanted.engine] if wanted.engine else ENGINES:
        sizes = wanted.beside, wanted.cases
        with instances(engine, folder, wanted.database, sizes, keep=wanted.instance is not None) as (folders, settings):
            lines = table.measure(folders, settings, wanted.requests)
        found += table.show(engine, lines, *sizes)
    print(f"\n{len(found)} queries examine more than a hundred times what they return.")
    return bool(found)


def _pages(folder: Path, wanted) -> None:
    folder.mkdir(exist_ok=True)
    if not (folder / "portal.db").exists():
        fill(folder, wanted.cases, fill_platforms)
    measure.run(folder, wanted.requests)


def _writes(folder: Path, wanted) -> None:
    with small_instances(folder, min(wanted.cases, SMALL)) as found:
        for one in found:
            stepping.measure(one)
            writing.measure(one, wanted.seconds)


if __name__ == "__main__":
    main()
