"""Hands what the breakers of this process have seen to the table that all processes share, and takes back from it
what they need to know: that another one had the same trouble, or that somebody wants the hook tried again.

Nothing is asked of the database unless something failed: a request of a sound portal costs one look at a list.
"""

import datetime
import logging

import peewee
from flask import current_app

from portal.db import atomic, database, impatient, is_postgres, now
from portal.health.models import HookHealth
from portal.health.words import hook_in_words
from portal.notify import send_to_holders
from portal.registry import registry_of

log = logging.getLogger(__name__)

TOPIC = "health.paused"


def report_due(everything: bool = False) -> None:
    """Report what is due; what cannot be written now is kept for later, and no page fails for it."""
    due = registry_of(current_app).breakers.due(everything)
    if not due or database.obj is None or database.transaction_depth():
        return
    closed = database.is_closed()
    try:
        database.connect(reuse_if_open=True)
        for breaker in due:
            _report(breaker)
    except (peewee.DatabaseError, peewee.InterfaceError) as error:
        log.warning("what failed in plugins could not be noted yet: %s", error)
    finally:
        if closed and is_postgres() and not database.is_closed():
            database.close()


def _report(breaker) -> None:
    taken = breaker.take()
    try:
        with impatient(0.3), atomic():
            row = _written(breaker, taken)
            if taken.opened and not row.told:
                _tell(row)
    except BaseException:
        breaker.give_back(taken)
        raise
    if breaker.open_until is not None:
        if row.open_until is None:  # it works in another process, or an administrator wants it tried
            breaker.try_again()
    elif taken.failures and row.open_until is not None and row.open_until > now():
        breaker.follow((row.open_until - now()).total_seconds())


def _written(breaker, taken) -> HookHealth:
    """Write the row and return it as it stands; on PostgreSQL another process waits for it until the commit."""
    key = HookHealth.plugin == breaker.plugin, HookHealth.hook == breaker.hook
    moment = taken.at or now()
    HookHealth.insert(plugin=breaker.plugin, hook=breaker.hook, first_at=moment, last_at=moment).on_conflict_ignore(
    ).execute()
    changes = {name: getattr(HookHealth, name) + getattr(taken, name)
               for name in ("failures", "slow", "skipped", "opened")}
    if taken.failures:
        changes |= {"last_at": moment, "error": taken.error[:200]}
    if taken.freed:
        changes |= {"open_until": None, "freed_at": now(), "told": False}
    if taken.failures and breaker.open_until is not None:
        changes["open_until"] = now() + datetime.timedelta(seconds=breaker.seconds_left)
    HookHealth.update(changes).where(*key).execute()
    return HookHealth.get(*key)


def _tell(row: HookHealth) -> None:
    """Send the one notice: that it is tried and fails again is not told again."""
    HookHealth.update(told=True).where(HookHealth.id == row.id).execute()
    title = registry_of(current_app).plugins[row.plugin].title
    send_to_holders(
        "cases.check", TOPIC, f"“{title}”的{hook_in_words(row.hook)}暂停调用", "/health/",
        f"它接连失败或太慢（{row.error}），先不再调用，过一会儿自动重试；其余部分不受影响。")
