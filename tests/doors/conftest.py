import pytest

from portal.testing import Browser
from tests.cases.conftest import browser_of, stage
from tests.doors.world import World

__all__ = ["browser_of", "stage"]


@pytest.fixture(scope="module")
def world(stage):
    """One row of each kind in village A of the county, and a second county whose people have nothing to do with it."""
    with stage.test_request_context():
        return World.built()


@pytest.fixture(scope="module")
def visitor_of(stage):
    """Return a function that opens a browser in which nobody is signed in."""
    return lambda: Browser(stage.test_client())
