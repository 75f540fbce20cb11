"""No sequence of steps, whoever takes them, leaves an open case without somebody responsible and a date or a pause."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.station.receive import receive
from plugins.station.workflow import STEPS
from portal.cases import tallies, timeline
from portal.cases.ledger import available, take
from portal.cases.models import Case
from portal.org.models import Unit
from portal.values import Conflict, Refused
from tests.people_of_the_county import person
from tests.station.door import item, request_of

ACTORS = ("cun", "shuji", "zhen", "zhener", "minzheng", "xian", "lincun", "linzhen", "lingdao")

DATA = st.fixed_dictionaries({
    "text": st.sampled_from(["", "情况属实，同意", "x" * 500]),
    "reply": st.sampled_from(["", "已经办好，请查收"]),
    "granted": st.sampled_from(["yes", "no"]),
    "delivery": st.just("window"),
    "recipient": st.just("王秀兰"),
    "procedure": st.just("公示"),
})


def holds_the_promises(case) -> None:
    if case.is_open:
        assert case.unit_id is not None
        assert case.due is not None or case.paused_at is not None
        assert any(case.state in step.sources for step in STEPS)
    else:
        assert case.closed is not None and case.due is None
        assert case.replied is not None or case.no_reply_because


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["高龄津贴", "居民养老保险参保", "最低生活保障", "生育登记"]),
    complete=st.booleans(),
    walk=st.lists(
        st.tuples(st.sampled_from([step.name for step in STEPS]), st.sampled_from(ACTORS), DATA), max_size=25
    ),
)
def test_every_walk_keeps_the_promises(app, cast, name, complete, walk):
    wanted = item(name)
    cun = person("cun")
    village = Unit.get_by_id(cun.post.unit.id)
    materials = [material.id for material in wanted.materials if material.asked]
    with app.test_request_context():
        case = receive(wanted, village, cun, {
            "name": "王秀兰", "id_card": "510722194003072224", "phone": "", "channel": "window",
            "received": materials if complete else [],
        })
        holds_the_promises(case)
        for step, actor, data in walk:
            missing = [material.id for material in request_of(case).materials]
            before = Case.get_by_id(case.id)
            try:
                given = {**data, "missing": missing[:1], "received": missing, "later": []}
                case = take(step, case, person(actor), given)
            except (Refused, Conflict):
                assert Case.get_by_id(case.id).version == before.version, "a refused step writes nothing"
            holds_the_promises(Case.get_by_id(case.id))
        found = Case.get_by_id(case.id)
        assert timeline.entries(found)[-1].to_state == found.state, "the state is what the timeline says"
        assert timeline.broken_at(found.id) is None
        assert tallies.differences() == []
        if found.is_open:
            assert any(available(found, person(name)) for name in ACTORS), "somebody can take the next step"
