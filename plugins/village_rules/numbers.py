"""Which filing numbers of charters were given out, for the check that none of them is missing."""

import re

from plugins.village_rules.models import Charter
from portal.kit import Numbers

#: The series of a town's filing numbers, and how one is written: "花园镇村规备〔2026〕3号".
PREFIX = "GYBA"
WRITTEN = re.compile(r"〔(\d{4})〕(\d+)号$")


def filing_numbers() -> list[Numbers]:
    """Return the numbers by town and year."""
    found: dict[tuple, set[int]] = {}
    rows = Charter.select(Charter.town_id, Charter.filing_number).where(Charter.filing_number != "").tuples()
    for town, text in rows:
        if written := WRITTEN.search(text):
            found.setdefault((town, int(written[1])), set()).add(int(written[2]))
    return [Numbers(PREFIX, town, year, frozenset(numbers)) for (town, year), numbers in found.items()]
