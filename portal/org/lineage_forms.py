from portal.forms import Choice, Day, Flag, Hidden, Many, Text, VersionedForm
from portal.org.fields import UnitField


class LineageForm(VersionedForm):
    """What every rearrangement is told; `seen` says which choices the preview on the screen was made of."""

    decree = Text("依据（批文文号、标题）", longest=200)
    on = Day("批准日期")
    seen = Hidden(longest=64)


class MoveForm(LineageForm):
    into = UnitField("划入的乡镇（街道）", levels=("town",))
    enable = Flag("新乡镇没有启用、而没有办结的件用得到的平台，一并启用")


def merge_form(level: str) -> type[LineageForm]:
    """Return the form of a merge for units of `level`."""

    class MergeForm(LineageForm):
        into = UnitField("和哪个单位合并", levels=(level,))
        how = Choice("合并的办法", choices=[("absorb", "并入它，沿用它的名称和编码"), ("new", "合成一个新单位")],
                     default="absorb")
        name = Text("新单位的全称", required=False, longest=100)
        code = Text("新单位的 12 位编码", required=False, longest=12)

        def validate(self, extra_validators=None):
            """A new unit needs a name and a code; otherwise both are left alone."""
            good = super().validate(extra_validators)
            for field in (self.name, self.code) if self.how.data == "new" else ():
                if not field.data and not field.errors:
                    field.errors, good = [f"请填写“{field.label.text}”。"], False
            return good

    return MergeForm


class SplitForm(LineageForm):
    name = Text("新单位的全称", longest=100)
    code = Text("新单位的 12 位编码", longest=12)
    units = Many("划给新单位的下级单位")
    parts = Many("一并划给新单位的岗位和件")
