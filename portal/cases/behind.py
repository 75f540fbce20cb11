"""The cases behind a figure: what a list can be asked beside place, phase and kind, each a condition on the case.

A figure counts what is open to all readers of its kind (see counting.py), so the list behind it does too where a kind
may hold cases that only those named on them see.
"""

from peewee import fn

from portal.cases.counting import FAIR, SATISFIED
from portal.cases.models import Case

#: What the two days of a list mean, and what it is sorted by.
DATED = {"opened": "登记", "closed": "办结", "due": "应办结"}
COLUMN = {"opened": Case.opened, "closed": Case.closed, "due": Case.owed}
TIMINGS = {"kept": "按期办结", "late": "超期办结", "missed": "没有按期办结"}
MARKS = {
    "redone": "发回重办过", "at_once": "登记当天办结", "first_time": "一次办成", "own": "网格、村内办结",
    "valid": "没有撤销",
}
RATED = {1: "评价过", FAIR: "基本满意以上", SATISFIED: "满意以上"}
#: The place column below each level: what lies directly in a unit has none.
BELOW = {"county": Case.town_id, "town": Case.village_id, "village": Case.grid_id}

_done = (Case.phase == "closed") & Case.closed.is_null(False)


def dated(by: str, now) -> list:
    """Return which cases have a date of the kind `by` that counts."""
    if by == "closed":
        return [Case.closed.is_null(False)]
    if by == "due":  # what is due later today or this month is not yet owed, unless it has been done already
        return [Case.owed.is_null(False), Case.phase != "cancelled", Case.closed.is_null(False) | (Case.owed < now)]
    return []


def timing(name: str):
    if name == "kept":
        return _done & (Case.late == False)  # noqa: E712
    if name == "late":
        return _done & (Case.late == True)  # noqa: E712
    return Case.closed.is_null() | (Case.late == True)  # noqa: E712


def marked(name: str):
    if name == "redone":
        return Case.redone == True  # noqa: E712
    if name == "at_once":
        return Case.closed.is_null(False) & (_day(Case.closed) == _day(Case.opened))
    if name == "first_time":
        return (Case.halted == False) & (Case.redone == False)  # noqa: E712
    if name == "own":
        return (Case.unit == Case.village_id) | (Case.unit == Case.grid_id)
    return Case.phase != "cancelled"


def _day(moment):
    return fn.DATE(moment)
