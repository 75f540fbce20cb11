from stdnum.cn import ric
from stdnum.exceptions import ValidationError as StdnumError

from portal.forms import Choice, Flag, Form, LongText, Many, Text, VersionedForm
from portal.forms.form import Version
from portal.org.fields import UnitField
from portal.people.erasing import KINDS
from portal.people.exporting import MEDIA
from portal.people.fields import IdCardField, PhoneField, plain_id
from portal.people.models import TAGS, is_child

GUARDIAN = "监护人及同意情况（不满 14 周岁必填）"
#: 个人信息保护法第三十一条.
NEEDS_GUARDIAN = "不满 14 周岁，请写明监护人是谁、怎样同意的，例如“母亲王某当面同意”。"


def _is_child(number: str | None) -> bool:
    try:
        return is_child(ric.get_birth_date(plain_id(number or "")))
    except (ValueError, StdnumError):
        return False


class ResidentForm(Form):
    name = Text("姓名", longest=50)
    id_card = IdCardField("居民身份证号")
    phone = PhoneField("电话", required=False)
    unit_id = UnitField("所在村（社区）或网格", levels=("village", "grid"))
    address = Text("住址（到组）", required=False, longest=200)
    tags = Many("关怀类别", choices=list(TAGS.items()))
    guardian = Text(GUARDIAN, required=False, longest=200)

    def validate(self, extra_validators=None):
        good = super().validate(extra_validators)
        if not self.guardian.data and _is_child(self.id_card.data):
            self.guardian.errors = [*self.guardian.errors, NEEDS_GUARDIAN]
            return False
        return good


class EditForm(VersionedForm):
    name = Text("姓名", longest=50)
    id_card = IdCardField("新的居民身份证号", required=False)
    phone = PhoneField("新的电话", required=False)
    no_phone = Flag("删去登记的电话")
    address = Text("住址（到组）", required=False, longest=200)
    tags = Many("关怀类别", choices=list(TAGS.items()))
    guardian = Text(GUARDIAN, required=False, longest=200)


class RevealForm(Form):
    field = Choice("查看", choices=[("id_card", "身份证号"), ("phone", "电话")], default="phone")
    reason = LongText("理由", longest=200)

    def validate_reason(self, field):
        if field.data and len(field.data) < 4:
            field.errors = [*field.errors, "请写明具体理由，例如“电话通知补正”。"]


class FindForm(Form):
    number = Text("身份证号或电话", longest=40)


SIDES = [("kept", "保留的一位"), ("gone", "并入的一位")]


class MergeForm(VersionedForm):
    """Which value stays, field by field, where two residents differ; the versions are those that were compared."""

    other_version = Version(default=0, render_kw={"autocomplete": "off"})
    name = Choice("姓名", choices=SIDES, default="kept")
    id_card = Choice("身份证号", choices=SIDES, default="kept")
    phone = Choice("电话", choices=SIDES, default="kept")
    address = Choice("住址", choices=SIDES, default="kept")
    reason = LongText("为什么认定是同一个人", longest=200)

    def compare(self, kept, gone, compared) -> set[str]:
        """Leave out the fields in which both say the same; returns the names of the others."""
        stored = {"id_card": "id_card_index", "phone": "phone_index"}
        differing = set()
        for name, _, _ in compared:
            if not name:
                continue
            column = stored.get(name, name)
            if getattr(kept, column) != getattr(gone, column):
                differing.add(name)
            else:
                del self[name]
        return differing


class ExportForm(Form):
    medium = Choice("形式", choices=list(MEDIA.items()), default="page")
    reason = LongText("谁要、做什么用", longest=200)


class EraseForm(Form):
    kind = Choice("为什么删除", choices=list(KINDS.items()), default="erase")
    reason = LongText("说明", longest=200)


class ExpiredForm(Form):
    chosen = Many("居民", choices=[], required=True)


class UndoForm(Form):
    reason = LongText("为什么撤销", longest=200)
