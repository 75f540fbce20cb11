"""A plugin of the level "county" is enabled once, for everybody in the county."""

import pytest

from portal.org.enablement import set_enabled
from portal.values import Refused
from tests.doors.world import plain_of
from tests.people_of_the_county import COUNTY, TOWN, unit
from tests.registry.sources import hook, plugin

OPEN = {"notices.py": plugin(about='level="county"', extra=hook("portal_town_obstacles", "return [town.name]", "town"))}


@pytest.fixture
def county(start):
    return start({"notices.py": plugin(about='level="county"')})


def test_the_county_enables_it_for_every_village(county):
    clerk, neighbour = county.sign_in("cun"), county.sign_in("linjia")
    assert clerk.open("/notices/").status == 404
    admin = county.sign_in("xitong")
    url = f"/org/plugins/{unit(COUNTY).id}/notices"
    admin.submit(admin.open(url).form(["enable"]))
    assert "三台县已启用“平台 notices”" in admin.text
    for one in (clerk, neighbour):
        assert one.open("/notices/").status == 200 and "菜单 notices" in one.open("/").text


def test_a_town_does_not_switch_it(county):
    for name in ("xitong", "zhenguan"):
        admin = county.sign_in(name)
        assert admin.open(f"/org/plugins/{unit(TOWN).id}/notices").status == 404, name
        assert f"/org/plugins/{unit(TOWN).id}/notices" not in admin.open("/org/plugins").text
    with county.app.app_context(), pytest.raises(Refused, match="全县统一启用"):
        set_enabled(unit(TOWN), "notices", True, None)


def test_open_matters_anywhere_in_the_county_keep_it_enabled(start):
    county = start(OPEN)
    with county.app.app_context():
        set_enabled(unit(COUNTY), "notices", True, None)
        with pytest.raises(Refused, match="还有 1 件没有办结.*三台县"):
            set_enabled(unit(COUNTY), "notices", False, None)


TALKING = '''
@blueprint.after_request
def sign(response):
    response.headers["X-Notices"] = "here"
    return response


@blueprint.errorhandler(404)
def lost(error):
    return "通知公告里没有这一页", 404
'''


@pytest.mark.parametrize("path", ["/notices/", "/notices", "/notices/nothing"])
def test_where_it_is_disabled_no_handler_of_its_own_answers(start, path):
    started = start({"notices.py": plugin(extra=TALKING)})
    browser = started.sign_in("cun")
    never = plain_of(browser.open("/nothing/such").text)
    browser.open(path)
    assert browser.status == 404 and "X-Notices" not in browser.response.headers
    assert plain_of(browser.text) == never
