"""责令改正: the township orders a village to correct rules that conflict with law or infringe rights (第三十一条).

It may come at any time after filing, so it is a matter of its own: the rules' own case is closed by then, and a closed
case has no due date.
"""

from markupsafe import Markup

from plugins.village_rules import forms
from plugins.village_rules.apart import apart
from plugins.village_rules.deadlines import by
from plugins.village_rules.models import Charter, Correction
from plugins.village_rules.workflow import DRAFT, REVIEW, to_village, town_office
from portal.kit import (
    Case,
    CaseKind,
    Deadline,
    Detail,
    Opening,
    Refused,
    State,
    Step,
    Unit,
    Workflow,
    audit,
    open_case,
    url_for,
)

STATES = (
    State("ordered", "待村里改正", "handling", "按要求改正，报告怎样改正的", "报告"),
    State("reported", "待乡镇确认", "handling", "看村里的报告，确认或要求再改", "确认"),
    State("corrected", "已改正", "closed"),
    State("withdrawn", "已撤回", "cancelled"),
)


#: correction_of(case): the order of `case` with its charter.
correction_of = Detail(lambda slots: (
    Correction.select(Correction, Charter, Unit).join(Charter)
    .join_from(Correction, Unit, on=(Correction.office == Unit.id)).where(Correction.case == slots.case)
))


def order(charter: Charter, actor, data: dict) -> Case:
    """Order the village to correct its rules; returns the case. Raises Refused where nothing is in force, or one
    order is open already."""
    if charter.status != "in_force":
        raise Refused("只有施行中的村规民约才能责令改正；正在制定的，请在审核或备案时退回。")
    if Correction.select().join(Case).where(Correction.charter == charter, Case.closed.is_null()).exists():
        raise Refused("已经有一件责令改正还没有办结，请在那一件里继续。")
    village = Unit.get_by_id(charter.unit_id)
    case = open_case(
        Opening(
            kind="village_rules.correction", title=f"责令改正：{village.short}{charter.title}第 {charter.edition} 版",
            place=village, limit=Deadline(data["days"], "day", roll=False), channel="meeting",
            no_reply_because="乡镇责令村里改正，由村里报告乡镇", text=data["reason"], step_title="责令改正",
        ),
        actor,
    )
    Correction.create(case=case, charter=charter, clauses=data["clauses"], reason=data["reason"],
                      office=town_office(charter), **village.place())
    audit.record("village_rules.order_correction", "case", case.id, actor=actor)
    return case


def _report(case, actor, data):
    row = correction_of(case)
    row.report = data["text"]
    row.save(only=[Correction.report])
    return data["text"]


def to_town(case, actor, data) -> Unit:
    return correction_of(case).office


STEPS = (
    Step("report", "报告改正情况", ("ordered",), "reported", DRAFT, forms.ReportForm, clock="start",
         deadline=by("correct"), effect=_report, hand=to_town, primary=True,
         hint="写明怎样改正的；要改条文的，先制定新的一版，再写明它的编号。"),
    Step("confirm", "确认改正", ("reported",), "corrected", REVIEW, forms.NoteForm, clock="stop", primary=True,
         tone="ok"),
    Step("again", "要求再改", ("reported",), "ordered", REVIEW, forms.ReasonForm, clock="start", deadline=by("correct"),
         hand=to_village, tone="warn", hint="写明还有哪里不对。"),
    Step("withdraw", "撤回责令", ("ordered", "reported"), "withdrawn", REVIEW, forms.ReasonForm, clock="stop",
         by="reach",
         hint="责令有误时使用，写明理由。"),
)


def facts(case) -> list[tuple]:
    row = correction_of(case)
    charter = row.charter
    link = Markup('<a href="{}">{}第 {} 版</a>').format(
        url_for("cases.show", case_id=charter.case_id), charter.title, charter.edition)
    found = [("村规民约", link), ("备案号", charter.filing_number), ("所指条文", row.clauses), ("责令机关",
        row.office.name),
             ("依据", "村民委员会组织法第三十一条"), ("理由和要求", row.reason, True)]
    return found + ([("村里的报告", row.report, True)] if row.report else [])


CORRECTION = CaseKind(
    name="village_rules.correction", title="责令改正", prefix="GZ", workflow=Workflow(STATES, STEPS, start="ordered"),
    read="village_rules.read", icon="rubber-stamp", tint="green", facts=facts, applicant_label="提出人",
    channels=(("meeting", "村务会议"),), apart=apart, hands_over=False,
    extension_note="这是平台自己的提醒期限，不是法定期限，没有延期的规定；确需更多时间的，写备注说明。",
)
