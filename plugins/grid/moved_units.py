"""What becomes of a village's households when it is merged: no two of a village have one number."""

from plugins.grid.models import GridEvent, Household, KeyPerson
from portal.kit import UnitEffect, fn, to_heirs


def _numbers(village_id: int):
    return Household.select(fn.MAX(Household.number)).where(Household.village_id == village_id).scalar() or 0


def _clashing(change) -> bool:
    return change.kind == "merged" and change.unit.level == "village" and bool(
        _numbers(change.unit.id) and _numbers(change.into.id))


def effects(change) -> list[UnitEffect]:
    """Say how many households get another number."""
    if not _clashing(change):
        return []
    number = Household.select().where(Household.village_id == change.unit.id).count()
    return [UnitEffect("一户一档换户号的", number, f"接在{change.into.short}的户号后面")]


def follow(change) -> None:
    """Number the households on behind those of the successor, before they come to lie beside them."""
    if _clashing(change):
        step = max(_numbers(change.unit.id), _numbers(change.into.id))
        Household.update(number=Household.number + step).where(Household.village_id == change.unit.id).execute()
    for field in (Household.unit, KeyPerson.unit):
        to_heirs(change, field)
    for field in (GridEvent.sent_by, GridEvent.extension_unit):
        to_heirs(change, field, GridEvent.handled_at.is_null())
