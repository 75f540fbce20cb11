"""督办单: issued with a number, a demand and a day; taken note of, answered, and closed or given back by the issuer.

Each act holds the cases first, in the order of their ids, then the order: two who act at once wait in one line.
"""

from dataclasses import dataclass
from datetime import date

from portal.cases import timeline
from portal.cases.models import Case
from portal.cases.numbers import take_number
from portal.cases.supervision.instructions import end_of
from portal.cases.supervision.models import Order, OrderAnswer, OrderCase
from portal.cases.supervision.reach import above, addressees
from portal.cases.supervision.telling import readers, staff, tell
from portal.cases.timeline import locked
from portal.db import atomic, is_postgres, now
from portal.notify import send
from portal.org.models import Unit
from portal.values import Conflict, Numbers, Refused

SERIES = "督"
#: So many cases fit on one order.
MOST = 20


@dataclass(frozen=True)
class Demand:
    """What an order says: 事由, 要求, 期限, 签发人, to whom, in which colour."""

    subject: str
    demand: str
    until: date
    signer: str
    unit_id: int
    colour: str = "blue"


def issue(case_ids, actor, demand: Demand, at=None) -> Order:
    """Issue one order about the cases to one unit; raises Refused."""
    at = at or now()
    if demand.until < at.date():
        raise Refused("答复期限不能早于今天。", "until")
    with atomic():
        cases = [locked(case_id) for case_id in sorted(set(case_ids))[:MOST]]
        unit = _addressee(cases, actor, demand)
        own = actor.post.unit
        series = Unit.get_by_id(own.town_id or own.county_id)
        serial = take_number(SERIES, series, at.year)
        order = Order.create(
            **unit.place(), number=f"{series.short}督〔{at.year}〕第 {serial} 号", series_unit_id=series.id,
            year=at.year, serial=serial, colour=demand.colour, issuer=own.id, unit=unit, subject=demand.subject,
            demand=demand.demand, due=end_of(demand.until), signer=demand.signer, issued_at=at, issued_by=actor.id,
            issued_name=actor.full_name,
        )
        for case in cases:
            OrderCase.create(county_id=case.county_id, order=order.id, case=case.id)
            case.supervised += 1
            case.overseen = True
            case.save(only=[Case.supervised, Case.overseen])
        _write(order, cases, actor, "supervise", f"督办：{order.number}",
               f"{demand.subject}\n要求：{demand.demand}\n{unit.name}于 {demand.until} 前答复。", at)
        _tell_unit(order, cases, f"督办单 {order.number}：{order.subject}", f"请先签收，{demand.until} 前答复。")
    return order


def _addressee(cases, actor, demand: Demand) -> Unit:
    for case in cases:
        if not case.is_open:
            raise Refused(f"{case.number} 已经办结，不能再督办。")
        if not above(actor, case):
            raise Refused(f"{case.number} 由{case.unit.name}负责，只有它的上级才能督办。")
    unit = next((unit for unit in addressees(actor, cases) if unit.id == demand.unit_id), None)
    if unit is None:
        raise Refused("请从列表中选择承办单位，或它和您之间的上级单位。", "unit")
    return unit


def accept(order_id: int, actor, version: int, at=None) -> Order:
    """Take note of the order for its unit (签收)."""
    at = at or now()
    with atomic():
        order, cases = _held(order_id, version)
        _refuse_others(order, actor)
        if order.status != "issued":
            raise Refused("这张督办单已经签收。")
        _accepted(order, actor, at)
        order.status = "accepted"
        _saved(order)
        _write(order, cases, actor, "order_accepted", "签收督办单", order.number, at)
    return order


def _accepted(order, actor, at) -> None:
    order.accepted_at, order.accepted_name = at, actor.full_name


def answer(order_id: int, actor, text: str, version: int, at=None) -> tuple[Order, list[Case]]:
    """Answer the order for its unit; returns it with its cases, to which files may be added."""
    at = at or now()
    with atomic():
        order, cases = _held(order_id, version)
        _refuse_others(order, actor)
        if not order.is_owed:
            raise Refused(f"这张督办单现在是“{order.status_title}”，不用再答复。")
        if order.accepted_at is None:
            _accepted(order, actor, at)  # whoever answers has taken note
        order.status, order.answered_at = "answered", at
        late = order.answered_at > order.due
        _saved(order)
        OrderAnswer.create(
            county_id=order.county_id, order=order.id, text=text, at=order.answered_at, by_id=actor.id,
            by_name=actor.full_name, unit_name=order.unit.name, late=late,
        )
        _write(order, cases, actor, "order_answered", "答复督办单" + ("（超期）" if late else ""),
               f"{order.number}\n{text}", at)
        tell_issuer(order, cases, f"督办单已答复：{order.number}", f"{order.unit.short}：{text}")
    return order, cases


def approve(order_id: int, actor, text: str, version: int) -> Order:
    """Accept the answer: the order is settled."""
    with atomic():
        order, cases = _judged(order_id, actor, version)
        _verdict(order, actor, "approved", text)
        _settle(order, cases, actor, "closed", text)
        _write(order, cases, actor, "order_closed", "督办单办结", f"{order.number}\n{text}".strip())
        _tell_unit(order, cases, f"督办单已办结：{order.number}", text)
    return order


def give_back(order_id: int, actor, text: str, version: int, until: date | None = None) -> Order:
    """Ask for another answer, by a later day where one is given."""
    with atomic():
        order, cases = _judged(order_id, actor, version)
        if until is not None:
            if until < now().date():
                raise Refused("新的答复期限不能早于今天。", "until")
            order.due = end_of(until)
        _verdict(order, actor, "returned", text)
        order.status = "returned"
        _saved(order)
        _write(order, cases, actor, "order_returned", "督办答复退回重报", f"{order.number}\n{text}")
        _tell_unit(order, cases, f"督办答复被退回：{order.number}", f"{text}（{order.due:%m-%d} 前重新答复）")
    return order


def withdraw(order_id: int, actor, text: str, version: int) -> Order:
    """Take the order back; its number stays used, with the reason."""
    with atomic():
        order, cases = _held(order_id, version)
        _refuse_other_issuers(order, actor)
        if not order.is_open:
            raise Refused(f"这张督办单{order.status_title}，不能撤销。")
        _settle(order, cases, actor, "withdrawn", text)
        _write(order, cases, actor, "order_withdrawn", "撤销督办单", f"{order.number}\n{text}")
        _tell_unit(order, cases, f"督办单已撤销：{order.number}", text)
    return order


def bring_along(cases: list[Case], town: Unit) -> None:
    """Send the open orders to `town` after the cases that left it (held, in the order of their ids): the unit that has
    them now owes the answer. An order with a case that stayed in the town stays there."""
    by_id = {case.id: case for case in cases if case.supervised}
    for order_id in sorted({key for (key,) in OrderCase.select(OrderCase.order).where(
            OrderCase.case.in_(list(by_id) or [0])).tuples()}):
        query = Order.select(Order, Unit).join(Unit, on=(Order.unit == Unit.id)).where(Order.id == order_id)
        order = (query.for_update(of=Order) if is_postgres() else query).get()
        open_ones = Case.select(Case, Unit).join(Unit).where(Case.id.in_(cases_of(order_id)), Case.closed.is_null())
        if not order.is_owed or order.unit.town_id != town.id or any(one.unit.town_id == town.id for one in open_ones):
            continue
        unit = next(by_id[key] for key in cases_of(order_id) if key in by_id).unit
        order.unit, order.accepted_at, order.accepted_name = unit, None, ""
        order.status = "issued" if order.status == "accepted" else order.status
        for name, value in unit.place().items():
            setattr(order, name, value)
        _saved(order)


# -- what each act does --------------------------------------------------------------------------------------------

def cases_of(order_id: int) -> list[int]:
    query = OrderCase.select(OrderCase.case).where(OrderCase.order == order_id).order_by(OrderCase.case)
    return [case_id for (case_id,) in query.tuples()]


def _held(order_id: int, version: int) -> tuple[Order, list[Case]]:
    """Return the order and its cases for writing; raises Conflict where somebody was faster."""
    cases = [locked(case_id) for case_id in cases_of(order_id)]
    query = Order.select(Order, Unit).join(Unit, on=(Order.unit == Unit.id)).where(Order.id == order_id)
    order = (query.for_update(of=Order) if is_postgres() else query).get()
    if order.version != version:
        who = order.settled_name or order.accepted_name or order.issued_name
        raise Conflict(who, f"更新了这张督办单，现在是“{order.status_title}”", f"/cases/orders/{order.id}")
    return order, cases


def _refuse_others(order, actor) -> None:
    if order.unit_id not in actor.acts_for:
        raise Refused(f"这张督办单发给{order.unit.name}，请由他们办理。")


def _refuse_other_issuers(order, actor) -> None:
    if order.issuer_id not in actor.acts_for or not actor.may("cases.supervise"):
        raise Refused(f"这张督办单由{order.issuer.name}签发，请由他们处理。")


def _judged(order_id: int, actor, version: int):
    order, cases = _held(order_id, version)
    _refuse_other_issuers(order, actor)
    if order.status != "answered":
        raise Refused(f"这张督办单现在是“{order.status_title}”，没有待审核的答复。")
    return order, cases


def _verdict(order, actor, verdict: str, text: str) -> None:
    last = OrderAnswer.select().where(OrderAnswer.order == order.id).order_by(OrderAnswer.id.desc()).get()
    last.verdict, last.verdict_text, last.verdict_at, last.verdict_name = verdict, text, now(), actor.full_name
    last.save()


def _settle(order, cases, actor, status: str, text: str) -> None:
    order.status, order.settled_at, order.settled_name, order.remark = status, now(), actor.full_name, text
    _saved(order)
    for case in cases:
        case.supervised -= 1
        case.save(only=[Case.supervised])


def _saved(order) -> None:
    order.version += 1
    order.save()


def _write(order, cases, actor, step: str, title: str, text: str, at=None) -> None:
    for case in cases:
        timeline.append(case, actor, step=step, title=title[:60], at=at or now(), from_state=case.state, text=text,
                        data={"order": order.id})


def _tell_unit(order, cases, title: str, text: str) -> None:
    """Tell the addressee, and the units and persons that have the cases where those are others."""
    url = f"/cases/orders/{order.id}"
    for unit_id in {order.unit_id, *(case.unit_id for case in cases)}:
        tell(unit_id, cases, "cases.order", title, url, text)


def tell_issuer(order, cases, title: str, text: str) -> None:
    """Tell whoever issued it and those of the issuing unit who may judge the answer."""
    judges = {user for user, may in staff(order.issuer_id) if "cases.supervise" in may}
    users = (readers(order.issuer_id, cases) & judges) | {order.issued_by_id}
    send(users, "cases.order", title, f"/cases/orders/{order.id}", text, county_id=order.county_id)


def given_numbers() -> list[Numbers]:
    """Return the numbers of orders by series and year, for the check that none of them is missing."""
    found: dict[tuple, set[int]] = {}
    for unit, year, serial in Order.select(Order.series_unit_id, Order.year, Order.serial).tuples():
        found.setdefault((unit, year), set()).add(serial)
    return [Numbers(SERIES, unit, year, frozenset(numbers)) for (unit, year), numbers in found.items()]
