"""One database per process: SQLite (through cysqlite) or PostgreSQL, behind the one setting `database`."""

from portal.db.containing import Forbidden, contained
from portal.db.explaining import explain, is_away
from portal.db.limits import patient
from portal.db.losses import is_broken, is_lost_race
from portal.db.model import CHINA, DatabaseUnusable, Model, database, is_postgres, now, today
from portal.db.opening import check_writable, init_app, open_database, open_for, snapshot
from portal.db.own_writes import seen_so_far
from portal.db.pool import bound
from portal.db.replica import firsthand, look_at_replica, reading
from portal.db.retrying import again
from portal.db.sqlite import impatient, is_safe_sqlite
from portal.db.transactions import after_commit, atomic, before_commit, end_left_open, take_back

__all__ = [
    "CHINA", "DatabaseUnusable", "Forbidden", "Model", "after_commit", "again", "atomic", "before_commit", "bound",
    "check_writable", "contained", "database", "end_left_open", "explain", "firsthand", "impatient", "init_app",
    "is_away", "is_broken", "is_lost_race", "is_postgres", "is_safe_sqlite", "look_at_replica", "now", "open_database",
    "open_for", "patient", "reading", "seen_so_far", "snapshot", "take_back", "today",
]
