"""The county that millions of cases lie in: its units with two grids a village, and the people who work at each."""

import random
from dataclasses import dataclass, field

from peewee import fn

from bench.fill import PASSWORD, VILLAGE, bulk
from portal import accounts, db
from portal.accounts.models import Post, Role, User
from portal.org import directory
from portal.org.models import Unit
from portal.org.names import initials_of, short_of

GRIDS = 2
#: login: (the last words of the office, "" for the village itself; role), of the readers of the table by their level.
READERS = {
    "county": ("bench-county", "行政审批服务局", "county_staff"), "line": ("bench-line", "民政局", "county_staff"),
    "town": ("bench-town", "便民服务中心", "town_staff"), "village": ("bench-village", "", "window"),
    "grid": ("bench-grid", "", "grid_worker"),
}
#: How many work at an office of a town, and of the county.
AT_TOWN, AT_COUNTY = 3, 8


@dataclass
class County:
    """Ids that rows are made of. `places`: (code, county, town, village, its grids) of each village."""

    places: list[tuple] = field(default_factory=list)
    #: {(town, last words of an office): its id}, and the county's departments with a line of work.
    offices: dict[tuple, int] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    staff: dict[int, list[int]] = field(default_factory=dict)
    #: The place of the village whose clerk writes in the bench.
    own: tuple = ()


TOWN_OFFICES = ("便民服务中心", "综治中心", "司法所")


def settle() -> County:
    """Add the grids and the people to a county whose towns and villages are there."""
    with db.atomic():
        villages = list(Unit.select().where(Unit.level == "village").order_by(Unit.code))
        _grids(villages)
        _readers()
        _people()
    directory.write_counties_anew(directory.tops())
    return found()


def _grids(villages: list[Unit]) -> None:
    """Add the grids, as `Unit.add` would one by one."""
    key, rows = Unit.select(fn.MAX(Unit.id)).scalar(), []
    for village in villages:
        for number in range(1, GRIDS + 1):
            key += 1
            name = f"{village.short}第{'一二'[number - 1]}网格"
            rows.append({
                "id": key, "code": f"{village.code}{number:03d}", "name": name, "short": short_of(name),
                "level": "grid", "kind": "综合网格", "parent": village.id, "path": f"{village.path}{key}/",
                **village.place(), "grid_id": key, "initials": initials_of(name), "valid_from": db.today()})
    bulk(Unit, rows)
    if db.is_postgres():
        db.database.execute_sql("SELECT setval(pg_get_serial_sequence('org_unit', 'id'), max(id)) FROM org_unit")


def _readers() -> None:
    county, village = Unit.get(Unit.level == "county"), Unit.get(Unit.code == VILLAGE)
    grid = Unit.select().where(Unit.parent == village, Unit.level == "grid").order_by(Unit.code).get()
    for level, (login, office, role) in READERS.items():
        above = village.parent_id if level == "town" else county
        unit = Unit.get(Unit.parent == above, Unit.name.endswith(office)) if office else {
            "village": village, "grid": grid}[level]
        user, _ = accounts.add_user(login, "测试员", password=PASSWORD, must_change=False)
        accounts.add_post(user, unit, Role.get(Role.slug == role))


def _people() -> None:
    """Add whoever works beside the readers; they share a password's hash, which would take 100 ms each to make."""
    digest = User.get(User.name == "bench-county").password_hash
    taken = {unit for (unit,) in Post.select(Post.unit).tuples()}
    roles = {role.slug: role.id for role in Role.select()}
    rows, posts, key = [], [], User.select().count() + 1000
    for unit in Unit.select().where(Unit.level.in_(("village", "grid", "department"))).order_by(Unit.id):
        number = 1 if unit.level != "department" else AT_TOWN if unit.town_id else AT_COUNTY
        role = {"village": "window", "grid": "grid_worker"}.get(unit.level) or (
            "town_staff" if unit.town_id else "county_staff")
        for _ in range(number - (unit.id in taken)):
            key += 1
            moment = db.now()
            rows.append({"id": key, "name": f"worker-{key}", "full_name": "工作员", "password_hash": digest,
                         "must_change": False, "password_at": moment, "created": moment, "earlier_hashes": []})
            posts.append({"user": key, "unit": unit.id, "role": roles[role], "title": "工作人员",
                          "valid_from": db.today(), "at": moment})
    bulk(User, rows)
    bulk(Post, posts)
    if db.is_postgres():
        db.database.execute_sql("SELECT setval(pg_get_serial_sequence('accounts_user', 'id'), max(id)) "
                                "FROM accounts_user")


def found() -> County:
    """Read the county as `settle` left it."""
    county, grids = County(), {}
    for unit in Unit.select().order_by(Unit.code):
        county.names[unit.id] = unit.name
        if unit.level == "grid":
            grids.setdefault(unit.village_id, []).append(unit.id)
        elif unit.level == "department" and unit.town_id:
            for office in TOWN_OFFICES:
                if unit.name.endswith(office):
                    county.offices[unit.town_id, office] = unit.id
        elif unit.level == "department" and unit.reach == "line":
            county.lines.append(unit.id)
    for unit in Unit.select().where(Unit.level == "village").order_by(Unit.code):
        county.places.append((unit.code[6:12], unit.county_id, unit.town_id, unit.id, grids[unit.id]))
        if unit.code == VILLAGE:
            county.own = county.places[-1]
    for unit, user in Post.select(Post.unit, Post.user).order_by(Post.id).tuples():
        county.staff.setdefault(unit, []).append(user)
    random.Random(1).shuffle(county.places)  # neighbours in the ledger are no neighbours in the county
    return county
