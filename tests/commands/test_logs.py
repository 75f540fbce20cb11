"""What a server logs: each line says which request or job it belongs to, and none says what somebody is called."""

import json
import logging

import psycopg
import pytest
from flask import g

from portal import logs
from portal.db import database
from portal.jobs import running
from tests.commands.server import Served
from tests.commands.test_serve import until
from tests.conftest import POSTGRES

SLOW = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
        "SELECT count(*) FROM n WHERE '{0}' <> {1}")


@pytest.fixture
def written():
    """What is logged, as `configure` lets it be written: in the form that the test sets."""
    class Kept(logging.Handler):
        lines = []

        def emit(self, record):
            self.lines.append(self.format(record))

    handler = Kept()
    handler.lines = []
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_a_slow_statement_is_named_with_its_request_and_without_its_values(app, written):
    written.setFormatter(logs.formatter("json"))
    logs.init_app(app, {"slow_query_ms": 5})
    try:
        with app.test_request_context("/cases/"):
            g.request_id = "abc123"
            database.execute_sql(SLOW.format("x", database.obj.param), ("张三",))
    finally:
        database.obj.query_hooks.pop()
    [line] = [json.loads(line) for line in written.lines]
    assert (line["event"], line["request"], line["endpoint"]) == ("slow query", "abc123", "cases.index")
    assert line["ms"] >= 5 and line["sql"].startswith("WITH RECURSIVE") and "张三" not in str(line)


@pytest.mark.parametrize("limit", [0, 60_000])
def test_a_statement_below_the_limit_is_not_named_and_0_names_none(app, written, limit):
    before = len(database.obj.query_hooks)
    logs.init_app(app, {"slow_query_ms": limit})
    database.execute_sql("SELECT 1")
    del database.obj.query_hooks[before:]
    assert not written.lines


def test_a_forged_line_end_does_not_make_a_second_event(written):
    written.setFormatter(logs.formatter("text"))
    logging.getLogger("portal.x").error("name %s", "a\n2026-11-26 ERROR portal \u202eb")
    [line] = written.lines
    assert line.count("\n") == 0 and "\\n2026" in line and "\u202e" not in line


def test_a_failure_is_one_object_with_its_trace(written):
    written.setFormatter(logs.formatter("json"))
    try:
        raise ValueError("坏了")
    except ValueError:
        logging.getLogger("portal.x").exception("it failed")
    line = json.loads(written.lines[0])
    assert "\n" not in written.lines[0]
    assert line["level"] == "error" and "ValueError: 坏了" in line["exception"] and line["time"].endswith("+08:00")


@pytest.mark.postgres
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_error_of_the_database_is_logged_without_the_row_that_it_quotes(written, form):
    """The text of the driver's error goes on with the whole row, or with the key that is there already."""
    written.setFormatter(logs.formatter(form))
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute("CREATE TEMPORARY TABLE one (name text PRIMARY KEY, number int CHECK (number > 0))")
        connection.execute("INSERT INTO one VALUES ('王秀兰', 1)")
        for sql, *values in (("INSERT INTO one VALUES (%s, 1)", "王秀兰"),
                             ("INSERT INTO one VALUES (%s, -1)", "一行\n\n王秀兰"), ("SELECT %s::int", "王秀兰")):
            try:
                connection.execute(sql, values)
            except psycopg.Error as error:
                inner = error
                try:
                    raise ValueError("outside") from inner
                except ValueError:
                    logging.getLogger("portal.x").exception("request 1, database: %s", inner)
    said = "\n".join(written.lines)
    assert len(written.lines) == 3 and "王秀兰" not in said and said.count("ValueError: outside") == 3
    assert "one_pkey" in said and "one_number_check" in said and "invalid input syntax for type integer" in said


def test_a_slow_statement_is_named_without_the_password_in_it(app, written):
    written.setFormatter(logs.formatter("json"))
    before = len(database.obj.query_hooks)
    logs.init_app(app, {"slow_query_ms": 0.0001})
    try:
        database.execute_sql("SELECT 1 /* CREATE USER MAPPING OPTIONS (user 'u', password E'secret''1') */")
    finally:
        del database.obj.query_hooks[before:]
    assert "USER MAPPING" in written.lines[0] and "secret" not in "".join(written.lines)


def test_what_a_job_logs_names_the_job(app, written):
    written.setFormatter(logs.formatter("text"))
    name = next(iter(running.declared()))
    job = running.declared()[name]
    object.__setattr__(job, "run", lambda: logging.getLogger("portal.x").warning("inside"))
    running.run_here(name)
    logging.getLogger("portal.x").warning("outside")
    inside, outside = [line for line in written.lines if "portal.x" in line]
    assert f"job={name}" in inside and "job=" not in outside


def test_a_server_that_logs_json_logs_nothing_else(place):
    with Served(place, log_format="json", slow_query_ms=1) as served:
        number = served.open("/accounts/sign-in").response.headers["X-Request-ID"]
        served.open("/healthz")
        until(lambda: number in served.log.read_text())
    lines = [json.loads(line) for line in served.log.read_text().splitlines()]
    [entry] = [line for line in lines if line["event"] == "request" and line["request"] == number]
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/accounts/sign-in", 200)
    assert all(line["time"] and line["level"] for line in lines)
