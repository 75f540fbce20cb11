"""The lists of orders and of instructions: by side, by how they stand, newest first."""

from peewee import fn

from portal.cases.lens import Reader, of_kinds, through, unrestricted
from portal.cases.models import Case
from portal.cases.supervision.models import OWED, Instruction, Order
from portal.db import now
from portal.org.models import Unit

ORDER_SIDES = {"owed": "待本单位办理", "issued": "本单位签发", "area": "辖区"}
ORDER_PARTS = {"": "全部", "open": "未办结", "late": "超期未答复", "answered": "待审核", "closed": "已办结",
               "withdrawn": "已撤销"}
INSTRUCTION_SIDES = {"owed": "本单位的", "mine": "我批示的", "area": "辖区"}
INSTRUCTION_PARTS = {"open": "待反馈", "late": "超期未反馈", "done": "已反馈", "": "全部"}

Issuer = Unit.alias()


def order_sides(person) -> dict[str, str]:
    """Return the sides of orders that the person has: those that their unit got, issued, and all of the area."""
    sides = dict(ORDER_SIDES)
    if not person.may("cases.supervise"):
        del sides["issued"]
    if not person.area or person.area[0] in ("line_id", "grid_id", "village_id"):
        del sides["area"]
    return sides


def orders(person, side: str, part: str):
    """Return the query of orders with their two units."""
    query = (
        Order.select(Order, Unit, Issuer).join(Unit, on=(Order.unit == Unit.id))
        .join_from(Order, Issuer, on=(Order.issuer == Issuer.id), attr="issuer").where(_of_side(person, side))
    )
    return query.where(*_standing(part))


def _of_side(person, side: str):
    units = sorted(person.acts_for) or [0]
    if side == "area":
        column, value = person.area
        return getattr(Order, column) == value
    return (Order.issuer if side == "issued" else Order.unit).in_(units)


def _standing(part: str) -> list:
    if part == "open":
        return [Order.settled_at.is_null()]
    if part == "late":
        return [Order.settled_at.is_null(), Order.status.in_(OWED), Order.due < now()]
    return [Order.status == part] if part else []


def order_counts(person, side: str) -> dict[str, int]:
    """Return how many open orders of a side stand where, in one query over the index of open ones."""
    rows = dict(
        Order.select(Order.status, fn.COUNT(Order.id)).where(_of_side(person, side), Order.settled_at.is_null())
        .group_by(Order.status).tuples()
    )
    return {"open": sum(rows.values()), "answered": rows.get("answered", 0)}


def instruction_sides(person) -> dict[str, str]:
    sides = dict(INSTRUCTION_SIDES)
    if not person.may("cases.instruct"):
        del sides["mine"]
    else:
        sides = {"mine": sides.pop("mine"), **sides}
    if not person.area or person.area[0] in ("line_id", "grid_id", "village_id"):
        del sides["area"]
    return sides


def instructions(person, side: str, part: str):
    """Return the query of instructions with their case and the unit that has it now."""
    reader = Reader.of(person)
    query = (
        Instruction.select(Instruction, Case, Unit).join(Case).join(Unit, on=(Case.unit == Unit.id))
        .where(of_kinds(reader), unrestricted(reader))
    )
    if side == "mine":
        query = query.where(Instruction.leader == person.id)
    else:
        query = query.where(
            Instruction.county_id == person.post.unit.county_id, through("unit" if side == "owed" else "area", reader)
        )
    if part in ("open", "late"):
        query = query.where(Instruction.feedback_at.is_null(), Instruction.due.is_null(False))
    if part == "late":
        query = query.where(Instruction.due < now())
    if part == "done":
        query = query.where(Instruction.feedback_at.is_null(False))
    return query
