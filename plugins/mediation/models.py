"""Organisations of mediation, and what the ledger does not know of a dispute. Who leaves, leaves by a day."""

import datetime

from plugins.mediation.words import (
    AGREEMENT_FORMS,
    COMMITTEE_KINDS,
    COURT_RESULTS,
    DIFFICULTIES,
    JOINED,
    RISKS,
    SIDES,
    TIMES,
    TYPES,
)
from portal.kit import (
    SEXES,
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    PlacedModel,
    Resident,
    SmallIntegerField,
    TextField,
    Unit,
    User,
    mask_name,
    now,
    today,
)

#: 人民调解法第九条. The village committee sits for five years: the two terms are not one.
TERM_YEARS = 3


class Committee(PlacedModel):
    """人民调解委员会 of a village, a town, a company or a trade (人民调解法第八条、第三十四条)."""

    unit = ForeignKeyField(Unit)
    kind = CharField(max_length=10)
    name = CharField(max_length=80)
    elected_on = DateField()
    #: It has a seal of its own; without one no written agreement can take effect (第二十九条).
    sealed = BooleanField(default=True)
    dissolved_on = DateField(null=True)
    version = IntegerField(default=1)

    class Meta:
        table_name = "mediation_committee"
        indexes = (
            (("county_id", "id"), False), (("town_id", "id"), False), (("village_id", "id"), False),
            (("unit", "name"), True),
        )

    @property
    def kind_title(self) -> str:
        return COMMITTEE_KINDS[self.kind]

    @property
    def term_ends(self) -> datetime.date:
        """The day on which the term of three years ends (第九条)."""
        day = self.elected_on
        leap = (day.month, day.day) == (2, 29)
        return day.replace(year=day.year + TERM_YEARS, day=28 if leap else day.day)

    @property
    def expired(self) -> bool:
        return self.dissolved_on is None and self.term_ends < today()

    @property
    def short_name(self) -> str:
        """What stands in a number: 华光村 of 华光村人民调解委员会."""
        return self.name.removesuffix("人民调解委员会") or self.name


class Mediator(Model):
    """Somebody who mediates for a committee: one of its members, or hired by it (第十三条)."""

    county_id = IntegerField()
    committee = ForeignKeyField(Committee, backref="mediators")
    name = CharField(max_length=50)
    sex = CharField(max_length=1)
    joined = CharField(max_length=8, default="member")
    time = CharField(max_length=6, default="part")
    #: 主任 or 副主任, where they are one.
    duty = CharField(max_length=20, default="")
    #: The account with which they work here, and the resident that they are, where known.
    user = ForeignKeyField(User, null=True)
    resident = ForeignKeyField(Resident, null=True)
    #: The number that is posted for the work; a private one has no place here.
    phone = CharField(max_length=20, default="")
    since = DateField()
    until = DateField(null=True)
    version = IntegerField(default=1)

    class Meta:
        table_name = "mediation_mediator"

    @property
    def sex_title(self) -> str:
        return SEXES[self.sex]

    @property
    def joined_title(self) -> str:
        return self.duty or JOINED[self.joined]

    @property
    def time_title(self) -> str:
        return TIMES[self.time]

    @property
    def active(self) -> bool:
        return self.until is None or self.until > today()


class Team(Model):
    """说理小组 or 调解小组: three to seven of a committee's mediators, led by one of them."""

    county_id = IntegerField()
    committee = ForeignKeyField(Committee, backref="teams")
    name = CharField(max_length=60)
    leader = ForeignKeyField(Mediator)
    dissolved_on = DateField(null=True)
    version = IntegerField(default=1)

    class Meta:
        table_name = "mediation_team"


class Seat(Model):
    """Who sits in a team."""

    team = ForeignKeyField(Team, backref="seats")
    mediator = ForeignKeyField(Mediator)

    class Meta:
        table_name = "mediation_seat"
        indexes = ((("team", "mediator"), True),)


class Dispute(Model):
    """What the ledger does not know of a dispute. `named` are the mediators now: [[id, name, account or None], ...];
    `readers` are the accounts of all who ever were named, for they know what was said (第十五条第四项)."""

    case = ForeignKeyField(Case, unique=True)
    county_id = IntegerField()
    type = CharField(max_length=12)
    subject = CharField(max_length=30)
    happened_on = DateField(null=True)
    brief = TextField()
    difficulty = CharField(max_length=8, default="simple")
    risk = CharField(max_length=8, default="low")
    people = SmallIntegerField(default=2)
    committee = ForeignKeyField(Committee, null=True)
    accepted_at = DateTimeField(null=True)
    #: "（2026）华光村人调字第 3 号", as it was given out.
    number = CharField(max_length=80, default="")
    #: How long it usually takes and what that period is, as it was said when it was accepted.
    period = CharField(max_length=100, default="")
    chosen_by = CharField(max_length=10, default="")
    named = JSONField(default=list)
    readers = JSONField(default=list)
    invited = CharField(max_length=200, default="")
    rights_told_at = DateTimeField(null=True)
    agreed_at = DateTimeField(null=True)
    #: What the ways are that the parties were told of, and the way to which the matter was led (第二十六条).
    routes = JSONField(default=list)
    way = CharField(max_length=15, default="")
    ended_because = TextField(default="")
    ended_at = DateTimeField(null=True)
    performance = CharField(max_length=8, default="")
    performed_on = DateField(null=True)
    #: 第二十五条: what was done where it might escalate, and to whom it was reported.
    alarmed_at = DateTimeField(null=True)
    measures = TextField(default="")
    reported_to = CharField(max_length=100, default="")
    #: How long the file is kept, as the county had set it when it was filed; the law is silent.
    retention = CharField(max_length=60, default="")
    filed_at = DateTimeField(null=True)
    version = IntegerField(default=1)

    class Meta:
        table_name = "mediation_dispute"

    @property
    def type_title(self) -> str:
        return TYPES[self.type]

    @property
    def difficulty_title(self) -> str:
        return DIFFICULTIES[self.difficulty]

    @property
    def risk_title(self) -> str:
        return RISKS[self.risk]

    @property
    def mediators(self) -> str:
        return "、".join(name for _, name, _ in self.named)


class Party(Model):
    """One side of a dispute: a resident, or an organisation and who speaks for it."""

    county_id = IntegerField()
    case = ForeignKeyField(Case)
    side = CharField(max_length=12)
    resident = ForeignKeyField(Resident, null=True)
    organisation = CharField(max_length=100, default="")
    credit_code = CharField(max_length=18, default="")
    representative = CharField(max_length=50, default="")
    ethnicity = CharField(max_length=20, default="")
    occupation = CharField(max_length=60, default="")
    address = CharField(max_length=200, default="")

    class Meta:
        table_name = "mediation_party"
        indexes = ((("case", "resident"), True),)

    @property
    def side_title(self) -> str:
        return SIDES[self.side]

    @property
    def full_name(self) -> str:
        return self.resident.name if self.resident_id else self.organisation

    @property
    def masked(self) -> str:
        return mask_name(self.resident.name) if self.resident_id else "某单位"


class Naming(Model):
    """Who was named to mediate a dispute, from when until when, chosen by the parties or by the committee."""

    county_id = IntegerField()
    case = ForeignKeyField(Case)
    mediator = ForeignKeyField(Mediator)
    by = CharField(max_length=10)
    since = DateTimeField(default=now)
    until = DateTimeField(null=True)

    class Meta:
        table_name = "mediation_naming"


class TakenNumber(Model):
    """A number of a committee's register. It is never given out again; one that was taken back keeps its reason."""

    county_id = IntegerField()
    case = ForeignKeyField(Case)
    committee = ForeignKeyField(Committee)
    year = SmallIntegerField()
    number = IntegerField()
    text = CharField(max_length=80)
    at = DateTimeField(default=now)
    void_at = DateTimeField(null=True)
    void_because = CharField(max_length=200, default="")

    class Meta:
        table_name = "mediation_number"
        indexes = ((("committee", "year", "number"), True),)


class MediationRound(Model):
    """One visit or meeting: when, where, with whom, what was said, what came of it."""

    county_id = IntegerField()
    case = ForeignKeyField(Case)
    at = DateTimeField()
    kind = CharField(max_length=10)
    place = CharField(max_length=100)
    people = CharField(max_length=200)
    told = CharField(max_length=200, default="")
    text = TextField()
    result = CharField(max_length=8)
    recorder = CharField(max_length=60)

    class Meta:
        table_name = "mediation_round"


class Agreement(Model):
    """What the parties agreed on. Oral: in force at once (第三十条); written: when all signed and the seal is on it."""

    county_id = IntegerField()
    case = ForeignKeyField(Case, unique=True)
    form = CharField(max_length=8)
    facts = TextField()
    terms = TextField()
    how = CharField(max_length=200, default="")
    where = CharField(max_length=100, default="")
    until = DateField()
    amount = DecimalField(max_digits=14, decimal_places=2, null=True)
    copies = SmallIntegerField(default=3)
    made_on = DateField()
    effective_on = DateField()
    recorder = CharField(max_length=60, default="")

    class Meta:
        table_name = "mediation_agreement"

    @property
    def form_title(self) -> str:
        return AGREEMENT_FORMS[self.form]

    @property
    def money(self) -> str:
        return f"{self.amount:,.2f} 元" if self.amount else "不涉及"


class FollowUp(Model):
    """回访: whether the agreement is kept, whether people are content, whether it may flare up again."""

    county_id = IntegerField()
    case = ForeignKeyField(Case)
    at = DateTimeField()
    performed = CharField(max_length=8)
    satisfaction = CharField(max_length=2)
    risk = CharField(max_length=8)
    text = TextField()
    measures = CharField(max_length=300, default="")
    by_name = CharField(max_length=60)

    class Meta:
        table_name = "mediation_follow_up"


class CourtConfirmation(Model):
    """司法确认, asked for by both parties together. What the court decided is written down, never worked out."""

    county_id = IntegerField()
    case = ForeignKeyField(Case, unique=True)
    court = CharField(max_length=80)
    asked_on = DateField()
    result = CharField(max_length=10, default="")
    result_on = DateField(null=True)
    court_number = CharField(max_length=80, default="")

    class Meta:
        table_name = "mediation_confirmation"

    @property
    def result_title(self) -> str:
        return COURT_RESULTS.get(self.result, "等待法院审查")


class Sweep(PlacedModel):
    """One round of looking for disputes in a village: from when until when, and how many were found (zero is said)."""

    unit = ForeignKeyField(Unit)
    since = DateField()
    until = DateField()
    #: Computed from the register when it is reported, so that nobody types what the system knows.
    found = IntegerField(default=0)
    open = IntegerField(default=0)
    note = CharField(max_length=300, default="")
    by = BigIntegerField(null=True)
    by_name = CharField(max_length=60)
    at = DateTimeField(default=now)

    class Meta:
        table_name = "mediation_sweep"
        indexes = ((("county_id", "id"), False), (("town_id", "id"), False), (("village_id", "id"), False))
