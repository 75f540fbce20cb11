"""Gap-free numbers: one series for each kind, unit and year, taken in the transaction that opens the case."""

from portal.cases.models import Series


def next_number(prefix: str, unit, year: int) -> str:
    """Return the next number of `unit`, e.g. "FW104204-2026-0013"; of a grid "WG104204002-2026-0001".

    The digits are the town and village part of the unit's code, and of a grid its own as well: each grid has its own
    series. A case that is rolled back gives its number back, as the series row is part of the same transaction.
    """
    digits = unit.code[6:15] if unit.level == "grid" else unit.code[6:12]
    return f"{prefix}{digits}-{year}-{take_number(prefix, unit, year):04d}"


def take_number(prefix: str, unit, year: int) -> int:
    """Return the next number of a series (1, 2, 3 ...) of `unit` in `year`, without gaps, in the caller's transaction.

    Papers have series of their own: "（2026）华光村人调字第 3 号" is the third of its committee and year (DOMAIN 9.10).
    """
    (
        Series.insert(unit_id=unit.id, prefix=prefix, year=year, last=1)
        .on_conflict(
            conflict_target=[Series.unit_id, Series.prefix, Series.year], update={Series.last: Series.last + 1}
        )
        .execute()
    )
    return (
        Series.select(Series.last)
        .where((Series.unit_id == unit.id) & (Series.prefix == prefix) & (Series.year == year))
        .scalar()
    )
