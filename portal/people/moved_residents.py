"""What becomes of residents when their village is merged or moved: they belong to the unit that takes its place."""

from portal.db import before_commit
from portal.org.lineage_rows import to_heirs
from portal.people.models import Resident, ResidentPair
from portal.values import Rearrangement, UnitEffect

#: The places that two residents may have in common.
SHARED = ("town_id", "village_id", "grid_id")


def effects(change: Rearrangement) -> list[UnitEffect]:
    column = getattr(Resident, change.column)
    here = Resident.select().where(column.in_(list(change.ids) or [0]), Resident.merged_into.is_null(),
                                   Resident.erased_at.is_null())
    return [UnitEffect("居民档案", here.count(), "只有新的上级看得到")]


def follow(change: Rearrangement) -> None:
    to_heirs(change, Resident.unit)
    before_commit(_straighten)[change.unit.id] = change


def _straighten(changes: dict) -> None:
    """Let each pair lie in the places that both residents still have in common, once these have their new places."""
    first, second = Resident.alias(), Resident.alias()
    ids = {key for change in changes.values() for key in (*change.place.values(), *change.was.values())}
    rows = (
        ResidentPair.select(ResidentPair.id, *(
            getattr(model, name) for name in SHARED for model in (ResidentPair, first, second)))
        .join(first, on=(ResidentPair.first == first.id)).join_from(ResidentPair, second,
                                                                     on=(ResidentPair.second == second.id))
        .where(_in_one_of(first, ids) | _in_one_of(second, ids)).tuples()
    )
    for key, *places in list(rows):
        held = {name: places[number * 3] for number, name in enumerate(SHARED)}
        both = [places[number * 3 + 1:number * 3 + 3] for number in range(len(SHARED))]
        now = {name: one if one == other else None for name, (one, other) in zip(SHARED, both, strict=True)}
        if now != held:
            ResidentPair.update(**now).where(ResidentPair.id == key).execute()


def _in_one_of(model, ids):
    return model.town_id.in_(sorted(ids)) | model.village_id.in_(sorted(ids))
