"""The forms around the clock: each asks for what the law wants to have on record, and for nothing that is known."""

from wtforms.validators import ValidationError

from portal.cases.extensions import TOLD
from portal.db import today
from portal.forms import Choice, Day, LongText, Number, Text, Upload, VersionedForm


class ExtendForm(VersionedForm):
    amount = Number("延长多少", least=1, most=366)
    reason = LongText("理由", longest=1000)


class WithdrawForm(VersionedForm):
    """A bare button: the request is taken back."""


class DecideForm(VersionedForm):
    granted = Choice("决定", choices=[("yes", "同意延期"), ("no", "不同意")])
    text = LongText("理由", longest=1000)
    told_channel = Choice("怎样告知办事人", choices=[("", "请选择"), *TOLD.items()], required=False)
    told_text = LongText("告知的内容", required=False, longest=1000)


class PauseForm(VersionedForm):
    reason = Choice("停表理由")
    evidence = Text("依据（文书名称和文号）", required=False, longest=300)
    until_expected = Day("预计到哪一天结束")
    text = LongText("说明", longest=1000)
    attachments = Upload("依据的照片或扫描件")

    def validate_until_expected(self, field):
        if field.data and field.data < today():
            raise ValidationError("预计结束的日期不能早于今天。")


class ResumeForm(VersionedForm):
    evidence = Text("结束的依据（报告、笔录等的文号）", required=False, longest=300)
    text = LongText("结果", longest=1000)
