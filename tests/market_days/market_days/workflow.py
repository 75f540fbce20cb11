"""A question: asked, looked into where that is needed, answered."""

from portal.kit import CaseKind, State, Step, Workflow

from .forms import AnswerForm, LookForm
from .models import detail_of

WORKFLOW = Workflow(
    states=(
        State("asked", "待答复", "new", "答复来问的人", "答复"),
        State("looking", "核实中", "handling", "核实清楚，答复来问的人", "答复"),
        State("answered", "已答复", "closed"),
    ),
    steps=(
        Step("answer", "答复", ("asked", "looking"), "answered", "market_days.answer", form=AnswerForm, primary=True,
             clock="stop", replies=True),
        Step("look", "先核实", ("asked",), "looking", "market_days.answer", form=LookForm),
    ),
    start="asked",
)


def facts(case) -> list[tuple]:
    row = detail_of(case)
    told = [("集市", row.market.name), ("逢集", str(row.market.rule))]
    if row.stall:
        told.append(("摊位", f"{row.stall.number}（{row.stall.trade}）"))
    return [*told, ("具体情况", row.text, True)] if row.text else told


KIND = CaseKind(
    "market_days.question", "赶集问答", "GJ", WORKFLOW, "market_days.read", icon="message-2", tint="purple",
    facts=facts, create="market_days.ask", create_permission="market_days.ask", create_label="登记一问",
    applicant_label="来人",
)
