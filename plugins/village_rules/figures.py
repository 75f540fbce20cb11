"""The figures of the area, computed from the records; every rate prints its denominator, and "—" where there is
none.
"""

import functools
from dataclasses import dataclass, field

from plugins.village_rules import law
from plugins.village_rules.blueprint import blueprint
from plugins.village_rules.models import Charter, Meeting, Rectification, Round
from portal.kit import SQL, Unit, current_user, fn, may_lag, render_template, requires, today

NAMES = ("villages", "charters", "quarterly", "yearly", "rounds", "listed", "cleared")


@dataclass
class Line:
    """The figures of one unit: `counts` by the names above."""

    name: str
    counts: dict = field(default_factory=lambda: dict.fromkeys(NAMES, 0))

    def rate(self, part: str, whole: str) -> str:
        """Return "12 ÷ 15 = 80.0%", or "—" where there is nothing to divide by."""
        numerator, denominator = self.counts[part], self.counts[whole]
        return f"{numerator} ÷ {denominator} = {numerator * 100 / denominator:.1f}%" if denominator else "—"


def lines_of(person, day) -> list[Line]:
    """Return a line for each unit below the person's own (a village has its own line only), then the whole."""
    unit = person.post.unit
    top, level = unit.top
    column = {"county": "town_id", "town": "village_id"}.get(level, "village_id")
    area, value = person.area or ("line_id", 0)
    if area in ("line_id", "grid_id"):
        return []
    below = Unit.select(getattr(Unit, column), fn.COUNT(Unit.id)).where(
        getattr(Unit, area) == value, Unit.level == "village", Unit.valid_to.is_null()).group_by(getattr(Unit, column))
    found: dict[int, Line] = {}
    for key, number in below.tuples():
        found[key] = Line("")
        found[key].counts["villages"] = number
    for name, key, number in _counting(column, area, value, day).tuples():
        if key in found:
            found[key].counts[name] = number
    keys = list(found) or [top]
    units = Unit.select(Unit.id, Unit.short).where(Unit.id.in_(keys)).order_by(Unit.code)
    lines = []
    for one in units:
        if one.id in found:
            found[one.id].name = one.short
            lines.append(found[one.id])
    whole = Line("合计")
    for name in NAMES:
        whole.counts[name] = sum(line.counts[name] for line in lines)
    return [*lines, whole]


def _counting(column: str, area: str, value: int, day):
    """Return the query of all figures: (name, unit, number)."""
    def of(name, model, number, *conditions):
        return (model.select(SQL(f"'{name}'"), getattr(model, column), number)
                .where(getattr(model, area) == value, *conditions).group_by(getattr(model, column)))

    villages = fn.COUNT(fn.DISTINCT(Meeting.unit))
    month = day.replace(day=1)
    queries = (
        of("charters", Charter, fn.COUNT(fn.DISTINCT(Charter.unit)), Charter.status == "in_force"),
        of("quarterly", Meeting, villages, Meeting.body == "assembly", Meeting.held_on >= law.quarter_start(day)),
        of("yearly", Meeting, villages, Meeting.body == "villagers", Meeting.held_on >= day.replace(month=1, day=1)),
        of("rounds", Round, fn.COUNT(fn.DISTINCT(Round.unit)), Round.month == month),
        of("listed", Rectification, fn.COUNT(Rectification.id), Rectification.status.in_(("mending", "cleared"))),
        of("cleared", Rectification, fn.COUNT(Rectification.id), Rectification.status == "cleared"),
    )
    return functools.reduce(lambda one, other: one.union_all(other), queries)


@blueprint.get("/figures")
@requires("village_rules.read")
@may_lag
def figures():
    """How far the villages are: rules in force, meetings held against meetings due, rounds, what was put right."""
    lines = lines_of(current_user, today()) if current_user.post else []
    day = today()
    return render_template("village_rules/figures.html", lines=lines, quarter=law.quarter_of(day), month=day.month,
                           year=day.year)
