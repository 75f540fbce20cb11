"""The tables of the clock: when it stood still, by how much it was extended, and what a calendar moved."""

from peewee import (
    BigAutoField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from portal.accounts.models import User
from portal.cases.models import Case
from portal.db import Model
from portal.org.models import Unit
from portal.values import Deadline


class Pause(Model):
    """The clock stood still from `since` until `until` (None: it still does), for a lawful reason.

    `kind` names it in reasons.REASONS, `law` is where it stands, `evidence` the document that proves it.
    """

    county_id = IntegerField()
    case = ForeignKeyField(Case)
    since = DateTimeField()
    until = DateTimeField(null=True)
    reason = CharField(max_length=200)
    kind = CharField(max_length=20, default="")
    law = CharField(max_length=100, default="")
    evidence = CharField(max_length=500, default="")
    until_expected = DateField(null=True)
    by_name = CharField(max_length=60, default="")
    ended_by = CharField(max_length=60, default="")
    #: When somebody was last reminded that the expected end has passed.
    reminded_on = DateField(null=True)

    class Meta:
        table_name = "cases_pause"


#: What may come of a request for an extension.
EXTENSIONS = {
    "asked": "待审批", "granted": "已同意", "refused": "未同意", "withdrawn": "已撤回", "lapsed": "到期未批，已失效",
    "moot": "情况已变，不再需要",
}


class Extension(Model):
    """A request to extend the period of a case, and what was decided: by another person, of a higher unit."""

    id = BigAutoField()
    county_id = IntegerField()
    case = ForeignKeyField(Case)
    amount = IntegerField()
    measure = CharField(max_length=10)
    reason = TextField()
    unit = ForeignKeyField(Unit, index=False)
    asked_at = DateTimeField()
    asked_by = ForeignKeyField(User, index=False)
    asked_by_name = CharField(max_length=60)
    approver = ForeignKeyField(Unit, index=False)
    state = CharField(max_length=10, default="asked")
    decided_at = DateTimeField(null=True)
    decided_by_name = CharField(max_length=60, default="")
    decision = TextField(default="")
    due_before = DateTimeField(null=True)
    due_after = DateTimeField(null=True)
    #: How the person who came was told, and of what (行政许可法第四十二条: 应当将延长期限的理由告知申请人).
    told_channel = CharField(max_length=20, default="")
    told_text = TextField(default="")

    class Meta:
        table_name = "cases_extension"

    @property
    def period(self) -> Deadline:
        return Deadline(self.amount, self.measure)

    @property
    def state_title(self) -> str:
        return EXTENSIONS[self.state]


class DueMove(Model):
    """A due moment that a change of the calendar moved from `old` to `new`; `kept`: `new` had passed, so it stayed."""

    id = BigAutoField()
    county_id = IntegerField()
    change_id = IntegerField()
    case = ForeignKeyField(Case)
    old = DateTimeField()
    new = DateTimeField()
    kept = BooleanField(default=False)
    unit = ForeignKeyField(Unit, index=False)
    person_id = IntegerField(null=True)

    class Meta:
        table_name = "cases_due_move"
        indexes = ((("change_id", "case"), True),)
