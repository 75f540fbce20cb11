"""The one database of this process, the base of all tables, and the clock that they go by.

Times are naive and in China Standard Time (UTC+8, no summer time), whole seconds: what a clerk reads on the wall.
"""

import datetime
from zoneinfo import ZoneInfo

import peewee
from peewee import DatabaseProxy

CHINA = ZoneInfo("Asia/Shanghai")

database = DatabaseProxy()


class Model(peewee.Model):
    """The base of every table; `Meta.table_name` is `<room or plugin>_<thing>`."""

    class Meta:
        database = database
        legacy_table_names = False


class DatabaseUnusable(Exception):
    """The database cannot be used as it is; the message is one Chinese sentence that says what to do."""


def now() -> datetime.datetime:
    """Return the moment: naive, in China Standard Time, whole seconds; what every DateTimeField holds."""
    return datetime.datetime.now(CHINA).replace(tzinfo=None, microsecond=0)


def today() -> datetime.date:
    """Return the day in China."""
    return now().date()


def is_postgres() -> bool:
    return isinstance(database.obj, peewee.PostgresqlDatabase)
