"""Whoever has written reads what they wrote: how far the standby must have come is kept with the visitor.

It is in a cookie of its own: the session's is written by too many answers at once. Nothing depends on its being true:
with another number somebody only reads from the other server.
"""

import logging

import peewee
from flask import current_app, g, request

from portal.db.done import done
from portal.db.model import database
from portal.db.replica import position, replica_of

log = logging.getLogger(__name__)

#: Seconds beyond those that a standby in use may be behind.
MARGIN = 60
#: Further than any standby comes: where the place of a write is not known.
FAR = 2**63


def begin() -> None:
    """Note at the beginning of a request what its thread had written before."""
    g.written_before = done.number


def _cookie() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-written"


def seen_so_far() -> int:
    """Return how far a standby must have come for whoever asks now; 0 for one who has not written lately."""
    text = request.cookies.get(_cookie(), "")
    return int(text) if text.isdecimal() and len(text) < 20 else 0


def remember(response):
    """Give the answer to a request that wrote something the place of what it wrote."""
    replica = replica_of(database.obj)
    if replica is None or done.number == g.get("written_before", done.number):
        return response
    try:
        place = position()
    except (peewee.DatabaseError, peewee.InterfaceError) as error:
        log.warning("how far has been written is not known: %s", error)
        place = FAR
    config = current_app.config
    response.set_cookie(_cookie(), str(place), max_age=replica.most_behind + MARGIN, httponly=True,
                        secure=config["SESSION_COOKIE_SECURE"], samesite=config["SESSION_COOKIE_SAMESITE"])
    return response
