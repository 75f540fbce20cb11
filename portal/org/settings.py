"""What a county may set for its plugins: limits, words, and which unit is in charge of what."""

from flask import current_app

from portal import audit
from portal.db import now
from portal.org.models import OrgSetting, Unit
from portal.registry import registry_of
from portal.values import Setting


def settings_of(person) -> list[tuple]:
    """Return (plugin, setting) for each setting of the plugins that are installed."""
    return registry_of(current_app).collect("portal_settings")


def find(name: str) -> Setting | None:
    """Return the setting of this name, or None."""
    return next((one for one in registry_of(current_app).values("portal_settings") if one.name == name), None)


def setting(name: str, county_id: int):
    """Return what the county has set for `name`, or the default. Raises KeyError for a name that nobody declared.

    A number, a text or a bool; of a setting of the kind "unit" the id, or None where the default holds.
    """
    declared = find(name)
    if declared is None:
        raise KeyError(name)
    row = OrgSetting.get_or_none(OrgSetting.county == county_id, OrgSetting.name == name)
    if row is not None:
        return row.value
    return None if declared.kind == "unit" else declared.default


def office_of(parent_id: int, names: tuple[str, ...]) -> Unit | None:
    """Return the open office below a county or town whose name ends with the first possible of `names`, or None."""
    query = Unit.select().where(Unit.parent == parent_id, Unit.level == "department", Unit.valid_to.is_null())
    offices = list(query.order_by(Unit.code))
    return next((office for name in names for office in offices if office.name.endswith(name)), None)


def unit_in_charge(name: str, county_id: int) -> Unit:
    """Return the unit that the setting `name` (kind "unit") means: the chosen one, else the office of its default
    names, else the county itself. A chosen unit that was closed counts as none."""
    declared = find(name)
    key = setting(name, county_id) if declared else None
    chosen = Unit.get_or_none(Unit.id == key, Unit.county_id == county_id, Unit.valid_to.is_null()) if key else None
    names = declared.default if declared else ()
    return chosen or office_of(county_id, tuple(names)) or Unit.get_by_id(county_id)


def save_setting(declared: Setting, county_id: int, value, by) -> None:
    """Set `declared` for the county; None goes back to the default. What changed is on the record."""
    before = setting(declared.name, county_id)
    if value is None:
        OrgSetting.delete().where(OrgSetting.county == county_id, OrgSetting.name == declared.name).execute()
    else:
        row = {"value": value, "by_name": by.full_name, "at": now()}
        (OrgSetting.insert(county=county_id, name=declared.name, **row)
         .on_conflict(conflict_target=[OrgSetting.county, OrgSetting.name], update=row).execute())
    after = setting(declared.name, county_id)
    if before != after:
        audit.record("org.setting", "setting", declared.name, changes={declared.title: [before, after]}, actor=by)


def shown(declared: Setting, county_id: int) -> str:
    """Return the present value in words."""
    if declared.kind == "unit":
        return unit_in_charge(declared.name, county_id).name
    value = setting(declared.name, county_id)
    if declared.kind == "flag":
        return "是" if value else "否"
    return f"{value} {declared.measure}".strip()
