"""What a page has answered for is on the disk: after kill -9 of workers, and after the disk was full."""

import http.client
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest

from tests.commands.server import Served, environment, portal
from tests.people_of_the_county import PASSWORD

WANTED = 240
CLERKS = 4


KNOCKED = "SELECT title FROM cases_case WHERE kind = 'knock.matter'"


def titles(folder) -> list[str]:
    with closing(sqlite3.connect(folder / "instance" / "portal.db")) as database:
        return [row[0] for row in database.execute(KNOCKED)]


def clerk(served, password: str, name: str = "huaguang"):
    visitor = served.visitor()
    visitor.send("/accounts/sign-in", name=name, password=password)
    assert visitor.open("/knock/new").status == 200, visitor.text[:500]
    return visitor


def knock(visitor, title: str) -> int:
    """Send one form and return the status; 303 and 302 are the portal's word that the case is kept."""
    visitor.open("/knock/new")
    if visitor.status != 200:
        return visitor.status
    return visitor.submit(visitor.form(["text"]), "/knock/new", follow=False, text=title).status


class Killer(threading.Thread):
    """Kills a worker again and again until `enough` is set, and now and then calls `also`; `kills` counts."""

    def __init__(self, served, enough, also=lambda: None):
        super().__init__()
        self.served, self.enough, self.also, self.kills = served, enough, also, 0

    def run(self):
        chance = random.Random(510722)
        while not self.enough.wait(chance.uniform(0.4, 0.9)):
            if workers := self.served.workers():
                with suppress(ProcessLookupError):
                    os.kill(chance.choice(workers), signal.SIGKILL)
                    self.kills += 1
            if self.kills % 3 == 0:
                self.also()


def knock_until(enough, visitor, number: int, acknowledged: list):
    for count in range(10_000):
        if enough.is_set():
            return
        title = f"敲门 {number}-{count}"
        # The worker died under this request: nothing was promised.
        with suppress(OSError, AssertionError, http.client.HTTPException):
            if knock(visitor, title) in (302, 303):
                acknowledged.append(title)
                if len(acknowledged) >= WANTED:
                    enough.set()


def storm(folder, name: str, password: str, also=lambda: None, **settings) -> list[str]:
    """Let four clerks knock while workers are killed; returns the titles of what was acknowledged."""
    acknowledged, enough = [], threading.Event()
    with Served(folder, threads=2, **settings) as served:
        visitors = [clerk(served, password, name) for _ in range(CLERKS)]
        killer = Killer(served, enough, also)
        clerks = [
            threading.Thread(target=knock_until, args=(enough, visitor, number, acknowledged))
            for number, visitor in enumerate(visitors)
        ]
        for thread in [killer, *clerks]:
            thread.start()
        enough.wait(120)
        enough.set()
        for thread in [killer, *clerks]:
            thread.join()
    assert len(acknowledged) >= WANTED and killer.kills >= 3, (len(acknowledged), killer.kills)
    return acknowledged


def held(acknowledged: list[str], kept: list[str]) -> None:
    assert not set(acknowledged) - set(kept), "acknowledged and lost"
    assert len(kept) == len(set(kept)), "the same form was carried out twice"


def test_kill_9_of_workers_loses_no_acknowledged_case(county):
    acknowledged = storm(county.folder, "huaguang", county.passwords["huaguang"])
    held(acknowledged, titles(county.folder))
    assert portal("check", cwd=county.folder).status == 0


@pytest.mark.parametrize("empty", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_kill_9_of_workers_and_of_connections_loses_none_on_postgres(empty):
    """The server's own processes are ended as well, as by an administrator or a fail-over."""
    plugins = empty.folder / "instance" / "plugins"
    plugins.mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "dropped" / "knock.py", plugins)
    built = subprocess.run(
        [sys.executable, "-m", "tests.commands.furnish", "instance", empty.settings["database"]], cwd=empty.folder,
        env=environment(), capture_output=True, text=True, timeout=120,
    )
    assert built.returncode == 0, built.stderr[-3000:]

    def end_connections():
        with psycopg.connect(empty.settings["database"], autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                               " WHERE datname = current_database() AND pid <> pg_backend_pid()")

    acknowledged = storm(empty.folder, "cun", PASSWORD, end_connections, **empty.settings)
    with psycopg.connect(empty.settings["database"]) as connection:
        held(acknowledged, [title for (title,) in connection.execute(KNOCKED)])
    assert portal("check", cwd=empty.folder, **empty.settings).status == 0


def test_a_full_disk_refuses_writes_keeps_reading_and_heals_alone(county, small_disk):
    disk = small_disk(96)
    subprocess.run(["cp", "-r", str(county.folder / "instance"), str(disk)], check=True)
    with Served(disk, workers=1) as served:
        visitor = clerk(served, county.passwords["huaguang"])
        assert knock(visitor, "满盘之前") in (302, 303)
        fill(disk)
        statuses = [knock(visitor, f"{number}" * 30) for number in range(100, 140)]
        assert statuses[-1] == 503 and set(statuses) <= {302, 303, 503}, statuses
        assert "磁盘" in visitor.text
        assert visitor.open("/").status == 200
        assert clerk_can_read(visitor)
        (disk / "ballast").unlink()
        deadline = time.monotonic() + 10
        while knock(visitor, "腾出空间之后") not in (302, 303):
            assert time.monotonic() < deadline, "it does not heal alone"
            time.sleep(0.5)
    kept = titles(disk)
    assert {"满盘之前", "腾出空间之后"} <= set(kept)
    assert sum(status in (302, 303) for status in statuses) == sum(title[:1] == "1" for title in kept)


def clerk_can_read(visitor) -> bool:
    return all(visitor.open(url).status == 200 for url in ("/", "/cases/", "/knock/new"))


def fill(disk) -> None:
    """Leave not one free block."""
    with open(disk / "ballast", "ab", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(bytes(4096))
