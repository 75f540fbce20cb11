"""The tables of supervision. Who is responsible and until when stays on the case; here stands who pressed for what."""

from peewee import (
    SQL,
    BigAutoField,
    BooleanField,
    CharField,
    CompositeKey,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    SmallIntegerField,
    TextField,
)

from portal.accounts.models import User
from portal.cases.models import Case
from portal.db import Model, now
from portal.org.models import PlacedModel, Unit

#: 三色督查单 (DOMAIN 9.2): each step is sharper than the one before.
COLOURS = {"blue": "蓝色提醒", "orange": "橙色警告", "red": "红色督办"}
STATUSES = {
    "issued": "待签收", "accepted": "待答复", "answered": "待审核", "returned": "退回重报", "closed": "已办结",
    "withdrawn": "已撤销",
}
#: In these the addressee owes an answer.
OWED = ("issued", "accepted", "returned")


class Reminder(Model):
    """One 催办. `author_id` is 0 for the portal's own; a person reminds of a case once a day."""

    id = BigAutoField()
    county_id = IntegerField()
    case = ForeignKeyField(Case, index=False)
    author_id = IntegerField(default=0)
    author_name = CharField(max_length=60)
    on = DateField()
    at = DateTimeField(default=now)
    text = TextField(default="")

    class Meta:
        table_name = "cases_reminder"
        indexes = ((("case", "author_id", "on"), True),)


class Order(PlacedModel):
    """One 督办单: issued by a unit to a unit; its place columns are those of the addressee.

    `series_unit_id`, `year` and `serial` are its number; one that was withdrawn keeps it.
    """

    id = BigAutoField()
    number = CharField(max_length=120)
    series_unit_id = IntegerField()
    year = IntegerField()
    serial = IntegerField()
    colour = CharField(max_length=6)
    issuer = ForeignKeyField(Unit, backref="+", index=False)
    unit = ForeignKeyField(Unit, backref="+", index=False)
    subject = CharField(max_length=200)
    demand = TextField()
    due = DateTimeField()
    signer = CharField(max_length=60)
    issued_at = DateTimeField(default=now)
    issued_by = ForeignKeyField(User, backref="+", index=False)
    issued_name = CharField(max_length=60)
    status = CharField(max_length=10, default="issued")
    accepted_at = DateTimeField(null=True)
    accepted_name = CharField(max_length=60, default="")
    answered_at = DateTimeField(null=True)
    #: The moment at which it was closed or withdrawn, by whom, and what was said about it.
    settled_at = DateTimeField(null=True)
    settled_name = CharField(max_length=60, default="")
    remark = TextField(default="")
    version = IntegerField(default=1)

    class Meta:
        table_name = "cases_order"
        indexes = (
            (("series_unit_id", "year", "serial"), True), (("county_id", "id"), False), (("town_id", "id"), False),
            (("village_id", "id"), False),
        )

    @property
    def status_title(self) -> str:
        return STATUSES[self.status]

    @property
    def colour_title(self) -> str:
        return COLOURS[self.colour]

    @property
    def is_open(self) -> bool:
        return self.settled_at is None

    @property
    def is_owed(self) -> bool:
        return self.status in OWED


for _side in ("issuer", "unit"):
    _field = getattr(Order, _side)
    Order.add_index(Order.index(_field, Order.id.desc(), name=f"cases_order_{_side}"))
    Order.add_index(Order.index(_field, Order.due, where=Order.settled_at.is_null(), name=f"cases_order_{_side}_open"))


class OrderCase(Model):
    """Which cases an order is about."""

    county_id = IntegerField()
    order = ForeignKeyField(Order, index=False, backref="+")
    case = ForeignKeyField(Case, backref="+")

    class Meta:
        table_name = "cases_order_case"
        indexes = ((("order", "case"), True),)


class OrderAnswer(Model):
    """One 督办回复 and what came of it: "" (not judged yet), "approved" or "returned"."""

    id = BigAutoField()
    county_id = IntegerField()
    order = ForeignKeyField(Order, backref="+")
    text = TextField()
    at = DateTimeField(default=now)
    by_id = IntegerField()
    by_name = CharField(max_length=60)
    unit_name = CharField(max_length=200)
    late = BooleanField(default=False)
    verdict = CharField(max_length=10, default="")
    verdict_text = TextField(default="")
    verdict_at = DateTimeField(null=True)
    verdict_name = CharField(max_length=60, default="")

    class Meta:
        table_name = "cases_order_answer"


class Instruction(Model):
    """A leader's 批示 on a case. With `due` the responsible unit owes 反馈 until then; without, none is wanted."""

    id = BigAutoField()
    county_id = IntegerField()
    case = ForeignKeyField(Case)
    leader = ForeignKeyField(User, backref="+", index=False)
    leader_name = CharField(max_length=60)
    post_title = CharField(max_length=60, default="")
    unit = ForeignKeyField(Unit, backref="+", index=False)
    text = TextField()
    at = DateTimeField(default=now)
    due = DateTimeField(null=True)
    feedback = TextField(default="")
    feedback_at = DateTimeField(null=True)
    feedback_id = IntegerField(null=True)
    feedback_name = CharField(max_length=60, default="")
    feedback_unit = CharField(max_length=200, default="")

    class Meta:
        table_name = "cases_instruction"
        indexes = ((("leader", "id"), False), (("county_id", "id"), False))

    @property
    def is_owed(self) -> bool:
        return self.due is not None and self.feedback_at is None


Instruction.add_index(Instruction.index(
    Instruction.county_id, Instruction.due, where=SQL("feedback_at IS NULL AND due IS NOT NULL"),
    name="cases_instruction_open",
))


class Rule(Model):
    """When lights turn and what follows, where it differs from the default: of a county or town, for a kind or all.

    None leaves a number as it is one step further out (see rules.py).
    """

    unit = ForeignKeyField(Unit, index=False)
    kind = CharField(max_length=40, default="")
    yellow = SmallIntegerField(null=True)
    red = SmallIntegerField(null=True)
    orange_days = SmallIntegerField(null=True)
    red_days = SmallIntegerField(null=True)
    escalate_days = SmallIntegerField(null=True)
    auto_remind = BooleanField(null=True)
    by_name = CharField(max_length=60, default="")
    at = DateTimeField(default=now)

    class Meta:
        table_name = "cases_rule"
        indexes = ((("unit", "kind"), True),)


class Told(Model):
    """What the jobs have told whom, and for which day: running one twice tells once."""

    topic = CharField(max_length=60)
    about = CharField(max_length=60)
    on = DateField()

    class Meta:
        table_name = "cases_told"
        primary_key = CompositeKey("topic", "about", "on")


MODELS = [Reminder, Order, OrderCase, OrderAnswer, Instruction, Rule, Told]
