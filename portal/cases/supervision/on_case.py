"""What the page of a case, and the desk, show of supervision. A case that nobody supervises costs no query."""

from flask import url_for
from peewee import JOIN

from portal.calendar import light
from portal.cases.models import Case
from portal.cases.supervision import instructions
from portal.cases.supervision.escalation import refusal
from portal.cases.supervision.models import OWED, Instruction, Order, OrderCase
from portal.cases.supervision.reach import above
from portal.cases.supervision.rows import TONES
from portal.db import now
from portal.org.models import Unit
from portal.render import light_bar

SHOWN = 20


def view(case: Case, person, closed: bool = False) -> dict:
    """Return what is pressed for and what the person may do about it; `closed`: not what was said."""
    orders, given = _of(case) if case.overseen else ([], [])
    holding = case.unit_id in person.acts_for
    return {
        "acts": _acts(case, person) if case.is_open else [],
        "reminded": case.reminded,
        "helper": case.former_unit.short if case.former_unit_id else "",
        "orders": [_order(order, person) for order in orders],
        "instructions": [
            _instruction(one, case, closed=closed, answerable=holding and person.may("cases.note")) for one in given
        ],
    }


def _of(case) -> tuple[list[Order], list[Instruction]]:
    issuer = Unit.alias()
    orders = (
        Order.select(Order, Unit, issuer).join(OrderCase, on=(OrderCase.order == Order.id))
        .join_from(Order, Unit, on=(Order.unit == Unit.id))
        .join_from(Order, issuer, on=(Order.issuer == issuer.id), attr="issuer")
        .where(OrderCase.case == case.id).order_by(Order.id.desc()).limit(SHOWN)
    )
    given = Instruction.select().where(Instruction.case == case.id).order_by(Instruction.id.desc()).limit(SHOWN)
    return list(orders), list(given)


def _acts(case, person) -> list[dict]:
    """Return what somebody above the responsible unit may do, the mildest first."""
    if not above(person, case):
        return []
    at = {"case_id": case.id}
    found = [
        ("cases.remind", "催办", url_for("cases.remind", **at), "bell"),
        ("cases.supervise", "开督办单", url_for("cases.issue_order", case=case.id), "clipboard-list"),
        ("cases.instruct", "批示", url_for("cases.instruct", **at), "edit"),
    ]
    if not refusal(case):
        found.append(("cases.supervise", "提级", url_for("cases.escalate", **at), "arrow-right"))
    return [
        {"label": label, "url": url, "icon": icon} for permission, label, url, icon in found if person.may(permission)
    ]


def sees(person, order) -> bool:
    """Tell whether the person may open the order: it lies in their area, or their unit issued or got it."""
    if order.unit_id in person.acts_for or order.issuer_id in person.acts_for:
        return True
    column, value = person.area or ("line_id", 0)
    return column != "line_id" and getattr(order, column) == value


def clock_of(row):
    """Return the light of what is owed to an order or an instruction."""
    began = row.issued_at if isinstance(row, Order) else row.at
    return light(now(), began, row.due)


def _order(order, person) -> dict:
    return {
        "number": order.number, "subject": order.subject, "unit": order.unit.short, "issuer": order.issuer.short,
        "colour": order.colour_title, "tone": TONES[order.colour], "status": order.status_title,
        "is_open": order.is_open, "owed": order.is_owed, "due": order.due,
        "bar": light_bar(clock_of(order)) if order.is_owed else "",
        "url": url_for("cases.order", order_id=order.id) if sees(person, order) else "",
        "mine": order.is_owed and order.unit_id in person.acts_for,
    }


def _instruction(one, case, *, closed: bool, answerable: bool) -> dict:
    return {
        "leader": one.leader_name, "post": one.post_title, "at": one.at, "due": one.due, "owed": one.is_owed,
        "text": "" if closed else one.text, "feedback": "" if closed else one.feedback,
        "feedback_at": one.feedback_at, "feedback_by": f"{one.feedback_unit} {one.feedback_name}",
        "bar": light_bar(clock_of(one)) if one.is_owed else "",
        "url": url_for("cases.feedback", case_id=case.id, instruction_id=one.id)
        if one.is_owed and answerable and not closed else "",
    }


# -- the desk ------------------------------------------------------------------------------------------------------

def waiting(person) -> list[dict]:
    """Return the orders and instructions with which something is to be done by the person's units, the most urgent
    first; of a leader, the instructions to which no feedback came yet."""
    units = sorted(person.acts_for)
    if not units:
        return []
    found = [_order_row(order) for order in _orders_waiting(person, units)]
    if person.may("cases.note"):
        found += [_instruction_row(one, "反馈") for one in instructions.owed_by(person).limit(SHOWN)]
    elif person.may("cases.instruct"):
        mine = (
            Instruction.select(Instruction, Case).join(Case)
            .where(Instruction.leader == person.id, Instruction.feedback_at.is_null(), Instruction.due.is_null(False))
            .order_by(Instruction.due).limit(SHOWN)
        )
        found += [_instruction_row(one, "查看") for one in mine]
    return sorted(found, key=lambda row: row["due"])


def _orders_waiting(person, units) -> list[Order]:
    owed = Order.unit.in_(units) & Order.status.in_(OWED)
    condition = owed if person.may("cases.note") else Order.id < 0
    if person.may("cases.supervise"):
        condition |= Order.issuer.in_(units) & (Order.status == "answered")
    query = (
        Order.select(Order, Unit).join(Unit, JOIN.LEFT_OUTER, on=(Order.unit == Unit.id))
        .where(Order.settled_at.is_null(), condition).order_by(Order.due)
    )
    return list(query.limit(SHOWN))


VERBS = {"issued": "签收", "accepted": "答复", "returned": "重新答复", "answered": "审核"}


def _order_row(order) -> dict:
    return {
        "icon": "clipboard-list", "title": f"督办单：{order.subject}", "number": order.number,
        "place": order.unit.short, "url": url_for("cases.order", order_id=order.id),
        "stage": order.status_title, "tone": TONES[order.colour],
        "bar": light_bar(clock_of(order)), "verb": VERBS[order.status], "due": order.due,
    }


def _instruction_row(one, verb: str) -> dict:
    return {
        "icon": "edit", "title": f"{one.leader_name}批示：{one.case.title}", "number": one.case.number,
        "place": one.text.split("\n")[0][:40], "url": url_for("cases.show", case_id=one.case_id), "stage": "待反馈",
        "tone": "warn", "bar": light_bar(clock_of(one)), "verb": verb, "due": one.due,
    }
