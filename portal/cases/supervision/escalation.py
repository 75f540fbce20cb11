"""提级: the superior unit takes a case over. The clock runs on as it was; the former unit is told, and assists."""

from portal.accounts.everybody import staff_at
from portal.accounts.person import Person, posts_of
from portal.cases import responsibility, timeline
from portal.cases.ledger import available, conflict
from portal.cases.lens import holds
from portal.cases.models import Case
from portal.cases.supervision.reach import above, superior_of
from portal.cases.supervision.rules import rules_of
from portal.cases.supervision.telling import tell
from portal.cases.timeline import locked
from portal.db import atomic, now
from portal.values import Refused


def days_over(case, at) -> int:
    """Return how many days (of the calendar) the case is overdue at the moment `at`; 0 while it is not."""
    return max((at.date() - case.due.date()).days, 0) if case.due is not None and at > case.due else 0


def refusal(case, at=None) -> str:
    """Return why `case` cannot be raised now, "" if it can: there must be an order, or it is overdue long enough."""
    if not case.is_open:
        return "这件事已经办结，不用提级。"
    needed = rules_of(case.kind, case.county_id, case.town_id).escalate_days
    if not case.supervised and days_over(case, at or now()) < needed:
        return f"只有正在督办、或超期 {needed} 天以上的案件才能提级。请先催办，或先开督办单。"
    return ""


def escalate(case_id: int, actor, text: str, version: int | None = None) -> Case:
    """Make the superior unit responsible; raises Conflict or Refused."""
    at = now()
    with atomic():
        case = locked(case_id)
        if version is not None and version != case.version:
            raise conflict(case)
        if sentence := refusal(case, at):
            raise Refused(sentence)
        if not above(actor, case):
            raise Refused(f"这件事由{case.unit.name}负责，只有它的上级才能决定提级。")
        former, superior = case.unit, superior_of(case)
        if superior is None or superior.id == former.id:
            raise Refused(f"{former.name}上面没有可以提级的单位。")
        responsibility.hand(case, superior, actor, at, said=f"提级到本单位，原由{former.name}办理")
        case.former_unit = former
        if not _somebody_can(case):
            raise Refused(f"{superior.name}现在没有人能办这类事，不能提级。请先为它安排岗位和权限。")
        case.version += 1
        case.save()
        timeline.append(
            case, actor, step="escalate", title=f"提级：由{superior.name}办理"[:60], at=at, from_state=case.state,
            text=f"{text}\n原责任单位{former.name}协助，期限不变。", data={"former": former.id},
        )
        url = f"/cases/{case.id}"
        tell(former.id, [case], "cases.escalation", f"已提级：{case.title}", url,
             f"现由{superior.name}负责，请继续协助，准备好材料。{text}")
    return case


def _somebody_can(case) -> bool:
    """Tell whether anybody at the responsible unit can take a step now: otherwise nobody could ever move it."""
    for user in staff_at(case.unit_id):
        posts = posts_of(user.id)
        for post in posts:
            person = Person(user, posts, post.id)
            if holds(person, case) and any(step.by == "holder" for step in available(case, person)):
                return True
    return False
