"""Who in the responsible unit has the case, and notes beside the steps; neither moves it."""

from portal.cases import telling, timeline
from portal.cases.ledger import conflict, locked
from portal.cases.lens import holds
from portal.cases.responsibility import sign_by_act
from portal.cases.staff import colleagues, hold_posts
from portal.db import atomic, now
from portal.values import Refused


def assign(case, actor, user_id: int, text: str = "", version: int | None = None):
    """Hand the case to a person of the responsible unit and return it; raises Conflict or Refused."""
    with atomic():
        case = locked(case.id)
        if version is not None and version != case.version:
            raise conflict(case)
        if not case.is_open:
            raise Refused("这件事已经办结，不用再交办。")
        if not holds(actor, case):
            raise Refused(f"这件事现在由{case.unit.name}负责，请由他们安排。")
        hold_posts(user_id)
        person = next((user for user in colleagues(case) if user.id == user_id), None)
        if person is None:
            raise Refused("这个人在责任单位没有岗位，请从列表中选择。", "person")
        at = now()
        signed = sign_by_act(case, actor, at)
        case.person = person
        case.version += 1
        case.save()
        timeline.append(case, actor, step="assign", title=f"交办给{person.full_name}", at=at, from_state=case.state,
                        text=text, data={"signed": True} if signed else None)
        if person.id != actor.id:
            telling.people(case, [person], "cases.assigned", f"{actor.full_name}交给您一件", text)
    return case


def note(case, actor, text: str) -> None:
    """Add a note to the timeline; it changes nothing else, but who is responsible has signed for the case with it."""
    with atomic():
        case, at = locked(case.id), now()
        signed = case.is_open and sign_by_act(case, actor, at)
        if signed:
            case.version += 1
            case.save()
        timeline.append(case, actor, step="note", title="备注", at=at, from_state=case.state, text=text,
                        data={"signed": True} if signed else None)
