"""Which unit mediates at which level: 村 → 乡镇（综治中心、司法所） → 县, by difficulty (DOMAIN 5.2)."""

from portal.kit import Unit, office_of, unit_in_charge

TOWN_OFFICES = ("综治中心", "司法所")


def level_of(case) -> str:
    """Return "village", "town" or "county": where the unit lies with which the case lies."""
    unit = case.unit
    if unit.village_id is not None:
        return "village"
    return "town" if unit.town_id is not None else "county"


def above(case) -> list[Unit]:
    """Return the units to which the case may be handed up: the offices of its town, or the county's one in charge."""
    if level_of(case) == "village":
        offices = [office_of(case.town_id, (name,)) for name in TOWN_OFFICES]
        return [office for office in offices if office] or [Unit.get_by_id(case.town_id)]
    return [unit_in_charge("mediation.in_charge", case.county_id)]


def below(case) -> Unit | None:
    """Return the unit to which it is handed back: the town's office, or the village."""
    if level_of(case) == "county" and case.town_id is not None:
        return office_of(case.town_id, TOWN_OFFICES) or Unit.get_by_id(case.town_id)
    if level_of(case) == "town" and case.village_id is not None:
        return Unit.get_by_id(case.village_id)
    return None


def first_for(actor, place: Unit) -> Unit:
    """Return the unit with which a dispute of `place` begins: its village, or the office of whoever registers it."""
    own = actor.post.unit
    if own.level in ("village", "grid"):
        return Unit.get_by_id(place.village_id)
    return Unit.get_by_id(own.id)


def of_place(place: Unit) -> Unit:
    """Return the unit with which a dispute begins that another platform hands in."""
    if place.village_id is not None:
        return Unit.get_by_id(place.village_id)
    if place.town_id is not None:
        return office_of(place.town_id, TOWN_OFFICES) or Unit.get_by_id(place.town_id)
    return unit_in_charge("mediation.in_charge", place.county_id)
