"""Households of the demo with who lives in them, visits made, due and overdue, and patrols."""

import datetime

from stdnum.cn import ric

from plugins.grid.demo_ground import GIVEN, SURNAMES, everybody_in_grids
from plugins.grid.households import add_member, change_risk, flag, save_household, visit
from plugins.grid.models import THEMES, Household, Patrol
from portal.kit import Unit, everybody, now, today

HOMES = 20
ROUTES = ("一组到三组", "河边、水塘和渡口", "沿村道走一圈", "各家院坝和柴房", "后山和排洪沟", "集市和餐馆")
REASONS = {"high": "独居老人，近期摔伤", "key": "家中有重病人"}


def settle_homes(chance, say) -> None:
    """Open the files of some households in the villages of the demo's workers."""
    # The newest accounts first: a visitor signs in as one of them and should find work.
    workers = sorted((one for one in everybody_in_grids() if "grid" in one.enabled), key=lambda one: -one.id)[:3]
    number = 0
    for worker in workers:
        grids = list(Unit.select().where(Unit.parent == worker.post.unit.village_id, Unit.level == "grid"))
        for home in range(1, HOMES + 1):
            number += 1
            _home(worker, chance.choice(grids), home, number, chance)
            say("登记住户", number, HOMES * len(workers))
        _patrols(worker, grids, chance)
    _flags(chance)


def _home(worker, grid: Unit, home: int, number: int, chance) -> None:
    household = save_household(None, grid, {
        "number": home, "address": f"{chance.choice('一二三四五六')}组 {home} 号",
        "kind": chance.choices(("resident", "away", "registered"), (7, 2, 1))[0],
        "structure": chance.choice(("brick", "brick", "frame", "earth")), "floors": chance.choice((1, 2, 2, 3)),
        "safety": chance.choice(("", "A", "B", "C")), "helper": worker.full_name,
    }, worker)
    family = chance.choice(SURNAMES)
    alone = chance.random() < 0.25
    _person(household, worker, family, "0", number * 10, chance, 1940 if alone else 1962, ["alone", "aged"] if alone
            else [])
    if not alone:
        _person(household, worker, chance.choice(SURNAMES), "1", number * 10 + 1, chance, 1964, [])
        if chance.random() < 0.6:
            tags = chance.choice(([], [], ["disabled"], ["minimum"], ["veteran"]))
            _person(household, worker, family, "2", number * 10 + 2, chance, 1988, tags)
    if alone or chance.random() < 0.2:
        risk = "high" if chance.random() < 0.4 else "key"
        household = Household.get_by_id(household.id)
        change_risk(household, risk, REASONS[risk], worker, household.version)
    _calls(Household.get_by_id(household.id), worker, chance)


def _person(household, worker, family: str, relation: str, serial: int, chance, year: int, tags: list) -> None:
    head = f"510722{year + serial % 12}{serial % 12 + 1:02d}{serial % 27 + 1:02d}{serial % 700 + 250:03d}"
    add_member(Household.get_by_id(household.id), {
        "name": family + "".join(chance.sample(GIVEN, 2)), "id_card": head + ric.calc_check_digit(head + "0"),
        "phone": f"139{serial:08d}", "relation": relation, "tags": tags,
    }, worker)


def _calls(household: Household, worker, chance) -> None:
    """Let some calls have been made, so that some households are due and some overdue."""
    step = {"high": 7, "key": 30, "normal": 90}[household.risk]
    days = step * 2 + chance.randrange(step)
    while days > step * 1.2 or (days > 0 and chance.random() < 0.8):
        moment = now() - datetime.timedelta(days=days)
        result = chance.choices(("normal", "absent"), (6, 1))[0]
        household.due_on = min(household.due_on, moment.date() + datetime.timedelta(days=chance.randrange(0, 4)))
        visit(household, result, worker, at=moment)
        days -= step


def _patrols(worker, grids: list[Unit], chance) -> None:
    for days in range(28, 0, -3):
        unit = chance.choice(grids)
        Patrol.create(
            **unit.place(), unit=unit, theme=chance.choice(list(THEMES)), route=chance.choice(ROUTES), by=worker.id,
            by_name=worker.full_name, at=now() - datetime.timedelta(days=days, hours=chance.randrange(8)),
        )


def _flags(chance) -> None:
    """Flag a few, each by a town that may."""
    for person in everybody():
        if not (person.may("grid.flag") and person.post.unit.town_id and "grid" in person.enabled):
            continue
        homes = Household.select().where(Household.town_id == person.post.unit.town_id).order_by(Household.id).limit(3)
        for home, kind in zip(homes, ("released", "mental", "petition"), strict=False):
            member = home.members.first()
            if member is not None:
                flag(home, member.resident, {"kind": kind, "owner": "司法所", "since": today()}, person)
        return
