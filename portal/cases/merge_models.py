"""The tables of matters that are the same: what was decided, and what the ledger proposes."""

from peewee import (
    SQL,
    BigAutoField,
    BooleanField,
    CharField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    SmallIntegerField,
    TextField,
)

from portal.accounts.models import User
from portal.cases.models import Case
from portal.db import Model, now
from portal.org.models import PlacedModel


class Merge(Model):
    """Somebody decided that `case` is the same matter as `into`, which answers for both. `stood` is what the case was
    before, so that the decision can be taken back; then `undone_at` is set and the row stays.

    `owed`: somebody waits for an answer; `told_at`, once they were told what `into` was answered.
    """

    id = BigAutoField()
    county_id = IntegerField()
    case = ForeignKeyField(Case, index=False, backref="+")
    into = ForeignKeyField(Case, index=False, backref="+")
    at = DateTimeField(default=now)
    by = ForeignKeyField(User, null=True)
    by_name = CharField(max_length=60)
    text = TextField(default="")
    stood = JSONField(default=dict)
    owed = BooleanField(default=True)
    told_at = DateTimeField(null=True)
    told_by_name = CharField(max_length=60, default="")
    told_how = CharField(max_length=20, default="")
    undone_at = DateTimeField(null=True)
    undone_by_name = CharField(max_length=60, default="")

    class Meta:
        table_name = "cases_merge"


_LIVE = SQL("undone_at IS NULL")
Merge.add_index(Merge.index(Merge.case, unique=True, where=_LIVE, name="cases_merge_case"))
Merge.add_index(Merge.index(Merge.into, Merge.id, where=_LIVE, name="cases_merge_into"))
_UNTOLD = SQL("told_at IS NULL AND undone_at IS NULL AND owed")
Merge.add_index(Merge.index(Merge.county_id, Merge.id, where=_UNTOLD, name="cases_merge_untold"))


class Likeness(PlacedModel):
    """Two matters that may be the same: proposed by the ledger, decided by a person, and not proposed again.

    `case` is the one registered later, `score` 0 to 100, `reasons` says why in words; `verdict` is "" while nobody
    decided, then "same" or "different".
    """

    id = BigAutoField()
    case = ForeignKeyField(Case, index=False, backref="+")
    other = ForeignKeyField(Case, backref="+")
    score = SmallIntegerField()
    reasons = JSONField(default=list)
    at = DateTimeField(default=now)
    verdict = CharField(max_length=10, default="")
    decided_at = DateTimeField(null=True)
    decided_by_name = CharField(max_length=60, default="")

    class Meta:
        table_name = "cases_likeness"
        indexes = ((("case", "other"), True),)


for _place in ("county_id", "town_id", "village_id"):
    Likeness.add_index(Likeness.index(
        getattr(Likeness, _place), Likeness.id, where=SQL("verdict = ''"), name=f"cases_likeness_{_place}_open"))
