"""Transactions: what belongs together, what is done last in it, and what follows its commit."""

import contextlib
import logging
import threading

import peewee

from portal.db.model import database, is_postgres

log = logging.getLogger(__name__)


class _Promises(threading.local):
    """What each thread shall do after its commit: [fn], emptied where the part that it belongs to is rolled back."""

    def __init__(self):
        self.made: list[list] = []
        self.depth = 0
        self.last: dict = {}


promises = _Promises()


@contextlib.contextmanager
def atomic():
    """The transaction to write in; inside another one a part of it that can be rolled back alone."""
    made, depth = promises.made, promises.depth
    top = database.transaction_depth() == 0  # so it is as well in what follows a commit, before the outer one is left
    outermost, before = not made and top, len(made)
    promises.depth = 1 if top else depth + 1
    try:
        with database.atomic() if top else savepoint(f"part{promises.depth}") as transaction:
            yield transaction
            if promises.depth == 1:
                _do_last()
    except BaseException:
        for promise in made[before:]:
            promise.clear()  # peewee itself would keep what a savepoint promised and then took back
        raise
    finally:
        promises.depth = depth
        if top:
            promises.last.clear()
        if outermost:
            made.clear()


def savepoint(name: str):
    """Return a savepoint called `name`, which none around it is called. With a new name for each, as peewee gives them,
    the driver would prepare two statements anew each time."""
    return peewee._savepoint(database.obj, name)


def take_back(transaction) -> None:
    """Roll the outermost `transaction`, which `atomic` yielded, back; nothing of it is done last, nothing follows it.

    What was rolled back has no last thing to do: done in the transaction that peewee begins in its place, it would
    count what others, who had waited for the rows, have counted already.
    """
    promises.last.clear()
    transaction.rollback()


def _do_last() -> None:
    while promises.last:
        fn, kept = next(iter(promises.last.items()))
        del promises.last[fn]
        fn(kept)


def before_commit(fn) -> dict:
    """Call `fn(kept)` as the last thing in the outermost transaction, and return `kept`: a dict that belongs to `fn` in
    this transaction, the same one each time.

    What many clerks write to at once is written here, in one order of keys: nobody holds it longer than a moment, and
    no two wait for each other. What a part that was rolled back had put into `kept` stays in it.
    """
    if not promises.depth:
        raise RuntimeError("before_commit is for the inside of atomic()")
    return promises.last.setdefault(fn, {})


def after_commit(fn) -> None:
    """Run `fn()` once the outermost transaction is committed; never if it, or the part around the call, is rolled back.

    What has been committed has happened: a failure of `fn` is logged, it no longer changes the answer.
    """
    promise = [fn]
    if database.transaction_depth():
        promises.made.append(promise)

    def run():
        for act in promise:
            try:
                act()
            except Exception:
                log.exception("what should follow a commit failed")

    database.after_commit(run)


def end_left_open() -> bool:
    """Roll back whatever transaction somebody else's code left open in this thread; tell whether there was one."""
    left = False
    while database.transaction_depth():
        database.pop_transaction()
        left = True
    promises.depth = 0
    promises.made.clear()
    promises.last.clear()
    if database.is_closed():
        return left
    if left:
        database.obj._clear_commit_callbacks()
        database.rollback()
    elif open_still := _is_in_transaction():  # begun without peewee
        database.cursor().execute("ROLLBACK")
    return left or open_still


def _is_in_transaction() -> bool:
    """Tell whether the driver itself is inside a transaction, whoever began it."""
    connection = database.connection()
    if is_postgres():
        return connection.pgconn.transaction_status in (1, 2, 3)  # active, inside, failed; 0 is idle, 4 is broken
    return not connection.autocommit()
