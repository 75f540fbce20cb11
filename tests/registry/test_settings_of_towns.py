"""A plugin's setting of the kind "unit" that a town may set: its own office, copied as the office of the other."""

import pytest

from portal.org import copying
from portal.org.models import OrgSetting, Unit
from portal.org.settings import find, save_setting, setting, unit_in_charge
from tests.people_of_the_county import COUNTY, OTHER_TOWN, QUIET_TOWN, TOWN, VILLAGE, person, unit
from tests.registry.sources import hook, plugin

BODY = 'return [Setting("notices.office", "通知由谁发布", ("政府办公室",), "unit", towns=True)]'
NAME = "notices.office"


@pytest.fixture
def county(start):
    started = start({"notices.py": plugin(extra=hook("portal_settings", BODY))}, enable=["notices"])
    with started.app.app_context():
        yield started


def test_a_town_names_its_own_office(county):
    office, admin = unit((TOWN, "综治中心")), county.sign_in("zhenguan")
    admin.send(f"/org/towns/{unit(TOWN).id}/settings/{NAME}", value=str(office.id))
    assert admin.status == 200 and office.name in admin.text
    assert unit_in_charge(NAME, unit(VILLAGE)) == office and setting(NAME, unit(VILLAGE)) == office.id
    for place in (unit(COUNTY).id, unit(COUNTY), unit(OTHER_TOWN)):
        assert unit_in_charge(NAME, place) != office and setting(NAME, place) is None


@pytest.mark.parametrize("where", [(OTHER_TOWN, "综治中心"), OTHER_TOWN, QUIET_TOWN])
def test_a_town_names_no_office_of_its_neighbour(county, where):
    admin = county.sign_in("zhenguan")
    admin.send(f"/org/towns/{unit(TOWN).id}/settings/{NAME}", value=str(unit(where).id))
    assert admin.status == 422 and "请在单位树里选择您辖区内的" in admin.text and OrgSetting.select().count() == 0


def test_the_county_too_names_no_office_of_the_neighbour_for_a_town(county):
    admin, url = county.sign_in("xitong"), f"/org/towns/{unit(TOWN).id}/settings/{NAME}"
    admin.send(url, value=str(unit((OTHER_TOWN, "综治中心")).id))
    assert admin.status == 422 and "不能选别的乡镇的" in admin.text and OrgSetting.select().count() == 0
    admin.send(url, value=str(unit((COUNTY, "民政局")).id))
    assert admin.status == 200 and unit_in_charge(NAME, unit(VILLAGE)) == unit((COUNTY, "民政局"))


def test_an_office_that_was_closed_leaves_it_to_the_countys_choice(county):
    office, chosen = unit((TOWN, "综治中心")), unit((COUNTY, "民政局"))
    save_setting(find(NAME), unit(COUNTY), chosen.id, person("xitong"))
    save_setting(find(NAME), unit(TOWN), office.id, person("zhenguan"))
    assert unit_in_charge(NAME, unit(VILLAGE)) == office
    Unit.update(valid_to="2026-01-01").where(Unit.id == office.id).execute()
    assert unit_in_charge(NAME, unit(VILLAGE)) == chosen


def test_an_office_is_copied_as_the_same_office_of_the_other_town(county):
    town, other, quiet = unit(TOWN), unit(OTHER_TOWN), unit(QUIET_TOWN)
    save_setting(find(NAME), town, unit((TOWN, "综治中心")).id, person("xitong"))
    [line] = [one for one in copying.differences(town, other) if one.name == NAME]
    assert line.after == unit((OTHER_TOWN, "综治中心")).id
    Unit.update(valid_to="2026-01-01").where(Unit.parent == quiet.id, Unit.name.endswith("综治中心")).execute()
    [line] = [one for one in copying.differences(town, quiet) if one.name == NAME]
    assert "没有相应的" in line.why and copying.rehearse(quiet, [line], person("xitong")) == [line.why]
