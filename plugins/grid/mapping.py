"""The map: plain GeoJSON of what lies in the area, and the same figures in a table beside it."""

import functools
import json

from plugins.grid.catalogue import DATA
from plugins.grid.figures import Figures
from plugins.grid.models import Grid, TownPoint
from plugins.grid.team import responsible
from plugins.grid.workflow import KIND
from portal.kit import Case, Unit, fn, now, url_for


@functools.cache
def outline(county_code: str) -> dict | None:
    """Return the outline of the county, where the plugin brings one along."""
    path = DATA / f"{county_code[:6]}_outline.geojson"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def features(person) -> dict:
    """Return the outline, the towns and the grids of the person's area, each a GeoJSON FeatureCollection."""
    post = person.post
    county = Unit.get_or_none(Unit.id == post.unit.county_id) if post else None
    return {
        "outline": outline(county.code) if county else None,
        "towns": _collection(_towns(person)), "grids": _collection(_grids(person)),
    }


def _collection(found) -> dict:
    return {"type": "FeatureCollection", "features": list(found)}


def _point(lon, lat, **properties) -> dict:
    return {
        "type": "Feature", "properties": properties,
        "geometry": {"type": "Point", "coordinates": [round(float(lon), 5), round(float(lat), 5)]},
    }


def _towns(person):
    column, value = person.area or ("line_id", 0)
    query = TownPoint.select(TownPoint, Unit).join(Unit)
    if column not in ("county_id", "town_id"):
        return
    for one in query.where(getattr(Unit, column) == value).order_by(Unit.code):
        yield _point(one.lon, one.lat, name=one.unit.short)


def _grids(person):
    counts, staffed = _open_by_grid(person), {key for (key,) in responsible().distinct().tuples()}
    village = Unit.alias()
    query = (
        Grid.seen_by(person).join(Unit, on=(Grid.unit == Unit.id)).join(village, on=(Unit.parent == village.id))
        .where(Unit.valid_to.is_null(), Grid.lon.is_null(False) | Grid.boundary.is_null(False))
        .select(Grid.id, Grid.unit, Unit.short, village.short, Grid.lon, Grid.lat, Grid.boundary).order_by(Unit.code)
    )
    for key, unit_id, name, above, lon, lat, boundary in query.tuples():
        count, overdue = counts.get(unit_id, (0, 0))
        words = {"name": name, "village": above, "open": count, "overdue": overdue, "staffed": unit_id in staffed,
                 "url": url_for("grid.show", grid_id=key)}
        if boundary:
            yield {"type": "Feature", "properties": words, "geometry": boundary}
        else:
            yield _point(lon, lat, **words)


def _open_by_grid(person) -> dict[int, tuple[int, int]]:
    """Return {grid: (open, overdue)} of the events in the area."""
    column, value = person.area or ("line_id", 0)
    open_now = Case.kind == KIND.name, Case.closed.is_null(), getattr(Case, column) == value
    query = Case.select(Case.grid_id, fn.COUNT(Case.id)).where(*open_now, Case.grid_id.is_null(False))
    counts = dict(query.group_by(Case.grid_id).tuples())
    late = dict(query.where(Case.due < now()).group_by(Case.grid_id).tuples())
    return {key: (count, late.get(key, 0)) for key, count in counts.items()}


def word_of(row: Figures) -> tuple[str, str]:
    """Return the tone and the word that stand for a row, the same as on the map."""
    if row.overdue:
        return "over", "有超期"
    return ("warn", "有未结") if row.open else ("ok", "没有未结")
