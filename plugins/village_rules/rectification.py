"""整改户: told, mends, is checked again and comes off the board; or appeals and gets an answer before anything is
posted.

Who it is stays in the village: to others the case has a household's number, and its contents are closed.
"""

from markupsafe import Markup

from plugins.village_rules import forms
from plugins.village_rules.apart import apart
from plugins.village_rules.board import points_text, scores_of
from plugins.village_rules.deadlines import by, reminder
from plugins.village_rules.ground import hold, inside
from plugins.village_rules.models import Household, Rectification, Round, Score, SheetLine
from portal.kit import (
    CaseKind,
    Detail,
    Opening,
    PreparedModels,
    Refused,
    State,
    Step,
    Unit,
    Workflow,
    audit,
    open_case,
    refer,
    referable,
    url_for,
)

INSPECT, POST = "village_rules.inspect", "village_rules.post"

STATES = (
    State("listed", "待告知", "new", "当面告知要整改什么、怎样申诉", "告知"),
    State("mending", "整改中", "handling", "帮助整改，到期复查", "复查"),
    State("appealed", "申诉待答复", "handling", "核实申诉，作出答复；答复以前不张榜", "答复"),
    State("passed", "复查合格", "handling", "从榜上销去，告诉这一户", "销榜"),
    State("cleared", "已销榜", "closed"),
    State("corrected", "已更正", "closed"),
    State("withdrawn", "已撤下", "cancelled"),
)


#: rectification_of(case): the row of `case` with score, household and round.
rectification_of = Detail(lambda slots: (
    Rectification.select(Rectification, Score, Household, Round).join(Score)
    .join_from(Score, Household).join_from(Score, Round).where(Rectification.case == slots.case)
))

_lines = PreparedModels(lambda slots: (
    SheetLine.select().where(SheetLine.sheet == slots.sheet).order_by(SheetLine.position)
))


def confirm(one: Round, first: set[int], last: set[int], version: int, actor, at, people: str = "") -> None:
    """Write down who is first and who has something to put right, and open a case for each of those. Raises
    Conflict.
    """
    hold(one, version, "确认了评比结果", f"/village_rules/rounds/{one.id}", state="confirmed",
         confirmed_on=at.date(), confirmed_by=people)
    village = Unit.get_by_id(one.unit_id)
    for score in scores_of(one):
        score.result = "first" if score.id in first else "last" if score.id in last else ""
        score.save(only=[Score.result])
        if score.result == "last":
            _list(one, score, village, actor, at)
    audit.record("village_rules.confirm", "village_rules.round", one.id, actor=actor,
                 detail={"first": len(first), "last": len(last)})


def _list(one: Round, score: Score, village: Unit, actor, at) -> None:
    case = open_case(
        Opening(
            kind="village_rules.rectification", title=f"{one.month_title}红黑榜整改：{score.household.code}",
            place=village, limit=reminder("appeal", one), channel="round", step_title="列为整改户",
        ),
        actor, at=at,
    )
    Rectification.create(case=case, score=score, **village.place())


# -- effects -----------------------------------------------------------------------------------------------------------

def _write(case, **changes) -> Rectification:
    row = rectification_of(case)
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(only=[getattr(Rectification, name) for name in changes])
    return row


def _tell(case, actor, data):
    if data["told_on"] > data["at"].date():
        raise Refused("告知日期不能晚于今天。", "told_on")
    _write(case, told_on=data["told_on"], what=data["what"])
    return f"{data['told_on']:%m-%d} 告知：{data['what']}"


def _before_posting(case, actor, data):
    row = rectification_of(case)
    if row.score.round.state == "posted":
        raise Refused("这一轮已经张榜，申诉应在张榜以前提出；现在可以请村里撤下。", "text")
    if row.answer:
        raise Refused("这一户的申诉已经答复过。", "text")


def _appeal(case, actor, data):
    _write(case, appealed_on=data["at"].date(), appeal=data["text"])
    return data["text"]


def _uphold(case, actor, data):
    _write(case, answer="upheld")
    return "申诉不成立，维持原来的结果。"


def _correct(case, actor, data):
    row = _write(case, answer="corrected", status="corrected")
    Score.update(result="").where(Score.id == row.score_id).execute()
    return "申诉成立，更正结果，不列为整改户。"


def _pass(case, actor, data):
    _write(case, checked_on=data["at"].date(), checked_by=actor.full_name)
    return data["text"]


def _clear(case, actor, data):
    _write(case, status="cleared")
    return "复查合格，从榜上销去。"


def _withdraw(case, actor, data):
    row = _write(case, status="withdrawn")
    Score.update(result="").where(Score.id == row.score_id).execute()
    return "不宜列榜，撤下。"


def _refer(case, actor, data):
    opened = refer(case, data["kind"], actor, data["text"])
    return f"{data['text']}（新编号 {opened.number}）"


def _told(case, actor) -> bool:
    return rectification_of(case).told_on is not None


def _untold(case, actor) -> bool:
    return not _told(case, actor)


def _kinds(case) -> dict:
    return {"kind": [("", "请选择")] + [(kind.name, kind.title) for kind in referable(case)
                                     if not kind.name.startswith("village_rules.")]}


STEPS = (
    Step("tell", "告知这一户", ("listed", "mending"), "mending", INSPECT, forms.TellForm, clock="start",
         deadline=by("mend"), effect=_tell, shown=_untold, primary=True,
         hint="当面告诉要整改什么、几日内复查，不同意的可以在张榜以前申诉。"),
    Step("appeal", "登记申诉", ("listed", "mending"), "appealed", INSPECT, forms.AppealForm, clock="start",
         deadline=by("appeal"), guard=_before_posting, effect=_appeal,
         hint="这一户不同意结果的，照他说的记下来；答复以前不张榜。"),
    Step("uphold", "答复：维持", ("appealed",), "mending", POST, forms.ReplyForm, clock="start", deadline=by("mend"),
         effect=_uphold, replies=True, hint="写明为什么维持。"),
    Step("correct", "答复：更正", ("appealed",), "corrected", POST, forms.ReplyForm, clock="stop", effect=_correct,
         replies=True, primary=True, tone="ok", hint="更正以后不再列为整改户。"),
    Step("pass", "复查合格", ("mending",), "passed", INSPECT, forms.CheckForm, clock="start", deadline=by("mend"),
         effect=_pass, shown=_told, primary=True, tone="ok"),
    Step("fail", "复查不合格，继续整改", ("mending",), "mending", INSPECT, forms.CheckForm, clock="start",
         deadline=by("mend"), shown=_told, tone="warn"),
    Step("clear", "销榜", ("passed",), "cleared", POST, forms.ReplyForm, clock="stop", effect=_clear, replies=True,
         primary=True, tone="ok", hint="告诉这一户已经从榜上销去。"),
    Step("withdraw", "撤下，不列榜", ("listed", "mending", "appealed", "passed"), "withdrawn", POST, forms.ReplyForm,
         clock="stop", effect=_withdraw, replies=True, tone="danger",
         hint="家有重病、残疾、独居老人或只有未成年人等确有困难的，不列榜，改为上门帮助。"),
    Step("refer", "转其他平台", ("listed", "mending", "appealed", "passed"), None, INSPECT, forms.ReferForm, _kinds,
         effect=_refer, hint="检查中发现的隐患、纠纷或需求，转给管这件事的平台；本件照常办理。"),
)


def facts(case) -> list[tuple]:
    """Return what the village's own people see of the household and its score."""
    row = rectification_of(case)
    score, household, one = row.score, row.score.household, row.score.round
    link = Markup('<a href="{}">{}</a>').format(url_for("village_rules.round", round_id=one.id), one.month_title)
    found = [("评比", link), ("户", f"{household.code}，{household.head}"),
             ("住处", f"{household.group_name}{household.door}"), ("得分", points_text(score.tenths))]
    if row.told_on:
        found += [("告知", str(row.told_on)), ("要整改什么", row.what, True)]
    if row.appealed_on:
        word = {"upheld": "维持", "corrected": "更正"}.get(row.answer, "待答复")
        found += [("申诉", f"{row.appealed_on}，{word}"), ("申诉理由", row.appeal, True)]
    if row.checked_on:
        found.append(("复查", f"{row.checked_on}，{row.checked_by}"))
    return found


def faults_of(case, person=None) -> dict:
    """Return the lines on which the household lost points."""
    score = rectification_of(case).score
    lines = _lines(sheet=score.round.sheet_id)
    return {"faults": [(line, score.faults[str(line.id)]) for line in lines if score.faults.get(str(line.id))],
            "remark": score.remark, "points_text": points_text}


RECTIFICATION = CaseKind(
    name="village_rules.rectification", title="红黑榜整改", prefix="ZG",
    workflow=Workflow(STATES, STEPS, start="listed"), read="village_rules.read", icon="home-heart", tint="green",
    facts=facts, template="village_rules/rectification_block.html", prepare=faults_of, applicant_label="这一户",
    contents=lambda case, person: inside(person, case.village_id),
    contents_note="各户的评比结果只在本村公布；这里只能看到由谁负责、办到哪一步。",
    channels=(("round", "红黑榜检查"),), apart=apart, hands_over=False,
    extension_note="这是平台自己的提醒期限，不是法定期限，没有延期的规定；确需更多时间的，写备注说明。",
)
