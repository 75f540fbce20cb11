"""What the tests of the doors need of self-government: rows of each kind in 华光村, as they stand half-way and
after.
"""

import datetime

from plugins.village_rules import board, charters, council, meetings, rectification
from plugins.village_rules.models import Charter, Clause, Rectification, Round
from portal.cases.ledger import take
from portal.cases.models import Case
from portal.db import now
from portal.org.models import Unit
from tests.people_of_the_county import VILLAGE, person, unit

STEPS = (("draft", "shuji"), ("submit", "shuji"), ("approve", "sifasuo"), ("adopt", "shuji"), ("file", "shuji"),
         ("register", "sifasuo"), ("publish", "shuji"))
HOME = {"head": "王建国", "id_card": "", "group_name": "3 组", "door": "1 号", "active": True}
BANQUET = {
    "host": "赵玉兰", "id_card": "", "kind": "wedding", "occasion": "", "tables": 18, "per_table": None,
    "tobacco": None,
    "alcohol": None, "gift": None, "cars": None, "days": None, "band": False, "pledged_on": None,
}


def rows() -> dict:
    """Return what stands in the addresses of the platform for each name of an argument."""
    place, shuji, today = Unit.get_by_id(unit(VILLAGE).id), person("shuji"), now().date()
    in_force(place, shuji, held(place, shuji))
    case = charters.begin(place, shuji, {"title": "村规民约", "collect_until": today, "text": ""})
    charter = charters.charter_of(case)
    opinion = charters.add_opinion(charter, case, {"how": "visit", "people": 2, "text": "路要通畅"}, shuji)
    board.save_sheet(place, board.SAMPLE, 0, shuji, today)
    household = board.save_household(place, dict(HOME), shuji)
    last = today.replace(day=1) - datetime.timedelta(days=1)
    before = last.replace(day=1) - datetime.timedelta(days=1)
    board.post(confirmed(place, shuji, household, last), today, "村公示栏", 2, shuji, today)
    confirmed(place, shuji, household, before)
    one = scored(place, shuji, household, today)[0]
    banquet = council.save_banquet(place, {**BANQUET, "on_day": today, "notice_on": today}, shuji)
    return {
        "meeting_id": called(place, shuji).id, "charter_id": charter.id, "opinion_id": opinion.id,
        "clause_id": Clause.get(Clause.charter == charter).id, "home_id": household.id, "round_id": one.id,
        "banquet_id": banquet.id,
    }


def called(place, shuji, notice_on=None, planned_at=None):
    return meetings.plan(place, shuji, {
        "body": "villagers", "group_name": "", "subject": "表决村规民约", "called_by": "committee", "demanders": None,
        "demanders_of": None, "notice_on": notice_on or now().date(), "special_reason": "", "place": "村活动室",
        "chair": "张国强", "planned_at": planned_at or now() + datetime.timedelta(days=12),
    })


def held(place, shuji):
    """Return a resolution of the whole village that adopts rules."""
    meeting = called(place, shuji, now().date() - datetime.timedelta(days=10), now())
    meetings.record(meeting, {"held_on": now().date(), "counting": "households", "roll": 300, "present": 210,
                              "women_present": 90, "recorder": "李秀英", "attendees": "", "record": ""}, 1, shuji)
    return meetings.add_resolution(meeting, {
        "matter": "charter", "text": "通过", "votes_for": 200, "votes_against": 5, "votes_abstained": 5,
        "important": False, "party_on": None, "party_note": "", "passed": True}, 2, shuji)


def in_force(place, shuji, resolution) -> Charter:
    """Take an edition with one clause all the way."""
    today = now().date()
    case = charters.begin(place, shuji, {"title": "村规民约", "collect_until": today, "text": ""})
    charter = charters.charter_of(case)
    charters.add_clause(charter, case, {
        "theme": "order", "heading": "道路", "text": "不在路上堆柴草。", "answer": "", "position": None}, shuji)
    for name, who in STEPS:
        take(name, case, person(who), {
            "text": "同意", "party_opinion": "同意", "resolution": str(resolution.id), "authorised_by": "",
            "published_on": today, "published_at": "村公示栏", "effective_on": today})
    return Charter.get_by_id(charter.id)


def scored(place, shuji, household, day) -> tuple:
    """Return the round of the month of `day` with a score of the household."""
    today = now().date()
    one = board.begin(place, {"month": f"{day:%Y-%m}", "held_on": today, "inspectors": "张国强"}, shuji, today)
    lines = board.lines_of(one.sheet_id)
    return one, board.score(one, lines, household, {f"line_{lines[0].id}": 3}, 0, shuji)


def confirmed(place, shuji, household, day) -> Round:
    """Return a round whose household has something to put right, and was told."""
    one, score = scored(place, shuji, household, day)
    rectification.confirm(one, set(), {score.id}, one.version, shuji, now())
    case = Case.get_by_id(Rectification.get(Rectification.score == score).case_id)
    take("tell", case, shuji, {"what": "清理门前", "told_on": now().date()})
    return one
