"""What the people of mediation do, as their browsers do it."""

import datetime

from plugins.mediation.models import Committee, Dispute, Mediator, Party
from portal.cases.models import Case
from portal.db import now, today
from tests.people_of_the_county import VILLAGE, unit

BROTHERS = {
    "a_name": "张建国", "a_id_card": "510722196003071212", "b_name": "张建华", "b_id_card": "510722196405121235",
}
MEMBERS = (("谢朝富", "M", "主任"), ("唐世容", "F", ""), ("邓国民", "M", ""), ("罗素清", "F", ""), ("蒋开贵", "M", ""))
ROUTES = ["arbitration", "administration", "court"]
ANSWER = {"reply": "这件事已经办结，双方都已告知。", "reply_channel": "face"}


def committee(browser, where=VILLAGE, name="华光村人民调解委员会", members=MEMBERS, **fields) -> Committee:
    """Register a committee through its page; returns it."""
    rows = {}
    for number, (who, sex, duty) in enumerate(members, 1):
        rows |= {f"name_{number}": who, f"sex_{number}": sex, f"duty_{number}": duty}
    elected = str(today() - datetime.timedelta(days=200))
    browser.send("/mediation/committees/new", **{
        "unit_id": str(unit(where).id), "kind": "village", "name": name, "elected_on": elected, **rows, **fields})
    return Committee.select().order_by(Committee.id.desc()).first()


def register(browser, **fields) -> Case:
    """Register the brothers' dispute; returns the newest case."""
    filled = {
        **BROTHERS, "channel": "found", "type": "neighbours", "subject": "土地互换", "happened_on": "2026-03-01",
        "brief": "换地建房时三棵藤椒树没有算进去，两兄弟争了半年。", "people": "2", **fields,
    }
    browser.send("/mediation/register", **filled)
    assert browser.status == 200, browser.text
    return newest()


def newest() -> Case:
    return Case.select().order_by(Case.id.desc()).first()


def dispute_of(case) -> Dispute:
    return Dispute.get(Dispute.case == case.id)


def parties_of(case) -> list[Party]:
    return list(Party.select().where(Party.case == case.id).order_by(Party.id))


def step(browser, case, name, **fields):
    """Take a step through its own page."""
    return browser.send(f"/cases/{case.id}/steps/{name}", to=f"/cases/{case.id}/steps/{name}", **fields)


def state(case) -> str:
    return Case.get_by_id(case.id).state


def committee_of(case) -> Committee:
    """Return the committee at the unit with which the case lies, or at the town that it is an office of."""
    unit = Case.get_by_id(case.id).unit
    return Committee.get(Committee.unit.in_([unit.id, unit.parent_id] if unit.level == "department" else [unit.id]))


def mediators(*names, of=None) -> list[str]:
    """Return the values of these mediators, or of all, as the form's boxes carry them."""
    found = Mediator.select().where(Mediator.committee == of if of else True).order_by(Mediator.id)
    return [str(one.id) for one in found if not names or one.name in names]


def minute(moment=None) -> str:
    return f"{moment or now():%Y-%m-%dT%H:%M}"


#: What each step is told where a test does not care; what depends on the day or the case is worked out when asked.
def said(case, name: str) -> dict:
    day = str(today())
    return {
        "accept": lambda: {"committee": str(committee_of(case).id), "willing": "yes"},
        "name": lambda: {"mediators": mediators(of=committee_of(case)), "chosen_by": "parties"},
        "rename": lambda: {"mediators": mediators("谢朝富", of=committee_of(case)), "chosen_by": "committee"},
        "tell_rights": lambda: {"told": "y"},
        "round": lambda: {
            "round_at": minute(), "kind": "door", "place": "张家院坝", "people": "张建国、张建华、说理小组五人",
            "text": "先听两兄弟各说各的。", "result": "going",
        },
        "agree": lambda: {
            "made_on": day, "facts": "换地时漏了三棵藤椒树。", "terms": "三棵藤椒树归张建华，补张建国六百元。",
            "how": "当面付清", "until": day, "amount": "600", "copies": "3", "parties_signed": "y",
            "mediator_signed": "y", "seal": "y",
        },
        "agree_orally": lambda: {
            "made_on": day, "facts": "为三棵树。", "terms": "树归弟弟。", "how": "当面", "until": day,
        },
        "perform": lambda: {"performed_on": day, "text": "六百元已付清。"},
        "follow_up": lambda: {
            "visited_at": minute(), "performed": "done", "satisfaction": "5", "risk": "none",
            "text": "两兄弟又一起吃饭了。",
        },
        "close": lambda: dict(ANSWER),
        "fail": lambda: {**ANSWER, "text": "双方差距太大。", "routes": ROUTES},
        "decline": lambda: {**ANSWER, "text": "法院已经立案。", "routes": ROUTES},
        "breach": lambda: {**ANSWER, "text": "多次督促不履行。", "routes": ROUTES},
        "redirect": lambda: {**ANSWER, "text": "应由劳动监察处理。", "way": "administration"},
        "stop": lambda: {**ANSWER, "refuser": str(parties_of(case)[1].id), "text": "不愿意谈。", "routes": ROUTES},
        "withdraw": lambda: {"text": "两家自己和好了"},
        "alarm": lambda: {"measures": "请党小组长看着，两家先分开住。", "reported_to": "塔山派出所"},
        "ask_court": lambda: {"court": "三台县人民法院", "asked_on": day, "jointly": "y", "no_status": "y"},
        "court_result": lambda: {"result": "confirmed", "result_on": day, "court_number": "（2026）川0722民特1号"},
        "press": lambda: {"text": "上门催了一次。"},
        "hand_down": lambda: {"text": "村里再做一次工作更合适。"},
        "file": dict,
    }[name]()


def go(browser, case, *names, **fields) -> Case:
    """Take the steps `names` one after the other, each as `said`; the last with `fields` besides."""
    for number, name in enumerate(names, 1):
        step(browser, case, name, **{**said(case, name), **(fields if number == len(names) else {})})
        assert browser.status == 200, (name, browser.text)
    return Case.get_by_id(case.id)


TO_MEDIATING = ("accept", "name", "tell_rights")
TO_PERFORMING = (*TO_MEDIATING, "round", "agree")
TO_SETTLED = (*TO_PERFORMING, "perform", "follow_up", "close")
