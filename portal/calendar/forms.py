from wtforms.validators import Optional

from portal.forms import Choice, Flag, Form, Hidden, LongText, Number, Text, VersionedForm
from portal.forms.fields import SingleUpload

LONGEST_TABLE = 20_000


class YearForm(Form):
    year = Number("年份", least=2015, most=2100)
    source = Text("依据", longest=100)
    file = SingleUpload("放假安排表（xlsx、CSV、JSON 或 ICS 文件）", validators=[Optional()])
    table = LongText("或者把表格粘贴在这里", required=False, longest=LONGEST_TABLE)
    provisional = Flag("暂按推算：通知还没有发布，先按法定节假日计算")
    agreed = Hidden(longest=500)

    def raw(self) -> bytes:
        """Return the table as it was sent; a chosen file comes before pasted text."""
        return self.file.data.read() if self.has_file() else (self.table.data or "").encode()

    def has_file(self) -> bool:
        return bool(getattr(self.file.data, "filename", ""))

    def refuse_all(self, flaws) -> None:
        """Put the flaws of the table at the field it came from; the first twenty are enough to see what is wrong."""
        field = self.file if self.has_file() else self.table
        said = [str(flaw) for flaw in flaws[:20]]
        if len(flaws) > 20:
            said.append(f"还有 {len(flaws) - 20} 处，请先改正上面这些。")
        field.errors = [*field.errors, *said]


class DayForm(VersionedForm):
    kind = Choice("这一天", choices=[("off", "休（不上班）"), ("work", "班（上班）")])
    name = Text("原因", longest=40)
    agreed = Hidden(longest=500)


class RemoveForm(VersionedForm):
    """A bare button: the day goes back to the official calendar."""


class EstimateForm(Form):
    """A bare button: the year is estimated until its announcement is out."""
