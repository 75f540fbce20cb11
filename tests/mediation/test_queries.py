"""How many queries each page of mediation costs."""

import pytest

from plugins.mediation.models import Committee, Mediator, Sweep
from portal.testing import counted_queries
from tests.mediation.door import TO_SETTLED, committee, dispute_of, go, register

COSTS = {
    **{(who, "/mediation/"): 7 for who in ("tiaojie", "zongzhi", "sifaju", "lingdao")},
    **{(who, "/cases/{case}"): 8 for who in ("tiaojie", "sifasuo", "sifaju", "zongzhi")},
    **{("tiaojie", f"/cases/{{case}}/papers/{name}"): 8 for name in ("registration", "rights", "rounds", "agreement",
                                                                  "follow-up", "cover")},
    ("tiaojie", "/cases/{new}/steps/accept"): 8, ("tiaojie", "/mediation/register"): 5,
    ("tiaojie", "/mediation/disputes/{dispute}/parties"): 8,
    **{(who, "/mediation/committees"): 4 for who in ("tiaojie", "zongzhi", "sifaju")},
    ("shuji", "/mediation/committees/{committee}"): 7, ("shuji", "/mediation/committees/new"): 4,
    ("shuji", "/mediation/committees/{committee}/elect"): 5, ("shuji", "/mediation/mediators/{mediator}/edit"): 8,
    **{(who, "/mediation/sweeps"): 4 for who in ("tiaojie", "zongzhi", "sifaju")},
    ("tiaojie", "/mediation/sweeps/{sweep}"): 6,
    **{(who, "/mediation/figures"): 4 for who in ("tiaojie", "zongzhi", "sifaju", "lingdao")},
}


@pytest.fixture
def ids(sign_in):
    committee(sign_in("shuji"))
    office = sign_in("tiaojie")
    case = go(office, register(office), *TO_SETTLED)
    new = register(office, a_id_card="", b_id_card="")
    office.send("/mediation/sweeps/new", since="2026-01-01", until=str(new.opened.date()))
    return {"case": case.id, "new": new.id, "dispute": dispute_of(case).id, "committee": Committee.get().id,
            "mediator": Mediator.get().id, "sweep": Sweep.get().id}


def test_a_warm_page_costs_no_more_queries_than_it_did(ids, sign_in):
    browsers, wrong = {}, []
    for (who, page), most in COSTS.items():
        browser = browsers.setdefault(who, None) or sign_in(who)
        browsers[who] = browser
        url = page.format(**ids)
        browser.open(url, follow=False)
        with counted_queries() as seen:
            assert browser.open(url, follow=False).status == 200, (who, url)
        if len(seen) > most:
            wrong.append(f"{who} {url}: {len(seen)}\n  " + "\n  ".join(one[:160] for one in seen))
    assert not wrong, "\n".join(wrong)


def test_no_page_may_cost_more_than_eight():
    assert [one for one, cost in COSTS.items() if cost > 8] == []
