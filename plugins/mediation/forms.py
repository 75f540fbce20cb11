"""Forms of a dispute. Each step's form asks only for what that step needs."""

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as Wrong
from wtforms.validators import ValidationError

from plugins.mediation.words import (
    CHANNELS,
    COURT_RESULTS,
    DIFFICULTIES,
    FOLLOW_UP_RISKS,
    LAWFUL_WAYS,
    PERFORMED,
    RESULTS,
    RISKS,
    ROUND_KINDS,
    ROUTES,
    SATISFACTION,
    TYPES,
)
from portal.kit import (
    Amount,
    Choice,
    Day,
    Flag,
    Form,
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
PARTY_KINDS = [("person", "自然人"), ("organisation", "单位")]


def check_credit_code(form, field):
    """Refuse what is no 统一社会信用代码 (GB 32100)."""
    if field.data:
        try:
            field.data = uscc.validate(field.data)
        except Wrong:
            raise ValidationError("统一社会信用代码应为 18 位，请对照营业执照核对。") from None


def not_to_come(form, field):
    if field.data and field.data > today():
        raise ValidationError("日期不能晚于今天。")


def this_minute():
    return now().replace(second=0, microsecond=0)


def party_fields(prefix: str, who: str) -> dict:
    """Return the fields of one party, their names beginning with `prefix`."""
    return {
        f"{prefix}kind": Choice(f"{who}是", choices=PARTY_KINDS, default="person"),
        f"{prefix}name": Text("姓名或单位名称", longest=100),
        f"{prefix}id_card": IdCardField("居民身份证号", required=False),
        f"{prefix}phone": PhoneField("联系电话", required=False),
        f"{prefix}credit_code": Text("统一社会信用代码", required=False, longest=18, validators=[check_credit_code]),
        f"{prefix}representative": Text("代表人（单位填）", required=False, longest=50),
        f"{prefix}ethnicity": Text("民族", required=False, longest=20),
        f"{prefix}occupation": Text("职业或职务", required=False, longest=60),
        f"{prefix}address": Text("住址或地址", required=False, longest=200),
    }


class FactsForm(VersionedForm):
    """What the quarrel is about; may be put right until it is accepted."""

    type = Choice("纠纷类型", choices=[("", "请选择"), *TYPES.items()])
    subject = Text("事由", longest=20)
    happened_on = Day("纠纷发生日期", required=False, validators=[not_to_come])
    brief = LongText("纠纷简要情况", longest=2000)
    people = Number("涉及人数", least=1, most=10_000, default=2)
    difficulty = Choice("难易程度", choices=list(DIFFICULTIES.items()), default="simple")
    risk = Choice("风险等级", choices=list(RISKS.items()), default="low")


class RegisterForm(FactsForm):
    """登记: what the quarrel is about, how it came to be known, and both sides."""

    unit_id = UnitField("发生在哪个村（社区）")
    channel = Choice("来源", choices=list(CHANNELS[:-1]), default="asked")
    attachments = Upload("申请书、证据等（照片或扫描件）")


for _prefix, _who in (("a_", "申请人"), ("b_", "对方")):
    for _name, _field in party_fields(_prefix, _who).items():
        setattr(RegisterForm, _name, _field)


class PartyForm(Form):
    """One more party of a registered dispute."""

    side = Choice("身份", choices=[("applicant", "申请人"), ("respondent", "被申请人"), ("third", "第三人")])


for _name, _field in party_fields("", "当事人").items():
    setattr(PartyForm, _name, _field)


class AnswerForm(VersionedForm):
    """Any step that ends the matter: what the parties are told, and how."""

    reply = LongText("告诉双方当事人的话", longest=1000)
    reply_channel = Choice("告知方式", choices=REPLY_CHANNELS, default="face")


class RoutesForm(AnswerForm):
    text = LongText("理由", longest=1000)
    routes = Many("已告知双方可以走的途径", choices=list(ROUTES.items()))


class RedirectForm(AnswerForm):
    way = Choice("转到哪个法定途径", choices=[("", "请选择"), *LAWFUL_WAYS.items()])
    text = LongText("理由", longest=1000)


class StopForm(RoutesForm):
    refuser = Choice("谁明确拒绝调解", choices=[])


class AcceptForm(VersionedForm):
    committee = Choice("由哪个人民调解委员会调解", choices=[])
    willing = Choice("双方是否愿意调解", choices=[("yes", "都愿意，或没有拒绝"), ("no", "有一方明确拒绝")])
    text = LongText("受理说明", required=False, longest=500)


class NameForm(VersionedForm):
    mediators = Many("人民调解员", coerce=int)
    chosen_by = Choice("怎么确定的", choices=[("parties", "当事人选择"), ("committee", "调委会指定")])
    invited = Text("邀请参与调解的人（写明身份）", required=False, longest=200)
    consent = Flag("双方当事人同意邀请他们参与")


class TellForm(VersionedForm):
    told = Flag("已向双方当事人告知权利和义务，并请他们在告知书上签收")
    told_at = Moment("告知时间", required=False)
    text = LongText("说明", required=False, longest=500)


class RoundForm(VersionedForm):
    round_at = Moment("调解时间", default=this_minute)
    kind = Choice("方式", choices=list(ROUND_KINDS.items()))
    place = Text("地点", longest=100)
    people = Text("参加人", longest=200)
    told = Text("告知情况", required=False, longest=200)
    text = LongText("调解经过", longest=4000)
    result = Choice("结果", choices=list(RESULTS.items()))
    attachments = Upload("照片或签字的记录（不强制）")


class _AgreementForm(VersionedForm):
    made_on = Day("达成协议日期", default=today)
    facts = LongText("主要事实、争议事项和各方责任", longest=4000)
    terms = LongText("协议内容", longest=4000)
    amount = Amount("涉及金额（元）", required=False)
    how = Text("履行方式", longest=200)
    where = Text("履行地点", required=False, longest=100)
    until = Day("履行期限（截止日）")


class WrittenForm(_AgreementForm):
    copies = Number("协议份数", least=3, most=20, default=3)
    parties_signed = Flag("双方当事人已签名、盖章或按指印")
    mediator_signed = Flag("人民调解员已签名")
    seal = Flag("已加盖人民调解委员会印章")
    attachments = Upload("签好的协议书（扫描件）")


class OralForm(_AgreementForm):
    pass


class AlarmForm(VersionedForm):
    measures = LongText("采取的预防措施", longest=500)
    reported_to = Text("已报告哪个公安机关或部门", required=False, longest=100)


class HandUpForm(VersionedForm):
    to = Choice("移交到", choices=[])
    difficulty = Choice("难易程度", choices=[])
    text = LongText("移交理由", longest=1000)


class ReasonForm(VersionedForm):
    text = LongText("理由", longest=1000)


class ProlongForm(VersionedForm):
    until = Day("双方同意调解到哪天")
    text = LongText("理由", longest=500)


class PressForm(VersionedForm):
    text = LongText("督促情况", longest=1000)


class DeferForm(VersionedForm):
    until = Day("双方商定的新期限")
    text = LongText("改期理由", longest=500)


class PerformForm(VersionedForm):
    performed_on = Day("履行完毕日期", default=today)
    text = LongText("履行情况", longest=1000)
    attachments = Upload("收条、照片等凭证（不强制）")


class FollowUpForm(VersionedForm):
    visited_at = Moment("回访时间", default=this_minute)
    performed = Choice("协议履行", choices=list(PERFORMED.items()))
    satisfaction = Choice("当事人是否满意", choices=list(SATISFACTION.items()))
    risk = Choice("有没有新的隐患", choices=list(FOLLOW_UP_RISKS.items()))
    text = LongText("回访情况", longest=2000)
    measures = Text("采取的措施（有隐患时必填）", required=False, longest=300)


class CourtForm(VersionedForm):
    court = Text("人民法院", longest=80)
    asked_on = Day("双方共同申请日期", validators=[not_to_come])
    jointly = Flag("双方当事人共同申请")
    no_status = Flag("协议不涉及身份关系、收养关系、婚姻关系")


class CourtResultForm(VersionedForm):
    result = Choice("法院的结果", choices=list(COURT_RESULTS.items()))
    result_on = Day("日期", validators=[not_to_come])
    court_number = Text("文书号", required=False, longest=80)


class ReferForm(VersionedForm):
    kind = Choice("转到哪个平台", choices=[])
    text = LongText("请他们办什么（不写调解内容）", longest=500)
