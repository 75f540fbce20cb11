"""Finds rows that may be one person. Whether they are is for somebody to decide who knows the people."""

from peewee import JOIN, Case, fn

from portal import audit
from portal.db import atomic, is_postgres, now
from portal.people.models import Resident, ResidentPair
from portal.values import Refused

#: Why two rows are shown side by side, the surest first.
REASONS = {
    "phone_name": "姓名、电话都相同", "no_id": "同村同名，其中一位没有登记身份证号",
    "phone": "电话相同，其中一位没有登记身份证号",
    "birth": "同村同名，同年出生",
}
#: A number that more people gave than this belongs to a shop or an office, and a name that more have tells nothing.
MOST_ALIKE = 8

First, Second = Resident.alias(), Resident.alias()


def search(area: tuple[str, int] | None = None) -> int:
    """Look for pairs among the residents of an area (a place column and its id; None: all); returns how many are new.

    Pairs that were found before stay as they are, also those that somebody called two people.
    """
    before = ResidentPair.select().count()
    for condition, because in _alike(area):
        _keep(condition, because, area)
    return ResidentPair.select().count() - before


def _alike(area) -> list[tuple]:
    same_name, village = First.name == Second.name, First.village_id == Second.village_id
    phone = First.phone_index == Second.phone_index
    one_without = First.id_card_index.is_null() | Second.id_card_index.is_null()
    few_phones = First.phone_index.in_(_shared_phones(area))
    return [
        (phone & same_name & few_phones, "phone_name"),
        (village & same_name & one_without & _few_names(), "no_id"),
        (phone & one_without & few_phones, "phone"),
        (village & same_name & (_year(First) == _year(Second)) & _few_names(), "birth"),
    ]


def _shared_phones(area):
    one = Resident.alias()
    query = one.select(one.phone_index).where(one.phone_index.is_null(False)).group_by(one.phone_index)
    query = query.where(getattr(one, area[0]) == area[1]) if area else query
    return query.having(fn.COUNT(one.id).between(2, MOST_ALIKE))


def _few_names():
    other = Resident.alias()
    return other.select(fn.COUNT(other.id)).where(
        other.village_id == First.village_id, other.name == First.name, other.merged_into.is_null()
    ) <= MOST_ALIKE


def _year(one):
    return one.birth_date.year if is_postgres() else fn.SUBSTR(one.birth_date, 1, 4)


def _keep(condition, because: str, area) -> None:
    """Write the pairs of rows that are in use, the older row first; a pair that is there is passed over."""
    columns = ("county_id", "town_id", "village_id", "grid_id")
    both = [Case(None, [(getattr(First, name) == getattr(Second, name), getattr(First, name))]) for name in columns[1:]]
    query = First.select(First.county_id, *both, First.id, Second.id)
    query = query.join(Second, JOIN.INNER, on=(
        # Written so that no engine looks through a county for each resident: only `condition` is worth an index.
        ((First.county_id - Second.county_id) == 0) & ((Second.id - First.id) > 0) & condition
    )).where(*(fn.COALESCE(one.merged_into, 0) == 0 for one in (First, Second)), *(
        one.erased_at.is_null() for one in (First, Second)))
    if area:
        query = query.where(getattr(First, area[0]) == area[1], (getattr(Second, area[0]) - area[1]) == 0)
    fields = [getattr(ResidentPair, name) for name in columns]
    fields += [ResidentPair.first, ResidentPair.second, ResidentPair.because, ResidentPair.found]
    found = [(*row, because, now()) for row in query.tuples()]  # before anything is locked: it takes seconds
    with atomic():
        for start in range(0, len(found), 100):
            ResidentPair.insert_many(found[start:start + 100], fields).on_conflict_ignore().execute()


def open_pairs(person):
    """Return the query of the undecided pairs of which the person sees both, with both rows."""
    column, value = person.area or ("line_id", 0)
    query = ResidentPair.select(ResidentPair, First, Second).join(
        First, on=(ResidentPair.first == First.id), attr="first"
    ).join_from(ResidentPair, Second, on=(ResidentPair.second == Second.id), attr="second")
    place = ResidentPair.id < 0 if column == "line_id" else getattr(ResidentPair, column) == value
    usable = [test for one in (First, Second) for test in (one.merged_into.is_null(), one.erased_at.is_null())]
    return query.where(place, ResidentPair.apart_at.is_null(), *usable)


def keep_apart(pair: ResidentPair, person) -> None:
    """Note that the two are two people, so that nobody is asked again."""
    done = (
        ResidentPair.update(apart_at=now(), apart_by=person.full_name)
        .where(ResidentPair.id == pair.id, ResidentPair.apart_at.is_null()).execute()
    )
    if not done:
        raise Refused("已经有人认定这是两个人。")
    for one, other in ((pair.first_id, pair.second_id), (pair.second_id, pair.first_id)):
        audit.record("people.keep_apart", "resident", one, detail={"other": other}, actor=person)
