"""What people do about responsibility: sign for a case, hand it to another unit, send it back, decide who handles it.

None of these moves the case: it stands in the same state, its clock runs on.
"""

from portal.cases import responsibility, staff, telling, timeline
from portal.cases.kinds import kind_of
from portal.cases.ledger import conflict
from portal.cases.lens import holds
from portal.cases.models import Case, CaseEvent
from portal.cases.timeline import locked
from portal.db import atomic, now
from portal.org.models import Unit, UnitRef
from portal.org.settings import setting
from portal.values import Refused


def _held(case: Case, actor, version: int | None) -> Case:
    """Return the case for writing; raises Conflict or Refused where somebody was faster or it lies elsewhere."""
    case = locked(case.id)
    if version is not None and version != case.version:
        raise conflict(case)
    if not case.is_open:
        raise Refused("这件事已经办结。")
    if not holds(actor, case):
        raise Refused(f"这件事现在由{case.unit.name}负责，请由他们办理。")
    return case


def _save(case: Case, actor, step: str, title: str, at, text: str = "", **data) -> None:
    case.version += 1
    case.save()
    timeline.append(case, actor, step=step, title=title[:60], at=at, from_state=case.state, text=text, data=data)


def sign(case: Case, actor, version: int | None = None, at=None) -> Case:
    """Sign for a case that another unit handed over (签收). Signing twice is signing once."""
    with atomic():
        case, at = _held(case, actor, version), at or now()
        if not responsibility.sign_by_act(case, actor, at):
            raise Refused("这件事不用签收，或已经有人签收过了。")
        late = "，超过了签收时限" if at > case.sign_due else ""
        _save(case, actor, "sign", "签收", at, f"{case.unit.short}签收{late}。", signed=True)
    return case


# -- to another unit ---------------------------------------------------------------------------------------------

def targets(case: Case, actor) -> list[Unit]:
    """Return the units below or beside the responsible one to which `actor` may hand the case as it stands: within
    the actor's reach, in the town of the case, and with somebody who can go on with it."""
    return staff.able([unit for unit in _around(case, case.unit, actor) if unit.id != case.unit_id], case)


def choosable(case: Case, actor) -> list[Unit]:
    """Return among which units a superior decides: all around it, itself, and those that sent the case to and fro."""
    return staff.able(_around(case, case.unit, actor), case)


def _around(case: Case, holder: Unit, actor) -> list[Unit]:
    office = holder.level == "department"
    top = Unit.get_by_id(holder.parent_id) if office and holder.reach == "area" else holder
    query = Unit.select().where(Unit.valid_to.is_null(), Unit.county_id == case.county_id)
    if office and holder.reach == "line":  # beside a department are the other departments, below it is nothing
        return list(query.where(Unit.parent == holder.parent_id, Unit.level == "department").order_by(Unit.code))
    found = query.where(Unit.path.startswith(top.path)).order_by(Unit.code)
    if case.town_id:
        found = found.where(Unit.town_id.is_null() | (Unit.town_id == case.town_id))
    return [unit for unit in found if _reaches(actor.post.unit, unit)]


def _reaches(own: UnitRef, unit: Unit) -> bool:
    return own.covers(unit) or unit.id == own.parent_id


def hand_over(case: Case, actor, unit_id: int, text: str, version: int | None = None) -> Case:
    """Hand the case to another unit (转交); it may send it back while it has not begun. Raises Refused or Conflict."""
    with atomic():
        case, at = _held(case, actor, version), now()
        _refuse_undecided(case)
        if not kind_of(case).hands_over:
            raise Refused(f"{kind_of(case).title}按流程里的环节交给别的单位，请在案件页选择相应的环节。")
        unit = next((one for one in targets(case, actor) if one.id == unit_id), None)
        if unit is None:
            raise Refused("请从列表中选择接收单位。", "unit")
        if _came_from(case, unit):
            raise Refused(f"这件事是从{unit.short}转出来的。要交回去，请用“退回”，会记入退回次数。", "unit")
        source = case.unit
        responsibility.hand(case, unit, actor, at, from_unit=source)
        _save(case, actor, "hand_over", f"转交{unit.short}", at, text)
    return case


def _refuse_undecided(case: Case) -> None:
    if case.to_decide:
        raise Refused(f"这件事已经退回 {case.returns} 次，请先指定由谁承办，指定以后不能再退回。")


def _came_from(case: Case, unit: Unit) -> bool:
    """Tell whether the unit had the case and gave it away by itself: going back there is a return, and counted."""
    held = CaseEvent.select().where(CaseEvent.case == case.id, CaseEvent.holder_id == unit.id).exists()
    return held and unit.id not in returned_by(case)


def _returns(case: Case) -> list[CaseEvent]:
    return list(CaseEvent.select(CaseEvent.data).where(CaseEvent.case == case.id, CaseEvent.step == "send_back"))


def returned_by(case: Case) -> set[int]:
    """Return the ids of the units that sent the case back."""
    return {event.data["returned_by"] for event in _returns(case)}


def parties(case: Case) -> set[int]:
    """Return the ids of the units between which the case went to and fro."""
    return {event.data[name] for event in _returns(case) for name in ("returned_by", "returned_to")}


def is_party(case: Case, actor) -> bool:
    """Tell whether the actor's own unit is one of those that disagree: it does not decide, even where its people also
    act for the unit above."""
    own = actor.post.unit.id
    return own != case.unit_id and own in parties(case)


# -- back, and who decides in the end ----------------------------------------------------------------------------

def may_return(case: Case, actor) -> bool:
    """Tell whether the page offers to send the case back: another unit handed it over, and nothing was done yet."""
    return bool(case.handed_from_id) and case.is_open and holds(actor, case) and actor.may("cases.send_back")


def send_back(case: Case, actor, text: str, version: int | None = None) -> Case:
    """Send the case back to the unit that handed it over; after too many returns to the one above both, which decides.

    Only before the unit has taken a step itself, and within the county's days. Raises Refused or Conflict.
    """
    with atomic():
        case, at = _held(case, actor, version), now()
        if case.decided_by_superior:
            raise Refused("这件事由上级指定本单位承办，不能再退回。有困难的，请向上级请示，或请别的单位协办。")
        if case.handed_from_id is None:
            raise Refused("这件事不是别的单位刚转来的，或者本单位已经动手办理，不能退回。")
        if (until := responsibility.return_until(case)) and at > until:
            raise Refused(f"退回的时限是 {until:%m 月 %d 日}，已经过了，请继续办理；有困难的，可以请别的单位协办。")
        source, own = Unit.get_by_id(case.handed_from_id), case.unit
        too_many = case.returns >= setting("cases.most_returns", case.county_id) or source.valid_to is not None
        where = responsibility.superior(case, source, own, parties(case) | {source.id, own.id}) if too_many else source
        said = f"{own.short}退回一件" + ("，请指定由谁承办" if too_many else "")
        responsibility.hand(case, where, actor, at, said=said)
        case.returns += 1
        case.to_decide = too_many
        title = f"退回{where.short}" if not too_many else f"已退回 {case.returns} 次，交{where.short}指定"
        _save(case, actor, "send_back", title, at, text, returned_by=own.id, returned_to=source.id)
    return case


def decide(case: Case, actor, unit_id: int, text: str, version: int | None = None) -> Case:
    """Say who handles a case that went to and fro (指定承办): it cannot be sent back any more."""
    with atomic():
        case, at = _held(case, actor, version), now()
        if not case.to_decide:
            raise Refused("这件事没有争议，不用指定；要交给别的单位，请用“转交”。")
        if is_party(case, actor):
            raise Refused(f"您所在的{actor.post.unit.short}是争议的一方，请由{case.unit.short}的其他人指定。")
        unit = next((one for one in choosable(case, actor) if one.id == unit_id), None)
        if unit is None:
            raise Refused("请从列表中选择承办单位。", "unit")
        responsibility.hand(case, unit, actor, at, said=f"{actor.post.unit.short}指定本单位承办一件")
        case.decided_by_superior = True
        _save(case, actor, "decide", f"指定由{unit.short}承办，不能再退回", at, text, decided=True)
        _tell_parties(case, actor, unit, text)
    return case


def _tell_parties(case: Case, actor, unit: Unit, text: str) -> None:
    """Tell the units between which the case went to and fro how it was decided; those who still see it find it."""
    ids = parties(case) - {unit.id}
    for other in Unit.select().where(Unit.id.in_(ids or [0])):
        telling.unit(case, other, "cases.returned", f"上级已指定由{unit.short}承办", text, but=actor)
