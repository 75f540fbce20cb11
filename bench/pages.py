"""The pages that are measured, as a signed-in clerk asks for them, and the SQL that each of them runs."""

import http.client
import re
import urllib.parse
from dataclasses import dataclass

from bench.fill import PASSWORD, PLUGINS
from bench.platforms import LISTS, case_of
from portal import create_app
from portal.db import database, today
from portal.testing import Browser

LOGIN, COUNTY = "bench-town", "bench-county"


@dataclass(frozen=True)
class Page:
    """A page by its name and address."""

    name: str
    path: str
    login: str = LOGIN


def pages(case_id: int) -> list[Page]:
    day = today().replace(day=1)
    return [
        Page("case list, 50 rows, own town", "/station/"),
        Page("case list, filtered: phase, since, by due date", "/station/?phase=handling&since=2026-01-01&sort=due"),
        Page("case list, two characters searched", "/station/?q=津贴"),
        Page("one case", f"/cases/{case_id}"),
        Page("form of a step", f"/cases/{case_id}/steps/forward_county"),
        Page("desk", "/cases/desk"),
        Page("workbench", "/"),
        Page("figures of the county, month", "/cases/figures", COUNTY),
        Page("figures of the county, year, by who is responsible", "/cases/figures?span=year&by=holder", COUNTY),
        Page("figures of the county, half a year", "/cases/figures?span=half", COUNTY),
        Page("figures of the county, day", "/cases/figures?span=day", COUNTY),
        Page("list behind a figure: due this month, kept", f"/cases/?by=due&since={day}&timing=kept", COUNTY),
    ]


def platform_pages() -> list[tuple[Page, Page]]:
    """Return the list and one case of each of the other platforms; to be called with the database at hand."""
    return [
        (Page(f"{kind}: list", path, login), Page(f"{kind}: one case", f"/cases/{case_of(kind)}", login))
        for kind, (path, login) in LISTS.items()
    ]


def cookie(port: int, login: str = LOGIN) -> str:
    """Sign in over HTTP and return the cookie header of the session as a browser has it once it has seen a page: with
    the token of its forms, which the portal would otherwise make anew for each request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/accounts/sign-in")
    answer = connection.getresponse()
    page, session = answer.read().decode(), _cookie(answer)
    fields = {"name": login, "password": PASSWORD, "csrf_token": _token(page), "_key": "0" * 32, "next": "/"}
    connection.request("POST", "/accounts/sign-in", urllib.parse.urlencode(fields), {
        "Cookie": session, "Content-Type": "application/x-www-form-urlencoded",
    })
    answer = connection.getresponse()
    answer.read()
    if answer.status != 302:
        raise RuntimeError(f"{login} could not sign in: {answer.status}")
    session = _cookie(answer)
    connection.request("GET", "/", headers={"Cookie": session})
    answer = connection.getresponse()
    answer.read()
    return _cookie(answer) or session


def _cookie(answer) -> str:
    return (answer.getheader("Set-Cookie") or "").split(";", 1)[0]


def _token(page: str) -> str:
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]


def statements(folder, wanted: list[Page]) -> dict[str, list[tuple]]:
    """Return the SQL statements, with their values, that each page runs: asked once warm, in this process."""
    app = create_app(folder, {"plugins": list(PLUGINS)})
    browsers, found = {}, {}
    for page in wanted:
        if page.login not in browsers:
            browsers[page.login] = Browser(app.test_client())
            browsers[page.login].send("/accounts/sign-in", name=page.login, password=PASSWORD)
        browser, path = browsers[page.login], page.path
        browser.open(path)
        seen: list[tuple] = []
        database.obj.query_hooks.append(lambda event, seen=seen: seen.append((event.sql, event.params)))
        browser.open(path)
        database.obj.query_hooks.pop()
        found[path] = [(sql, params) for sql, params in seen if sql.lstrip().upper().startswith("SELECT")]
    return found
