"""The county that authors of plugins test in, here with the bundled plugins."""

import pytest

from portal.testing.fixtures import (  # noqa: F401
    built_county,
    clock,
    county,
    portal_dropped,
    portal_strict,
    sign_in,
)
from tests.people_of_the_county import PLUGINS


@pytest.fixture(scope="session")
def portal_plugins():
    return PLUGINS
