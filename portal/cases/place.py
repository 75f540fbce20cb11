"""Where a case lies, in words."""

from portal.org.models import Unit


def place_name(case) -> str:
    """Return the full name of the most precise unit that the case lies in; no query where the case brought it along."""
    place = getattr(case, "place", None) or Unit.get_by_id(case.place_id)
    return place.name
