"""What the ledger puts on the workbench."""

from portal.cases import tallies
from portal.cases.kinds import readable
from portal.cases.periods import Period
from portal.db import today
from portal.values import Card

SHOWN = 12


def _on_time(person) -> dict | None:
    """Return what of that which was due this month the towns or villages of the area settled in time; for those who
    answer for several."""
    month = Period.of("month", today())
    rows = tallies.kept_below(person, [kind.name for kind in readable(person)], month)
    if len(rows) < 2:
        return None
    return {
        "month": f"{month.first.month} 月", "more": max(len(rows) - SHOWN, 0),
        "rows": [
            {"name": name, "due": due, "kept": kept, "percent": round(kept / due * 100)}
            for name, due, kept in rows[:SHOWN]
        ],
    }


CARDS = [Card(10, "on_time", "各单位按期办结率", "cases/on_time.html", _on_time, "cases.read")]
