"""What somebody else's code may do with the database while the portal calls it."""

import re
import threading

from portal.db.model import database
from portal.db.transactions import atomic, promises, savepoint


class Forbidden(Exception):
    """Somebody else's code did with the database what it may not at this place; see `contained`."""


class _Here(threading.local):
    """What this thread may do with the database: "read", "part" (of a transaction that is not its own), None: all."""

    to = None
    part = None


here = _Here()

_WRITES = re.compile(r"\b(insert|update|delete|merge)\b", re.I)
_ENDS = re.compile(r"\s*(begin|commit|end|abort|rollback(?!\s+to\b)|start\s+transaction)\b", re.I)


def look_at(sql: str) -> None:
    """Raise Forbidden for a statement that the code which now runs may not send; make its part ready for any other."""
    if here.to == "part":
        if _ENDS.match(sql):
            raise Forbidden("a transaction that belongs to the caller is neither ended nor begun")
        if here.part is not None:
            here.part.open()
        return
    first = sql.lstrip(" \t\r\n(")[:7].upper()
    if not first.startswith(("SELECT", "WITH", "VALUES", "EXPLAIN", "PRAGMA", "SHOW")) or (
        first.startswith("WITH") and _WRITES.search(sql)
    ):
        raise Forbidden("what is asked while a page is only read may not write")


class _Part:
    """A savepoint that is set when the first statement comes: most of what is asked of a plugin sends none."""

    def __init__(self, outer: "_Part | None"):
        self.outer, self.savepoint = outer, None
        self.depth = outer.depth + 1 if outer else 1

    def open(self) -> None:
        if self.savepoint is None:
            if self.outer is not None:
                self.outer.open()
            to, here.to = here.to, None
            try:
                own = savepoint(f"call{self.depth}")
                own.__enter__()
                self.savepoint = own
            finally:
                here.to = to

    def close(self, *failure) -> None:
        if self.savepoint is not None:
            self.savepoint.__exit__(*failure)


def contained(act, writes: bool = False):
    """Return `act()`, which is somebody else's code: if it fails, nothing of it stays in the database, and the caller's
    transaction goes on.

    Inside a transaction its part is taken back alone. Outside it may only read, so that it can neither leave something
    half-done nor hold a lock while others wait, unless `writes`: then it gets a transaction.
    """
    if database.transaction_depth():
        return _kept_apart(act, _Part(here.part))
    if writes:
        with atomic():
            return _kept_apart(act, None)
    before, here.to = here.to, "read"
    try:
        return act()
    finally:
        here.to = before


def _kept_apart(act, part: _Part | None):
    before, depth, stack = (here.to, here.part), promises.depth, database.transaction_depth()
    made = len(promises.made)
    here.to, here.part = "part", part
    failure = (None, None, None)
    try:
        return act()
    except BaseException as error:
        failure = type(error), error, error.__traceback__
        for promise in promises.made[made:]:
            promise.clear()
        raise
    finally:
        (here.to, here.part), promises.depth = before, depth
        while database.transaction_depth() > stack:  # one that was begun and left open
            database.pop_transaction()
        if part is not None:
            part.close(*failure)
