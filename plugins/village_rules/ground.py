"""Whose village it is, and who reads what only the village itself may read."""

from plugins.village_rules.models import VillageModel
from portal.kit import Conflict, Refused, Unit, get_object_or_404


def own_village(person) -> Unit:
    """Return the village of the person's post. Raises Refused for people of a town or county, who write in none."""
    key = person.post.unit.village_id if person.post else None
    if key is None:
        raise Refused("这件事由村里办理，请用村（社区）的岗位登录。")
    return Unit.get_by_id(key)


def inside(person, village_id: int | None) -> bool:
    """Tell whether the person's post lies in the village: the results of households are for its own people only."""
    return person.post is not None and village_id is not None and person.post.unit.village_id == village_id


def found(model: type[VillageModel], key: int, person, *joined):
    """Return the row that the person may see, with the `joined` models that it refers to; else answer 404."""
    query = model.seen_by(person)
    if joined:
        query = query.select(model, *joined)
        for other in joined:
            query = query.join_from(model, other)
    return get_object_or_404(query, model.id == key)


def hold(row, version: int, what: str, url: str, **changes) -> None:
    """Write `changes` to a row that several people edit. Raises Conflict if somebody did so since the form was
    shown.
    """
    model = type(row)
    changed = (
        model.update(**changes, version=model.version + 1)
        .where(model.id == row.id, model.version == version).execute()
    )
    if not changed:
        raise Conflict("别人", what, url)
    for name, value in changes.items():
        setattr(row, name, value)
    row.version = version + 1
