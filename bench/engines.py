"""The instances of the table: one for each size, on SQLite or in a PostgreSQL database of its own."""

import contextlib
import uuid
from pathlib import Path

import psycopg

from bench.many import fill
from bench.small import release

ENGINES = ("SQLite", "PostgreSQL")


@contextlib.contextmanager
def instances(engine: str, folder: Path, server: str, sizes: tuple[int, int], keep: bool):
    """Give the folders and the databases of the instances of `sizes`, filled where they are not yet; those that are not
    to be kept are gone afterwards. `server` is the address of any database of the PostgreSQL server."""
    names = [f"{engine.lower()}-{size}" for size in sizes]
    folders = tuple(folder / name for name in names)
    prefix = f"bench_{folder.name if keep else uuid.uuid4().hex[:8]}".replace("-", "_").lower()
    bases = [f"{prefix}_{size}" for size in sizes]
    settings = ("portal.db",) * 2 if engine == "SQLite" else tuple(_beside(server, base) for base in bases)
    try:
        for one, base, setting, size in zip(folders, bases, settings, sizes, strict=True):
            if not (one / "filled").exists():
                if engine == "PostgreSQL":
                    _run(server, f'DROP DATABASE IF EXISTS "{base}"', f'CREATE DATABASE "{base}"')
                print(engine, end=", ", flush=True)
                fill(one, size, setting)
                release()
                (one / "filled").touch()
        print(f"{engine} is filled", flush=True)
        yield folders, settings
    finally:
        release()
        if engine == "PostgreSQL" and not keep:
            _run(server, *(f'DROP DATABASE IF EXISTS "{base}" WITH (FORCE)' for base in bases))


def _beside(server: str, name: str) -> str:
    return f"{server.rsplit('/', 1)[0]}/{name}"


def _run(server: str, *statements: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
