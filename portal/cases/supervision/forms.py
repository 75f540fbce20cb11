from wtforms.validators import ValidationError

from portal.cases.supervision.models import COLOURS
from portal.db import today
from portal.forms import Choice, Day, Flag, Form, LongText, Number, Text, Upload, VersionedForm

PRESSED = "请抓紧办理，并说明进展和预计办结的时间。"


def not_past(form, field):
    if field.data and field.data < today():
        raise ValidationError("期限不能早于今天。")


class RemindForm(Form):
    text = LongText("催办的话", longest=500, default=PRESSED)


class OrderForm(Form):
    subject = Text("事由", longest=200)
    demand = LongText("要求", longest=2000)
    unit = Choice("发给哪个单位")
    colour = Choice("颜色", choices=list(COLOURS.items()), default="blue")
    until = Day("答复期限", validators=[not_past])
    signer = Text("签发人", longest=60)


class AcceptForm(VersionedForm):
    pass


class AnswerForm(VersionedForm):
    text = LongText("办理情况和结果", longest=5000)
    attachments = Upload("附件")


class ApproveForm(VersionedForm):
    text = LongText("审核意见", required=False, longest=1000)


class GiveBackForm(VersionedForm):
    text = LongText("哪里不行，还要怎么办", longest=1000)
    until = Day("新的答复期限", required=False, validators=[not_past])


class WithdrawForm(VersionedForm):
    text = LongText("撤销的理由", longest=500)


class EscalateForm(VersionedForm):
    text = LongText("提级的理由", longest=1000)


class InstructForm(Form):
    text = LongText("批示", longest=2000)
    until = Day("要求反馈的期限", required=False, validators=[not_past])


class FeedbackForm(Form):
    text = LongText("反馈", longest=5000)
    attachments = Upload("附件")


def _percent(label):
    return Number(label, required=False, least=1, most=100)


def _days(label):
    return Number(label, required=False, least=1, most=365)


class TownRuleForm(Form):
    yellow = _percent("期限用掉多少变黄（%）")
    red = _percent("期限用掉多少变红（%）")
    reset = Flag("不单独规定，全部随上一级")

    def validate(self, extra_validators=None):
        if not super().validate(extra_validators):
            return False
        said = [value for name, value in self.values().items() if name != "reset" and value not in (None, "")]
        if self.reset.data and said:
            self.reset.errors = ["要么填写，要么勾选“全部随上一级”。"]
        elif not self.reset.data and not said:
            self.yellow.errors = ["请至少填写一项，或勾选“全部随上一级”。"]
        return bool(self.reset.data) != bool(said)


class CountyRuleForm(TownRuleForm):
    orange_days = _days("超期几天起建议橙色警告")
    red_days = _days("超期几天起建议红色督办")
    escalate_days = _days("超期几天起建议提级")
    auto_remind = Choice("逾期次日自动催办", required=False,
                         choices=[("", "不单独规定"), ("yes", "自动催办"), ("no", "不自动催办")])
