"""The tables of the grids: team, households, visits, patrols, events (DOMAIN 4)."""

from portal.kit import (
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
    now,
    today,
)

#: 综合网格 covers people and places; 专属网格 is one park, school, hospital or office.
GRID_KINDS = {"general": "综合网格", "special": "专属网格"}
ROLES = {
    "head": "网格长", "full": "专职网格员", "part": "兼职网格员", "party": "党小组长", "block": "楼栋（屋场）长",
    "volunteer": "志愿者",
}
#: Who answers for a grid. A grid that has none of them is without a worker, whoever else helps in it.
RESPONSIBLE = ("head", "full", "part")

HOUSEHOLD_KINDS = {"resident": "常住", "away": "外出", "registered": "空挂"}
STRUCTURES = {"": "未登记", "brick": "砖混", "frame": "框架", "timber": "木结构", "earth": "土木", "other": "其他"}
SAFETY = {"": "未鉴定", "A": "A 级", "B": "B 级", "C": "C 级", "D": "D 级"}
RISKS = {"high": "高风险", "key": "重点", "normal": "一般"}
#: GB/T 4761, the one-digit codes: how somebody is related to the head of the household.
RELATIONS = {
    "0": "户主", "1": "配偶", "2": "子", "3": "女", "4": "孙子女、外孙子女", "5": "父母", "6": "祖父母、外祖父母",
    "7": "兄弟姐妹", "8": "其他",
}
HEAD = "0"
#: What the police, the courts and the health service hold; here it is a flag only (PIPL 第六条).
KEY_KINDS = {
    "corrections": "社区矫正", "released": "刑满释放", "mental": "严重精神障碍", "drugs": "吸毒", "petition": "信访",
}

VISIT_RESULTS = {"normal": ("正常", "ok"), "absent": ("见面未遇", "warn"), "problem": ("有事", "over")}
#: A household counts as visited when somebody was met.
MET = ("normal", "problem")
THEMES = {
    "fire": "防火", "drowning": "防溺水", "gas": "燃气", "road": "道路", "geology": "地灾", "power": "用电",
    "general": "日常巡查",
}
URGENCIES = {"normal": "一般", "urgent": "紧急"}
LEVELS = {"grid": "网格（当场）", "village": "村（社区）", "town": "乡镇", "county": "县级"}


class Grid(PlacedModel):
    """What the tree of units does not know of a grid; its name, code and end are the unit's."""

    unit = ForeignKeyField(Unit, unique=True)
    kind = CharField(max_length=10, default="general")
    #: The range in words, as the notice on the wall says it (滨州市网格化服务管理条例第六条).
    range = TextField(default="")
    supervision_phone = CharField(max_length=30, default="")
    lon = DecimalField(max_digits=9, decimal_places=6, null=True)
    lat = DecimalField(max_digits=9, decimal_places=6, null=True)
    #: A GeoJSON geometry, where somebody has drawn one.
    boundary = JSONField(null=True)
    version = IntegerField(default=1)

    class Meta:
        table_name = "grid_grid"
        whole = True
        indexes = ((("county_id", "id"), False), (("town_id", "id"), False), (("village_id", "id"), False))

    @property
    def kind_title(self) -> str:
        return GRID_KINDS[self.kind]


class GridWorker(PlacedModel):
    """Somebody of a grid's team. Name and work phone are posted in public; nobody is deleted, their time ends."""

    unit = ForeignKeyField(Unit)
    name = CharField(max_length=50)
    work_phone = CharField(max_length=30, default="")
    role = CharField(max_length=10)
    user = ForeignKeyField(User, null=True)
    since = DateField(default=today)
    until = DateField(null=True)
    ended_by = CharField(max_length=60, default="")

    class Meta:
        table_name = "grid_worker"
        indexes = ((("county_id", "id"), False), (("town_id", "id"), False), (("village_id", "id"), False))

    @property
    def role_title(self) -> str:
        return ROLES[self.role]

    @property
    def is_current(self) -> bool:
        return self.until is None


class Household(PlacedModel):
    """一户一档. Who lives in it are residents of the people room; here is the house, and how often to call."""

    unit = ForeignKeyField(Unit)
    number = IntegerField()
    address = CharField(max_length=200, default="")
    kind = CharField(max_length=12, default="resident")
    structure = CharField(max_length=10, default="")
    floors = SmallIntegerField(null=True)
    safety = CharField(max_length=1, default="")
    helper = CharField(max_length=50, default="")
    #: The masked name of the head, so that a list need not open every member.
    head = CharField(max_length=60, default="")
    initials = CharField(max_length=50, default="")
    risk = CharField(max_length=8, default="normal")
    last_visit = DateField(null=True)
    due_on = DateField(default=today)
    created = DateTimeField(default=now)
    closed_on = DateField(null=True)
    version = IntegerField(default=1)

    class Meta:
        table_name = "grid_household"
        indexes = (
            (("village_id", "number"), True), (("county_id", "id"), False), (("town_id", "id"), False),
            (("village_id", "due_on"), False), (("grid_id", "due_on"), False),
        )

    @property
    def kind_title(self) -> str:
        return HOUSEHOLD_KINDS[self.kind]

    @property
    def structure_title(self) -> str:
        return STRUCTURES[self.structure]

    @property
    def safety_title(self) -> str:
        return SAFETY[self.safety]

    @property
    def risk_title(self) -> str:
        return RISKS[self.risk]

    @property
    def risk_tone(self) -> str:
        return {"high": "over", "key": "warn"}.get(self.risk, "teal")

    @property
    def days_left(self) -> int:
        return (self.due_on - today()).days

    @property
    def due_title(self) -> str:
        left = self.days_left
        return f"逾期 {-left} 天" if left < 0 else "今天到期" if left == 0 else f"还有 {left} 天"

    @property
    def due_tone(self) -> str:
        return "over" if self.days_left < 0 else "warn" if self.days_left <= 3 else "teal"


class Member(Model):
    """A resident in a household, related to its head; whoever leaves keeps a line with the day."""

    county_id = IntegerField()
    household = ForeignKeyField(Household, backref="members")
    resident = ForeignKeyField(Resident)
    relation = CharField(max_length=1)
    since = DateField(default=today)
    until = DateField(null=True)

    class Meta:
        table_name = "grid_member"

    @property
    def relation_title(self) -> str:
        return RELATIONS[self.relation]


class KeyPerson(PlacedModel):
    """A flag that a resident belongs to a key group; opened for a reason only, by those whom it concerns."""

    resident = ForeignKeyField(Resident)
    unit = ForeignKeyField(Unit)
    kind = CharField(max_length=12)
    owner = CharField(max_length=60)
    since = DateField(default=today)
    added_by = CharField(max_length=60, default="")

    class Meta:
        table_name = "grid_key_person"
        indexes = ((("county_id", "id"), False), (("town_id", "id"), False), (("village_id", "id"), False))

    @property
    def kind_title(self) -> str:
        return KEY_KINDS[self.kind]


class RiskChange(Model):
    """How the risk of a household changed, by whom and why."""

    county_id = IntegerField()
    household = ForeignKeyField(Household)
    old = CharField(max_length=8)
    new = CharField(max_length=8)
    reason = CharField(max_length=200)
    by_name = CharField(max_length=60)
    at = DateTimeField(default=now)

    class Meta:
        table_name = "grid_risk_change"

    @property
    def title(self) -> str:
        return f"{RISKS[self.old]} → {RISKS[self.new]}"


class Visit(PlacedModel):
    """走访: somebody called at a household. `due_on` is the day by which this call was due."""

    household = ForeignKeyField(Household, backref="visits")
    result = CharField(max_length=8)
    note = CharField(max_length=300, default="")
    due_on = DateField()
    at = DateTimeField(default=now)
    by = ForeignKeyField(User)
    by_name = CharField(max_length=60)
    case = ForeignKeyField(Case, null=True)

    class Meta:
        table_name = "grid_visit"
        indexes = ((("county_id", "at"), False), (("town_id", "at"), False), (("village_id", "at"), False))

    @property
    def result_title(self) -> str:
        return VISIT_RESULTS[self.result][0]

    @property
    def tone(self) -> str:
        return VISIT_RESULTS[self.result][1]


class Patrol(PlacedModel):
    """巡查: what was looked after, where in words, and whether something was found. No track, no photo is asked for."""

    unit = ForeignKeyField(Unit)
    theme = CharField(max_length=12)
    route = CharField(max_length=200)
    normal = BooleanField(default=True)
    note = CharField(max_length=300, default="")
    at = DateTimeField(default=now)
    by = ForeignKeyField(User)
    by_name = CharField(max_length=60)
    case = ForeignKeyField(Case, null=True)

    class Meta:
        table_name = "grid_patrol"
        indexes = ((("county_id", "id"), False), (("town_id", "id"), False), (("village_id", "id"), False))

    @property
    def theme_title(self) -> str:
        return THEMES[self.theme]


class GridEvent(PlacedModel):
    """What the ledger does not know of an event: what kind, where, who looked, who handled, how often it went round."""

    case = ForeignKeyField(Case, unique=True)
    category = CharField(max_length=20)
    sub = CharField(max_length=20, default="")
    where = CharField(max_length=200, default="")
    lon = DecimalField(max_digits=9, decimal_places=6, null=True)
    lat = DecimalField(max_digits=9, decimal_places=6, null=True)
    text = TextField(default="")
    urgency = CharField(max_length=8, default="normal")
    #: A duty to report by law: 反家庭暴力法第十四条、未成年人保护法第十一条.
    compulsory = BooleanField(default=False)
    informed_whom = CharField(max_length=100, default="")
    informed_at = DateTimeField(null=True)
    reported_from = ForeignKeyField(Unit, backref="+")
    reported_by = ForeignKeyField(User, null=True, backref="+")
    #: Who handed it to whom last: a unit that sends it back sends it to whoever is above both.
    sent_by = ForeignKeyField(Unit, null=True, backref="+")
    #: 会商指定: afterwards nobody sends it back (潍坊12345条例第二十二条).
    appointed = BooleanField(default=False)
    difficulty = CharField(max_length=10, default="")
    declined = SmallIntegerField(default=0)
    redone = SmallIntegerField(default=0)
    extension_unit = ForeignKeyField(Unit, null=True, backref="+")
    extension_days = SmallIntegerField(null=True)
    extension_granted = BooleanField(null=True)
    handled_unit = ForeignKeyField(Unit, null=True, backref="+")
    handled_by = ForeignKeyField(User, null=True, backref="+")
    #: Where it was settled: grid (on the spot), village, town, county. "小事不出格" counts the first two.
    handled_level = CharField(max_length=8, default="")
    handled_at = DateTimeField(null=True)
    result = TextField(default="")
    merged_into = ForeignKeyField(Case, null=True, backref="+")

    class Meta:
        table_name = "grid_event"
        indexes = ((("county_id", "id"), False), (("town_id", "id"), False), (("village_id", "id"), False))

    @property
    def urgency_title(self) -> str:
        return URGENCIES[self.urgency]

    @property
    def level_title(self) -> str:
        return LEVELS.get(self.handled_level, "")


class TownPoint(Model):
    """Where a town lies on the map, as the county loaded it."""

    unit = ForeignKeyField(Unit, unique=True)
    county_id = IntegerField()
    lon = DecimalField(max_digits=9, decimal_places=6)
    lat = DecimalField(max_digits=9, decimal_places=6)

    class Meta:
        table_name = "grid_town_point"
        whole = True


MODELS = [
    Grid, GridWorker, Household, Member, KeyPerson, RiskChange, Visit, Patrol, GridEvent, TownPoint,
]
