"""What a town sets for itself: where it may, what then holds there and nowhere else, how the county takes it back."""

import pytest

from plugins.grid.households import interval
from plugins.grid.ladder import first_limit
from plugins.mediation.periods import check_period
from plugins.village_rules.deadlines import reminder
from plugins.village_rules.workflow import town_office
from portal import accounts
from portal.accounts.models import Post, Role
from portal.audit.models import AuditEntry
from portal.cases.models import Case
from portal.db import atomic
from portal.org.enablement import set_enabled
from portal.org.models import OrgSetting, OrgSettingEvent, Unit
from portal.org.settings import find, save_setting, setting, settings_of
from portal.testing import counted_queries
from portal.values import Conflict, Refused
from tests.cases.making import in_threads
from tests.grid.door import report
from tests.people_of_the_county import COUNTY, OTHER_TOWN, PASSWORD, QUIET_TOWN, TOWN, VILLAGE, person, unit

NAME, HOURS = "cases.alike_days", "grid.village_hours"


def page(code: str, name: str = "") -> str:
    return f"/org/towns/{unit(code).id}/settings{'/' * bool(name)}{name}"


def of_town(value, name: str = NAME, code: str = TOWN, by: str = "zhenguan") -> None:
    save_setting(find(name), unit(code), value, person(by))


# -- which -------------------------------------------------------------------------------------------------------

def test_a_town_sets_what_guides_its_own_and_nothing_that_binds_others(app):
    assert {one.name for _, one in settings_of() if one.towns} == {
        "cases.alike_days", "grid.village_hours", "grid.visit_high_days", "grid.visit_key_days",
        "grid.visit_normal_days", "mediation.check", "mediation.follow_up", "village_rules.collect",
        "village_rules.draft", "village_rules.review", "village_rules.vote", "village_rules.file",
        "village_rules.publish", "village_rules.correct", "village_rules.town_office", "village_rules.top",
        "village_rules.below", "village_rules.mend",
    }


@pytest.mark.parametrize("name", ["cases.keep_years", "mediation.ordinary", "station.in_charge", "cases.fair_counts"])
def test_what_is_the_countys_is_shown_to_the_town_and_has_no_door_there(app, sign_in, name):
    admin = sign_in("zhenguan")
    text = admin.open("/org/towns").text
    assert find(name).title in text and "全县统一" in text and page(TOWN, name) not in text
    assert admin.open(page(TOWN, name)).status == 404 and admin.post(page(TOWN, name), value="5").status == 404
    with pytest.raises(Refused, match="全县统一"):
        of_town(5, name)


# -- setting it --------------------------------------------------------------------------------------------------

def test_a_town_sets_it_for_itself_and_for_nobody_else(app, sign_in):
    admin = sign_in("zhenguan")
    admin.send(page(TOWN, NAME), value="30")
    assert admin.status == 200 and "30 日" in admin.text and "郑伟" in admin.text and "90 日" in admin.text
    assert [setting(NAME, unit(code)) for code in (TOWN, VILLAGE, (TOWN, "综治中心"), OTHER_TOWN, COUNTY)] == [
        30, 30, 30, 90, 90]
    assert setting(NAME, unit(COUNTY).id) == 90


def test_a_town_that_follows_the_county_goes_on_following_and_one_that_deviates_stays(app, sign_in):
    of_town(30)
    sign_in("xitong").send(f"/org/settings/{NAME}", value="60")
    assert [setting(NAME, unit(code)) for code in (TOWN, OTHER_TOWN)] == [30, 60]


def test_a_value_like_the_countys_stays_when_the_county_changes(app, sign_in):
    of_town(90)
    sign_in("xitong").send(f"/org/settings/{NAME}", value="60")
    assert setting(NAME, unit(TOWN)) == 90


def test_the_town_goes_back_to_the_countys_default(app, sign_in):
    admin = sign_in("zhenguan")
    assert "恢复县里的默认" not in admin.open(page(TOWN, NAME)).text
    admin.send(page(TOWN, NAME), value="30")
    admin.send(page(TOWN, NAME), value="nonsense", default="y")
    assert admin.status == 200 and setting(NAME, unit(TOWN)) == 90 and OrgSetting.select().count() == 0


def test_who_changed_it_and_what_it_was_is_told_on_the_page_and_on_the_record(app, sign_in):
    for value in ("30", "45"):
        sign_in("zhenguan").send(page(TOWN, NAME), value=value)
    text = sign_in("xitong").open(page(TOWN, NAME)).text
    assert text.index("45 日") < text.rindex("县里的默认") and text.count("郑伟") == 3
    entry = AuditEntry.select().where(AuditEntry.action == "org.setting").order_by(AuditEntry.id.desc()).first()
    assert (entry.object_id, entry.detail, entry.actor_name) == (NAME, {"unit": "塔山镇"}, "郑伟")
    assert entry.changes == {find(NAME).title: ["30 日", "45 日"]}


def test_saving_what_holds_already_is_no_change(app, sign_in):
    of_town(30)
    sign_in("zhenguan").send(page(TOWN, NAME), value="30")
    assert OrgSettingEvent.select().count() == 1


@pytest.mark.parametrize(("value", "said"), [
    ("", "请填写"), ("0", "应在 1 到 365 之间"), ("366", "应在 1 到 365 之间"), ("三十", "请填写整数"),
    ("1.5", "请填写整数"), ("9" * 10_000, ""), ("<b>", "请填写整数"),
])
def test_what_is_no_value_is_refused_at_the_field_and_kept(app, sign_in, value, said):
    admin = sign_in("zhenguan")
    admin.send(page(TOWN, NAME), value=value)
    assert admin.status == 422 and "field-error" in admin.text and said in admin.text
    assert admin.form(["value"]).fields["value"] == value and OrgSetting.select().count() == 0


def test_a_text_of_ten_thousand_characters_is_refused_and_kept(app, sign_in):
    admin, text = sign_in("zhenguan"), "司法所、" * 2500
    admin.send(page(TOWN, "village_rules.town_office"), value=text)
    assert admin.status == 422 and "最多 200 字" in admin.text and text in admin.text


# -- two at once -------------------------------------------------------------------------------------------------

def test_the_second_of_two_clerks_is_told_who_was_faster(app, sign_in):
    town, county = sign_in("zhenguan"), sign_in("xitong")
    form = town.open(page(TOWN, NAME)).form(["value"])
    county.send(page(TOWN, NAME), value="45")
    town.submit(form, value="30")
    assert town.status == 409 and "马骏" in town.text and "30" in town.text and setting(NAME, unit(TOWN)) == 45


def test_the_same_form_sent_twice_is_one_change(app, sign_in):
    admin = sign_in("zhenguan")
    form = admin.open(page(TOWN, NAME)).form(["value"])
    for _ in range(2):
        assert admin.submit(form, value="30").status == 200
    assert OrgSettingEvent.select().count() == 1


def test_of_two_at_the_same_moment_one_wins(app):
    town, who, declared = unit(TOWN), person("zhenguan"), find(NAME)
    outcome = in_threads(app, *(lambda value=value: save_setting(declared, town, value, who, 0) for value in (20, 40)))
    assert sorted(type(one) is Conflict for one in outcome) == [False, True]
    assert OrgSettingEvent.select().count() == 1 and setting(NAME, town) in (20, 40)


def test_a_change_that_is_rolled_back_is_not_believed(app):
    with app.test_request_context():
        assert setting(NAME, unit(TOWN)) == 90
        with atomic() as transaction:
            of_town(30)
            assert setting(NAME, unit(TOWN)) == 30
            transaction.rollback()
    assert setting(NAME, unit(TOWN)) == 90


# -- who may -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("code", [OTHER_TOWN, QUIET_TOWN, COUNTY, VILLAGE])
def test_a_towns_administrator_finds_only_the_own_town(sign_in, code):
    admin = sign_in("zhenguan")
    assert admin.open(page(code)).status == 404 and admin.open(page(code, NAME)).status == 404
    assert admin.post(page(code, NAME), value="30").status == 404 and OrgSetting.select().count() == 0


@pytest.mark.parametrize("name", ["cun", "zhen", "xian", "lingdao", "anquan", "shenji"])
def test_nobody_else_sets_anything_for_a_town(sign_in, name):
    clerk = sign_in(name)
    for path in ("/org/towns", page(TOWN), page(TOWN, NAME)):
        assert clerk.open(path).status == 403
    assert clerk.post(page(TOWN, NAME), value="30").status == 403 and OrgSetting.select().count() == 0


@pytest.mark.parametrize("path", ["/org/settings", f"/org/settings/{NAME}", "/org/copy", "/org/copies"])
def test_a_towns_administrator_does_not_set_the_county(sign_in, path):
    admin = sign_in("zhenguan")
    assert admin.open(path).status == 403 and admin.post(path, value="5").status in (403, 405)


def test_the_administrator_of_another_county_finds_no_town_of_ours(app, sign_in):
    other = Unit.add(code="510723000000", name="盐亭县", level="county", parent=unit(COUNTY).parent)
    user, _ = accounts.add_user("waixitong", "外县系统", password=PASSWORD, must_change=False)
    Post.create(user=user, unit=other, role=Role.get(Role.slug == "system_admin"), title="系统管理员")
    admin = sign_in("waixitong")
    for path in (page(TOWN), page(TOWN, NAME), f"/org/copy?source={unit(TOWN).id}&target={unit(OTHER_TOWN).id}"):
        assert admin.open(path).status == 404, path
    assert "塔山" not in admin.open("/org/towns").text.split("<main")[1]
    assert admin.post(f"/org/settings/{NAME}/take-back", towns=f"{unit(TOWN).id}.1").status == 422


# -- where the plugin is not enabled -----------------------------------------------------------------------------

def test_a_plugin_that_the_town_has_not_enabled_shows_no_settings_there(app, sign_in):
    title, admin = find(HOURS).title, sign_in("zhenguan")
    assert title in admin.open(page(TOWN)).text
    set_enabled(unit(TOWN), "grid", False, None)
    text = admin.open(page(TOWN)).text
    assert title not in text and find(NAME).title in text and admin.open(page(TOWN, HOURS)).status == 404
    assert admin.post(page(TOWN, HOURS), value="5").status == 404
    with pytest.raises(Refused, match="没有启用“网格管理”"):
        of_town(5, HOURS)


def test_disabling_and_enabling_again_loses_no_setting(app, sign_in):
    of_town(48, HOURS)
    for enabled in (False, True):
        set_enabled(unit(TOWN), "grid", enabled, None)
    assert "48 小时" in sign_in("zhenguan").open(page(TOWN)).text and setting(HOURS, unit(VILLAGE)) == 48


def test_a_closed_town_sets_nothing(app, sign_in):
    Unit.update(valid_to="2026-01-01").where(Unit.code == TOWN).execute()
    assert sign_in("xitong").open(page(TOWN)).status == 404
    with pytest.raises(Refused, match="已停用"):
        of_town(30)


# -- the county --------------------------------------------------------------------------------------------------

def test_the_county_sees_which_towns_deviate(app, sign_in):
    admin = sign_in("xitong")
    assert "个另设" not in admin.open("/org/settings").text
    of_town(30)
    of_town(45, code=OTHER_TOWN, by="xitong")
    assert "2 个另设" in admin.open("/org/settings").text
    text = admin.open(f"/org/settings/{NAME}").text
    assert "塔山镇：30 日（郑伟" in text and f"{unit(OTHER_TOWN).short}：45 日（马骏" in text
    assert "1 项" in admin.open("/org/towns").text and page(TOWN) in admin.text


def test_the_county_takes_back_what_it_ticks(app, sign_in):
    of_town(30)
    of_town(45, code=OTHER_TOWN, by="xitong")
    admin = sign_in("xitong")
    choice = f"{unit(TOWN).id}.{OrgSettingEvent.get(OrgSettingEvent.unit == unit(TOWN).id).id}"
    admin.send(f"/org/settings/{NAME}", to=f"/org/settings/{NAME}/take-back", towns=[choice])
    assert admin.status == 200 and "塔山镇恢复为县里的默认" in admin.text
    assert [setting(NAME, unit(code)) for code in (TOWN, OTHER_TOWN)] == [90, 45]


def test_what_a_town_has_changed_meanwhile_is_not_taken_back_unseen(app, sign_in):
    of_town(30)
    admin, url = sign_in("xitong"), f"/org/settings/{NAME}/take-back"
    form = admin.open(f"/org/settings/{NAME}").form(["towns"], url)
    choice = f"{unit(TOWN).id}.{OrgSettingEvent.get().id}"
    of_town(45)
    admin.submit(form, towns=[choice])
    assert admin.status == 422 and "刚刚改过" in admin.text and "塔山镇：45 日" in admin.text
    assert setting(NAME, unit(TOWN)) == 45


@pytest.mark.parametrize("towns", [[], [""], ["1.1"], ["x"], ["9" * 40]])
def test_nothing_is_taken_back_from_nobody(app, sign_in, towns):
    of_town(30)
    admin, url = sign_in("xitong"), f"/org/settings/{NAME}/take-back"
    admin.submit(admin.open(f"/org/settings/{NAME}").form(["towns"], url), towns=towns)
    assert admin.status == 422 and "field-error" in admin.text and setting(NAME, unit(TOWN)) == 30


def test_what_was_set_before_the_plugin_was_disabled_can_still_be_taken_back(app, sign_in):
    of_town(48, HOURS)
    set_enabled(unit(TOWN), "grid", False, None)
    choice = f"{unit(TOWN).id}.{OrgSettingEvent.get().id}"
    sign_in("xitong").send(f"/org/settings/{HOURS}", to=f"/org/settings/{HOURS}/take-back", towns=[choice])
    assert OrgSetting.select().count() == 0


# -- where it takes effect ---------------------------------------------------------------------------------------

def test_an_event_has_the_time_that_its_own_town_gives(app, sign_in):
    sign_in("zhenguan").send(page(TOWN, HOURS), value="48")
    worker = sign_in("wangge")
    assert "48 小时内受理" in worker.open("/grid/report").text
    assert report(worker).limit_amount == 48 and Case.get().limit_unit == "hour"
    assert "24 小时内受理" in sign_in("linwang").open("/grid/report").text


@pytest.mark.parametrize(("name", "value", "asked"), [
    ("grid.village_hours", 48, lambda place: first_limit(place, False).amount),
    ("grid.visit_key_days", 14, lambda place: interval("key", place).days),
    ("mediation.check", 5, lambda place: check_period(place).amount),
    ("village_rules.review", 12, lambda place: reminder("review", place).amount),
    ("village_rules.town_office", "党政办公室", lambda place: town_office(place).name[-5:]),
])
def test_each_platform_asks_for_the_value_of_the_place(app, name, value, asked):
    of_town(value, name)
    assert asked(unit(VILLAGE)) == value != asked(unit(f"{OTHER_TOWN}/village"))


def test_a_list_asks_once_for_the_settings_of_all_its_rows(app):
    of_town(30)
    places = list(Unit.select().where(Unit.county_id == unit(COUNTY).id, Unit.level == "village").limit(50))
    with app.test_request_context(), counted_queries() as asked:
        assert {setting(NAME, place) for place in places} == {30, 90} or len(places) == 50
        setting(HOURS, places[0])
    assert len(asked) == 1


def test_a_town_page_costs_as_much_with_many_settings_as_with_none(app, sign_in):
    admin = sign_in("zhenguan")
    admin.open(page(TOWN))
    with counted_queries() as before:
        admin.open(page(TOWN))
    for name in ("grid.visit_key_days", "mediation.check", "village_rules.review"):
        of_town(12, name)
    with counted_queries() as after:
        admin.open(page(TOWN))
    assert len(after) == len(before)
