"""The forms of the pages about plugins: one switch, a rule of the county, one plugin for many towns."""

from wtforms.validators import ValidationError

from portal.forms import Choice, Flag, Form, Hidden, LongText, Many, Text
from portal.org.rules import KINDS


class SwitchForm(Form):
    """`enable` is "1", "0", or "hand": hand what is open to the county and disable."""

    enable = Hidden()
    text = LongText("交办说明", required=False, longest=200)
    keeper = Choice("不公开的件由谁接办", required=False)

    def validate_enable(self, field):
        if field.data not in ("0", "1", "hand"):
            raise ValidationError("请返回平台启用页面再试。")


class RuleForm(Form):
    seen = Hidden()
    unit = Choice("对谁规定")
    kind = Choice("规定", choices=[*KINDS.items(), ("follow", "取消规定")])
    reason = Text("理由（依据的文件等）", longest=200)
    enable = Flag("规定必须启用的，同时为还没有启用的乡镇启用")


class EnableForm(Form):
    plugin = Choice("平台")
    unit = Many("乡镇", coerce=int, required=True)
