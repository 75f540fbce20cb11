"""延期: asked once, before the period has run out, by those with whom the case lies; granted by the level above.

行政许可法第四十二条: 经本行政机关负责人批准，可以延长十日，并应当将延长期限的理由告知申请人. Who decides: for what lies
in a village or grid its town; for what lies with a town the department of its line, else the county's unit in charge
of the kind, else the county; for what lies with a county's department the county. Nobody decides about their own
request.
"""

from flask import current_app

from portal import audit, notify
from portal.accounts.person import SYSTEM
from portal.calendar import Calendar
from portal.cases import clock, staff, timeline
from portal.cases.clock import CLOCK_FIELDS
from portal.cases.clock_models import Extension
from portal.cases.kinds import kind_of, kinds, plugin_of
from portal.cases.ledger import conflict
from portal.cases.lens import Reader, holds, of_kinds, unrestricted
from portal.cases.models import Case
from portal.db import atomic, now
from portal.org.models import Unit
from portal.org.settings import unit_in_charge
from portal.registry import registry_of
from portal.values import Deadline, Refused

ASKED, DECIDED = "cases.extension_asked", "cases.extension_decided"
LEADS_TO = "/cases/{}/extension"


def longest(case) -> Deadline | None:
    """Return by how much the law lets the running period be extended, in its own unit; None: not at all."""
    kind = kind_of(case)
    plugin, ask_kind = plugin_of(case.kind), kind.extension
    limit = registry_of(current_app).guarded(
        plugin, ask_kind, case, kind=(Deadline, type(None)), hook=f"portal_cases.{case.kind} extension",
    ) if ask_kind else None
    return limit if limit is not None and limit.unit == case.limit_unit else None


def refusal(case, person) -> str:
    """Return the sentence that says why `person` cannot ask for an extension now; "" if they can."""
    moment = now()
    if not case.is_open:
        return "这件事已经办结，不用延期。"
    if not holds(person, case):
        return f"这件事现在由{case.unit.name}负责，延期由他们申请。"
    if not person.may("cases.extend"):
        return "您当前的岗位没有申请延期的权限。"
    if case.extension == "granted":
        return "这件事已经延期一次，法律不允许再延。到期办不完的，请如实办理，并向办事人说明原因。"
    if case.extension_asked is not None:
        return "已经有一份延期申请在等待审批。"
    if case.paused_at is not None:
        return "现在停表，期限不走，不需要延期；恢复计时后仍不够的，再申请。"
    if case.due is None or moment > case.due:
        return "期限已过，不能再申请延期。请尽快办结，并在答复里向办事人说明超期的原因。"
    if longest(case) is None:
        return kind_of(case).extension_note or "这个期限没有可以延长的规定。"
    return ""


def approver_of(case) -> Unit:
    """Return the unit that decides about an extension of `case` as it lies now: the level above, and where nobody there
    could, the county; a request that nobody can decide would run out in silence."""
    county, kind = Unit.get_by_id(case.county_id), kind_of(case)
    above = _above(case, county)
    return above if above.id == county.id or staff.holding(above, "cases.approve", kind.read) else county


def _above(case, county: Unit) -> Unit:
    holder = case.unit
    if holder.level in ("village", "grid"):
        return Unit.get_by_id(holder.town_id or holder.county_id)
    if holder.town_id is None:  # the county, or one of its departments
        return county
    if case.line_id:
        return Unit.get_by_id(case.line_id)
    in_charge = kind_of(case).in_charge
    unit = unit_in_charge(in_charge, case.county_id) if in_charge else None
    # A department of another line does not see the case, so it cannot decide about it.
    return unit if unit is not None and unit.reach == "area" else county


def ask(case, actor, amount: int, reason: str, version: int | None) -> Extension:
    """Ask for an extension by `amount` of the clock's unit; raises Refused or Conflict."""
    with atomic():
        case, at = _held(case, version), now()
        if sentence := refusal(case, actor):
            raise Refused(sentence)
        most = longest(case)
        if not 1 <= amount <= most.amount:
            raise Refused(f"最多可以延长 {most}，请填 1 到 {most.amount}。", "amount")
        approver = approver_of(case)
        if not {user.id for user in staff.holding(approver, "cases.approve", kind_of(case).read)} - {actor.id}:
            raise Refused(f"{approver.name}现在没有能审批延期的人，申请了也没有人批。请系统管理员先安排岗位。")
        asked = Extension.create(
            county_id=case.county_id, case=case.id, amount=amount, measure=case.limit_unit, reason=reason,
            unit=case.unit_id, asked_at=at, asked_by=actor.id, asked_by_name=actor.full_name, approver=approver.id,
            due_before=case.due,
        )
        case.extension, case.extension_asked = "asked", approver.id
        _kept(case, actor, "ask_extension", f"申请延期 {asked.period}", at, f"{reason}\n由{approver.name}审批。")
        notify.send_to_unit(
            approver, ASKED, f"延期待审批：{case.number}，{case.due:%m-%d %H:%M} 前须决定", LEADS_TO.format(case.id),
            f"{case.unit.name}申请延长 {asked.period}。", permissions=("cases.approve", kind_of(case).read),
        )
    return asked


def withdraw(case, actor, version: int | None) -> None:
    """Take back an open request; only who asked can."""
    with atomic():
        case, at = _held(case, version), now()
        asked = open_request(case)
        if asked is None or asked.asked_by_id != actor.id:
            raise Refused("只有申请人能撤回还没有决定的延期申请。")
        clock.drop_request(case, at, "withdrawn")
        _kept(case, actor, "withdraw_extension", "撤回延期申请", at)


def may_decide(case, person) -> bool:
    """Tell whether the person's post decides about the open request of `case`; who asked is looked at in `decide`."""
    return case.extension_asked in person.acts_for and person.may("cases.approve")


def decide(case, actor, data: dict, version: int | None) -> Extension:
    """Grant or refuse the open request; granting moves the clock in the same transaction. Raises Refused or Conflict.

    `data`: "granted" yes or no, "text" why, "told_channel" and "told_text" how the person who came was told.
    """
    with atomic():
        case, at = _held(case, version), now()
        asked = open_request(case)
        if asked is None or not may_decide(case, actor):
            raise Refused("这件事现在没有等您审批的延期申请。")
        if asked.unit_id != case.unit_id:
            raise Refused(f"这件事已经转给{case.unit.name}，原来的申请不再有效，请由他们重新申请。")
        if asked.asked_by_id == actor.id:
            raise Refused("自己申请的延期不能自己审批，请由本单位其他人决定。")
        if case.due is not None and at > case.due:
            raise Refused("期限已过，申请已经失效。请督促承办单位尽快办结。")
        granted = data["granted"] == "yes"
        asked.state = case.extension = "granted" if granted else "refused"
        asked.decided_at, asked.decided_by_name, asked.decision = at, actor.full_name, data["text"]
        case.extension_asked = None
        said = data["text"]
        if granted:
            said = f"{_moved(case, asked)}\n{said}{_told(case, asked, data)}"
        asked.save()
        title = f"{'同意' if granted else '不同意'}延期"
        _kept(case, actor, "grant_extension" if granted else "refuse_extension", title, at, said)
        audit.record("cases.decide_extension", "case", case.id, detail={"granted": granted})
        notify.send(
            {asked.asked_by_id, case.person_id} - {None}, DECIDED, f"{title}：{case.number}", f"/cases/{case.id}",
            said[:500], county_id=case.county_id,
        )
    return asked


def _moved(case, asked: Extension) -> str:
    """Move the clock; return the sentence with the old and the new date."""
    case.extended = asked.amount
    if case.paused_at is not None:
        return f"延长 {asked.period}，恢复计时后一并计算。"
    case.due = asked.due_after = clock.due_of(case, clock.spans_of(case), Calendar.load())
    return f"期限由 {asked.due_before:%Y-%m-%d} 改为 {case.due:%Y-%m-%d}。"


def _told(case, asked: Extension, data: dict) -> str:
    """Record how the person who came was told; nobody came: nobody is to be told."""
    if not case.applicant:
        return ""
    channel, text = data.get("told_channel") or "", (data.get("told_text") or "").strip()
    if channel not in TOLD:
        raise Refused("请选择怎样告知办事人的。", "told_channel")
    if not text:
        raise Refused("请写明告知了办事人什么：延长多久、为什么、什么时候办好。", "told_text")
    asked.told_channel, asked.told_text = channel, text
    return f"\n已{TOLD[channel]}告知办事人：{text}"


#: How somebody can be told of an extension.
TOLD = {"phone": "电话", "face": "当面", "paper": "书面", "door": "上门", "message": "短信"}


def open_request(case) -> Extension | None:
    return Extension.select().where(Extension.case == case.id, Extension.state == "asked").first()


def requests_of(case) -> list[Extension]:
    """Return all requests of the case with the deciding units, the last first; asks nothing where there is none."""
    if not case.extension:
        return []
    query = Extension.select(Extension, Unit).join(Unit, on=(Extension.approver == Unit.id))
    return list(query.where(Extension.case == case.id).order_by(Extension.id.desc()))


def waiting_for(person):
    """Return the query of the cases with requests that the person's post has to decide, what is due first on top."""
    reader = Reader.of(person)
    return Case.select().where(
        Case.extension_asked.in_(sorted(person.acts_for) or [-1]), of_kinds(reader), unrestricted(reader),
    ).order_by(Case.due, Case.id)


def how_many_wait(person) -> int:
    """Return how many requests wait for the person's post; asks nothing of those who decide about none."""
    return waiting_for(person).order_by().count() if person.may("cases.approve") else 0


def lapse() -> int:
    """Close the requests whose period has run out undecided, and tell both sides; returns how many. Safe to repeat."""
    ids = [key for (key,) in Case.select(Case.id).where(
        Case.extension_asked.is_null(False), Case.due < now()).order_by(Case.id).limit(1000).tuples()]
    return sum(_lapse(key) for key in ids)


def _lapse(case_id: int) -> bool:
    with atomic():
        case, at = timeline.locked(case_id), now()
        if case.extension_asked is None or case.due is None or case.due >= at:
            return False
        asked = open_request(case)
        clock.drop_request(case, at, "lapsed")
        _kept(case, SYSTEM, "lapse_extension", "延期申请失效", at, "到期时还没有人审批，期限不变。")
        said = f"延期申请到期未批：{case.number}"
        people = {asked.asked_by_id, case.person_id, *_deciders(asked, case)}
        notify.send(people - {None}, DECIDED, said, f"/cases/{case.id}", county_id=case.county_id)
    return True


def _deciders(asked: Extension, case) -> set[int]:
    """Return the ids of those who could have decided: nobody else at that unit opens the case."""
    kind = kinds().get(case.kind)
    return {user.id for user in staff.holding(asked.approver, "cases.approve", kind.read)} if kind else set()


def _held(case, version: int | None) -> Case:
    case = timeline.locked(case.id)
    if version is not None and version != case.version:
        raise conflict(case)
    return case


def _kept(case, actor, step: str, title: str, at, text: str = "") -> None:
    case.version += 1
    case.save(only=CLOCK_FIELDS)
    timeline.append(case, actor, step=step, title=title, at=at, from_state=case.state, text=text)


def open_requests(cases) -> dict[int, Extension]:
    """Return the open requests of `cases` by the case's id."""
    query = Extension.select().where(Extension.case.in_([case.id for case in cases]), Extension.state == "asked")
    return {asked.case_id: asked for asked in query} if cases else {}
