from flask import url_for

from portal.org import tree
from portal.values import Hit


def find_units(person, words: str, limit: int) -> list[Hit]:
    """Return the units found by name, pinyin initials or code, with where they belong."""
    return [
        Hit(unit.short, url_for("org.show", unit_id=unit.id), _about(unit, words), "单位", "map-pin")
        for unit in tree.find(person, words, limit, merged=True)
    ]


def _about(unit, words: str) -> str:
    """Return where the unit belongs; of one that was merged, into which: that is the one it lies below."""
    if unit.successor_id:
        return f"已并入{unit.above}"
    former = next((name for _, name in unit.former_names if words in name), "")
    return " / ".join(part for part in (unit.above, unit.level_title, former and f"原名{former}") if part)
