"""Each form asks only for what its step or page needs."""

from wtforms.validators import ValidationError

from plugins.grid.catalogue import CATEGORIES
from plugins.grid.models import (
    GRID_KINDS,
    HOUSEHOLD_KINDS,
    KEY_KINDS,
    RELATIONS,
    RISKS,
    ROLES,
    SAFETY,
    STRUCTURES,
    THEMES,
    URGENCIES,
)
from portal.kit import (
    TAGS,
    Amount,
    Choice,
    Day,
    Flag,
    Form,
    Hidden,
    IdCardField,
    LongText,
    Many,
    Moment,
    Number,
    PhoneField,
    Text,
    UnitField,
    Upload,
    VersionedForm,
    now,
    today,
)

REPLY_CHANNELS = [("face", "当面"), ("phone", "电话"), ("paper", "书面"), ("door", "上门")]
#: Where an event comes from (DOMAIN 4.5).
CHANNELS = [
    ("grid", "网格"), ("public", "群众"), ("hotline", "12345"), ("meeting", "恳谈会"), ("video", "视频"),
    ("superior", "上级交办"), ("department", "部门"),
]
#: Channels behind which a person stands who waits for an answer.
FROM_PEOPLE = ("public", "hotline", "meeting")
INFORMED = [("110", "110（公安）"), ("civil", "民政部门"), ("both", "110 和民政部门")]
DIFFICULTIES = [("normal", "一般"), ("hard", "重点难点"), ("difficult", "疑难")]


class Degrees(Amount):
    """A longitude or latitude: six decimals are some ten centimetres, two would be a kilometre."""

    wrong = "请填写经纬度，例如 105.131069。"

    def __init__(self, label, **kwargs):
        super().__init__(label, required=False, **kwargs)
        self.places = 6


# -- events --------------------------------------------------------------------------------------------------------

class ReportForm(Form):
    """上报: tiles, place, what happened; everything below that is optional."""

    category = Choice("是什么事", choices=[(one.key, one.title) for one in CATEGORIES.values()])
    unit_id = UnitField("在哪里", levels=("grid", "village"))
    where = Text("具体位置", required=False, longest=200)
    text = LongText("现场情况", longest=1000)
    attachments = Upload("现场照片")
    urgency = Choice("紧急程度", choices=list(URGENCIES.items()), default="normal")
    settled = Flag("已经当场处置好，直接办结")
    result = Text("怎么处置的", required=False, longest=300)
    informed_whom = Choice("已经报告了谁", choices=[("", "还没有报告"), *INFORMED], required=False)
    informed_at = Moment("什么时候报告的", required=False)
    sub = Choice("细分", required=False, choices=[("", "以后再分")] + [
        (key, f"{one.title} / {title}") for one in CATEGORIES.values() for key, title in one.subs.items()
    ])
    channel = Choice("怎么知道的", choices=CHANNELS, default="grid")
    name = Text("反映人姓名", required=False, longest=50)
    phone = PhoneField("反映人电话", required=False)
    anonymous = Flag("反映人不愿留名")
    lon = Degrees("经度", least=73, most=136)
    lat = Degrees("纬度", least=3, most=54)
    household_id = Hidden()
    patrol_id = Hidden()


class PlainForm(VersionedForm):
    text = LongText("说明", required=False, longest=1000)


class AcceptForm(VersionedForm):
    sub = Choice("细分", required=False)
    text = LongText("核实情况", required=False, longest=500)


class OpinionForm(VersionedForm):
    text = LongText("情况和要求", longest=1000)


class ReasonForm(VersionedForm):
    text = LongText("理由", longest=1000)


class ResultForm(VersionedForm):
    text = LongText("处置结果", longest=1000)
    attachments = Upload("处置后的照片")


class AnswerForm(VersionedForm):
    """Any step that ends a matter which somebody brought: what they were told, and how."""

    text = LongText("办理情况", required=False, longest=1000)
    reply = LongText("给反映人的答复", longest=1000)
    reply_channel = Choice("告知方式", choices=REPLY_CHANNELS, default="phone")


class RefuseForm(VersionedForm):
    text = LongText("不予受理的理由", longest=1000)


class RefuseAnswerForm(AnswerForm):
    text = LongText("不予受理的理由", longest=1000)


class InformForm(VersionedForm):
    informed_whom = Choice("报告了谁", choices=INFORMED)
    informed_at = Moment("什么时候报告的")
    text = LongText("接报人、警情编号等", required=False, longest=300)

    def validate_informed_at(self, field):
        if field.data and field.data > now():
            raise ValidationError("报告时间不能晚于现在。")


class AssignForm(VersionedForm):
    target = Choice("交给哪个单位")
    difficulty = Choice("难易", choices=DIFFICULTIES, default="normal")
    text = LongText("交办要求", longest=1000)


class AppointForm(AssignForm):
    text = LongText("会商单位、时间和结论", longest=1000)


class ExtendForm(VersionedForm):
    days = Number("延长几个工作日", least=1, most=15)
    text = LongText("延期理由", longest=500)


class ReferForm(VersionedForm):
    kind = Choice("转到哪个平台")
    text = LongText("情况说明", longest=1000)


# -- grids ---------------------------------------------------------------------------------------------------------

class _Bounds:
    """What create and edit share."""

    name = Text("网格名称", longest=100)
    kind = Choice("类别", choices=list(GRID_KINDS.items()), default="general")
    range = LongText("范围（四至、所辖小组、楼栋）", longest=1000)
    supervision_phone = PhoneField("监督电话")
    lon = Degrees("经度", least=73, most=136)
    lat = Degrees("纬度", least=3, most=54)
    shape = LongText("边界（GeoJSON）", required=False, longest=20_000)
    note = Text("依据（文号等）", required=False, longest=200)


class GridForm(_Bounds, Form):
    unit_id = UnitField("属于哪个村（社区）")


class EditGridForm(_Bounds, VersionedForm):
    pass


class CloseGridForm(VersionedForm):
    valid_to = Day("停用日期")
    note = Text("依据（文号等）", longest=200)


class WorkerForm(Form):
    name = Text("姓名", longest=50)
    role = Choice("身份", choices=list(ROLES.items()))
    work_phone = PhoneField("工作电话（对外公示）", required=False)
    account = Text("登录账号", required=False, longest=40)
    since = Day("从哪天起")


class EndWorkerForm(Form):
    until = Day("到哪天止")

    def validate_until(self, field):
        if field.data and field.data > today():
            raise ValidationError("请在离任当天或之后登记，日期不能晚于今天。")


# -- households ----------------------------------------------------------------------------------------------------

class HouseholdForm(VersionedForm):
    unit_id = UnitField("所在网格", levels=("grid", "village"))
    number = Number("户编号", least=1, most=99_999)
    address = Text("门牌或住址（到组）", longest=200)
    kind = Choice("户类型", choices=list(HOUSEHOLD_KINDS.items()), default="resident")
    structure = Choice("房屋结构", choices=list(STRUCTURES.items()), required=False)
    floors = Number("层数", required=False, most=60)
    safety = Choice("安全鉴定", choices=list(SAFETY.items()), required=False)
    helper = Text("帮扶责任人", required=False, longest=50)


class MemberForm(Form):
    name = Text("姓名", longest=50)
    id_card = IdCardField("居民身份证号", required=False)
    phone = PhoneField("电话", required=False)
    relation = Choice("与户主关系", choices=list(RELATIONS.items()), default="")
    tags = Many("关怀类别", choices=list(TAGS.items()))


class RiskForm(VersionedForm):
    risk = Choice("风险等级", choices=list(RISKS.items()))
    reason = Text("理由", longest=200)


class KeyPersonForm(Form):
    kind = Choice("类别", choices=list(KEY_KINDS.items()))
    owner = Text("认定部门", longest=60)
    since = Day("认定日期")


class WhyForm(Form):
    reason = Text("为什么查看", longest=200)

    def validate_reason(self, field):
        if field.data and len(field.data) < 4:
            raise ValidationError("请写明具体理由，例如“上门走访前核对情况”。")


# -- patrols -------------------------------------------------------------------------------------------------------

class PatrolForm(Form):
    unit_id = UnitField("在哪个网格", levels=("grid", "village"))
    theme = Choice("看什么", choices=list(THEMES.items()), default="general")
    route = Text("走了哪些地方", longest=200)
    note = Text("备注", required=False, longest=300)
