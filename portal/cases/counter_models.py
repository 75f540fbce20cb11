"""The counters: numbers given out, how many cases stand where, and what came and went. tallies.py keeps them."""

from peewee import BigIntegerField, CharField, CompositeKey, IntegerField

from portal.db import Model


class Series(Model):
    """The last number given out: one row for each kind, unit and year, so that clerks of two villages never wait."""

    unit_id = IntegerField()
    prefix = CharField(max_length=10)
    year = IntegerField()
    last = IntegerField(default=0)

    class Meta:
        table_name = "cases_series"
        primary_key = CompositeKey("unit_id", "prefix", "year")


class Tally(Model):
    """How many cases of a kind stand in a state, at the leaf of the tree; sums over the tree are made when reading.

    `axis` is "place" (unit_id is the village or what is nearest to it) or "line" (unit_id is the department), and
    "town" (unit_id is the town, or the county for what lies in none): what a county sums up, so that it need not read
    thousands of leaves. No row is a whole county's.
    """

    county_id = IntegerField()
    axis = CharField(max_length=6)
    unit_id = IntegerField()
    kind = CharField(max_length=40)
    phase = CharField(max_length=12)
    state = CharField(max_length=30)
    town_id = IntegerField(null=True)
    village_id = IntegerField(null=True)
    count = IntegerField(default=0)

    class Meta:
        table_name = "cases_tally"
        primary_key = CompositeKey("county_id", "axis", "unit_id", "kind", "phase", "state")
        indexes = (
            (("axis", "county_id"), False), (("axis", "town_id"), False), (("axis", "village_id"), False),
            (("unit_id", "axis"), False),
        )


class Flow(Model):
    """What came, went and fell due in a period ("2026-W47", "2026-11", "2026"), at the same leaves as Tally, by the
    responsible unit (`holder_id`), kind and channel.

    A line's rows are kept for each town (0: the county itself), so that no row of a department is everybody's. On the
    axes "line" and "town" nothing below a town and no responsible unit is told apart; on the axis "holder" nothing but
    that unit, the kind, and as channel whether it came by proxy: once for the county (`unit_id` 0), and for a line
    (`unit_id`) by town. So figures sum up few rows. Only cases that are open to all readers of their kind are counted
    here.
    """

    county_id = IntegerField()
    axis = CharField(max_length=6)
    period = CharField(max_length=8)
    unit_id = IntegerField()
    town_id = IntegerField(default=0)
    holder_id = IntegerField()
    kind = CharField(max_length=40)
    channel = CharField(max_length=20)
    village_id = IntegerField(null=True)

    # Of the cases registered in the period: all, and what became of them until now.
    opened = IntegerField(default=0)
    settled = IntegerField(default=0)
    cancelled = IntegerField(default=0)
    redone = IntegerField(default=0)
    # Of those closed in it (and not cancelled); the minutes from opening to closing are for the mean.
    closed = IntegerField(default=0)
    on_time = IntegerField(default=0)
    minutes = BigIntegerField(default=0)
    rated = IntegerField(default=0)
    rating_sum = IntegerField(default=0)
    satisfied = IntegerField(default=0)
    fair = IntegerField(default=0)
    at_once = IntegerField(default=0)
    first_time = IntegerField(default=0)
    own = IntegerField(default=0)
    # Of those that were due in it (and not cancelled): all, and those closed without having been late.
    due = IntegerField(default=0)
    kept = IntegerField(default=0)

    class Meta:
        table_name = "cases_flow"
        primary_key = CompositeKey("county_id", "axis", "period", "unit_id", "town_id", "holder_id", "kind", "channel")
        indexes = (
            (("town_id", "axis", "period"), False),
            (("village_id", "axis", "period"), False),
            (("unit_id", "axis", "period"), False),
        )
