"""`python -m bench`: the portal's pages beside a constant page and beside their bare SQL, as ratios of one run.

It makes its own instance in a temporary folder, serves it on loopback with two gunicorn workers of four threads, and
asks each page on keep-alive connections. CPU time is that of the workers, from /proc; it is steadier than requests a
second on a machine that others use too.
"""

import argparse
import tempfile
from pathlib import Path

from bench import measure, stepping, writing
from bench.fill import fill
from bench.platforms import fill_platforms
from bench.small import small_instances

#: How many cases the instances hold in which writing is measured.
SMALL = 3000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=100_000, help="how many cases the instance holds (100000)")
    parser.add_argument("--requests", type=int, default=600, help="how many requests are sent to each page (600)")
    parser.add_argument("--instance", type=Path, help="keep the instance in this folder, or use the one that is there")
    parser.add_argument("--seconds", type=float, default=5, help="how long clerks write at once in each run (5)")
    parser.add_argument("--only", choices=("pages", "writes"), help="measure only the pages, or only what writes")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as temporary:
        if wanted.only != "writes":
            folder = wanted.instance or Path(temporary) / "pages"
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / "portal.db").exists():
                fill(folder, wanted.cases, fill_platforms)
            measure.run(folder, wanted.requests)
        if wanted.only != "pages":
            with small_instances(Path(temporary), min(wanted.cases, SMALL)) as found:
                for one in found:
                    stepping.measure(one)
                    writing.measure(one, wanted.seconds)


if __name__ == "__main__":
    main()
