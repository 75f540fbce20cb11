"""Fixtures for the tests of a plugin: `pytest_plugins = ["portal.testing.fixtures"]` in its conftest.py.

A session-scoped fixture `portal_plugins` may be overridden: a list of the slugs to load, None for all; and
`portal_dropped` returns a folder or file to lie in instance/plugins, for a plugin that is not installed.
"""

import datetime
import shutil
from pathlib import Path

import pytest
import time_machine

from portal.testing.county import County
from portal.testing.queries import counted_queries

CHINA = datetime.timezone(datetime.timedelta(hours=8))

@pytest.fixture(scope="session")
def portal_plugins():
    """Which installed plugins the county has: slugs, or None for all of them."""
    return None


@pytest.fixture(scope="session")
def portal_dropped():
    """Files and folders that are dropped into instance/plugins, as paths."""
    return ()


@pytest.fixture(scope="session")
def portal_strict():
    """Whether a plugin that fails stops the start, or the page; False: it is contained, as in a running portal."""
    return True


@pytest.fixture(scope="session")
def built_county(tmp_path_factory, portal_plugins, portal_dropped, portal_strict):
    """The county as it was built; tests take `county`, which puts it back first."""
    folder = tmp_path_factory.mktemp("county")
    for path in map(Path, portal_dropped):
        target = folder / "plugins" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, target)
    return County(folder, portal_plugins, portal_strict)


@pytest.fixture
def county(built_county):
    """A fresh county, inside its application."""
    with built_county.opened():
        yield built_county


@pytest.fixture
def sign_in(county):
    """Return a function that signs one of the cast in and returns their browser."""
    return county.sign_in


@pytest.fixture
def queries():
    """Return the context manager that lists the SQL statements run inside it, `with queries() as asked: ...`, or holds
    them against a budget: `with queries(most=12): ...`."""
    return counted_queries


@pytest.fixture
def clock():
    """Return a function that sets the time until the test ends: to a moment with its zone, or to what a clock in China
    shows, `clock("2026-11-25 09:30")`. With `tick=True` it goes on from there."""
    travels = []

    def travel(moment: datetime.datetime | str, tick: bool = False):
        traveller = time_machine.travel(_aware(moment), tick=tick)
        travels.append(traveller)
        return traveller.start()

    yield travel
    for traveller in reversed(travels):
        traveller.stop()


def _aware(moment: datetime.datetime | str) -> datetime.datetime:
    """A moment without its zone would be read as that of Greenwich, and the test would hold only in the morning."""
    if isinstance(moment, str):
        moment = datetime.datetime.fromisoformat(moment)
        return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
    if moment.tzinfo is None:
        raise ValueError("say the zone of the moment, or write what the clock shows: clock(\"2026-11-25 09:30\")")
    return moment
