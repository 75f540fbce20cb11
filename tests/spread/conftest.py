"""Real servers: two counties on two of them, and their province on a third."""

from functools import partial
from types import SimpleNamespace

import pytest

from portal.org.models import Unit
from portal.province import attaching, offering
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
