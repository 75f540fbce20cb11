"""The county of the cast on a PostgreSQL server of the test's own, which may be stopped and followed."""

import subprocess

from portal import create_app
from portal.db import database
from portal.testing import Browser
from tests.people_of_the_county import PASSWORD
from tests.pg_servers import PgServer


def copy_county(ground, server: PgServer) -> PgServer:
    """Put the county of `ground` (PostgreSQL) into the database `postgres` of `server`."""
    kept = f"{ground.setting}_kept"
    dump = subprocess.run(["pg_dump", "--no-owner", "-d", kept], check=True, capture_output=True).stdout
    subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", server.address()], input=dump, check=True,
                   stdout=subprocess.DEVNULL)
    return server


def portal_on(ground, server: PgServer, **settings):
    """Return a portal in this process whose database is `server`; `leave` ends it."""
    return create_app(ground.folder, {**ground.overrides, "database": server.address(), **settings})


def leave(before) -> None:
    """Close what is open and point the portal at `before` again."""
    if not database.is_closed():
        database.close()
    database.obj.close_all()
    database.initialize(before)


def signed_in(app, name: str) -> Browser:
    browser = Browser(app.test_client())
    browser.send("/accounts/sign-in", name=name, password=PASSWORD)
    assert browser.status == 200, browser.text
    return browser
