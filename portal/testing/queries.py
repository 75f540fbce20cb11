"""What a page asks of the database."""

from contextlib import contextmanager

from portal.db import database


@contextmanager
def counted_queries(most: int | None = None):
    """Yield the list of SQL statements that run inside the block, BEGIN and COMMIT left out, and an entry of the audit
    record counted once: finding and moving the end of its chain goes with it. With `most` it is an error if there are
    more, and they are named."""
    seen: list[str] = []

    def note(event):
        if "audit_lane" not in event.sql:
            seen.append(event.sql)

    database.obj.query_hooks.append(note)
    try:
        yield seen
    finally:
        database.obj.query_hooks.remove(note)
    if most is not None and len(seen) > most:
        raise AssertionError(f"{len(seen)} statements instead of at most {most}:\n" + "\n".join(seen))
