"""What somebody gets who never sees the repository: the wheel in an empty environment makes a demo and serves it."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.commands.server import ROOT, Served, free_port

pytestmark = [
    pytest.mark.wheel,
    pytest.mark.skipif(
        os.environ.get("CI", "").lower() not in ("1", "true", "yes"),
        reason="builds a wheel and installs it from PyPI; runs with CI=true",
    ),
]

LEFT_OUT = shutil.ignore_patterns(
    ".*", "node_modules", "instance", "build", "dist-wheel", "*.egg-info", "__pycache__", "tests", "bench"
)


def run(*command, cwd) -> str:
    plain = {name: text for name, text in os.environ.items() if not name.startswith(("PORTAL_", "PYTHON"))}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600, env=plain)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from a copy: an old build folder beside the sources must not leak into it."""
    source = tmp_path_factory.mktemp("source") / "portal-source"
    shutil.copytree(ROOT, source, ignore=LEFT_OUT)
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(source.parent), str(source), cwd=source.parent)
    return next(source.parent.glob("*.whl"))


def test_the_wheel_holds_all_that_the_sources_hold_but_the_assets(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    expected = {
        str(path.relative_to(ROOT))
        for top in ("portal", "plugins")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.relative_to(ROOT).parts[1] != "assets"
    }
    assert not expected - inside, "not in the wheel; add it to package_data in setup.cfg"
    strange = {name for name in inside if name.startswith(("portal/assets/", "tests/", "bench/", "node_modules/"))}
    assert not strange


def test_the_wheel_in_an_empty_environment_makes_a_demo_and_serves_it(wheel, tmp_path):
    run(sys.executable, "-m", "venv", str(tmp_path / "env"), cwd=tmp_path)
    bin_ = tmp_path / "env" / "bin"
    run(str(bin_ / "pip"), "install", "-q", "--disable-pip-version-check", str(wheel), cwd=tmp_path)
    said = run(str(bin_ / "portal"), "demo", "--no-serve", cwd=tmp_path)
    assert "huaguang" in said and (tmp_path / "instance" / "portal.db").exists()
    with Served(tmp_path, "serve", portal=bin_ / "portal", port=free_port()) as served:
        page = served.open("/accounts/sign-in")
        assert page.status == 200 and "name=\"password\"" in page.text
        assert served.open("/static/dist/manifest.json").status in (200, 404)
