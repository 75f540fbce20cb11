"""作废: a case that was registered by mistake ends, and its number is kept as void with the reason (DOMAIN 9.10).

Only before anybody acted on it, within a few days, by whoever registered it or the head of the unit that has it. The
case itself stays with its timeline; nothing is deleted, and the number is never given out again.
"""

import datetime

from portal import audit
from portal.cases import clock, referral, timeline
from portal.cases.kinds import contents_seen, kind_of
from portal.cases.ledger import conflict
from portal.cases.lens import holds
from portal.cases.models import Case
from portal.cases.numbers import void_number
from portal.cases.proof_models import VoidNumber
from portal.db import atomic, now
from portal.org.models import Unit
from portal.org.settings import setting
from portal.values import OF_THE_LEDGER, Refused

DAYS = "cases.void_days"
USUAL_DAYS = 3
#: Steps of a timeline that are no act on the matter itself.
NO_ACT = ("open", "note", "retitle")


def refusal(case: Case, actor, events, days: int | None = None) -> str | None:
    """Return the sentence that says why `actor` cannot void the case now, or None; `events` are its timeline. Within
    `days` of its opening the county's setting is not asked."""
    if not case.is_open:
        return "这件事已经办结或撤销，不能作废。"
    if acted := next((event for event in events if event.step not in NO_ACT), None):
        return f"{acted.actor_name}已经办了“{acted.title}”，不能再作废；要结束它，请按办理流程撤销。"
    if not actor.may("cases.void") or not contents_seen(case, actor):
        return "您当前的岗位没有作废的权限。"
    if case.created_by_id != actor.id and not (holds(actor, case) and actor.may("cases.assign")):
        return "只有登记它的人，或承办单位的负责人，才能作废。"
    return _too_late(case) if days is None or now() > case.opened + datetime.timedelta(days=days) else None


def _too_late(case: Case) -> str | None:
    days = setting(DAYS, case.county_id)
    if now() > case.opened + datetime.timedelta(days=days):
        return f"登记已超过 {days} 天，不能再作废；要结束它，请按办理流程撤销。"
    return None


def offered(case: Case, actor, events) -> bool:
    """Tell whether the case page offers it; the county's setting is asked only for a case that is days old."""
    return refusal(case, actor, events, days=USUAL_DAYS) is None


def void(case: Case, actor, reason: str, version: int | None = None) -> Case:
    """End the case as registered by mistake and keep its number as void. Raises Refused or Conflict."""
    at = now()
    with atomic():
        case = timeline.locked(case.id)
        if version is not None and version != case.version:
            raise conflict(case)
        if sentence := refusal(case, actor, timeline.entries(case)):
            raise Refused(sentence)
        if not reason.strip():
            raise Refused("请写明作废的理由。", "reason")
        before = case.state
        clock.stop(case)
        state = OF_THE_LEDGER["voided"]
        case.state, case.phase, case.closed = state.name, state.phase, at
        case.no_reply_because = f"登记错误，编号作废：{reason.strip()}"[:100]
        case.version += 1
        case.save()
        timeline.append(case, actor, step="void", title="作废", at=at, from_state=before, text=reason.strip())
        referral.tell_source(case, actor, at)
        _keep_number(case, actor, reason)
        audit.record("cases.void", "case", case.id, detail={"number": case.number, "reason": reason.strip()[:200]},
                     actor=actor)
    return case


def _keep_number(case: Case, actor, reason: str) -> VoidNumber:
    stem, _, number = case.number.rpartition("-")
    void_number(kind_of(case).prefix, Unit.get_by_id(case.place_id), int(stem[-4:]), int(number), reason, actor,
                text=case.number, case=case)


# -- the list ------------------------------------------------------------------------------------------------------

def voids(person, year: int):
    """Return the query of the void numbers of a year in the person's area, by unit and number; those of restricted
    matters only for whoever voided them. Rows are never changed, so they lie where the unit of the series lies today.
    """
    column, value = person.area or ("county_id", -1)
    lies = VoidNumber.line_id if column == "line_id" else getattr(Unit, column)
    return (
        VoidNumber.select(VoidNumber, Unit.short.alias("unit_short")).join(Unit, on=(Unit.id == VoidNumber.unit))
        .where(
            lies == value, VoidNumber.year == year,
            (VoidNumber.restricted == False) | (VoidNumber.by == person.id),  # noqa: E712
        )
        .order_by(Unit.code, VoidNumber.prefix, VoidNumber.number).objects()
    )
