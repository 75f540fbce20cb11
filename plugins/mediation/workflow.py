"""How a dispute travels (DOMAIN 5.2): 登记 → 受理审查 → 确定调解员 → 告知 → 调解 → 协议 → 履行 → 回访 → 结案 → 归档.

The People's Mediation Law sets no period for mediating. The dates here are for reference (《人民调解工作若干规定》
第三十三条 says 一般在一个月内调结); where another law sets one (医疗, 劳动争议), it is that one. Each is a setting.
"""

from plugins.mediation import choices, effects, forms, guards, periods
from plugins.mediation.offices import above, below, level_of
from plugins.mediation.record import agreement_of, confirmation_of, contents, dispute_of, lines_of
from plugins.mediation.words import CHANNELS, LAWFUL_WAYS, PERFORMED, RISKS
from portal.kit import CaseKind, Refused, State, Step, Unit, Workflow, url_for

STATES = (
    State("registered", "待审查", "new", "审查是否受理，或告知别的途径", "审查"),
    State("accepted", "已受理", "accepted", "由当事人选或指定人民调解员", "定调解员"),
    State("named", "待告知", "accepted", "告知双方权利和义务", "告知"),
    State("mediating", "调解中", "handling", "调解并记录，达成协议或终止", "调解"),
    State("performing", "履行中", "handling", "督促双方履行协议", "督促"),
    State("performed", "待回访", "handling", "回访当事人，然后结案", "回访"),
    State("settled", "已结案", "closed", "整理卷宗，归档", "归档"),
    State("failed", "调解不成", "closed", "整理卷宗，归档", "归档"),
    State("stopped", "已停止", "closed", "整理卷宗，归档", "归档"),
    State("unperformed", "未履行", "closed", "整理卷宗，归档", "归档"),
    State("declined", "不予受理", "closed", "整理卷宗，归档", "归档"),
    State("redirected", "转其他途径", "closed", "整理卷宗，归档", "归档"),
    State("archived", "已归档", "closed"),
    State("withdrawn", "已撤回", "cancelled"),
)
BEFORE = ("registered", "accepted", "named", "mediating")
ENDED = ("settled", "failed", "stopped", "unperformed", "declined", "redirected")
CLOSED = tuple(state.name for state in STATES if state.phase in ("closed", "cancelled"))


# -- who is responsible next -------------------------------------------------------------------------------------------

def _to_chosen(case, actor, data) -> Unit:
    chosen = next((unit for unit in above(case) if str(unit.id) == str(data["to"])), None)
    if chosen is None:
        raise Refused("请从列表中选择移交到哪里。", "to")
    return chosen


def _to_below(case, actor, data) -> Unit:
    return below(case)


# -- when a step is offered --------------------------------------------------------------------------------------------

def _asked(case, actor) -> bool:
    return bool(case.applicant)


def _not_at_county(case, actor) -> bool:
    return level_of(case) != "county"


def _came_up(case, actor) -> bool:
    level = level_of(case)
    return (level == "town" and case.village_id is not None) or (level == "county" and case.town_id is not None)


def _no_court_yet(case, actor) -> bool:
    return confirmation_of(case) is None


def _court_waits(case, actor) -> bool:
    confirmation = confirmation_of(case)
    return confirmation is not None and not confirmation.result


HANDLE = "mediation.handle"

STEPS = (
    Step("accept", "受理", ("registered",), "accepted", HANDLE, forms.AcceptForm, choices.committees, clock="start",
         deadline=periods.of_mediation, guard=guards.acceptable, effect=effects.take_up, primary=True, tone="ok",
         hint="受理后按调委会的登记簿编号。调解期限只作参考，不收费（人民调解法第四条）。"),
    Step("decline", "不予受理", ("registered",), "declined", HANDLE, forms.RoutesForm, clock="stop",
         guard=guards.routes_told, effect=effects.decline, replies=True,
         hint="写明理由，告诉双方还有哪些途径；系统打印不予受理告知书。"),
    Step("redirect", "转其他法定途径", ("registered",), "redirected", HANDLE, forms.RedirectForm, clock="stop",
         effect=effects.redirect, replies=True, hint="依法应由专门机关处理或禁止民间调解的，引导到法定途径。"),
    Step("name", "确定调解员", ("accepted",), "named", HANDLE, forms.NameForm, choices.mediators,
         guard=guards.mediators_may, effect=effects.name, primary=True,
         hint="可以由调委会指定一名或几名，也可以由当事人选择。"),
    Step("tell_rights", "告知权利义务", ("named",), "mediating", HANDLE, forms.TellForm, guard=guards.told,
         effect=effects.tell, primary=True, hint="打印权利义务告知书，请双方签收，再开始调解。"),
    Step("round", "记一次调解", ("mediating",), None, HANDLE, forms.RoundForm, guard=guards.round_in_order,
         effect=effects.note_round, primary=True, hint="每次上门、背靠背或集中调解都记一次，文书里自动生成调解记录。"),
    Step("agree", "签订书面协议", ("mediating",), "performing", HANDLE, forms.WrittenForm, clock="start",
         deadline=periods.until_agreed, guard=guards.written, effect=effects.agree, tone="ok",
         hint="先打印协议书，双方和调解员签名、盖章以后再登记；协议从这时起生效（人民调解法第二十九条）。"),
    Step("agree_orally", "登记口头协议", ("mediating",), "performing", HANDLE, forms.OralForm, clock="start",
         deadline=periods.until_agreed, guard=guards.oral, effect=effects.agree_orally, tone="ok",
         hint="双方认为不必写协议书的，记下内容；口头协议从达成之日起生效（人民调解法第二十八条、第三十条）。"),
    Step("fail", "调解不成，终止", ("mediating",), "failed", HANDLE, forms.RoutesForm, clock="stop",
         guard=lambda case, actor, data: (guards.mediated(case, actor, data), guards.routes_told(case, actor, data)),
         effect=effects.fail, replies=True, hint="终止调解时必须告知双方可以走的途径（人民调解法第二十六条）。"),
    Step("alarm", "防止激化", (*BEFORE, "performing"), None, HANDLE, forms.AlarmForm, effect=effects.alarm,
         tone="danger", hint="可能激化的，采取预防措施；可能引起案件的，及时报告公安机关（人民调解法第二十五条）。"),
    Step("rename", "更换调解员", ("named", "mediating"), "named", HANDLE, forms.NameForm, choices.mediators,
         guard=guards.mediators_may, effect=effects.name, hint="换人以后，由新的调解员重新告知权利义务。"),
    Step("hand_up", "移交上级调解", BEFORE, "registered", HANDLE, forms.HandUpForm, choices.levels_above,
         clock="start", deadline=periods.of_check, hand=_to_chosen, effect=effects.move, shown=_not_at_county,
         tone="warn",
         hint="复杂的交乡镇，疑难的交县；原编号作废留号，由接手的单位重新受理、编号。"),
    Step("hand_down", "退回下级调解", BEFORE, "registered", HANDLE, forms.ReasonForm, clock="start",
         deadline=periods.of_check, hand=_to_below, effect=effects.move, shown=_came_up, tone="warn",
         hint="写明为什么由下级调解更合适。"),
    Step("prolong", "双方同意延长", ("accepted", "named", "mediating"), None, HANDLE, forms.ProlongForm, clock="start",
         deadline=periods.until_said, guard=guards.later_day, effect=effects.prolong,
         hint="到期没有调结，双方愿意继续的，记下双方商定的日期。"),
    Step("stop", "停止调解", BEFORE, "stopped", HANDLE, forms.StopForm, choices.refusers, clock="stop",
         guard=guards.routes_told, effect=effects.stop, replies=True,
         hint="有一方明确拒绝调解的，不得调解（人民调解法第十七条），告知双方还有哪些途径。"),
    Step("withdraw", "申请人撤回", BEFORE, "withdrawn", HANDLE, forms.ReasonForm, clock="stop",
         effect=effects.withdraw, shown=_asked, hint="申请人自己要求撤回时使用。"),
    Step("perform", "登记履行完毕", ("performing",), "performed", HANDLE, forms.PerformForm, clock="start",
         deadline=periods.of_follow_up, guard=guards.performed, effect=effects.perform, primary=True, tone="ok",
         hint="调委会监督协议履行（人民调解法第三十一条）；有收条、照片的可以上传。"),
    Step("press", "督促履行", ("performing",), None, HANDLE, forms.PressForm, hint="记下什么时候、怎样督促的。"),
    Step("defer", "双方商定改期", ("performing",), None, HANDLE, forms.DeferForm, clock="start",
         deadline=periods.until_said, guard=guards.later_day, effect=effects.defer,
         hint="期限是双方约定的，也只能由双方改。"),
    Step("follow_up", "回访", ("performing", "performed"), None, HANDLE, forms.FollowUpForm,
         guard=guards.visit_in_order, effect=effects.follow_up, hint="问履行、问满意、看有没有新的隐患。"),
    Step("breach", "不履行，告知途径", ("performing", "performed"), "unperformed", HANDLE, forms.RoutesForm,
         clock="stop", guard=guards.routes_told, effect=effects.breach, replies=True,
         hint="督促无效的，告知双方还有哪些途径。"),
    Step("close", "结案", ("performed",), "settled", HANDLE, forms.AnswerForm, clock="stop", guard=guards.followed_up,
         effect=effects.settle, replies=True, primary=True, hint="协议履行了、回访过了，告诉双方这件事办结。"),
    Step("ask_court", "登记司法确认申请", ("performing", "performed"), None, HANDLE, forms.CourtForm,
         guard=guards.confirmable, effect=effects.ask_court, shown=_no_court_yet,
         hint="双方共同申请，自协议生效之日起三十日内（民事诉讼法第二百零五条）。"),
    Step("court_result", "登记司法确认结果", ("performing", "performed"), None, HANDLE, forms.CourtResultForm,
         guard=guards.court_answered, effect=effects.court_result, shown=_court_waits, hint="照法院的文书登记。"),
    Step("refer", "转出一件事", (*BEFORE, "performing", "performed"), None, HANDLE, forms.ReferForm, choices.platforms,
         effect=effects.refer, hint="调解中发现要别的平台办的事（修路、低保等），转过去办；纠纷继续调解。"),
    Step("file", "归档", ENDED, "archived", HANDLE, clock="", primary=True,
         effect=effects.file_away, hint="核对卷宗：登记表、告知书、调解记录、协议书、回访记录齐全后归档。"),
)

WORKFLOW = Workflow(STATES, STEPS, start="registered")


# -- the case page -----------------------------------------------------------------------------------------------------

def facts(case) -> list[tuple]:
    """Return what the case page shows of a dispute to those who may read it, as (label, value, wide?)."""
    dispute, agreement = dispute_of(case), agreement_of(case)
    found = [
        ("类型", dispute.type_title), ("难易 / 风险", f"{dispute.difficulty_title} / {RISKS[dispute.risk]}"),
        ("发生日期", f"{dispute.happened_on:%Y-%m-%d}" if dispute.happened_on else "还没有登记"),
        ("涉及人数", f"{dispute.people} 人"), ("调解期限", dispute.period or "受理后起算"),
    ]
    if dispute.committee_id:
        found += [("调解组织", dispute.committee.name), ("卷号", dispute.number)]
    if dispute.named:
        how = "当事人选择" if dispute.chosen_by == "parties" else "调委会指定"
        found.append(("调解员", f"{dispute.mediators}（{how}）"))
    if dispute.invited:
        found.append(("邀请参与", dispute.invited))
    if dispute.way:
        found.append(("转到", LAWFUL_WAYS[dispute.way]))
    if agreement:
        found.append(("履行", f"{PERFORMED[dispute.performance]}，约定 {agreement.until:%Y-%m-%d} 前"))
    if dispute.alarmed_at:
        found.append(("防止激化", f"{dispute.measures} {dispute.reported_to and '已报告' + dispute.reported_to}", True))
    return [*found, ("简要情况", dispute.brief, True)]


def _block(case, person) -> dict:
    """Return what the plugin's part of the case page places."""
    dispute = dispute_of(case)
    return {
        "dispute": dispute, "lines": lines_of(case), "agreement": agreement_of(case),
        "confirmation": confirmation_of(case), "alarmed": dispute.risk == "high" and case.is_open,
        "parties_url": url_for("mediation.parties", dispute_id=dispute.id),
        "edit_url": url_for("mediation.edit", dispute_id=dispute.id) if may_edit(case, person) else "",
    }


def may_edit(case, person) -> bool:
    """Tell whether what was registered may be put right: until it is accepted, by those with whom it lies."""
    return case.state == "registered" and case.unit_id in person.acts_for and person.may("mediation.register")


KIND = CaseKind(
    name="mediation.dispute",
    title="纠纷",
    prefix="TJ",
    workflow=WORKFLOW,
    read="mediation.read",
    icon="scale",
    tint="rust",
    facts=facts,
    template="mediation/dispute.html",
    prepare=_block,
    create="mediation.register",
    create_permission="mediation.register",
    create_label="登记纠纷",
    applicant_label="申请人",
    contents=contents,
    contents_note="调解内容涉及当事人的隐私，只有登记人、承办人、本案调解员和指导调解的司法所、司法局能看"
                  "（人民调解法第十五条第四项）。",
    in_charge="mediation.in_charge",
    extension_note="调解没有可以由上级批准的延期；双方愿意继续的，用“双方同意延长”登记商定的日期。",
    pauses=("appraisal", "medical_appraisal"),
    pauses_in=("accepted", "named", "mediating"),
    hands_over=False,
    channels=CHANNELS,
    words=lambda case: dispute_of(case).number,
)
