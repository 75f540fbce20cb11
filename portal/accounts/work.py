"""The open work that hangs on a post: no post ends before it is handed over, to a colleague or back to the unit.

What that is the ledger and the plugins say (`portal_work`), and they hand it over (`portal_hand_work`).
"""

import datetime

from flask import current_app

from portal import audit
from portal.accounts.models import Absence, Post, Role, User
from portal.db import atomic, now, today
from portal.org.models import Unit
from portal.registry import registry_of
from portal.values import Refused, Work

#: How many pieces of work a sentence names.
TOLD = 3
#: A post that ended longer ago was looked at by the job before.
LOOKED_BACK = datetime.timedelta(days=60)


class WorkLeft(Refused):
    """A post cannot end yet; `post` is the one on which something open hangs."""

    def __init__(self, post: Post, found: list):
        self.post = post
        named = "、".join(work.title for _, work in found[:TOLD])
        more = f"等 {len(found)} 项" if len(found) > TOLD else f"共 {len(found)} 项"
        super().__init__(
            f"{post.user.full_name}在{post.unit.short}的岗位上还有没有办完的工作：{named}，{more}。"
            "请先移交给同事，或交回单位。"
        )


def open_work(post: Post) -> list[tuple]:
    """Return (key, work) for all that hangs on the post; a plugin that cannot say refuses: no answer is not a no."""
    found = registry_of(current_app).collect("portal_work", or_refuse=True, post=post)
    return [(f"{plugin.slug}:{work.name}", work) for plugin, work in found]


def other_posts(post: Post) -> list[Post]:
    """Return the posts that the same person holds today besides `post`, with user, unit and role; none of a closed
    account. What one of them carries at the same unit does not end with `post`."""
    day, user = today(), post.user
    if user.locked or (user.expires_on is not None and user.expires_on < day):
        return []
    lasting = Post.valid_to.is_null() | (Post.valid_to >= day)
    return list(_full().where(Post.user == user.id, Post.id != post.id, Post.valid_from <= day, lasting))


def refuse_left(*posts: Post) -> None:
    """Raise WorkLeft for the first of the posts that still carries something."""
    for post in posts:
        if found := open_work(post):
            raise WorkLeft(post, found)


def hand(post: Post, keys, successor: Post | None, actor) -> int:
    """Hand the pieces of work `keys` to another post at the unit, or back to the unit (None); return how many.

    All in one transaction. Raises Refused where one of them cannot be handed over; then none is.
    """
    keys = set(keys)
    with atomic():
        found: dict[str, list[str]] = {}
        for key, work in open_work(post):
            if key in keys:
                found.setdefault(key.split(":", 1)[0], []).append(work.name)
        if not found:
            raise Refused("请勾选要移交的工作。", "keys")
        if successor is not None and successor.user_id == post.user_id:
            raise Refused("请选择另一位同事。", "to")
        for slug, names in found.items():
            registry_of(current_app).ask(
                slug, "portal_hand_work", post=post, names=names, successor=successor, actor=actor)
        count = sum(map(len, found.values()))
        whom = successor.user.full_name if successor else "单位"
        audit.record("accounts.hand_work", "user", post.user_id, detail={
            "name": post.user.name, "full_name": post.user.full_name, "unit": post.unit.name, "to": whom,
            "hits": count,
        }, actor=actor)
    return count


def colleagues(post: Post) -> list[Post]:
    """Return the posts today at the unit of `post`, its offices, or of an office its unit, that others hold; no
    administrators: they take no part in the work."""
    unit, day = post.unit, today()
    office = unit.level == "department" and unit.reach == "area"
    around = Unit.select(Unit.id).where(
        (Unit.id == unit.id) | ((Unit.parent == unit.id) & (Unit.level == "department") & (Unit.reach == "area"))
        | ((Unit.id == unit.parent_id) if office else False))
    return list(
        Post.select(Post, User, Role, Unit).join(User).switch(Post).join(Role).switch(Post).join(Unit)
        .where(
            Post.unit.in_(around), Post.user != post.user_id, Role.exclusive == False,  # noqa: E712
            Post.valid_from <= day, Post.valid_to.is_null() | (Post.valid_to >= day), User.locked == False,  # noqa: E712
            User.expires_on.is_null() | (User.expires_on >= day),
        ).order_by(Unit.level != unit.level, Unit.code, User.id)
    )


def _full():
    """Return the query of the posts with their user, unit and role."""
    return Post.select(Post, User, Unit, Role).join(User).switch(Post).join(Unit).switch(Post).join(Role)


def full(post_id: int) -> Post | None:
    """Return a post with its user, unit and role, or None."""
    return _full().where(Post.id == post_id).first() if 0 < post_id < 2**31 else None


def posts_of(user: User) -> list[Post]:
    """Return the posts of an account that have not ended."""
    lasting = Post.valid_to.is_null() | (Post.valid_to >= today())
    return list(_full().where(Post.user == user.id, lasting).order_by(Post.id))


def may_hand(person, post: Post) -> bool:
    """Tell whether the person hands over what hangs on `post`: its holder, who arranges the work of its unit, and the
    administrator of accounts of the county."""
    if person.post is None or post.unit.county_id != person.post.unit.county_id:
        return False
    own = post.user_id == person.id
    return own or person.may("accounts.manage") or (
        person.may("accounts.stand_in") and post.unit_id in person.acts_for)


# -- what accounts themselves know of ----------------------------------------------------------------------------

def stood_in_for(post: Post) -> list[Work]:
    """Return for whom the holder of this post stands in now or has promised to."""
    return [
        Work(str(one.id), f"代理{one.user.full_name}的工作", f"{one.since} 至 {one.until}")
        for one in _promised(post)
    ]


def _promised(post: Post):
    return Absence.select(Absence, User).join(User, on=(Absence.user == User.id)).where(
        Absence.stand_in == post.id, Absence.until >= today(), Absence.ended.is_null()).order_by(Absence.id)


def hand_stand_in(post: Post, names, successor: Post | None) -> None:
    """Let somebody else stand in, or nobody: the work of who is away stays with their unit either way."""
    for one in _promised(post).where(Absence.id.in_([int(name) for name in names])):
        if successor is not None and successor.user_id == one.user_id:
            raise Refused(f"{one.user.full_name}不能代理自己的工作，请选择另一位同事。", "to")
        one.stand_in, one.ended = successor or one.stand_in_id, None if successor else now()
        one.save()


# -- posts that ended by themselves ------------------------------------------------------------------------------

def ended():
    """Return the query of the posts that ended in the last weeks, or whose account did."""
    day, since = today(), today() - LOOKED_BACK
    over = Post.valid_to.between(since, day - datetime.timedelta(days=1))
    gone = User.expires_on.between(since, day - datetime.timedelta(days=1))
    return (
        _full().where(over | gone | ((User.locked == True) & Post.valid_to.is_null()))  # noqa: E712
        .order_by(Post.id)
    )
