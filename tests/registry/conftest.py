"""The county of the cast, started with other plugins in its instance/plugins."""

import shutil
from types import SimpleNamespace

import pytest

from portal import CORE, accounts, config, create_app, migrations
from portal.db import open_database
from portal.org.enablement import set_enabled
from portal.registry import Registry, registry_of
from portal.testing import Browser
from tests.people_of_the_county import COUNTY, PASSWORD, TOWN, unit


def write(folder, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / "plugins" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def registry(tmp_path):
    """Return a function that looks at plugins as the start does, without a database; strictness as asked."""

    def look(files: dict[str, str], **settings) -> Registry:
        write(tmp_path, files)
        return Registry(CORE, config.load(tmp_path, {"plugins": [], "strict": False, **settings}))

    return look


@pytest.fixture
def start(app, ground, tmp_path):
    """Return a function that starts the county with these files in instance/plugins and enables what came of them.

    What it returns has the application, its registry, the settings it got, and `sign_in(name)`.
    """

    def start(files: dict[str, str], enable=(), **overrides):
        write(tmp_path, files)
        shutil.copytree(ground.folder / "keys", tmp_path / "keys", dirs_exist_ok=True)  # the record's chain goes on
        database = str(ground.path) if ground.name == "sqlite" else ground.setting
        settings = {**ground.overrides, "strict": False, "database": database, **overrides}
        built = create_app(tmp_path, settings, check=False)
        migrations.migrate(registry_of(built).owners(), tmp_path)
        with built.app_context():
            accounts.sync_roles(registry_of(built))
            for slug in enable:
                for code in (TOWN, COUNTY):
                    set_enabled(unit(code), slug, True, None)

        def sign_in(name: str) -> Browser:
            browser = Browser(built.test_client())
            browser.send("/accounts/sign-in", name=name, password=PASSWORD)
            assert browser.status == 200, browser.text
            return browser

        return SimpleNamespace(app=built, registry=registry_of(built), sign_in=sign_in, overrides=settings)

    yield start
    open_database(ground.setting, ground.folder)
