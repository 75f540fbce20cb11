"""Grids and who works in them: no grid without somebody responsible goes unnoticed."""

from peewee import JOIN

from plugins.grid import boundary
from plugins.grid.models import GRID_KINDS, RESPONSIBLE, Grid, GridWorker, Household
from portal.kit import (
    Conflict,
    Finding,
    Refused,
    Unit,
    User,
    add_unit,
    audit,
    close_unit,
    fn,
    rename_unit,
    today,
    url_for,
)

KEPT = ("kind", "range", "supervision_phone", "lon", "lat", "boundary")


def responsible():
    """Return the query of the units that have somebody who answers for them today."""
    return GridWorker.select(GridWorker.unit).where(GridWorker.role.in_(RESPONSIBLE), GridWorker.until.is_null())


def open_grids(person):
    """Return the query of the grids in the person's area that are in use, with their units."""
    return Grid.seen_by(person).select(Grid, Unit).join(Unit).where(Unit.valid_to.is_null())


def unstaffed(person) -> int:
    """Return how many grids of the area have nobody who answers for them."""
    return open_grids(person).where(Grid.unit.not_in(responsible())).count()


def rows_of(grids: list[Grid]) -> list[dict]:
    """Return the rows of a list: each grid with who answers for it, how many help, and how many households."""
    ids = [grid.unit_id for grid in grids]
    workers: dict[int, list[GridWorker]] = {}
    for worker in GridWorker.select().where(GridWorker.unit.in_(ids), GridWorker.until.is_null()).order_by(
        GridWorker.id
    ):
        workers.setdefault(worker.unit_id, []).append(worker)
    counts = dict(
        Household.select(Household.unit, fn.COUNT(Household.id))
        .where(Household.unit.in_(ids), Household.closed_on.is_null()).group_by(Household.unit).tuples()
    )
    above = {
        key: name for key, name in
        Unit.select(Unit.id, Unit.short).where(Unit.id.in_({grid.village_id for grid in grids})).tuples()
    }
    return [
        {
            "grid": grid, "village": above.get(grid.village_id, ""), "households": counts.get(grid.unit_id, 0),
            "workers": [one for one in workers.get(grid.unit_id, []) if one.role in RESPONSIBLE],
            "helpers": [one for one in workers.get(grid.unit_id, []) if one.role not in RESPONSIBLE],
        }
        for grid in grids
    ]


def create_grid(village: Unit, data: dict, by) -> Grid:
    """Draw a new grid in `village`, through the same records as every unit; raises Refused for a name that is there."""
    data = {**data, "boundary": _drawn(data)}
    unit = add_unit(village, {"level": "grid", "name": data["name"], "note": data.get("note", "")}, by)
    grid = Grid.create(unit=unit, **unit.place(), **{name: data.get(name) for name in KEPT})
    if unit.kind != grid.kind_title:
        Unit.update(kind=grid.kind_title).where(Unit.id == unit.id).execute()
    return grid


def edit_grid(grid: Grid, data: dict, by, version: int) -> None:
    """Save what changed; raises Conflict if somebody else saved since the form was shown."""
    data = {**data, "boundary": _drawn(data)}
    changes = {name: [str(getattr(grid, name)), str(data[name])] for name in KEPT if getattr(grid, name) != data[name]}
    done = (
        Grid.update(**{name: data[name] for name in KEPT}, version=Grid.version + 1)
        .where(Grid.id == grid.id, Grid.version == version).execute()
    )
    if not done:
        raise Conflict("别人", f"修改了{grid.unit.short}", url_for("grid.show", grid_id=grid.id))
    if data["name"] != grid.unit.name:
        rename_unit(grid.unit, {"name": data["name"], "note": data.get("note", "")}, by, grid.unit.version)
    Unit.update(kind=GRID_KINDS[data["kind"]]).where(Unit.id == grid.unit_id).execute()
    audit.record("grid.edit", "grid", grid.id, changes=changes)


def _drawn(data: dict) -> dict | None:
    """Return the boundary; raises Refused for one that cannot be read, and for half a point."""
    if (data.get("lon") is None) != (data.get("lat") is None):
        raise Refused("经度和纬度要么都填，要么都不填。", "lon")
    return boundary.read(data.get("shape") or "")


def close_grid(grid: Grid, data: dict, by, version: int) -> None:
    """End the grid and the time of its team; refused while households or open events hang on it."""
    if version != grid.version:
        raise Conflict("别人", f"修改了{grid.unit.short}", url_for("grid.show", grid_id=grid.id))
    (
        GridWorker.update(until=data["valid_to"], ended_by=by.full_name)
        .where(GridWorker.unit == grid.unit_id, GridWorker.until.is_null()).execute()
    )
    close_unit(grid.unit, data, by, grid.unit.version)
    Grid.update(version=Grid.version + 1).where(Grid.id == grid.id).execute()


def add_worker(grid: Grid, data: dict, by) -> GridWorker:
    """Put somebody on the team; raises Refused for an account that is not of this county, or who is on it already."""
    if grid.unit.is_closed:
        raise Refused("这个网格已停用，不能再增加人员。")
    Unit.hold(grid.unit_id)
    same = GridWorker.select().where(
        GridWorker.unit == grid.unit_id, GridWorker.name == data["name"], GridWorker.role == data["role"],
        GridWorker.until.is_null(),
    )
    if same.exists():
        raise Refused(f"{data['name']}已经是这个网格的人员，不用重复登记。", "name")
    user = _account(data.get("account", ""), data["name"])
    worker = GridWorker.create(
        unit=grid.unit, name=data["name"], role=data["role"], work_phone=data.get("work_phone", ""), user=user,
        since=data["since"], **grid.unit.place(),
    )
    audit.record("grid.add_worker", "grid", grid.id, detail={"name": worker.name, "role": worker.role_title})
    return worker


def _account(name: str, full_name: str) -> User | None:
    """Return the account of this name; it must be of the person who is named."""
    if not name:
        return None
    user = User.get_or_none(User.name == name.strip().lower())
    if user is None or user.full_name != full_name:
        raise Refused("没有这个人的这个账号，请核对账号和姓名；没有账号的可以不填。", "account")
    return user


def end_worker(worker: GridWorker, until, by) -> None:
    """End somebody's time on the team; the line stays. Raises Refused for a day before they began."""
    if until < worker.since:
        raise Refused(f"离任日期早于开始日期 {worker.since}。", "until")
    done = (
        GridWorker.update(until=until, ended_by=by.full_name)
        .where(GridWorker.id == worker.id, GridWorker.until.is_null()).execute()
    )
    if not done:
        raise Refused("这个人已经离任。")
    audit.record("grid.end_worker", "grid", worker.unit_id, detail={"name": worker.name, "until": str(until)})


def own_grids(person):
    """Return the query of the units in whose team the person is today; usable as a subquery."""
    return GridWorker.select(GridWorker.unit).where(GridWorker.user == person.id, GridWorker.until.is_null())


def own_ids(person) -> list[int]:
    return [key for (key,) in own_grids(person).tuples()]


def refuse_outside(person, unit: Unit) -> None:
    """Raise Refused where somebody whose post is a grid writes about its village: they would not see it again."""
    own = person.post.unit
    if own.level == "grid" and unit.id != own.id:
        raise Refused(f"您的岗位在{own.short}，只能登记在这个网格。", "unit_id")


def findings() -> list[Finding]:
    """Say which counties have grids without anybody responsible; no fault of the instance, so nothing fails."""
    rows = (
        Unit.select(Unit.county_id, fn.COUNT(Grid.id)).join(Grid, JOIN.INNER, on=(Grid.unit == Unit.id))
        .where(Unit.valid_to.is_null(), Unit.id.not_in(responsible())).group_by(Unit.county_id).tuples()
    )
    return [
        Finding(f"{Unit.get_by_id(county).short}有 {count} 个网格没有网格员，见“网格与人员”里的“无人负责”。", False)
        for county, count in rows
    ]


def card(person) -> dict | None:
    """Return what the workbench says of grids that nobody answers for."""
    if not person.may("grid.manage") or not (count := unstaffed(person)):
        return None
    return {"count": count, "url": url_for("grid.index", staffed="no"), "day": today()}
