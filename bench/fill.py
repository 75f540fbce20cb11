"""Fills an instance with 三台县 and any number of cases, spread over its 462 villages and the last three years."""

import datetime
import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from plugins.station.models import ServiceItem, ServiceRequest
from portal import accounts, create_app, db, migrations, org
from portal.accounts.models import Role, User
from portal.cases import timeline
from portal.cases.counter_models import Series
from portal.cases.models import Case, CaseEvent
from portal.cases.search_text import scope_of
from portal.cases.tallies import rebuild
from portal.commands.progress import Progress
from portal.org.departments import ensure_departments
from portal.org.models import Unit
from portal.registry import registry_of
from portal.search import index
from portal.search.models import SearchText

PASSWORD = "Mess-Latte-42-Kiesel"
BATCH = 500
PLUGINS = ("station", "grid", "mediation", "village_rules", "constant")
#: The village whose clerk works in the bench, in the town whose staff read the lists.
VILLAGE = "510722104204"
#: The newest so many cases lie in the clerk's own village and wait to be accepted: the steps that are measured.
TO_ACCEPT = 400
WORDS = (
    "高龄津贴", "城乡居民基本医疗保险参保和缴费", "最低生活保障", "残疾人证申领和换领", "户口迁移", "临时救助",
    "生育登记", "法律援助",
)
#: (state, phase, share): most of a ledger is done.
STATES = (
    ("archived", "closed", 78), ("delivered", "closed", 8), ("received", "new", 3), ("correcting", "paused", 2),
    ("accepted", "accepted", 2), ("at_town", "handling", 3), ("at_county", "handling", 3), ("decided", "handling", 1),
)
DONE = (("archived", "closed"), ("delivered", "closed"))


@dataclass(frozen=True)
class Ground:
    """The filled instance: its folder and the accounts that read it, by the level of their unit."""

    folder: Path
    logins: tuple[str, ...] = ("bench-village", "bench-town", "bench-county")


def fill(folder: Path, cases: int, more) -> Ground:
    """Make an instance in `folder` with `cases` cases of the station, and what `more(registry, say)` adds; while it is
    made nothing has to survive a power cut."""
    (folder / "plugins").mkdir(exist_ok=True)
    shutil.copy(Path(__file__).parent / "constant_plugin.py", folder / "plugins" / "constant.py")
    app = create_app(folder, {"plugins": list(PLUGINS)}, check=False)
    registry = registry_of(app)
    migrations.migrate(registry.owners(), folder)
    with app.app_context(), db.patient(), Progress() as say:
        if not db.is_postgres():
            db.database.execute_sql("PRAGMA synchronous=off")
        with db.atomic():
            accounts.sync_roles(registry)
            _units(registry, say)
            _people()
        _cases(cases, random.Random(510722), say)
        if db.is_postgres():
            for table in ("cases_case", "search_text"):
                db.database.execute_sql(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608
        more(registry, say)
        rebuild()
        db.database.execute_sql("ANALYZE")
        if not db.is_postgres():
            db.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.database.close()
    return Ground(folder)


def _units(registry, say) -> None:
    data = Path(org.__file__).parent / "data"
    org.import_divisions([data / "510722_towns.csv", data / "510722_villages.csv"], say)
    county = Unit.get(Unit.level == "county")
    ensure_departments(county)
    for unit in Unit.select().where(Unit.level.in_(("county", "town"))):
        for plugin in registry.optional():
            org.set_enabled(unit, plugin.slug, True, None)


def _people() -> None:
    county = Unit.get(Unit.level == "county")
    village = Unit.get(Unit.code == VILLAGE)
    hall = Unit.get(Unit.parent == village.parent_id, Unit.name.endswith("便民服务中心"))
    office = Unit.get(Unit.parent == county, Unit.name.endswith("行政审批服务局"))
    for login, unit, role in (("bench-village", village, "window"), ("bench-town", hall, "town_staff"),
                              ("bench-county", office, "county_staff")):
        user, _ = accounts.add_user(login, "测试员", password=PASSWORD, must_change=False)
        accounts.add_post(user, unit, Role.get(Role.slug == role))


def _cases(number: int, chance: random.Random, say) -> None:
    villages = list(Unit.select().where(Unit.level == "village").order_by(Unit.code))
    departments = list(Unit.select().where(Unit.level == "department"))
    halls = {unit.town_id: unit.id for unit in departments if unit.name.endswith("便民服务中心")}
    offices = [unit.id for unit in departments if unit.reach == "line"]
    clerk = User.get(User.name == "bench-village").id
    item = ServiceItem.get(ServiceItem.name == "高龄津贴")
    start, span = db.now() - datetime.timedelta(days=1095), 1095 * 86400
    states = [(state, phase) for state, phase, share in STATES for _ in range(share)]
    last: dict[tuple[int, int], int] = {}
    moments = sorted(start + datetime.timedelta(seconds=chance.randrange(span)) for _ in range(number))
    own = next(unit for unit in villages if unit.code == VILLAGE)
    for first in range(0, number, BATCH):
        rows = []
        for key, moment in enumerate(moments[first:first + BATCH], first + 1):
            fresh = number - key < TO_ACCEPT
            village = own if fresh else chance.choice(villages)
            last[village.id, moment.year] = last.get((village.id, moment.year), 0) + 1
            number_ = f"FW{village.code[6:]}-{moment.year}-{last[village.id, moment.year]:04d}"
            recent = db.now() - moment < datetime.timedelta(days=40)
            state, phase = ("received", "new") if fresh else chance.choice(states if recent else DONE)
            rows.append(row_of(key, number_, moment, village, state, phase, halls, offices, clerk, chance))
        _write(rows, item)
        say("写入案件", first + len(rows), number)
    Series.insert_many([
        {"unit_id": unit, "prefix": "FW", "year": year, "last": count} for (unit, year), count in last.items()
    ]).execute()


def row_of(key, number, moment, village, state, phase, halls, offices, clerk, chance) -> dict:
    closed = phase in ("closed", "cancelled")
    paused = phase == "paused"
    line = chance.choice(offices)
    until = moment + datetime.timedelta(days=chance.randrange(5, 45))
    holder = {"at_town": halls[village.town_id], "at_county": line}.get(state, village.id)
    return {
        "id": key, "number": number, "kind": "station.request", "title": f"王*兰：{chance.choice(WORDS)}",
        **village.place(), "line_id": line, "unit": holder, "person": clerk if chance.random() < 0.02 else None,
        "channel": chance.choice(("window", "window", "window", "visit", "phone")), "late": chance.random() < 0.05,
        "applicant": "王*兰", "state": state, "phase": phase, "opened": moment,
        "due": None if closed or paused else until, "owed": None if paused else until,
        "closed": moment + datetime.timedelta(hours=chance.randrange(2, 400)) if closed else None,
        "replied": moment + datetime.timedelta(hours=1) if closed else None,
        "rating": chance.choice((5, 5, 4, None)) if closed else None, "limit_amount": 20, "limit_unit": "workday",
        "clock_start": moment, "paused_at": moment if paused else None,
        "pause_reason": "等待申请人补正材料" if paused else "", "created_by": clerk,
    }


def _write(rows: list[dict], item: ServiceItem) -> None:
    """Write a batch: the cases, what the station knows of them, a sealed timeline entry each, their words."""
    texts = [(row["id"], f"{row['number']} {row['title']} {row['applicant']}") for row in rows]
    with db.atomic():
        bulk(Case, rows)
        bulk(ServiceRequest, [
            {
                "case": row["id"], "county_id": row["county_id"], "item": item.id, "item_name": item.name,
                "item_version": 1, "decides": "county", "promise_amount": 7, "window": row["village_id"],
                "accepted_at": row["opened"],
            }
            for row in rows
        ])
        bulk(CaseEvent, [opening(row) for row in rows])
        bulk(SearchText, [{"id": key, "owner": "case", "row_id": key, "text": text} for key, text in texts])
        for row, (key, text) in zip(rows, texts, strict=True):
            index.put_grams(key, index.tokens(text, scope_of(Case(**row))))


def bulk(model, rows: list[dict]) -> None:
    """Insert `rows` through the driver itself: building peewee's statement would take most of the time."""
    fields = [field for field in model._meta.sorted_fields if field.name != "id" or "id" in rows[0]]
    defaults = {name: value for name, value in model._meta.get_default_dict().items() if not callable(value)}
    mark = "%s" if db.is_postgres() else "?"
    columns, marks = ", ".join(field.column_name for field in fields), ", ".join(mark for _ in fields)
    values = [[_plain(row.get(field.name, defaults.get(field.name))) for field in fields] for row in rows]
    cursor = db.database.cursor()
    cursor.executemany(f"INSERT INTO {model._meta.table_name} ({columns}) VALUES ({marks})", values)


def _plain(value):
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict | list) else value


def opening(row: dict) -> dict:
    entry = CaseEvent(
        county_id=row["county_id"], case=row["id"], seq=1, at=row["opened"], step="open", title="收件",
        actor_id=row["created_by"], actor_name="测试员", post_title="综合窗口", unit_id=row["unit"], unit_name="村",
        from_state="", to_state=row["state"], holder_id=row["unit"], holder_name="村", text="",
        data={"due": row["due"].isoformat() if row["due"] else None},
    )
    entry.digest = timeline.seal(entry, "")
    return {name: value for name, value in entry.__data__.items() if name != "id"}
