"""No sequence of steps, whoever takes them, leaves an open event without somebody responsible and a date."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.grid.ladder import targets
from plugins.grid.report import report
from plugins.grid.workflow import STEPS, event_of
from portal.cases import tallies, timeline
from portal.cases.ledger import available, take
from portal.cases.models import Case
from portal.db import atomic, now
from portal.org.settings import find, save_setting
from portal.values import Conflict, Refused
from tests.people_of_the_county import COUNTY, VILLAGE, person, unit

ACTORS = ("wangge", "shuji", "cun", "zongzhi", "zhen", "sifasuo", "sifaju", "xian", "minzheng", "lincun", "linzhen",
          "lingdao")
#: Where somebody of the cast works; elsewhere nobody could go on, which is the county's business.
STAFFED = ("综治中心", "便民服务中心", "司法所", "司法局", "行政审批服务局", "民政局", "华光村村民委员会")

DATA = st.fixed_dictionaries({
    "text": st.sampled_from(["情况属实", "x" * 500]), "reply": st.sampled_from(["", "已经办好"]),
    "difficulty": st.sampled_from(["", "normal", "hard", "difficult"]), "days": st.integers(1, 15),
    "target": st.integers(0, 30), "kind": st.sampled_from(["station.request", "nonsense"]),
    "number": st.sampled_from(["", "WG104204-2026-0001"]), "sub": st.just(""),
    "informed_whom": st.just("110"), "reply_channel": st.just("phone"),
})


def holds_the_promises(case) -> None:
    if case.is_open:
        assert case.unit_id is not None and case.due is not None
        assert any(case.state in step.sources for step in STEPS)
    else:
        assert case.closed is not None and case.due is None
        assert case.replied is not None or case.no_reply_because


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    reporter=st.sampled_from(["wangge", "shuji", "zongzhi"]),
    category=st.sampled_from(["facility", "quarrel", "need", "protect"]),
    named=st.booleans(),
    walk=st.lists(
        st.tuples(st.sampled_from([step.name for step in STEPS]), st.sampled_from(ACTORS), DATA), max_size=30
    ),
)
def test_every_walk_keeps_the_promises(app, cast, reporter, category, named, walk):
    hall = unit((COUNTY, "行政审批服务局"))
    with app.test_request_context():
        save_setting(find("grid.coordination"), hall.county_id, hall.id, person("xian"))
        with atomic():
            case = report(unit(VILLAGE), person(reporter), {
                "category": category, "text": "护栏断了", "channel": "public" if named else "grid",
                "name": "何清祥" if named else "",
            })
        holds_the_promises(case)
        for name, actor, data in walk:
            before = Case.get_by_id(case.id)
            event = event_of(before)
            found = [one for one in targets(before, event.category) if one.name.endswith(STAFFED)]
            given = {**data, "target": found[data["target"] % len(found)].id if found else "", "informed_at": now()}
            try:
                case = take(name, before, person(actor), given)
            except (Refused, Conflict):
                assert Case.get_by_id(case.id).version == before.version, "a refused step writes nothing"
            holds_the_promises(Case.get_by_id(case.id))
        found = Case.get_by_id(case.id)
        assert timeline.entries(found)[-1].to_state == found.state, "the state is what the timeline says"
        assert timeline.broken_at(found.id) is None
        assert tallies.differences() == []
        if found.is_open:
            assert any(available(found, person(one)) for one in ACTORS), (found.state, found.unit.name)
