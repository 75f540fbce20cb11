"""What becomes of posts when units are merged or split: people keep theirs at the unit that takes the place."""

import datetime

from portal.accounts.models import Absence, Post, Role, Session, User
from portal.db import today
from portal.org.lineage_rows import to_heirs
from portal.org.models import Unit
from portal.values import Rearrangement, UnitEffect, UnitPart

PREFIX = "posts:"


def _lasting():
    return Post.valid_to.is_null() | (Post.valid_to >= today())


def effects(change: Rearrangement) -> list[UnitEffect]:
    """Count the posts that go over, and those that stay at units which are moved as they are."""
    if change.kind == "split":
        return [UnitEffect("选出的岗位", len(change.chosen_ids(PREFIX)), f"转到{change.into.short}")]
    inside = Unit.select(Unit.id).where(Unit.within(change.unit))
    found = []
    if change.heirs:
        going = Post.select().where(Post.unit.in_(list(change.heirs)), _lasting()).count()
        found.append(UnitEffect("转到新单位的岗位", going, "同一人的相同岗位合成一个"))
        inside = inside.where(Unit.id.not_in(list(change.heirs)))
    staying = Post.select().where(Post.unit.in_(inside), _lasting()).count()
    return [*found, UnitEffect("随辖区走、岗位不变的", staying)]


def parts(unit: Unit) -> list[UnitPart]:
    """Return the posts at the unit and its offices, which may be chosen for the new one."""
    units = Unit.select(Unit.id).where(
        (Unit.id == unit.id) | ((Unit.parent == unit.id) & (Unit.level == "department")))
    query = Post.select(Post, User, Role, Unit).join(User).switch(Post).join(Role).switch(Post).join(Unit)
    return [
        UnitPart(f"{PREFIX}{post.id}", f"{post.user.full_name}（{post.unit.short}，{post.title}）", "岗位")
        for post in query.where(Post.unit.in_(units), _lasting()).order_by(Unit.code, Post.id)
    ]


def follow(change: Rearrangement) -> None:
    """Move the posts of units that end to their heirs, and the chosen ones to the new unit."""
    if to_heirs(change, Post.unit, _lasting(), version=Post.version + 1):
        _collapse({heir.id for heir in change.heirs.values()})
    ids = change.chosen_ids(PREFIX)
    for post in Post.select().where(Post.id.in_(ids or [0]), Post.unit.in_(list(change.takers) or [0])):
        taker = change.takers[post.unit_id]
        Post.update(unit=taker.id, version=Post.version + 1).where(Post.id == post.id).execute()


def _collapse(units: set[int]) -> None:
    """Let one post remain of several that are the same: same person, same role, now the same unit."""
    kept: dict[tuple, Post] = {}
    for post in Post.select().where(Post.unit.in_(sorted(units)), _lasting()).order_by(Post.id):
        first = kept.setdefault((post.unit_id, post.user_id, post.role_id), post)
        if first is post:
            continue
        yesterday = today() - datetime.timedelta(days=1)
        until = None if None in (first.valid_to, post.valid_to) else max(first.valid_to, post.valid_to)
        Post.update(valid_to=yesterday, version=Post.version + 1).where(Post.id == post.id).execute()
        (Post.update(valid_to=until, valid_from=min(first.valid_from, post.valid_from), version=Post.version + 1)
         .where(Post.id == first.id).execute())
        Absence.update(post=first.id).where(Absence.post == post.id, Absence.ended.is_null()).execute()
        Absence.update(stand_in=first.id).where(Absence.stand_in == post.id, Absence.ended.is_null()).execute()
        Session.update(post_id=first.id).where(Session.post_id == post.id, Session.ended.is_null()).execute()
