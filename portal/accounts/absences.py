"""请假代理: somebody is away for some days, and a colleague at the same unit sees and does their work meanwhile.

The work stays theirs; what the stand-in does says for whom. It begins and ends by itself.
"""

from portal import audit
from portal.accounts import work
from portal.accounts.models import Absence, Post, User
from portal.db import atomic, now, today
from portal.org.models import Unit
from portal.values import Refused

#: Whoever is away longer than this hands the work over instead.
LONGEST = 183

StandIn, Colleague = Post.alias(), User.alias()


def listed(person):
    """Return the query of the absences that concern the person: the own ones, where they stand in, and those at their
    unit for who arranges its work; running and coming ones first."""
    own = (Absence.user == person.id) | (Colleague.id == person.id)
    if person.may("accounts.stand_in"):
        own |= Post.unit.in_(list(person.acts_for))
    return (
        Absence.select(Absence, User, Post, Unit, StandIn, Colleague).join(User, on=(Absence.user == User.id))
        .switch(Absence).join(Post, on=(Absence.post == Post.id)).join(Unit, on=(Post.unit == Unit.id))
        .switch(Absence).join(StandIn, on=(Absence.stand_in == StandIn.id), attr="colleague")
        .join(Colleague, on=(StandIn.user == Colleague.id), attr="person").where(own)
    )


def posts_for(person) -> list[Post]:
    """Return whose absence the person may arrange: the own posts; of their unit all, for who arranges its work."""
    own = [one for post in person.posts if (one := work.full(post.id)) is not None]
    if not person.may("accounts.stand_in"):
        return own
    here = work.full(person.post.id)
    return [*own, *(post for post in work.colleagues(here) if post.unit_id in person.acts_for)]


def add(person, post_id: int, stand_in_id: int, since, until, note: str) -> Absence:
    """Let the holder of a post stand in for that of another from a day until a day. Raises Refused."""
    with atomic():
        post = next((one for one in posts_for(person) if one.id == post_id), None)
        if post is None:
            raise Refused("请从列表中选择请假的人。", "post")
        stand_in = next((one for one in work.colleagues(post) if one.id == stand_in_id), None)
        if stand_in is None:
            raise Refused(f"代理人必须在{post.unit.short}有岗位，而且不是本人。", "stand_in")
        _check_days(post, stand_in, since, until)
        made = Absence.create(
            county_id=post.unit.county_id, post=post, user=post.user_id, stand_in=stand_in, since=since, until=until,
            note=note or "", by_name=person.full_name,
        )
        audit.record("accounts.add_absence", "absence", made.id, detail={
            "full_name": post.user.full_name, "unit": post.unit.name, "stand_in": stand_in.user.full_name,
            "since": since, "until": until,
        })
    return made


def _check_days(post: Post, stand_in: Post, since, until) -> None:
    if until < since:
        raise Refused("结束日期不能早于开始日期。", "until")
    if until < today():
        raise Refused("这段时间已经过去了，不用安排代理。", "until")
    if (until - since).days > LONGEST:
        raise Refused("代理最长半年；离开更久的，请移交工作。", "until")
    if stand_in.valid_to is not None and stand_in.valid_to < until:
        raise Refused(f"{stand_in.user.full_name}的岗位 {stand_in.valid_to} 到期，撑不到代理结束。", "stand_in")
    running = Absence.select().where(
        Absence.ended.is_null(), Absence.since <= until, Absence.until >= since)
    if running.where(Absence.post == post.id).exists():
        raise Refused("这段时间已经安排了代理，请先结束原来的。", "since")
    if running.where(Absence.user == stand_in.user_id).exists():
        raise Refused(f"{stand_in.user.full_name}这段时间自己也请假，请另选一位。", "stand_in")


def end(person, absence: Absence) -> None:
    """End it before its last day: who is back early."""
    done = Absence.update(ended=now()).where(
        Absence.id == absence.id, Absence.ended.is_null(), Absence.until >= today()).execute()
    if not done:
        raise Refused("这次代理已经结束了。")
    audit.record("accounts.end_absence", "absence", absence.id, detail={"full_name": absence.user.full_name})
