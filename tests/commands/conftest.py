"""Instances in folders of their own, driven through real processes: what an administrator types."""

import os
import shutil
import subprocess
import uuid
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from portal.commands.demo_cast import CAST
from tests.commands.server import portal
from tests.conftest import POSTGRES, _missing


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """A folder with an instance on SQLite whose tables stand."""
    folder = tmp_path_factory.mktemp("migrated")
    outcome = portal("migrate", cwd=folder)
    assert outcome.status == 0, outcome.err
    return folder


@pytest.fixture
def place(migrated, tmp_path):
    """A copy of it for one test; the instance is in `place`/instance."""
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request, tmp_path):
    """An empty folder, and the setting for a database in which nothing stands yet."""
    if request.param == "sqlite":
        yield SimpleNamespace(folder=tmp_path, settings={})
        return
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError:
        _missing("no PostgreSQL server at PORTAL_TEST_POSTGRES")
    name = f"portal_test_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield SimpleNamespace(folder=tmp_path, settings={"database": POSTGRES.rsplit("/", 1)[0] + "/" + name})
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def small_disk(tmp_path):
    """Return a function that mounts a file system of some megabytes; for root only, as in CI."""
    mounted = []

    def mount(megabytes: int, *options: str):
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", ",".join([f"size={megabytes}m", *options]), "tmpfs", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
            _missing("mounting a small disk needs root")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The demo, made once; a plugin of others lay in instance/plugins beforehand."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "instance" / "plugins").mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "dropped" / "knock.py", folder / "instance" / "plugins")
    outcome = portal("demo", "--no-serve", cwd=folder, timeout=240)
    assert outcome.status == 0, outcome.err
    cells = [line.split() for line in outcome.out.splitlines()]
    logins = {person.login for person in CAST}
    return SimpleNamespace(
        folder=folder, passwords={line[0]: line[1] for line in cells if line and line[0] in logins}, said=outcome.out
    )


@pytest.fixture
def county(made, tmp_path):
    """A copy of the demo for one test: its folder and the passwords by account."""
    shutil.copytree(made.folder, tmp_path, dirs_exist_ok=True)
    return SimpleNamespace(folder=tmp_path, passwords=made.passwords)
