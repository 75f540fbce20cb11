"""Changes to single units; each leaves a line in the unit's history and in the audit record."""

from flask import current_app

from portal import audit
from portal.db import atomic, is_postgres, today
from portal.org.directory import write_anew
from portal.org.models import Unit, UnitChange
from portal.org.names import initials_of, short_of
from portal.registry import registry_of
from portal.values import Conflict, Refused

CLOSED = "这个单位已停用，不能再改动。"
#: How many obstacles are told.
TOLD = 10


def rename_unit(unit: Unit, data: dict, by, version: int | None) -> None:
    """Give the unit the name in `data`, with its "note" in the history; old matters go on printing the old one.

    Raises Refused for the same name or one that a neighbour has, Conflict where somebody was faster than `version`.
    """
    if data["name"] == unit.name:
        raise Refused("新名称和现在的名称相同。", "name")
    with atomic():
        hold(unit.parent_id)
        refuse_same_name(unit.parent_id, data["name"])
        claim(unit, version, **named(unit, data["name"]))
        write_anew([unit.listed_at])
        _remember(unit, "renamed", by, data["note"], new_name=data["name"])


def add_unit(unit: Unit, data: dict, by, version: int | None = None) -> Unit:
    """Add an office below a county or town, a grid below a village."""
    level = data["level"]
    with atomic():
        hold(unit.id)
        refuse_same_name(unit.id, data["name"])
        at_county = unit.level == "county"
        kind = "综合网格" if level == "grid" else "县直部门" if at_county else "乡镇办公室"
        reach = data["reach"] if level == "department" and at_county else "area"
        added = Unit.add(
            code=Unit.next_code(unit, level), name=data["name"], level=level, parent=unit, kind=kind, reach=reach
        )
        _remember(added, "created", by, data.get("note", ""), new_name=added.name)
    return added


def close_unit(unit: Unit, data: dict, by, version: int | None) -> None:
    """End the unit on the day that the decree names; refused while units, posts or open cases hang on it."""
    if data["valid_to"] > today():
        raise Refused("停用当天起就不能再用，请到那一天再办；日期不能晚于今天。", "valid_to")
    if unit.valid_from and data["valid_to"] < unit.valid_from and unit.valid_from <= today():
        raise Refused(f"停用日期早于启用日期 {unit.valid_from}。", "valid_to")
    with atomic():
        # The row first: whoever adds below it now waits, and is then told that it is closed.
        claim(unit, version, valid_to=data["valid_to"])
        below = Unit.select().where(Unit.parent == unit.id, Unit.valid_to.is_null()).count()
        if below:
            raise Refused(f"还有 {below} 个下级单位，请先停用或移走它们。")
        found = registry_of(current_app).collect("portal_unit_obstacles", or_refuse=True, unit=unit)
        if hanging := [sentence for _, sentence in found]:
            more = f"；等 {len(hanging)} 处" if len(hanging) > TOLD else ""
            raise Refused("还不能停用：" + "；".join(hanging[:TOLD]) + more + "。")
        write_anew([unit.listed_at])
        _remember(unit, "closed", by, data["note"])


def hold(key: int | None) -> None:
    if key and not Unit.hold(key):
        raise Refused(CLOSED)


def keep_open(*units: Unit) -> None:
    """Let none of `units` be moved, merged or closed before the commit; raise Refused where one has been since it was
    read. On SQLite a writer is alone from its first statement on."""
    if not is_postgres():
        return
    wanted = {unit.id: unit for unit in units}
    rows = Unit.select().where(Unit.id.in_(sorted(wanted))).order_by(Unit.id).for_update("FOR KEY SHARE")
    for there in rows:
        unit = wanted[there.id]
        if there.is_closed or there.place() != unit.place():
            raise Refused(f"{unit.short}刚刚调整过（划转、合并或停用），没有保存。请刷新页面后重新选择单位。")


def refuse_same_name(parent_id: int | None, name: str, field: str = "name") -> None:
    same = Unit.select().where(Unit.parent == parent_id, Unit.name == name, Unit.valid_to.is_null())
    if same.exists():
        raise Refused("同一个上级下面已有同名的单位。", field)


def named(unit: Unit, name: str) -> dict:
    """Return the columns of `unit` with the new `name`; the one that it had is kept with its last day."""
    former = f"{unit.former}\n{today()} {unit.name}".strip()
    return {"name": name, "short": short_of(name), "initials": initials_of(name), "former": former}


def claim(unit: Unit, version: int | None, **changes) -> None:
    """Write `changes` if nobody changed the unit since `version` was on screen; else raise Conflict."""
    done = (
        Unit.update(**changes, version=Unit.version + 1)
        .where(Unit.id == unit.id, Unit.version == version, Unit.valid_to.is_null())
        .execute()
    )
    if not done:
        last = UnitChange.select().where(UnitChange.unit == unit.id).order_by(UnitChange.id.desc()).first()
        raise Conflict(last.by_name if last else "别人", f"改动了{unit.short}", f"/org/{unit.id}")


def _remember(unit: Unit, kind: str, by, note: str, new_name: str = "") -> None:
    old_name = unit.name if kind == "renamed" else ""
    UnitChange.create(unit=unit, kind=kind, old_name=old_name, new_name=new_name, note=note, by_id=by.id,
                      by_name=by.full_name)
    changes = {"name": [old_name, new_name]} if kind == "renamed" else None
    detail = {"name": new_name or unit.name, "note": note}
    audit.record(f"org.{kind}", "org.unit", unit.id, detail=detail, changes=changes)
