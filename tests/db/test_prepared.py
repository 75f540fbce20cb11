"""What is worked out once says the same as what peewee works out each time."""

import pytest
from peewee import JOIN, fn

from portal.db import atomic, now
from portal.forms.models import RequestKey
from portal.org.models import Unit, UnitChange
from portal.prepared import Prepared, PreparedChange, PreparedModels, PreparedRows
from tests.people_of_the_county import TOWN, VILLAGE, unit

Above = Unit.alias()


def _with_parent(*, code):
    return (Unit.select(Unit, Above).join(Above, JOIN.LEFT_OUTER, on=(Unit.parent == Above.id))
            .where(Unit.code == code))


QUERIES = {
    "plain": lambda code: Unit.select().where(Unit.code == code),
    "some columns": lambda code: Unit.select(Unit.id, Unit.valid_from, Unit.is_statistical_only).where(
        Unit.code == code),
    "joined": lambda code: Unit.select(Unit, Above).join(Above, on=(Unit.parent == Above.id)).where(Unit.code == code),
    "joined, if there": lambda code: _with_parent(code=code),
    "under a name": lambda code: Unit.select(Unit, Above).join(
        Above, on=(Unit.town_id == Above.id), attr="town").where(Unit.code == code),
    "with a figure": lambda code: Unit.select(Unit, fn.LENGTH(Unit.name).alias("long")).where(Unit.code == code),
}


def _told(row):
    """Return all that there is about a row that was read."""
    more = {name: value for name, value in vars(row).items() if name not in ("__data__", "__rel__")}
    joined = {**row.__rel__, **{name: value for name, value in more.items() if isinstance(value, Unit)}}
    return (row.__data__, {name: other and _told(other) for name, other in joined.items()}, row.is_dirty(),
            getattr(row, "long", None))


@pytest.mark.parametrize("name", QUERIES)
def test_the_instances_are_those_of_peewee(app, cast, name):
    prepared = PreparedModels(lambda slots: QUERIES[name](slots.code))
    assert prepared(code="no such code") == []  # what comes first may well be nothing
    for code in (VILLAGE, unit(TOWN).code, Unit.get(Unit.level == "county").code, VILLAGE):
        assert [_told(row) for row in prepared(code=code)] == [_told(row) for row in QUERIES[name](code)]


def test_a_row_is_written_with_what_it_was_not_given(app, cast):
    row = UnitChange(unit=unit(VILLAGE), kind="renamed")
    missing = [field.name for field in UnitChange._meta.sorted_fields if not field.null and field.name != "id"
               and field.name not in row.__data__]
    for name in missing:
        setattr(row, name, "")
    PreparedRows(UnitChange).insert(row)
    found = UnitChange.get_by_id(row.id)
    assert found.kind == "renamed" and found.unit_id == unit(VILLAGE).id and not row.is_dirty()


def test_what_writes_says_how_much_and_returns_what_it_is_told_to(app, cast):
    once = PreparedChange(lambda slots: (
        RequestKey.insert(user_id=slots.user, key=slots.key, at=slots.at).on_conflict_ignore()))
    moved = Prepared(lambda slots: (
        RequestKey.update(location=slots.to).where(RequestKey.key == slots.key).returning(RequestKey.at)))
    moment = now()
    with atomic():
        assert [once(user=1, key="a" * 32, at=moment) for _ in range(2)] == [1, 0]
        assert moved(to="/", key="a" * 32) == [[moment]] and moved(to="/", key="b" * 32) == []
