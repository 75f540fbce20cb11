"""Writes the record, in the transaction of the act itself: if the record fails, so does the act."""

import logging
import re

from flask import g, has_request_context, request
from flask_login import current_user
from peewee import DatabaseError

from portal.audit import chain
from portal.audit.models import AuditEntry
from portal.db import atomic, impatient

log = logging.getLogger(__name__)


def record(action: str, object_type: str = "", object_id="", *, result: str = "ok", detail=None, changes=None,
           actor=None) -> AuditEntry:
    """Add one entry. `actor` is the signed-in person unless given; `result` is ok, fail or denied."""
    who = actor
    if who is None and has_request_context() and current_user and current_user.is_authenticated:
        who = current_user
    post = who.post if who is not None else None
    entry = AuditEntry(
        actor_id=who.id if who is not None else None,
        actor_name=who.full_name if who is not None else ("" if has_request_context() else "系统"),
        post_title=post.title if post else "", unit_id=post.unit.id if post else None,
        unit_name=post.unit.name if post else "", county_id=post.unit.county_id if post else None,
        action=action, object_type=object_type, object_id=_plain(str(object_id))[:80], result=result,
        detail=_clean(detail or {}), changes=_clean(changes or {}), **_request_facts(),
    )
    chain.append(entry)
    return entry


def record_view(action: str, object_type: str, object_id) -> None:
    """Keep that somebody opened a page with masked personal data. On a full or read-only disk people go on reading;
    the log then says that the record has a gap. Whatever shows a number in full calls `record` and fails with it."""
    _record_alone(action, object_type, object_id)


def record_denied(permission: str) -> None:
    """Keep that somebody was turned away; who may not, may not, even if it cannot be written down."""
    _record_alone("access.denied", "permission", permission, result="denied", detail={"path": request.path[:200]})


def _record_alone(action: str, object_type: str, object_id, **more) -> None:
    try:
        with impatient(2), atomic():
            record(action, object_type, object_id, **more)
    except DatabaseError as error:
        log.error("%s of %s %s could not be recorded: %s", action, object_type, object_id, error)


def differences(old: dict, new: dict) -> dict:
    """Return {field: [old, new]} of what differs between two rows given as dicts."""
    return {name: [old.get(name), value] for name, value in new.items() if old.get(name) != value}


def _request_facts() -> dict:
    if not has_request_context():
        return {}
    return {
        "address": _plain(request.remote_addr or "")[:45], "session": g.get("session_hash", "")[:16],
        "request_id": g.get("request_id", ""),
    }


#: Control characters, line ends and marks of direction.
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def _plain(text: str) -> str:
    """Keep an entry on one line and readable: a forged line end must not look like a second entry in an export."""
    return HIDDEN.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def _clean(value):
    if isinstance(value, dict):
        return {str(key): _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    if isinstance(value, str):
        return _plain(value)
    # A fraction as text: PostgreSQL writes 1e22 with all its zeros, and the seal must hold on both engines.
    return value if isinstance(value, int | bool | None) else str(value)
