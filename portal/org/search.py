from flask import url_for

from portal.org import tree
from portal.values import Hit


def find_units(person, words: str, limit: int) -> list[Hit]:
    """Return the units found by name, pinyin initials or code, with where they belong."""
    return [
        Hit(unit.short, url_for("org.show", unit_id=unit.id),
            " / ".join(part for part in (unit.above, unit.level_title) if part), "单位", "map-pin")
        for unit in tree.find(person, words, limit)
    ]
