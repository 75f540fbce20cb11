"""Offices that every county and town has. Which of them leads a platform differs by county, so they are data."""

from portal.db import atomic
from portal.org.models import Unit

#: (name, reach): "area" works for the whole county, "line" for the matters of its own line.
COUNTY = (
    ("县委社会工作部", "area"), ("县委政法委（综治中心）", "area"), ("县行政审批服务局", "area"), ("县司法局", "line"),
    ("县民政局", "line"), ("县人力资源和社会保障局", "line"), ("县医疗保障局", "line"), ("县卫生健康局", "line"),
    ("县农业农村局", "line"), ("县自然资源局", "line"), ("县住房和城乡建设局", "line"), ("县残疾人联合会", "line"),
    ("县公安局", "line"), ("县教育和体育局", "line"), ("县退役军人事务局", "line"), ("县应急管理局", "line"),
    ("县林业局", "line"), ("县市场监督管理局", "line"), ("县水利局", "line"), ("县信访局", "line"),
)
TOWN = ("党政办公室", "便民服务中心", "综治中心", "司法所")


def ensure_departments(county: Unit, say=None) -> int:
    """Create the offices of `county` and of its towns that are missing; return how many were added.

    One that was closed is not made again.
    """
    towns = Unit.select().where(Unit.county_id == county.id, Unit.level == "town", Unit.valid_to.is_null())
    units = [county, *towns.order_by(Unit.code)]
    added = 0
    for number, unit in enumerate(units, 1):
        with atomic():
            added += _ensure(unit, COUNTY if unit.level == "county" else [(name, "area") for name in TOWN])
        if say:
            say("建立部门和办公室", number, len(units))
    return added


def _ensure(parent: Unit, wanted) -> int:
    Unit.hold(parent.id)
    have = {
        name for (name,) in Unit.select(Unit.name).where(Unit.parent == parent, Unit.level == "department").tuples()
    }
    added = 0
    for name, reach in wanted:
        full = name if parent.level == "county" else f"{parent.short}{name}"
        if full not in have:
            kind = "县直部门" if parent.level == "county" else "乡镇办公室"
            Unit.add(code=Unit.next_code(parent, "department"), name=full, level="department", parent=parent, kind=kind,
                     reach=reach)
            added += 1
    return added
