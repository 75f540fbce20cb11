"""The field that holds a unit: what it offers to whom, and that it takes nothing else."""

import pytest
from flask_login import login_user
from werkzeug.datastructures import MultiDict

from portal.forms import Form
from portal.org.fields import OFFICES, UnitField
from portal.org.models import Unit
from portal.testing import counted_queries
from tests.people_of_the_county import COUNTY, NEXT_VILLAGE, OTHER_TOWN, TOWN, VILLAGE, person, unit


class Place(Form):
    place = UnitField("住在哪个村（社区）")


class Office(Form):
    office = UnitField("单位", levels=OFFICES)


@pytest.fixture
def filled(app, cast):
    """Return a function that fills a form of the class as the person, without a page around it."""

    def filled(name: str, kind: type, **fields):
        with app.test_request_context(method="POST"):
            login_user(person(name), force=True)
            form = kind(MultiDict(fields), meta={"csrf": False})
            for field in form:
                if isinstance(field, UnitField):
                    field.offer()
            form.validate()
            return form

    return filled


def labels(field) -> list[str]:
    return [choice.label for choice in field.choices][1:]


def test_a_village_has_only_itself_to_choose_and_it_is_chosen(filled):
    form = filled("cun", Place)
    assert labels(form.place) == ["华光村"] and form.place.data == str(unit(VILLAGE).id)


def test_a_town_offers_its_villages(filled):
    names = labels(filled("zhen", Place).place)
    assert len(names) == 19 and "华光村" in names


def test_a_county_offers_all_and_says_where_each_belongs(filled):
    names = labels(filled("xian", Place).place)
    assert len(names) == len(set(names)) == 462 and "塔山镇 / 华光村" in names


def test_with_offices_everything_is_offered_where_somebody_can_work(filled):
    form = filled("xitong", Office)
    names = labels(form.office)
    assert len(names) == Unit.select().where(Unit.level != "region").count()
    assert {"三台县", "三台县 / 县民政局", "塔山镇 / 塔山镇便民服务中心", "塔山镇 / 华光村"} <= set(names)


def test_what_is_in_sight_is_taken(filled):
    office = unit((TOWN, "便民服务中心"))
    form = filled("xitong", Office, office=str(office.id))
    assert form.office.errors in ([], ()) and form.office.unit == office


@pytest.mark.parametrize("code", [NEXT_VILLAGE, OTHER_TOWN + "/village", TOWN, COUNTY, (TOWN, "便民服务中心")])
def test_what_is_out_of_sight_or_of_another_level_is_refused(filled, code):
    form = filled("cun", Place, place=str(unit(code).id))
    assert form.place.errors == ["请在单位树里选择您辖区内的村（社区）。"] and form.place.unit is None


@pytest.mark.parametrize("value", ["0", "-1", "x", "1e3", "９", "9" * 30, "1 OR 1=1", "%", "<script>"])
def test_nonsense_is_refused_with_a_sentence(filled, value):
    assert filled("xian", Place, place=value).place.errors == ["请在单位树里选择您辖区内的村（社区）。"]


def test_nothing_is_a_missing_answer(filled):
    assert filled("xian", Place, place="").place.errors == ["请选择“住在哪个村（社区）”。"]


def test_a_closed_unit_is_neither_offered_nor_taken(filled):
    Unit.update(valid_to="2026-01-01").where(Unit.code == VILLAGE).execute()
    form = filled("zhen", Place, place=str(unit(VILLAGE).id))
    assert "华光村" not in labels(form.place) and form.place.errors


def test_offering_a_whole_county_is_one_query(app, cast):
    with app.test_request_context():
        login_user(person("xian"), force=True)
        form = Office(meta={"csrf": False})
        with counted_queries() as queries:
            form.office.offer()
        assert len(queries) == 1
