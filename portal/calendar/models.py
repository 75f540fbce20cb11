"""The tables of the calendar: what the administrator loaded and what was changed by hand. Both stay small."""

from peewee import BigIntegerField, BooleanField, CharField, DateField, DateTimeField, IntegerField, JSONField

from portal.db import Model, now


class CalendarYear(Model):
    """The official days of one year, as one row, so that a year is loaded whole or not at all.

    `days` maps an ISO date to ["off" | "work", name]. It may hold days of the December before: 元旦 often begins there.
    A `provisional` year knows only the statutory days; it was loaded because the announcement was not out yet.
    """

    year = IntegerField(unique=True)
    source = CharField(max_length=100)
    days = JSONField(default=dict)
    provisional = BooleanField(default=False)
    by = IntegerField(null=True)
    by_name = CharField(max_length=60, default="")
    loaded_at = DateTimeField(default=now)

    class Meta:
        table_name = "calendar_year"


class CalendarDay(Model):
    """One day that differs here from the official calendar ("off" or "work"); it wins over everything else."""

    date = DateField(unique=True)
    kind = CharField(max_length=4)
    name = CharField(max_length=40)
    by = IntegerField(null=True)
    by_name = CharField(max_length=60, default="")
    at = DateTimeField(default=now)
    version = IntegerField(default=1)

    class Meta:
        table_name = "calendar_day"


class CalendarChange(Model):
    """One change of the calendar, and how far the open cases were recomputed after it.

    `first` and `last` are the days between which days changed. `cursor` is the last case that was looked at; with
    `done_at` all were. Several changes are worked off in their order.
    """

    at = DateTimeField(default=now)
    by = IntegerField(null=True)
    by_name = CharField(max_length=60, default="")
    what = CharField(max_length=200)
    first = DateField()
    last = DateField()
    cursor = BigIntegerField(default=0)
    looked = IntegerField(default=0)
    moved = IntegerField(default=0)
    done_at = DateTimeField(null=True)

    class Meta:
        table_name = "calendar_change"


class CalendarReminder(Model):
    """When the administrators were last reminded that the announced days of `year` are missing."""

    year = IntegerField(unique=True)
    sent_on = DateField()

    class Meta:
        table_name = "calendar_reminder"


class CalendarRevision(Model):
    """One row whose `token` changes with every change of the two tables above, so that workers notice.

    The token is random, not counted: a number could be given out twice when the first change is rolled back.
    """

    token = CharField(max_length=32)

    class Meta:
        table_name = "calendar_revision"
