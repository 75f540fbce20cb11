"""Gap-free numbers: one series for each kind, unit and year, taken in the transaction that opens the case.

What was given out is never given out again. A number that should not have been taken is void, and the reason is kept.
"""

from portal.cases.counter_models import Series
from portal.cases.proof_models import VoidNumber
from portal.db import now
from portal.org.models import Unit
from portal.prepared import Prepared
from portal.values import Refused


def next_number(prefix: str, unit, year: int) -> str:
    """Return the next number of `unit`, e.g. "FW104204-2026-0013"; of a grid "WG104204002-2026-0001".

    The digits are the town and village part of the unit's code, and of a grid its own as well: each grid has its own
    series. A case that is rolled back gives its number back, as the series row is part of the same transaction.
    """
    return f"{stem_of(prefix, unit.level, unit.code, year)}-{take_number(prefix, unit, year):04d}"


def stem_of(prefix: str, level: str, code: str, year: int) -> str:
    """Return what all numbers of a series begin with: "FW104204-2026"."""
    return f"{prefix}{code[6:15] if level == 'grid' else code[6:12]}-{year}"


def take_number(prefix: str, unit, year: int) -> int:
    """Return the next number of a series (1, 2, 3 ...) of `unit` in `year`, without gaps, in the caller's transaction.

    Papers have series of their own: "（2026）华光村人调字第 3 号" is the third of its committee and year (DOMAIN 9.10).
    """
    [(number,)] = _take(unit=unit.id, prefix=prefix, year=year)
    return number


_take = Prepared(lambda slots: (
    Series.insert(unit_id=slots.unit, prefix=slots.prefix, year=slots.year, last=1)
    .on_conflict(conflict_target=[Series.unit_id, Series.prefix, Series.year], update={Series.last: Series.last + 1})
    .returning(Series.last)
))


def void_number(prefix: str, unit, year: int, number: int, reason: str, actor, *, text: str = "",
                case=None) -> VoidNumber:
    """Keep that the number of a series is void and why; in the caller's transaction. Raises Refused.

    `text` is the number as it was printed; `case` the case that it stands on, if it is a case's own.
    """
    last = (
        Series.select(Series.last)
        .where((Series.unit_id == unit.id) & (Series.prefix == prefix) & (Series.year == year)).scalar()
    )
    if not 1 <= number <= (last or 0):
        raise Refused("这个编号还没有发出，不用作废。")
    if not reason.strip():
        raise Refused("请写明作废的理由。", "reason")
    key = {"prefix": prefix, "unit": unit.id, "year": year, "number": number}
    if VoidNumber.select().where(*(getattr(VoidNumber, name) == value for name, value in key.items())).exists():
        raise Refused("这个编号已经作废。")
    own = {} if case is None else {
        "line_id": case.line_id, "case_id": case.id, "kind": case.kind, "restricted": case.restricted,
        **{name: getattr(case, name) for name in ("county_id", "town_id", "village_id", "grid_id")},
    }
    return VoidNumber.create(
        **{**Unit.get_by_id(unit.id).place(), **own}, **key, text=text[:60], reason=reason.strip()[:200], by=actor.id,
        by_name=actor.full_name, at=now(),
    )
