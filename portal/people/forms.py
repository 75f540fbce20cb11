from portal.forms import Choice, Flag, Form, LongText, Many, Text, VersionedForm
from portal.forms.form import Version
from portal.org.fields import UnitField
from portal.people.fields import IdCardField, PhoneField
from portal.people.models import TAGS


class ResidentForm(Form):
    name = Text("姓名", longest=50)
    id_card = IdCardField("居民身份证号")
    phone = PhoneField("电话", required=False)
    unit_id = UnitField("所在村（社区）或网格", levels=("village", "grid"))
    address = Text("住址（到组）", required=False, longest=200)
    tags = Many("关怀类别", choices=list(TAGS.items()))


class EditForm(VersionedForm):
    name = Text("姓名", longest=50)
    id_card = IdCardField("新的居民身份证号", required=False)
    phone = PhoneField("新的电话", required=False)
    no_phone = Flag("删去登记的电话")
    address = Text("住址（到组）", required=False, longest=200)
    tags = Many("关怀类别", choices=list(TAGS.items()))


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


class UndoForm(Form):
    reason = LongText("为什么撤销", longest=200)
