"""What proves the ledger: void numbers with their reasons, the results of checks, and the daily heads."""

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    IntegerField,
    JSONField,
    TextField,
)

from portal.db import Model, now


class VoidNumber(Model):
    """A number that was given out and counts no more, with the reason. It is never given out again.

    `unit`, `prefix`, `year` name its series; `text` is the number as it was printed. `case_id`: the case that bears
    it; None for a paper's number.
    """

    county_id = IntegerField()
    town_id = IntegerField(null=True)
    village_id = IntegerField(null=True)
    grid_id = IntegerField(null=True)
    line_id = IntegerField(null=True)
    unit = IntegerField()
    prefix = CharField(max_length=10)
    year = IntegerField()
    number = IntegerField()
    text = CharField(max_length=60, default="")
    kind = CharField(max_length=40, default="")
    restricted = BooleanField(default=False)
    case_id = BigIntegerField(null=True)
    reason = CharField(max_length=200)
    by = IntegerField(null=True)
    by_name = CharField(max_length=60, default="")
    at = DateTimeField(default=now)

    class Meta:
        table_name = "cases_void_number"
        indexes = ((("unit", "prefix", "year", "number"), True), (("county_id", "year"), False))


class CheckRun(Model):
    """One check of the whole portal: asked for by somebody or by the clock, and what it found."""

    asked_by = IntegerField(null=True)
    asked_name = CharField(max_length=60, default="")
    asked = DateTimeField(default=now)
    started = DateTimeField(null=True)
    ended = DateTimeField(null=True)
    rows = BigIntegerField(default=0)
    #: How many breaches there are, and the first of them in words.
    count = IntegerField(default=0)
    breaches = JSONField(default=list)
    warnings = JSONField(default=list)

    class Meta:
        table_name = "cases_check_run"

    @property
    def seconds(self) -> int:
        return int((self.ended - self.started).total_seconds()) if self.ended and self.started else 0


class DailyHead(Model):
    """The head of a day: one digest that stands for all that was recorded until then. Rows are only added.

    `lanes` is [[lane, number, digest], ...] of the audit record; the timeline part covers the entries with ids after
    `entries_from` up to `entries_to`. `digest` is the SHA-256 over `text`, which holds all of it and the head before.
    """

    id = BigAutoField()
    day = DateField()
    at = DateTimeField(default=now)
    lanes = JSONField(default=list)
    entries_from = BigIntegerField(default=0)
    entries_to = BigIntegerField(default=0)
    entries_count = IntegerField(default=0)
    entries_digest = CharField(max_length=64)
    before = CharField(max_length=64, default="")
    text = TextField()
    digest = CharField(max_length=64)

    class Meta:
        table_name = "cases_daily_head"


DailyHead.add_index(DailyHead.index(DailyHead.day, name="cases_daily_head_day"))
