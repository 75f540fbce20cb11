"""Databases in which nothing stands yet, beside the county of the cast."""

import uuid
from types import SimpleNamespace

import psycopg
import pytest

from portal.db import database, is_postgres, open_database
from tests.conftest import POSTGRES, _missing


@pytest.fixture
def elsewhere():
    """Let a test point the portal at other databases; afterwards it points where it did."""
    earlier = database.obj
    yield
    if database.obj is not None:
        database.close()
        if is_postgres():
            database.obj.close_all()
    if earlier is not None:
        database.initialize(earlier)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request, tmp_path, elsewhere):
    """An empty database, opened: its folder and its setting."""
    if request.param == "sqlite":
        open_database("portal.db", tmp_path)
        yield SimpleNamespace(folder=tmp_path, setting="portal.db")
        database.close()
        return
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError:
        _missing("no PostgreSQL server at PORTAL_TEST_POSTGRES")
    name = f"portal_test_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    setting = POSTGRES.rsplit("/", 1)[0] + "/" + name
    open_database(setting, tmp_path)
    yield SimpleNamespace(folder=tmp_path, setting=setting)
    database.obj.close_all()
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
