"""Trying a whole transaction again that PostgreSQL took back because of another one (deadlock, serialization failure).

Safe because of what is looked at before: the failed attempt was the outermost transaction, and nothing of it nor beside
it has been made last, so nobody can have seen anything of it and nothing that follows a commit has run.
"""

import logging
import random
import time
from collections.abc import Callable

import peewee

from portal.db.done import of_transaction
from portal.db.losses import is_lost_race
from portal.db.model import database

log = logging.getLogger(__name__)

#: Seconds before the second and the third attempt, each time half as much more or less: two that met must not meet
#: again.
PAUSES = (0.02, 0.1)


def again(act: Callable, prepare: Callable[[], None] = lambda: None):
    """Return `act()`, which is one whole transaction; if it lost a race, up to two more times, each after `prepare()`.

    Inside a transaction it is only called: what belongs to a transaction can be tried again with all of it alone.
    `act` must change nothing but the database and what `prepare` puts back.
    """
    if database.transaction_depth():
        return act()
    for pause in PAUSES:
        before = of_transaction()
        try:
            return act()
        except peewee.DatabaseError as error:
            if not is_lost_race(error) or of_transaction() != before:
                raise
            log.warning("a transaction is tried again: %s", error)
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
        prepare()
    return act()
