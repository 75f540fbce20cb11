"""停表 and 恢复 beside the steps of a workflow: for the reasons of the law that the kind of case knows."""

import datetime

from portal import notify
from portal.cases import clock, staff, timeline
from portal.cases.clock import CLOCK_FIELDS
from portal.cases.clock_models import Pause
from portal.cases.kinds import kind_of, kinds
from portal.cases.ledger import conflict
from portal.cases.lens import holds
from portal.cases.models import Case
from portal.cases.reasons import REASONS, PauseReason
from portal.db import atomic, now, today
from portal.values import Refused

TOPIC = "cases.should_resume"

#: How often somebody is reminded of a pause whose expected end has passed.
AGAIN = datetime.timedelta(days=7)


def reasons_of(case) -> list[PauseReason]:
    """Return for which reasons the clock of `case` may be stopped where it stands now."""
    kind = kind_of(case)
    return [REASONS[name] for name in kind.pauses if name in REASONS] if case.state in kind.pauses_in else []


def may_pause(case, person) -> bool:
    return case.is_open and case.paused_at is None and _may(case, person) and bool(reasons_of(case))


def may_resume(case, person) -> bool:
    """Tell whether the person may let the clock run again; a pause that a step began is ended by a step."""
    return case.paused_at is not None and _may(case, person) and not _by_step(case)


def _may(case, person) -> bool:
    return holds(person, case) and person.may("cases.extend")


def _by_step(case) -> bool:
    return kind_of(case).workflow.state(case.state).phase == "paused"


def pause(case, actor, reason: str, *, evidence: str, until_expected, text: str, version: int | None) -> Case:
    """Stop the clock for the reason of that name; raises Refused or Conflict.

    `evidence` names the document that proves it; `until_expected` is the day on which it should be over.
    """
    with atomic():
        case, at = _held(case, version), now()
        if not may_pause(case, actor):
            raise Refused("这件事现在不能停表，请刷新后查看最新情况。")
        found = next((one for one in reasons_of(case) if one.name == reason), None)
        if found is None:
            raise Refused("请从列表中选择停表理由。", "reason")
        if not evidence:
            raise Refused("请写明依据（文书名称和文号），或上传照片、扫描件。", "evidence")
        if case.due is not None and at > case.due:
            case.late = True
        clock.pause(case, found.title, at, kind=reason, evidence=evidence, until_expected=until_expected, by=actor)
        said = f"{text}\n依据：{evidence}；{found.law}。预计 {until_expected:%Y-%m-%d} 结束，停表的时间不计入时限。"
        _keep(case, actor, "pause", f"停表：{found.title}", at, said)
    return case


def resume(case, actor, *, evidence: str, text: str, version: int | None) -> Case:
    """Let the clock run again; raises Refused or Conflict."""
    with atomic():
        case, at = _held(case, version), now()
        if not may_resume(case, actor):
            raise Refused("这件事现在不能恢复计时，请刷新后查看最新情况。")
        clock.resume(case, at, actor)
        said = f"{text}\n{f'依据：{evidence}。' if evidence else ''}期限改为 {case.due:%Y-%m-%d}。"
        _keep(case, actor, "resume", "恢复计时", at, said)
    return case


def _held(case, version: int | None) -> Case:
    case = timeline.locked(case.id)
    if version is not None and version != case.version:
        raise conflict(case)
    return case


def _keep(case, actor, step: str, title: str, at, text: str) -> None:
    case.version += 1
    case.save(only=CLOCK_FIELDS)
    timeline.append(case, actor, step=step, title=title, at=at, from_state=case.state, text=text)


# -- what the page and the reminders need ------------------------------------------------------------------------------

def pauses_of(case) -> list[dict]:
    """Return the pauses of the case, the last first, with how long each took; asks nothing where there is none."""
    if not case.pauses:
        return []
    return [_shown(pause) for pause in Pause.select().where(Pause.case == case.id).order_by(Pause.since.desc())]


def _shown(pause: Pause) -> dict:
    days = ((pause.until or now()).date() - pause.since.date()).days
    return {
        "reason": pause.reason, "law": pause.law, "evidence": pause.evidence, "since": pause.since,
        "until": pause.until, "expected": pause.until_expected, "days": days, "by": pause.by_name,
        "ended_by": pause.ended_by,
        "late": pause.until is None and pause.until_expected is not None and pause.until_expected < today(),
    }


def remind() -> int:
    """Remind those with whom a paused case lies that the reason should be over; once a week for each pause."""
    day = today()
    due = (Pause.reminded_on.is_null()) | (Pause.reminded_on <= day - AGAIN)
    query = (
        Pause.select(Pause, Case).join(Case)
        .where(Case.resume_by < day, Pause.until.is_null(), due).order_by(Pause.id).limit(1000)
    )
    return sum(_remind(pause, day) for pause in query)


def _remind(pause: Pause, day) -> bool:
    with atomic():
        claimed = Pause.update(reminded_on=day).where(
            Pause.id == pause.id, Pause.until.is_null(),
            (Pause.reminded_on.is_null()) | (Pause.reminded_on <= day - AGAIN),
        )
        if not claimed.execute():
            return False  # another worker has
        case = pause.case
        kind = kinds().get(case.kind)
        people = [case.person_id] if case.person_id else staff.workers(case.unit, kind) if kind else []
        notify.send(
            people, TOPIC, f"应恢复计时：{case.number}，{pause.reason}预计 {pause.until_expected:%m-%d} 结束",
            f"/cases/{case.id}", "程序结束的请恢复计时；没有结束的请写备注说明还要多久。", county_id=case.county_id,
        )
    return True
