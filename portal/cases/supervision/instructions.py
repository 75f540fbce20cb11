"""批示: a leader's word on a case, with feedback owed by a day, or without. The responsible unit gives it, whoever that
is by then: the duty goes with the case."""

import datetime

from portal.calendar import Calendar
from portal.cases import timeline
from portal.cases.lens import Reader, holds, of_kinds, through, unrestricted
from portal.cases.models import Case
from portal.cases.supervision.models import Instruction
from portal.cases.supervision.reach import above
from portal.cases.supervision.telling import tell
from portal.cases.timeline import locked
from portal.db import atomic, is_postgres, now
from portal.notify import send
from portal.values import Refused


def end_of(day: datetime.date) -> datetime.datetime:
    """Return the moment at which the business of `day` is over."""
    return datetime.datetime.combine(day, Calendar.load().day_ends)


def instruct(case_id: int, actor, text: str, until: datetime.date | None, at=None) -> Instruction:
    """Write a leader's instruction on an open case and tell who has it; raises Refused."""
    at = at or now()
    if until is not None and until < at.date():
        raise Refused("反馈期限不能早于今天。", "until")
    with atomic():
        case = locked(case_id)
        if not case.is_open:
            raise Refused("这件事已经办结，不能再批示。")
        if not above(actor, case):
            raise Refused(f"这件事由{case.unit.name}负责，不在您的管辖之内。")
        made = Instruction.create(
            county_id=case.county_id, case=case.id, leader=actor.id, leader_name=actor.full_name,
            post_title=actor.post.title, unit=actor.post.unit.id, text=text, at=at,
            due=end_of(until) if until else None,
        )
        case.overseen = True
        case.instructed += 1 if until else 0
        case.save(only=[Case.overseen, Case.instructed])
        wanted = f"（{until.month} 月 {until.day} 日前反馈）" if until else ""
        timeline.append(
            case, actor, step="instruct", title=f"领导批示{wanted}", at=at, from_state=case.state, text=text,
            data={"instruction": made.id},
        )
        title, url = f"{actor.full_name}批示：{case.title}", f"/cases/{case.id}"
        told = f"{text}{wanted}"
        tell(case.unit_id, [case], "cases.instruction", title, url, told)
    return made


def answer(instruction_id: int, actor, text: str) -> Instruction:
    """Give the leader feedback for the unit that is responsible; raises Refused."""
    with atomic():
        case = locked(Instruction.get_by_id(instruction_id).case_id)
        query = Instruction.select().where(Instruction.id == instruction_id)
        given = (query.for_update() if is_postgres() else query).get()
        if not holds(actor, case):
            raise Refused(f"这件事现在由{case.unit.name}负责，请由他们反馈。")
        if not given.is_owed:
            said = f"{given.feedback_name}已经反馈过了，不用再反馈。" if given.feedback_at else "这条批示不要求反馈。"
            raise Refused(said)
        given.feedback, given.feedback_at = text, now()
        given.feedback_id, given.feedback_name = actor.id, actor.full_name
        given.feedback_unit = actor.post.unit.name
        given.save()
        case.instructed -= 1
        case.save(only=[Case.instructed])
        timeline.append(case, actor, step="feedback", title="反馈批示", at=given.feedback_at, from_state=case.state,
                        text=text, data={"instruction": given.id})
        send([given.leader_id], "cases.instruction", f"批示已反馈：{case.title}", f"/cases/{case.id}",
             f"{actor.post.unit.short} {actor.full_name}：{text}", county_id=case.county_id)
    return given


def owed_by(person):
    """Return the query of the instructions to which the units of the person owe feedback, the first due first."""
    reader = Reader.of(person)
    return (
        Instruction.select(Instruction, Case).join(Case)
        .where(Instruction.county_id == person.post.unit.county_id, Instruction.feedback_at.is_null(),
               Instruction.due.is_null(False), through("unit", reader), of_kinds(reader), unrestricted(reader))
        .order_by(Instruction.due, Instruction.id)
    )
