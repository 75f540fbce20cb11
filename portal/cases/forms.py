from portal.cases.models import RATINGS
from portal.forms import Choice, LongText, Upload, VersionedForm
from portal.forms import Form as PlainForm


class PlainStep(VersionedForm):
    """For steps that need nothing but the decision to take them."""


class AssignForm(VersionedForm):
    person = Choice("交给谁")
    text = LongText("要求", required=False, longest=500)


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
