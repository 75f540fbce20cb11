"""What a town enabled and nothing else: menu, pages, cards, hits; for every worker at once, and nothing is lost."""

import subprocess
import sys
from pathlib import Path

import pytest

from portal.audit.models import AuditEntry
from portal.cases.models import Case
from portal.db import atomic
from portal.org.enablement import enabled_for, set_enabled
from portal.org.models import TownPlugin, TownPluginEvent, Unit
from portal.values import Refused
from tests.people_of_the_county import COUNTY, OTHER_TOWN, PLUGINS, QUIET_TOWN, TOWN, VILLAGE, unit
from tests.station.door import must_have, receive, request_of, state, step

ROOT = Path(__file__).parents[2]


def switch(browser, code: str):
    """Switch the station of a unit to what it is not, through its page."""
    return browser.submit(browser.open(f"/org/plugins/{unit(code).id}/station").form(["enable"]))


def events(code: str) -> list[tuple]:
    query = TownPluginEvent.select(TownPluginEvent.enabled, TownPluginEvent.by_name).order_by(TownPluginEvent.id)
    return list(query.where(TownPluginEvent.unit == unit(code).id, TownPluginEvent.plugin == "station").tuples())


# -- who may switch what -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["zhenguan", "xitong"])
def test_a_town_is_disabled_and_enabled_by_its_administrator_and_the_countys(sign_in, name):
    admin, clerk = sign_in(name), sign_in("cun")
    switch(admin, TOWN)
    assert admin.status == 200 and "塔山镇已停用“便民服务站”" in admin.text
    assert clerk.open("/station/").status == 404
    switch(admin, TOWN)
    assert "塔山镇已启用“便民服务站”" in admin.text and clerk.open("/station/").status == 200
    assert [enabled for enabled, _ in events(TOWN)] == [True, False, True]
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).first()
    assert (entry.action, entry.detail, entry.actor_name) == ("org.enable", {"unit": "塔山镇"}, events(TOWN)[-1][1])


@pytest.mark.parametrize("code", [OTHER_TOWN, COUNTY, QUIET_TOWN, VILLAGE])
def test_a_towns_administrator_finds_only_the_own_town(sign_in, code):
    admin = sign_in("zhenguan")
    url = f"/org/plugins/{unit(code).id}/station"
    assert admin.open(url).status == 404
    assert admin.post(url, enable="0").status == 404 and admin.post(url, enable="1").status == 404
    page = admin.open("/org/plugins")
    assert "塔山镇" in page.text and url not in page.text


@pytest.mark.parametrize("name", ["cun", "zhen", "xian", "lingdao", "anquan", "shenji"])
def test_nobody_else_switches(sign_in, name):
    clerk = sign_in(name)
    url = f"/org/plugins/{unit(TOWN).id}/station"
    assert clerk.open("/org/plugins").status == 403 and clerk.open(url).status == 403
    assert clerk.post(url, enable="0").status == 403 and len(events(TOWN)) == 1


@pytest.mark.parametrize("url", ["/org/plugins/{}/nothing", "/org/plugins/{}/org", "/org/plugins/999999/station"])
def test_what_is_not_there_cannot_be_switched(sign_in, url):
    admin = sign_in("xitong")
    url = url.format(unit(TOWN).id)
    assert admin.open(url).status == 404 and admin.post(url, enable="1").status == 404


def test_a_village_is_not_switched_it_follows(app):
    with pytest.raises(Refused, match="随乡镇"):
        set_enabled(unit(VILLAGE), "station", False, None)
    with pytest.raises(Refused, match="不能停用"):
        set_enabled(unit(TOWN), "org", False, None)


@pytest.mark.parametrize("value", ["", "2", "true", "<b>"])
def test_a_forged_switch_changes_nothing(sign_in, value):
    admin = sign_in("xitong")
    url = f"/org/plugins/{unit(TOWN).id}/station"
    admin.submit(admin.open(url).form(["enable"]), enable=value)
    assert admin.status == 422 and len(events(TOWN)) == 1


def test_who_comes_second_with_the_same_wish_changes_nothing(sign_in):
    first, second = sign_in("xitong"), sign_in("zhenguan")
    url = f"/org/plugins/{unit(TOWN).id}/station"
    form = second.open(url).form(["enable"])
    switch(first, TOWN)
    second.submit(form)
    assert second.status == 200 and len(events(TOWN)) == 2


# -- what a disabled town finds ----------------------------------------------------------------------------------

PATHS = ("/station", "/station/", "/station/items", "/station/nothing/at/all", "/station/receive/1", "/station/items/1")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["get", "post", "head", "options", "put", "delete", "patch"])
def test_every_address_is_a_404_for_every_method_while_the_neighbour_works(sign_in, method, path):
    here, there = sign_in("wuzhen"), sign_in("linzhen")
    answer = getattr(here.client, method)(path)
    assert answer.status_code == 404 and not {"Allow", "Location"} & set(answer.headers.keys())
    assert there.open("/station/").status == 200


def test_the_page_says_no_more_than_that_of_a_plugin_that_never_was(sign_in):
    clerk = sign_in("wuzhen")

    def page(path: str) -> list[str]:
        lines = clerk.open(path).text.splitlines()
        return [line for line in lines if "nonce" not in line and "csrf" not in line and "_key" not in line]

    assert page("/station/") == page("/mediation/")


def test_there_is_no_menu_no_card_and_no_hit(sign_in):
    with_it, without = sign_in("linzhen"), sign_in("wuzhen")
    assert "便民服务站" in with_it.open("/").text and "高龄津贴" in with_it.open("/search?q=高龄津贴").text
    assert "便民服务站" not in without.open("/").text and "/station/" not in without.text
    assert "/station/" not in without.open("/search?q=高龄津贴").text
    assert "/station/" not in without.open("/cases/").text


def test_the_countys_own_switch_is_for_its_own_staff(sign_in):
    admin, county, village = sign_in("xitong"), sign_in("xian"), sign_in("cun")
    switch(admin, COUNTY)
    assert "三台县已停用" in admin.text
    assert county.open("/station/").status == 404 and "便民服务站" not in county.open("/").text
    assert sign_in("minzheng").open("/station/").status == 404
    assert village.open("/station/").status == 200
    switch(admin, COUNTY)
    assert county.open("/station/").status == 200


# -- open matters ------------------------------------------------------------------------------------------------

def test_open_cases_keep_it_enabled_and_are_listed(sign_in):
    case = receive(sign_in("cun"))
    admin = sign_in("zhenguan")
    switch(admin, TOWN)
    assert admin.status == 422 and "还有 1 件没有办结" in admin.text and case.number in admin.text
    assert sign_in("cun").open(f"/cases/{case.id}").status == 200 and len(events(TOWN)) == 1


def test_what_was_done_stays_and_is_there_again_later(sign_in):
    clerk = sign_in("cun")
    case = receive(clerk)
    step(clerk, case, "withdraw", text="本人撤回")
    assert not Case.get_by_id(case.id).is_open, state(case)
    materials = must_have(request_of(case).item)
    admin = sign_in("zhenguan")
    switch(admin, TOWN)
    assert "已停用" in admin.text and clerk.open(f"/cases/{case.id}").status == 404
    supervisor = sign_in("xian").open(f"/cases/{case.id}")
    assert supervisor.status == 200 and case.number in supervisor.text, "the county goes on reading it"
    switch(admin, TOWN)
    assert clerk.open(f"/cases/{case.id}").status == 200 and "本人撤回" in clerk.text
    assert must_have(request_of(case).item) == materials


# -- other processes ---------------------------------------------------------------------------------------------

ELSEWHERE = """
import sys
from pathlib import Path
from portal import create_app
from portal.org.enablement import set_enabled
from portal.org.models import Unit
app = create_app(Path(sys.argv[1]), {"database": sys.argv[2], "plugins": sys.argv[5].split(",")})
with app.app_context():
    set_enabled(Unit.get(Unit.code == sys.argv[3]), "station", sys.argv[4] == "1", None)
"""


def test_a_switch_in_another_process_is_noticed_at_once(sign_in, ground):
    clerk, neighbour = sign_in("cun"), sign_in("linzhen")
    assert clerk.open("/station/").status == 200 and "便民服务站" in clerk.open("/").text
    for enable, status in (("0", 404), ("1", 200)):
        command = [sys.executable, "-c", ELSEWHERE, ground.folder, ground.setting, TOWN, enable, ",".join(PLUGINS)]
        subprocess.run(command, cwd=ROOT, check=True)
        assert clerk.open("/station/").status == status
        assert ("便民服务站" in clerk.open("/").text) == (status == 200)
        assert neighbour.open("/station/").status == 200


def test_a_switch_that_is_rolled_back_is_not_believed(app, sign_in):
    clerk = sign_in("cun")
    clerk.open("/")
    with atomic() as transaction:
        set_enabled(unit(TOWN), "station", False, None)
        transaction.rollback()
    assert clerk.open("/station/").status == 200


# -- by level ----------------------------------------------------------------------------------------------------

def test_a_village_follows_its_town_and_an_office_its_unit(app):
    for code in (VILLAGE, TOWN, (TOWN, "便民服务中心"), COUNTY, (COUNTY, "民政局")):
        assert enabled_for(unit(code)) == set(PLUGINS), code
    assert enabled_for(unit(QUIET_TOWN)) == set()
    set_enabled(unit(TOWN), "station", False, None)
    rest = set(PLUGINS) - {"station"}
    assert [enabled_for(unit(code)) for code in (VILLAGE, (TOWN, "综治中心"), COUNTY)] == [rest, rest, set(PLUGINS)]


def test_a_closed_town_enables_nothing(app):
    Unit.update(valid_to="2026-01-01").where(Unit.code == QUIET_TOWN).execute()
    with pytest.raises(Refused, match="已停用"):
        set_enabled(unit(QUIET_TOWN), "station", True, None)


def test_a_plugin_that_is_gone_leaves_its_row_and_nothing_else(app):
    TownPlugin.create(unit=unit(TOWN), plugin="weather", enabled=True)
    assert enabled_for(unit(VILLAGE)) == set(PLUGINS)
