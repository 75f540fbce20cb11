"""The tables of village self-government. Every row lies in a village; nothing here holds an ID number or a phone."""

from portal.kit import (
    BooleanField,
    Case,
    CharField,
    DateField,
    DateTimeField,
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
    now,
)

MATTERS = {
    "charter": "村规民约", "authorise": "授权村民代表会议制定村规民约", "council": "红白理事会",
    "assembly": "推选村民代表",
    "other": "其他事项",
}
THEMES = {
    "conduct": "日常行为", "order": "公共秩序", "rights": "群众权益", "disputes": "调解纠纷", "customs": "民风民俗",
}
HOWS = {"visit": "入户走访", "meeting": "院坝会", "box": "意见箱", "phone": "电话", "online": "微信群等"}
CHARTER_STATES = {"drafting": "制定中", "in_force": "施行中", "repealed": "已废止", "dropped": "已终止"}
RESULTS = {"": "—", "first": "先进户", "last": "整改户"}
BANQUETS = {"wedding": "婚事", "funeral": "丧事", "other": "其他"}


class VillageModel(PlacedModel):
    """A row of a village. A grid lies in its village, so its people see what the village sees."""

    @classmethod
    def seen_by(cls, person):
        unit = person.post.unit if person.post else None
        if unit is not None and unit.level == "grid":
            return cls.select().where(cls.village_id == unit.village_id)
        return super().seen_by(person)


# -- meetings ----------------------------------------------------------------------------------------------------------

class Assembly(VillageModel):
    """What the rolls of a village are: adults, households, and who makes up the 村民代表会议 (第二十九条)."""

    unit = ForeignKeyField(Unit, unique=True)
    adults = IntegerField()
    households = IntegerField()
    committee = SmallIntegerField()
    representatives = SmallIntegerField()
    women = SmallIntegerField()
    elected_on = DateField(null=True)
    version = IntegerField(default=1)

    class Meta:
        table_name = "village_rules_assembly"

    @property
    def members(self) -> int:
        return self.committee + self.representatives


class Meeting(VillageModel):
    """A meeting of a body of the village: called, then held and recorded. Counts are enough, names are optional."""

    unit = ForeignKeyField(Unit)
    body = CharField(max_length=12)
    group_name = CharField(max_length=40, default="")
    subject = CharField(max_length=200)
    called_by = CharField(max_length=20, default="committee")
    demanders = IntegerField(null=True)
    demanders_of = IntegerField(null=True)
    notice_on = DateField(null=True)
    special_reason = CharField(max_length=300, default="")
    planned_at = DateTimeField()
    place = CharField(max_length=100)
    chair = CharField(max_length=50)
    held_on = DateField(null=True)
    recorder = CharField(max_length=50, default="")
    counting = CharField(max_length=12, default="")
    roll = IntegerField(null=True)
    present = IntegerField(null=True)
    women_present = IntegerField(null=True)
    attendees = TextField(default="")
    record = TextField(default="")
    created_by = ForeignKeyField(User, null=True)
    version = IntegerField(default=1)

    class Meta:
        table_name = "village_rules_meeting"
        indexes = ((("village_id", "body", "held_on"), False),)


class Resolution(Model):
    """What a meeting voted on; `passed` is what the votes came to by law, never a wish."""

    meeting = ForeignKeyField(Meeting, backref="resolutions")
    position = SmallIntegerField()
    matter = CharField(max_length=12, default="other")
    text = TextField()
    #: Important matters are discussed by the village's party organisation first (第二十八条).
    important = BooleanField(default=False)
    party_on = DateField(null=True)
    party_note = CharField(max_length=300, default="")
    votes_for = IntegerField()
    votes_against = IntegerField()
    votes_abstained = IntegerField()
    passed = BooleanField()

    class Meta:
        table_name = "village_rules_resolution"
        indexes = ((("meeting", "position"), True),)


# -- 村规民约 --------------------------------------------------------------------------------------------------------

class Charter(VillageModel):
    """One edition of a village's rules: what the ledger does not know of its case."""

    case = ForeignKeyField(Case, unique=True)
    unit = ForeignKeyField(Unit)
    title = CharField(max_length=100)
    edition = SmallIntegerField()
    previous = ForeignKeyField("self", null=True)
    status = CharField(max_length=10, default="drafting")
    collect_until = DateField(null=True)
    reviewed_on = DateField(null=True)
    reviewed_by = CharField(max_length=50, default="")
    party_opinion = TextField(default="")
    legal_opinion = TextField(default="")
    resolution = ForeignKeyField(Resolution, null=True)
    authorised_by = ForeignKeyField(Resolution, null=True, backref="authorised")
    filing_number = CharField(max_length=60, default="")
    filed_on = DateField(null=True)
    published_on = DateField(null=True)
    published_at = CharField(max_length=100, default="")
    effective_on = DateField(null=True)
    repealed_on = DateField(null=True)

    class Meta:
        table_name = "village_rules_charter"
        indexes = ((("unit", "edition"), True), (("village_id", "status"), False), (("town_id", "status"), False),
                   (("county_id", "status"), False))

    @property
    def status_title(self) -> str:
        return CHARTER_STATES[self.status]


class Clause(Model):
    """One clause. `answer` says why words that screening points at may stand; the township reads both."""

    charter = ForeignKeyField(Charter, backref="clauses")
    position = SmallIntegerField()
    theme = CharField(max_length=10)
    heading = CharField(max_length=60, default="")
    text = TextField()
    answer = CharField(max_length=500, default="")
    version = IntegerField(default=1)

    class Meta:
        table_name = "village_rules_clause"

    @property
    def theme_title(self) -> str:
        return THEMES[self.theme]


class Opinion(Model):
    """What villagers said while opinions were collected, and what became of it."""

    charter = ForeignKeyField(Charter, backref="opinions")
    how = CharField(max_length=10)
    people = SmallIntegerField(default=1)
    text = TextField()
    adopted = BooleanField(null=True)
    reason = CharField(max_length=300, default="")
    at = DateTimeField(default=now)
    by_name = CharField(max_length=60, default="")
    version = IntegerField(default=1)

    class Meta:
        table_name = "village_rules_opinion"


class Correction(VillageModel):
    """An order of the township to correct rules that it had filed (第三十一条)."""

    case = ForeignKeyField(Case, unique=True)
    charter = ForeignKeyField(Charter, backref="corrections")
    clauses = CharField(max_length=200, default="")
    reason = TextField()
    office = ForeignKeyField(Unit)
    report = TextField(default="")

    class Meta:
        table_name = "village_rules_correction"


# -- 红黑榜 ----------------------------------------------------------------------------------------------------------

class Household(VillageModel):
    """A household as the board knows it: a number of its own, its group and door, and the head's masked name."""

    unit = ForeignKeyField(Unit)
    number = SmallIntegerField()
    group_name = CharField(max_length=20)
    door = CharField(max_length=40)
    head = CharField(max_length=60)
    resident = ForeignKeyField(Resident, null=True)
    active = BooleanField(default=True)
    version = IntegerField(default=1)

    class Meta:
        table_name = "village_rules_household"
        indexes = ((("unit", "number"), True), (("unit", "group_name", "door"), True))

    @property
    def code(self) -> str:
        """Return the number by which others than the village's own people know it."""
        return f"{self.number:03d} 号户"


class Sheet(VillageModel):
    """A scoring sheet, one of which is in use; rounds keep the one that they were scored with."""

    unit = ForeignKeyField(Unit)
    edition = SmallIntegerField()
    active = BooleanField(default=True)
    made_on = DateField()
    by_name = CharField(max_length=60, default="")

    class Meta:
        table_name = "village_rules_sheet"
        indexes = ((("unit", "edition"), True),)


class SheetLine(Model):
    """One line; points are kept in tenths, so that half a point is exact."""

    sheet = ForeignKeyField(Sheet, backref="lines")
    position = SmallIntegerField()
    part = CharField(max_length=20)
    standard = CharField(max_length=200)
    tenths = SmallIntegerField()
    fault_tenths = SmallIntegerField()

    class Meta:
        table_name = "village_rules_sheet_line"

    @property
    def most_faults(self) -> int:
        """Return how many faults take all points of the line."""
        return -(-self.tenths // self.fault_tenths)


class Round(VillageModel):
    """The inspection of one month: scored, confirmed by people, posted for a limited time."""

    unit = ForeignKeyField(Unit)
    month = DateField()
    sheet = ForeignKeyField(Sheet)
    inspectors = CharField(max_length=200)
    held_on = DateField()
    state = CharField(max_length=10, default="scoring")
    confirmed_on = DateField(null=True)
    confirmed_by = CharField(max_length=200, default="")
    posted_on = DateField(null=True)
    posted_until = DateField(null=True)
    posted_at = CharField(max_length=100, default="")
    version = IntegerField(default=1)

    class Meta:
        table_name = "village_rules_round"
        indexes = ((("unit", "month"), True), (("town_id", "month"), False), (("county_id", "month"), False))

    @property
    def month_title(self) -> str:
        return f"{self.month.year} 年 {self.month.month} 月"


class Score(VillageModel):
    """What one household got in one round: faults by line, points, and what people made of it."""

    round = ForeignKeyField(Round, backref="scores")
    household = ForeignKeyField(Household)
    faults = JSONField(default=dict)
    tenths = SmallIntegerField()
    remark = CharField(max_length=200, default="")
    result = CharField(max_length=6, default="")
    by_name = CharField(max_length=60, default="")
    at = DateTimeField(default=now)
    version = IntegerField(default=1)

    class Meta:
        table_name = "village_rules_score"
        indexes = ((("round", "household"), True),)

    @property
    def result_title(self) -> str:
        return RESULTS[self.result]


class Rectification(VillageModel):
    """A household that has something to put right: what the ledger does not know of its case."""

    case = ForeignKeyField(Case, unique=True)
    score = ForeignKeyField(Score, unique=True)
    told_on = DateField(null=True)
    what = TextField(default="")
    appealed_on = DateField(null=True)
    appeal = TextField(default="")
    answer = CharField(max_length=10, default="")
    checked_on = DateField(null=True)
    checked_by = CharField(max_length=60, default="")
    #: "mending", "cleared", "corrected" or "withdrawn": what the board needs to know without asking the ledger.
    status = CharField(max_length=10, default="mending")

    class Meta:
        table_name = "village_rules_rectification"
        indexes = ((("town_id", "status"), False),)


# -- 红白理事会 ------------------------------------------------------------------------------------------------------

class Council(VillageModel):
    """The 红白理事会 of one term."""

    unit = ForeignKeyField(Unit)
    resolution = ForeignKeyField(Resolution, null=True)
    elected_on = DateField()
    until = DateField()
    members = JSONField(default=list)
    active = BooleanField(default=True)
    version = IntegerField(default=1)

    class Meta:
        table_name = "village_rules_council"


class BanquetLimit(VillageModel):
    """What a village advises (提倡); an empty field advises nothing. Never a fine, never a bar."""

    unit = ForeignKeyField(Unit, unique=True)
    tables = IntegerField(null=True)
    per_table = IntegerField(null=True)
    tobacco = IntegerField(null=True)
    alcohol = IntegerField(null=True)
    gift = IntegerField(null=True)
    cars = IntegerField(null=True)
    days = IntegerField(null=True)
    note = CharField(max_length=300, default="")
    version = IntegerField(default=1)

    class Meta:
        table_name = "village_rules_banquet_limit"


class Banquet(VillageModel):
    """A BanquetNotice: who gives it, for what, how large it is meant to be, and how it was."""

    unit = ForeignKeyField(Unit)
    host = CharField(max_length=60)
    resident = ForeignKeyField(Resident, null=True)
    kind = CharField(max_length=8)
    occasion = CharField(max_length=60, default="")
    on_day = DateField()
    notice_on = DateField()
    tables = IntegerField()
    per_table = IntegerField(null=True)
    tobacco = IntegerField(null=True)
    alcohol = IntegerField(null=True)
    gift = IntegerField(null=True)
    cars = IntegerField(null=True)
    days = IntegerField(null=True)
    band = BooleanField(default=False)
    pledged_on = DateField(null=True)
    visited_on = DateField(null=True)
    visited_by = CharField(max_length=60, default="")
    actual_tables = IntegerField(null=True)
    actual_per_table = IntegerField(null=True)
    remark = CharField(max_length=300, default="")
    version = IntegerField(default=1)

    class Meta:
        table_name = "village_rules_banquet"

    @property
    def kind_title(self) -> str:
        return self.occasion or BANQUETS[self.kind]
