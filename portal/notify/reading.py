"""The inbox as its owner reads it: nobody else sees a line of it."""

import datetime
import logging

from peewee import DatabaseError, Select, Value, fn

from portal.db import atomic, impatient, now
from portal.notify.counting import hidden, topics, unread_of
from portal.notify.models import DIGEST, Mute, Notice
from portal.prepared import moment_of

log = logging.getLogger(__name__)

#: So many titles of each topic stand on the workbench.
OF_A_TOPIC = 3


def inbox(person, topic: str = "", only_unread: bool = False):
    """Return the query of what the person may read, without the notices of plugins that are not enabled here."""
    query = Notice.select().where(Notice.user == person.id)
    for slug in hidden(person):
        query = query.where(~Notice.topic.startswith(f"{slug}."))
    if topic:
        query = query.where(Notice.topic == topic)
    return query.where(Notice.read_at.is_null()) if only_unread else query


def _day() -> datetime.datetime:
    """When something was read is kept to the day: enough for pruning, and it says nothing of anybody's hours."""
    return now().replace(hour=0, minute=0, second=0)


def mark_read(query_where) -> int:
    with atomic():
        return Notice.update(read_at=_day()).where(query_where, Notice.read_at.is_null()).execute()


def note_opened(notice: Notice) -> None:
    """Mark what is being opened as read. On a full or busy disk the page opens all the same, and it stays unread."""
    if notice.read_at is None:
        try:
            with impatient(0.3):
                mark_read(Notice.id == notice.id)
        except DatabaseError as error:
            log.warning("notice %s could not be marked as read: %s", notice.id, error)


def mark_all_read(person, topic: str = "") -> int:
    """Mark all that the person sees (of one topic) as read; returns how many that were."""
    where = Notice.user == person.id
    for slug in hidden(person):
        where &= ~Notice.topic.startswith(f"{slug}.")
    return mark_read(where & (Notice.topic == topic) if topic else where)


def muted_by(person) -> set[str]:
    return {topic for (topic,) in Mute.select(Mute.topic).where(Mute.user == person.id).tuples()}


def save_settings(person, wanted: set[str], digest: bool) -> None:
    """Keep which of the topics that may be muted the person does not want; what others declare stays as it was."""
    silent = {name for name, topic in topics(person).items() if topic.may_mute and name not in wanted}
    silent |= set() if digest else {DIGEST}
    kept = {name for name, topic in topics(person).items() if topic.may_mute} | {DIGEST}
    with atomic():
        Mute.delete().where(Mute.user == person.id, Mute.topic.in_(kept)).execute()
        if silent:
            Mute.insert_many([{"user": person.id, "topic": name} for name in sorted(silent)]).execute()


def digest(person) -> dict | None:
    """Return what is unread for the workbench: the newest of each topic, what cannot be muted first; one query where
    there is something. Who has switched the digest off sees only what cannot be muted."""
    counts = unread_of(person)
    if not counts:
        return None
    switched_off = fn.EXISTS(Mute.select(Value(1)).where(Mute.user == person.id, Mute.topic == DIGEST))
    rank = fn.ROW_NUMBER().over(partition_by=[Notice.topic], order_by=[Notice.id.desc()])
    ranked = (
        Notice.select(Notice.id, Notice.topic, Notice.title, Notice.at, rank.alias("rank"))
        .where(Notice.user == person.id, Notice.read_at.is_null()).alias("ranked")
    )
    rows = (
        Select([ranked], [ranked.c.id, ranked.c.topic, ranked.c.title, ranked.c.at, switched_off.alias("off")])
        .where(ranked.c.rank <= OF_A_TOPIC).order_by(ranked.c.id.desc()).bind(Notice._meta.database).tuples()
    )
    known, groups = topics(), {name: [] for name in counts}
    for key, name, title, at, off in rows:
        if name in groups and not (off and (name not in known or known[name].may_mute)):
            groups[name].append({"id": key, "title": title, "at": moment_of(at)})
    shown = [
        {"name": name, "title": known[name].title if name in known else "其他", "count": counts[name], "rows": rows}
        for name, rows in groups.items() if rows
    ]
    return {"groups": shown, "total": sum(group["count"] for group in shown)} if shown else None


def newest(person, since: datetime.datetime | None) -> Notice | None:
    """Return the newest unread notice that came since a page was made; None if there is none or nobody knows when.

    Moments are whole seconds: what came in the second of the page is told again rather than lost.
    """
    if since is None or not unread_of(person):
        return None
    return inbox(person, only_unread=True).where(Notice.at >= since).order_by(Notice.id.desc()).first()
