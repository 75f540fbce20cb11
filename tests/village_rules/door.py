"""What the people of a village do about its self-government, as their browsers do it."""

import datetime
import re

from plugins.village_rules.board import SAMPLE
from plugins.village_rules.models import (
    Banquet,
    Charter,
    Clause,
    Household,
    Meeting,
    Opinion,
    Rectification,
    Resolution,
    Round,
    Score,
)
from portal.cases.models import Case
from portal.db import today
from tests.station.door import newest, state, step  # noqa: F401

ROLLS = {"adults": "900", "households": "300", "committee": "5", "representatives": "40", "women": "16"}
CLAUSE = {"theme": "order", "heading": "公共道路", "text": "不在公共道路上堆放柴草、砂石，方便大家通行。"}
FINE = {"theme": "order", "heading": "乱倒垃圾", "text": "乱倒垃圾的，一次罚款50元。"}


def day(days: int = 0) -> str:
    return (today() + datetime.timedelta(days=days)).isoformat()


def last(model):
    return model.select().order_by(model.id.desc()).first()


# -- meetings ----------------------------------------------------------------------------------------------------------

def rolls(browser, **fields):
    return browser.send("/village_rules/assembly", **{**ROLLS, **fields})


def call(browser, body="villagers", *, days=0, notice=-12, **fields) -> Meeting | None:
    """Call a meeting; returns it, or None where it was refused."""
    before = Meeting.select().count()
    browser.send("/village_rules/meetings/new", **{
        "body": body, "group_name": "3 组" if body == "group" else "", "subject": "表决村规民约",
        "planned_at": f"{day(days)}T09:00", "place": "村活动室", "chair": "张国强", "called_by": "committee",
        "notice_on": day(notice) if notice is not None else "", **fields,
    })
    return last(Meeting) if Meeting.select().count() > before else None


def hold(browser, meeting, *, roll=300, present=210, women=90, counting="households", **fields):
    return browser.send(f"/village_rules/meetings/{meeting.id}/record", **{
        "held_on": day(), "counting": "members" if meeting.body == "assembly" else counting, "roll": str(roll),
        "present": str(present), "women_present": str(women), "recorder": "李秀英", **fields,
    })


def resolve(browser, meeting, *, matter="charter", votes=(200, 5, 5), passed="yes", **fields) -> Resolution | None:
    before = Resolution.select().count()
    browser.send(f"/village_rules/meetings/{meeting.id}/resolutions", **{
        "matter": matter, "text": "通过本次表决的文本。", "votes_for": str(votes[0]), "votes_against": str(votes[1]),
        "votes_abstained": str(votes[2]), "passed": passed, **fields,
    })
    return last(Resolution) if Resolution.select().count() > before else None


def vote(browser, **fields) -> Resolution:
    """Hold a meeting of the whole village that adopts the rules; returns the resolution."""
    meeting = call(browser)
    hold(browser, meeting)
    return resolve(browser, meeting, **fields)


# -- 村规民约 --------------------------------------------------------------------------------------------------------

def begin(browser, **fields) -> Charter | None:
    before = Charter.select().count()
    browser.send("/village_rules/charters/new", **{"title": "村规民约", "collect_until": day(20), "text": "", **fields})
    return last(Charter) if Charter.select().count() > before else None


def case_of(row) -> Case:
    return Case.get_by_id(row.case_id)


def clause(browser, charter, **fields) -> Clause | None:
    before = Clause.select().count()
    browser.send(f"/village_rules/charters/{charter.id}/clauses", **{**CLAUSE, "answer": "", **fields})
    return last(Clause) if Clause.select().count() > before else None


def opinion(browser, charter, **fields) -> Opinion | None:
    before = Opinion.select().count()
    browser.send(f"/village_rules/charters/{charter.id}/opinions", **{
        "how": "visit", "people": "3", "text": "路上不要堆柴草。", **fields})
    return last(Opinion) if Opinion.select().count() > before else None


def answer(browser, opinion, adopted="yes", reason=""):
    return browser.send(f"/village_rules/opinions/{opinion.id}", adopted=adopted, reason=reason)


def drafted(browser) -> Charter:
    """Return an edition with a clause and an opinion that was taken up, ready for the township."""
    charter = begin(browser)
    answer(browser, opinion(browser, charter))
    clause(browser, charter)
    step(browser, case_of(charter), "draft", text="")
    return charter


def reviewed(village, town) -> Charter:
    charter = drafted(village)
    step(village, case_of(charter), "submit", text="")
    step(town, case_of(charter), "approve", party_opinion="同意", text="不与法律相抵触。")
    return charter


def in_force(village, town, effective=0) -> Charter:
    """Take an edition all the way; returns it as it stands then."""
    charter = reviewed(village, town)
    resolution = vote(village)
    step(village, case_of(charter), "adopt", resolution=str(resolution.id), text="")
    step(village, case_of(charter), "file", text="")
    step(town, case_of(charter), "register", text="")
    step(village, case_of(charter), "publish", published_on=day(), published_at="村公示栏", effective_on=day(effective))
    return Charter.get_by_id(charter.id)


# -- 红黑榜 ----------------------------------------------------------------------------------------------------------

def household(browser, door="1 号", head="王建国", **fields) -> Household | None:
    before = Household.select().count()
    browser.send("/village_rules/households/new", **{
        "group_name": "3 组", "door": door, "head": head, "id_card": "", "active": "y", **fields})
    return last(Household) if Household.select().count() > before else None


def sheet(browser, lines=SAMPLE):
    return browser.send("/village_rules/sheet", lines=lines)


def begin_round(browser, **fields) -> Round | None:
    before = Round.select().count()
    browser.send("/village_rules/rounds/new", **{
        "month": day()[:7], "held_on": day(), "inspectors": "张国强、周勇", **fields})
    return last(Round) if Round.select().count() > before else None


def score(browser, one, household, *faults, **fields) -> Score | None:
    """Score a household with so many faults on the first lines of the sheet."""
    url = f"/village_rules/rounds/{one.id}/households/{household.id}"
    browser.open(url)
    lines = list(dict.fromkeys(re.findall(r'name="(line_\d+)"', browser.text)))
    given = {line: str(number) for line, number in zip(lines, faults, strict=False)}
    browser.send(url, **{"remark": "", **given, **fields})
    return Score.get_or_none(Score.round == one, Score.household == household)


def scored_round(browser) -> tuple[Round, Score, Score]:
    """Return a round with a clean household and one that lost 22 points."""
    sheet(browser)
    clean, poor = household(browser, "1 号"), household(browser, "2 号", "李桂英")
    one = begin_round(browser)
    return one, score(browser, one, clean), score(browser, one, poor, 16, 12, 12, 4)


def confirm(browser, one, first=(), last=()):
    chosen = {"first": [str(score.id) for score in first], "last": [str(score.id) for score in last]}
    return browser.send(f"/village_rules/rounds/{one.id}/confirm", people="村民代表五人", **chosen)


def listed(browser) -> tuple[Round, Rectification]:
    """Return a confirmed round and the household that has something to put right."""
    one, clean, poor = scored_round(browser)
    confirm(browser, one, [clean], [poor])
    return Round.get_by_id(one.id), Rectification.get(Rectification.score == poor)


def tell(browser, row):
    return step(browser, case_of(row), "tell", what="清理门前垃圾", told_on=day())


def post(browser, one, **fields):
    return browser.send(f"/village_rules/rounds/{one.id}/post", **{"posted_on": day(), "posted_at": "村公示栏",
        **fields})


# -- 红白理事会 ------------------------------------------------------------------------------------------------------

def banquet(browser, **fields) -> Banquet | None:
    before = Banquet.select().count()
    browser.send("/village_rules/banquets/new", **{
        "host": "赵玉兰", "id_card": "", "kind": "wedding", "occasion": "", "on_day": day(20), "notice_on": day(),
        "tables": "18", "per_table": "300", **fields})
    return last(Banquet) if Banquet.select().count() > before else None
