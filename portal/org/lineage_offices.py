"""What becomes of the offices of a town that is merged or gives up ground: each has its counterpart by its name."""

from portal.org.models import Unit


def offices_of(town_id: int | None) -> list[Unit]:
    """Return the open offices below a town, in their order."""
    if not town_id:
        return []
    query = Unit.select().where(Unit.parent == town_id, Unit.level == "department", Unit.valid_to.is_null())
    return list(query.order_by(Unit.code))


def renamed(office: Unit, town: Unit, into: Unit) -> str:
    """Return the name that an office of `town` has in `into`: 塔山镇综治中心 → 石安镇综治中心."""
    rest = office.name.removeprefix(town.short)
    return f"{into.short}{rest}" if rest != office.name and rest else office.name


def counterparts(town: Unit, into: Unit) -> dict[int, Unit]:
    """Return {id of an office of `town`: the office of `into` that does the same}, of those that have one."""
    there = {office.name: office for office in offices_of(into.id)}
    found = {office.id: there.get(renamed(office, town, into)) for office in offices_of(town.id)}
    return {key: office for key, office in found.items() if office is not None}


def copy_offices(town: Unit, into: Unit) -> None:
    """Give the new town `into` the offices that `town` has; the directory is the caller's."""
    for office in offices_of(town.id):
        Unit.add(code=Unit.next_code(into, "department"), name=renamed(office, town, into), level="department",
                 parent=into, kind=office.kind, reach=office.reach, listed=False)
