"""Each step's form asks only for what that step needs; everything the system already knows is shown, not typed."""

from wtforms.validators import ValidationError

from plugins.station.models import LEVELS
from portal.kit import (
    Choice,
    Day,
    Flag,
    Form,
    IdCardField,
    LongText,
    Many,
    Number,
    PhoneField,
    Text,
    UnitField,
    Upload,
    VersionedForm,
    today,
)

REPLY_CHANNELS = [("face", "当面"), ("phone", "电话"), ("paper", "书面"), ("door", "上门")]
INTAKE_CHANNELS = [
    ("window", "窗口"), ("visit", "上门服务"), ("proxy", "代办"), ("mobile", "流动服务"), ("phone", "预约"),
]
DELIVERIES = [("window", "窗口领取"), ("door", "上门送达"), ("post", "邮寄"), ("account", "拨付到账")]
PROCEDURES = [
    ("公示", "公示"), ("入户调查", "入户调查"), ("民主评议", "民主评议"), ("现场踏勘", "现场踏勘"),
    ("检验检测鉴定", "检验、检测、鉴定"), ("听证", "听证"), ("专家评审", "专家评审"), ("信息核对", "信息核对"),
]


#: Which reason of the law each procedure is.
PROCEDURE_REASONS = {
    "公示": "publicity", "入户调查": "survey", "现场踏勘": "survey", "民主评议": "assessment", "听证": "hearing",
    "检验检测鉴定": "inspection", "专家评审": "review", "信息核对": "checking",
}


class ReceiveForm(Form):
    """收件: who comes, and what they hand in. The materials' fields are added for the chosen item by the view."""

    name = Text("办事人姓名", longest=50)
    id_card = IdCardField("居民身份证号")
    phone = PhoneField("联系电话", required=False)
    unit_id = UnitField("住在哪个村（社区）")
    channel = Choice("来办方式", choices=INTAKE_CHANNELS, default="window")
    received = Many("现场收到的材料", coerce=int)
    proxy_name = Text("代办人", required=False, longest=50)
    proxy_letter = Flag("已收到申请人签名的代办委托书")
    provincial_number = Text("省一体化平台办件号", required=False, longest=60)
    note = LongText("补充说明", required=False, longest=500)
    attachments = Upload("上传材料（照片或扫描件）")


class CorrectForm(VersionedForm):
    missing = Many("还缺或不合格的材料", coerce=int)
    text = LongText("要补正什么、怎么补", longest=1000)


class SupplementForm(VersionedForm):
    received = Many("这次收到的材料", coerce=int)
    text = LongText("说明", required=False, longest=500)
    attachments = Upload("上传材料（照片或扫描件）")


class AcceptForm(VersionedForm):
    later = Many("容缺受理、以后补交的材料", coerce=int)
    owed_until = Day("容缺材料补交期限", required=False)
    text = LongText("受理说明", required=False, longest=500)

    def validate_owed_until(self, field):
        if self.later.data and not field.data:
            raise ValidationError("有容缺材料时，请填写补交期限。")
        if field.data and field.data < today():
            raise ValidationError("补交期限不能早于今天。")


class AnswerForm(VersionedForm):
    """Any step that ends the matter: the answer to the person who came, and how they were told."""

    reply = LongText("给办事人的答复", longest=1000)
    reply_channel = Choice("告知方式", choices=REPLY_CHANNELS, default="face")


class DeclineForm(AnswerForm):
    text = Text("应当去哪里办", longest=200)


class OpinionForm(VersionedForm):
    text = LongText("审核意见", longest=1000)


class ReasonForm(VersionedForm):
    text = LongText("理由", longest=1000)


class SuspendForm(VersionedForm):
    procedure = Choice("特别程序", choices=PROCEDURES)
    evidence = Text("依据（文书名称和文号）", required=False, longest=300)
    until_expected = Day("预计到哪一天结束")
    text = LongText("内容、依据和预计所需时间", longest=500)

    def validate_until_expected(self, field):
        if field.data and field.data < today():
            raise ValidationError("预计结束的日期不能早于今天。")


class DecideForm(VersionedForm):
    granted = Choice("决定", choices=[("yes", "准予"), ("no", "不予")])
    text = LongText("决定内容；不予时写明理由和救济途径", longest=2000)

    def validate_text(self, field):
        if self.granted.data == "no" and len(field.data or "") < 10:
            raise ValidationError("不予决定必须写明理由，并告知复议、诉讼或其他途径。")


class DeliverForm(AnswerForm):
    delivery = Choice("送达方式", choices=DELIVERIES)
    recipient = Text("签收人", longest=50)


class ItemForm(VersionedForm):
    """What a county may set of a service item without touching its lawful basis."""

    decides = Choice("谁决定", choices=list(LEVELS.items()))
    promise_amount = Number("承诺时限（0 为当场办结）", most=365)
    promise_unit = Choice("时限单位", choices=[("workday", "工作日"), ("day", "日（含节假日）")])
    asked_for = LongText("要带的材料", required=False, longest=4000)
    conditions = LongText("受理条件", required=False, longest=1000)
    procedures = Text("不计入时限的程序", required=False, longest=200)
    guide = LongText("办事须知", required=False, longest=1000)
    active = Flag("对外受理")
