"""A server that ends connections: who comes next notices nothing, who was in the middle is told calmly."""

import contextlib
import shutil
import threading
import time

import peewee
import psycopg
import pytest

from portal.db import atomic, bound, database, explain
from portal.db.done import is_question
from portal.db.postgres import Postgres
from portal.jobs.running import connected
from portal.people.models import Resident
from tests.commands.server import Served
from tests.conftest import POSTGRES
from tests.db.own_server import copy_county, leave, portal_on, signed_in
from tests.forms.together import WANG, form_at
from tests.people_of_the_county import PASSWORD
from tests.pg_servers import pg_servers

pytestmark = pytest.mark.parametrize(
    "ground", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True, scope="session")

OF_ONE = "SELECT pg_terminate_backend(%s, 5000)"


def end_all(ground) -> int:
    """End all connections of the portal to its database; return how many those were."""
    with psycopg.connect(POSTGRES, autocommit=True) as other:
        ended = other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND pid <> %s",
            (ground.base, ground.own.info.backend_pid))
        return len(ended.fetchall())


def end(pid: int) -> None:
    with psycopg.connect(POSTGRES, autocommit=True) as other:
        other.execute(OF_ONE, (pid,))


def end_mine() -> int:
    pid = database.execute_sql("SELECT pg_backend_pid()").fetchone()[0]
    end(pid)
    return pid


def test_a_page_after_all_connections_were_ended_is_as_ever(sign_in, ground):
    clerk = sign_in("cun")
    database.close()
    assert end_all(ground) >= 1
    assert clerk.open("/people/").status == 200
    form = form_at(clerk, "/people/new", "id_card")
    assert end_all(ground) >= 1
    clerk.submit(form, follow=False, **WANG)
    assert clerk.status == 302 and Resident.select().count() == 1


def test_a_question_and_a_beginning_that_meet_the_end_are_asked_again(app):
    first = end_mine()
    assert database.execute_sql("SELECT pg_backend_pid()").fetchone()[0] != first
    end_mine()
    with atomic():
        assert database.execute_sql("SELECT 1").fetchone() == (1,)


def test_what_writes_outside_a_transaction_is_never_sent_twice(app):
    end_mine()
    with pytest.raises((peewee.OperationalError, peewee.InterfaceError)):
        database.execute_sql("UPDATE org_unit SET name = name")
    assert database.execute_sql("SELECT 1").fetchone() == (1,)


def test_a_moment_that_was_being_read_is_not_gone_on_with_elsewhere(app):
    database.execute_sql("BEGIN ISOLATION LEVEL REPEATABLE READ")
    end_mine()
    with pytest.raises((peewee.OperationalError, peewee.InterfaceError)):
        database.execute_sql("SELECT 1")
    assert database.execute_sql("SELECT 1").fetchone() == (1,)


def test_what_holds_a_lock_of_its_connection_does_not_go_on_without_it(app):
    with bound():
        end_mine()
        with pytest.raises((peewee.OperationalError, peewee.InterfaceError)):
            database.execute_sql("SELECT 1")
        with pytest.raises((peewee.OperationalError, peewee.InterfaceError)), atomic():
            pass
    with atomic():
        pass


def test_a_connection_that_ends_in_the_middle_of_an_act_is_a_calm_503_and_nothing_is_half_saved(sign_in, app):
    clerk = sign_in("cun")
    form = form_at(clerk, "/people/new", "id_card")
    database.execute_sql("""
        CREATE FUNCTION end_it() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$""")
    database.execute_sql("CREATE TRIGGER end_it AFTER INSERT ON audit_entry EXECUTE FUNCTION end_it()")
    try:
        clerk.submit(form, follow=False, **WANG)
        assert clerk.status == 503 and "再提交一次" in clerk.text and "Traceback" not in clerk.text
        assert not Resident.select().exists()
        assert not app.extensions["portal"].breakers.due(True), "no plugin is to blame"
    finally:
        database.execute_sql("DROP FUNCTION end_it() CASCADE")
    clerk.submit(form, follow=False, **WANG)
    assert clerk.status == 302 and Resident.select().count() == 1


def test_a_commit_of_what_had_failed_is_no_success(app):
    with pytest.raises(peewee.InternalError), atomic():
        with pytest.raises(peewee.DatabaseError):
            database.execute_sql("SELECT no_such_column")
    assert database.execute_sql("SELECT 1").fetchone() == (1,)


def small_pool(most: int) -> Postgres:
    given = {**database.obj.connect_params, "prefer_psycopg3": True}
    return Postgres(database.obj.database, max_connections=most, stale_timeout=300, timeout=0.1, **given)


def test_a_pool_that_is_used_up_says_so_and_has_room_again_afterwards(app):
    pool, found = small_pool(1), []
    pool._wait_timeout = 0.1

    def ask():
        try:
            found.append(pool.execute_sql("SELECT 1").fetchone())
        except peewee.OperationalError as error:
            found.append(explain(error))
        pool.close()

    def in_a_thread():
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()

    pool.connect()
    in_a_thread()
    pool.close()
    in_a_thread()
    pool.close_all()
    assert "连接用完了" in found[0] and found[1] == (1,)


def test_looking_at_a_connection_asks_the_server_nothing(app):
    database.execute_sql("SELECT 1")
    conn, sent = database.connection(), "SELECT query_start FROM pg_stat_activity WHERE pid = %s"
    pid = conn.pgconn.backend_pid
    with psycopg.connect(POSTGRES) as other:
        before = other.execute(sent, (pid,)).fetchone()
        for _ in range(3):
            database.close()
            database.connect()
            assert database.connection() is conn
        assert other.execute(sent, (pid,)).fetchone() == before


@pytest.mark.parametrize(("sql", "asks"), [
    ("SELECT 1", True), ("  (SELECT 1) UNION SELECT 2", True), ("WITH a AS (SELECT 1) SELECT * FROM a", True),
    ("SELECT deleted_at, updates FROM x", True), ("SHOW statement_timeout", True),
    ('SELECT "t1"."locked" FROM accounts_user AS t1', True),
    ("WITH a AS (DELETE FROM x RETURNING y) SELECT * FROM a", False), ("SELECT * INTO y FROM x", False),
    ("SELECT * FROM x FOR UPDATE", False), ("SELECT nextval('x')", False), ("SELECT pg_try_advisory_lock(1)", False),
    ("INSERT INTO x VALUES (1)", False), ("VACUUM", False), ("BEGIN", False), ("SET x = 1", False), ("", False),
])
def test_what_only_asks_may_be_asked_twice_and_in_doubt_it_is_not(ground, sql, asks):
    assert is_question(sql) is asks


# -- a server that is stopped --------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def server(ground):
    with pg_servers() as make:
        yield copy_county(ground, make().init().start())


@pytest.fixture
def away_and_back(server):
    yield server
    if not (server.folder / "postmaster.pid").exists():
        server.start()


def test_a_server_that_is_stopped_and_started_again_is_met_by_the_next_request(app, ground, away_and_back):
    before, server = database.obj, away_and_back
    database.close()
    try:
        clerk = signed_in(portal_on(ground, server), "cun")
        form = form_at(clerk, "/people/new", "id_card")
        server.stop()
        for act in (lambda: clerk.open("/people/"), lambda: clerk.submit(form, follow=False, **WANG)):
            act()
            assert clerk.status == 503 and "连接中断" in clerk.text
        answer = clerk.client.get("/healthz")
        assert answer.status_code == 503 and answer.get_json() == {"status": "down"}
        server.start()
        assert clerk.client.get("/healthz").get_json() == {"status": "ok"}
        assert clerk.open("/people/", follow=False).status == 200
        clerk.submit(form, follow=False, **WANG)
        assert clerk.status == 302
    finally:
        leave(before)


def test_a_server_without_room_for_one_more_connection_says_so(app, ground, away_and_back):
    before, taken = database.obj, []
    database.close()
    try:
        clerk = signed_in(portal_on(ground, away_and_back), "cun")
        database.obj.close_all()
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                taken.append(psycopg.connect(away_and_back.address()))
        assert clerk.open("/people/").status == 503 and "连接用完了" in clerk.text
        taken.pop().close()
        taken.pop().close()
        assert wait_for(lambda: clerk.open("/people/").status == 200)
    finally:
        for connection in taken:
            connection.close()
        leave(before)


#: Beside those that are due by their times, which the new process of the jobs asks for itself.
RUN = """INSERT INTO jobs_run (name, due, sentence, error, holder, attempts)
    VALUES ('jobs.prune', now() at time zone 'Asia/Shanghai', '', '', '', 0) RETURNING id"""


def test_the_workers_and_the_process_of_the_jobs_survive_a_restart_of_the_server(tmp_path, ground, away_and_back):
    server = away_and_back
    server.ask("UPDATE jobs_lease SET born = now() + interval '100 years'")
    shutil.copytree(ground.folder / "keys", tmp_path / "instance" / "keys")
    with Served(tmp_path, database=server.address(), workers=2, threads=2) as served:
        clerk = served.visitor()
        clerk.send("/accounts/sign-in", name="cun", password=PASSWORD)
        assert clerk.status == 200
        workers, jobs = wait_for(lambda: len(served.workers()) == 2 and served.workers()), wait_for(served.jobs)
        wait_for(lambda: server.ask("SELECT 1 FROM jobs_lease WHERE until > now() at time zone 'Asia/Shanghai'"))
        server.stop()
        assert clerk.open("/people/").status == 503
        server.start()
        for _ in range(8):
            assert clerk.open("/people/").status == 200
        ((asked,),) = server.ask(RUN)
        assert wait_for(lambda: server.ask(
            f"SELECT ok FROM jobs_run WHERE id = {asked} AND ended IS NOT NULL")) == [(True,)]
        assert (served.workers(), served.jobs()) == (workers, jobs), served.log.read_text()


def wait_for(found, seconds: float = 30):
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return answer


def test_a_job_begins_on_a_fresh_connection(app, ground):
    database.close()
    with connected(app):
        first = database.execute_sql("SELECT pg_backend_pid()").fetchone()[0]
    end(first)
    with connected(app):
        assert database.execute_sql("SELECT pg_backend_pid()").fetchone()[0] != first
