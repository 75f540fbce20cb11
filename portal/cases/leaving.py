"""A town lets a plugin go: which of its open cases stand in the way, as the page shows them before anything is pressed.

What counts is with whom a case lies, not where: what the county has taken over is on its desk and stays there.
"""

from portal.cases import assists, clock, staff, telling
from portal.cases.kinds import contents_seen, kind_of, kinds, plugin_of
from portal.cases.lens import seen_by
from portal.cases.models import Case
from portal.cases.takers import Plan
from portal.cases.tallies import open_by_town
from portal.org.models import Unit
from portal.paging import PAGE
from portal.values import PHASES, Matters, OpenCount, OpenMatter, Plugin


def kinds_of(slug: str) -> list[str]:
    """Return the names of the kinds of case that the plugin declares."""
    return [name for name in kinds() if plugin_of(name).slug == slug]


def inside(town: Unit, plugin: Plugin):
    """Return the condition that a unit follows the switch of `town`: in a town everybody, in the county its own staff,
    or the whole county for a plugin of that level."""
    if town.level == "town":
        return Unit.town_id == town.id
    own = Unit.county_id == town.id
    return own if plugin.level == "county" else own & Unit.town_id.is_null()


def lying_with(town: Unit, slug: str):
    """Return the query of the open cases of the plugin for which a unit is responsible that follows `town`."""
    names = kinds_of(slug)
    query = Case.select(Case, Unit).join(Unit).where(Case.closed.is_null(), Case.kind.in_(names or [""]))
    return query.where(inside(town, plugin_of(names[0]))) if names else query.where(Case.id < 0)


def obstacles(town: Unit, slug: str) -> list[str]:
    """Name the open cases, by their numbers: whoever disables a plugin need not be one who may read them."""
    if not (names := kinds_of(slug)):
        return []
    found = lying_with(town, slug).select(Case.id, Case.number, Unit.name, Case.phase).tuples()
    return [f"{number}（{holder}负责，{PHASES[phase]}）" for _, number, holder, phase in sorted(found)] + [
        f"{number} 请{asked}协办，还没有答复"
        for number, asked, _ in assists.owed(inside(town, plugin_of(names[0])), names)
    ]


# -- before anything is pressed ------------------------------------------------------------------------------------

def matters(town: Unit, slug: str, person, after: int = 0) -> list[Matters]:
    """Return the open cases as the page shows them, and to whom they could go."""
    if not (names := kinds_of(slug)):
        return []
    here = inside(town, plugin_of(names[0]))
    ours = Unit.select(Unit.id).where(here)
    others = tuple(
        f"{number} 请{asked}协办，还没有答复；请{holder}等待答复或结束协办。"
        for number, asked, holder in assists.owed(here, names, Case.unit.not_in(ours))
    )
    # All of them in one query without an order, which is answered from the index of what is open; a town has thousands
    # at most, and tens of thousands that are closed.
    found = sorted(lying_with(town, slug).select(Case.id, Case.kind, Case.line_id, Case.restricted).tuples())
    if not found:
        return [Matters(0, others=others)]
    ids = [key for key, *_ in found if key > after][:PAGE + 1]
    plan = Plan(town, plugin_of(names[0]))
    plan.learn({line for _, _, line, _ in found})
    refusal = plan.refusal()
    takers = () if refusal else _takers({(kind, line) for _, kind, line, _ in found}, plan)
    if not takers and not refusal:
        refusal = "县里没有接收这类件的单位，或者那里没有人能办，不能交县里。请由负责的单位办结或转办。"
    hidden = [(kind, line) for _, kind, line, restricted in found if restricted]
    keepers = plan.keepers(set(hidden)) if hidden and takers else ()
    rows = Case.select(Case, Unit).join(Unit).where(Case.id.in_(ids[:PAGE])).order_by(Case.id)
    return [Matters(
        len(found), tuple(_shown(list(rows), person)), ids[PAGE - 1] if len(ids) > PAGE else 0, takers, refusal,
        others, len(hidden), keepers,
    )]


def _shown(rows: list[Case], person):
    ids = [case.id for case in rows]
    seen = {key for (key,) in seen_by(person).select(Case.id).where(Case.id.in_(ids or [0])).tuples()}
    for case in rows:
        may = case.id in seen
        yield OpenMatter(
            case.number, case.title if may and contents_seen(case, person) else "",
            telling.url_of(case) if may else "", kind_of(case).workflow.state(case.state).title, case.unit.name,
            case.due, clock.light_of(case),
        )


def _takers(pairs: set, plan: Plan) -> tuple[str, ...]:
    """Return the names of the units that will probably take over cases of these (kind, line); each case is asked when
    it is handed."""
    lines = {}
    for name, line in pairs:
        lines.setdefault(name, []).append(line)
    found = {}
    for name, some in lines.items():
        offered = [plan.candidates(name, line) for line in some]
        needed = {kinds()[name].read, staff.WORKING}
        units = {unit.id: unit for one in offered for unit in one}
        able = {unit.id for unit in staff.with_people(list(units.values()), needed.__le__)}
        found |= {first.id: first.name for one in offered if (first := next((u for u in one if u.id in able), None))}
    return tuple(found.values())


def counts(county: Unit) -> list[OpenCount]:
    """Return how many open cases of which plugin lie in each town; of kinds that may hold hidden ones none is told."""
    told = [name for name, kind in kinds().items() if not kind.restricted]
    found = {}
    for town, name, count in open_by_town(county.id, told):
        key = town, plugin_of(name).slug
        found[key] = found.get(key, 0) + count
    return [OpenCount(town, slug, count) for (town, slug), count in found.items()]
