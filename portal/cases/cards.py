"""What the ledger puts on the workbench."""

from portal.cases import tallies
from portal.cases.kinds import readable
from portal.db import now
from portal.values import Card

SHOWN = 12


def _on_time(person) -> dict | None:
    """Return how the towns or villages of the area closed their cases this month; for those who answer for several."""
    month = now().date()
    rows = tallies.on_time_below(person, [kind.name for kind in readable(person)], f"{month:%Y-%m}")
    if len(rows) < 2:
        return None
    return {
        "month": f"{month.month} 月", "more": max(len(rows) - SHOWN, 0),
        "rows": [
            {"name": name, "closed": closed, "on_time": on_time, "percent": round(on_time / closed * 100)}
            for name, closed, on_time in rows[:SHOWN]
        ],
    }


CARDS = [Card(10, "on_time", "各单位按期办结", "cases/on_time.html", _on_time, "cases.read")]
