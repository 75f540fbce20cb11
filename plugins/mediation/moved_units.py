"""What becomes of the mediation committees of a unit that is merged: they go on at the successor until they end."""

from plugins.mediation.models import Committee


def follow(change) -> None:
    seats = Committee.select(Committee.unit).where(Committee.unit.in_(list(change.heirs) or [0])).distinct()
    for key in sorted(key for (key,) in seats.tuples()):
        heir = change.heirs[key]
        there = Committee.select(Committee.name).where(Committee.unit == heir.id)
        (Committee.update(unit=heir.id)
         .where(Committee.unit == key, Committee.dissolved_on.is_null(), Committee.name.not_in(there)).execute())
