"""Small instances, on SQLite and in a PostgreSQL database of their own, for what is measured by writing."""

import contextlib
import os
import shutil
import uuid
from pathlib import Path

import psycopg

from bench.fill import PASSWORD, fill
from portal import accounts, create_app, db
from portal.accounts.models import Role
from portal.org.models import Unit

POSTGRES = os.environ.get("PORTAL_BENCH_POSTGRES", "postgresql://127.0.0.1:5432/postgres")
#: One clerk in one village of each of so many towns.
WRITERS = 16


class Small:
    """One engine: `folder` is the instance, `setting` its database; `twin()` gives a copy to work on."""

    def __init__(self, name: str, folder: Path, setting: str):
        self.name, self.folder, self.setting = name, folder, setting

    def open(self):
        """Return the application on this instance."""
        return create_app(self.folder, {"database": self.setting})

    @contextlib.contextmanager
    def twin(self):
        """Give a copy of the instance as it is now, for as long as the block lasts."""
        release()
        folder = self.folder.with_name(f"{self.folder.name}-twin")
        shutil.copytree(self.folder, folder)
        base = self.setting.rsplit("/", 1)[-1]
        if self.name == "PostgreSQL":
            _run(f'CREATE DATABASE "{base}_twin" TEMPLATE "{base}"')
        try:
            yield Small(self.name, folder, f"{self.setting}_twin" if self.name == "PostgreSQL" else self.setting)
        finally:
            release()
            shutil.rmtree(folder)
            if self.name == "PostgreSQL":
                _run(f'DROP DATABASE "{base}_twin" WITH (FORCE)')


def release() -> None:
    """Close what this process has open: the next application opens a database of its own."""
    if db.database.obj is not None:
        db.database.close()
        if db.is_postgres():
            db.database.obj.close_all()


def _run(statement: str) -> None:
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(statement)


@contextlib.contextmanager
def small_instances(folder: Path, cases: int):
    """Give the list of small instances: SQLite, and PostgreSQL where a server answers; dropped at the end."""
    found = [Small("SQLite", folder / "small-sqlite", "portal.db")]
    base = f"portal_bench_{uuid.uuid4().hex[:8]}"
    try:
        _run(f'CREATE DATABASE "{base}"')
        address = POSTGRES.rsplit("/", 1)[0] + "/" + base
        found.append(Small("PostgreSQL", folder / "small-postgres", address))
    except psycopg.OperationalError:
        print("No PostgreSQL server answers at PORTAL_BENCH_POSTGRES: only SQLite is measured by writing.")
    try:
        for one in found:
            one.folder.mkdir()
            (one.folder / "portal.toml").write_text(f'database = "{one.setting}"\n')
            fill(one.folder, cases, lambda registry, say: _writers())
            release()
        yield found
    finally:
        release()
        if len(found) > 1:
            _run(f'DROP DATABASE "{base}" WITH (FORCE)')


def _writers() -> None:
    with db.atomic():
        towns = Unit.select().where(Unit.level == "town").order_by(Unit.code).limit(WRITERS)
        for number, town in enumerate(towns):
            village = Unit.select().where(Unit.parent == town, Unit.level == "village").order_by(Unit.code).get()
            user, _ = accounts.add_user(f"writer-{number}", "测试员", password=PASSWORD, must_change=False)
            accounts.add_post(user, village, Role.get(Role.slug == "window"))
