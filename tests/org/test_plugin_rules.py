"""What the county lays down about a plugin, enabling it for many towns, and plugins that need each other."""

import pytest

from portal.audit.models import AuditEntry
from portal.org.enablement import enabled_for, set_enabled
from portal.org.models import PluginRule, TownPluginEvent, Unit
from portal.org.ruling import lay_down
from portal.values import Refused
from tests.cases.making import in_threads, matter
from tests.people_of_the_county import COUNTY, OTHER_TOWN, QUIET_TOWN, TOWN, VILLAGE, person, unit
from tests.registry.conftest import start  # noqa: F401
from tests.registry.sources import plugin

RULES = "/org/plugins/rules/{}"


def rule(sign_in, code=COUNTY, kind="required", slug="station", reason="三办发〔2026〕5 号", **more):
    return sign_in("xitong").send(RULES.format(slug), unit=str(unit(code).id), kind=kind, reason=reason, **more)


def switch(browser, code=TOWN, slug="station", **fields):
    return browser.submit(browser.open(f"/org/plugins/{unit(code).id}/{slug}").form(["enable"]), **fields)


def enabled(code, slug="station") -> bool:
    return slug in enabled_for(unit(code))


# -- required and forbidden ----------------------------------------------------------------------------------------

def test_what_is_required_a_town_does_not_disable_and_reads_who_says_so(sign_in):
    assert "已规定" in rule(sign_in).text
    admin = sign_in("zhenguan")
    text = admin.open(f"/org/plugins/{unit(TOWN).id}/station/about").text
    assert "县里规定“便民服务站”必须启用（马骏，" in text and "三办发〔2026〕5 号" in text
    assert "不能停用" in admin.open(f"/org/plugins/{unit(TOWN).id}/station").text
    switch(admin)
    assert admin.status == 422 and "必须启用" in admin.text and enabled(TOWN)
    with pytest.raises(Refused, match="必须启用.*不能停用"):
        set_enabled(unit(TOWN), "station", False, person("xitong"))


def test_what_is_forbidden_a_town_does_not_enable(sign_in):
    rule(sign_in, kind="forbidden")
    admin = sign_in("xitong")
    switch(admin, QUIET_TOWN)
    assert admin.status == 422 and "不得启用" in admin.text and not enabled(QUIET_TOWN)
    with pytest.raises(Refused, match="不得启用.*不能启用"):
        set_enabled(unit(QUIET_TOWN), "station", True, None)


def test_who_has_what_is_forbidden_keeps_it_is_listed_and_may_disable_it(app, sign_in):
    with app.test_request_context():
        case = matter()
    text = rule(sign_in, kind="forbidden").text
    assert "不得启用、还启用着的 32 个乡镇" in text and "塔山镇</a><span class=\"muted second\">（1 件）" in text
    assert enabled(TOWN) and len(TownPluginEvent.select().where(TownPluginEvent.enabled == False)) == 0  # noqa: E712
    admin = sign_in("zhenguan")
    switch(admin)
    assert admin.status == 422 and case.number in admin.text, "open cases stand in the way as ever"
    switch(sign_in("xitong"), OTHER_TOWN)
    assert not enabled(OTHER_TOWN)


def test_enabling_it_for_those_that_lack_it_is_one_act_with_the_rule(sign_in):
    text = rule(sign_in, enable="y").text
    assert "已为 1 个单位启用：" in text and enabled(QUIET_TOWN)
    assert TownPluginEvent.select().order_by(TownPluginEvent.id.desc()).first().by_name == "马骏"


def test_without_the_tick_nothing_is_enabled_and_who_lacks_it_is_listed(sign_in):
    text = rule(sign_in).text
    assert "应当启用、还没有启用的 1 个乡镇" in text and not enabled(QUIET_TOWN)


def test_a_towns_own_rule_goes_before_the_one_for_all(sign_in):
    rule(sign_in, kind="required")
    rule(sign_in, TOWN, kind="free", reason="试点")
    switch(sign_in("zhenguan"))
    assert not enabled(TOWN)
    rule(sign_in, TOWN, kind="forbidden", reason="停办")
    switch(sign_in("zhenguan"))
    assert not enabled(TOWN)
    rule(sign_in, TOWN, kind="follow", reason="恢复")
    switch(sign_in("zhenguan"))
    assert enabled(TOWN)


def test_a_rule_for_one_town_leaves_the_neighbour_alone(sign_in):
    rule(sign_in, TOWN)
    switch(sign_in("xitong"), OTHER_TOWN)
    assert not enabled(OTHER_TOWN)
    assert "县里规定" not in sign_in("xitong").open(f"/org/plugins/{unit(OTHER_TOWN).id}/station/about").text


def test_a_rule_that_is_taken_away_binds_nobody_and_everything_is_on_the_record(sign_in):
    rule(sign_in)
    rule(sign_in, kind="follow", reason="文件废止")
    assert PluginRule.select().count() == 0
    entries = [(one.changes, one.detail["reason"]) for one in AuditEntry.select().where(
        AuditEntry.action == "org.rule_plugin").order_by(AuditEntry.id)]
    assert entries == [({"便民服务站": ["没有规定", "必须启用"]}, "三办发〔2026〕5 号"),
                       ({"便民服务站": ["必须启用", "没有规定"]}, "文件废止")]
    assert "规定平台启用" in sign_in("shenji").open("/audit/").text


def test_the_countys_own_switch_is_bound_by_no_rule(sign_in):
    rule(sign_in)
    switch(sign_in("xitong"), COUNTY)
    assert not enabled(COUNTY)


@pytest.mark.parametrize("fields, said", [
    ({"reason": ""}, "请填写“理由"), ({"reason": "字" * 201}, "最多 200 字"), ({"kind": ""}, "请选择“规定”"),
    ({"kind": "always"}, "请从列表中选择"), ({"unit": "999999"}, "请从列表中选择"), ({"unit": ""}, "请选择“对谁规定”"),
    ({"kind": "follow"}, "现在就是这样规定的"), ({"reason": "\u202e反"}, "看不见的方向"),
])
def test_what_is_wrong_is_said_and_nothing_is_laid_down(sign_in, fields, said):
    good = {"unit": str(unit(COUNTY).id), "kind": "required", "reason": "文件"}
    admin = sign_in("xitong").send(RULES.format("station"), **{**good, **fields})
    assert admin.status == 422 and said in admin.text and PluginRule.select().count() == 0


def test_the_second_of_two_administrators_is_told(sign_in):
    first, second = sign_in("xitong"), sign_in("xitong")
    form = second.open(RULES.format("station")).form(["reason"])
    rule(lambda name: first)
    second.submit(form, unit=str(unit(COUNTY).id), kind="forbidden", reason="另一个文件")
    assert second.status == 409 and "马骏" in second.text and "另一个文件" in second.text
    assert PluginRule.get().kind == "required"


@pytest.mark.parametrize("name, url, status", [
    ("zhenguan", "station", 404), ("zhen", "station", 403), ("xitong", "org", 404), ("xitong", "nothing", 404),
    ("xitong", "station", 200),
])
def test_only_the_county_lays_down(sign_in, name, url, status):
    browser = sign_in(name)
    assert browser.open(RULES.format(url)).status == status
    if status != 200:
        fields = {"unit": str(unit(TOWN).id), "kind": "forbidden", "reason": "x"}
        assert browser.post(RULES.format(url), **fields).status == status and PluginRule.select().count() == 0


def test_a_switch_and_a_rule_at_once_leave_no_town_against_it_unseen(app):
    """Whoever comes second meets what the first did: either the rule finds it off, or the switch meets the rule."""
    from_county, town = person("xitong"), unit(TOWN)
    station = app.extensions["portal"].plugins["station"]
    results = in_threads(app, lambda: set_enabled(town, "station", False, from_county),
                         lambda: lay_down(station, unit(COUNTY), "required", "文件", from_county))
    errors = [one for one in results if isinstance(one, Exception)]
    assert all(isinstance(one, Refused) for one in errors) and enabled(TOWN) == bool(errors)


# -- many towns at once --------------------------------------------------------------------------------------------

def tick(browser, *codes, slug="station"):
    form = browser.open("/org/plugins").form(["plugin", "unit"])
    return browser.submit(form, plugin=slug, unit=[str(unit(code).id) for code in codes])


def test_one_plugin_is_enabled_for_the_ticked_towns_and_each_is_told(sign_in):
    set_enabled(unit(OTHER_TOWN), "station", False, None)
    rule(sign_in, OTHER_TOWN, kind="forbidden", reason="撤并中")
    text = tick(sign_in("xitong"), TOWN, OTHER_TOWN, QUIET_TOWN).text
    assert "已为 1 个单位启用：" + unit(QUIET_TOWN).short in text
    assert "本来就启用了的 1 个：塔山镇" in text
    assert f"没有启用的 1 个（{unit(OTHER_TOWN).short}）：县里规定“便民服务站”不得启用" in text
    assert enabled(QUIET_TOWN) and not enabled(OTHER_TOWN)


@pytest.mark.parametrize("codes, slug, said", [((), "station", "请选择“乡镇”"), ((TOWN,), "", "请选择“平台”"),
                                               ((TOWN,), "org", "请从列表中选择")])
def test_ticking_nothing_is_said(sign_in, codes, slug, said):
    admin = tick(sign_in("xitong"), *codes, slug=slug)
    assert admin.status == 422 and said in admin.text


def test_a_forged_town_and_a_towns_administrator_enable_nothing(sign_in):
    before = TownPluginEvent.select().count()
    admin = sign_in("xitong")
    form = admin.open("/org/plugins").form(["plugin", "unit"])
    for value in (str(unit(VILLAGE).id), "999999", "x", "9" * 30):
        admin.submit(form, plugin="station", unit=[value])
        assert admin.status == 422, value
    fields = {"plugin": "station", "unit": str(unit(QUIET_TOWN).id)}
    assert sign_in("zhenguan").post("/org/plugins/enable", **fields).status == 404
    assert sign_in("zhen").post("/org/plugins/enable", **fields).status == 403
    assert TownPluginEvent.select().count() == before


# -- plugins that need each other, and plugins of the county -------------------------------------------------------

PAIR = {"roads.py": plugin("roads"), "lamps.py": plugin("lamps", about='depends=("roads",)')}
COUNTYS = {"roads.py": plugin("roads", about='level="county"'), "lamps.py": plugin("lamps", about='depends=("roads",)')}


def test_what_needs_another_is_not_enabled_without_it(start):  # noqa: F811
    county = start(PAIR)
    admin = county.sign_in("xitong")
    assert "要用到“平台 roads”" in admin.open(f"/org/plugins/{unit(TOWN).id}/lamps").text
    assert "（还没有启用）" in admin.open(f"/org/plugins/{unit(TOWN).id}/lamps/about").text
    switch(admin, slug="lamps")
    assert admin.status == 422 and "要用到“平台 roads”，请先启用" in admin.text
    switch(admin, slug="roads")
    switch(admin, slug="lamps")
    assert "塔山镇已启用“平台 lamps”" in admin.text


def test_what_another_needs_is_not_disabled_before_it(start):  # noqa: F811
    county = start(PAIR, ["roads", "lamps"])
    admin = county.sign_in("xitong")
    switch(admin, slug="roads")
    assert admin.status == 422 and "“平台 lamps”要用到“平台 roads”，请先停用" in admin.text
    switch(admin, slug="lamps")
    switch(admin, slug="roads")
    assert "塔山镇已停用“平台 roads”" in admin.text


def test_a_towns_plugin_needs_what_the_county_enables_and_keeps_it_enabled(start):  # noqa: F811
    county = start(COUNTYS)
    with county.app.app_context():
        with pytest.raises(Refused, match="“平台 roads”（由县里启用），请先启用"):
            set_enabled(unit(TOWN), "lamps", True, None)
        set_enabled(unit(COUNTY), "roads", True, None)
        for code in (TOWN, OTHER_TOWN):
            set_enabled(unit(code), "lamps", True, None)
        with pytest.raises(Refused, match="“平台 lamps”（.*等 2 个单位）要用到“平台 roads”"):
            set_enabled(unit(COUNTY), "roads", False, None)


def test_bulk_enabling_names_what_is_missing_for_each_town(start):  # noqa: F811
    county = start(PAIR)
    with county.app.app_context():
        set_enabled(unit(OTHER_TOWN), "roads", True, None)
    text = tick(county.sign_in("xitong"), TOWN, OTHER_TOWN, slug="lamps").text
    assert f"已为 1 个单位启用：{unit(OTHER_TOWN).short}" in text
    assert "没有启用的 1 个（塔山镇）：“平台 lamps”要用到“平台 roads”，请先启用。" in text


def test_a_plugin_of_the_county_has_its_page_its_switch_and_no_rules(start):  # noqa: F811
    county = start({"roads.py": plugin("roads", about='level="county"')})
    admin = county.sign_in("xitong")
    assert "由县里为全县启用" in admin.open(f"/org/plugins/{unit(COUNTY).id}/roads/about").text
    assert admin.open(f"/org/plugins/{unit(TOWN).id}/roads/about").status == 404
    assert admin.open(RULES.format("roads")).status == 404
    text = admin.open("/org/plugins").text
    assert "随县" in text and RULES.format("roads") not in text
    told = tick(admin, TOWN, COUNTY, slug="roads").text
    assert "已为 1 个单位启用：三台县" in told and "没有启用的 1 个（塔山镇）：“平台 roads”由县里为全县启用" in told
    assert county.sign_in("cun").open("/roads/").status == 200
    assert "roads" not in county.sign_in("zhenguan").open("/org/plugins").text.split("<main")[1]


def test_a_closed_town_is_ruled_over_no_more(app, sign_in):
    Unit.update(valid_to="2026-01-01").where(Unit.code == QUIET_TOWN).execute()
    assert str(unit(QUIET_TOWN).id) not in [
        value for value in sign_in("xitong").open(RULES.format("station")).text.split('<option value="')]
    assert "应当启用" not in rule(sign_in).text
