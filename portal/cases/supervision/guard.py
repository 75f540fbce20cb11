"""What supervision asks of the steps of a case; the ledger calls it in its own transaction."""

from portal.cases.kinds import kind_of, plugin_of
from portal.cases.supervision.models import OWED, Order, OrderCase
from portal.cases.supervision.telling import tell
from portal.org.enablement import enabled_for
from portal.values import Refused


def stands_in(person, case) -> bool:
    """Tell whether the person handles a case that their unit took over (提级): then they do what its former unit did,
    though the step is otherwise one of another level."""
    return (
        case.former_unit_id is not None and case.unit_id in person.acts_for
        and person.may("cases.supervise") and person.may("cases.note")
    )


def refuse_unanswered(case) -> None:
    """Raise Refused where `case` is about to be settled while the answer to an order is still owed.

    What was withdrawn or cancelled may end: the order itself still has to be answered.
    """
    if not case.supervised or case.phase != "closed":
        return
    order = (
        Order.select(Order.number).join(OrderCase, on=(OrderCase.order == Order.id))
        .where(OrderCase.case == case.id, Order.status.in_(OWED)).order_by(Order.id).first()
    )
    if order is not None:
        raise Refused(f"这件事正在督办（{order.number}），还没有答复督办单。请责任单位先答复督办单，再办结。")


def tell_former(case) -> None:
    """Tell the unit from which a superior took the case how it ended: it assists, and answers people at its door."""
    if case.former_unit_id is not None and _follows(case):
        tell(
            case.former_unit_id, [case], "cases.escalation", f"提级办理的件有了结果：{case.title}",
            f"/cases/{case.id}",
            f"{case.number} {kind_of(case).workflow.state(case.state).title}，由{case.unit.name}负责。",
        )


def _follows(case) -> bool:
    """Tell whether the former unit still sees such cases: its town may have disabled the plugin."""
    owner = plugin_of(case.kind)
    return owner.level == "core" or owner.slug in enabled_for(case.former_unit)
