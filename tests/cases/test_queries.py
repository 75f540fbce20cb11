"""How many queries each page costs: the number that it has, so that one more does not slip in unseen."""

import pytest

from portal.testing import counted_queries
from tests.cases.making import matter, move
from tests.people_of_the_county import VILLAGE, unit
from tests.station.door import item

#: What no page may cost more than. The workbench and the search ask each platform, so they may cost some more.
MOST, MOST_WHERE_ALL_ARE_ASKED = 8, 10

FILTERED = "/cases/?q=津贴&channel=window&since=2026-01-01&unit={village}"
LISTS = ("/cases/", "/cases/?phase=handling", "/cases/?phase=overdue", "/cases/?lens=unit", "/cases/?lens=person",
         "/cases/?sort=due")

FIGURES = ("/cases/figures", "/cases/figures?span=year&by=holder", "/cases/figures?by=kind")
BEHIND = ("/cases/?by=due&since=2026-01-01&timing=kept", "/cases/?by=closed&phase=closed&mark=own&unit={village}",
          "/cases/?mark=redone&holder={village}")

#: (who, page): the most queries that it may cost.
COSTS = {
    **{("cun", page): 6 for page in LISTS}, ("cun", FILTERED): 7, ("cun", "/station/"): 6,
    **{("zhen", page): 7 for page in LISTS}, ("zhen", FILTERED): 8, ("zhen", "/station/"): 7,
    **{("xian", page): 7 for page in LISTS}, ("xian", FILTERED): 8, ("xian", "/station/"): 7,
    **{("minzheng", page): 6 for page in LISTS}, ("minzheng", FILTERED): 7, ("minzheng", "/station/"): 6,
    **{("lingdao", page): 7 for page in LISTS}, ("lingdao", FILTERED): 8, ("lingdao", "/station/"): 7,
    ("cun", "/"): 4, ("zhen", "/"): 10, ("minzheng", "/"): 6, ("xian", "/"): 7, ("lingdao", "/"): 7,
    # Those who decide about extensions are told on the desk how many wait for them.
    ("cun", "/cases/desk"): 5, **{(who, "/cases/desk"): 6 for who in ("zhen", "minzheng", "lingdao")},
    **{("zhen", f"/cases/desk?part={part}"): 4 for part in ("paused", "others", "done")},
    **{(who, page): 7 for page in FIGURES for who in ("shuji", "zhen", "minzheng", "lingdao")},
    **{(who, page): 8 for page in BEHIND for who in ("shuji", "zhen", "lingdao")},
    **{(who, "/cases/{case}"): 8 for who in ("cun", "zhen", "minzheng", "xian", "lingdao")},
    **{(who, f"/search?q={words}"): cost for who, cost in (("cun", 8), ("minzheng", 9), ("zhen", 10))
       for words in ("津贴", "hg")},
    ("zhen", "/search"): 2,
    ("cun", "/cases/{new}/steps/accept"): 5, ("cun", "/cases/{new}/steps/correct"): 5,
    ("zhen", "/cases/{case}/steps/forward_county"): 4,
    ("shuji", "/cases/{new}/assign"): 4, ("cun", "/cases/{new}/notes"): 3, ("cun", "/cases/{new}/files"): 3,
    ("cun", "/cases/{done}/rating"): 3, ("cun", "/cases/{case}/papers/receipt"): 7,
    **{(who, "/station/items"): 4 for who in ("cun", "zhen", "minzheng")}, ("cun", "/station/items/{item}"): 4,
    ("cun", "/station/receive"): 3, ("cun", "/station/receive/{item}"): 5, ("zhen", "/station/receive/{item}"): 5,
}


@pytest.fixture(scope="module")
def cases(stage):
    """The ids of a case at the town, a new one and a finished one, among some more."""
    with stage.test_request_context():
        new = [matter() for _ in range(3)][-1]
        done = move(matter(of="居民养老保险参保"), ("settle", "cun"))
        return {"new": new.id, "done": done.id, "case": move(matter(), ("accept", "cun"), ("forward_town", "cun")).id}


@pytest.mark.parametrize("who, page", COSTS)
def test_a_warm_page_costs_no_more_queries_than_it_did(cases, browser_of, who, page):
    browser = browser_of(who)
    url = page.format(item=item().id, village=unit(VILLAGE).id, **cases)
    browser.open(url, follow=False)
    with counted_queries() as seen:
        assert browser.open(url, follow=False).status == 200, url
    assert len(seen) <= COSTS[who, page], "\n".join(seen)


def test_no_page_may_cost_more_than_eight():
    for (who, page), cost in COSTS.items():
        most = MOST_WHERE_ALL_ARE_ASKED if page == "/" or page.startswith("/search") else MOST
        assert cost <= most, (who, page)
