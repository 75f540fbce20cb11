"""What becomes of announcements when units are merged: the successor reads what was meant for the old unit."""

from portal.notify.models import Addressee
from portal.values import Rearrangement


def follow(change: Rearrangement) -> None:
    """Address to the heir what was addressed to the unit that ends; where both were, the heir's own receipt stands."""
    addressed = Addressee.select(Addressee.unit).where(Addressee.unit.in_(list(change.heirs) or [0])).distinct()
    for key in sorted(key for (key,) in addressed.tuples()):
        heir = change.heirs[key]
        there = Addressee.select(Addressee.announcement).where(Addressee.unit == heir.id)
        (Addressee.update(unit=heir.id)
         .where(Addressee.unit == key, Addressee.announcement.not_in(there)).execute())
