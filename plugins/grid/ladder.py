"""Who stands above whom when an event is handed on: village, centre of the town, coordination of the county."""

from plugins.grid.catalogue import CATEGORIES
from portal.kit import Case, Deadline, Unit, office_of, setting, unit_in_charge

#: How the office of a town is called that sorts and hands on (GB/T 33200-2016).
CENTRE = "综治中心"
COORDINATION = "grid.coordination"


def level_of(unit) -> str:
    """Return village, town or county: at which level the unit handles."""
    if unit.level in ("village", "grid"):
        return "village"
    return "town" if unit.town_id else "county"


def centre_of(town_id: int) -> Unit:
    """Return the 综治中心 of a town, or the town itself where it has none."""
    return office_of(town_id, (CENTRE,)) or Unit.get_by_id(town_id)


def coordination_of(case) -> Unit:
    """Return the unit of the county that coordinates; asked once for each case object."""
    if not hasattr(case, "grid_coordination"):
        case.grid_coordination = unit_in_charge(COORDINATION, case.county_id)
    return case.grid_coordination


def coordinates(case) -> bool:
    """Tell whether the unit that holds the case hands on to others: the centre of a town, or the county's."""
    unit = case.unit
    if level_of(unit) == "town":
        return unit.level == "town" or unit.name.endswith(CENTRE)
    return level_of(unit) == "county" and unit.id == coordination_of(case).id


def above(case, unit) -> Unit | None:
    """Return who stands above `unit` in the matter of `case`; None above the county's coordination."""
    level = level_of(unit)
    if level == "village" and case.town_id:
        return centre_of(case.town_id)
    if level == "town" and unit.level == "department" and not unit.name.endswith(CENTRE):
        return centre_of(unit.town_id)
    found = coordination_of(case)
    return None if found.id == unit.id else found


def first_holder(place: Unit, compulsory: bool) -> Unit:
    """Return who takes in what happened at `place`: its village; the town's centre for what may not wait."""
    if place.village_id and not compulsory:
        return place if place.id == place.village_id else Unit.get_by_id(place.village_id)
    return centre_of(place.town_id) if place.town_id else place


def first_limit(unit: Unit, compulsory: bool) -> Deadline:
    """Return how long the first holder has; compulsory reports: until somebody must have acted."""
    if compulsory:
        return Deadline(setting("grid.protect_hours", unit), "hour")
    return _limit(level_of(unit), "", unit)


def limit_of(case, difficulty: str) -> Deadline:
    """Return how long the unit that holds the case has, by its level and by how hard the matter is."""
    return _limit(level_of(case.unit), difficulty, case)


def _limit(level: str, difficulty: str, place) -> Deadline:
    if difficulty == "difficult":
        return Deadline(setting("grid.difficult_days", place))
    if level == "village":
        return Deadline(setting("grid.village_hours", place), "hour")
    if level == "town":
        return Deadline(setting("grid.town_days", place))
    return Deadline(setting("grid.county_hard_days" if difficulty == "hard" else "grid.county_days", place))


def targets(case, category: str) -> list[Unit]:
    """Return the units that the holder may hand the case on to, the one in charge of the category first."""
    county = unit_in_charge(CATEGORIES[category].setting, case.county_id)
    if level_of(case.unit) == "town":
        town = case.unit.town_id
        offices = Unit.select().where(Unit.parent == town, Unit.level == "department", Unit.valid_to.is_null())
        villages = [Unit.get_by_id(case.village_id)] if case.village_id else []
        found = [county, coordination_of(case), *offices.order_by(Unit.code), *villages]
    else:
        departments = Unit.select().where(
            Unit.parent == case.county_id, Unit.level == "department", Unit.valid_to.is_null()
        )
        centre = [centre_of(case.town_id)] if case.town_id else []
        found = [county, *centre, *departments.order_by(Unit.code)]
    # One who sent it here is not handed it back to as if it were new; whoever holds it has it already.
    return list({unit.id: unit for unit in found if unit.id != case.unit_id}.values())


def acts_above(person, case: Case) -> bool:
    """Tell whether the person acts for the centre of the case's town or for the county's coordination."""
    centre = centre_of(case.town_id).id if case.town_id else None
    return centre in person.acts_for or coordination_of(case).id in person.acts_for
