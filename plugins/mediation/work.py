"""The disputes that a mediator was named for: the parties are told who mediates, so nobody takes them over unseen."""

from plugins.mediation.models import Committee, Mediator, Naming
from portal.kit import Case, Refused, Unit, Work, other_posts


def hanging_on(post) -> list[Work]:
    """Return the open disputes for which the holder of `post` is named as a mediator, in committees that the post
    reaches."""
    rows = list(
        Naming.select(Naming, Mediator, Committee, Unit, Case)
        .join(Mediator).join(Committee).join(Unit).switch(Naming).join(Case)
        .where(Mediator.user == post.user_id, Naming.until.is_null(), Case.closed.is_null()).order_by(Naming.id)
    )
    others = [other.unit.ref() for other in other_posts(post)] if rows else []

    def hangs(unit) -> bool:
        return post.unit.ref().covers(unit) and not any(other.covers(unit) for other in others)

    return [
        Work(str(one.id), f"{one.case.number}的调解员", "换人要告知双方，请在案件里办“更换调解员”")
        for one in rows if hangs(one.mediator.committee.unit)
    ]


def hand(post, names, successor) -> None:
    """Refuse: the parties choose or accept who mediates (人民调解法第二十三条第一项), so that is done in the case."""
    numbers = [
        one.case.number for one in Naming.select(Naming, Case).join(Case).where(Naming.id.in_([int(n) for n in names]))
    ]
    raise Refused(
        f"{'、'.join(numbers[:3])}{'等件' if len(numbers) > 3 else ''}的调解员不能直接移交：换人要重新告知双方。"
        "请先在案件里办“更换调解员”，其余的可以勾选移交。", "keys",
    )
