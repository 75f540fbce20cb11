"""Wheels as they are given away: built from a copy of the sources, installed into an empty environment."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

#: Both need PyPI, so they run where that is promised.
MARKS = [
    pytest.mark.wheel,
    pytest.mark.skipif(
        os.environ.get("CI", "").lower() not in ("1", "true", "yes"),
        reason="builds a wheel and installs it from PyPI; runs with CI=true",
    ),
]

LEFT_OUT = shutil.ignore_patterns(
    ".*", "node_modules", "instance", "build", "dist-wheel", "*.egg-info", "__pycache__", "bench"
)


def run(*command, cwd) -> str:
    """Run a command that knows nothing of this checkout or its settings; returns what it said."""
    plain = {name: text for name, text in os.environ.items() if not name.startswith(("PORTAL_", "PYTHON", "PYTEST"))}
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=600, env=plain)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def build(sources: Path, folder: Path, *without: str) -> Path:
    """Build the wheel of `sources` in `folder` from a copy: an old build folder beside them must not leak into it."""
    copy = folder / "source"

    def left_out(where, names):
        return LEFT_OUT(where, names) | ({*without} & {*names} if Path(where) == sources else set())

    shutil.copytree(sources, copy, ignore=left_out)
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, copy, cwd=folder)
    return next(folder.glob("*.whl"))


def build_once(sources: Path, tmp_path_factory, *without: str) -> Path:
    """The same for all workers of one run: the first builds, the others wait for it."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / f"wheel-of-{sources.name}"
    with open(shared / f"{folder.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (built := list(folder.glob("*.whl"))):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            built = [build(sources, folder, *without)]
    return built[0]


def environment_with(folder: Path, *packages) -> Path:
    """Make an empty environment in `folder`, install `packages`; returns its bin."""
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    run(folder / "bin" / "pip", "install", "-q", "--disable-pip-version-check", *packages, cwd=folder.parent)
    return folder / "bin"
