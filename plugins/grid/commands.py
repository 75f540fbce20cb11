import csv
from pathlib import Path

import click

from plugins.grid.models import TownPoint
from portal.kit import Refused, Unit, atomic


@click.group()
def grid():
    """网格管理。"""


@grid.command("load-points")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_points(path):
    """从 CSV（列 code12、lon、lat）载入各乡镇在地图上的位置。"""
    try:
        count = load(path.read_text(encoding="utf-8-sig"))
    except Refused as refused:
        raise click.ClickException(refused.sentence) from refused
    click.echo(f"已载入 {count} 个乡镇的位置。")


def load(text: str) -> int:
    """Keep the points of the towns that `text` names; returns how many. Raises Refused, and keeps none, for a line
    that cannot be read."""
    rows = list(csv.DictReader(text.splitlines()))
    if not rows or not {"code12", "lon", "lat"} <= set(rows[0]):
        raise Refused("文件要有 code12、lon、lat 三列。")
    units = {unit.code: unit for unit in Unit.select().where(Unit.level == "town")}
    with atomic():
        return sum(_keep(number, row, units) for number, row in enumerate(rows, 2))


def _keep(number: int, row: dict, units: dict) -> int:
    try:
        lon, lat = float(row["lon"]), float(row["lat"])
    except (TypeError, ValueError):
        raise Refused(f"第 {number} 行的经纬度读不出来，没有载入。") from None
    if not (73 <= lon <= 136 and 3 <= lat <= 54):
        raise Refused(f"第 {number} 行的经纬度不在中国境内，没有载入。")
    unit = units.get(row["code12"].strip())
    if unit is None:
        return 0
    where = {"lon": lon, "lat": lat}
    (TownPoint.insert(unit=unit, county_id=unit.county_id, **where)
     .on_conflict(conflict_target=[TownPoint.unit], update=where).execute())
    return 1
