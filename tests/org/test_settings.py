"""What a county may set: seen, changed, put back, and on the record."""

import pytest

from portal.audit.models import AuditEntry
from portal.org.models import OrgSetting, Unit
from portal.org.settings import setting, unit_in_charge
from tests.people_of_the_county import unit

NAME = "station.in_charge"
COUNTY = "510722000000"


def office(ending: str) -> Unit:
    return next(one for one in Unit.select().where(Unit.level == "department") if one.name.endswith(ending))


def test_until_somebody_sets_it_the_default_holds(app):
    county = unit(COUNTY)
    assert setting(NAME, county.id) is None and unit_in_charge(NAME, county.id) == office("县行政审批服务局")


def test_the_administrator_sets_it_and_puts_it_back(app, sign_in):
    county, other = unit(COUNTY), office("县民政局")
    browser = sign_in("xitong")
    assert "县行政审批服务局" in browser.open("/org/settings").text
    browser.open(f"/org/settings/{NAME}")
    browser.send(f"/org/settings/{NAME}", value=str(other.id))
    assert browser.status == 200 and "县民政局" in browser.text and unit_in_charge(NAME, county.id) == other
    entry = AuditEntry.select().where(AuditEntry.action == "org.setting").get()
    assert entry.object_id == NAME
    browser.send(f"/org/settings/{NAME}", default="y")
    assert unit_in_charge(NAME, county.id) == office("县行政审批服务局") and OrgSetting.select().count() == 0


@pytest.mark.parametrize("value", ["", "abc", "999999999", "-1", "🙂"])
def test_what_is_no_unit_is_refused_at_the_field(app, sign_in, value):
    browser = sign_in("xitong")
    browser.send(f"/org/settings/{NAME}", value=value)
    assert browser.status == 422 and "field-error" in browser.text and OrgSetting.select().count() == 0


def test_a_closed_unit_is_in_charge_of_nothing(app, sign_in):
    county, other = unit(COUNTY), office("县民政局")
    sign_in("xitong").send(f"/org/settings/{NAME}", value=str(other.id))
    Unit.update(valid_to="2026-01-01").where(Unit.id == other.id).execute()
    assert unit_in_charge(NAME, county.id) == office("县行政审批服务局")


@pytest.mark.parametrize("name", ["cun", "zhen", "xian", "shenji", "anquan"])
def test_nobody_else_sets_anything(app, sign_in, name):
    browser = sign_in(name)
    assert browser.open("/org/settings").status == 403
    assert browser.open(f"/org/settings/{NAME}").status == 403


def test_a_name_that_nobody_declared_is_a_404(app, sign_in):
    assert sign_in("xitong").open("/org/settings/station.nothing").status == 404
