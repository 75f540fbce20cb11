from portal.forms import Choice, Day, Flag, Form, Many, Number, Text, VersionedForm
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


def form_of(declared: Setting) -> type[VersionedForm]:
    """Return the form of one setting: its value, and a way back to what holds above (the button `default`)."""
    label = f"{declared.title}（{declared.measure}）" if declared.measure else declared.title
    fields = {
        "number": lambda: Number(label, required=False, least=declared.least, most=declared.most),
        "text": lambda: Text(label, required=False, longest=200),
        "flag": lambda: Flag(label),
        "unit": lambda: UnitField(label, levels=OFFICES, required=False),
    }

    class SettingForm(VersionedForm):
        value = fields[declared.kind]()
        default = Flag("恢复默认值")

        def validate(self, extra_validators=None):
            valid = super().validate(extra_validators)
            if self.default.data:  # what was typed beside it does not count
                self.value.errors = []
                return not self.errors
            if valid and self.value.data in (None, ""):
                self.value.errors = ["请填写，或点“恢复默认值”。"]
            return not self.errors

        def wanted(self):
            """Return the value that was chosen, None for the way back."""
            if self.default.data:
                return None
            return self.value.unit.id if declared.kind == "unit" else self.value.data

    return SettingForm


class TakeBackForm(Form):
    """Which towns shall follow the county again; each is named with the change that was on the screen."""

    towns = Many("乡镇", required=True)


class CopyForm(Form):
    """Which of the differences between two towns shall be carried over."""

    lines = Many("项目", required=True)
