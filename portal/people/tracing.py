"""Who saw or changed what of a resident: read from the audit record, in one query over its index of objects."""

import datetime
import functools
import operator

from flask import current_app

from portal.audit import words
from portal.audit.models import AuditEntry
from portal.people import residents
from portal.people.merging import all_ids
from portal.people.models import Resident
from portal.registry import registry_of

#: What the printed list holds at most; more than that is asked for day by day.
MOST_PRINTED = 2000


def objects_of(resident: Resident, person) -> dict[str, list[str]]:
    """Return the ids of everything whose page shows the resident, by type, as the audit record knows them; of other
    rooms' objects those that `person` may see themselves."""
    found = {"resident": [str(key) for key in all_ids(resident)]}
    for _, one in registry_of(current_app).collect("portal_resident_records", resident=resident, person=person):
        ids = found.setdefault(one.object_type, [])
        if str(one.object_id) not in ids:
            ids.append(str(one.object_id))
    return found


def trace(resident: Resident, person, since=None, until=None):
    """Return the query of the entries about the resident, from the moment `since` up to the moment `until`."""
    shown = [
        (AuditEntry.object_type == kind) & AuditEntry.object_id.in_(ids)
        for kind, ids in objects_of(resident, person).items()
    ]
    query = AuditEntry.select().where(functools.reduce(operator.or_, shown))
    if since:
        query = query.where(AuditEntry.at >= since)
    if until:
        query = query.where(AuditEntry.at <= until)
    return query


def lines(entries) -> list[dict]:
    """Return who, when, what and why of each entry. What a plugin calls confidential shows that it was, not what."""
    titles, hidden = words.actions(), _confidential()
    return [
        {
            "at": entry.at, "who": f"{entry.unit_name} {entry.actor_name}".strip() or "未登录",
            "post": entry.post_title, "what": hidden.get(entry.action) or titles.get(entry.action, entry.action),
            "where": _where(entry), "why": "" if entry.action in hidden else _why(entry),
        }
        for entry in entries
    ]


def _confidential() -> dict[str, str]:
    found = registry_of(current_app).collect("portal_actions")
    return {action.name: f"{plugin.title}：保密事项" for plugin, action in found if action.confidential}


def _where(entry: AuditEntry) -> str:
    if entry.object_type == "resident":
        return "居民登记"
    return f"{words.titled(words.OBJECTS, entry.object_type)} {entry.object_id}"


def _why(entry: AuditEntry) -> str:
    field = residents.FIELDS.get(entry.detail.get("field"), "")
    reason = str(entry.detail.get("reason") or "")
    return f"{field}：{reason}" if field and reason else reason or str(entry.detail.get("file") or "")


def moment(text: str, end: bool = False) -> datetime.datetime | None:
    """Return the moment that a filter says ("2026-11-26T08:30", or a day: its beginning or its end), or None."""
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 1900 <= found.year <= 2200 or found.tzinfo:
        return None
    if end and len(text) <= 10:
        return found + datetime.timedelta(days=1, seconds=-1)
    return found + datetime.timedelta(seconds=59) if end and len(text) == 16 else found
