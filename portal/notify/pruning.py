"""Old notices go: the inbox is there to act on, what happened is in the ledger and on the record."""

import datetime

from portal.db import atomic, now
from portal.notify.models import Notice
from portal.org.models import Unit
from portal.org.settings import find, setting

#: What nobody has read for so long nobody will read; it is gone from the bell as well.
UNREAD_DAYS = 365
#: So many rows are deleted in one transaction: others write meanwhile.
AT_ONCE = 5_000


def prune() -> str:
    """Delete read notices after the days that the county has set, and all others after a year."""
    counties = [key for (key,) in Unit.select(Unit.id).where(Unit.level == "county").tuples()]
    default = find("notify.kept_days").default
    kept = [(Notice.county_id == key, setting("notify.kept_days", key)) for key in counties]
    kept.append((Notice.county_id.is_null() | Notice.county_id.not_in(counties or [0]), default))
    number = sum(_delete(whose & (Notice.read_at < _ago(days))) for whose, days in kept)
    number += _delete(Notice.at < _ago(max(UNREAD_DAYS, *(days for _, days in kept))))
    return f"清理了 {number} 条旧消息。" if number else "没有要清理的消息。"


def _ago(days: int) -> datetime.datetime:
    return now() - datetime.timedelta(days=days)


def _delete(which) -> int:
    number = 0
    while True:
        with atomic():
            some = Notice.select(Notice.id).where(which).limit(AT_ONCE)
            gone = Notice.delete().where(Notice.id.in_(some)).execute()
        number += gone
        if gone < AT_ONCE:
            return number
