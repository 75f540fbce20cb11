"""How much this thread has made last: whether an attempt may be made again, and who must see their own writes."""

import functools
import re
import threading

from portal.db.model import database

_READS = re.compile(r"[\s(]*(select|with|values|show|explain)\b", re.I)
#: What changes something, or takes a lock, although it begins like a question.
_WRITES = re.compile(r"\b(insert|update|delete|merge|nextval|setval|into|pg_advisory\w*|pg_try\w*)\b", re.I)


class _Done(threading.local):
    """`number` grows with each commit and with each statement outside a transaction that may have written."""

    number = 0


done = _Done()


@functools.lru_cache(maxsize=1024)  # looking through a long statement takes longer than sending it
def is_question(sql: str) -> bool:
    """Tell whether `sql` only asks, so that it may be asked again and of a server that is only read. In doubt no."""
    return _READS.match(sql) is not None and _WRITES.search(sql) is None


def of_transaction() -> int:
    """Return the number to compare with later: the same one means that nothing was made last in between."""
    return done.number if not database.transaction_depth() else -1
