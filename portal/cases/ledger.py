"""The only two ways in which a case comes to be and moves: `open_case` and `take`."""

from dataclasses import dataclass

from flask import current_app

from portal.cases import clock, duplicates, numbers, referral, responsibility, search_text, tallies, telling, timeline
from portal.cases.answering import answer_merged, is_waited_for
from portal.cases.kinds import contents_seen, kind_of, kinds, plugin_of, says_yes
from portal.cases.lens import holds
from portal.cases.models import RATINGS, Case, CaseEvent, Rating, Reply
from portal.cases.supervision import guard
from portal.cases.timeline import locked
from portal.db import atomic, now
from portal.org.editing import keep_open
from portal.org.enablement import hold_enabled
from portal.org.models import Unit
from portal.registry import registry_of
from portal.values import OPEN_PHASES, Conflict, Deadline, Refused, Step

#: A case that goes back from the first of these to the second was said to be done, and was not.
DONE_PHASES = ("answered", "closed")
WORKING_PHASES = ("new", "accepted", "handling")


@dataclass(frozen=True)
class Opening:
    """What is known when a matter of the `kind` (a name) comes in: where it happened (`place`), by when something must
    have happened (`limit`), and who came.

    `unit` is the first that is responsible, where that is not the place itself (a town's window receives for a
    village), `line` the county department whose line it is. `applicant` is the masked name that lists show, `resident`
    the row in the people room, `channel` one of the kind's channels. `no_reply_because` says why nobody is owed an
    answer, "" where somebody is. `source_case` is the case that it came up in. `text` and `step_title` begin the
    timeline. `restricted`: only those named on it see it at all.
    """

    kind: str
    title: str
    place: Unit
    limit: Deadline
    unit: Unit | None = None
    channel: str = "window"
    resident: object = None
    applicant: str = ""
    line: Unit | None = None
    no_reply_because: str = ""
    restricted: bool = False
    source_case: Case | None = None
    text: str = ""
    step_title: str = "登记"


def open_case(opening: Opening, actor, *, at=None) -> Case:
    """Open a case in its kind's first state, with a number, a responsible unit and a due moment; returns it.

    In the caller's transaction. Raises Refused where the plugin is not enabled for that unit, or where the limit needs
    a year that the calendar does not know.
    """
    kind, place, at = kinds()[opening.kind], opening.place, at or now()
    unit = opening.unit or place
    state = kind.workflow.state(kind.workflow.start)
    if opening.restricted and not kind.restricted:
        raise ValueError(f"the counters of {kind.name} are open to all its readers: declare the kind restricted")
    with atomic():
        if (owner := plugin_of(kind.name)).level != "core":
            hold_enabled(unit, owner)
        case = Case(
            kind=kind.name, title=opening.title[:200], **place.place(),
            line_id=opening.line.id if opening.line else None, unit=unit,
            person=actor.id if unit.id in actor.acts_for else None, channel=opening.channel,
            source_case=opening.source_case, resident=opening.resident, applicant=opening.applicant,
            no_reply_because=opening.no_reply_because, restricted=opening.restricted, state=state.name,
            phase=state.phase, opened=at, created_by=actor.id,
            number=numbers.next_number(kind.prefix, place, at.year),
        )
        clock.start(case, opening.limit, at)
        responsibility.arrived(case, actor, at)
        case.save(force_insert=True)
        keep_open(place, unit)
        tallies.created(case)
        timeline.append(case, actor, step="open", title=opening.step_title, at=at, from_state="", text=opening.text)
        referral.tell_opened(case, actor, at)
        search_text.index(case, new=True)
        duplicates.look_later(case)
        if not holds(actor, case) and telling.is_news(at):
            telling.unit(case, unit, "cases.handed", f"新登记一件，由{unit.short}负责", but=actor)
    return case


def available(case, actor) -> list[Step]:
    """Return the steps that `actor` may take now, the primary one first."""
    if not actor.is_authenticated:
        return []
    found = [step for step in kind_of(case).workflow.steps if _refusal(case, step, actor) is None]
    return sorted(found, key=lambda step: not step.primary)


def take(step_name: str, case: Case, actor, data: dict | None = None, *, version: int | None = None, at=None) -> Case:
    """Move the case by one step, in one transaction: rules, the plugin's rows, clock, timeline and counters.

    `version` is the one that was on the actor's screen. Raises Conflict if somebody was faster, Refused with a
    Chinese sentence if a rule forbids the step.
    """
    at = at or now()
    data = {**(data or {}), "at": at}
    with atomic():
        case = locked(case.id)
        kind = kind_of(case)
        step = kind.workflow.step(step_name)
        if version is not None and version != case.version:
            raise conflict(case)
        if step is None:
            raise Refused("没有这个环节。")
        if sentence := _refusal(case, step, actor):
            raise Refused(sentence)
        before, phase_before = case.state, case.phase
        if step.guard:
            step.guard(case, actor, data)
        if case.due and at > case.due and (step.clock or _closes(kind, step)):
            case.late = True
        text = (step.effect(case, actor, data) if step.effect else None) or data.get("text", "")
        told = _answer(case, step, actor, data, at)
        if _hand_over(case, step, actor, data, at):
            told = {**told, "signed": True}
        text = "\n".join(part for part in (text, responsibility.said_of_keeping(case)) if part)
        _turn_clock(case, step, data, at, actor)
        _move(case, step, at)
        case.redone = case.redone or step.redoes or (phase_before in DONE_PHASES and case.phase in WORKING_PHASES)
        _check_promises(case)
        case.version += 1
        case.save()
        timeline.append(
            case, actor, step=step.name, title=step.title, at=at, from_state=before, text=text,
            data=told,
        )
        if told and case.merged_count:
            answer_merged(case, actor, told, at)
        if case.closed == at and phase_before in OPEN_PHASES and not case.is_open:
            guard.refuse_unanswered(case)
            referral.tell_source(case, actor, at)
            guard.tell_former(case)
    return case


def rate(case: Case, actor, level: int, channel: str, text: str = "", at=None) -> Case:
    """Record the 好差评 of the person who came: once for each case (一事一评), after the answer. Raises Refused."""
    with atomic():
        case, at = locked(case.id), at or now()
        if case.rating is not None:
            raise Refused("这件事已经评价过，一事一评，不能重复。")
        if case.replied is None:
            raise Refused("还没有答复来办事的人，不能评价。")
        case.rating = level
        case.version += 1
        case.save(only=[Case.rating, Case.version])
        Rating.create(county_id=case.county_id, case=case.id, level=level, channel=channel, text=text, at=at,
                      recorded_by=actor.id)
        timeline.append(case, actor, step="rate", title=f"评价：{RATINGS[level]}", at=at, from_state=case.state)
    return case


def retitle(case, title: str, actor, said: str = "更正登记") -> Case:
    """Say anew what an open case is about, where that was put right: found by it from now on, and on the timeline."""
    with atomic():
        case = locked(case.id)
        case.title = title[:200]
        case.version += 1
        case.save(only=[Case.title, Case.version])
        search_text.index(case)
        duplicates.look_later(case)
        timeline.append(case, actor, step="retitle", title=said, at=now(), from_state=case.state, text=case.title)
    return case


def _refusal(case, step: Step, actor) -> str | None:
    """Return the sentence that says why `actor` cannot take `step` now, or None."""
    kind = kind_of(case)
    if case.state not in step.sources:
        return f"这件事现在是“{kind.workflow.state(case.state).title}”，不能“{step.title}”。请刷新后查看最新情况。"
    if not actor.may(step.permission) and not guard.stands_in(actor, case):
        return f"您当前的岗位没有“{step.title}”的权限。"
    if step.by == "holder" and not holds(actor, case):
        return f"这件事现在由{case.unit.name}负责，请由他们“{step.title}”。"
    if step.by == "holder" and (sentence := responsibility.refusal(case, step)):
        return sentence
    if not contents_seen(case, actor):
        return kind.contents_note or "这件事的内容不对您公开。"
    if step.shown is not None and not registry_of(current_app).guarded(
        plugin_of(case.kind), says_yes, step.shown, case, actor, default=False,
        hook=f"portal_cases.{case.kind} {step.name} shown",
    ):
        return f"这件事现在不适用“{step.title}”。"
    return None


def conflict(case) -> Conflict:
    """Return what tells the slower of two clerks who was faster, and with what."""
    last = (
        CaseEvent.select().where(CaseEvent.case == case.id).order_by(CaseEvent.seq.desc()).first()
    )
    return Conflict(last.actor_name, f"“{last.title}”", f"/cases/{case.id}")


def _answer(case, step: Step, actor, data: dict, at) -> dict:
    """Record what the person who came is told; returns it for the timeline, so that the case page need not ask."""
    if not step.replies:
        return {}
    text = data.get("reply", "").strip()
    if not text:
        raise Refused("请写明给来办事的人的答复。", "reply")
    Reply.create(
        county_id=case.county_id, case=case.id, at=at, by=actor.id, by_name=actor.full_name,
        channel=data.get("reply_channel", "face"), text=text,
    )
    case.replied = at
    return {"reply": text, "channel": data.get("reply_channel", "face")}


def _hand_over(case, step: Step, actor, data: dict, at) -> bool:
    """Make the next unit responsible, or who takes the first step; return whether the step was the unit's signature."""
    unit = step.hand(case, actor, data) if step.hand else None
    signed = responsibility.moved_by_step(case, step, unit, actor, at)
    if unit is None and case.person_id is None and holds(actor, case):
        case.person = actor.id  # whoever takes the first step in the unit has it from then on
    return signed


def _turn_clock(case, step: Step, data: dict, at, actor) -> None:
    if step.clock == "start":
        clock.start(case, step.deadline(case), at, actor)
    elif step.clock == "pause":
        clock.pause(
            case, data.get("pause_reason") or step.title, at, kind=data.get("pause_kind", ""),
            evidence=data.get("evidence") or "", until_expected=data.get("until_expected"), by=actor,
        )
    elif step.clock == "resume":
        clock.resume(case, at, actor)
    elif step.clock == "stop":
        clock.stop(case, actor)


def _closes(kind, step: Step) -> bool:
    return step.to is not None and kind.workflow.state(step.to).phase not in OPEN_PHASES


def _move(case, step: Step, at) -> None:
    if step.to is None:
        return
    state = kind_of(case).workflow.state(step.to)
    was_open = case.is_open
    case.state, case.phase = state.name, state.phase
    if was_open and not case.is_open:
        case.closed = at
        if case.due is not None or case.paused_at is not None:
            clock.stop(case)


def _check_promises(case) -> None:
    """Hold the case against promises 1 and 2; a workflow that breaks them is refused before anything is written."""
    if case.is_open:
        steps = kind_of(case).workflow.steps
        if case.unit_id is None or not any(case.state in step.sources for step in steps):
            raise Refused("这一步会让这件事无人负责，没有保存。请联系系统管理员检查流程设置。")
        if case.due is None and case.paused_at is None:
            raise Refused("这一步会让这件事没有期限，没有保存。请联系系统管理员检查流程设置。")
    elif case.assists_open:
        raise Refused(f"还有 {case.assists_open} 个单位在协办，不能办结。请等他们答复，或者写明理由结束协办。")
    elif case.replied is None and not case.no_reply_because:
        raise Refused("还没有答复来办事的人，不能办结。请先答复。", "reply")
    elif case.replied is None and is_waited_for(case):
        raise Refused("并入这件的人还在等答复，不能这样办结。请先答复，或先撤销并案，让他们的件单独办理。")
