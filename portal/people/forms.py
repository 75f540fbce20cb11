from portal.forms import Choice, Flag, Form, LongText, Many, Text, VersionedForm
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
