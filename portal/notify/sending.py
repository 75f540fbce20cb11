"""Puts notices into inboxes, in the transaction of what they tell about: what is taken back was never told."""

from collections.abc import Iterable

from portal.accounts.everybody import staff_at, with_stand_ins
from portal.db import now
from portal.notify.models import Notice


def send(
    users: Iterable, topic: str, title: str, url: str = "", text: str = "", *, county_id: int | None = None
) -> int:
    """Put one notice into the inbox of each of `users` (User rows or ids; each once), and of who stands in for them
    today; returns how many were sent.

    `topic` is the name of a `Topic` that a room or plugin declares. `url` is a path of this portal.
    """
    ids = {getattr(user, "id", user) for user in users if user is not None}
    ids = sorted(with_stand_ins(ids)) if ids else []
    row = {"topic": topic, "title": title[:200], "url": url, "text": text, "at": now(), "county_id": county_id}
    if ids:
        Notice.insert_many([{**row, "user": user_id} for user_id in ids]).execute()
    return len(ids)


def send_to_unit(unit, topic: str, title: str, url: str = "", text: str = "") -> int:
    """Send to everybody who holds a post at `unit` or one of its offices today; returns how many that were."""
    return send(staff_at(unit.id), topic, title, url, text, county_id=unit.county_id)
