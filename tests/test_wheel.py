"""What somebody gets who never sees the repository: the wheel in an empty environment makes a demo and serves it."""

import zipfile

from tests.commands.server import ROOT, Served, free_port
from tests.wheels import MARKS, environment_with, run

pytestmark = MARKS


def test_the_wheel_holds_all_that_the_sources_hold_but_the_assets(portal_wheel):
    with zipfile.ZipFile(portal_wheel) as archive:
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


def test_the_wheel_in_an_empty_environment_makes_a_demo_and_serves_it(portal_wheel, tmp_path):
    bin_ = environment_with(tmp_path / "env", portal_wheel)
    said = run(bin_ / "portal", "demo", "--no-serve", cwd=tmp_path)
    assert "huaguang" in said and (tmp_path / "instance" / "portal.db").exists()
    with Served(tmp_path, "serve", portal=bin_ / "portal", port=free_port()) as served:
        page = served.open("/accounts/sign-in")
        assert page.status == 200 and "name=\"password\"" in page.text
        assert served.open("/static/dist/manifest.json").status in (200, 404)
