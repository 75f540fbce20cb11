"""Gives the tree of units a new shape, a few statements whatever hangs below; nothing else is touched here."""

from peewee import Value, chunked, fn

from portal.db import is_postgres, today
from portal.org.models import PLACES, Unit, UnitChange

PLACE_COLUMNS = tuple(f"{level}_id" for level in PLACES)
#: Lines of history that one statement writes.
AT_ONCE = 200


def lock(unit: Unit) -> None:
    """Let everybody who writes rows of this unit, or of what is below it, wait for this transaction.

    They have held the unit (`editing.keep_open`), so what they wrote before is seen from here on. On SQLite a writer is
    alone anyway.
    """
    if is_postgres():
        list(Unit.select(Unit.id).where(Unit.within(unit)).order_by(Unit.id).for_update().tuples())


def below(unit: Unit):
    """Return the condition of the units below `unit`, without itself."""
    return Unit.within(unit) & (Unit.id != unit.id)


def hang(unit: Unit, parent: Unit) -> None:
    """Hang `unit` with all that is below it under `parent`; its own place columns keep its own id."""
    _lead(Unit.within(unit), unit.path, f"{parent.path}{unit.id}/", {
        name: getattr(parent, name) for name in PLACE_COLUMNS[:PLACES.index(unit.level)]
    } if unit.level in PLACES else parent.place())
    Unit.update(parent=parent.id).where(Unit.id == unit.id).execute()


def hang_all(parts: list[Unit], unit: Unit, parent: Unit) -> None:
    """Hang `parts`, which are of one level and lie right below `unit`, with all that is below them under `parent`."""
    if not parts:
        return
    at, ids = PLACES.index(parts[0].level), [part.id for part in parts]
    place = {name: getattr(parent, name) for name in PLACE_COLUMNS[:at]}
    _lead(Unit.within(unit) & getattr(Unit, PLACE_COLUMNS[at]).in_(ids), unit.path, parent.path, place)
    Unit.update(parent=parent.id).where(Unit.id.in_(ids)).execute()


def absorb(unit: Unit, into: Unit, on) -> None:
    """Close `unit` and put it below `into`; what was below it lies below `into` from now on.

    Units that it had absorbed itself stay below it, as its history.
    """
    place = into.place()
    mine = Unit.within(unit)
    if unit.level in PLACES:  # what else is below keeps its own more precise columns
        place = {name: value for name, value in place.items() if PLACE_COLUMNS.index(name) <= PLACES.index(unit.level)}
    _lead(mine, unit.path, f"{into.path}{unit.id}/", place)
    path = f"{into.path}{unit.id}/"
    children = Unit.within(into, path) & (Unit.level != unit.level)
    _lead(children, path, into.path, {})
    Unit.update(parent=into.id).where(Unit.parent == unit.id, Unit.level != unit.level).execute()
    (Unit.update(parent=into.id, successor=into.id, valid_to=on, version=Unit.version + 1)
     .where(Unit.id == unit.id).execute())


def _lead(which, old: str, new: str, place: dict) -> None:
    Unit.update(path=Value(new).concat(fn.SUBSTR(Unit.path, len(old) + 1)), **place).where(which).execute()


def remember(unit: Unit, kind: str, change, other: Unit, old_name: str = "", new_name: str = "") -> None:
    """Write a line into the history of `unit`."""
    remember_all([unit], kind, change, other, old_name, new_name)


def remember_all(units: list[Unit], kind: str, change, other: Unit, old_name: str = "", new_name: str = "") -> None:
    """Write the same line into the history of each of `units`."""
    said = {
        "kind": kind, "other": other.id, "old_name": old_name, "new_name": new_name, "on": change.on or today(),
        "note": change.decree, "by_id": change.by.id, "by_name": change.by.full_name,
    }
    for some in chunked(units, AT_ONCE):
        UnitChange.insert_many([{"unit": unit.id, **said} for unit in some]).execute()
