"""Who sees which cases. Lists look through one lens at a time, so that none of them needs an OR.

area   辖区: the place column of the post's unit, or the line of a county department
unit   本单位承办: what the units are responsible for that the post acts for (see Person.acts_for)
person 我的: of those, what this very person is responsible for
"""

from collections.abc import Sequence
from dataclasses import dataclass

from peewee import fn

from portal.cases.kinds import readable
from portal.cases.models import Assist, Case
from portal.prepared import Slots, numbered, unindexed

LENSES = {"area": "辖区", "unit": "本单位承办", "person": "我的"}

#: Matches no row: a person without a readable kind sees nothing, rather than everything.
NOTHING = Case.id < 0

COLUMNS = {
    "county_id": Case.county_id, "town_id": Case.town_id, "village_id": Case.village_id, "grid_id": Case.grid_id,
    "line_id": Case.line_id,
}


@dataclass(frozen=True)
class Reader:
    """A person as a query sees them: place column and its value, units acted for, names of readable kinds, own id, and
    the ids whose matters are the person's: the own one, and those of whom they stand in for.

    In a prepared query the values are slots, and `shape` says which query it is.
    """

    area: tuple[str, object] | None
    units: Sequence
    kinds: Sequence
    me: object
    mine: Sequence

    @classmethod
    def of(cls, person, only: str = "") -> "Reader":
        """Return the reader for the person's active post; `only` leaves one kind, where it may be read."""
        kinds = [kind.name for kind in readable(person) if not only or kind.name == only]
        return cls(person.area, sorted(person.acts_for), kinds, person.id, [person.id, *sorted(person.stands_in_for)])

    @property
    def shape(self) -> tuple:
        return (self.area[0] if self.area else None), len(self.units), len(self.kinds), len(self.mine)

    @property
    def values(self) -> dict:
        area = {"area": self.area[1]} if self.area else {}
        return {"me": self.me, **area, **numbered("unit", self.units), **numbered("kind", self.kinds),
                **numbered("mine", self.mine)}

    @classmethod
    def in_slots(cls, shape: tuple, slots: Slots) -> "Reader":
        column, units, kinds, mine = shape
        area = (column, slots.area) if column else None
        return cls(area, slots.many("unit", units), slots.many("kind", kinds), slots.me, slots.many("mine", mine))


def through(lens: str, reader: Reader, unit=Case.unit):
    """Return the condition of one lens, without the kinds; `unit` is the column that the lens "unit" looks at."""
    if lens == "unit":
        return _among(unit, reader.units)
    if lens == "person":
        return _among(Case.person, reader.mine) & _among(Case.unit, reader.units)
    return COLUMNS[reader.area[0]] == reader.area[1] if reader.area else NOTHING


def of_kinds(reader: Reader, indexed: bool = False):
    """Return the condition that the case is of a kind that may be read; see `kind_among`."""
    return kind_among(reader.kinds, indexed)


def kind_among(kinds: Sequence, indexed: bool = False):
    """Return the condition that the case is of one of `kinds`; with `indexed` it may be what the cases are found by.

    SQLite, which keeps no statistics here, would take the index of a kind wherever it can, and sort a county for it.
    """
    return _among(Case.kind if indexed else unindexed(Case.kind), kinds)


def unrestricted(reader: Reader):
    """Return the condition that lets 举报 and mediation contents be seen only by those who hold them, and by who stands
    in for them at that unit."""
    found = (Case.restricted == False) | (Case.person == reader.me) | (Case.created_by == reader.me)  # noqa: E712
    return found | through("person", reader) if len(reader.mine) > 1 else found


def _among(column, values):
    if not values:
        return NOTHING
    return (column == values[0]) if len(values) == 1 else column.in_(list(values))


def seen_by(person):
    """Return the query of all cases that the person may open: through any lens. For looking up single rows."""
    if person.post is None:
        return Case.select().where(NOTHING)
    return Case.select().where(*through_any(Reader.of(person)))


def through_any(reader: Reader) -> tuple:
    """Return the conditions that one of the lenses reaches a case, or that a unit of mine assists in it; what is mine
    lies with my unit."""
    any_lens = through("area", reader) | through("unit", reader) | _assisting(reader)
    return any_lens, of_kinds(reader), unrestricted(reader)


#: A unit that declined, or was no longer asked, has nothing to see any more.
ASSISTING = ("asked", "accepted", "answered")


def _assisting(reader: Reader):
    """Return the condition that a unit of the reader's was asked to assist; the case's own row says whether any was."""
    asked = Assist.select(Assist.id).where(
        Assist.case == Case.id, _among(Assist.unit, reader.units), Assist.state.in_(ASSISTING))
    return (Case.assists > 0) & fn.EXISTS(asked)


def holds(person, case) -> bool:
    """Tell whether the person's active post acts for the unit that is responsible."""
    return case.unit_id in person.acts_for


def open_cases_of(unit, kind: str):
    """Return the query of the open cases of `kind` that lie in `unit` (a county, town, village or grid)."""
    column = COLUMNS[f"{unit.level}_id"]
    return Case.select().where(column == unit.id, kind_among([kind]), Case.closed.is_null()).order_by(Case.id)


def open_ids_with(units):
    """Return the query of the ids of all open cases that lie with `units` (ids), for `Case.id.in_`.

    It is answered from the index of what is open alone. Asked for whole rows of several units at once, SQLite goes
    through all that ever lay with them.
    """
    return Case.select(Case.id).where(_among(Case.unit, sorted(units)), Case.closed.is_null())
