"""Gives the cast of the demo its accounts, posts and random passwords."""

from dataclasses import dataclass

from portal import accounts
from portal.accounts.models import Role
from portal.commands.demo_cast import CAST, STAFF, At
from portal.org.models import Unit


@dataclass(frozen=True)
class Shown:
    """One line of what is printed once."""

    login: str
    password: str
    name: str
    post: str
    hint: str


def add_cast(say) -> list[Shown]:
    """Create the accounts; return them with their passwords, which are stored nowhere but as hashes."""
    shown = []
    for number, person in enumerate(CAST, len(STAFF) + 1):
        # A demo is for trying: nobody is asked to choose a password of their own first.
        user, password = accounts.add_user(person.login, person.name, must_change=False)
        posts = [_add_post(user, at) for at in person.posts]
        shown.append(Shown(person.login, password, person.name, "；".join(posts), person.hint))
        say("建立账号", number, len(CAST) + len(STAFF))
    return shown


def add_staff(say) -> None:
    """Create the colleagues that nobody signs in as: matters lie in their names, so their accounts stay open, but
    nobody is told their initial passwords, and these run out."""
    for number, person in enumerate(STAFF, 1):
        user, _ = accounts.add_user(person.login, person.name)
        for at in person.posts:
            _add_post(user, at)
        say("建立账号", number, len(CAST) + len(STAFF))


def _add_post(user, at: At) -> str:
    unit, role = _unit(at), Role.get(Role.slug == at.role)
    accounts.add_post(user, unit, role)
    return f"{unit.short}{role.title}"


def _unit(at: At) -> Unit:
    unit = Unit.get(Unit.code == at.unit)
    if not at.department:
        return unit
    return Unit.get((Unit.parent == unit) & (Unit.level == "department") & Unit.name.endswith(at.department))
