"""Calling a meeting, recording who came, and writing down what it decided; the law is in law.py."""

import datetime

from plugins.village_rules import law
from plugins.village_rules.ground import hold
from plugins.village_rules.models import Assembly, Meeting, Resolution
from portal.kit import Case, Refused, Unit, atomic, audit, fn, now

PLAN = ("body", "group_name", "subject", "called_by", "demanders", "demanders_of", "notice_on", "special_reason",
        "planned_at", "place", "chair")
RECORD = ("held_on", "counting", "roll", "present", "women_present", "recorder", "attendees", "record")


def check_plan(data: dict, today: datetime.date) -> None:
    """Raise Refused, at its field, for a meeting that may not be called that way."""
    if data["body"] == "group" and not data.get("group_name"):
        raise Refused("请写明是哪个村民小组。", "group_name")
    day = data["planned_at"].date()
    if day < today and data.get("notice_on") is None and not data.get("special_reason"):
        raise Refused("开会日期已经过去，却没有通知日期；请填写通知是哪天发的。", "notice_on")
    law.check_notice(data["body"], data.get("notice_on"), day, data.get("special_reason", ""))
    law.check_demand(data["body"], data["called_by"], data.get("demanders"), data.get("demanders_of"))


def plan(unit: Unit, actor, data: dict) -> Meeting:
    """Call a meeting of the village; returns it. Raises Refused (check_plan)."""
    check_plan(data, now().date())
    meeting = Meeting.create(unit=unit, created_by=actor.id, **unit.place(), **{name: data[name] for name in PLAN})
    audit.record("village_rules.plan_meeting", "village_rules.meeting", meeting.id, actor=actor)
    return meeting


def replan(meeting: Meeting, data: dict, version: int, actor) -> None:
    """Change what was called. Raises Refused where it was held already, Conflict where somebody was faster."""
    if meeting.held_on is not None:
        raise Refused("会议已经召开并记录，不能再改通知；请改会议记录。")
    check_plan(data, now().date())
    hold(meeting, version, f"修改了会议“{meeting.subject}”", f"/village_rules/meetings/{meeting.id}",
         **{name: data[name] for name in PLAN})
    audit.record("village_rules.plan_meeting", "village_rules.meeting", meeting.id, actor=actor)


def record(meeting: Meeting, data: dict, version: int, actor) -> None:
    """Record who came. Raises Refused for impossible numbers, a late notice, or where resolutions would not stand."""
    if data["held_on"] > now().date():
        raise Refused("开会日期不能晚于今天；会还没有开，请先不记录。", "held_on")
    law.check_notice(meeting.body, meeting.notice_on, data["held_on"], meeting.special_reason)
    quorum = law.quorum(meeting.body, data["counting"], data["roll"])
    law.check_attendance(data["roll"], data["present"], data["women_present"])
    for one in meeting.resolutions:
        if data["present"] < one.votes_for + one.votes_against + one.votes_abstained:
            raise Refused(f"第 {one.position} 项决议的票数多于实到人数，请先改决议。", "present")
        if one.passed and not law.outcome(quorum, data["present"], one.votes_for).carried:
            raise Refused(f"按这些人数，第 {one.position} 项决议不能通过；请先改决议。", "present")
    hold(meeting, version, f"修改了会议“{meeting.subject}”的记录",
         f"/village_rules/meetings/{meeting.id}", **{name: data[name] for name in RECORD})
    audit.record("village_rules.record_meeting", "village_rules.meeting", meeting.id, actor=actor)


def quorum_of(meeting: Meeting) -> law.Quorum | None:
    """Return the quorum of a meeting that was held, else None."""
    return None if meeting.held_on is None else law.quorum(meeting.body, meeting.counting, meeting.roll)


def check_resolution(meeting: Meeting, data: dict) -> None:
    """Raise Refused, at its field, for a resolution that the law does not let stand as it is written."""
    quorum = quorum_of(meeting)
    if quorum is None:
        raise Refused("请先记录开会情况（应到、实到），再记录决议。")
    for name, word in (("votes_for", "赞成"), ("votes_against", "反对"), ("votes_abstained", "弃权")):
        if data[name] > meeting.roll:
            raise Refused(f"{word} {data[name]} 票多于应到 {meeting.roll} 人，请核对。", name)
    law.check_votes(meeting.present, data["votes_for"], data["votes_against"], data["votes_abstained"])
    if data["important"]:
        if data.get("party_on") is None:
            raise Refused("重要事项应当先经村党组织研究讨论（第二十八条），请填写讨论日期。", "party_on")
        if data["party_on"] > meeting.held_on:
            raise Refused("村党组织研究讨论应当在开会之前。", "party_on")
    if data["matter"] == "authorise" and meeting.body != "villagers":
        raise Refused("授权村民代表会议的决议由村民会议作出。", "matter")
    law.check_result(quorum, meeting.present, data["votes_for"], data["passed"])


def add_resolution(meeting: Meeting, data: dict, version: int, actor) -> Resolution:
    """Write a resolution into the minutes; returns it. Raises Refused (check_resolution), Conflict."""
    check_resolution(meeting, data)
    with atomic():
        hold(meeting, version, f"修改了会议“{meeting.subject}”的记录",
             f"/village_rules/meetings/{meeting.id}")
        last = Resolution.select(fn.MAX(Resolution.position)).where(Resolution.meeting == meeting).scalar()
        one = Resolution.create(meeting=meeting, position=(last or 0) + 1, **data)
        audit.record("village_rules.resolve", "village_rules.meeting", meeting.id, actor=actor,
                     detail={"resolution": one.position, "passed": one.passed})
    return one


def _passed():
    return Resolution.passed == True  # noqa: E712


def adopting(village_id: int, since: datetime.date) -> list[Resolution]:
    """Return the passed resolutions of the village that may adopt a charter drafted since then, newest first."""
    return list(
        Resolution.select(Resolution, Meeting).join(Meeting)
        .where(Meeting.village_id == village_id, Resolution.matter == "charter", _passed(),
               Meeting.held_on >= since, Meeting.body.in_(("villagers", "assembly")))
        .order_by(Meeting.held_on.desc(), Resolution.id.desc()).limit(20)
    )


def authorising(village_id: int) -> list[Resolution]:
    """Return the passed resolutions by which the 村民会议 let the assembly make rules, newest first."""
    return list(
        Resolution.select(Resolution, Meeting).join(Meeting)
        .where(Meeting.village_id == village_id, Resolution.matter == "authorise", _passed(),
               Meeting.body == "villagers")
        .order_by(Meeting.held_on.desc()).limit(20)
    )


def named(resolution: Resolution) -> str:
    """Return a resolution with its meeting, as a choice and a fact."""
    meeting = resolution.meeting
    where = f"{meeting.held_on:%Y-%m-%d} {law.BODIES[meeting.body]}第 {resolution.position} 项"
    return f"{where}，实到 {meeting.present} 人，赞成 {resolution.votes_for}"


def save_assembly(unit: Unit, data: dict, version: int, actor) -> Assembly:
    """Save the rolls of the village. Raises Refused for numbers that cannot be, Conflict."""
    law.check_assembly(composition(Assembly(**data)))
    row = Assembly.get_or_none(Assembly.unit == unit)
    if row is None:
        row = Assembly.create(unit=unit, **unit.place(), **data)
    else:
        hold(row, version, "修改了应到人数", "/village_rules/assembly", **data)
    audit.record("village_rules.assembly", "village_rules.assembly", row.id, actor=actor)
    return row


def composition(row: Assembly) -> law.Assembly:
    return law.Assembly(row.households, row.committee, row.representatives, row.women)


def roll_of(row: Assembly | None, counting: str) -> int | None:
    """Return the number on the roll that the village already gave, so that nobody counts it twice."""
    if row is None:
        return None
    return {"adults": row.adults, "households": row.households, "members": row.members}[counting]


def opened_on(case: Case) -> datetime.date:
    return case.opened.date()
