"""`python -m bench.plugins`: what thirty plugins cost beside four, as ratios of one run.

Twenty-six are written by `portal plugin new` and lie in instance/plugins beside the bundled four; both instances hold
the same rows. Pages are asked for in turn, one here, one there, and measured in CPU time of this process.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.fill import PASSWORD, PLUGINS, fill
from bench.pages import LOGIN
from bench.platforms import fill_platforms
from bench.server import serving
from portal import accounts, create_app, db, migrations, org
from portal.access import who_asks
from portal.commands import scaffold
from portal.commands.table import print_table
from portal.db import database
from portal.home import menu
from portal.org.models import Unit
from portal.registry import registry_of
from portal.testing import Browser

MORE = 26
#: What the registry is asked while one page after the other is made.
ASKED = ("portal_cards", "portal_search", "portal_topics", "portal_papers", "portal_menu")
PATHS = ("/", "/cases/", "/station/", "/cases/desk", "/search?q=津贴")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.plugins", description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=2000, help="how many cases both instances hold (2000)")
    parser.add_argument("--rounds", type=int, default=60, help="how often each page is asked for (60)")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as temporary:
        few, many = Path(temporary, "few"), Path(temporary, "many")
        few.mkdir()
        fill(few, wanted.cases, fill_platforms)
        shutil.copytree(few, many)
        slugs = _more_plugins(many)
        _starts(few, many, slugs)
        _pages(few, many, slugs, wanted.rounds)


def _more_plugins(folder: Path) -> list[str]:
    """Write the plugins, make their tables, and enable all of them everywhere; return their slugs."""
    slugs = [f"bench_{number:02d}" for number in range(1, MORE + 1)]
    for slug in slugs:
        scaffold.write(slug, f"平台{slug[-2:]}", folder / "plugins", package=False)
        shutil.rmtree(folder / "plugins" / f"{slug}_tests")
    app = create_app(folder, {"plugins": list(PLUGINS)}, check=False)
    migrations.migrate(registry_of(app).owners(), folder)
    with app.app_context():
        accounts.sync_roles(registry_of(app))
        with db.atomic():
            for unit in Unit.select().where(Unit.level.in_(("county", "town"))):
                for slug in slugs:
                    org.set_enabled(unit, slug, True, None)
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return slugs


def _starts(few: Path, many: Path, slugs: list[str]) -> None:
    """Print the seconds from starting Python to a built application, and until a served portal answers. The CPU time is
    what another one on the machine does not stretch."""
    rows = []
    for name, folder in (("4 plugins", few), ("30 plugins", many)):
        code = f"from portal import create_app; create_app({str(folder)!r}, {{'plugins': {list(PLUGINS)!r}}})"
        built, cpu = [], []
        for _ in range(5):
            began, before = time.perf_counter(), os.times()
            subprocess.run([sys.executable, "-c", code], check=True)
            after = os.times()
            built.append(time.perf_counter() - began)
            cpu.append(after[2] + after[3] - before[2] - before[3])
        with serving("wsgi:app", {"PORTAL_INSTANCE": str(folder), "PORTAL_LOG_LEVEL": "ERROR"}, "/healthz") as server:
            rows.append((name, f"{statistics.median(built):.2f}", f"{statistics.median(cpu):.2f}",
                         f"{server.started_in:.2f}"))
    print_table(("start", "import and create_app, s", "of it CPU, s", "gunicorn until its first answer, s"), rows)


class Side:
    """One instance in this process: an application with its own connection and somebody who is signed in."""

    def __init__(self, folder: Path):
        self.app = create_app(folder, {"plugins": list(PLUGINS), "log_level": "ERROR"})
        self.database = database.obj
        self.browser = Browser(self.app.test_client())
        self.browser.send("/accounts/sign-in", name=LOGIN, password=PASSWORD)

    def here(self) -> None:
        database.initialize(self.database)

    def page(self, path: str) -> float:
        """Return the milliseconds of CPU that a page takes."""
        self.here()
        began = time.process_time()
        self.browser.open(path)
        took = (time.process_time() - began) * 1000
        assert self.browser.status == 200, (path, self.browser.status)
        return took

    def apart(self, rounds: int) -> dict[str, float]:
        """Return the milliseconds that the gate, the menu and the questions to the plugins take for one request."""
        self.here()
        found = {"gate": [], "menu": [], "collection": []}
        cookie = self.browser.client.get_cookie("portal")
        with self.app.test_request_context("/cases/", headers={"Cookie": f"portal={cookie.value}"}):
            gate = next(one for one in self.app.before_request_funcs[None] if one.__name__ == "gate")
            person, registry = who_asks(), registry_of(self.app)
            gate()
            for _ in range(rounds):
                for name, call in (
                    ("gate", gate), ("menu", lambda: _menu(person)),
                    ("collection", lambda: [registry.collect(hook, person.enabled) for hook in ASKED]),
                ):
                    began = time.perf_counter()
                    call()
                    found[name].append((time.perf_counter() - began) * 1000)
        return {name: statistics.median(values) for name, values in found.items()}


def _menu(person):
    groups = menu._groups(person)
    return menu._tabs([menu.Group(title, [menu._item(line, None) for line in lines]) for title, lines in groups])


def _pages(few: Path, many: Path, slugs: list[str], rounds: int) -> None:
    sides = Side(few), Side(many)
    assert len(registry_of(sides[1].app).optional()) == len(registry_of(sides[0].app).optional()) + MORE
    costs = [side.apart(rounds * 10) for side in sides]
    print()
    print_table(("for one request, ms", "4 plugins", "30 plugins"), [
        *((name, *(f"{cost[name]:.4f}" for cost in costs)) for name in costs[0]),
        ("together", *(f"{sum(cost.values()):.4f}" for cost in costs)),
    ])
    rows = []
    for path in PATHS:
        for side in sides * 3:
            side.page(path)
        taken = [[], []]
        for _ in range(rounds):
            for number, side in enumerate(sides):
                taken[number].append(side.page(path))
        small, large = (statistics.median(values) for values in taken)
        rows.append((path, f"{small:.2f}", f"{large:.2f}", f"{large / small:.2f}x"))
    print()
    print_table(("page, CPU ms", "4 plugins", "30 plugins", "ratio"), rows)


if __name__ == "__main__":
    main()
