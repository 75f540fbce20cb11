"""The tutorial as its reader does it: every file written, every command run, every output and every page as it says."""

import os
import re
import subprocess
import sys

import pytest

from tests.commands.server import Served, environment, free_port
from tests.docs import pages
from tests.people_of_the_county import PLUGINS

PAGE = "tutorial.md"
#: What stands for the two commands that an installed portal has.
COMMANDS = {
    "portal": "-c \"from portal.commands import main; main(prog_name='portal')\"",
    "pytest": "-m pytest -p no:cacheprovider -p no:xdist",
}


#: Of the cast of tests/: a cadre of the village.
VILLAGER = "shuji"


class Reader:
    """Somebody who works through the page in a folder of their own, offline."""

    def __init__(self, folder):
        self.folder, self.out, self.told = folder, "", ""
        self.served, self.visitors, self.case = None, {}, ""
        bin_ = folder / "bin"
        bin_.mkdir()
        for name, arguments in COMMANDS.items():
            (bin_ / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
            (bin_ / name).chmod(0o755)
        self.port = free_port()
        # What the bundled platforms bring into a demo takes half a minute, and nothing on the page looks at it.
        self.environment = environment(port=self.port, without_plugins=",".join(PLUGINS))
        self.environment |= {"PATH": f"{bin_}{os.pathsep}{self.environment['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}

    def do(self, block: pages.Block) -> None:
        where = f"{block.page}:{block.line}"
        if block.file:
            (self.folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            for command in block.text.splitlines():
                self._run(command, where)
        elif block.language == "text":
            self._compare(block.text, where)
            self.out = ""
        else:
            raise AssertionError(f"{where}: a block that is neither a file nor a command nor an output")

    def _run(self, command: str, where: str) -> None:
        if command == "portal serve":
            return  # it stays until the end, so the test starts it itself
        done = subprocess.run(
            ["bash", "-ec", command], cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=500,
        )
        assert done.returncode == 0, f"{where}: {command}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
        self.out += done.stdout
        self.told += done.stdout

    def _compare(self, expected: str, where: str) -> None:
        rest = self.out
        for line in expected.splitlines():
            assert line in rest, f"{where}: {line!r} is not what came, in this order:\n{self.out[-3000:]}"
            rest = rest[rest.index(line) + len(line):]

    def password(self, name: str) -> str:
        return re.search(rf"^\s*{re.escape(name)}\s+(\S+)", self.told, re.M)[1]

    def click(self, click: pages.Click) -> None:
        visitor = self.visitors.get(click.who) or self._sign_in(click.who)
        url = click.url.replace("…", self.case)
        visitor.send(url, **click.fields) if click.fields else visitor.open(url)
        where = f"{PAGE}:{click.line} {click.who} {url}"
        assert visitor.status == click.status, f"{where}: {visitor.status}\n{visitor.text[-3000:]}"
        for words in click.words:
            assert words in visitor.text, f"{where}: no {words!r}\n{visitor.text}"
        if visitor.status == 200 and re.fullmatch(r"/cases/\d+", visitor.response.request.path):
            self.case = visitor.response.request.path

    def _sign_in(self, name: str):
        visitor = self.visitors[name] = self.served.visitor()
        visitor.send("/accounts/sign-in", name=name, password=self.password(name))
        assert 'name="password"' not in visitor.text, f"{name} could not sign in"
        return visitor


def test_every_block_is_a_file_a_command_or_an_output():
    strange = [block.line for block in pages.blocks(PAGE) if not block.file and block.language not in ("sh", "text")]
    assert not strange, f"say which file these blocks are, with **`path`** on the line above: {strange}"
    assert len(pages.clicks(PAGE)) >= 10


def test_whoever_follows_the_page_sees_what_it_says(tmp_path):
    """One test, because it is one walk: files, commands, outputs, pages; and afterwards nothing is wrong."""
    reader = Reader(tmp_path)
    for block in pages.blocks(PAGE):
        reader.do(block)
    with Served(tmp_path, port=reader.port, without_plugins=",".join(PLUGINS)) as served:
        reader.served = served
        for click in pages.clicks(PAGE):
            reader.click(click)
    reader.do(pages.Block(PAGE, "sh", "portal check", "", 0))
    lint = ["--isolated", "--select", "E,F,B,UP,W", "--line-length", "120", "--no-cache", "instance/plugins"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *lint], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def plugin_files():
    """The plugin of the page, by the names under which its files lie in instance/plugins."""
    inside = "instance/plugins/"
    files = {block.file.removeprefix(inside): block.text for block in pages.blocks(PAGE) if block.file}
    return {name: text for name, text in files.items() if name.startswith("proposals/")}


def test_the_plugin_works_on_both_engines(start, plugin_files):
    county = start(plugin_files, ["proposals"])
    assert not county.registry.quarantined
    clerk = county.sign_in(VILLAGER)
    clerk.send("/proposals/new", name="王秀兰", title="修三组机耕道", text="雨天走不成", per_head="15.50")
    assert clerk.status == 200 and "待开会" in clerk.text and "15.50 元" in clerk.text
    case = clerk.response.request.path
    vote = {"party_on": "2026-01-05", "noticed_on": "2026-01-06", "held_on": "2026-01-17", "counting": "adults"}
    clerk.send(f"{case}/steps/vote", **vote, roll="90", present="46", votes_for="23")
    assert clerk.status == 200 and "赞成 23：没有通过" in clerk.text
    clerk.send(f"{case}/steps/publish", posted_on="2026-01-18", reply="没有通过。", reply_channel="face")
    assert "已公布" in clerk.text and "46 / 90" in clerk.open("/proposals/results").text
    assert county.sign_in("linjia").open(case).status == 404
