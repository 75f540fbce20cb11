"""拆分: one case turned out to hold two matters. The second gets a case of its own, of the same or another kind, opened
by the platform that it belongs to; both point at each other, and the first goes on as it was."""

from portal.cases import referral, timeline
from portal.cases.kinds import contents_seen, plugin_of
from portal.cases.ledger import conflict
from portal.cases.lens import holds
from portal.cases.models import Case
from portal.db import atomic, now
from portal.values import CaseKind, Refused


def offered(case) -> list[CaseKind]:
    """Return the kinds that a second case may be of: those that take matters in here, its own among them."""
    return referral.referable(case, own=True)


def split(case, kind_name: str, actor, text: str, *, version: int | None = None) -> Case:
    """Open the second case and return it; raises Conflict or Refused. `case` gets entries in its timeline only."""
    with atomic():
        case = timeline.locked(case.id)
        if version is not None and version != case.version:
            raise conflict(case)
        if not case.is_open:
            raise Refused("这件事已经办结，不能再拆分；请另外登记。")
        above = actor.post is not None and actor.post.unit.covers(case.unit)
        if not (holds(actor, case) or above) or case.restricted or not contents_seen(case, actor):
            raise Refused(f"这件事由{case.unit.name}负责，请由他们或上级单位拆分。")
        if not text.strip():
            raise Refused("请写明另外那件是什么事。", "text")
        made = referral.refer(case, kind_name, actor, text, own=True)
        case.version += 1  # whoever had the form open sees that it was split already
        case.save(only=[Case.version])
        timeline.append(case, actor, step="split", title="拆出一件", at=now(), from_state=case.state,
                        text=f"{made.number}（{plugin_of(made.kind).title}）。本件继续办理。{text}")
    return made
