"""Who in the responsible unit has the case, and notes beside the steps; neither moves it."""

from portal.accounts.models import Post, Role, User
from portal.cases import telling, timeline
from portal.cases.kinds import kind_of
from portal.cases.ledger import conflict, locked
from portal.cases.lens import holds
from portal.db import atomic, now, today
from portal.org.models import Unit
from portal.values import Refused


def colleagues(case) -> list[User]:
    """Return who may be given the case: whoever has a post today, at the responsible unit or its offices, that reads
    such cases and works on them. To others it would be handed where nobody looks."""
    day = today()
    units = Unit.select(Unit.id).where(
        (Unit.id == case.unit_id)
        | ((Unit.parent == case.unit_id) & (Unit.level == "department") & (Unit.reach == "area"))
        | ((Unit.id == case.unit.parent_id) if case.unit.level == "department" and case.unit.reach == "area" else False)
    )
    users = (
        User.select(User, Role.permissions).join(Post, on=(Post.user == User.id)).join(Role)
        .where(
            Post.unit.in_(units), Post.valid_from <= day, Post.valid_to.is_null() | (Post.valid_to >= day),
            User.locked == False,  # noqa: E712
        )
        .order_by(User.id)
    )
    needed = {kind_of(case).read, "cases.note"}
    return list({user.id: user for user in users.objects() if needed <= set(user.permissions)}.values())


def assign(case, actor, user_id: int, text: str = "", version: int | None = None) -> None:
    """Hand the case to a person of the responsible unit; raises Conflict or Refused."""
    with atomic():
        case = locked(case.id)
        if version is not None and version != case.version:
            raise conflict(case)
        if not case.is_open:
            raise Refused("这件事已经办结，不用再交办。")
        if not holds(actor, case):
            raise Refused(f"这件事现在由{case.unit.name}负责，请由他们安排。")
        person = next((user for user in colleagues(case) if user.id == user_id), None)
        if person is None:
            raise Refused("这个人在责任单位没有岗位，请从列表中选择。", "person")
        case.person = person
        case.version += 1
        case.save()
        timeline.append(case, actor, step="assign", title=f"交办给{person.full_name}", at=now(), from_state=case.state,
                        text=text)
        telling.assigned(case, actor, text)


def note(case, actor, text: str) -> None:
    """Add a note to the timeline; it changes nothing else."""
    with atomic():
        case = locked(case.id)
        timeline.append(case, actor, step="note", title="备注", at=now(), from_state=case.state, text=text)
