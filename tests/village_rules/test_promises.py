"""No sequence of steps, whoever takes them, leaves an open case of self-government without somebody and a date."""

import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.village_rules import board, charters, correction, law, meetings, rectification, workflow
from plugins.village_rules.models import Charter, Rectification, Resolution
from portal.cases import tallies, timeline
from portal.cases.ledger import available, take
from portal.cases.models import Case
from portal.db import now
from portal.org.models import Unit
from portal.values import Conflict, Refused
from tests.people_of_the_county import VILLAGE, person, unit

ACTORS = ("shuji", "wangge", "sifasuo", "zhen", "lingan", "linzhen", "lingdao", "cun")
STEPS = {
    "village_rules.charter": workflow.STEPS, "village_rules.correction": correction.STEPS,
    "village_rules.rectification": rectification.STEPS,
}
DATA = st.fixed_dictionaries({
    "text": st.sampled_from(["", "情况属实，同意", "x" * 500]), "reply": st.sampled_from(["", "已经核实"]),
    "party_opinion": st.just("同意"), "authorised_by": st.just(""), "published_at": st.just("村公示栏"),
    "what": st.just("清理门前"), "kind": st.sampled_from(["station.request", "nothing"]),
})


def walks(steps, most=25):
    names = [step.name for step in steps]
    return st.lists(st.tuples(st.sampled_from(names), st.sampled_from(ACTORS), DATA), max_size=most)


def holds_the_promises(case) -> None:
    if case.is_open:
        assert case.unit_id is not None and (case.due is not None or case.paused_at is not None)
        assert any(case.state in step.sources for step in STEPS[case.kind])
        assert any(available(case, person(name)) for name in ACTORS), "somebody can take the next step"
    else:
        assert case.closed is not None and case.due is None and (case.replied is not None or case.no_reply_because)


def walk(case, taken, resolution=None) -> None:
    today = now().date()
    for name, actor, data in taken:
        before = Case.get_by_id(case.id)
        given_ = {**data, "published_on": today, "effective_on": today, "repealed_on": today, "told_on": today,
                  "resolution": str(resolution.id) if resolution else "", "reply_channel": "face"}
        try:
            take(name, case, person(actor), given_)
        except (Refused, Conflict):
            assert Case.get_by_id(case.id).version == before.version, "a refused step writes nothing"
        holds_the_promises(Case.get_by_id(case.id))
    found = Case.get_by_id(case.id)
    assert timeline.broken_at(found.id) is None and tallies.differences() == []


def _meeting(place, shuji) -> Resolution:
    today = now().date()
    meeting = meetings.plan(place, shuji, {
        "body": "villagers", "group_name": "", "subject": "表决", "called_by": "committee", "demanders": None,
        "demanders_of": None, "notice_on": today - datetime.timedelta(days=10), "special_reason": "", "place": "活动室",
        "chair": "张国强", "planned_at": now(),
    })
    meetings.record(meeting, {"held_on": today, "counting": "households", "roll": 300, "present": 210,
                              "women_present": 90,
                              "recorder": "李秀英", "attendees": "", "record": ""}, 1, shuji)
    return meetings.add_resolution(meeting, {
        "matter": "charter", "text": "通过", "votes_for": 200, "votes_against": 5, "votes_abstained": 5,
        "important": False,
        "party_on": None, "party_note": "", "passed": True}, 2, shuji)


SETTINGS = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SETTINGS
@given(taken=walks(workflow.STEPS, 40))
def test_every_walk_of_a_charter_keeps_the_promises(app, cast, taken):
    place, shuji = Unit.get_by_id(unit(VILLAGE).id), person("shuji")
    with app.test_request_context():
        for charter in Charter.select().where(Charter.status.in_(("drafting", "in_force"))):
            Charter.update(status="dropped").where(Charter.id == charter.id).execute()
        case = charters.begin(place, shuji, {"title": "村规民约", "collect_until": None, "text": ""})
        charter = charters.charter_of(case)
        charters.add_clause(charter, case, {"theme": "order", "heading": "", "text": "不占道。", "answer": "",
                                            "position": None}, shuji)
        walk(case, taken, _meeting(place, shuji))
        assert Charter.select().where(Charter.unit == place, Charter.status == "in_force").count() <= 1


def _rows(app, place, shuji):
    today = now().date()
    if board.sheet_of(place.id) is None:
        board.save_sheet(place, board.SAMPLE, 0, shuji, today)
        board.save_household(place, {"head": "王建国", "id_card": "", "group_name": "1 组", "door": "1 号",
                                     "active": True},
                             shuji)
    return board.households_of(place.id)[0]


@SETTINGS
@given(taken=walks(rectification.STEPS), month=st.integers(1, 12), year=st.integers(1990, 2020))
def test_every_walk_of_a_rectification_keeps_the_promises(app, cast, taken, month, year):
    place, shuji = Unit.get_by_id(unit(VILLAGE).id), person("shuji")
    with app.test_request_context():
        home = _rows(app, place, shuji)
        try:
            one = board.begin(place, {"month": f"{year}-{month:02d}", "held_on": now().date(),
                                      "inspectors": "村干部"}, shuji,
                              now().date())
        except Refused:
            return
        lines = board.lines_of(one.sheet_id)
        score = board.score(one, lines, home, {f"line_{lines[0].id}": 3}, 0, shuji)
        rectification.confirm(one, set(), {score.id}, one.version, shuji, now())
        walk(Case.get_by_id(Rectification.get(Rectification.score == score).case_id), taken)


@SETTINGS
@given(taken=walks(correction.STEPS))
def test_every_walk_of_a_correction_keeps_the_promises(app, cast, taken):
    place, shuji = Unit.get_by_id(unit(VILLAGE).id), person("shuji")
    with app.test_request_context():
        Charter.update(status="dropped").execute()
        case = charters.begin(place, shuji, {"title": "村规民约", "collect_until": None, "text": ""})
        charter = charters.charter_of(case)
        Charter.update(status="in_force").where(Charter.id == charter.id).execute()
        ordered = correction.order(Charter.get_by_id(charter.id), person("sifasuo"), {
            "clauses": "第 1 条", "reason": "抵触", "days": 15})
        walk(ordered, taken)


def test_every_article_that_is_cited_is_one_of_the_law():
    assert set(law.ARTICLES.values()) == {"第二十六条", "第三十条", "第三十二条"}
