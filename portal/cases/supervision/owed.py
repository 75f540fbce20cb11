"""What was demanded by a day and is still owed: the answer to a 督办单, the feedback to a 批示, a 协办.

Whoever owes it is told once when the day is near and once when it has passed; then whoever waits for it, too.
"""

import datetime

from peewee import chunked

from portal.cases import telling
from portal.cases.kinds import kinds
from portal.cases.models import Assist, Case
from portal.cases.supervision import overdue
from portal.cases.supervision.models import OWED, Instruction, Order, OrderCase
from portal.cases.supervision.once import TOGETHER, counties, first_time, is_day_off
from portal.cases.supervision.orders import tell_issuer
from portal.cases.supervision.telling import tell
from portal.db import atomic, now
from portal.notify import send
from portal.org.models import Unit

#: A job that did not run, or days off, are made up for within so many days.
LOOKED_BACK = 15


def remind() -> str:
    """Tell those who owe something by tomorrow, or owed it until yesterday, and in the end those who wait for it."""
    if is_day_off(now().date()):
        return "今天不是工作日，没有提醒。"
    told = 0
    for county in counties():
        for tell_of, model, owed in (
            (_order, Order, (Order.settled_at.is_null(), Order.status.in_(OWED))),
            (_instruction, Instruction, (Instruction.feedback_at.is_null(), Instruction.due.is_null(False))),
            (_assist, Assist, (Assist.ended.is_null(),)),
        ):
            for some in chunked([row.id for row in _due(model, county, *owed)], TOGETHER):
                with atomic():
                    told += sum(map(tell_of, _due(model, county, model.id.in_(some), *owed)))
    return f"提醒了 {told} 项快到期或超期的督办单、批示和协办。"


def _due(model, county: Unit, *owed) -> list:
    """Return the rows that are owed and due by the end of tomorrow, or were lately."""
    midnight = datetime.datetime.combine(now().date(), overdue.MIDNIGHT)
    span = midnight - datetime.timedelta(days=LOOKED_BACK), midnight + datetime.timedelta(days=2)
    return list(model.select().where(
        model.county_id == county.id, model.due >= span[0], model.due < span[1], *owed).order_by(model.id))


def _stage(row, name: str) -> tuple[str, bool]:
    """Return how near the day is and whether it has passed; "" where that was told already."""
    late, days = row.due < now(), (row.due.date() - now().date()).days
    if not first_time("cases.owed", f"{name} {row.id} {'late' if late else 'soon'}", row.due.date()):
        return "", late
    return "已超期" if late else "今天到期" if days == 0 else "明天到期", late


def _order(order: Order) -> bool:
    said, late = _stage(order, "order")
    if not said:
        return False
    ids = OrderCase.select(OrderCase.case).where(OrderCase.order == order.id)
    cases = list(Case.select(Case, Unit).join(Unit).where(Case.id.in_(ids)).order_by(Case.id))
    title, text = f"督办单{said}：{order.number}", f"{order.subject}。请在 {order.due:%m-%d} 前书面答复。"
    tell(order.unit_id, cases, "cases.order", title, f"/cases/orders/{order.id}", text)
    if late:
        tell_issuer(order, cases, f"督办单超期没有答复：{order.number}",
                    f"{order.unit.name}应于 {order.due:%m-%d} 前答复，还没有答复。")
    return True


def _instruction(one: Instruction) -> bool:
    said, late = _stage(one, "instruction")
    if not said:
        return False
    case = Case.select(Case, Unit).join(Unit).where(Case.id == one.case_id).get()
    url = f"/cases/{case.id}"
    tell(case.unit_id, [case], "cases.instruction", f"批示反馈{said}：{case.number}", url,
         f"{one.leader_name}批示，{one.due:%m-%d} 前反馈。")
    if late:
        send([one.leader_id], "cases.instruction", f"批示超期没有反馈：{case.number}", url,
             f"{case.unit.name}应于 {one.due:%m-%d} 前反馈，还没有反馈。", county_id=case.county_id)
    return True


def _assist(one: Assist) -> bool:
    case = Case.select(Case, Unit).join(Unit).where(Case.id == one.case_id).get()
    said, late = _stage(one, "assist") if case.kind in kinds() else ("", False)
    if not said:
        return False
    telling.unit(case, one.unit, "cases.assist", f"协办{said}", f"{case.unit.name}请办：{one.wanted}")
    if late:
        telling.people(case, {one.asked_by_id, case.person_id} - {None}, "cases.assist",
                       f"{one.unit.short}协办超期没有答复", f"应于 {one.due:%m-%d} 前答复；不再需要的，可以结束协办。")
    return True
