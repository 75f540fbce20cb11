"""What the tests of the doors need of the station."""

from tests.station.door import item


def rows() -> dict:
    """Return what stands in the addresses of the station for each name of an argument."""
    return {"item_id": item().id}
