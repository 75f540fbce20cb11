"""What one worker writes the others know: a town switches a platform, and nobody has to restart anything."""

import http.client
import re
import subprocess
import sys
import time

from tests.commands.server import Served, environment
from tests.people_of_the_county import PASSWORD

#: A page that says which worker answered; a connection that is kept stays with its worker.
WHO = '''
import os
from portal.kit import Blueprint, Plugin, hookimpl, signed_in

blueprint = Blueprint("who", __name__)


@blueprint.get("/")
@signed_in
def index():
    return str(os.getpid())


@hookimpl
def portal_plugin():
    return Plugin("who", "谁在应答")


@hookimpl
def portal_blueprint():
    return blueprint
'''


def furnished(empty):
    plugins = empty.folder / "instance" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "who.py").write_text(WHO, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "tests.commands.furnish", "instance", empty.settings.get("database", "portal.db")],
        cwd=empty.folder, env=environment(), check=True, timeout=300,
    )


def signed_in(served, name: str):
    visitor = served.visitor()
    visitor.send("/accounts/sign-in", name=name, password=PASSWORD)
    assert visitor.status == 200, visitor.text[:500]
    return visitor


def cookie_of(visitor) -> str:
    jar = next(one.cookiejar for one in visitor.client.opener.handlers if hasattr(one, "cookiejar"))
    return "; ".join(f"{one.name}={one.value}" for one in jar)


class Line:
    """A connection that is kept, and with it one and the same worker."""

    def __init__(self, served, cookie: str):
        self.cookie = cookie
        self.connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
        self.worker = int(self.get("/who/")[1])

    def get(self, path: str) -> tuple[int, str]:
        self.connection.request("GET", path, headers={"Cookie": self.cookie})
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()


def lines_to_both(served, cookie: str) -> list[Line]:
    found = {}
    for _ in range(200):
        line = Line(served, cookie)
        if line.worker in found:
            line.connection.close()
        found.setdefault(line.worker, line)
        if len(found) == 2:
            return list(found.values())
    raise AssertionError(f"only {list(found)} of {served.workers()} answered")


def switch(visitor, slug: str, enable: str) -> float:
    """Press the button of a town's administrator; return the moment at which the answer was there."""
    [address] = set(re.findall(rf'"(/org/plugins/\d+/{slug})"', visitor.open("/org/plugins").text))
    visitor.send(address, follow=False, enable=enable)
    assert visitor.status == 302, visitor.text
    return time.monotonic()


def test_both_workers_follow_a_switch_within_a_second_and_without_a_restart(empty):
    furnished(empty)
    with Served(empty.folder, workers=2, **empty.settings) as served:
        administrator, cookie = signed_in(served, "zhenguan"), cookie_of(signed_in(served, "cun"))
        before = served.workers()
        for enable, status, shown in (("0", 404, False), ("1", 200, True), ("0", 404, False)):
            lines = lines_to_both(served, cookie)
            assert {line.get("/station/")[0] for line in lines} == ({200, 404} - {status}), "not what it was before"
            since = switch(administrator, "station", enable)
            answers = [line.get("/station/")[0] for line in lines]
            took = time.monotonic() - since
            assert answers == [status, status] and took < 1, (answers, took)
            assert ['"/station/"' in line.get("/")[1] for line in lines] == [shown, shown]
            for line in lines:
                line.connection.close()
        assert served.workers() == before
