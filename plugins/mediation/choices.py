"""What the forms of the steps offer of a dispute's own: its unit's committees, their mediators, the levels above."""

from plugins.mediation.models import Committee, Mediator, Seat, Team
from plugins.mediation.offices import above, level_of
from plugins.mediation.record import dispute_of, lines_of
from plugins.mediation.words import DIFFICULTIES
from portal.kit import referable

#: What stands in a form where the unit has no committee yet; accepting it is refused with what to do.
NO_COMMITTEE = "0"


def committees(case) -> dict:
    """Offer the committees of the unit with which the case lies, and of the town or county that it is an office of."""
    units = [case.unit_id] + ([case.unit.parent_id] if case.unit.level == "department" else [])
    found = Committee.select().where(Committee.unit.in_(units), Committee.dissolved_on.is_null()).order_by(Committee.id)
    offered = [(str(one.id), one.name) for one in found]
    return {"committee": offered or [(NO_COMMITTEE, "还没有登记人民调解委员会")]}


def mediators(case) -> dict:
    """Offer the committee's mediators, with the teams that they sit in."""
    committee = dispute_of(case).committee_id
    teams: dict[int, list[str]] = {}
    seats = Seat.select(Seat, Team).join(Team).where(Team.committee == committee, Team.dissolved_on.is_null())
    for seat in seats:
        leads = "组长" if seat.team.leader_id == seat.mediator_id else ""
        teams.setdefault(seat.mediator_id, []).append(seat.team.name + leads)
    found = [one for one in Mediator.select().where(Mediator.committee == committee).order_by(Mediator.id)
             if one.active]
    return {"mediators": [
        (one.id, f"{one.name}（{'，'.join([one.joined_title, one.time_title, *teams.get(one.id, [])])}）")
        for one in found
    ]}


def refusers(case) -> dict:
    return {"refuser": [("", "请选择")] + [
        (str(line.id), f"{line.side_title}{line.masked}") for line in lines_of(case)["party"]
    ]}


def levels_above(case) -> dict:
    allowed = ("complex", "hard") if level_of(case) == "village" else ("hard",)
    return {
        "to": [(str(unit.id), unit.name) for unit in above(case)],
        "difficulty": [(name, DIFFICULTIES[name]) for name in allowed],
    }


def platforms(case) -> dict:
    offered = [(kind.name, kind.title) for kind in referable(case)]
    return {"kind": offered or [("none", "这里没有别的平台可以转")]}
