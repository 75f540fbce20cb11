"""How many queries each page of the grids costs: the number that it has, so that one more does not slip in unseen."""

import pytest

from portal.testing import counted_queries
from tests.grid.world import rows
from tests.people_of_the_county import VILLAGE, unit

#: What no page may cost more than.
MOST = 8

COSTS = {
    ("wangge", "/grid/events"): 7, ("zongzhi", "/grid/events"): 8, ("wangge", "/grid/report"): 6,
    ("zongzhi", "/grid/report"): 6, ("wangge", "/grid/report?household={household_id}"): 6,
    ("wangge", "/grid/alike?unit_id={village}&category=hazard&text=水塘边没有护栏"): 4,
    ("wangge", "/grid/"): 8, ("zongzhi", "/grid/"): 8, ("shuji", "/grid/?staffed=no&q=第一"): 8,
    ("shuji", "/grid/{grid_id}"): 8, ("shuji", "/grid/{grid_id}/notice"): 5, ("shuji", "/grid/{grid_id}/edit"): 4,
    ("shuji", "/grid/{grid_id}/workers/new"): 4, ("shuji", "/grid/new"): 4, ("wangge", "/grid/households"): 5,
    ("wangge", "/grid/households?q=何清祥&tag=aged"): 5, ("wangge", "/grid/households/{household_id}"): 8,
    ("wangge", "/grid/households/{household_id}/edit"): 5, ("wangge", "/grid/visits"): 5,
    ("wangge", "/grid/visits/done"): 4, ("wangge", "/grid/patrols"): 4, ("wangge", "/grid/patrols/new"): 5,
    ("wangge", "/grid/key-people"): 5, ("zongzhi", "/grid/key-people/{key_person_id}"): 5,
    **{(who, "/grid/figures"): 8 for who in ("shuji", "zongzhi", "xian", "minzheng", "lingdao")},
    **{(who, "/grid/map"): 8 for who in ("shuji", "zongzhi", "xian", "minzheng", "lingdao")},
    **{(who, "/grid/map/points"): 8 for who in ("shuji", "zongzhi", "xian", "lingdao")},
    **{(who, "/cases/{case}"): 8 for who in ("wangge", "shuji", "zongzhi", "xian", "lingdao")},
    ("shuji", "/cases/{case}/steps/accept"): 6, ("shuji", "/cases/{case}/merge"): 8,
}


@pytest.fixture(scope="module")
def ids(stage):
    with stage.test_request_context():
        return rows()


@pytest.mark.parametrize("who, page", COSTS)
def test_a_warm_page_costs_no_more_queries_than_it_did(ids, browser_of, who, page):
    browser = browser_of(who)
    url = page.format(case=1, village=unit(VILLAGE).id, **ids)
    browser.open(url, follow=False)
    with counted_queries() as seen:
        assert browser.open(url, follow=False).status == 200, url
    assert len(seen) <= COSTS[who, page], f"{len(seen)}\n" + "\n".join(seen)


def test_no_page_may_cost_more_than_eight():
    assert [one for one, cost in COSTS.items() if cost > MOST] == []
