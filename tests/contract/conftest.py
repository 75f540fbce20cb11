"""The county that authors of plugins test in, here with the bundled plugins."""

import pytest

from portal.testing.fixtures import built_county, clock, county, portal_dropped, sign_in  # noqa: F401
from tests.people_of_the_county import PLUGINS


@pytest.fixture(scope="session")
def portal_plugins():
    return PLUGINS
