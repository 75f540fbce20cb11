"""No sequence of steps leaves an open dispute without somebody responsible and a date, or anybody without an answer."""

import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.mediation.committees import Seated, create_committee
from plugins.mediation.models import Mediator
from plugins.mediation.record import contents
from plugins.mediation.register import register
from plugins.mediation.workflow import STEPS
from portal.cases import tallies, timeline
from portal.cases.ledger import available, take
from portal.cases.models import Case
from portal.db import now, today
from portal.org.models import Unit
from portal.values import Conflict, Refused
from tests.mediation.door import MEMBERS, parties_of
from tests.people_of_the_county import COUNTY, TOWN, VILLAGE, person, unit

ACTORS = ("tiaojie", "shuji", "wangge", "zongzhi", "sifasuo", "zhen", "sifaju", "minzheng", "lingan", "lingdao")
COMMITTEES = ((VILLAGE, "village", "shuji"), (TOWN, "town", "zongzhi"), ((COUNTY, "司法局"), "trade", "sifaju"))
TICK = st.booleans()

DATA = st.fixed_dictionaries({
    "text": st.sampled_from(["双方都同意", "x" * 500]), "reply": st.sampled_from(["", "已经告知双方"]),
    "willing": st.sampled_from(["yes", "yes", "yes", "no"]), "routes": st.sampled_from([[], ["court"]]),
    "told": TICK, "seal": TICK, "parties_signed": st.just(True), "mediator_signed": st.just(True),
    "days": st.integers(-2, 40), "risk": st.sampled_from(["none", "again"]),
    "performed": st.sampled_from(["done", "none"]), "jointly": TICK, "no_status": st.just(True),
    "difficulty": st.sampled_from(["complex", "hard"]),
})


def holds_the_promises(case) -> None:
    if case.is_open:
        assert case.unit_id is not None and case.due is not None
        assert any(case.state in step.sources for step in STEPS)
    else:
        assert case.closed is not None and case.due is None
        assert case.replied is not None or case.no_reply_because


def filled(case, data: dict, step: str) -> dict:
    """Return what any step might be told: choices from what its form offers, days from the drawn number."""
    day = today() + datetime.timedelta(days=data["days"])
    wanted = next(one for one in STEPS if one.name == step)
    choices = wanted.choices(case) if wanted.choices else {}
    offered = {name: pairs[-1][0] for name, pairs in choices.items() if pairs}
    people = [one.id for one in Mediator.select().where(Mediator.name == "罗素清").limit(3)]
    return {
        **data, "mediators": people, "chosen_by": "parties", "round_at": now(), "kind": "door", "place": "院坝",
        "people": "双方", "result": "going", "made_on": today(), "facts": "三棵树", "terms": "归弟弟", "how": "当面",
        "until": day, "performed_on": today(), "visited_at": now(), "satisfaction": "5", "measures": "看着",
        "court": "县法院", "asked_on": today(), "result_on": today(), "way": "court", "reply_channel": "face",
        **offered, **({"result": "confirmed"} if step == "court_result" else {}),
        **({"mediators": people} if step in ("name", "rename") else {}),
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    channel=st.sampled_from(["found", "asked"]),
    kind=st.sampled_from(["neighbours", "medical", "labour"]),
    walk=st.lists(
        st.tuples(st.sampled_from([step.name for step in STEPS]), st.sampled_from(ACTORS), DATA), max_size=30
    ),
    forward=st.integers(0, 8),
)
def test_every_walk_keeps_the_promises(app, cast, channel, kind, walk, forward):
    way = ("accept", "name", "tell_rights", "round", "agree", "perform", "follow_up", "close")[:forward]
    good = {"text": "好", "reply": "已经告知双方", "willing": "yes", "routes": ["court"], "told": True, "seal": True,
            "parties_signed": True, "mediator_signed": True, "days": 3, "risk": "none", "performed": "done",
            "jointly": True, "no_status": True, "difficulty": "hard"}
    with app.test_request_context():
        for where, sort, who in COMMITTEES:
            name = f"{unit(where).short}调委会"
            if not Mediator.select().where(Mediator.name == f"{name}主任").exists():
                members = [Seated(f"{name}主任", "M", "part"), *(Seated(one, sex, "part") for one, sex, _ in MEMBERS)]
                create_committee(unit(where), {"kind": sort, "name": name + str(now().timestamp()), "sealed": True,
                                               "elected_on": today()}, members, person(who))
        case = register(Unit.get(Unit.code == VILLAGE), person("tiaojie"), {
            "channel": channel, "type": kind, "subject": "土地互换", "happened_on": today(), "people": 2,
            "brief": "三棵藤椒树", "difficulty": "simple", "risk": "low", "a_kind": "person", "a_name": "张建国",
            "b_kind": "person", "b_name": "张建华",
        })
        holds_the_promises(case)
        assert len(parties_of(case)) == 2
        for step, actor, data in [*((name, "tiaojie", good) for name in way), *walk]:
            before = Case.get_by_id(case.id)
            try:
                case = take(step, case, person(actor), filled(before, data, step))
            except (Refused, Conflict):
                assert Case.get_by_id(case.id).version == before.version, "a refused step writes nothing"
            holds_the_promises(Case.get_by_id(case.id))
        found = Case.get_by_id(case.id)
        assert timeline.entries(found)[-1].to_state == found.state, "the state is what the timeline says"
        assert timeline.broken_at(found.id) is None and tallies.differences() == []
        if found.is_open:
            assert any(available(found, person(name)) for name in ACTORS), "somebody can take the next step"
        assert not contents(found, person("lingan")) and not contents(found, person("lingdao"))
