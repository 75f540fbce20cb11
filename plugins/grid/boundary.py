"""The boundary of a grid as somebody's drawing tool wrote it: a GeoJSON polygon, or nothing."""

import json
from itertools import chain

from portal.kit import Refused

KINDS = ("Polygon", "MultiPolygon")
#: Where China lies; a pair the other way round (latitude first) is outside.
WEST, EAST, SOUTH, NORTH = 73, 136, 3, 54
NO_SHAPE = "边界不是能读的 GeoJSON 面（Polygon 或 MultiPolygon），请从绘图工具重新复制。"


def read(text: str) -> dict | None:
    """Return the geometry that `text` holds, None for nothing; raises Refused for what is no polygon in China."""
    if not text.strip():
        return None
    try:
        found = json.loads(text)
        geometry = found["geometry"] if found.get("type") == "Feature" else found
        kind, coordinates = geometry["type"], geometry["coordinates"]
        rings = coordinates if kind == "Polygon" else list(chain.from_iterable(coordinates))
        points = [(float(point[0]), float(point[1])) for ring in rings for point in ring]
        closed = all(len(ring) >= 4 and ring[0] == ring[-1] for ring in rings)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise Refused(NO_SHAPE, "shape") from None
    if kind not in KINDS or not points or not closed:
        raise Refused(NO_SHAPE, "shape")
    if not all(WEST <= lon <= EAST and SOUTH <= lat <= NORTH for lon, lat in points):
        raise Refused("边界不在中国境内；坐标应当经度在前、纬度在后。", "shape")
    return {"type": kind, "coordinates": coordinates}


def written(boundary: dict | None) -> str:
    return json.dumps(boundary, ensure_ascii=False, separators=(",", ":")) if boundary else ""
