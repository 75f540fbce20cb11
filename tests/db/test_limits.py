"""How long one statement may run: a page's is stopped and said, what a command or a job does takes its time."""

import threading

import peewee
import pytest

from portal.audit.models import AuditEntry
from portal.commands.main import main
from portal.db import Model, atomic, database, explain, is_postgres, patient
from portal.jobs.models import JobRun
from portal.jobs.running import STATEMENT_SECONDS, perform
from tests.forms.together import another_app
from tests.jobs.conftest import at
from tests.registry.conftest import start
from tests.registry.sources import hook, plugin

__all__ = ["start"]

LONG = {
    True: "SELECT pg_sleep(3)",
    False: "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n WHERE i < 0",
}
#: Longer than the limit of one second, and not for ever.
SOME = {
    True: "SELECT pg_sleep(1.3)",
    False: "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10000000) SELECT count(*) FROM n",
}


@pytest.fixture
def hasty(ground, app):
    with another_app(ground, statement_timeout_seconds=1) as application:
        yield application


def test_a_statement_that_takes_too_long_is_stopped_and_said(hasty):
    with pytest.raises(peewee.OperationalError) as stopped:
        database.execute_sql(LONG[is_postgres()]).fetchall()
    assert "缩小范围" in explain(stopped.value)
    assert database.execute_sql("SELECT 1").fetchone() == (1,)


def test_what_is_patient_goes_on_and_others_do_not(hasty):
    with patient():
        assert database.execute_sql(SOME[is_postgres()]).fetchall()
        failed = []
        thread = threading.Thread(target=lambda: failed.append(stops()))
        thread.start()
        thread.join()
    assert failed == [True] and stops()


def test_a_transaction_with_a_statement_that_was_stopped_leaves_nothing(hasty):
    for _ in range(2):
        with pytest.raises(peewee.OperationalError), atomic():
            AuditEntry.create(action="test.stopped")
            database.execute_sql(LONG[is_postgres()]).fetchall()
    with atomic():
        AuditEntry.create(action="test.kept")
    found = AuditEntry.select(AuditEntry.action).where(AuditEntry.action.startswith("test.")).tuples()
    assert list(found) == [("test.kept",)]


def stops() -> bool:
    try:
        database.execute_sql(LONG[is_postgres()]).fetchall()
    except peewee.OperationalError:
        return True
    finally:
        database.close()
    return False


only_postgres = pytest.mark.parametrize(
    "ground", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True, scope="session")
SHOW = "SHOW statement_timeout"


def limit() -> str:
    return database.execute_sql(SHOW).fetchone()[0]


@only_postgres
def test_patience_follows_the_thread_and_not_the_connection(app):
    with patient():
        assert limit() == "0"
        database.close()
        assert limit() == "0"
        with patient(600):
            assert limit() == "10min"
        assert limit() == "0"
    assert limit() == "15s"
    with patient():
        database.close()
    assert limit() == "15s"


@only_postgres
def test_patience_inside_a_transaction_ends_with_it(app):
    with database.atomic():
        with patient():
            assert limit() == "0"
        assert limit() == "15s"
    with patient():
        with pytest.raises(ZeroDivisionError), database.atomic():
            1 / 0  # noqa: B018
        assert limit() == "0"
    assert limit() == "15s"


SHOWS = '''
import click


@click.command("limit")
def limit():
    """Say how long a statement of a command may run."""
    click.echo(Model._meta.database.execute_sql("SHOW statement_timeout").fetchone()[0])
'''


@only_postgres
def test_a_command_takes_its_time_and_a_job_ten_minutes(start, tmp_path, monkeypatch, capsys):
    job = ('return [Job("clock.limit", "时限", lambda: '
           'Model._meta.database.execute_sql("SHOW statement_timeout").fetchone()[0], every=60)]')
    source = plugin("clock", extra=SHOWS + hook("portal_commands", "return [limit]") + hook("portal_jobs", job))
    with at("2026-12-01 12:00"):
        county = start({"clock.py": source}, ["clock"])
        with county.app.app_context():
            run = JobRun.create(name="clock.limit", due="2026-12-01 12:00", started="2026-12-01 12:00")
            assert perform(run) and run.sentence == "10min" and STATEMENT_SECONDS == 600 and Model
        monkeypatch.setenv("PORTAL_DATABASE", county.overrides["database"])
        main(["--instance", str(tmp_path), "limit"], standalone_mode=False)
    assert capsys.readouterr().out == "0\n"
    assert limit() == "15s"
