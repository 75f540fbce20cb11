"""Many clerks who write at once, each a process: whether one more gets more done, and whether anything fails.

As `python -m bench.writing FOLDER NUMBER SECONDS HOT` it is one of them: it opens cases in its own village, each with
its number, timeline, counters, words for the search, audit entry and notice in one transaction.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from bench.small import Small
from portal import audit, create_app, notify
from portal.accounts import acting_as
from portal.cases import tallies
from portal.cases.ledger import Opening, open_case
from portal.cases.models import Case
from portal.commands.table import print_table
from portal.db import atomic, database
from portal.org.models import Unit
from portal.values import Deadline

AT_ONCE = {"SQLite": 4, "PostgreSQL": 16}
HOT = "UPDATE bench_hot SET number = number + 1"


def measure(small: Small, seconds: float) -> None:
    """Print the writes a second of one clerk and of many, and of as many where all have to change one more row."""
    with small.twin() as twin:
        twin.open()
        with atomic():
            database.execute_sql("CREATE TABLE bench_hot (number integer)")
            database.execute_sql("INSERT INTO bench_hot VALUES (0)")
        (twin.folder / "portal.toml").write_text(f'database = "{twin.setting}"\n')
        many = AT_ONCE[small.name]
        runs = [(1, False), (many, False), (many, True)]
        found = [_together(twin, number, seconds, hot) for number, hot in runs]
        app = twin.open()
        with app.app_context():
            lying = len(tallies.differences())
    one = found[0][0]
    print(f"\n{small.name}, clerks who open cases at once ({seconds:.0f} s each run):")
    print_table(("clerks", "cases/s", "x one clerk", "errors"), [
        (f"{number}{', and all change one row of the county' if hot else ''}", f"{rate:.0f}", f"{rate / one:.2f}",
         ", ".join(f"{name} {count}" for name, count in errors.items()) or "0")
        for (number, hot), (rate, errors) in zip(runs, found, strict=True)
    ])
    print(f"Counters that a recount does not find: {lying}.")


def _together(small: Small, number: int, seconds: float, hot: bool) -> tuple[float, Counter]:
    command = [sys.executable, "-m", "bench.writing", str(small.folder)]
    clerks = [
        subprocess.Popen([*command, str(clerk), str(seconds), str(int(hot))], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
        for clerk in range(number)
    ]
    for clerk in clerks:
        if clerk.stdout.readline().strip() != "ready":
            raise RuntimeError("a clerk did not start")
    for clerk in clerks:
        clerk.stdin.write("go\n")
        clerk.stdin.flush()
    answers = [json.loads(clerk.communicate()[0]) for clerk in clerks]
    errors = sum((Counter(answer["errors"]) for answer in answers), Counter())
    return sum(answer["written"] / answer["seconds"] for answer in answers), errors


def clerk(folder: str, number: int, seconds: float, hot: bool) -> None:
    app = create_app(folder)
    with app.app_context():
        actor = acting_as(f"writer-{number}")
        place = Unit.get_by_id(actor.post.unit.id)
        line = Unit.get(Unit.parent == place.county_id, Unit.name.endswith("民政局"))
        opening = Opening("station.request", "王*兰：高龄津贴", place, Deadline(7), applicant="王*兰", line=line)
        _open(app, opening, actor, hot)
        print("ready", flush=True)
        sys.stdin.readline()
        written, errors, began = 0, Counter(), time.perf_counter()
        while time.perf_counter() - began < seconds:
            try:
                _open(app, opening, actor, hot)
                written += 1
            except Exception as error:
                errors[type(error).__name__] += 1
        print(json.dumps({"written": written, "errors": errors, "seconds": time.perf_counter() - began}))


def _open(app, opening: Opening, actor, hot: bool) -> Case:
    with app.test_request_context(), atomic():
        if hot:
            database.execute_sql(HOT)
        case = open_case(opening, actor)
        audit.record("cases.open", "case", case.id, actor=actor)
        notify.send([actor], "cases.handed", "已登记", f"/cases/{case.id}", county_id=case.county_id)
    return case


if __name__ == "__main__":
    clerk(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4] == "1")
