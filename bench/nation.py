"""`python -m bench.nation FILES… --database …`: a nation of units, what its import costs and what people wait for.

FILES are the CSV files of divisions (plain or .xz), the upper levels with them. It imports them into an empty instance
in a process of its own, twice, and prints time and peak memory of both. Then people with posts from the top of the
nation down to a village open the tree, search it, and rename, move, merge and split units of a county in its middle,
each act committed. Times are CPU of this process and of its PostgreSQL backend, because others use the machine too.
Rows examined are what PostgreSQL's EXPLAIN ANALYZE counts for the reading statements of the act.
"""

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import click

from portal import accounts, create_app, db, migrations, org
from portal.accounts.models import Post, Role, User
from portal.commands.progress import Progress
from portal.commands.table import print_table
from portal.org import lineage
from portal.org.departments import ensure_departments
from portal.org.editing import add_unit, rename_unit
from portal.org.models import Unit
from portal.registry import registry_of
from portal.testing import Browser

PASSWORD = "Mess-Latte-42-Kiesel"
PLUGINS = ["station", "grid", "mediation"]
#: The county in whose middle units are rearranged, and where the lower posts are.
COUNTY, TOWN, VILLAGE = "510722000000", "510722104000", "510722104204"
READERS = (("nation", "10", "nation"), ("province", "51", "province"), ("prefecture", "5107", "prefecture"),
           ("county", COUNTY, "county"), ("town", TOWN, "town"), ("village", VILLAGE, "village"))
#: Common and rare words of two characters and more, whole names, one character, letters and codes.
WORDS = {
    "name, 2 characters": ("新村", "和平", "新民", "红星", "太平", "龙泉", "博斯", "嘎查", "天文", "海港"),
    "whole name": ("和平村", "华光村", "解放路社区", "东华门街道", "博斯坦村", "塔山镇", "小岗村", "韶山村"),
    "1 character": ("村", "新", "坪", "嘎", "鵃"),
    "initials": ("hx", "xc", "hgc", "tsz", "x", "bstc", "zzzz"),
    "code": ("510722", "510722104204", "65", "469"),
}


@dataclass
class Act:
    """What one act cost each time: CPU milliseconds, and the rows that its reading statements looked at."""

    name: str
    took: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


class Meter:
    """Measures acts one by one; the first run of each only warms up."""

    def __init__(self):
        self.acts: dict[str, Act] = {}
        self._backend = None
        if db.is_postgres():
            [(key,)] = db.database.execute_sql("SELECT pg_backend_pid()").fetchall()
            self._backend = Path(f"/proc/{key}/schedstat")

    def _clock(self) -> float:
        """Return CPU milliseconds so far, the backend's added; it runs on this machine or is not counted."""
        there = int(self._backend.read_text().split()[0]) / 1e6 if self._backend and self._backend.exists() else 0
        return time.process_time() * 1000 + there

    def run(self, name: str, act, *given):
        begun = self._clock()
        result = act(*given)
        took = self._clock() - begun
        known = name in self.acts
        found = self.acts.setdefault(name, Act(name))
        if known:
            found.took.append(took)
        return result

    def examined(self, name: str, act, *given) -> None:
        """Do `act` once more, and count the rows that its SELECTs look at."""
        if not db.is_postgres():
            return
        seen = []
        db.database.obj.query_hooks.append(lambda event: seen.append((event.sql, event.params)))
        try:
            act(*given)
        finally:
            db.database.obj.query_hooks.pop()
        reading = [one for one in seen if one[0].lstrip().startswith(("SELECT", "WITH")) and "FOR UPDATE" not in one[0]]
        self.acts[name].rows.append(sum(examined_rows(*one) for one in reading))

    def table(self) -> None:
        print_table(("act", "n", "p50 ms", "p99 ms", "max ms", "rows examined, most"), [
            (act.name, len(act.took), *(f"{one:.1f}" for one in (*_percents(act.took), max(act.took))),
             max(act.rows, default="-"))
            for act in self.acts.values() if act.took
        ])


def _percents(took: list[float]) -> tuple[float, float]:
    found = sorted(took)
    return found[len(found) // 2], found[min(len(found) - 1, len(found) * 99 // 100)]


def examined_rows(sql: str, params) -> int:
    """Return how many rows PostgreSQL looked at in tables and indexes to answer a query."""
    [(plan,)] = db.database.execute_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params).fetchall()
    return _rows_in((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])


def _rows_in(node: dict) -> int:
    own = 0
    if "Relation Name" in node or "Scan" in node["Node Type"] and not node.get("Plans"):
        looked_at = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        own = int(sum(node.get(name, 0) for name in looked_at) * node["Actual Loops"])
    return own + sum(map(_rows_in, node.get("Plans", [])))


# -- the import --------------------------------------------------------------------------------------------------

def import_files(folder: Path, database: str, files: list[str]) -> None:
    """Import in this process, and print what it cost."""
    app = _app(folder, database, check=False)
    migrations.migrate(registry_of(app).owners(), folder)
    with app.app_context(), db.patient(), Progress() as say:
        with db.atomic():
            accounts.sync_roles(registry_of(app))
        wall, cpu = time.perf_counter(), time.process_time()
        report = org.import_divisions(files, say)
    print(f"{len(report.added)} added, {len(report.changed)} changed, {report.unchanged} unchanged: "
          f"{time.perf_counter() - wall:.1f} s, {time.process_time() - cpu:.1f} s of CPU, "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


def _app(folder: Path, database: str, check: bool = True):
    return create_app(folder, {
        "testing": True, "database": database, "plugins": PLUGINS, "argon2_time_cost": 1, "argon2_memory_kib": 64,
        "trusted_hosts": ["localhost"], "log_level": "ERROR"}, check=check)


def _people() -> None:
    """Give every level somebody who reads its units."""
    with db.atomic():
        county = Unit.get(Unit.code == COUNTY)
        ensure_departments(county)
        for unit in Unit.select().where(Unit.county_id == county.id, Unit.level.in_(("county", "town"))):
            for plugin in registry_of(click.get_current_context().obj).optional():
                org.set_enabled(unit, plugin.slug, True, None)
        for login, code, _ in READERS:
            user, _ = accounts.add_user(login, "测试员", password=PASSWORD, must_change=False)
            unit = Unit.get_or_none(Unit.code == code)
            if unit is not None:  # no page gives somebody a post above the counties yet
                role = Role.get(Role.slug == "county_staff")
                Post.create(user=user, unit=unit, role=role, title="查询", valid_from=db.today())


# -- reading -----------------------------------------------------------------------------------------------------

def read(app, meter: Meter, times: int) -> None:
    chance = random.Random(1)
    for login, code, level in READERS:
        unit = Unit.get_or_none(Unit.code == code)
        if unit is None:
            continue
        browser = Browser(app.test_client())
        browser.send("/accounts/sign-in", name=login, password=PASSWORD)
        below = [key for (key,) in Unit.select(Unit.id).where(Unit.parent == unit.id, Unit.level != "department")
                 .order_by(Unit.code).limit(300).tuples()] or [unit.id]
        pages = {
            "tree, top": cycle(["/org/children/"]),
            "tree, a node below opened": cycle([f"/org/children/{key}" for key in chance.sample(below, len(below))]),
            "page of its own unit": cycle([f"/org/{unit.id}"]),
            "page of a unit below": cycle([f"/org/{key}" for key in chance.sample(below, len(below))]),
        }
        for kind, words in WORDS.items():
            pages[f"picker, {kind}"] = cycle([f"/org/find?q={word}" for word in words])
        pages["search, 2 characters, units only"] = cycle(
            [f"/search?in=units&q={word}" for word in WORDS["name, 2 characters"]])
        pages["search, initials, all rooms"] = cycle([f"/search?q={word}" for word in WORDS["initials"]])
        for name, urls in pages.items():
            _pages(meter, browser, f"{level}: {name}", urls, times)


def _pages(meter: Meter, browser: Browser, name: str, urls, times: int) -> None:
    def opened(url: str):
        assert browser.open(url).status == 200, (name, url, browser.status)

    for _ in range(times + 1):
        meter.run(name, opened, next(urls))
    for _ in range(4):
        meter.examined(name, opened, next(urls))


# -- writing -----------------------------------------------------------------------------------------------------

def rearrange(meter: Meter, times: int) -> None:
    """Do each act on units of the county, each time on others."""
    by = accounts.acting_as(User.get(User.name == "county"))
    county = Unit.get(Unit.code == COUNTY)
    towns = list(Unit.select().where(Unit.parent == county.id, Unit.level == "town", Unit.valid_to.is_null())
                 .order_by(Unit.code))

    def village(number: int) -> Unit:
        town = towns[number % len(towns)]
        query = Unit.select().where(Unit.parent == town.id, Unit.level == "village", Unit.valid_to.is_null())
        return query.order_by(Unit.code.desc()).offset(1 + number // len(towns)).get()

    for number in range(times + 1):
        _villages(meter, by, village, towns, number)
    for number in range(min(times, len(towns) // 3 - 1) + 1):
        _towns(meter, by, towns, number)


def _villages(meter: Meter, by, village, towns: list[Unit], number: int) -> None:
    one = village(number)
    data = {"name": f"改名{one.version}第{one.id}村村民委员会", "note": ""}
    meter.run("rename a village", rename_unit, one, data, by, one.version)
    meter.run("add a grid", add_unit, one, {"name": f"新{one.id}第{one.version}网格", "level": "grid", "note": ""}, by)
    one = Unit.get_by_id(one.id)
    into = towns[(number + 7) % len(towns)]
    meter.run("move a village: preview", lambda: lineage.effects(lineage.plan_move(one, into, by)))
    meter.run("move a village", lineage.move_village, one, into, by, one.version)
    one, other = village(number + 3), village(number + 4)
    meter.run("merge two villages: preview", lambda: lineage.effects(lineage.plan_merge(one, other, by)))
    meter.run("merge two villages", lineage.merge_units, one, other, by, one.version)
    one = village(number + 5)
    code = _free(one.code[:9])
    name = f"析出{code}村村民委员会"
    meter.run("split a village", lineage.split_unit, one, name, code, [], by, one.version)


def _towns(meter: Meter, by, towns: list[Unit], number: int) -> None:
    one, other = (Unit.get_by_id(towns[3 * number + at].id) for at in (0, 1))
    meter.run("merge two towns: preview", lambda: lineage.effects(lineage.plan_merge(one, other, by)))
    meter.run("merge two towns, with all their villages", lineage.merge_units, one, other, by, one.version)
    whole = Unit.get_by_id(towns[3 * number + 2].id)
    parts = [part.id for part in lineage.parts_of(whole)][1::2]
    code = _free(whole.code[:6], "000")
    name = f"析出{code}镇"
    meter.run("split a town, half of its villages", lineage.split_unit, whole, name, code, parts, by, whole.version)


def _free(begin: str, end: str = "") -> str:
    """Return a code that no unit has had yet; an instance that is kept may be measured again."""
    codes = [f"{begin}{number}{end}" for number in range(900, 1000)]
    used = {code for (code,) in Unit.select(Unit.code).where(Unit.code.in_(codes)).tuples()}
    return next(code for code in codes if code not in used)


def measure(folder: Path, database: str, times: int) -> None:
    app = _app(folder, database)
    with app.test_request_context():
        db.database.connect(reuse_if_open=True)
        if not User.select().where(User.name == READERS[0][0]).exists():
            with click.Context(click.Command("nation"), obj=app):
                _people()
        if db.is_postgres():
            db.database.execute_sql("ANALYZE")
    with app.app_context():
        db.database.connect(reuse_if_open=True)
        meter = Meter()
        read(app, meter, times)
    with app.test_request_context():
        db.database.connect(reuse_if_open=True)
        meter_of_acts = Meter()
        rearrange(meter_of_acts, times)
    meter.table()
    meter_of_acts.table()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.nation", description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", help="the CSV files of divisions, plain or .xz")
    parser.add_argument("--database", default="portal.db", help="a file name, or postgresql://… of an empty database")
    parser.add_argument("--times", type=int, default=20, help="how often each act is done (20)")
    parser.add_argument("--instance", type=Path, help="keep the instance in this folder, or use the one that is there")
    parser.add_argument("--only-import", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as temporary:
        folder = wanted.instance or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if wanted.only_import:
            import_files(folder, wanted.database, wanted.files)
            return
        print(f"a nation of units, {re.match('[a-z]*', wanted.database)[0]}", file=sys.stderr)
        if not (folder / "filled").exists():
            for _ in range(2):  # a process each, so that the peak is that of one import
                subprocess.run([sys.executable, "-m", "bench.nation", *wanted.files, "--database", wanted.database,
                                "--instance", str(folder), "--only-import"], check=True)
            (folder / "filled").touch()
        measure(folder, wanted.database, wanted.times)


if __name__ == "__main__":
    main()
