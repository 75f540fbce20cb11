"""Markets, their stalls, and what the ledger does not know of a question."""

from peewee import JOIN

from portal.kit import (
    BooleanField,
    Case,
    CharField,
    DateField,
    Detail,
    ForeignKeyField,
    IntegerField,
    Model,
    PlacedModel,
    Resident,
    TextField,
    Unit,
)

from .rule import Rule

#: A Meta with indexes of its own replaces those of the place columns, so they are repeated.
PLACED = ((("county_id", "id"), False), (("town_id", "id"), False), (("village_id", "id"), False))


class Market(PlacedModel):
    unit = ForeignKeyField(Unit)
    name = CharField(max_length=40)
    site = CharField(max_length=100, default="")
    digits = CharField(max_length=20)
    lunar = BooleanField()
    thirty_first = BooleanField(default=False)
    paused = CharField(max_length=100, default="")
    version = IntegerField(default=1)

    class Meta:
        table_name = "market_days_market"
        indexes = ((("town_id", "name"), True), *PLACED)

    @classmethod
    def seen_by(cls, person):
        """People go to every market of their town, so a village sees those of its town and of the other villages."""
        unit = person.post.unit if person.post else None
        if unit is None or unit.level not in ("village", "grid"):
            return super().seen_by(person)
        return cls.select().where(cls.town_id == unit.town_id)

    @property
    def rule(self) -> Rule:
        return Rule(tuple(int(digit) for digit in self.digits.split(",")), self.lunar, self.thirty_first)


class Stall(PlacedModel):
    """Seen in its own place only: who stands where is no business of the next village."""

    market = ForeignKeyField(Market)
    number = CharField(max_length=20)
    trade = CharField(max_length=40)
    holder = ForeignKeyField(Resident, null=True)
    since = DateField(null=True)
    version = IntegerField(default=1)

    class Meta:
        table_name = "market_days_stall"
        indexes = ((("market", "number"), True), *PLACED)


class Question(Model):
    county_id = IntegerField()
    case = ForeignKeyField(Case, unique=True)
    market = ForeignKeyField(Market)
    stall = ForeignKeyField(Stall, null=True)
    text = TextField()

    class Meta:
        table_name = "market_days_question"


#: Called with a case, returns its row.
detail_of = Detail(lambda slots: Question.select(Question, Market, Stall).join(Market).switch(Question).join(
    Stall, JOIN.LEFT_OUTER).where(Question.case == slots.case))
