"""Rows for the tree of units: what lies below, and what a name or its pinyin initials find."""

from peewee import fn

from portal.org import finding
from portal.org.models import LEVELS, Unit
from portal.prepared import Prepared

MOST = 20


def top(person) -> tuple[int, str] | None:
    """Return the id and the level of the unit at the top of the person's area, None for somebody without a post."""
    return person.post.unit.top if person.post else None


def nodes_below(person, parent_id: int, departments: bool = False) -> list[dict]:
    """Return the tree nodes directly below a unit, in one query; places only, unless `departments` are asked for."""
    own = top(person)
    if own is not None and own[0] == parent_id and not departments:
        rows = _own_nodes(parent=parent_id)  # what lies below the own top is in sight: no need to ask for it
    else:
        rows = _nodes(Unit.seen_by(person), parent_id, departments)
    return [_node(*row) for row in rows]


def _nodes(seen, parent, departments: bool):
    child = Unit.alias()
    has_children = child.select(child.id).where(child.parent == Unit.id, child.valid_to.is_null())
    query = seen.where(Unit.parent == parent, Unit.valid_to.is_null())
    if not departments:
        has_children = has_children.where(child.level != "department")
        query = query.where(Unit.level != "department")
    return query.select(Unit.id, Unit.short, Unit.level, fn.EXISTS(has_children)).order_by(Unit.code).tuples()


_own_nodes = Prepared(lambda slots: _nodes(Unit.select(), slots.parent, False))


def _node(key: int, name: str, level: str, has_children: bool) -> dict:
    return {"id": key, "name": name, "level_label": LEVELS[level], "has_children": bool(has_children)}


def root(person, departments: bool = False) -> list[dict]:
    """Return the node at the top of the person's area, opened; nothing for somebody without a post."""
    own = top(person)
    if own is None:
        return []
    unit = Unit.get_by_id(own[0])
    below = nodes_below(person, unit.id, departments)
    return [{**_node(unit.id, unit.short, unit.level, bool(below)), "children": below, "expanded": True}]


def find(person, words: str, limit: int = MOST, merged: bool = False) -> list[Unit]:
    """Return the units that the person sees whose name, code or pinyin initials hold `words`; see `finding.find`."""
    return finding.find(person, words, limit, merged)
