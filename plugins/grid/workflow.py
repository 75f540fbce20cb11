"""How an event travels: 发现上报 → 受理 → 自办 | 分流交办（村→乡→县）→ 签收 → 处置 → 反馈 → 核查 → 结案 (DOMAIN 4.5).

Whoever reported checks what was done, and nobody checks their own work. A unit that is not the right one sends the
matter back with a reason to whoever stands above both; once several have agreed on a unit (会商指定) it stays there
(潍坊12345条例第二十二条). Compulsory reports (反家庭暴力法第十四条、未成年人保护法第十一条) start at the town's centre,
move on only with the record of who was informed, and are open to few.
"""

from plugins.grid import forms
from plugins.grid.catalogue import CATEGORIES, title_of
from plugins.grid.ladder import (
    above,
    acts_above,
    centre_of,
    coordinates,
    coordination_of,
    level_of,
    limit_of,
    targets,
)
from plugins.grid.models import GridEvent
from portal.kit import (
    Calendar,
    CaseKind,
    Deadline,
    Detail,
    Refused,
    State,
    Step,
    Unit,
    Workflow,
    extend,
    holds,
    refer,
    referable,
    setting,
)

STATES = (
    State("reported", "待受理", "new", "核实情况，受理，或说明为什么不受理", "受理"),
    State("handling", "处置中", "handling", "处置后反馈结果，或分流交办", "处置"),
    State("sent", "待签收", "accepted", "签收；不归本单位的，写明理由退单", "签收"),
    State("disputed", "待改派", "handling", "核对退单理由，改派，或会商指定", "改派"),
    State("extending", "待批延期", "handling", "审批延期申请", "审批"),
    State("checking", "待核查", "handling", "核查是不是真的办好了", "核查"),
    State("done", "已结案", "closed", "整理归档", "归档"),
    State("refused", "不予受理", "closed", "整理归档", "归档"),
    State("referred", "已转其他平台", "closed"),
    State("merged", "已并案", "closed"),
    State("withdrawn", "已撤回", "cancelled"),
    State("archived", "已归档", "closed"),
)


#: event_of(case): the event of `case` with the unit that reported it.
event_of = Detail(lambda slots: (
    GridEvent.select(GridEvent, Unit).join(Unit, on=(GridEvent.reported_from == Unit.id))
    .where(GridEvent.case == slots.case)
))


def readable(case, person) -> bool:
    """Tell whether the person may read the event: of a compulsory report only who made it, and who handles such matters
    in the unit that holds it, in the town's centre or in the county's coordination; no leader by rank alone."""
    if not event_of(case).compulsory or case.created_by_id == person.id:
        return True
    return person.may("grid.handle") and (holds(person, case) or acts_above(person, case))


def _write(case, **changes) -> None:
    event = event_of(case)
    for name, value in changes.items():
        setattr(event, name, value)
    event.save()


# -- who is responsible next ---------------------------------------------------------------------------------------

def to_centre(case, actor, data) -> Unit:
    return centre_of(case.town_id) if case.town_id else coordination_of(case)


def to_target(case, actor, data) -> Unit:
    return data["unit"]


def to_above(case, actor, data) -> Unit:
    return above(case, case.unit) or coordination_of(case)


def to_checker(case, actor, data) -> Unit:
    """Return who checks: the unit that reported; what its reporter handled themself, and what is closed to that unit,
    goes to whoever stands above."""
    event = event_of(case)
    own = event.compulsory or event.reported_by_id == actor.id or event.reported_from.valid_to is not None
    if not own:
        return event.reported_from
    return above(case, case.unit) or (centre_of(case.town_id) if case.town_id else coordination_of(case))


def to_handler(case, actor, data) -> Unit:
    return event_of(case).handled_unit


def to_asker(case, actor, data) -> Unit:
    return event_of(case).extension_unit


# -- guards --------------------------------------------------------------------------------------------------------

def _informed(case, actor, data):
    event = event_of(case)
    if event.compulsory and event.informed_at is None:
        raise Refused("强制报告必须先报 110 或民政部门。请先“补记报告”，写明报告了谁、什么时候报告的。")


def _accepted(case, actor, data):
    _informed(case, actor, data)
    if data.get("sub") and data["sub"] not in CATEGORIES[event_of(case).category].subs:
        raise Refused("细分和类别对不上，请重新选择。", "sub")


def _to_one_of_these(case, actor, data):
    wanted = str(data.get("target"))
    data["unit"] = next((one for one in targets(case, event_of(case).category) if str(one.id) == wanted), None)
    if data["unit"] is None:
        raise Refused("请从列表中选择接收单位。", "target")


def _asked_in_time(case, actor, data):
    if event_of(case).extension_days is not None:
        raise Refused("延期只能申请一次，这件事已经申请过。")
    if case.due is None or data["at"] > case.due:
        raise Refused("期限已过，不能再申请延期；请尽快办理，并在结果里说明原因。")


def _not_own_work(case, actor, data):
    if event_of(case).handled_by_id == actor.id:
        raise Refused("处置的人不能核查自己办的事，请由同单位的其他人核查。")


# -- effects -------------------------------------------------------------------------------------------------------

def _accept(case, actor, data):
    if data.get("sub"):
        _write(case, sub=data["sub"])
    return data.get("text") or "情况属实，予以受理。"


def _inform(case, actor, data):
    whom = dict(forms.INFORMED)[data["informed_whom"]]
    _write(case, informed_whom=whom, informed_at=data["informed_at"])
    return f"{data['informed_at']:%m-%d %H:%M} 报告{whom}。{data.get('text', '')}"


def _send(case, actor, data):
    _write(case, sent_by=case.unit_id, difficulty=data.get("difficulty", ""))


def _appoint(case, actor, data):
    _send(case, actor, data)
    _write(case, appointed=True)


def _decline(case, actor, data):
    _write(case, declined=event_of(case).declined + 1)


def _ask_extension(case, actor, data):
    _write(case, extension_unit=case.unit_id, extension_days=data["days"])
    return f"申请延长 {data['days']} 个工作日：{data['text']}"


def _grant(case, actor, data):
    days = event_of(case).extension_days
    case.due = extend(case.due, Deadline(days), Calendar.load())
    case.limit_amount += days
    _write(case, extension_granted=True)
    return f"同意延长 {days} 个工作日。{data.get('text', '')}"


def _deny(case, actor, data):
    _write(case, extension_granted=False)


def _handle(case, actor, data):
    _write(
        case, handled_unit=case.unit_id, handled_by=actor.id, handled_at=data["at"], result=data["text"],
        handled_level=level_of(case.unit),
    )


def _settle(case, actor, data):
    text = data.get("text") or "当场处置完毕。"
    _write(
        case, handled_unit=actor.post.unit.id, handled_by=actor.id, handled_at=data["at"], result=text,
        handled_level="grid",
    )
    return f"当场处置：{text}"


def _redo(case, actor, data):
    _write(case, redone=event_of(case).redone + 1)


def _refer(case, actor, data):
    opened = refer(case, data["kind"], actor, data["text"])
    case.no_reply_because = f"已转其他平台，新编号 {opened.number}，由新件答复"
    return f"已转出，新编号 {opened.number}。{data['text']}"


def _withdraw(case, actor, data):
    case.no_reply_because = "反映人撤回"


# -- what the forms offer ------------------------------------------------------------------------------------------

def _subs(case) -> dict:
    found = CATEGORIES[event_of(case).category].subs
    return {"sub": [("", "以后再分"), *found.items()]}


def _units(case) -> dict:
    return {"target": [("", "请选择"), *((str(one.id), one.name) for one in targets(case, event_of(case).category))]}


def _platforms(case) -> dict:
    return {"kind": [(kind.name, kind.title) for kind in referable(case)]}


# -- when a step is offered ----------------------------------------------------------------------------------------

def _owes_reply(case, actor) -> bool:
    return not case.no_reply_because


def _owes_none(case, actor) -> bool:
    return bool(case.no_reply_because)


def _is_compulsory(case, actor) -> bool:
    return event_of(case).compulsory


def _is_ordinary(case, actor) -> bool:
    return not event_of(case).compulsory


def _not_informed(case, actor) -> bool:
    event = event_of(case)
    return event.compulsory and event.informed_at is None


def _ordinary_and(test):
    return lambda case, actor: _is_ordinary(case, actor) and test(case, actor)


def _by_reporter(test):
    """On the spot: whoever reported it, or the village that holds it."""
    return lambda case, actor: (
        _is_ordinary(case, actor) and test(case, actor)
        and (event_of(case).reported_by_id == actor.id or holds(actor, case))
    )


def _in_village(case, actor) -> bool:
    return level_of(case.unit) == "village"


def _hands_on(case, actor) -> bool:
    return coordinates(case)


def _may_decline(case, actor) -> bool:
    event = event_of(case)
    return event.sent_by_id is not None and not event.appointed and above(case, case.unit) is not None


def _may_extend(case, actor) -> bool:
    return case.limit_unit == "workday" and above(case, case.unit) is not None


def _may_refer(case, actor) -> bool:
    # Asked on each case page: what else the person's own town has enabled is known already, referable() asks anew.
    return _is_ordinary(case, actor) and (bool(actor.enabled - {"grid"}) or bool(referable(case)))


# -- how long ------------------------------------------------------------------------------------------------------

def _limit(case) -> Deadline:
    return limit_of(case, event_of(case).difficulty)


def _check_limit(case) -> Deadline:
    return Deadline(setting("grid.check_days", case))


HANDLING = ("handling",)

STEPS = (
    Step("accept", "受理", ("reported",), "handling", "grid.accept", forms.AcceptForm, _subs, clock="start",
         deadline=_limit, guard=_accepted, effect=_accept, primary=True, hint="情况属实的，受理后自办或分流。"),
    Step("inform", "补记报告", ("reported", "handling"), None, "grid.report", forms.InformForm, effect=_inform,
         shown=_not_informed, by="reach", primary=True, tone="warn",
         hint="反家庭暴力法第十四条、未成年人保护法第十一条：发现后应当立即报告。"),
    Step("settle", "当场处置", ("reported",), "done", "grid.report", forms.ResultForm, clock="stop", effect=_settle,
         shown=_by_reporter(_owes_none), by="reach", hint="自己能马上处置好的，处置完直接结案，不再上转。"),
    Step("settle_reply", "当场处置并答复", ("reported",), "done", "grid.report", forms.AnswerForm, clock="stop",
         effect=_settle, shown=_by_reporter(_owes_reply), by="reach", replies=True,
         hint="自己能马上处置好的，处置完告诉反映人，直接结案。"),
    Step("refuse", "不予受理", ("reported",), "refused", "grid.accept", forms.RefuseForm, clock="stop",
         shown=_ordinary_and(_owes_none), tone="warn", hint="不属实、不属于网格事件清单的，写明理由。"),
    Step("refuse_reply", "不予受理并答复", ("reported",), "refused", "grid.accept", forms.RefuseAnswerForm,
         clock="stop", shown=_ordinary_and(_owes_reply), replies=True, tone="warn",
         hint="告诉反映人为什么不受理、应当去哪里反映。"),
    Step("handle", "反馈处置结果", HANDLING, "checking", "grid.handle", forms.ResultForm, clock="start",
         deadline=_check_limit, effect=_handle, hand=to_checker, primary=True,
         hint="处置好了再反馈，由上报的人核查。"),
    Step("to_town", "分流到乡镇", HANDLING, "sent", "grid.handle", forms.OpinionForm, clock="start", deadline=_limit,
         effect=_send, hand=to_centre, shown=_in_village, hint="村里办不了的，交乡镇综治中心分流。"),
    Step("assign", "分流交办", HANDLING, "sent", "grid.handle", forms.AssignForm, _units, clock="start",
         deadline=_limit, guard=_to_one_of_these, effect=_send, hand=to_target, shown=_hands_on,
         hint="列表最前面是这类事在县里的牵头单位。应由职能部门办理的，不要分派给村。"),
    Step("sign", "签收", ("sent",), "handling", "grid.handle", forms.PlainForm, primary=True,
         hint="签收后开始处置，期限从交办时算起。"),
    Step("decline", "退单", ("sent", "handling"), "disputed", "grid.handle", forms.ReasonForm, effect=_decline,
         hand=to_above, shown=_may_decline, tone="warn", returns=True,
         hint="确实不归本单位的，写明依据；由上一级改派。"),
    Step("reassign", "改派", ("disputed",), "sent", "grid.handle", forms.AssignForm, _units, clock="start",
         deadline=_limit, guard=_to_one_of_these, effect=_send, hand=to_target, primary=True,
         hint="期限重新计算。"),
    Step("appoint", "会商指定", ("disputed",), "sent", "grid.handle", forms.AppointForm, _units, clock="start",
         deadline=_limit, guard=_to_one_of_these, effect=_appoint, hand=to_target, decides=True,
         hint="有争议的，会商后指定一个单位；指定后不能再退单。"),
    Step("ask_extension", "申请延期", HANDLING, "extending", "grid.handle", forms.ExtendForm, guard=_asked_in_time,
         effect=_ask_extension, hand=to_above, shown=_may_extend, hint="到期之前申请，只能一次，由上一级审批。"),
    Step("grant_extension", "同意延期", ("extending",), "handling", "grid.handle", forms.PlainForm, effect=_grant,
         hand=to_asker, primary=True, hint="从原来的期限往后延长。"),
    Step("deny_extension", "不同意延期", ("extending",), "handling", "grid.handle", forms.ReasonForm, effect=_deny,
         hand=to_asker, tone="warn", hint="按原来的期限办理。"),
    Step("confirm", "核查通过，结案", ("checking",), "done", "grid.check", forms.PlainForm, clock="stop",
         guard=_not_own_work, shown=_owes_none, primary=True, hint="到现场或电话核实，确实办好了。"),
    Step("confirm_reply", "核查通过，答复结案", ("checking",), "done", "grid.check", forms.AnswerForm, clock="stop",
         guard=_not_own_work, shown=_owes_reply, replies=True, primary=True, hint="把结果告诉反映人，这件事才办结。"),
    Step("redo", "退回重办", ("checking",), "handling", "grid.check", forms.ReasonForm, clock="start", deadline=_limit,
         redoes=True,
         guard=_not_own_work, effect=_redo, hand=to_handler, tone="warn", hint="没有办好的，写明还差什么。"),
    Step("refer", "转其他平台", ("reported", "handling"), "referred", "grid.handle", forms.ReferForm, _platforms,
         clock="stop", effect=_refer, shown=_may_refer, hint="纠纷转调解，服务需求转便民服务站，那里会有新的编号。"),
    Step("withdraw", "反映人撤回", ("reported", "handling"), "withdrawn", "grid.handle", forms.ReasonForm,
         clock="stop", effect=_withdraw, shown=_ordinary_and(_owes_reply), hint="反映人自己要求撤回时使用。"),
    Step("archive", "归档", ("done", "refused"), "archived", "grid.handle", primary=True,
         hint="归档后只能查看。"),
)

WORKFLOW = Workflow(STATES, STEPS, start="reported")


def facts(case) -> list[tuple]:
    """Return what the case page shows of an event, as (label, value)."""
    event = event_of(case)
    found = [
        ("类别", title_of(event.category, event.sub)), ("具体位置", event.where),
        ("紧急程度", event.urgency_title), ("上报单位", event.reported_from.short),
        ("现场情况", event.text, True),
    ]
    if event.compulsory:
        told = f"{event.informed_at:%m-%d %H:%M} 报告{event.informed_whom}" if event.informed_at else "还没有记录"
        found.append(("报 110 或民政", told))
    if event.handled_at:
        found.append(("处置", f"{event.handled_at:%m-%d %H:%M}，{event.level_title}办理"))
        found.append(("处置结果", event.result, True))
    if event.declined or event.redone:
        found.append(("退单、重办", f"退单 {event.declined} 次，重办 {event.redone} 次"))
    if event.extension_days is not None:
        granted = {None: "待批", True: "已同意", False: "没有同意"}[event.extension_granted]
        found.append(("延期", f"{event.extension_days} 个工作日，{granted}"))
    if event.appointed:
        found.append(("会商指定", "已指定，不再退单"))
    return found


def _apart(case, other) -> str | None:
    """Compulsory reports travel alone: their contents must not reach those who read another event."""
    return "强制报告事项单独办理，不能并案。" if event_of(case).compulsory else None


KIND = CaseKind(
    name="grid.event",
    title="网格事件",
    prefix="WG",
    workflow=WORKFLOW,
    read="grid.read",
    extension_note="网格事件的延期用环节“申请延期”办理，由上一级审批。",
    icon="map-pin",
    tint="indigo",
    facts=facts,
    contents=readable,
    contents_note="这是强制报告事项，内容只对报告人、承办单位和综治中心公开。",
    in_charge="grid.coordination",
    apart=_apart,
    signs=False,
    hands_over=False,
    create="grid.report",
    create_permission="grid.report",
    create_label="上报",
    applicant_label="反映人",
    channels=tuple(forms.CHANNELS),
)

