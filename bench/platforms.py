"""The other platforms in the filled instance: rows for their lists, and matters that went their way for their pages."""

import datetime
import random

from peewee import fn

from bench.fill import PASSWORD, VILLAGE, bulk, opening, row_of
from portal import accounts, db
from portal.accounts.models import Role
from portal.cases.models import Case, CaseEvent
from portal.org.models import Unit
from portal.values import OPEN_PHASES

ROWS = 2000
#: Begins the numbers of rows that have no more than a line in a list.
BARE = "B"
#: kind: (its list, who reads it). The station's own list is read by the town's hall.
LISTS = {
    "grid.event": ("/grid/events", "bench-centre"), "mediation.dispute": ("/mediation/", "bench-justice"),
    "village_rules.charter": ("/village_rules/", "bench-justice"),
}
#: login: (role, the last words of the office of the town, of the county, or "" for the village itself).
PEOPLE = {
    "bench-grid": ("grid_worker", ""), "bench-cadre": ("village_staff", ""), "bench-mediator": ("mediator", ""),
    "bench-centre": ("town_staff", "综治中心"), "bench-justice": ("town_staff", "司法所"),
    "bench-order": ("county_staff", "县委政法委（综治中心）"), "bench-bureau": ("county_staff", "县司法局"),
}


def fill_platforms(registry, say) -> None:
    """Add the people of the three platforms, what their demos tell of them, and rows enough for a full list."""
    with db.atomic():
        _people()
    for slug in ("grid", "mediation", "village_rules"):
        with db.atomic():
            registry.modules[slug].portal_demo(say=say)
    kinds = {kind.name: kind for _, kind in registry.collect("portal_cases")}
    for kind in LISTS:
        with db.atomic():
            _rows(kinds[kind], random.Random(kind))
        say("写入各平台的件", 1, 1)


def _people() -> None:
    village = Unit.get(Unit.code == VILLAGE)
    for login, (role, office) in PEOPLE.items():
        parent = village.county_id if office.startswith("县") else village.parent_id
        unit = Unit.get(Unit.parent == parent, Unit.name.endswith(office)) if office else village
        user, _ = accounts.add_user(login, "测试员", password=PASSWORD, must_change=False)
        accounts.add_post(user, unit, Role.get(Role.slug == role))


def _rows(kind, chance: random.Random) -> None:
    """Write ROWS bare cases of `kind` in the town, most of them done: what a list needs, and no page of a case."""
    town = Unit.get(Unit.code == VILLAGE).parent_id
    villages = list(Unit.select().where(Unit.parent == town, Unit.level == "village"))
    states = kind.workflow.states
    states = [one for one in states if one.phase in OPEN_PHASES] + [one for one in states if one.phase == "closed"] * 9
    first = Case.select(fn.MAX(Case.id)).scalar() + 1
    rows = []
    for key in range(first, first + ROWS):
        state, village = chance.choice(states), chance.choice(villages)
        moment = db.now() - datetime.timedelta(minutes=chance.randrange(60 * 24 * 300))
        row = row_of(key, f"{BARE}{kind.prefix}-{key}", moment, village, state.name, state.phase, {town: town}, [town],
                     None, chance)
        rows.append({**row, "kind": kind.name, "line_id": None, "unit": village.id})
    bulk(Case, rows)
    bulk(CaseEvent, [opening(row) for row in rows])


def case_of(kind: str) -> int:
    """Return a case of `kind` in the town, of those that the demo told the one with the shortest timeline: the
    station's case that it is held against has one entry."""
    town = Unit.get(Unit.code == VILLAGE).parent_id
    told = Case.kind == kind, Case.town_id == town, ~Case.number.startswith(BARE)
    query = Case.select(Case.id).join(CaseEvent).where(*told).group_by(Case.id)
    return query.order_by(fn.COUNT(CaseEvent.id), Case.id.desc()).limit(1).scalar()
