"""One database per process: SQLite (through cysqlite) or PostgreSQL, behind the one setting `database`."""

from portal.db.containing import Forbidden, contained
from portal.db.explaining import explain, is_away
from portal.db.model import CHINA, DatabaseUnusable, Model, database, is_postgres, now, today
from portal.db.opening import check_writable, init_app, open_database, snapshot
from portal.db.sqlite import impatient, is_safe_sqlite
from portal.db.transactions import after_commit, atomic, before_commit, end_left_open

__all__ = [
    "CHINA", "DatabaseUnusable", "Forbidden", "Model", "after_commit", "atomic", "before_commit", "check_writable",
    "contained", "database", "end_left_open", "explain", "impatient", "init_app", "is_away", "is_postgres",
    "is_safe_sqlite", "now", "open_database", "snapshot", "today",
]
