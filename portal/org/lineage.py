"""撤并和划转: villages and towns are moved, merged and split with everything that hangs on them, in one transaction.

Each act is planned as a `Rearrangement` first, without writing: from it follow both the preview and the act. The tree
gets its new shape, rooms and plugins lead over what is theirs (`portal_unit_changed`), the place columns of all tables
follow. There is no undo: whoever wants to go back moves back, or splits.
"""

from flask import current_app

from portal import audit
from portal.db import atomic, database, is_postgres, now, today
from portal.org import lineage_rows, lineage_tree
from portal.org.copying import differences
from portal.org.directory import write_anew
from portal.org.editing import claim, hold, named, refuse_same_name
from portal.org.enablement import renew_token, set_enabled
from portal.org.lineage_offices import copy_offices, counterparts, offices_of, renamed
from portal.org.models import OrgSetting, PluginRule, TownPlugin, TownPluginEvent, Unit
from portal.org.settings import find, forget, save_setting
from portal.registry import registry_of
from portal.values import Rearrangement, Refused, UnitEffect

LEVELS = ("town", "village")


# -- planning --------------------------------------------------------------------------------------------------------

def plan_move(village: Unit, into: Unit, by, **more) -> Rearrangement:
    """Plan to move `village` with its grids to the town `into`. Raises Refused."""
    if into.id == village.town_id:
        raise Refused(f"{village.short}本来就属于{into.short}。", "into")
    _refuse_elsewhere(village, into)
    refuse_same_name(into.id, village.name, "into")
    town = Unit.get_by_id(village.town_id)
    takers = {town.id: into, **{office.id: into for office in offices_of(town.id)}, **counterparts(town, into)}
    return Rearrangement("moved", village, into, "village_id", frozenset({village.id}), {"town_id": into.id},
                         {"town_id": town.id}, by, takers=takers, **more)


def plan_merge(unit: Unit, into: Unit, by, **more) -> Rearrangement:
    """Plan to merge `unit` into another one of its level. Raises Refused."""
    if into.id == unit.id:
        raise Refused("不能并入它自己，请选择另一个单位。", "into")
    _refuse_elsewhere(unit, into)
    level = f"{unit.level}_id"
    place, was = {level: into.id}, {level: unit.id}
    if unit.level == "village" and into.town_id != unit.town_id:
        place["town_id"], was["town_id"] = into.town_id, unit.town_id
    heirs = {unit.id: into, **(counterparts(unit, into) if unit.level == "town" else {})}
    return Rearrangement("merged", unit, into, level, frozenset({unit.id}), place, was, by, heirs=heirs, **more)


def plan_split(unit: Unit, into: Unit, units: list[int], by, **more) -> Rearrangement:
    """Plan to split the units `units` below `unit` off into the new unit `into`. Raises Refused."""
    lower = "grid" if unit.level == "village" else "village"
    known = {one.id for one in parts_of(unit)}
    if not set(units) <= known:
        raise Refused("请从列表中选择划出的单位。", "units")
    if known and set(units) == known and unit.level == "town":
        raise Refused(f"不能把全部下级都划出去；要给{unit.short}换名称，请用“改名”。", "units")
    offices = offices_of(unit.id) if unit.level == "town" else []
    takers = {unit.id: into, **{office.id: into for office in offices}, **counterparts(unit, into)}
    level = f"{unit.level}_id"
    return Rearrangement("split", unit, into, f"{lower}_id", frozenset(units), {level: into.id}, {level: unit.id}, by,
                         takers=takers, **more)


def parts_of(unit: Unit) -> list[Unit]:
    """Return the open units below that a split can give to the new one: a village's grids, a town's villages."""
    lower = "grid" if unit.level == "village" else "village"
    query = Unit.select().where(Unit.parent == unit.id, Unit.level == lower, Unit.valid_to.is_null())
    return list(query.order_by(Unit.code))


def draft(unit: Unit, name: str, code: str) -> Unit:
    """Return the new unit beside `unit` as it would be, without writing it. Raises Refused for its name or code."""
    _check_code(unit, code)
    refuse_same_name(unit.parent_id, name)
    kind = next((kind for kind in ("街道", "镇", "乡") if name.endswith(kind)), unit.kind)
    made = Unit(code=code, name=name, level=unit.level, kind=kind if unit.level == "town" else unit.kind, id=0)
    made.short, made.path, made.county_id, made.town_id = name, "/0/", unit.county_id, unit.town_id
    return made


def _check_code(unit: Unit, code: str) -> None:
    stem = unit.code[:9] if unit.level == "village" else unit.code[:6]
    end = "" if unit.level == "village" else "000"
    if not (len(code) == 12 and code.isascii() and code.isdigit() and code.startswith(stem) and code.endswith(end)):
        like = f"{stem}{'001' if unit.level == 'village' else '001000'}"
        raise Refused(f"编码是 12 位数字，以 {stem} 开头，例如 {like}。", "code")
    if Unit.select().where(Unit.code == code).exists():
        raise Refused("这个编码已经用过；停用单位的编码也不能再用。", "code")


def _refuse_elsewhere(unit: Unit, into: Unit) -> None:
    if into.is_closed:
        raise Refused(f"{into.short}已停用，请选择在用的单位。", "into")
    if into.county_id != unit.county_id:
        raise Refused("跨县的划转不能在这里办理，请按省里的区划调整重新导入。", "into")
    if unit.is_closed:
        raise Refused(f"{unit.short}已停用，不能再改动。")


# -- previewing ------------------------------------------------------------------------------------------------------

def effects(change: Rearrangement) -> list[UnitEffect]:
    """Return what `change` would do, line by line: counted now, by the same rules by which it is carried out."""
    registry = registry_of(current_app)
    found = [UnitEffect("下级单位", _units_below(change))]
    if change.kind == "merged" and change.unit.level == "town":
        found.append(UnitEffect("合并到对应办公室的办公室", len(change.heirs) - 1, "其余的办公室改用新名称，继续办理"))
    found += registry.values("portal_unit_preview", or_refuse=True, change=change)
    titles = {plugin.slug: plugin.title for plugin in registry.optional()}
    rows: dict[str, int] = {}
    for table, number in lineage_rows.counted(change.column, change.ids).items():
        slug = max((slug for slug in titles if table.startswith(f"{slug}_")), key=len, default=None)
        if slug:
            rows[slug] = rows.get(slug, 0) + number
    found += [UnitEffect(f"“{titles[slug]}”的记录", number, "随辖区划转") for slug, number in rows.items()]
    if new := _newly_enabled(change):
        names = "、".join(titles[slug] for slug in new)
        found.append(UnitEffect("一并启用的平台", len(new), f"{change.into.short}还没有启用：{names}"))
    return found


def _units_below(change: Rearrangement) -> int:
    if change.kind == "split":
        return len(change.ids)
    return Unit.select().where(lineage_tree.below(change.unit), Unit.valid_to.is_null()).count()


def _newly_enabled(change: Rearrangement) -> list[str]:
    """Return the platforms that the successor gets because the old town has them."""
    if change.kind == "moved" or change.unit.level != "town":
        return []
    have = _enabled_at(change.into.id)
    return [slug for slug in _enabled_at(change.unit.id) if slug not in have]


def _enabled_at(town_id: int) -> list[str]:
    rows = TownPlugin.select(TownPlugin.plugin).where(TownPlugin.unit == town_id, TownPlugin.enabled == True)  # noqa: E712
    known = {plugin.slug for plugin in registry_of(current_app).optional("town")}
    return [slug for (slug,) in rows.order_by(TownPlugin.plugin).tuples() if slug in known]


# -- acting ----------------------------------------------------------------------------------------------------------

def move_village(village: Unit, into: Unit, by, version: int | None, **more) -> Rearrangement:
    """Move `village` to the town `into`. Raises Refused or Conflict, and then nothing has happened."""
    with atomic():
        _begin(village, into, version)
        change = plan_move(village, into, by, **_checked(village, more))
        town = Unit.get_by_id(village.town_id)
        lineage_tree.hang(village, into)
        _carry_out(change)
        lineage_tree.remember(village, "moved", change, into, town.short, into.short)
        lineage_tree.remember(town, "released", change, village)
        lineage_tree.remember(into, "received", change, village)
        _record("org.moved", change)
    return change


def merge_units(unit: Unit, into: Unit, by, version: int | None, **more) -> Rearrangement:
    """Merge `unit` into `into`, which goes on. Raises Refused or Conflict, and then nothing has happened."""
    with atomic():
        _begin(unit, into, version)
        change = plan_merge(unit, into, by, **_checked(unit, more))
        _absorb(change)
    return change


def merge_as_new(unit: Unit, other: Unit, name: str, code: str, by, version: int | None, **more) -> Rearrangement:
    """Merge both `unit` and `other` into a new unit of this name and code. Raises Refused or Conflict."""
    with atomic():
        _begin(unit, other, version)
        lineage_tree.lock(other)
        more = _checked(unit, more)
        plan_merge(unit, other, by, **more)
        made = _made(draft(unit, name, code), unit, by, more)
        for absorbed in (unit, other):
            change = plan_merge(Unit.get_by_id(absorbed.id), made, by, **more)
            _absorb(change)
    return change


def split_unit(unit: Unit, name: str, code: str, units: list[int], by, version: int | None, **more) -> Rearrangement:
    """Split the units `units` off into a new unit of this name and code. Raises Refused or Conflict."""
    with atomic():
        _begin(unit, unit, version)
        more = _checked(unit, more)
        made = _made(draft(unit, name, code), unit, by, more)
        if unit.level == "town":
            copy_offices(unit, made)
            _take_settings_along(unit, made, by)
        change = plan_split(unit, made, units, by, **more)
        parts = list(Unit.select().where(Unit.id.in_(units or [0])).order_by(Unit.code))
        lineage_tree.hang_all(parts, unit, made)
        lineage_tree.remember_all(parts, "moved", change, made, unit.short, made.short)
        _carry_out(change)
        lineage_tree.remember(unit, "split", change, made)
        _record("org.split", change)
    return change


def _begin(unit: Unit, other: Unit, version: int | None) -> None:
    """Claim the unit and hold the other one; whoever opens a matter there comes before this, or waits and then sees
    the new tree."""
    if is_postgres():
        database.execute_sql("SET LOCAL statement_timeout = 0")
    if quarantined := registry_of(current_app).quarantined:
        names = "、".join(one.slug for one in quarantined)
        raise Refused(f"插件 {names} 没有载入，它的数据不会跟着走。请先修好、装回或卸载它，再办理。")
    renew_token()
    if other.id != unit.id:
        hold(other.id)
    claim(unit, version)
    lineage_tree.lock(unit)
    unit.version += 1


def _checked(unit: Unit, more: dict) -> dict:
    """Return the rest of what an act is told, its day checked."""
    on = more.get("on") or today()
    check_day(unit, on)
    return {**more, "on": on}


def check_day(unit: Unit, on) -> None:
    """Raise Refused for a day on which the decree cannot have been."""
    if on > today():
        raise Refused("批准日期不能晚于今天；到批文生效那天再办。", "on")
    if unit.valid_from and on < unit.valid_from <= today():
        raise Refused(f"批准日期早于{unit.short}的启用日期 {unit.valid_from}。", "on")


def _made(made: Unit, beside: Unit, by, more: dict) -> Unit:
    """Create the new unit beside another one, with the platforms that its town would have."""
    parent = Unit.get_by_id(beside.parent_id)
    hold(parent.id)
    unit = Unit.add(code=made.code, name=made.name, level=made.level, parent=parent, kind=made.kind, listed=False)
    plain = Rearrangement("split", beside, unit, "", frozenset(), {}, {}, by, more.get("on"), more.get("decree", ""))
    lineage_tree.remember(unit, "formed", plain, beside, new_name=unit.name)
    if unit.level == "town":
        for slug in _enabled_at(beside.id):
            set_enabled(unit, slug, True, by)
    return unit


def _take_settings_along(unit: Unit, made: Unit, by) -> None:
    """Let the new town have set what the old one has set; for an office of the old one, its counterpart."""
    for line in differences(unit, made):
        if line.kind == "setting" and not line.why:
            save_setting(find(line.name), made, line.after, by)


def _absorb(change: Rearrangement) -> None:
    unit, into = change.unit, change.into
    for slug in _newly_enabled(change):
        set_enabled(into, slug, True, change.by)
    _join_grids(change)
    lineage_tree.remember_all(parts_of(unit), "moved", change, into, unit.short, into.short)
    lineage_tree.absorb(unit, into, change.on)
    _join_offices(change)
    _carry_out(change)
    _switch_off(unit, change.by)
    lineage_tree.remember(unit, "merged", change, into, unit.short, into.short)
    lineage_tree.remember(into, "absorbed", change, unit)
    _record("org.merged", change)


def _join_grids(change: Rearrangement) -> None:
    """Rename what comes where something of the same name is already: 第一网格 → 华光村第一网格."""
    lower = "grid" if change.unit.level == "village" else "village"
    names = {name for (name,) in Unit.select(Unit.name).where(
        Unit.parent == change.into.id, Unit.level == lower, Unit.valid_to.is_null()).tuples()}
    for part in parts_of(change.unit):
        if part.name in names:
            _rename(part, f"{change.unit.short}{part.name}"[:100], change)


def _join_offices(change: Rearrangement) -> None:
    """Absorb the offices that have a counterpart, and give the others the name of the new town."""
    if change.unit.level != "town":
        return
    for office in Unit.select().where(
        Unit.parent == change.into.id, Unit.level == "department", Unit.valid_to.is_null()
    ).order_by(Unit.code):
        if heir := change.heirs.get(office.id):
            lineage_tree.absorb(office, heir, change.on)
            lineage_tree.remember(office, "merged", change, heir, office.short, heir.short)
        elif (name := renamed(office, change.unit, change.into)) != office.name:
            _rename(office, name, change)


def _rename(unit: Unit, name: str, change: Rearrangement) -> None:
    lineage_tree.remember(unit, "renamed", change, change.into, unit.name, name)
    Unit.update(**named(unit, name), version=Unit.version + 1).where(Unit.id == unit.id).execute()


def _carry_out(change: Rearrangement) -> None:
    """Let rooms and plugins lead over what is theirs, then write the place columns of all tables."""
    registry = registry_of(current_app)
    for slug in registry.plugins:
        if registry.answers(slug, "portal_unit_changed"):
            registry.ask(slug, "portal_unit_changed", change=change)
    lineage_rows.lead(change.column, change.ids, change.place)
    _lead_settings(change)


def _lead_settings(change: Rearrangement) -> None:
    """Where a county or a town has named a unit that ends as the one in charge, its heir is in charge."""
    for row in OrgSetting.select(OrgSetting).join(Unit).where(Unit.county_id == change.unit.county_id):
        declared = find(row.name)
        heir = change.heirs.get(row.value) if declared and declared.kind == "unit" else None
        if heir:
            OrgSetting.update(value=heir.id).where(OrgSetting.id == row.id).execute()
    forget()


def _switch_off(unit: Unit, by) -> None:
    """Switch off what a town had enabled that is no more; nothing lies there any longer, and no rule holds for it."""
    PluginRule.delete().where(PluginRule.unit == unit.id).execute()
    rows = list(TownPlugin.select().where(TownPlugin.unit == unit.id, TownPlugin.enabled == True))  # noqa: E712
    who = {"by_id": by.id, "by_name": by.full_name}
    for row in rows:
        TownPlugin.update(enabled=False, at=now(), **who).where(TownPlugin.id == row.id).execute()
        TownPluginEvent.create(unit=unit.id, plugin=row.plugin, enabled=False, **who)


def _record(action: str, change: Rearrangement) -> None:
    write_anew({one.listed_at for one in (change.unit, change.into)} | {change.unit.id, change.into.id})
    audit.record(action, "org.unit", change.unit.id, actor=change.by, detail={
        "name": change.unit.name, "to": change.into.name, "note": change.decree, "since": change.on,
    })
