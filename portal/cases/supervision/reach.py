"""Who stands above the unit that has a case, and which unit is next above it."""

from portal.cases.kinds import kind_of
from portal.org.models import Unit, ids_of
from portal.org.settings import unit_in_charge


def above(person, case) -> bool:
    """Tell whether the active post stands above the unit that is responsible for `case` (with its unit loaded).

    A county or town stands above its offices and all that lies in it; an office acts for the unit it belongs to, so
    also towards other offices; a county department stands above whoever has a case of its line. Who instructs heads
    the unit, and so stands above that as well.
    """
    own = person.post.unit if person.post else None
    if own is None:
        return False
    if own.level == "department" and own.reach == "line":
        return case.line_id == own.id and case.unit_id != own.id
    if case.unit_id == own.id or own.level == "department" and case.unit_id == own.parent_id:
        return person.may("cases.instruct") and own.covers(case.unit)
    return own.covers(case.unit)


def may_press(person, case, permission: str) -> bool:
    """Tell whether the person may remind of, supervise or instruct on `case` now."""
    return case.is_open and person.may(permission) and above(person, case)


def addressees(person, cases) -> list[Unit]:
    """Return the units that an order about all of `cases` can go to: who has them, and who stands between."""
    common: list[int] | None = None
    for case in cases:
        chain = ids_of(case.unit.path)
        common = [key for key in (chain if common is None else common) if key in chain]
    own = person.post.unit
    above_me = set(ids_of(own.path)) - {own.id}
    found = {unit.id: unit for unit in Unit.select().where(Unit.id.in_(common or [0]), Unit.valid_to.is_null())}
    holders = {case.unit_id for case in cases}
    return [
        found[key] for key in reversed(common or [])
        if key in found and found[key].level != "region" and key not in above_me
        and (key in holders or key != own.id)
    ]


def superior_of(case) -> Unit | None:
    """Return the unit that takes over `case` when it is raised: grid, village, town, then the county department of the
    line (or the one in charge of the kind), then the county; None where nobody stands above."""
    unit = case.unit
    if unit.level in ("grid", "village"):
        return Unit.get_by_id(unit.village_id if unit.level == "grid" else unit.town_id)
    if unit.town_id is not None:
        line = Unit.get_or_none(Unit.id == case.line_id, Unit.valid_to.is_null()) if case.line_id else None
        return line or unit_in_charge(kind_of(case).in_charge, case.county_id)
    return Unit.get_by_id(case.county_id) if unit.level == "department" else None
