"""The process that runs the jobs, as `portal serve` keeps it, on a real instance."""

import os
import signal
import time

import pytest

from tests.commands.conftest import empty
from tests.commands.server import Served, portal

__all__ = ["empty"]

#: The job writes down each beginning and each end, and takes its time while a file says so.
SLOW = '''
import pathlib
import time

import click

from portal import org
from portal.kit import Job, Plugin, Unit, hookimpl
from portal.org.enablement import set_enabled

FOLDER = pathlib.Path(__file__).parents[1]


def slow():
    with open(FOLDER / "slow.log", "a") as file:
        file.write("began\\n")
    while (FOLDER / "hold").exists():
        time.sleep(0.1)
    with open(FOLDER / "slow.log", "a") as file:
        file.write("ended\\n")
    return "做完了。"


@hookimpl
def portal_plugin():
    return Plugin("slow", "慢活")


@hookimpl
def portal_jobs():
    return [Job("slow.work", "慢活", slow, every=24 * 60)]


@click.command("begin")
def begin():
    """Make a county that has the plugin enabled."""
    org.import_divisions([pathlib.Path(org.__file__).parent / "data" / "510722_towns.csv"])
    set_enabled(Unit.get(Unit.level == "county"), "slow", True, None)


@hookimpl
def portal_commands():
    return [begin]
'''


def until(condition, patience: float = 40):
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


@pytest.fixture
def served(empty):
    """A server whose instance has a slow job, enabled for a county; `said()` tells what the job wrote down."""
    folder = empty.folder
    (folder / "instance" / "plugins").mkdir(parents=True)
    (folder / "instance" / "plugins" / "slow.py").write_text(SLOW, encoding="utf-8")
    (folder / "instance" / "hold").touch()
    assert portal("migrate", cwd=folder, **empty.settings).status == 0
    assert portal("begin", cwd=folder, **empty.settings).status == 0
    with Served(folder, **empty.settings) as served:
        log = folder / "instance" / "slow.log"
        served.folder, served.settings = folder, empty.settings
        served.said = lambda: log.read_text().split() if log.exists() else []
        yield served


def test_a_killed_job_runs_again_a_reload_lets_it_end_and_two_processes_never_work_at_once(served):
    until(lambda: served.said() == ["began"])
    [first] = served.jobs()
    os.kill(first, signal.SIGKILL)
    until(lambda: served.said() == ["began", "began"])
    [second] = served.jobs()
    assert second != first
    served.process.send_signal(signal.SIGHUP)
    until(lambda: len(served.jobs()) == 2)
    time.sleep(2)
    assert served.said() == ["began", "began"], "the new one waits for its turn"
    (served.folder / "instance" / "hold").unlink()
    until(lambda: served.said() == ["began", "began", "ended"])
    until(lambda: second not in served.jobs())
    done = portal("jobs", "now", "slow.work", cwd=served.folder, **served.settings)
    assert "成功：做完了。" in done.out, "the command hands it to the process that runs the jobs"
    assert served.said() == ["began", "began", "ended", "began", "ended"]
    served.process.terminate()
    assert served.process.wait(40) == 0
