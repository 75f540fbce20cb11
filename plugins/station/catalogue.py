"""Where service items come from: the catalogue with materials and limits, and the names of the provincial portal."""

import csv
import io
import tomllib
from importlib.resources import files

from plugins.station.models import ItemMaterial, ServiceItem
from portal.kit import Unit, atomic, initials

DATA = files("plugins.station") / "data"

#: The item of catalogue.toml under which a need is received that another platform hands over.
NEED = "XQ-001"
#: 实施清单 事项类型 of the provincial portal. A licence has a limit by law: 20 workdays (行政许可法第四十二条).
LICENCE = "1"
TASK_TYPES = {
    LICENCE: "行政许可", "5": "行政给付", "7": "行政确认", "8": "行政奖励", "9": "行政裁决", "10": "其他行政权力",
    "20": "公共服务",
}
#: What a listed item promises until the county has written its guide.
LISTED_PROMISE = 20


def load_items(county: Unit, say=None) -> tuple[int, int]:
    """Give `county` the items that it does not have yet; return how many (catalogue, listed) were added.

    What the county changed in the meantime stays as it is: items are recognised by their code.
    """
    offices = list(Unit.select().where(Unit.parent == county.id, Unit.level == "department", Unit.valid_to.is_null()))
    with atomic():
        known = ServiceItem.select(ServiceItem.code).where(ServiceItem.county_id == county.id)
        have = {code for (code,) in known.tuples()}
        written = [entry for entry in _catalogue() if entry["code"] not in have]
        for number, entry in enumerate(written, 1):
            _add(county, entry, offices)
            if say:
                say("导入服务事项", number, len(written))
        listed = [_listed(county, row) for row in _rows() if row["item_code"] not in have]
        for start in range(0, len(listed), 200):
            ServiceItem.insert_many(listed[start:start + 200]).execute()
            if say:
                say("导入省平台事项目录", min(start + 200, len(listed)), len(listed))
    return len(written), len(listed)


def _catalogue():
    """Yield the entries of catalogue.toml, each with a code: its own, or the county's number in the list."""
    entries = tomllib.loads((DATA / "catalogue.toml").read_text(encoding="utf-8"))["item"]
    for number, entry in enumerate(entries, 1):
        yield {"code": f"CJ-{number:03d}", **entry}


def _rows():
    return csv.DictReader(io.StringIO((DATA / "service_items_1135.csv").read_text(encoding="utf-8")))


def _add(county: Unit, entry: dict, offices: list[Unit]) -> None:
    ending = entry.get("department", "")
    office = next((unit for unit in offices if ending and unit.name.endswith(ending)), None)
    item = ServiceItem.create(
        county_id=county.id, code=entry["code"], name=entry["name"], aliases=entry.get("aliases", ""),
        initials=initials(entry["name"]), theme=entry["theme"], modes=entry["modes"], decides=entry["decides"],
        department=office, department_name=office.name if office else ending, legal_limit=entry.get("legal", ""),
        basis=entry.get("basis", ""), basis_checked=entry.get("checked", False), promise_amount=entry["promise"],
        promise_unit=entry.get("promise_unit", "workday"), conditions=entry.get("conditions", ""),
        guide=entry.get("guide", ""), procedures=entry.get("procedures", ""), starter=entry.get("starter", False),
    )
    for sort, (name, form, need, *condition) in enumerate(entry["materials"], 1):
        ItemMaterial.create(item=item, sort=sort, name=name, form=form, need=need, condition="".join(condition))


def _listed(county: Unit, row: dict) -> dict:
    licence = row["task_type"] == LICENCE
    return {
        "county_id": county.id, "code": row["item_code"], "name": row["name"], "initials": initials(row["name"]),
        "theme": TASK_TYPES.get(row["task_type"], "其他"), "modes": ["assist"], "decides": "county",
        "department_name": row["department"].removeprefix("区").removeprefix("广安区"),
        "legal_limit": "20 个工作日" if licence else "",
        "basis": "行政许可法第四十二条" if licence else "", "basis_checked": licence,
        "promise_amount": LISTED_PROMISE, "origin": "listed",
    }
