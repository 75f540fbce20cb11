"""What the grids put on the workbench: what may not wait, and grids that nobody answers for."""

from plugins.grid.models import GridEvent
from plugins.grid.team import card
from portal.kit import Card, Case, open_ids_with

SHOWN = 5


def _at_once(person) -> dict | None:
    """Return the compulsory reports that lie with the person's units: they come before everything else."""
    if not person.acts_for:
        return None
    query = Case.select().join(GridEvent, on=(GridEvent.case == Case.id)).where(
        Case.id.in_(open_ids_with(person.acts_for)), Case.kind == "grid.event",
        GridEvent.compulsory == True,  # noqa: E712
    )
    found = list(query.order_by(Case.due, Case.id).limit(SHOWN))
    return {"found": found} if found else None


CARDS = [
    Card(1, "grid_at_once", "强制报告，先办", "grid/at_once.html", _at_once, "grid.handle"),
    Card(40, "grid_unstaffed", "无人负责的网格", "grid/unstaffed.html", card, "grid.manage"),
]
