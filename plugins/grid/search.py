from plugins.grid.households import current
from plugins.grid.models import Grid, Household
from plugins.grid.team import open_grids
from plugins.grid.views.households import found_by
from portal.kit import Hit, Unit, url_for


def find_grids(person, words: str, limit: int) -> list[Hit]:
    """Return the grids of the area by name, pinyin initials or code."""
    village = Unit.alias()
    found = Unit.name.contains(words) | Unit.code.startswith(words)
    if words.isascii():
        found |= Unit.initials.contains(words.lower())
    query = (
        open_grids(person).select(Grid.id, Unit.short, village.short)
        .join_from(Unit, village, on=(Unit.parent == village.id)).where(found).order_by(Unit.code).limit(limit).tuples()
    )
    return [Hit(name, url_for("grid.show", grid_id=key), above, "网格", "map-pin") for key, name, above in query]


def find_households(person, words: str, limit: int) -> list[Hit]:
    """Return the households of the area by address, number, or who lives there; names stay masked."""
    query = current(person).where(found_by(words)).order_by(Household.id).limit(limit)
    return [
        Hit(f"{one.number} 号户 {one.head}".strip(), url_for("grid.household", household_id=one.id), one.address, "户",
            "home")
        for one in query
    ]
