"""One row of each kind of mediation, for the tests of the doors."""

from plugins.mediation.committees import Seated, create_committee, save_team
from plugins.mediation.models import Mediator
from plugins.mediation.register import register
from plugins.mediation.sweeps import report
from portal.db import today
from tests.mediation.door import MEMBERS, dispute_of
from tests.people_of_the_county import VILLAGE, person, unit


def rows() -> dict:
    """Return what stands in the addresses of mediation for each name of an argument."""
    shuji, tiaojie, village = person("shuji"), person("tiaojie"), unit(VILLAGE)
    found = create_committee(
        village, {"kind": "village", "name": "华光村人民调解委员会", "elected_on": today(), "sealed": True},
        [Seated(name, sex, "part", duty) for name, sex, duty in MEMBERS], shuji,
    )
    people = [one.id for one in Mediator.select().where(Mediator.committee == found)]
    team = save_team(
        found, None, {"name": "说理小组", "mediators": people, "leader": people[0], "dissolved_on": None}, 0)
    case = register(village, tiaojie, {
        "channel": "found", "type": "neighbours", "subject": "土地互换", "happened_on": today(), "people": 2,
        "brief": "三棵藤椒树没有算进去。", "difficulty": "simple", "risk": "low", "a_kind": "person",
        "a_name": "张建国", "b_kind": "person", "b_name": "张建华",
    })
    sweep = report(village, {"since": today(), "until": today(), "zero": False, "note": ""}, tiaojie)
    return {
        "committee_id": found.id, "mediator_id": people[0], "team_id": team.id, "dispute_id": dispute_of(case).id,
        "sweep_id": sweep.id,
    }
