"""Forms of organisations: a committee with up to nine members in rows, one mediator, one team, a sweep."""

from wtforms.validators import ValidationError

from plugins.mediation.committees import MOST, Seated
from plugins.mediation.words import COMMITTEE_KINDS, JOINED, TIMES
from portal.kit import (
    SEXES,
    Choice,
    Day,
    Flag,
    Form,
    IdCardField,
    Many,
    PhoneField,
    Refused,
    Text,
    UnitField,
    VersionedForm,
)

DUTIES = [("", "委员"), ("主任", "主任"), ("副主任", "副主任")]
ROWS = range(1, MOST + 1)


class _MembersForm(VersionedForm):
    """Rows of members: name_1, sex_1, time_1, duty_1, phone_1 and so on; empty rows are passed over."""

    def members(self) -> list[Seated]:
        """Return who stands in the rows; Refused where one stands there twice."""
        found = []
        for row in ROWS:
            name = self[f"name_{row}"].data
            if not name:
                continue
            if any(one.name == name and one.sex == self[f"sex_{row}"].data for one in found):
                raise Refused(f"{name}填了两次。", f"name_{row}")
            found.append(Seated(name, *(self[f"{what}_{row}"].data or "" for what in ("sex", "time", "duty", "phone"))))
        return found

    def rows(self) -> list[dict]:
        return [{what: self[f"{what}_{row}"] for what in ("name", "sex", "time", "duty", "phone")} for row in ROWS]


class CommitteeForm(_MembersForm):
    unit_id = UnitField("所在单位", levels=("village", "town", "county", "department"))
    kind = Choice("类别", choices=list(COMMITTEE_KINDS.items()))
    name = Text("名称", longest=80)
    elected_on = Day("本届推选日期")
    sealed = Flag("有人民调解委员会印章", default=True)


class ElectForm(_MembersForm):
    elected_on = Day("新一届推选日期")


for _form in (CommitteeForm, ElectForm):
    for _row in ROWS:
        setattr(_form, f"name_{_row}", Text(f"第 {_row} 人姓名", required=False, longest=50))
        setattr(_form, f"sex_{_row}", Choice(f"第 {_row} 人性别", choices=list(SEXES.items()), default="M"))
        setattr(_form, f"time_{_row}", Choice(f"第 {_row} 人专兼职", choices=list(TIMES.items()), default="part"))
        setattr(_form, f"duty_{_row}", Choice(f"第 {_row} 人职务", choices=DUTIES, required=False))
        setattr(_form, f"phone_{_row}", PhoneField(f"第 {_row} 人工作电话", required=False))


class EditCommitteeForm(VersionedForm):
    kind = Choice("类别", choices=list(COMMITTEE_KINDS.items()))
    name = Text("名称", longest=80)
    sealed = Flag("有人民调解委员会印章")
    dissolved_on = Day("撤销日期", required=False)


class MediatorForm(VersionedForm):
    name = Text("姓名", longest=50)
    sex = Choice("性别", choices=list(SEXES.items()))
    joined = Choice("身份", choices=list(JOINED.items()))
    time = Choice("专兼职", choices=list(TIMES.items()))
    duty = Choice("职务", choices=DUTIES, required=False)
    phone = PhoneField("工作电话", required=False)
    user = Choice("本系统账号", choices=[("", "没有账号")], required=False)
    id_card = IdCardField("居民身份证号", required=False)
    since = Day("开始日期")
    until = Day("离任日期", required=False)


class TeamForm(VersionedForm):
    name = Text("小组名称", longest=60, default="说理小组")
    mediators = Many("成员（三至七人）", coerce=int)
    leader = Choice("组长", choices=[])
    dissolved_on = Day("撤销日期", required=False)


class SweepForm(Form):
    unit_id = UnitField("哪个村（社区）")
    since = Day("排查起")
    until = Day("排查止")
    zero = Flag("零报告：这段时间排查过，没有发现纠纷")
    note = Text("说明", required=False, longest=300)

    def validate_until(self, field):
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError("结束日期不能早于开始日期。")
