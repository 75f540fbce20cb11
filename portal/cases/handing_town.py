"""A town disables a plugin and hands what is open to the county in the same act: all of it, or nothing.

Whoever takes a case over does what its former unit did, as after 提级: state, clock and pause stay, the new unit owes
its signature. What the workflow later wants to hand back to the town stays with the county (see responsibility.py).
"""

from collections import Counter

from portal import audit, notify
from portal.accounts.person import SYSTEM
from portal.cases import assists, responsibility, staff, timeline
from portal.cases.kinds import kinds, plugin_of
from portal.cases.leaving import kinds_of, lying_with
from portal.cases.lens import holds
from portal.cases.models import Case
from portal.cases.supervision.orders import bring_along
from portal.cases.takers import Plan
from portal.db import now
from portal.org.models import Unit
from portal.values import Refused

#: How many numbers a sentence names.
TOLD = 5


def hand(town: Unit, slug: str, actor, text: str = "", keeper: int | None = None) -> list[str]:
    """Hand every open case of the plugin that lies with the town to the county, all or none; return what was done.

    Raises Refused with the cases that nobody there could go on with.
    """
    if not (names := kinds_of(slug)):
        return []
    ids = sorted(key for (key,) in lying_with(town, slug).select(Case.id).tuples())
    if not ids:
        return []
    plan = Plan(town, plugin_of(names[0]), keeper)
    if sentence := plan.refusal():
        raise Refused(sentence)
    held = [case for key in ids if _lies(case := timeline.locked(key), town)]
    takers = _taken(held, plan)
    reached = _moved(held, takers, plan, actor, text)
    bring_along(held, town)
    _tell(reached, plan, actor)
    _tell_who_had_them(held, plan, actor)
    audit.record("cases.hand_town", "plugin", slug, detail={
        "unit": town.name, "rows": len(held), "to": [unit.name for unit, _ in reached.values()], "reason": text})
    return [f"{sum(counts.values())} 件交{unit.name}办理" for unit, counts in reached.values()]


def _lies(case: Case, town: Unit) -> bool:
    """Somebody may have settled it or handed it on before it was held."""
    return case.is_open and case.unit.town_id == town.id


def _taken(held: list[Case], plan: Plan) -> dict[int, Unit]:
    """Return who takes each case; raises Refused where nobody can."""
    if plan.keeper is None and (hidden := sum(case.restricted for case in held)):
        raise Refused(f"有 {hidden} 件不公开的件，只有经办人看得到，请选择县里由谁接办。", "keeper")
    plan.learn({case.line_id for case in held})
    takers = {case.id: plan.taker(case) for case in held}
    if lost := [case for case in held if takers[case.id] is None]:
        named = "、".join(case.number for case in lost[:TOLD]) + (f"等 {len(lost)} 件" if len(lost) > TOLD else "")
        raise Refused(
            f"县里没有单位、没有人能接着办{named}，不能交县里。请先办结这些件，或请系统管理员在县里安排能办这类事的岗位。",
            "keeper" if any(case.restricted for case in lost) else None)
    return takers


def _moved(held: list[Case], takers: dict[int, Unit], plan: Plan, actor, text: str) -> dict:
    """Move the cases; return for each unit the unit and how many of each kind it got."""
    at, reached = now(), {}
    for case in held:
        unit, former = takers[case.id], case.unit
        case.had = case.person_id
        responsibility.hand(case, unit, actor, at, quiet=True)
        if holds(actor, case):
            responsibility.arrived(case, SYSTEM, at)  # an administrator signs for nobody
        _lay_with(case, former, plan)
        assists.end_inside(case, plan.town, actor, at, "所在乡镇停用了平台。")
        case.version += 1
        case.save()
        said = f"{plan.town.short}停用“{plan.plugin.title}”，原由{former.name}负责，期限不变。"
        timeline.append(
            case, actor, step="hand_town", title=f"{plan.town.short}停用平台，交{unit.short}办理"[:60], at=at,
            from_state=case.state, text=f"{said}{text}", data={"former": former.id},
        )
        reached.setdefault(unit.id, (unit, Counter()))[1][case.kind, case.restricted] += 1
    return reached


def _lay_with(case: Case, former: Unit, plan: Plan) -> None:
    case.former_unit = former
    if case.restricted:
        case.person = plan.keeper


def _tell(reached: dict, plan: Plan, actor) -> None:
    """Tell each unit once, and once whoever is named for what is hidden; a notice names no case."""
    what = f"{plan.town.short}停用“{plan.plugin.title}”"
    for unit, counts in reached.values():
        open_ones = {kind for kind, restricted in counts if not restricted}
        number = sum(count for (_, restricted), count in counts.items() if not restricted)
        users = {user.id for name in open_ones for user in staff.workers(unit, kinds()[name])} - {actor.id}
        notify.send(users, "cases.handed", f"{what}，{number} 件交{unit.short}办理", "/cases/desk",
                    "期限不变，请尽快签收、安排人办理。", county_id=plan.town.county_id)
        if hidden := sum(counts.values()) - number:
            notify.send([plan.keeper], "cases.handed", f"{what}，{hidden} 件不公开的件交您办理", "/cases/desk",
                        county_id=plan.town.county_id)


def _tell_who_had_them(held: list[Case], plan: Plan, actor) -> None:
    """Tell those in whose names the cases were, once each: they do not see them any more."""
    had = Counter(case.had for case in held if case.had not in (None, actor.id))
    for number in sorted(set(had.values())):
        notify.send(
            [user for user, count in had.items() if count == number], "cases.moved_work",
            f"{plan.town.short}停用“{plan.plugin.title}”，您名下的 {number} 件已交县里办理",
            county_id=plan.town.county_id,
        )
