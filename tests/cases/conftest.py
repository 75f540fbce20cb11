import pytest

from portal.db import database
from portal.testing import Browser
from tests.people_of_the_county import PASSWORD


@pytest.fixture(scope="module")
def stage(ground):
    """The application on a fresh county that the tests of one module share; they only read.

    A module's own fixture fills it once. Tests that write take `app` and get a county of their own.
    """
    ground.put_back()
    with ground.application.app_context():
        database.connect(reuse_if_open=True)
        yield ground.application
    if not database.is_closed() and not database.in_transaction():
        database.close()


@pytest.fixture(scope="module")
def browser_of(stage):
    """Return a function that gives the browser of one of the cast, signed in once for the module."""
    known = {}

    def browser_of(name: str) -> Browser:
        if name not in known:
            known[name] = Browser(stage.test_client())
            known[name].send("/accounts/sign-in", name=name, password=PASSWORD)
            assert known[name].status == 200 and 'name="password"' not in known[name].text, name
        return known[name]

    return browser_of
