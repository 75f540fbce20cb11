import pytest

pytest_plugins = ["portal.testing.fixtures"]


@pytest.fixture(scope="session")
def portal_plugins():
    """The other platforms are not needed here."""
    return ["market_days"]


@pytest.fixture(scope="session")
def portal_dropped():
    return ()
