"""`python -m bench.check N`: how long the check of N cases takes, beside a bare sequential read of the same rows.

It fills an instance of its own with N cases that have a whole timeline each, on SQLite, or on the PostgreSQL database
that --database names. What is measured is `examined`, the part of `portal check` that grows with the ledger.
"""

import argparse
import datetime
import os
import random
import resource
import tempfile
import time
from pathlib import Path

from bench.fill import BATCH, _people, _units, bulk, row_of
from portal import accounts, audit, create_app, db, migrations
from portal.accounts.models import User
from portal.cases import timeline
from portal.cases.checks import examined
from portal.cases.counter_models import Series
from portal.cases.models import Case, CaseEvent
from portal.cases.tallies import rebuild
from portal.commands.progress import Progress
from portal.db import database
from portal.org.models import Unit
from portal.registry import registry_of

#: The states that a case went through, one timeline entry each.
WAY = ("received", "accepted", "at_town", "decided", "archived")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.check", description=__doc__.split("\n")[0])
    parser.add_argument("cases", type=int, nargs="?", default=100_000, help="how many cases (100000)")
    parser.add_argument("--entries", type=int, default=4, help="how many timeline entries each has, 1 to 5 (4)")
    parser.add_argument("--instance", type=Path, help="keep the instance in this folder, or use the one that is there")
    parser.add_argument("--database", default="portal.db", help="the setting `database`")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as temporary:
        folder = wanted.instance or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        overrides = {"plugins": ["station", "grid", "mediation", "village_rules"], "database": wanted.database}
        app = create_app(folder, overrides, check=False)
        with app.app_context(), db.patient(), Progress() as say:
            if not database.table_exists("cases_case"):
                _fill(app, wanted.cases, wanted.entries, say)
            measure(say)


def _fill(app, number: int, entries: int, say) -> None:
    registry = registry_of(app)
    migrations.migrate(registry.owners(), app.config["PORTAL"]["instance"])
    database.execute_sql("SET synchronous_commit = off" if db.is_postgres() else "PRAGMA synchronous = off")
    with db.atomic():
        accounts.sync_roles(registry)
        _units(registry, say)
        _people()
    villages = list(Unit.select().where(Unit.level == "village").order_by(Unit.code))
    departments = list(Unit.select().where(Unit.level == "department"))
    halls = {unit.town_id: unit.id for unit in departments if unit.name.endswith("便民服务中心")}
    offices = [unit.id for unit in departments if unit.reach == "line"]
    clerk, chance = User.get(User.name == "bench-village").id, random.Random(510722)
    start, last = db.now() - datetime.timedelta(days=1095), {}
    for first in range(0, number, BATCH):
        rows = []
        for key in range(first + 1, min(first + BATCH, number) + 1):
            moment = start + datetime.timedelta(seconds=int(1095 * 86400 * key / (number + 1)))
            village = chance.choice(villages)
            taken = last[village.id, moment.year] = last.get((village.id, moment.year), 0) + 1
            name = f"FW{village.code[6:12]}-{moment.year}-{taken:04d}"
            state, phase = ("archived", "closed") if key % 20 else ("decided", "handling")
            rows.append(row_of(key, name, moment, village, state, phase, halls, offices, clerk, chance))
            rows[-1]["rating"] = None
        with db.atomic():
            bulk(Case, rows)
            bulk(CaseEvent, [entry for row in rows for entry in _way(row, entries)])
        say("写入案件", first + len(rows), number)
    rows = [{"unit_id": unit, "prefix": "FW", "year": year, "last": count} for (unit, year), count in last.items()]
    Series.insert_many(rows).execute()
    with db.atomic():
        for key in range(number // 20):
            audit.record("cases.open", "case", key)
    rebuild()
    database.execute_sql("ANALYZE")
    if not db.is_postgres():
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _way(row: dict, entries: int):
    """Yield the sealed entries of a case, the last as the case stands."""
    before, due = "", row["due"].isoformat() if row["due"] else None
    for seq in range(1, entries + 1):
        done = seq == entries
        entry = CaseEvent(
            county_id=row["county_id"], case=row["id"], seq=seq, at=row["opened"] + datetime.timedelta(hours=seq),
            step="forward", title="办理", actor_id=row["created_by"], actor_name="测试员", post_title="综合窗口",
            unit_id=row["unit"], unit_name="华光村村民委员会", from_state="" if seq == 1 else WAY[seq - 2],
            to_state=row["state"] if done else WAY[seq - 1], holder_id=row["unit"], holder_name="华光村村民委员会",
            text="材料齐全，情况属实，同意办理并报镇便民服务中心。", data={"due": due},
        )
        entry.digest = before = timeline.seal(entry, before)
        yield {name: value for name, value in entry.__data__.items() if name != "id"}


def measure(say) -> None:
    """Print the seconds of the check and of the bare read, their ratio, and the largest memory of a process."""
    counts = {table: database.execute_sql(f"SELECT count(*) FROM {table}").fetchone()[0]
              for table in ("cases_case", "cases_event", "audit_entry")}
    began, before = time.perf_counter(), os.times()
    for table in counts:
        _read(table)
    bare, bare_cpu = time.perf_counter() - began, _cpu(before)
    began, before = time.perf_counter(), os.times()
    found, rows = examined(say)
    took, cpu = time.perf_counter() - began, _cpu(before)
    for sentence in found[:5]:
        print(sentence)
    own, children = (resource.getrusage(who).ru_maxrss / 1024
                     for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"{counts}: check {took:.1f} s ({cpu:.1f} s of CPU in all processes, {rows} rows, {len(found)} findings), "
          f"bare read {bare:.1f} s ({bare_cpu:.1f} s of CPU), {took / bare:.2f}x; memory {own:.0f} MiB, "
          f"largest worker {children:.0f} MiB")


def _cpu(before) -> float:
    """Return the CPU seconds of this process and its ended children since `before`: steadier than the clock on a
    machine that others use too."""
    return sum(os.times()[:4]) - sum(before[:4])


def _read(table: str) -> None:
    """Read a whole table in the order of its ids, in pieces, and do nothing with it."""
    last, mark = 0, "%s" if db.is_postgres() else "?"
    while rows := database.execute_sql(
        f"SELECT * FROM {table} WHERE id > {mark} ORDER BY id LIMIT 20000", (last,)
    ).fetchall():
        last = rows[-1][0]


if __name__ == "__main__":
    main()
