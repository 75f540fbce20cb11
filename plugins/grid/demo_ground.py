"""Divides the villages of the demo into grids with workers. How many there are is what the county published; where
they lie on the map is made up, as no public list of places may be passed on."""

import datetime
import math

from plugins.grid.mapping import outline
from plugins.grid.models import GRID_KINDS, Grid, GridWorker
from portal.kit import Unit, User, everybody, initials, today

#: 三台县: 110 grids in communities, 932 in villages, 1,133 workers.
COMMUNITY_GRIDS, VILLAGE_GRIDS, WORKERS = 110, 932, 1133
NUMBERS = "一二三四五六七八九十"
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董"
GIVEN = "秀兰桂英建国德明玉珍志强淑芬永福素华开贵光荣碧云天才泽民文芳国祥世容朝军学良兴发"
SIDES = ("东至公路，西至河边", "东至水渠，西至山脚", "北至学校，南至村口", "以村道为界")
#: People of the demo who are workers of the first grid of their village.
KNOWN = {"grid_worker": "full"}
TOWN_SPREAD, VILLAGE_SPREAD = 0.03, 0.006


def divide(chance, say) -> int:
    """Draw the grids and put workers into them; returns how many grids there are."""
    villages = list(Unit.select().where(Unit.level == "village", Unit.valid_to.is_null()).order_by(Unit.code))
    if len(villages) < 2:
        return 0
    communities = [one for one in villages if "居" in one.name or "社区" in one.name]
    others = [one for one in villages if one not in communities]
    shares = {**_shared(communities, COMMUNITY_GRIDS), **_shared(others, VILLAGE_GRIDS)}
    rows = [row for village in villages for row in _units(village, shares[village.id])]
    for start in range(0, len(rows), 200):
        Unit.insert_many(rows[start:start + 200]).execute()
        say("划分网格", min(start + 200, len(rows)), len(rows))
    path = Unit.path.concat(Unit.id.cast("text")).concat("/")
    Unit.update(grid_id=Unit.id, path=path).where(Unit.level == "grid", Unit.grid_id.is_null()).execute()
    Unit.list_anew(villages)
    units = list(Unit.select().where(Unit.level == "grid").order_by(Unit.code))
    _insert(Grid, [_grid(unit, point, chance) for unit, point in zip(units, _points(units, chance), strict=True)])
    _insert(GridWorker, _workers(units, chance))
    return len(units)


def _shared(villages: list, total: int) -> dict[int, int]:
    """Return how many grids each village has: as evenly as it goes, at least one."""
    each, more = divmod(total, len(villages)) if villages else (0, 0)
    # The ones that have one more lie all over the county: spread by a step, not taken from the front.
    return {
        village.id: max(1, each + ((number * more) // len(villages) != ((number + 1) * more) // len(villages)))
        for number, village in enumerate(villages)
    }


def _units(village: Unit, share: int):
    for number in range(1, share + 1):
        name = f"第{NUMBERS[number - 1]}网格"
        yield {
            "code": f"{village.code}{number:03d}", "name": name, "short": name, "level": "grid",
            "kind": GRID_KINDS["general"], "parent": village.id, "path": village.path, "county_id": village.county_id,
            "town_id": village.town_id, "village_id": village.id, "initials": initials(name), "valid_from": today(),
        }


def _insert(model, rows: list) -> None:
    for start in range(0, len(rows), 200):
        model.insert_many(rows[start:start + 200]).execute()


def _grid(unit: Unit, point: tuple[float, float], chance) -> dict:
    first = int(unit.code[-3:])
    return {
        **unit.place(), "unit": unit.id, "kind": "general", "lon": round(point[0], 6), "lat": round(point[1], 6),
        "range": f"第{NUMBERS[first - 1]}片各组，{chance.choice(SIDES)}", "supervision_phone": "0816-5220000",
        "boundary": None,
    }


# -- who works there -----------------------------------------------------------------------------------------------

def _workers(units: list[Unit], chance) -> list[dict]:
    """Return the workers: one for each grid, and a second one for so many that the sum is right."""
    known = _known()
    second = {unit.id for unit in chance.sample(units, max(0, min(WORKERS - len(units), len(units))))}
    since = today() - datetime.timedelta(days=400)
    rows = []
    for number, unit in enumerate(units):
        user = known.pop(unit.village_id, None)
        role = "full" if user else chance.choices(("full", "part", "head"), (5, 3, 2))[0]
        rows.append(_worker(unit, role, since, number * 2, chance, user))
        if unit.id in second:
            rows.append(_worker(unit, "head" if role != "head" else "part", since, number * 2 + 1, chance, None))
    return rows


def _known() -> dict[int, User]:
    """Return the grid workers among the demo's people by the village of their post."""
    return {person.post.unit.village_id: person.user for person in everybody_in_grids()}


def everybody_in_grids() -> list:
    return [one for one in everybody() if one.post.role in KNOWN and one.post.unit.village_id]


def _worker(unit: Unit, role: str, since, number: int, chance, user) -> dict:
    name = user.full_name if user else chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, 2))
    return {
        **unit.place(), "unit": unit.id, "name": name, "work_phone": f"1990000{number:04d}", "role": role,
        "user": user.id if user else None, "since": since, "until": None, "ended_by": "",
    }


# -- where it lies on the map --------------------------------------------------------------------------------------

def _points(units: list[Unit], chance) -> list[tuple[float, float]]:
    """Return a point for each unit: villages around the centre of their town, grids around their village."""
    county = Unit.get_by_id(units[0].county_id)
    towns = list(dict.fromkeys(unit.town_id for unit in units))
    ring = _ring(outline(county.code))
    centres = dict(zip(towns, _centres(ring, len(towns)), strict=True))
    villages = {}
    for unit in units:
        if unit.village_id not in villages:
            villages[unit.village_id] = _near(centres[unit.town_id], TOWN_SPREAD, ring, chance)
    return [_near(villages[unit.village_id], VILLAGE_SPREAD, ring, chance) for unit in units]


def _near(point, spread: float, ring, chance) -> tuple[float, float]:
    """Return a point within `spread` degrees that lies in the county as well; after many tries the point itself."""
    for _ in range(40):
        angle, far = chance.random() * 2 * math.pi, math.sqrt(chance.random()) * spread
        x, y = point[0] + math.cos(angle) * far * 1.17, point[1] + math.sin(angle) * far
        if _is_inside(x, y, ring):
            return x, y
    return point


def _ring(shape: dict | None) -> list:
    """Return the longest ring of the outline, every fourth point of it: close enough for a demo, and quick."""
    if shape is None:
        return SQUARE
    ring = max((one[0] for one in shape["features"][0]["geometry"]["coordinates"]), key=len)
    return [*ring[::4], ring[0]]


def _centres(ring: list, number: int) -> list[tuple[float, float]]:
    """Return so many points inside the outline, far from each other: the farthest one from all before is next."""
    west, east = min(x for x, _ in ring), max(x for x, _ in ring)
    south, north = min(y for _, y in ring), max(y for _, y in ring)
    inside = [
        (x, y) for column in range(1, 24) for line in range(1, 24)
        if _is_inside(x := west + (east - west) * column / 24, y := south + (north - south) * line / 24, ring)
    ]
    chosen = [inside[len(inside) // 2]]
    while len(chosen) < number:
        chosen.append(max(inside, key=lambda one: min(math.dist(one, other) for other in chosen)))
    return chosen


#: For a county without an outline.
SQUARE = [[105.0, 31.0], [105.4, 31.0], [105.4, 31.4], [105.0, 31.4], [105.0, 31.0]]


def _is_inside(x: float, y: float, ring) -> bool:
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:], strict=False):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside
