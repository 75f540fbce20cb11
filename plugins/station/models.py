import re

from portal.kit import (
    BooleanField,
    Case,
    CharField,
    DateField,
    DateTimeField,
    Deadline,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    SmallIntegerField,
    TextField,
    Unit,
    User,
    now,
)

MODES = {"direct": "直办", "proxy": "代办", "assist": "协办", "inform": "公开告知"}
LEVELS = {"village": "村（社区）", "town": "乡镇", "county": "县级"}
NEEDS = {"must": "必交", "later": "可容缺", "conditional": "按情形"}
MATERIAL_STATES = {
    "received": ("已收", "ok"), "missing": ("未交", "over"), "later": ("容缺后补", "warn"),
    "waived": ("本件不需要", "info"),
}
SOURCES = {"self": "申请人自备", "government": "政府部门核发", "shared": "共享免交"}


def promise_title(promised) -> str:
    """Return the promise of an item, or of a request, in words."""
    return "当场办结" if promised.on_the_spot else str(Deadline(promised.promise_amount, promised.promise_unit))


_LIMIT = re.compile(r"(\d+) ?(个工作日|工作日|个月|日|天|小时)")
UNITS_OF_LIMITS = {
    "个工作日": "workday", "工作日": "workday", "个月": "month", "日": "day", "天": "day", "小时": "hour",
}


def speed_up(item) -> str:
    """Return 承诺提速 = 1 − 承诺 ÷ 法定 (DOMAIN 9.10) in words, with both.

    "" where the law names no limit, or one in another unit than the promise. What is settled on the spot takes no time.
    """
    found = _LIMIT.match(item.legal_limit)
    if found is None or not int(found[1]):
        return ""
    lawful, unit = int(found[1]), UNITS_OF_LIMITS[found[2]]
    if not item.on_the_spot and item.promise_unit != unit:
        return ""
    promised = 0 if item.on_the_spot else item.promise_amount
    return f"{(1 - promised / lawful) * 100:.1f}%（1 − {promised} / {lawful}）"


class ServiceItem(Model):
    """A service item as its guide says it. A request keeps the version that it was received under."""

    county_id = IntegerField()
    code = CharField(max_length=80)
    name = CharField(max_length=200)
    aliases = CharField(max_length=200, default="")
    initials = CharField(max_length=100, default="")
    theme = CharField(max_length=20, default="其他")
    modes = JSONField(default=list)
    decides = CharField(max_length=10)
    department = ForeignKeyField(Unit, null=True)
    department_name = CharField(max_length=60, default="")
    #: The lawful limit as words, with its source; "" where no national rule was found.
    legal_limit = CharField(max_length=60, default="")
    basis = TextField(default="")
    basis_checked = BooleanField(default=False)
    #: The limit that the county promises; 0 workdays means: settled on the spot.
    promise_amount = SmallIntegerField()
    promise_unit = CharField(max_length=10, default="workday")
    fee = CharField(max_length=60, default="不收费")
    conditions = TextField(default="")
    guide = TextField(default="")
    procedures = CharField(max_length=200, default="")
    starter = BooleanField(default=False)
    #: "catalogue" (with materials and limits) or "listed" (names of the provincial portal, not yet worked out).
    origin = CharField(max_length=10, default="catalogue")
    active = BooleanField(default=True)
    version = IntegerField(default=1)
    changed_at = DateTimeField(default=now)

    class Meta:
        table_name = "station_item"
        indexes = ((("county_id", "code"), True), (("county_id", "starter"), False))

    @property
    def mode_titles(self) -> str:
        return "、".join(MODES[mode] for mode in self.modes)

    @property
    def on_the_spot(self) -> bool:
        return self.promise_amount == 0

    @property
    def decides_title(self) -> str:
        return LEVELS[self.decides]

    @property
    def promise_title(self) -> str:
        return promise_title(self)


class ItemMaterial(Model):
    """One material that an item asks for; what is shared between offices is never asked of the applicant."""

    item = ForeignKeyField(ServiceItem, backref="materials")
    sort = SmallIntegerField()
    name = CharField(max_length=200)
    form = CharField(max_length=60, default="")
    source = CharField(max_length=12, default="self")
    need = CharField(max_length=12, default="must")
    condition = CharField(max_length=200, default="")

    class Meta:
        table_name = "station_material"

    @property
    def asked(self) -> bool:
        return self.source != "shared"

    @property
    def need_title(self) -> str:
        return NEEDS[self.need]

    @property
    def source_title(self) -> str:
        return SOURCES[self.source]


class ServiceRequest(Model):
    """What the ledger does not know of a service case: the item, the materials, the decision, the delivery."""

    case = ForeignKeyField(Case, unique=True)
    county_id = IntegerField()
    item = ForeignKeyField(ServiceItem)
    # What the item's guide said when it was received: the county may change it for those who come later.
    item_name = CharField(max_length=200)
    item_version = IntegerField()
    decides = CharField(max_length=10)
    promise_amount = SmallIntegerField()
    promise_unit = CharField(max_length=10, default="workday")
    window = ForeignKeyField(Unit)
    received_by = ForeignKeyField(User, null=True)
    #: 代办 acts for the person and needs a letter of authority; 帮办 only helps to fill in.
    proxy_name = CharField(max_length=60, default="")
    proxy_letter = BooleanField(default=False)
    told_at = DateTimeField(null=True)
    told = TextField(default="")
    #: What was asked for then, as [name, form]: the paper must say tomorrow what it said today.
    told_missing = JSONField(default=list)
    #: The last special procedure (公示, 听证 ...): what it is, why, whose, and since when it is not counted.
    special_at = DateTimeField(null=True)
    special = CharField(max_length=60, default="")
    special_reason = TextField(default="")
    special_by = CharField(max_length=200, default="")
    accepted_at = DateTimeField(null=True)
    granted = BooleanField(null=True)
    decided_at = DateTimeField(null=True)
    decided_by = CharField(max_length=60, default="")
    decision = TextField(default="")
    delivered_at = DateTimeField(null=True)
    delivery = CharField(max_length=20, default="")
    recipient = CharField(max_length=60, default="")
    #: The number of the same matter on the province's platform, so that nobody types it there a second time.
    provincial_number = CharField(max_length=60, default="")

    class Meta:
        table_name = "station_request"

    @property
    def on_the_spot(self) -> bool:
        return self.promise_amount == 0

    @property
    def promise_title(self) -> str:
        return promise_title(self)


class RequestMaterial(Model):
    """A material of one request: handed in, still owed until a day, or not needed in this case."""

    county_id = IntegerField()
    request = ForeignKeyField(ServiceRequest, backref="materials")
    sort = SmallIntegerField()
    name = CharField(max_length=200)
    form = CharField(max_length=60, default="")
    need = CharField(max_length=12)
    state = CharField(max_length=10, default="missing")
    #: Handed in when the request was received, whatever became of it later: the receipt says so.
    at_receipt = BooleanField(default=False)
    received_at = DateTimeField(null=True)
    owed_until = DateField(null=True)

    class Meta:
        table_name = "station_request_material"

    @property
    def state_title(self) -> str:
        return MATERIAL_STATES[self.state][0]

    @property
    def receipt_title(self) -> str:
        """How the material stood when the request was received: a paper of that day does not change afterwards."""
        then = "received" if self.at_receipt else "waived" if self.state == "waived" else "missing"
        return MATERIAL_STATES[then][0]

    @property
    def tone(self) -> str:
        return MATERIAL_STATES[self.state][1]
