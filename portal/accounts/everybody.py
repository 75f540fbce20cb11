"""Who holds which posts: one unit's staff, and all who can act in an instance, for demos and benchmarks."""

from portal.accounts.models import Absence, Post, User
from portal.accounts.person import Person, posts_of
from portal.db import today
from portal.org.models import Unit


def everybody() -> list[Person]:
    """Return every account in each of its posts, in the order of the accounts."""
    return [
        Person(user, posts, post.id)
        for user in User.select().order_by(User.id)
        for posts in [posts_of(user.id)]
        for post in posts
    ]


def stand_ins_of(user_ids):
    """Return the subquery of the users who stand in today for any of `user_ids` (ids, or a query of them)."""
    day = today()
    return Absence.select(Post.user).join(Post, on=(Absence.stand_in == Post.id)).where(
        Absence.user.in_(user_ids), Absence.since <= day, Absence.until >= day, Absence.ended.is_null(),
        Post.valid_from <= day, Post.valid_to.is_null() | (Post.valid_to >= day))


def staff_at(unit_id: int) -> list[User]:
    """Return the open accounts that hold a post today at the unit or one of its offices, in their order."""
    day = today()
    offices = (Unit.parent == unit_id) & (Unit.level == "department") & (Unit.reach == "area")
    units = Unit.select(Unit.id).where((Unit.id == unit_id) | offices)
    held = Post.select(Post.user).where(
        Post.unit.in_(units), Post.valid_from <= day, Post.valid_to.is_null() | (Post.valid_to >= day))
    return list(User.select().where(User.id.in_(held), User.locked == False).order_by(User.id))  # noqa: E712
