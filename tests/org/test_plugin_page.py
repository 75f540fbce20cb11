"""The page of one plugin in one town, the page that switches it, and what stands in the way before it is pressed."""

import pytest

from portal.accounts.models import Role
from portal.audit.models import AuditEntry
from portal.org.enablement import set_enabled
from portal.org.models import TownPlugin, TownPluginEvent
from portal.testing import counted_queries
from tests.cases.making import every_page, link, matter, move, plain
from tests.people_of_the_county import COUNTY, OTHER_TOWN, QUIET_TOWN, TOWN, VILLAGE, unit


def about(code=TOWN, slug="station") -> str:
    return f"/org/plugins/{unit(code).id}/{slug}/about"


def switch(code=TOWN, slug="station") -> str:
    return f"/org/plugins/{unit(code).id}/{slug}"


def main(text: str) -> str:
    return text.split("<main")[1]


# -- one plugin in detail ------------------------------------------------------------------------------------------

def test_it_says_what_is_installed_and_what_enabling_changes(app, sign_in):
    text = sign_in("zhenguan").open(about()).text
    plugin = app.extensions["portal"].plugins["station"]
    assert plugin.summary in text and plugin.version in text and "不依赖别的平台" in text
    for hook in ("portal_permissions", "portal_search", "portal_settings"):
        for owner, value in app.extensions["portal"].collect(hook):
            assert owner.slug != "station" or value.title in text, value
    assert "收件" in text and "办件" in text and "编号 FW" in text


def test_the_roles_are_those_that_hold_the_permission_now(app, sign_in):
    row = '<td class="c-main">县级审核、决定</td><td data-label="角色">{}</td>'
    admin = sign_in("zhenguan")
    assert row.format("县级工作人员") in admin.open(about()).text
    leader = Role.get(Role.slug == "leader")
    leader.permissions = [*leader.permissions, "station.decide"]
    leader.save()
    assert row.format("县级工作人员、领导") in admin.open(about()).text


def test_it_says_who_enabled_it_and_when_and_pages_through_every_switch(app, sign_in):
    town = unit(TOWN)
    TownPluginEvent.insert_many([
        {"unit": town.id, "plugin": "station", "enabled": bool(number % 2), "by_name": f"经办{number:02d}"}
        for number in range(60)
    ]).execute()
    TownPluginEvent.create(unit=unit(OTHER_TOWN), plugin="station", enabled=True, by_name="邻镇的人")
    admin = sign_in("zhenguan").open(about())
    assert "经办59" in admin.text and "经办09" not in admin.text and "邻镇的人" not in admin.text
    older = admin.open(link(admin.text, "next")).text
    assert "经办09" in older and "经办59" not in older and "系统" in main(older)


def test_each_plugin_has_its_page_and_the_list_leads_there(app, sign_in):
    admin = sign_in("zhenguan").open("/org/plugins")
    for plugin in app.extensions["portal"].optional():
        assert about(slug=plugin.slug) in admin.open("/org/plugins").text
        assert admin.open(about(slug=plugin.slug)).status == 200 and plugin.title in admin.text


@pytest.mark.parametrize("name, url, status", [
    ("zhenguan", about, 200), ("zhenguan", lambda: about(OTHER_TOWN), 404), ("zhenguan", lambda: about(COUNTY), 404),
    ("zhenguan", lambda: about(VILLAGE), 404), ("zhenguan", lambda: about(slug="org"), 404),
    ("zhenguan", lambda: about(slug="nothing"), 404), ("xitong", lambda: about(QUIET_TOWN), 200),
    ("xitong", lambda: about(COUNTY), 200), ("zhen", about, 403), ("lingdao", about, 403), ("anquan", about, 403),
])
def test_a_towns_administrator_reads_only_the_own_town_and_others_nothing(sign_in, name, url, status):
    assert sign_in(name).open(url()).status == status


def test_a_senseless_page_of_the_history_is_the_first(sign_in):
    admin = sign_in("zhenguan")
    for after in ("x", "-1", "99999999999999999999", ""):
        assert admin.open(f"{about()}?after={after}").status == 200


# -- what stands in the way ----------------------------------------------------------------------------------------

def test_the_open_cases_are_listed_before_anything_is_pressed(app, sign_in):
    with app.test_request_context():
        new, at_town = matter(), move(matter(), ("accept", "cun"), ("forward_town", "cun"))
    text = sign_in("zhenguan").open(switch()).text
    assert "还有 2 件没有办结" in text and new.number in text and at_town.number in text
    assert "塔山镇便民服务中心" in text and "华光村" in text and "乡镇审核" in text and "已收件" in text


def test_an_administrator_reads_numbers_and_no_titles(app, sign_in):
    with app.test_request_context():
        case = matter()
    text = main(sign_in("zhenguan").open(switch()).text)
    assert case.number in text and case.title not in text and f"/cases/{case.id}" not in text


def test_who_may_open_a_case_finds_its_title_and_its_page(app, sign_in):
    role = Role.get(Role.slug == "town_staff")
    role.permissions = [*role.permissions, "org.enable"]
    role.save()
    with app.test_request_context():
        case, dispute = matter(), plain(title="不能读的纠纷", restricted=False)
    text = main(sign_in("zhen").open(switch()).text)
    assert case.title in text and f"/cases/{case.id}" in text and dispute.number in text


def test_many_cases_are_paged_each_once(app, sign_in):
    with app.test_request_context():
        numbers = [plain().number for _ in range(55)]
    admin = sign_in("zhenguan").open(switch())
    first = [number for number in numbers if number in admin.text]
    admin.open(link(admin.text, "next"))
    second = [number for number in numbers if number in admin.text]
    assert (len(first), len(second)) == (50, 5) and sorted(first + second) == sorted(numbers)
    assert every_page(admin, switch()) is not None and admin.open(f"{switch()}?after=x").status == 200


def test_a_neighbours_cases_and_those_of_another_plugin_are_not_among_them(app, sign_in):
    with app.test_request_context():
        other = plain(OTHER_TOWN + "/village", "linjia")
    text = sign_in("zhenguan").open(switch()).text
    assert other.number not in text and "没有件挡着" in text
    assert "没有件挡着" in sign_in("zhenguan").open(switch(slug="grid")).text


def test_a_case_that_the_county_has_does_not_stand_in_the_towns_way(app, sign_in):
    with app.test_request_context():
        move(matter(), ("accept", "cun"), ("forward_town", "cun"), ("forward_county", "zhen"))
    admin = sign_in("zhenguan")
    assert "没有件挡着" in admin.open(switch()).text
    admin.submit(admin.form(["enable"]))
    assert "塔山镇已停用" in admin.text
    assert "还有 1 件没有办结" in sign_in("xitong").open(switch(COUNTY)).text


def test_the_county_does_not_disable_for_its_staff_what_lies_with_them(app, sign_in):
    with app.test_request_context():
        case = move(matter(), ("accept", "cun"), ("forward_town", "cun"), ("forward_county", "zhen"))
    admin = sign_in("xitong").open(switch(COUNTY))
    assert "没有上级可交" in admin.text
    admin.submit(admin.form(["enable"]))
    assert admin.status == 422 and case.number in admin.text


def test_ten_thousand_characters_and_a_forged_keeper_are_refused_in_words(app, sign_in):
    with app.test_request_context():
        matter()
    admin = sign_in("zhenguan").open(switch())
    form = admin.form(["text"])
    admin.submit(form, text="字" * 10_000)
    assert admin.status == 422 and "最多 200 字" in admin.text
    admin.submit(form, keeper="999999")
    assert admin.status == 422 and "请从列表中选择" in admin.text
    assert TownPlugin.get(TownPlugin.unit == unit(TOWN).id, TownPlugin.plugin == "station").enabled


# -- the table of the county ---------------------------------------------------------------------------------------

def test_the_county_sees_every_town_with_every_plugin_and_what_is_open(app, sign_in):
    with app.test_request_context():
        [matter() for _ in range(3)]
    text = main(sign_in("xitong").open("/org/plugins").text)
    assert text.count('<th scope="row"') == 34 and text.count('class="matrix-table') <= 1
    assert about() in text and about(QUIET_TOWN, "grid") in text and "<small>3 件</small>" in text


def test_the_table_is_narrowed_by_name_plugin_and_state(sign_in):
    admin = sign_in("xitong")

    def towns(query: str) -> int:
        return main(admin.open(f"/org/plugins?{query}").text).count('<th scope="row"')

    assert towns("q=塔山") == 1 and towns("q=ts") >= 1 and towns("state=off") == 1 and towns("state=on") == 33
    assert towns("plugin=station&state=off") == 1 and towns("state=against") == 0 and towns("q=没有这个镇") == 0
    assert about(slug="grid") not in admin.open("/org/plugins?plugin=station").text
    assert towns("plugin=x&state=y") == 34


@pytest.mark.parametrize("name, most", [("xitong", 34), ("zhenguan", 1)])
def test_the_file_has_the_same_scope_as_the_page(sign_in, name, most):
    admin = sign_in(name).open("/org/plugins/export?plugin=station")
    lines = admin.text.splitlines()
    assert admin.response.mimetype == "text/csv" and len(lines) == most + 2 and "数据截至" in lines[-1]
    assert ("永明镇" in admin.text or "建平镇" in admin.text or OTHER_TOWN in admin.text) == (most > 1)
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).first()
    assert (entry.action, entry.detail["rows"]) == ("org.export_plugins", most)


def test_nobody_but_administrators_gets_the_file(sign_in):
    assert sign_in("zhen").open("/org/plugins/export").status == 403


# -- what a page costs ---------------------------------------------------------------------------------------------

COSTS = {
    ("xitong", "/org/plugins"): 7, ("zhenguan", "/org/plugins"): 6, ("zhenguan", "about"): 6, ("xitong", "about"): 6,
    ("zhenguan", "switch"): 15, ("xitong", "/org/plugins/rules/station"): 7,
}


@pytest.mark.parametrize("who, page", COSTS)
def test_a_warm_page_costs_no_more_queries_than_it_did(app, sign_in, who, page):
    with app.test_request_context():
        [matter() for _ in range(5)]
    url = {"about": about(), "switch": switch()}.get(page, page)
    browser = sign_in(who).open(url)
    with counted_queries() as seen:
        assert browser.open(url).status == 200
    assert len(seen) <= COSTS[who, page], "\n".join(seen)


def test_more_cases_cost_no_more_queries(app, sign_in):
    with app.test_request_context():
        for kind in ("高龄津贴", "居民养老保险参保", "困难残疾人生活补贴") * 10:
            matter(of=kind)
    url = switch()
    browser = sign_in("zhenguan").open(url)
    with counted_queries() as seen:
        browser.open(url)
    assert len(seen) <= COSTS["zhenguan", "switch"], "\n".join(seen)


def test_enabling_leads_back_with_what_was_done(app, sign_in):
    set_enabled(unit(TOWN), "station", False, None)
    admin = sign_in("zhenguan").open(switch())
    assert "看启用会带来什么" in admin.text
    admin.submit(admin.form(["enable"]))
    assert "塔山镇已启用“便民服务站”" in admin.text
