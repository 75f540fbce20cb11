"""A real `portal` process and a visitor on a real connection, with the same forms as portal.testing's Browser."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from types import SimpleNamespace

from portal.testing import Browser

ROOT = Path(__file__).parents[2]
PORTAL = (sys.executable, "-c", "from portal.commands import main; main(prog_name='portal')")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(**settings) -> dict:
    """Return this environment without the settings of the caller, and with those given (port=8001: PORTAL_PORT)."""
    plain = {name: text for name, text in os.environ.items() if not name.startswith("PORTAL_")}
    plain["PYTHONPATH"] = str(ROOT)
    return plain | {f"PORTAL_{name.upper()}": str(value) for name, value in settings.items()}


def portal(*arguments, cwd, timeout=120, **settings) -> SimpleNamespace:
    """Run the command in a process of its own; return status, out, err."""
    done = subprocess.run(
        [*PORTAL, *map(str, arguments)], cwd=cwd, env=environment(**settings), capture_output=True, text=True,
        timeout=timeout,
    )
    return SimpleNamespace(status=done.returncode, out=done.stdout, err=done.stderr)


def said(outcome) -> str:
    """Hold a failure against the rule: status 1, a Chinese sentence on stderr, no trace; return what was said.

    Only an import says more than one line: it names each line that is wrong.
    """
    assert outcome.status == 1, (outcome.status, outcome.out, outcome.err)
    assert "Traceback" not in outcome.err, outcome.err
    assert outcome.err.startswith("错误："), outcome.err
    assert outcome.err.count("\n") == 1 or "文件没有导入" in outcome.err, outcome.err
    return outcome.err


class Served:
    """A portal that serves `folder`/instance until the block ends. `process` is gunicorn's master."""

    def __init__(self, folder, *arguments, portal=None, port=None, **settings):
        self.port = port or free_port()
        self.log = Path(folder) / f"server-{self.port}.log"
        command = [str(portal)] if portal else list(PORTAL)
        around = environment(port=self.port, **settings)
        if portal:
            del around["PYTHONPATH"]  # one that was installed elsewhere must not find this checkout first
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*command, *(arguments or ("serve",))], cwd=folder, env=around, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )
        self._visitor = None

    def __enter__(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            time.sleep(0.05)
        self.__exit__()
        raise AssertionError(f"the server did not start:\n{self.log.read_text()[-3000:]}")

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(15)

    def workers(self) -> list[int]:
        """Return the process numbers of the workers that live now."""
        return [number for number, name in self._children() if name != "portal-jobs"]

    def jobs(self) -> list[int]:
        """Return the process number of what runs the background jobs."""
        return [number for number, name in self._children() if name == "portal-jobs"]

    def _children(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        for number in map(int, children.split()):
            with suppress(OSError):
                yield number, Path(f"/proc/{number}/comm").read_text().strip()

    def visitor(self) -> Browser:
        return Browser(Wire(f"http://127.0.0.1:{self.port}"))

    def open(self, url: str) -> Browser:
        return self.visitor().open(url)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


class Wire:
    """Speaks HTTP with cookies; answers look as those of Flask's test client do to a Browser."""

    def __init__(self, base: str, timeout: float = 20):
        self.base, self.timeout = base, timeout
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar()), _Stay()
        )

    def get(self, url: str, follow_redirects: bool = False):
        return self._send(url, None, follow_redirects)

    def post(self, url: str, data: dict, follow_redirects: bool = False):
        return self._send(url, urllib.parse.urlencode(data, doseq=True).encode(), follow_redirects)

    def _send(self, url, body, follow):
        target = urllib.parse.urljoin(self.base + "/", url)
        try:
            with self.opener.open(urllib.request.Request(target, data=body), timeout=self.timeout) as answer:
                status, content, headers = answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as answer:
            with answer:
                status, content, headers = answer.code, answer.read(), answer.headers
        if follow and 300 <= status < 400:
            return self._send(urllib.parse.urljoin(target, headers["Location"]), None, True)
        return SimpleNamespace(
            status_code=status, headers=headers, request=SimpleNamespace(path=urllib.parse.urlsplit(target).path),
            get_data=lambda as_text=False: content.decode("utf-8", "replace") if as_text else content,
        )
