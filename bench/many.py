"""Fills an instance with any number of cases of all four platforms, on both engines, in minutes for millions."""

import json
import time
from pathlib import Path

from bench import county
from bench.fill import _units
from bench.matters import CASE, CHARTER, DISPUTE, EVENT, GRID_EVENT, REQUEST, Matters
from bench.pour import Table, without_indexes
from plugins.grid.models import GridEvent
from plugins.mediation.models import Dispute
from plugins.station.models import ServiceItem, ServiceRequest
from plugins.village_rules.models import Charter
from portal import accounts, create_app, db, migrations
from portal.cases import tallies
from portal.cases.counter_models import Series
from portal.cases.models import Case, CaseEvent
from portal.commands.progress import Progress
from portal.registry import registry_of

BATCH, COMPARED = 20_000, 20_000
POURED = ("cases_case", "cases_event", "search_text", "search_gram", "station_request", "grid_event",
          "mediation_dispute", "village_rules_charter", "cases_flow", "cases_tally")


def fill(folder: Path, number: int, setting: str) -> None:
    """Make an instance in `folder` on the database `setting` with `number` cases; says how long each part took."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "portal.toml").write_text(f"database = {json.dumps(setting)}\n")
    app = create_app(folder, check=False)
    registry, began = registry_of(app), time.perf_counter()
    migrations.migrate(registry.owners(), folder)
    with app.app_context(), db.patient(), Progress() as say:
        with db.atomic():
            accounts.sync_roles(registry)
            _units(registry, say)
        found = county.settle()
        settled = time.perf_counter()
        with without_indexes(POURED, say):
            _pour(Matters(found, number), number, say)
            poured = time.perf_counter()
        indexed = time.perf_counter()
        if db.is_postgres():
            db.database.execute_sql("VACUUM ANALYZE")  # as its autovacuum does; on SQLite nobody counts for the planner
        _counted_right(number)
    db.database.close()
    ended = time.perf_counter()
    print(f"{number:,} cases: county {settled - began:.0f} s, rows {poured - settled:.0f} s, indexes "
          f"{indexed - poured:.0f} s, statistics {ended - indexed:.0f} s", flush=True)


def _counted_right(number: int) -> None:
    """Hold the counters against the product's own recount, where that takes a moment only."""
    wrong = tallies.differences() if number <= COMPARED else []
    if wrong:
        raise RuntimeError(f"the bench counted wrongly: {wrong[:5]}")


def _pour(made: Matters, number: int, say) -> None:
    tables = _tables()
    for first in range(1, number + 1, BATCH):
        last = min(first + BATCH - 1, number)
        rows = made.batch(first, last)
        with db.atomic():
            for name, table in tables.items():
                if rows[name]:
                    table.write(rows[name])
            made.counted.write(made.moment_of(last))
        say("写入案件", last, number)
    with db.atomic():
        Table("cases_series", ("unit_id", "prefix", "year", "last"), model=Series).write(
            [(*key, last) for key, last in made.last.items()])
    made.counted.finish()


def _tables() -> dict[str, Table]:
    item = ServiceItem.get(ServiceItem.name == "高龄津贴")
    key = "id" if db.is_postgres() else "rowid"
    asked = {"item_id": item.id, "item_name": item.name, "item_version": 1, "decides": "county", "promise_amount": 7}
    return {
        "case": Table("cases_case", CASE, {"limit_unit": "workday"}, Case),
        "event": Table("cases_event", EVENT, model=CaseEvent),
        "text": Table("search_text", ("id", "owner", "row_id", "text")),
        "gram": Table("search_gram", (key, "grams")),
        "station.request": Table("station_request", REQUEST, asked, ServiceRequest),
        "grid.event": Table("grid_event", GRID_EVENT, {"category": "facility", "sub": "lamp",
                                                       "text": "路灯不亮，晚上看不见路。"}, GridEvent),
        "mediation.dispute": Table("mediation_dispute", DISPUTE, {"type": "neighbours", "brief": "双方各执一词。"},
                                   Dispute),
        "village_rules.charter": Table("village_rules_charter", CHARTER, {"title": "村规民约"}, Charter),
    }


