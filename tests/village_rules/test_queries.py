"""How many queries each page costs, so that one more does not slip in unseen."""

import pytest

from plugins.village_rules.models import Charter, Meeting, Rectification, Round
from portal.testing import counted_queries
from tests.cases.conftest import browser_of, stage
from tests.village_rules import world

__all__ = ["browser_of", "stage"]

#: (who, page): the most queries that it may cost; none may cost more than eight.
COSTS = {
    ("shuji", "/village_rules/"): 6, ("shuji", "/village_rules/texts"): 3,
    ("shuji", "/village_rules/meetings"): 4, ("shuji", "/village_rules/rounds"): 4,
    ("shuji", "/village_rules/rectifications"): 6, ("shuji", "/village_rules/banquets"): 5,
    ("shuji", "/village_rules/figures"): 5, ("shuji", "/village_rules/meetings/{meeting_id}"): 4,
    ("shuji", "/village_rules/meetings/{meeting_id}/record"): 4,
    ("shuji", "/village_rules/meetings/{held}/minutes"): 4, ("shuji", "/village_rules/meetings/new"): 3,
    ("shuji", "/village_rules/assembly"): 4, ("shuji", "/village_rules/charters/{charter_id}"): 5,
    ("shuji", "/village_rules/charters/{charter_id}/changes"): 6,
    ("shuji", "/village_rules/clauses/{clause_id}"): 4, ("shuji", "/village_rules/rounds/{round_id}"): 7,
    ("shuji", "/village_rules/rounds/{posted}/board"): 5, ("shuji", "/village_rules/sheet"): 5,
    ("shuji", "/village_rules/households"): 4,
    ("shuji", "/village_rules/rounds/{round_id}/households/{home_id}"): 6,
    ("shuji", "/village_rules/rounds/{round_id}/confirm"): 8,
    ("shuji", "/village_rules/banquets/{banquet_id}"): 4,
    ("shuji", "/village_rules/banquets/{banquet_id}/pledge"): 5, ("shuji", "/village_rules/council"): 5,
    ("shuji", "/village_rules/limits"): 4, ("zhen", "/village_rules/"): 7,
    ("zhen", "/village_rules/rounds/{posted}"): 5, ("zhen", "/village_rules/figures"): 5,
    ("xian", "/village_rules/figures"): 5, ("lingdao", "/village_rules/texts"): 3,
    ("shuji", "/cases/{in_force}"): 8, ("shuji", "/cases/{mending}"): 8, ("shuji", "/"): 9,
    ("sifasuo", "/"): 10, ("shuji", "/search?q=柴草"): 10,
}


@pytest.fixture(scope="module")
def ids(stage):
    with stage.test_request_context():
        found = world.rows()
        charter = Charter.get(Charter.status == "in_force")
        return {
            **found, "in_force": charter.case_id, "held": Meeting.get(Meeting.held_on.is_null(False)).id,
            "posted": Round.get(Round.state == "posted").id, "mending": Rectification.get().case_id,
        }


@pytest.mark.parametrize("who, page", COSTS)
def test_a_warm_page_costs_no_more_queries_than_it_did(ids, browser_of, who, page):
    browser = browser_of(who)
    url = page.format(**ids)
    browser.open(url, follow=False)
    with counted_queries() as seen:
        assert browser.open(url, follow=False).status == 200, url
    assert len(seen) <= COSTS[who, page], "\n".join(seen)


def test_no_page_may_cost_more_than_eight():
    of_the_plugin = {one: cost for one, cost in COSTS.items() if "/village_rules/" in one[1] or "/cases/" in one[1]}
    assert [one for one, cost in of_the_plugin.items() if cost > 8] == []  # for the others see tests/cases
