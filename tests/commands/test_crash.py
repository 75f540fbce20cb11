"""What a page has answered for is on the disk: after kill -9 of workers, and after the disk was full."""

import http.client
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing, suppress

from tests.commands.server import Served, portal

WANTED = 240
CLERKS = 4


def titles(folder) -> list[str]:
    with closing(sqlite3.connect(folder / "instance" / "portal.db")) as database:
        return [row[0] for row in database.execute("SELECT title FROM cases_case WHERE kind = 'knock.matter'")]


def clerk(served, password: str):
    visitor = served.visitor()
    visitor.send("/accounts/sign-in", name="huaguang", password=password)
    assert visitor.open("/knock/new").status == 200, visitor.text[:500]
    return visitor


def knock(visitor, title: str) -> int:
    """Send one form and return the status; 303 and 302 are the portal's word that the case is kept."""
    visitor.open("/knock/new")
    if visitor.status != 200:
        return visitor.status
    return visitor.submit(visitor.form(["text"]), "/knock/new", follow=False, text=title).status


class Killer(threading.Thread):
    """Kills a worker again and again until `enough` is set; `kills` counts."""

    def __init__(self, served, enough):
        super().__init__()
        self.served, self.enough, self.kills = served, enough, 0

    def run(self):
        chance = random.Random(510722)
        while not self.enough.wait(chance.uniform(0.4, 0.9)):
            if workers := self.served.workers():
                with suppress(ProcessLookupError):
                    os.kill(chance.choice(workers), signal.SIGKILL)
                    self.kills += 1


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


def test_kill_9_of_workers_loses_no_acknowledged_case(county):
    acknowledged, enough = [], threading.Event()
    with Served(county.folder, threads=2) as served:
        visitors = [clerk(served, county.passwords["huaguang"]) for _ in range(CLERKS)]
        killer = Killer(served, enough)
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
    kept = titles(county.folder)
    assert len(acknowledged) >= WANTED and killer.kills >= 3, (len(acknowledged), killer.kills)
    assert not set(acknowledged) - set(kept), "acknowledged and lost"
    assert len(kept) == len(set(kept)), "the same form was carried out twice"
    assert portal("check", cwd=county.folder).status == 0


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
