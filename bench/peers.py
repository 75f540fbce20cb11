"""`python -m bench.peers FOLDER`: the portal beside other frameworks that do the same job on as many cases.

FOLDER holds the peers: `start.sh PEER DATABASE PORT` serves one with two workers of four threads, `client.py` knows how
to sign in and where the pages are, `data/PEER_100k.db` holds the data. Each round serves one after the other, so that a
noisy machine is as noisy for all; CPU is that of the workers, in milliseconds a request.
"""

import argparse
import contextlib
import importlib.util
import random
import re
import secrets
import statistics
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from bench import load
from bench.fill import PASSWORD
from bench.many import fill
from bench.pages import COUNTY, LOGIN, cookie
from bench.search import MATTERS, SAYING, WHERE
from bench.server import Server, free_port, serving
from portal import accounts, create_app, db
from portal.accounts.models import Role, User
from portal.commands.table import print_table
from portal.org.models import Unit

CLIENTS, WARM, DEEP, WORKERS = 8, 30, 99, 12
#: What is asked: its name in the table, and in the peers' client.
JOBS = {
    "list": "list", "by state": "list_st", "overdue": "list_od", "deep page": "deep", "one case": "detail",
    "dashboard": "dash", "create": "new",
}
READERS = {"county": ("u1", COUNTY), "town": ("u2", LOGIN)}
#: The portal's pages; the deep page and the case are looked up.
PATHS = {
    "list": "/cases/", "by state": "/cases/?phase=handling", "overdue": "/cases/?phase=overdue",
    "dashboard": "/cases/figures?span=year",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Asked:
    """One page of one server: what is sent, the first WARM of it only to warm up, and the status expected."""

    requests: list[tuple]
    expect: int = 200


@dataclass
class Found:
    cpu_ms: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)


# -- the portal ----------------------------------------------------------------------------------------------------

def portal_pages(port: int, number: int) -> dict[tuple[str, str], Asked]:
    found = {}
    for reader, (_, login) in READERS.items():
        headers = {"Cookie": cookie(port, login)}
        page, _ = load.answer(port, "/station/", headers)  # nothing that is created here stands before these
        paths = PATHS | {
            "one case": re.findall(r'href="(/cases/\d+)"', page)[20], "deep page": _deep(port, headers),
        }
        found |= {(job, reader): Asked([("GET", path, headers, None)] * (number + WARM)) for job, path in paths.items()}
        found["create", reader] = _reports(port, number)
    return found


def _deep(port: int, headers: dict) -> str:
    """Return the address of the page after DEEP others, or of the last one, as somebody comes there who turns the
    pages."""
    path = PATHS["list"]
    for _ in range(DEEP):
        page, _ = load.answer(port, path, headers)
        if (following := re.search(r'href="([^"]+)"[^>]*rel="next"', page)) is None:
            break
        path = following[1].replace("&amp;", "&")
    return path


def _reports(port: int, number: int) -> Asked:
    """Return reports of several grid workers, each a form with a key of its own: numbered, sealed, counted, indexed,
    compared with what is open in the village."""
    chance, bodies = random.Random(number), []
    for login, place in _workers():
        signed_in, token = load.with_token(port, cookie(port, login))
        headers = {"Cookie": signed_in, **FORM}
        bodies += [("POST", "/grid/report", headers, urllib.parse.urlencode({
            "csrf_token": token, "_key": secrets.token_hex(16), "category": "facility", "unit_id": place,
            "text": f"{chance.choice(MATTERS)}，{chance.choice(SAYING)}", "where": chance.choice(WHERE),
        })) for _ in range((number + WARM) // WORKERS + 1)]
    chance.shuffle(bodies)
    return Asked(bodies[:number + WARM], 302)


def _workers() -> list[tuple[str, int]]:
    """Return (login, village) of grid workers in towns of their own; they are made at the first run."""
    found = []
    for number, town in enumerate(Unit.select().where(Unit.level == "town").order_by(Unit.code.desc()).limit(WORKERS)):
        village = Unit.select().where(Unit.parent == town, Unit.level == "village").order_by(Unit.code).get()
        found.append((f"bench-reporter-{number}", village.id))
        if User.get_or_none(User.name == found[-1][0]) is None:
            with db.atomic():
                user, _ = accounts.add_user(found[-1][0], "测试员", password=PASSWORD, must_change=False)
                accounts.add_post(user, village, Role.get(Role.slug == "grid_worker"))
    return found


# -- the others ----------------------------------------------------------------------------------------------------

def client_of(folder: Path):
    spec = importlib.util.spec_from_file_location("peers_client", folder / "client.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Cl


def peer_pages(client, peer: str, port: int, number: int) -> dict[tuple[str, str], Asked]:
    found = {}
    for reader, (login, _) in READERS.items():
        one = client(peer, f"http://127.0.0.1:{port}")
        one.login(login)
        case = re.findall(r'href="/cases/(?:show/)?(\d+)', one.get(one.url("list")))[20]
        body, _ = one.newbody()
        for job, name in JOBS.items():
            path = one.url(name, case)
            headers = {"Cookie": one.cookie(), "Referer": f"http://127.0.0.1:{port}{path}"}
            if job == "create":
                found[job, reader] = Asked([("POST", path, {**headers, **FORM}, body)] * (number + WARM), 302)
            else:
                found[job, reader] = Asked([("GET", path, headers, None)] * (number + WARM))
    return found


@contextlib.contextmanager
def peer_serving(folder: Path, peer: str):
    port = free_port()
    process = subprocess.Popen([folder / "start.sh", peer, f"sqlite:{folder}/data/{peer}_100k.db", str(port)],
                               stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/login/", timeout=5).read()
                break
            time.sleep(0.05)
        yield Server(process, port, 0)
    finally:
        process.terminate()
        process.wait(20)


# -- measuring -----------------------------------------------------------------------------------------------------

def measure(server: Server, pages: dict[tuple[str, str], Asked], found: dict[tuple[str, str], Found]) -> None:
    for key, asked in pages.items():
        warm, rest = asked.requests[:WARM], asked.requests[WARM:]
        load.run(server.port, warm, CLIENTS, asked.expect)
        before = server.cpu_seconds()
        answered = load.run(server.port, rest, CLIENTS, asked.expect)
        one = found.setdefault(key, Found())
        one.cpu_ms.append((server.cpu_seconds() - before) / len(rest) * 1000)
        one.p50_ms.append(answered.percentile(50) * 1000)


def run(folder: Path, instance: Path, names: list[str], rounds: int, number: int) -> None:
    client, found = client_of(folder), {name: {} for name in ["portal", *names]}
    app = create_app(instance)
    environment = {"PORTAL_INSTANCE": str(instance), "PORTAL_LOG_LEVEL": "ERROR"}
    for _ in range(rounds):
        with serving("wsgi:app", environment, "/healthz") as server:
            with app.app_context():
                pages = portal_pages(server.port, number)
            measure(server, pages, found["portal"])
        for name in names:
            with peer_serving(folder, name) as server:
                measure(server, peer_pages(client, name, server.port, number), found[name])
    show(found, names)


def show(found: dict[str, dict[tuple[str, str], Found]], names: list[str]) -> None:
    def cpu(name: str, key) -> float:
        return statistics.median(found[name][key].cpu_ms)

    rows = []
    for key in found["portal"]:
        own = cpu("portal", key)
        rows.append((f"{key[0]}, {key[1]}", f"{own:.1f}", f"{statistics.median(found['portal'][key].p50_ms):.0f}", *(
            f"{cpu(name, key):.1f} ({cpu(name, key) / own:.1f}x)" for name in names)))
    print_table(("job", "portal, CPU ms", "p50 ms", *(f"{name} (x the portal)" for name in names)), rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="the folder of the peers")
    parser.add_argument("--peers", default="limit,django,fab", help="which of them (limit,django,fab)")
    parser.add_argument("--instance", type=Path, help="keep the portal's instance here, or use the one that is there")
    parser.add_argument("--cases", type=int, default=100_000, help="how many cases the portal's instance gets")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=200, help="how many of each page in each round (200)")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as temporary:
        instance = wanted.instance or Path(temporary)
        if not (instance / "portal.db").exists():
            instance.mkdir(parents=True, exist_ok=True)
            fill(instance, wanted.cases, "portal.db")
        run(wanted.folder, instance, wanted.peers.split(","), wanted.rounds, wanted.requests)


if __name__ == "__main__":
    main()
