"""Which numbers of the committees' registers were given out, for the check that none of them is missing."""

from plugins.mediation.models import Committee, TakenNumber
from portal.kit import Numbers


def register_numbers() -> list[Numbers]:
    """Return the numbers by committee and year; those that were taken back are among them."""
    rows = (
        TakenNumber.select(TakenNumber.committee, Committee.unit, TakenNumber.year, TakenNumber.number)
        .join(Committee).tuples()
    )
    found: dict[tuple, set[int]] = {}
    for committee, unit, year, number in rows:
        found.setdefault((committee, unit, year), set()).add(number)
    return [
        Numbers(f"RT{committee}", unit, year, frozenset(numbers)) for (committee, unit, year), numbers in found.items()
    ]
