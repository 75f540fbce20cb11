from portal.cases.models import RATINGS
from portal.forms import Choice, Day, LongText, Upload, VersionedForm
from portal.forms import Form as PlainForm


class PlainStep(VersionedForm):
    """For steps that need nothing but the decision to take them."""


class AssignForm(VersionedForm):
    person = Choice("交给谁")
    text = LongText("要求", required=False, longest=500)


class HandOverForm(VersionedForm):
    unit = Choice("交给哪个单位")
    text = LongText("为什么转交、要办什么", longest=500)


class DecideForm(VersionedForm):
    unit = Choice("由哪个单位承办")
    text = LongText("指定的理由", longest=500)


class SendBackForm(VersionedForm):
    text = LongText("为什么不归本单位办", longest=500)


class AskAssistForm(VersionedForm):
    unit = Choice("请哪个单位协办")
    wanted = LongText("请他们办什么", longest=1000)
    due = Day("什么时候前答复")


class AnswerAssistForm(PlainForm):
    result = Choice("结果", default="answered", choices=[
        ("answered", "已办，答复如下"), ("declined", "不能协办，理由如下"),
    ])
    text = LongText("答复", longest=2000)
    attachments = Upload("照片或文件")


class EndAssistForm(PlainForm):
    text = LongText("为什么不再等答复", longest=500)


class NoteForm(PlainForm):
    text = LongText("备注", longest=1000)


class UploadForm(PlainForm):
    attachments = Upload("选择文件")


class RatingForm(PlainForm):
    level = Choice("您满意吗", choices=[(str(level), title) for level, title in RATINGS.items()])
    channel = Choice(
        "怎么评的", choices=[("screen", "本人在屏幕上"), ("phone", "电话回访"), ("paper", "纸质评价")], default="screen"
    )
    text = LongText("想说的话", required=False, longest=500)


class VoidForm(VersionedForm):
    reason = LongText("作废的理由", longest=200)
