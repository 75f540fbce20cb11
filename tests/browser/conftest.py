"""A real Chromium on a served instance. What no page may do fails every test: errors, refused content, other hosts."""

import json
import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.commands.server import ROOT, Served, environment
from tests.conftest import _missing
from tests.people_of_the_county import PASSWORD

CHROMIUM = os.environ.get("PORTAL_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
expect.set_options(timeout=15_000)  # a limit, not a wait: machines that build other things are slow
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="session")
def chromium():
    if not CHROMIUM:
        _missing("no Chromium in PATH or PORTAL_TEST_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(chromium, tmp_path_factory):
    """The county of the tests with a matter in every state, served: `url`, and `cases`, their ids by name."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "tests.browser.ground", str(folder / "instance")], cwd=ROOT, env=environment(),
        capture_output=True, text=True, timeout=120,
    )
    assert built.returncode == 0, built.stderr[-3000:]
    with Served(folder, workers=1) as served:
        yield SimpleNamespace(url=f"http://127.0.0.1:{served.port}", cases=json.loads(built.stdout.splitlines()[-1]))


@pytest.fixture(scope="session")
def sessions():
    """The cookies of those who have signed in, so that each does it once."""
    return {}


class Visits:
    """Opens pages as one of the cast, and remembers what they did wrong."""

    def __init__(self, chromium, site, sessions):
        self.chromium, self.site, self.sessions = chromium, site, sessions
        self.contexts, self.wrong, self.expected = [], [], []

    def __call__(self, name: str = "", size: dict = DESKTOP, *, fresh: bool = False, **options):
        """Return a page in a browser of its own, signed in as `name`; `fresh`: anew, for who changes their session."""
        context = self.chromium.new_context(
            **size, **options, base_url=self.site.url, locale="zh-CN", timezone_id="Asia/Shanghai",
            storage_state=None if fresh else self.sessions.get(name),
        )
        context.set_default_timeout(20_000)
        self.contexts.append(context)
        self._watch(context)
        page = context.new_page()
        if name and (fresh or name not in self.sessions):
            sign_in(page, name)
            if not fresh:
                self.sessions[name] = context.storage_state()
        return page

    def expect(self, *words: str) -> None:
        """Do not mind what holds one of `words`, such as "status of 422"."""
        self.expected += words

    def _watch(self, context) -> None:
        context.on("console", lambda said: said.type in ("error", "warning") and self._note(said.type, said.text))
        context.on("weberror", lambda error: self._note("script", str(error.error)))
        context.on("requestfailed", lambda request: self._failed(request.failure or "failed", request.url))
        context.on("response", lambda answer: answer.status >= 500 and self._note(str(answer.status), answer.url))
        context.on("request", lambda request: self._same_host(request.url))

    def _same_host(self, url: str) -> None:
        if not url.startswith((self.site.url + "/", "data:", "blob:")):
            self._note("another host", url)

    def _failed(self, why: str, url: str) -> None:
        if why != "net::ERR_ABORTED":  # the page was left, or a later choice took its place
            self._note(why, url)

    def _note(self, what: str, where: str) -> None:
        self.wrong.append(f"{what}: {where}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        unexpected = [line for line in self.wrong if not any(words in line for words in self.expected)]
        assert not unexpected, "\n".join(unexpected)


def sign_in(page, name: str) -> None:
    page.goto("/accounts/sign-in")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.click(".btn-primary")
    page.wait_for_url("**/")


def run(*command) -> str:
    """Run a tool of poppler-utils; return what it says."""
    if not shutil.which(command[0]):
        _missing(f"no {command[0]} (poppler-utils)")
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def print_to_pdf(page, path, *options: str) -> tuple[int, str]:
    """Print the page, once it stands, on A4; return how many sheets that are and what pdftotext reads on them."""
    page.wait_for_load_state()
    page.pdf(path=path, prefer_css_page_size=True)
    about = run("pdfinfo", path)
    assert "(A4)" in about, about
    return int(re.search(r"^Pages: +(\d+)$", about, re.M)[1]), run("pdftotext", *options, path, "-")


@pytest.fixture
def visit(chromium, site, sessions):
    """Return a function that opens a browser: `visit("cun")`, `visit("cun", PHONE, java_script_enabled=False)`."""
    visits = Visits(chromium, site, sessions)
    yield visits
    visits.close()
