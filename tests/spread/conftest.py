"""Real servers: two counties on two of them, and their province on a third."""

import uuid
from functools import partial
from types import SimpleNamespace

import psycopg
import pytest

from plugins.station.models import ServiceItem
from portal.org.models import Unit
from portal.province import attaching, offering
from tests.conftest import POSTGRES, _missing
from tests.parted import part_everything
from tests.pg_servers import pg_servers
from tests.spread.seats import SANTAI, YANTING, Seat, add_county, add_person
from tests.station.door import receive

REGION = "510700000000"


def started(server):
    server.init().start()
    return server


@pytest.fixture(scope="module")
def servers():
    with pg_servers() as make:
        yield [started(make()) for _ in range(3)]


@pytest.fixture(scope="module")
def province(servers, tmp_path_factory):
    """Two counties with two and three matters, and the province that has attached both."""
    folder, seats = tmp_path_factory.mktemp("spread"), {}
    for server, (code, name), number in zip(servers, (SANTAI, YANTING), (2, 3), strict=False):
        server.ask("CREATE ROLE province LOGIN")
        server.ask("CREATE DATABASE portal")
        seats[code] = Seat(folder / code, server.address("portal"), partial(add_county, code, name))
        with seats[code].opened():
            offering.offer("province")
            window = seats[code].sign_in(f"cun{code}")
            for _ in range(number):
                receive(window)
    servers[2].ask("CREATE DATABASE portal")
    seats["province"] = Seat(folder / "province", servers[2].address("portal"), _region)
    with seats["province"].opened():
        for server, (code, _) in zip(servers, (SANTAI, YANTING), strict=False):
            attaching.attach(f"{code}000000", where(server))
    yield SimpleNamespace(servers=servers, seats=seats, top=seats["province"])
    for seat in seats.values():
        seat.close()


def where(server) -> str:
    """Return the address at which the province reads a county."""
    return server.address("portal").replace("portal@", "province@")


def _region(folder, registry) -> None:
    Unit.add(code=REGION, name="绵阳市", level="region")
    add_person("shi", REGION, "region_staff")
    add_person("guan", REGION, "system_admin")


@pytest.fixture(scope="session")
def parted(tmp_path_factory):
    """Two counties in one database that is parted by county, with some matters each; yields the instance."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError:
        _missing("no PostgreSQL server at PORTAL_TEST_POSTGRES")
    name = f"portal_test_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    seat = Seat(tmp_path_factory.mktemp("parted"), f"{POSTGRES.rsplit('/', 1)[0]}/{name}", _two_counties)
    with seat.opened():
        for code, _ in (SANTAI, YANTING):
            window = seat.sign_in(f"cun{code}")
            for _ in range(2):
                receive(window, item_of(code))
        part_everything(seat.app)
    yield seat
    seat.close()
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _two_counties(folder, registry) -> None:
    for code, name in (SANTAI, YANTING):
        add_county(code, name, folder, registry)


def item_of(code: str) -> ServiceItem:
    county = Unit.get(Unit.code == f"{code}000000")
    return ServiceItem.select().where(ServiceItem.name == "高龄津贴", ServiceItem.county_id == county.id).get()
