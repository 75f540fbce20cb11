from portal.forms import Choice, Day, Flag, Form, Number, Text, VersionedForm
from portal.org.fields import OFFICES, UnitField
from portal.values import Setting


class RenameForm(VersionedForm):
    name = Text("新名称", longest=100)
    note = Text("依据（文号等）", required=False, longest=200)


class AddForm(Form):
    level = Choice("类别")
    name = Text("名称", longest=100)
    reach = Choice("管辖", choices=[("area", "所在单位的整个辖区"), ("line", "只管本条线的事项")], default="area")
    note = Text("依据（文号等）", required=False, longest=200)


class CloseForm(VersionedForm):
    valid_to = Day("停用日期")
    note = Text("依据（文号等）", longest=200)


def form_of(declared: Setting) -> type[Form]:
    """Return the form of one setting: its value, and a way back to the default."""
    label = f"{declared.title}（{declared.measure}）" if declared.measure else declared.title
    fields = {
        "number": lambda: Number(label, required=False, least=declared.least, most=declared.most),
        "text": lambda: Text(label, required=False, longest=200),
        "flag": lambda: Flag(label),
        "unit": lambda: UnitField(label, levels=OFFICES, required=False),
    }

    class SettingForm(Form):
        value = fields[declared.kind]()
        default = Flag("恢复默认值")

        def validate(self, extra_validators=None):
            if not super().validate(extra_validators):
                return False
            if self.value.data in (None, "") and not self.default.data:
                self.value.errors = ["请填写，或勾选“恢复默认值”。"]
            return not self.value.errors

    return SettingForm
