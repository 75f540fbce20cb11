"""Who works at a unit: to whom its cases can be given, who is told, and whether anybody there could go on with one."""

from portal.accounts.models import Post, Role, User
from portal.cases.kinds import kind_of
from portal.db import is_postgres, today
from portal.org.models import Unit
from portal.values import CaseKind

#: Without it somebody only looks on.
WORKING = "cases.note"


def at(unit: Unit):
    """Return the subquery of the units whose people act for `unit`: itself, its offices, and of an office its unit."""
    office = unit.level == "department" and unit.reach == "area"
    return Unit.select(Unit.id).where(
        (Unit.id == unit.id)
        | ((Unit.parent == unit.id) & (Unit.level == "department") & (Unit.reach == "area"))
        | ((Unit.id == unit.parent_id) if office else False)
    )


def valid_today():
    day = today()
    return (Post.valid_from <= day) & (Post.valid_to.is_null() | (Post.valid_to >= day)) & (
        User.locked == False) & (User.expires_on.is_null() | (User.expires_on >= day))  # noqa: E712


def holding(unit: Unit, *permissions: str, but_at=()) -> list[User]:
    """Return who holds all of `permissions` today in one post that acts for `unit`, each once; posts at the units
    `but_at` (ids) do not count."""
    users = (
        User.select(User, Role.permissions).join(Post, on=(Post.user == User.id)).join(Role)
        .where(Post.unit.in_(at(unit)), Post.unit.not_in(list(but_at) or [0]), valid_today()).order_by(User.id)
    )
    wanted = set(permissions)
    return list({user.id: user for user in users.objects() if wanted <= set(user.permissions)}.values())


def workers(unit: Unit, kind: CaseKind) -> list[User]:
    """Return who reads cases of `kind` at the unit and works on them; others would be given what they never see."""
    return holding(unit, kind.read, WORKING)


def colleagues(case) -> list[User]:
    """Return who may be given the case within the responsible unit."""
    return workers(case.unit, kind_of(case))


def able(units: list[Unit], case) -> list[Unit]:
    """Return those of `units` where somebody could take a next step in `case` as it stands (promise 1)."""
    kind = kind_of(case)
    steps = {step.permission for step in kind.workflow.steps if case.state in step.sources and step.by == "holder"}
    return with_people(units, lambda held: {kind.read, WORKING} <= held and bool(steps & held))


def with_people(units: list[Unit], fits) -> list[Unit]:
    """Return those of `units` for which somebody acts today whose permissions `fits(set)` says yes to."""
    roles = [role.id for role in Role.select() if fits(set(role.permissions))]
    above = {unit.parent_id for unit in units} | {unit.id for unit in units}
    posts = (
        Post.select(Unit.id, Unit.parent, Unit.level, Unit.reach).join(Unit).join_from(Post, User)
        .where(Post.role.in_(roles), valid_today(), Unit.id.in_(above) | Unit.parent.in_(above)).distinct().tuples()
    )
    found = set()
    for key, parent, level, reach in posts:
        found |= {key, parent} if level == "department" and reach == "area" else {key}
    return [
        unit for unit in units
        if unit.id in found or (unit.level == "department" and unit.reach == "area" and unit.parent_id in found)
    ]


def hold_posts(user_id: int) -> None:
    """Let none of the person's posts end before the commit: on PostgreSQL whoever ends one waits, or is waited for."""
    if is_postgres():
        list(Post.select(Post.id).where(Post.user == user_id).order_by(Post.id).for_update("FOR SHARE").tuples())
