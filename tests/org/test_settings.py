"""What a county may set: seen, changed, put back, and on the record."""

import pytest

from portal.accounts.models import Role
from portal.audit.models import AuditEntry
from portal.org.models import OrgSetting, Unit
from portal.org.settings import find, save_setting, setting, unit_in_charge
from tests.people_of_the_county import OTHER_TOWN, person, unit

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
    assert (entry.object_id, entry.detail) == (NAME, {"unit": "三台县"})
    assert list(entry.changes.values()) == [["县行政审批服务局（默认）", other.name]]
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


def test_the_second_of_two_administrators_is_told_who_was_faster(app, sign_in):
    first, second = sign_in("xitong"), sign_in("xitong")
    form = second.open("/org/settings/cases.keep_years").form(["value"])
    first.send("/org/settings/cases.keep_years", value="30")
    second.submit(form, value="20")
    assert second.status == 409 and "马骏" in second.text and "20" in second.text
    assert setting("cases.keep_years", unit(COUNTY).id) == 30


def test_what_was_set_before_is_told_below_the_form(app, sign_in):
    browser = sign_in("xitong")
    for value in ("30", "20"):
        browser.send("/org/settings/cases.keep_years", value=value)
    text = browser.open("/org/settings/cases.keep_years").text
    assert "默认值" in text and text.rindex("20 年") < text.rindex("30 年")


def test_the_countys_id_and_its_unit_ask_for_the_same(app):
    county = unit(COUNTY)
    save_setting(find("cases.keep_years"), county.id, 30, person("xitong"))
    assert setting("cases.keep_years", county.id) == setting("cases.keep_years", county) == 30
    assert setting("cases.keep_years", unit(f"{OTHER_TOWN}/village")) == 30


def test_who_acts_below_the_county_does_not_set_it(app, sign_in):
    """A role is data: a security administrator may give the permission to whoever works in a village."""
    role = Role.get(Role.slug == "window")
    role.permissions = [*role.permissions, "org.settings", "org.town_settings"]
    role.save()
    browser = sign_in("cun")
    for path in ("/org/settings", "/org/settings/cases.keep_years", "/org/towns", "/org/copy", "/org/copies"):
        assert browser.open(path).status == 404, path
