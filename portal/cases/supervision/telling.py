"""Who is told of what happens to a case: the staff of a unit that may read such cases, and whoever has it.

A notice tells a window nothing that the list would not show it; of a restricted case only its holder hears.
"""

from portal.accounts.models import Post, Role, User
from portal.cases.kinds import kinds
from portal.db import today
from portal.notify import send
from portal.org.models import Unit


def staff(unit_id: int) -> list[tuple[int, set]]:
    """Return (user id, permissions) of whoever holds a post at the unit or one of its offices today."""
    day = today()
    offices = (Unit.parent == unit_id) & (Unit.level == "department") & (Unit.reach == "area")
    units = Unit.select(Unit.id).where((Unit.id == unit_id) | offices)
    rows = (
        Post.select(Post.user, Role.permissions).join(Role).join_from(Post, User, on=(Post.user == User.id))
        .where(Post.unit.in_(units), Post.valid_from <= day, Post.valid_to.is_null() | (Post.valid_to >= day),
               User.locked == False)  # noqa: E712
        .order_by(Post.user)
    )
    found: dict[int, set] = {}
    for post in rows:
        found.setdefault(post.user_id, set()).update(post.role.permissions)
    return list(found.items())


def readers(unit_id: int, cases) -> set[int]:
    """Return the ids of those at the unit who may read one of `cases`, and of the persons who have them there."""
    known = kinds()
    needed = {known[case.kind].read for case in cases if case.kind in known and not case.restricted}
    found = {user for user, may in staff(unit_id) if needed & may} if needed else set()
    return found | {case.person_id for case in cases if case.person_id and case.unit_id == unit_id}


def tell(unit_id: int, cases, topic: str, title: str, url: str, text: str) -> int:
    """Send one notice about `cases` to those of a unit who may read them; returns how many that were."""
    return send(readers(unit_id, cases), topic, title, url, text, county_id=cases[0].county_id)
