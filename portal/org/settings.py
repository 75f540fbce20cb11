"""What a county sets for its plugins, and a town for itself where the setting lets it: limits, words, who is in charge.

What a county and its towns have set is read once in each request, in one query: a list may ask for every row.
"""

import datetime
import functools
import operator
from dataclasses import dataclass
from typing import Any

from flask import current_app, g, has_request_context
from peewee import fn

from portal import audit
from portal.db import atomic, is_postgres, now
from portal.org.enablement import enabled_for
from portal.org.models import OrgSetting, OrgSettingEvent, Unit
from portal.prepared import Prepared, PreparedModels, numbered, unindexed
from portal.registry import registry_of
from portal.values import Conflict, Plugin, Refused, Setting


@dataclass(frozen=True, slots=True)
class Kept:
    """What one county or town has set."""

    value: Any
    by_name: str
    at: datetime.datetime


def settings_of(person=None, among=None) -> list[tuple[Plugin, Setting]]:
    """Return (plugin, setting) for each setting of the plugins that are installed, or of the core and those `among`."""
    return registry_of(current_app).collect("portal_settings", among)


def find(name: str) -> Setting | None:
    """Return the setting of this name, or None."""
    return next((one for _, one in settings_of() if one.name == name), None)


# -- reading -----------------------------------------------------------------------------------------------------

def setting(name: str, place):
    """Return what holds for `name` at `place`: what the town has set where the setting lets towns, else what the county
    has, else the default. Raises KeyError for a name that nobody declared.

    `place` is a case, a unit or any row with `county_id` and `town_id`; or the id of a county, which then answers for
    none of its towns. A number, a text or a bool; of a setting of the kind "unit" the id, None where the default holds.
    """
    declared = find(name)
    if declared is None:
        raise KeyError(name)
    found = next(iter(_held(declared, place)), None)
    if found is not None:
        return found.value
    return None if declared.kind == "unit" else declared.default


def _held(declared: Setting, place) -> list[Kept]:
    """Return what was set for `declared`, the nearest to `place` first."""
    county, town = (place, None) if place is None or isinstance(place, int) else (place.county_id, place.town_id)
    known = kept(county)
    units = (town, county) if declared.towns else (county,)
    return [known[unit, declared.name] for unit in units if (unit, declared.name) in known]


def kept(county_id: int | None) -> dict[tuple[int, str], Kept]:
    """Return what a county and its towns have set, by (unit, name)."""
    if not has_request_context():  # a job may run for hours
        return _read(county_id)
    known = g.setdefault("settings_kept", {})
    if county_id not in known:
        known[county_id] = _read(county_id)
    return known[county_id]


def forget() -> None:
    """Let this request read anew what counties and towns have set: after a change, and after one was taken back."""
    if has_request_context():
        g.pop("settings_kept", None)


def _read(county_id: int | None) -> dict[tuple[int, str], Kept]:
    return {(unit, name): Kept(value, by_name, at) for unit, name, value, by_name, at in _set(county=county_id)}


_set = Prepared(lambda slots: (
    OrgSetting.select(OrgSetting.unit, OrgSetting.name, OrgSetting.value, OrgSetting.by_name, OrgSetting.at)
    .join(Unit).where(unindexed(Unit.county_id) == slots.county)  # there are fewer settings than units
))


def office_of(parent_id: int, names: tuple[str, ...]) -> Unit | None:
    """Return the open office below a county or town whose name ends with the first possible of `names`, or None."""
    if not names:
        return None
    offices = _offices(len(names))(parent=parent_id, **numbered("name", names))
    return next((office for name in names for office in offices if office.name.endswith(name)), None)


@functools.lru_cache(maxsize=20)
def _offices(names: int) -> PreparedModels:
    """Return the query of the offices that may be meant: of the dozens of a county only those are read."""
    def build(slots):
        place_of = fn.STRPOS if is_postgres() else fn.INSTR
        named = functools.reduce(operator.or_, (place_of(Unit.name, name) > 0 for name in slots.many("name", names)))
        return Unit.select().where(
            Unit.parent == slots.parent, Unit.level == "department", Unit.valid_to.is_null(), named
        ).order_by(Unit.code)

    return PreparedModels(build)


def unit_in_charge(name: str, place) -> Unit:
    """Return the unit that the setting `name` (kind "unit") means at `place` (as for `setting`): the chosen one, else
    the office of its default names, else the county itself. A chosen unit that was closed counts as none."""
    declared = find(name)
    county_id = place if isinstance(place, int) else place.county_id
    for one in _held(declared, place) if declared else ():
        chosen = Unit.get_or_none(Unit.id == one.value, Unit.county_id == county_id, Unit.valid_to.is_null())
        if chosen is not None:
            return chosen
    names = declared.default if declared else ()
    return office_of(county_id, tuple(names)) or Unit.get_by_id(county_id)


def shown(declared: Setting, place) -> str:
    """Return what holds at `place` in words."""
    if declared.kind == "unit":
        return unit_in_charge(declared.name, place).name
    return worded(declared, setting(declared.name, place))


def worded(declared: Setting, value) -> str:
    """Return a value that somebody has set in words."""
    if declared.kind == "unit":
        unit = Unit.get_or_none(Unit.id == value)
        return unit.name if unit else "已不存在的单位"
    if declared.kind == "flag":
        return "是" if value else "否"
    return f"{value} {declared.measure}".strip()


# -- changing ----------------------------------------------------------------------------------------------------

def save_setting(declared: Setting, place, value, by, version: int | None = None) -> None:
    """Set `declared` for a county or a town, given as a unit or as a county's id; None goes back to what holds above.

    What changed is on the record and in the history. `version` is the number of the change that was on the screen (see
    `version_of`). Raises Refused where a town may not set it, Conflict where somebody was faster.
    """
    unit = Unit.get_by_id(place) if isinstance(place, int) else place
    try:
        with atomic():
            Unit.hold(unit.id)  # on PostgreSQL a second one waits here
            _refuse_closed_ways(declared, unit, value)
            last = history(unit.id, declared.name, 1)
            if version is not None and version != (last[0].id if last else 0):
                who = last[0].by_name if last else "别人"
                raise Conflict(who, f"改了“{declared.title}”", address_of(declared, unit))
            _change(declared, unit, value, by)
    finally:
        forget()


def _change(declared: Setting, unit: Unit, value, by) -> None:
    forget()
    own = _read(unit.county_id).get((unit.id, declared.name))
    before = own.value if own else None
    if before == value:
        return
    said = [_said(declared, unit)]
    _write(declared, unit, before, value, by)
    forget()
    audit.record("org.setting", "setting", declared.name, detail={"unit": unit.name},
                 changes={declared.title: [*said, _said(declared, unit)]}, actor=by)


def _refuse_closed_ways(declared: Setting, unit: Unit, value) -> None:
    if unit.level == "county" or value is None:  # what a town has set can be taken back whatever became of the town
        return
    if unit.level != "town" or not declared.towns:
        raise Refused(f"“{declared.title}”全县统一，请在县一级设置。")
    if unit.is_closed:
        raise Refused(f"{unit.short}已停用，不能再设置。")
    if declared.kind == "unit" and Unit.get_by_id(value).town_id not in (None, unit.id):
        raise Refused(f"请选择{unit.short}或县里的单位，不能选别的乡镇的。", "value")
    owner = next(plugin for plugin, one in settings_of() if one.name == declared.name)
    if owner.level != "core" and owner.slug not in enabled_for(unit):
        raise Refused(f"{unit.short}没有启用“{owner.title}”，不能设置“{declared.title}”。")


def _write(declared: Setting, unit: Unit, before, value, by) -> None:
    if value is None:
        OrgSetting.delete().where(OrgSetting.unit == unit.id, OrgSetting.name == declared.name).execute()
    else:
        row = {"value": value, "by_name": by.full_name, "at": now()}
        (OrgSetting.insert(unit=unit.id, name=declared.name, **row)
         .on_conflict(conflict_target=[OrgSetting.unit, OrgSetting.name], update=row).execute())
    OrgSettingEvent.create(
        unit=unit.id, name=declared.name, old=before, new=value, by_id=by.id, by_name=by.full_name)


def _said(declared: Setting, unit: Unit) -> str:
    own = (unit.id, declared.name) in kept(unit.county_id)
    return shown(declared, unit) + ("" if own else "（默认）" if unit.level == "county" else "（县里的默认）")


def address_of(declared: Setting, unit: Unit) -> str:
    """Return where the county or town sets it."""
    of = "" if unit.level == "county" else f"/towns/{unit.id}"
    return f"/org{of}/settings/{declared.name}"


# -- looking back ------------------------------------------------------------------------------------------------

def history(unit_id: int, name: str, most: int = 20) -> list[OrgSettingEvent]:
    """Return who changed the setting of a county or town, the last change first."""
    query = OrgSettingEvent.select().where(OrgSettingEvent.unit == unit_id, OrgSettingEvent.name == name)
    return list(query.order_by(OrgSettingEvent.id.desc()).limit(most))


def versions_of(unit_ids: list[int], name: str) -> dict[int, int]:
    """Return the number of the last change by the unit's id; it lacks those that never changed the setting."""
    query = OrgSettingEvent.select(OrgSettingEvent.unit, fn.MAX(OrgSettingEvent.id)).where(
        OrgSettingEvent.unit.in_(unit_ids), OrgSettingEvent.name == name)
    return dict(query.group_by(OrgSettingEvent.unit).tuples())


def version_of(unit_id: int, name: str) -> int:
    """Return the number of the last change, 0 before the first."""
    return versions_of([unit_id], name).get(unit_id, 0)


def towns_of(county_id: int) -> list[Unit]:
    """Return the open towns of a county, in the order of the divisions."""
    query = Unit.select().where(Unit.county_id == county_id, Unit.level == "town", Unit.valid_to.is_null())
    return list(query.order_by(Unit.code))


def deviating(declared: Setting, towns: list[Unit]) -> list[tuple[Unit, Kept]]:
    """Return those of the `towns` (of one county) that have set it for themselves."""
    if not (declared.towns and towns):
        return []
    known = kept(towns[0].county_id)
    return [(town, known[town.id, declared.name]) for town in towns if (town.id, declared.name) in known]
