"""Puts notices into inboxes, in the transaction of what they tell about: what is taken back was never told.

Each is one statement, however many people it reaches; whoever has muted the topic is left out by it.
"""

import logging
from collections.abc import Iterable

from flask import current_app
from peewee import Value, fn

from portal.accounts.everybody import stand_ins_of
from portal.accounts.models import Post, Role, User
from portal.db import is_postgres, now, today
from portal.notify.models import Mute, Notice
from portal.org.models import Unit
from portal.registry import registry_of

log = logging.getLogger(__name__)


def send(users: Iterable, topic: str, title: str, url: str = "", text: str = "", *,
         county_id: int | None = None) -> int:
    """Put one notice into the inbox of each of `users` (User rows or ids; each once); returns how many were sent.

    `topic` is the name of a `Topic` that a room or plugin declares. `url` is a path of this portal. Who has muted the
    topic or whose account is closed gets none; who stands in for one of them today gets it as well.
    """
    ids = sorted({getattr(user, "id", user) for user in users if user is not None})
    if not ids:
        _check(topic)
        return 0
    return _send(User.id.in_(ids), topic, title, url, text, county_id)


def send_to_unit(unit, topic: str, title: str, url: str = "", text: str = "", *,
                 permissions: tuple[str, ...] = (), besides: int | None = None) -> int:
    """Send to everybody who holds a post at `unit` or one of its offices today; returns how many that were.

    With `permissions` only to those whose post there has all of them; `besides` is a person who knows already.
    """
    held = _held(*permissions).where(Post.unit.in_(_unit_and_offices(unit.id)))
    whom = User.id.in_(held)
    if besides is not None:
        whom &= User.id != besides
    return _send(whom, topic, title, url, text, unit.county_id)


def send_to_units(units, topic: str, title: str, url: str = "", text: str = "", *, county_id: int) -> int:
    """Send to everybody with a post today at one of `units` (a query of ids), their offices, or the grids of a village;
    returns how many people that were."""
    inside = Unit.parent.in_(units) & (
        ((Unit.level == "department") & (Unit.reach == "area")) | (Unit.level == "grid"))
    places = Unit.select(Unit.id).where(Unit.id.in_(units) | inside)
    return _send(User.id.in_(_held().where(Post.unit.in_(places))), topic, title, url, text, county_id)


def send_to_holders(permission: str, topic: str, title: str, url: str = "", text: str = "") -> int:
    """Send to everybody whose post of today has `permission`, wherever it is: for those who look after the portal."""
    return _send(User.id.in_(_held(permission)), topic, title, url, text, None)


def _unit_and_offices(unit_id: int):
    offices = (Unit.parent == unit_id) & (Unit.level == "department") & (Unit.reach == "area")
    return Unit.select(Unit.id).where((Unit.id == unit_id) | offices)


def _held(*permissions: str):
    """Return the query of the users who hold a post today (whose role has all `permissions`)."""
    day = today()
    held = Post.select(Post.user).where(Post.valid_from <= day, Post.valid_to.is_null() | (Post.valid_to >= day))
    if permissions:
        held = held.join(Role)
    for permission in permissions:
        held = held.where(Role.permissions.cast("text").contains(f'"{permission}"'))
    return held


def _send(whom, topic: str, title: str, url: str, text: str, county_id: int | None) -> int:
    """Write the notice for everybody of whom the condition `whom` on User holds, and for who stands in for them today:
    what one is told, the other must know."""
    _check(topic)
    whom |= User.id.in_(stand_ins_of(User.select(User.id).where(whom)))
    muted = Mute.select(Value(1)).where(Mute.user == User.id, Mute.topic == topic)
    rows = User.select(
        User.id, Value(topic), Value(title[:200]), Value(url[:200]), Value(text), _moment(),
        Value(county_id).cast("integer"),
    ).where(whom, User.locked == False, ~fn.EXISTS(muted))  # noqa: E712
    fields = [Notice.user, Notice.topic, Notice.title, Notice.url, Notice.text, Notice.at, Notice.county_id]
    return Notice.insert_from(rows, fields).as_rowcount().execute()


def _moment():
    """Return the present moment as a value; PostgreSQL has to be told what an untyped value of a select is."""
    return Value(now()).cast("timestamp") if is_postgres() else Value(str(now()))


def _check(topic: str) -> None:
    """A topic that nobody declares is on nobody's page of settings: said at once in tests, logged elsewhere."""
    registry = registry_of(current_app)
    if topic not in {one.name for one in registry.values("portal_topics")}:
        if registry.strict:
            raise ValueError(f"the topic {topic} is not declared: return it from portal_topics")
        log.warning("the topic %s is not declared by anybody", topic)
