"""How long one statement may run in this thread, where that is not what the setting says."""

import contextlib
import threading

from portal.db.model import database

#: Seconds that a statement may run; the setting `statement_timeout_seconds`.
STATEMENT_SECONDS = 15


class _Limit(threading.local):
    """`seconds` of a statement: None for what the setting says, 0 for as long as it takes."""

    seconds: int | None = None


limit = _Limit()


@contextlib.contextmanager
def patient(seconds: int = 0):
    """Let each statement inside the block run for `seconds`, or as long as it takes: for commands and background jobs.

    It holds for this thread, whichever connection it uses.
    """
    before, limit.seconds = limit.seconds, seconds
    _tell()
    try:
        yield
    finally:
        limit.seconds = before
        _tell()


def _tell() -> None:
    if database.obj is not None and not database.is_closed():
        database.obj.apply_limit()
