"""How a service case travels: 收件 → 受理 → 转报（村→乡→县）→ 审核 → 决定 → 送达 → 归档 (DOMAIN 3.2).

The clock stands still while the person fetches missing materials and during special procedures; the person is told of
it in writing (行政许可法第三十二条、第四十五条). Those two articles bind licences; the same order is kept for the
other items because it is what villagers expect.
"""

from plugins.station import forms
from plugins.station.catalogue import NEED
from plugins.station.models import RequestMaterial, ServiceItem, ServiceRequest
from portal.kit import (
    PAUSE_REASONS,
    CaseKind,
    Deadline,
    Detail,
    PreparedModels,
    Refused,
    State,
    Step,
    Unit,
    Workflow,
    office_of,
    url_for,
)

#: 行政许可法第三十二条: told at once or within five days, or else it counts as accepted.
CHECK = Deadline(5)
#: 行政许可法第四十四条: handed over within ten days of the decision.
DELIVERY = Deadline(10)

STATES = (
    State("received", "已收件", "new", "核对材料，受理，或一次性告知补正", "受理"),
    State("correcting", "待补正", "paused", "等申请人补齐材料", "收补正"),
    State("accepted", "已受理", "accepted", "办理，或转报上级", "办理"),
    State("at_town", "乡镇审核", "handling", "审核材料，提出意见", "审核"),
    State("special_town", "乡镇特别程序", "paused", "完成公示、调查等程序", "结束程序"),
    State("at_county", "县级审核", "handling", "审核材料，作出决定", "审核"),
    State("special_county", "县级特别程序", "paused", "完成公示、调查等程序", "结束程序"),
    State("decided", "已决定", "handling", "把结果送到办事人手里", "送达"),
    State("delivered", "已送达", "closed", "请办事人评价，整理归档", "归档"),
    State("archived", "已归档", "closed"),
    State("declined", "不属本职权", "closed"),
    State("terminated", "已终止", "closed"),
    State("withdrawn", "已撤回", "cancelled"),
)


#: request_of(case): the request of `case` with its item and window.
request_of = Detail(lambda slots: (
    ServiceRequest.select(ServiceRequest, ServiceItem, Unit).join(ServiceItem)
    .join_from(ServiceRequest, Unit, on=(ServiceRequest.window == Unit.id))
    .where(ServiceRequest.case == slots.case)
))


def materials_of(case) -> list[RequestMaterial]:
    """Return the materials of `case` in their order, as they stand now."""
    return _materials(request=request_of(case).id)


_materials = PreparedModels(lambda slots: (
    RequestMaterial.select().where(RequestMaterial.request == slots.request).order_by(RequestMaterial.sort)
))


# -- who is responsible next -------------------------------------------------------------------------------------

def to_town(case, actor, data) -> Unit:
    return office_of(case.town_id, ("便民服务中心",)) or Unit.get_by_id(case.town_id)


def to_county(case, actor, data) -> Unit:
    department = request_of(case).item.department
    if department is not None and department.valid_to is None:
        return department
    return office_of(case.county_id, ("行政审批服务局", "政务服务中心")) or Unit.get_by_id(case.county_id)


def to_window(case, actor, data) -> Unit:
    return request_of(case).window


# -- guards ------------------------------------------------------------------------------------------------------

def _told_once(case, actor, data):
    request = request_of(case)
    if request.told_at is not None:
        raise Refused(
            f"补正只能一次性告知，已在 {request.told_at:%m-%d %H:%M} 告知过。"
            "材料仍不齐时，可容缺受理，或终止办理并说明依据。"
        )
    if not data["missing"] and materials_of(case):
        raise Refused("请勾选还缺哪些材料，申请人要拿着这张单子去补。", "missing")


def _complete(case, actor, data):
    later = set(data.get("later") or [])
    owed = [material for material in materials_of(case) if material.state == "missing"]
    if not later <= {material.id for material in owed if material.need == "later"}:
        raise Refused("只有可容缺、还没有交的材料才能以后补交。", "later")
    if missing := [material.name for material in owed if material.id not in later]:
        raise Refused(f"必交材料还没有收到：{'、'.join(missing)}。请先一次性告知补正；可容缺的，选为以后补交。")


def _not_the_receiver(case, actor, data):
    if request_of(case).received_by_id == actor.id:
        raise Refused("收件人不能审核或决定自己收的件，请由同单位的其他人办理。")


def _may_decide(case, actor, data):
    _not_the_receiver(case, actor, data)
    if data["granted"] not in ("yes", "no"):
        raise Refused("请选择准予或不予。", "granted")


# -- effects -----------------------------------------------------------------------------------------------------

def _mark(case, ids, **changes) -> list[str]:
    """Write `changes` to the materials `ids` of the case; return their names."""
    found = [material for material in materials_of(case) if material.id in set(ids or ())]
    if found:
        (RequestMaterial.update(**changes).where(RequestMaterial.id.in_([material.id for material in found])).execute())
    return [material.name for material in found]


def _tell(case, actor, data):
    wanted = set(data["missing"] or ())
    names = _mark(case, wanted, state="missing", received_at=None)
    request = request_of(case)
    request.told_at, request.told = data["at"], data["text"]
    request.told_missing = [[one.name, one.form] for one in materials_of(case) if one.id in wanted]
    request.save()
    data["pause_kind"], data["pause_reason"] = "supplement", PAUSE_REASONS["supplement"].title
    data["evidence"] = f"一次性告知书，{data['at']:%Y-%m-%d}"
    return f"{'、'.join(names) or '见说明'}。{data['text']}"


def _take_in(case, actor, data):
    names = _mark(case, data.get("received"), state="received", received_at=data["at"])
    return f"收到：{'、'.join(names) or '无新材料'}。{data.get('text', '')}"


def _accept(case, actor, data):
    request = request_of(case)
    request.accepted_at = data["at"]
    request.save()
    if data.get("later"):
        names = _mark(case, data["later"], state="later", owed_until=data["owed_until"])
        return f"容缺受理，{'、'.join(names)}须在 {data['owed_until']:%m-%d} 前补交。{data.get('text', '')}"
    return data.get("text") or "材料齐全，予以受理。"


def _suspend(case, actor, data):
    request = request_of(case)
    request.special_at, request.special, request.special_reason = data["at"], data["procedure"], data["text"]
    request.special_by = case.unit.name
    request.save()
    data["pause_kind"] = forms.PROCEDURE_REASONS[data["procedure"]]
    data["pause_reason"] = f"特别程序：{data['procedure']}"
    data["evidence"] = data.get("evidence") or data["text"]
    return f"{data['procedure']}：{data['text']}"


def _decide(case, actor, data):
    request = request_of(case)
    request.granted = data["granted"] == "yes"
    request.decided_at, request.decided_by, request.decision = data["at"], actor.full_name, data["text"]
    request.save()
    return f"{'准予' if request.granted else '不予'}：{data['text']}"


def _deliver(case, actor, data):
    request = request_of(case)
    request.delivered_at, request.delivery, request.recipient = data["at"], data["delivery"], data["recipient"]
    request.save()
    return f"{dict(forms.DELIVERIES)[data['delivery']]}，签收人 {data['recipient']}。"


def _settle(case, actor, data):
    request = request_of(case)
    request.accepted_at = request.decided_at = request.delivered_at = data["at"]
    request.granted, request.decided_by, request.decision = True, actor.full_name, data["reply"]
    request.delivery, request.recipient = "window", case.applicant
    request.save()
    return "当场办好，当场答复。"


def _withdraw(case, actor, data):
    case.no_reply_because = "申请人撤回"
    return data["text"]


# -- what the forms offer ------------------------------------------------------------------------------------------

def _all_materials(case) -> dict:
    return {"missing": [(material.id, material.name) for material in materials_of(case)]}


def _still_missing(case) -> dict:
    return {"received": [(one.id, one.name) for one in materials_of(case) if one.state in ("missing", "later")]}


def _may_come_later(case) -> dict:
    owed = [one for one in materials_of(case) if one.state == "missing" and one.need == "later"]
    return {"later": [(one.id, one.name) for one in owed]} if owed else {"later": None, "owed_until": None}


# -- when a step is offered ---------------------------------------------------------------------------------------

def _goes_up(case, actor) -> bool:
    return request_of(case).decides in ("town", "county")


def _decided_by_county(case, actor) -> bool:
    return request_of(case).decides == "county"


def _decided_by_town(case, actor) -> bool:
    return request_of(case).decides == "town"


def _decided_by_village(case, actor) -> bool:
    return request_of(case).decides == "village"


def _on_the_spot(case, actor) -> bool:
    return request_of(case).on_the_spot


def _promise(case) -> Deadline:
    request = request_of(case)
    return Deadline(max(request.promise_amount, 1), request.promise_unit)


STEPS = (
    Step("accept", "受理", ("received",), "accepted", "station.receive", forms.AcceptForm, _may_come_later,
         clock="start", deadline=_promise, guard=_complete, effect=_accept, primary=True, tone="ok",
         hint="从明天起计算承诺时限，系统打印受理通知书。"),
    Step("settle", "当场办结", ("received",), "delivered", "station.receive", forms.AnswerForm, clock="stop",
         guard=_complete, effect=_settle, shown=_on_the_spot, replies=True, tone="ok",
         hint="即办件当场办好、当场答复。"),
    Step("correct", "一次性告知补正", ("received",), "correcting", "station.receive", forms.CorrectForm,
         _all_materials, clock="pause", guard=_told_once, effect=_tell, tone="warn",
         hint="时限停止计算，打印一次性告知书交给申请人。"),
    Step("decline", "告知不属本职权", ("received",), "declined", "station.receive", forms.DeclineForm, clock="stop",
         replies=True, hint="当场告诉办事人应当去哪里办。"),
    Step("supplement", "收到补正材料", ("correcting",), "received", "station.receive", forms.SupplementForm,
         _still_missing, clock="resume", effect=_take_in, primary=True, hint="时限继续计算，停表的时间不算在内。"),
    Step("terminate", "终止办理", ("received", "correcting"), "terminated", "station.receive", forms.AnswerForm,
         clock="stop", replies=True, shown=lambda case, actor: request_of(case).told_at is not None,
         hint="仅在法律有规定或申请人同意时使用，并把理由告诉申请人。"),
    Step("forward_town", "转报乡镇", ("accepted",), "at_town", "station.receive", forms.OpinionForm, hand=to_town,
         shown=_goes_up, primary=True, hint="转给乡镇便民服务中心审核，时限继续计算。"),
    Step("send_back_village", "退回村（社区）", ("at_town",), "accepted", "station.review", forms.ReasonForm,
         hand=to_window, tone="warn", hint="写明哪里不对、要怎么改。"),
    Step("forward_county", "转报县级部门", ("at_town",), "at_county", "station.review", forms.OpinionForm,
         guard=_not_the_receiver, hand=to_county, shown=_decided_by_county, primary=True,
         hint="转给负责决定的县级部门，时限继续计算。"),
    Step("send_back_town", "退回乡镇", ("at_county",), "at_town", "station.decide", forms.ReasonForm, hand=to_town,
         tone="warn", hint="写明哪里不对、要怎么改。"),
    Step("suspend_town", "进入特别程序", ("at_town",), "special_town", "station.review", forms.SuspendForm,
         clock="pause", effect=_suspend, tone="warn", hint="公示、调查等所需时间不计入时限，须书面告知申请人。"),
    Step("resume_town", "特别程序结束", ("special_town",), "at_town", "station.review", forms.OpinionForm,
         clock="resume", primary=True, hint="时限继续计算。"),
    Step("suspend_county", "进入特别程序", ("at_county",), "special_county", "station.decide", forms.SuspendForm,
         clock="pause", effect=_suspend, tone="warn", hint="公示、调查等所需时间不计入时限，须书面告知申请人。"),
    Step("resume_county", "特别程序结束", ("special_county",), "at_county", "station.decide", forms.OpinionForm,
         clock="resume", primary=True, hint="时限继续计算。"),
    Step("decide_village", "作出决定", ("accepted",), "decided", "station.settle", forms.DecideForm, clock="start",
         deadline=lambda case: DELIVERY, guard=_may_decide, effect=_decide, shown=_decided_by_village, primary=True,
         hint="决定后十个工作日内送达。"),
    Step("decide_town", "作出决定", ("at_town",), "decided", "station.review", forms.DecideForm, clock="start",
         deadline=lambda case: DELIVERY, guard=_may_decide, effect=_decide, hand=to_window, shown=_decided_by_town,
         primary=True, hint="决定后交回收件的窗口，十个工作日内送达。"),
    Step("decide", "作出决定", ("at_county",), "decided", "station.decide", forms.DecideForm, clock="start",
         deadline=lambda case: DELIVERY, guard=_may_decide, effect=_decide, hand=to_window, primary=True,
         hint="决定后交回收件的窗口，十个工作日内送达。"),
    Step("deliver", "送达", ("decided",), "delivered", "station.receive", forms.DeliverForm, clock="stop",
         effect=_deliver, replies=True, primary=True, hint="把结果交给办事人，并记下答复，这件事就办结了。"),
    Step("archive", "归档", ("delivered", "declined", "terminated"), "archived", "station.receive", primary=True,
         hint="材料齐全后归档，归档后只能查看。"),
    # Whoever the matter lies with by now: the person comes to the window where it was received.
    Step("withdraw", "申请人撤回", ("received", "correcting", "accepted", "at_town", "special_town", "at_county",
         "special_county"), "withdrawn", "station.receive", forms.ReasonForm, clock="stop", effect=_withdraw,
         by="reach", hint="申请人自己要求撤回时使用。"),
)

WORKFLOW = Workflow(STATES, STEPS, start="received")


def facts(case) -> list[tuple[str, str]]:
    """Return what the case page shows of a request, as (label, value)."""
    request = request_of(case)
    item = request.item
    found = [
        ("事项", request.item_name),
        ("决定机关", item.department_name or item.decides_title),
        ("办理方式", item.mode_titles),
        ("承诺时限", request.promise_title),
        ("法定时限", item.legal_limit or "没有全国统一规定"),
        ("收件窗口", request.window.name),
    ]
    if request.proxy_name:
        found.append(("代办人", f"{request.proxy_name}（已收委托书）"))
    if request.provincial_number:
        found.append(("省平台办件号", request.provincial_number))
    if request.decided_at:
        found.append(("决定", f"{'准予' if request.granted else '不予'}，{request.decided_at:%Y-%m-%d}"))
    return found


def _block(case, person) -> dict:
    """Return what the station's part of the case page places; a need leads on to the item that it turns out to be."""
    is_need = request_of(case).item.code == NEED and case.is_open and person.may("station.receive")
    return {
        "materials": materials_of(case), "is_need": is_need,
        "receive_url": url_for("station.choose", source=case.id) if is_need else "",
    }


#: Only the period for deciding can be extended; those for looking at the materials and for handing over cannot.
DECIDING = ("accepted", "at_town", "at_county")


def _extension(case) -> Deadline | None:
    """行政许可法第四十二条: ten days, once; items that are no licences go by the same."""
    return Deadline(10, case.limit_unit) if case.state in DECIDING else None


def _apart(case, other) -> str | None:
    """What each person applied for is decided for each of them (行政许可法第三十八条)."""
    same = case.resident_id is not None and case.resident_id == other.resident_id
    return None if same else "两个人各自申请的事项要分别办理、分别答复，不能并案；同一个人重复申请的才可以。"


KIND = CaseKind(
    name="station.request",
    title="办件",
    prefix="FW",
    workflow=WORKFLOW,
    read="station.read",
    icon="building-community",
    tint="teal",
    facts=facts,
    template="station/materials.html",
    prepare=_block,
    extension=_extension,
    extension_law="行政许可法第四十二条；非许可事项参照办理",
    extension_note="只有受理以后、决定以前的办理期限可以延长；核对材料和送达的期限不能延长。",
    pauses=("publicity", "survey", "assessment", "checking"),
    pauses_in=("accepted",),
    in_charge="station.in_charge",
    create="station.choose",
    create_permission="station.receive",
    create_label="收件",
    channels=tuple(forms.INTAKE_CHANNELS),
    apart=_apart,
)
