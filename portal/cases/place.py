"""Where a case lies, in words: its papers go on printing the name that the place had when the case came in."""

from portal.org.models import Unit


def place_name(case) -> str:
    """Return the full name of the most precise unit that the case lies in, as it was called on the day of registration.

    The number names the unit of registration: of a place that was merged since, the old name is printed. No query
    where the case brought its place along and the place is still the same.
    """
    place = getattr(case, "place", None) or Unit.get_by_id(case.place_id)
    if not _is_registered_at(case, place):
        place = _registered_at(case, place)
    return place.name_on(case.opened.date())


def _digits(case) -> str:
    """Return the part of the unit's code that stands in the number: "104204" of "FW104204-2026-0013"."""
    return "".join(sign for sign in case.number.split("-")[0] if sign.isascii() and sign.isdigit())


def _is_registered_at(case, place: Unit) -> bool:
    digits = _digits(case)
    return not digits or place.code[6:].startswith(digits) or len(digits) < 6


def _registered_at(case, place: Unit) -> Unit:
    """Return the unit of registration if it ended in `place`; else a case lies elsewhere than its number says."""
    found = Unit.get_or_none(Unit.code == place.code[:6] + _digits(case))
    return found if found is not None and found.successor_id and found.level == place.level else place
