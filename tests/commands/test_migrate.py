"""One migrator at a time, whoever else starts at the same moment."""

import subprocess
from collections import Counter

from tests.commands.server import PORTAL, environment, portal


def test_four_at_once_run_each_script_once(empty):
    running = [
        subprocess.Popen(
            [*PORTAL, "migrate"], cwd=empty.folder, env=environment(**empty.settings), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    outputs = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0] * 4, outputs
    ran = Counter(line for out, _ in outputs for line in out.splitlines() if "/" in line)
    assert ran and set(ran.values()) == {1}, ran
    assert portal("check", cwd=empty.folder, **empty.settings).status == 0


def test_a_second_run_has_nothing_to_do(place):
    outcome = portal("migrate", cwd=place)
    assert outcome.status == 0 and "已是最新" in outcome.out
