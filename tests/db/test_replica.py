"""A real standby: lists and figures come from it, one's own writes are always there, and no page fails for it."""

import contextlib
import datetime
from types import SimpleNamespace

import peewee
import pytest
from flask import g

from portal.calendar import Calendar
from portal.calendar.keeping import remove_day, set_day
from portal.cases.supervision.models import Rule
from portal.cases.supervision.rules import rules_of
from portal.db import DatabaseUnusable, atomic, database, open_for, reading
from portal.db.own_writes import FAR
from portal.db.replica import HEAD, position
from portal.org.enablement import enabled_for, renew_token
from portal.org.models import TownPlugin
from tests.db.own_server import copy_county, portal_on, signed_in
from tests.home.test_metrics import figures
from tests.pg_servers import pg_servers
from tests.station.door import newest, receive

only_postgres = pytest.mark.parametrize(
    "ground", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True, scope="session")


@pytest.fixture(scope="module")
def servers(ground):
    with pg_servers() as make:
        first = copy_county(ground, make(wal_keep_size="256MB", synchronous_commit="on").init().start())
        yield SimpleNamespace(first=first, standby=make(hot_standby_feedback="on").follow(first).start(), make=make)


@pytest.fixture(scope="module")
def built(ground, servers):
    """The portal on the first server, with the standby as its replica, and the database that it has opened."""
    before = database.obj
    try:
        application = portal_on(ground, servers.first, replica=servers.standby.address())
        opened = database.obj
        release()
    finally:
        database.initialize(before)
    yield application, opened
    opened.close_all()


@pytest.fixture
def county(app, built, servers):
    """That portal in a test; `replica` is looked at each time it is asked."""
    before, (application, opened) = database.obj, built
    release()
    database.initialize(opened)
    try:
        replica = opened.replica
        replica.look_every, replica.pause, replica.most_behind = 0, 0, 10
        replica.again()
        with application.app_context():
            yield SimpleNamespace(app=application, replica=replica, sign_in=lambda name: signed_in(application, name),
                                  **vars(servers))
    finally:
        release()
        database.initialize(before)


def release() -> None:
    if not database.is_closed():
        database.close()


@contextlib.contextmanager
def paused(county):
    """Let the standby stop where it is, as one that is far behind."""
    county.standby.ask("SELECT pg_wal_replay_pause()")
    while county.standby.ask("SELECT pg_get_wal_replay_pause_state()") != [("paused",)]:
        pass
    try:
        yield
    finally:
        county.standby.ask("SELECT pg_wal_replay_resume()")


def caught_up(county) -> None:
    """Wait until the standby has all that the first server has, what it writes for itself and has not flushed included:
    a standby of which nothing is known yet is not used while it lacks the least."""
    ((wanted,),) = county.first.ask("SELECT pg_current_wal_insert_lsn() - '0/0'")
    while county.standby.ask("SELECT pg_last_wal_replay_lsn() - '0/0'")[0][0] + HEAD < wanted:
        pass
    county.replica.is_usable(database.obj)


def server_of(sql: str = "SELECT pg_is_in_recovery()") -> str:
    return "standby" if database.execute_sql(sql).fetchone()[0] else "first"


@only_postgres
class TestWhichServer:
    def test_what_may_lag_is_read_from_the_standby_and_nothing_else(self, county):
        caught_up(county)
        assert server_of() == "first"
        with reading():
            assert server_of() == "standby"
            with atomic():
                assert server_of() == "first"
            assert server_of() == "first", "a commit: from now on one's own writes must be there"
        with reading(position()):
            caught_up(county)
            assert server_of() == "standby"
            database.execute_sql("BEGIN")
            assert server_of() == "first", "a transaction that was begun by hand"
            database.execute_sql("ROLLBACK")

    def test_nothing_can_be_written_through_it(self, county):
        caught_up(county)
        with reading():
            for sql in ("SELECT pg_is_in_recovery() FROM set_config('x.y', '1', false)", "SELECT 1"):
                database.execute_sql(sql)
            for sql in ("UPDATE org_unit SET name = 'x'", "CREATE TABLE x (y int)", "SELECT nextval('org_unit_id_seq')",
                        "SET default_transaction_read_only = off; UPDATE org_unit SET name = 'x'"):
                with pytest.raises((peewee.InternalError, peewee.OperationalError), match="read-only|recovery"):
                    county.replica.execute_sql(sql)
            number = database.execute_sql("SELECT nextval('org_unit_id_seq')").fetchone()[0]
        assert number, "what writes although it asks goes to the database itself"

    def test_a_question_that_is_wrong_in_itself_is_the_asker_s_fault(self, county):
        caught_up(county)
        with reading(), pytest.raises(peewee.ProgrammingError):
            database.execute_sql("SELECT no_such_column")
        with reading():
            assert server_of() == "standby" and county.replica.trouble == ""

    def test_a_question_that_stood_in_the_way_of_the_replay_is_answered_all_the_same(self, county):
        """What a standby says then is 40001; a function that raises it there, and only there, stands for it."""
        with atomic():
            database.execute_sql("""
                CREATE OR REPLACE FUNCTION in_the_way() RETURNS int LANGUAGE plpgsql AS
                $$ BEGIN IF pg_is_in_recovery() THEN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END IF;
                RETURN 7; END $$""")
        caught_up(county)
        with reading():
            assert server_of() == "standby"
            assert database.execute_sql("SELECT in_the_way()").fetchone() == (7,)
        with reading():
            assert server_of() == "standby" and county.replica.trouble == ""

    def test_a_list_comes_from_it_and_a_case_does_not(self, county):
        clerk = county.sign_in("cun")
        case = receive(clerk)
        caught_up(county)
        with asked_of(county.replica) as there:
            clerk.open(f"/cases/{case.id}")
            assert clerk.status == 200 and there == []
            clerk.open("/cases/")
            assert clerk.status == 200 and case.number in clerk.text
            assert "portal-written" not in clerk.response.headers.get("Set-Cookie", ""), "only who writes is told"
        assert any("cases_case" in sql for sql in there)
        assert not any("accounts_session" in sql for sql in there), "who asks is known from the database itself"

    @pytest.mark.parametrize(("who", "urls"), [
        ("cun", ["/", "/cases/", "/station/", "/village_rules/", "/search?q=津贴", "/org/find?q=红旗"]),
        ("wangge", ["/grid/events"]), ("tiaojie", ["/mediation/"]), ("shenji", ["/audit/"]),
        ("lingdao", ["/cases/figures", "/cases/figures/sheet", "/cases/overdue", "/cases/orders",
                     "/cases/instructions", "/grid/figures", "/mediation/figures", "/village_rules/figures"]),
    ])
    def test_each_list_and_each_figure_is_read_there(self, county, who, urls):
        person = county.sign_in(who)
        caught_up(county)
        for url in urls:
            with asked_of(county.replica) as there:
                assert person.open(url).status == 200, url
            assert there, url


@contextlib.contextmanager
def asked_of(replica):
    """Yield the list of what the standby is asked for a page."""
    there, note = [], lambda event: there.append(event.sql)
    replica.query_hooks = [note]
    try:
        yield there
    finally:
        replica.query_hooks = []


@contextlib.contextmanager
def changed(place, day):
    """Switch off what `place` has enabled, give its county a rule, make `day` a day off; take it back afterwards."""
    switches = TownPlugin.unit == place.id
    enabled = [row.id for row in TownPlugin.select().where(switches, TownPlugin.enabled == True)]  # noqa: E712
    with atomic():
        renew_token()
        TownPlugin.update(enabled=False).where(switches).execute()
        rule = Rule.create(unit=place.county_id, kind="", yellow=7, by_name="某人")
    set_day(day, "off", "试放一天", None)
    try:
        yield
    finally:
        with atomic():
            renew_token()
            TownPlugin.update(enabled=True).where(TownPlugin.id.in_(enabled)).execute()
            rule.delete_instance()
        g.pop("calendar_token", None)
        remove_day(day, 1)


@only_postgres
class TestBehind:
    def test_whoever_wrote_sees_it_although_the_standby_does_not_have_it_yet(self, county):
        clerk, other = county.sign_in("cun"), county.sign_in("zhen")
        caught_up(county)
        with paused(county):
            case = receive(clerk)
            assert case.number in clerk.open("/station/").text
            assert case.number not in other.open("/cases/?lens=area").text, "a moment later for everybody else"
        caught_up(county)
        assert case.number in other.open("/cases/?lens=area").text
        with asked_of(county.replica) as there:
            assert case.number in clerk.open("/station/").text
        assert there, "and the writer reads from it again"

    def test_what_a_process_keeps_under_a_token_is_not_read_from_one_that_is_behind(self, county):
        """The token comes from the database itself: old rows kept under the new one would be worked with, also where
        something is decided, until somebody changes something again."""
        caught_up(county)
        day, place = datetime.date(2026, 11, 30), TownPlugin.get(TownPlugin.enabled == True).unit  # noqa: E712
        with paused(county), changed(place, day):
            with reading():
                assert server_of() == "standby" and TownPlugin.select().where(
                    TownPlugin.unit == place.id, TownPlugin.enabled == True).exists()  # noqa: E712
                g.org_token, g.calendar_token = (
                    database.obj.ask_here(f"SELECT token FROM {table}").fetchone()[0]
                    for table in ("org_revision", "calendar_revision"))
                assert enabled_for(place, g.org_token) == frozenset()
                assert rules_of("", place.county_id).yellow == 7
                assert not Calendar.load().is_workday(day)
                assert server_of() == "standby"

    def test_one_that_is_too_far_behind_is_left_out_and_said(self, county):
        clerk, other = county.sign_in("cun"), county.sign_in("zhen")
        caught_up(county)
        with paused(county):
            case = receive(clerk)
            county.replica.is_usable(database.obj)
            county.replica.most_behind = 0
            assert case.number in other.open("/cases/?lens=area").text
            answer = county.app.test_client().get("/healthz").get_json()
            assert answer["status"] == "degraded" and "落后" in answer["replica"]
            found = figures(county.app.test_client().get("/metrics").get_data(as_text=True))
            assert found["portal_replica_usable"] == 0 and found["portal_replica_lag_seconds"] > 0
            assert found["portal_degraded"] == 1
        county.replica.most_behind = 10
        caught_up(county)
        assert county.app.test_client().get("/healthz").get_json() == {"status": "ok"}
        found = figures(county.app.test_client().get("/metrics").get_data(as_text=True))
        assert found["portal_replica_usable"] == 1 and found["portal_replica_lag_seconds"] == 0

    def test_the_cookie_is_short_kept_from_scripts_and_harmless(self, county):
        clerk = county.sign_in("cun")
        receive(clerk)
        cookie = clerk.client.get_cookie("portal-written")
        assert cookie.value.isdecimal() and cookie.max_age == 70 and cookie.http_only and cookie.same_site == "Lax"
        for value in ("x", "-1", "9" * 30, str(FAR), "１"):
            clerk.client.set_cookie("portal-written", value)
            assert clerk.open("/cases/").status == 200


@only_postgres
class TestAway:
    def test_a_standby_that_stops_fails_no_page_and_is_used_again_afterwards(self, county):
        clerk = county.sign_in("cun")
        caught_up(county)
        assert clerk.open("/cases/").status == 200
        county.standby.stop()
        try:
            for _ in range(2):
                assert clerk.open("/cases/").status == 200
            answer = county.app.test_client().get("/healthz").get_json()
            assert answer["status"] == "degraded" and "连不上" in answer["replica"]
        finally:
            county.standby.start()
        caught_up(county)
        with asked_of(county.replica) as there:
            assert clerk.open("/cases/").status == 200
        assert there and county.app.test_client().get("/healthz").get_json() == {"status": "ok"}

    def test_it_is_not_asked_again_for_a_while(self, county):
        county.replica.pause = 60
        county.standby.stop()
        try:
            assert not county.replica.is_usable(database.obj)
        finally:
            county.standby.start()
        assert not county.replica.is_usable(database.obj)

    def test_a_server_that_is_no_standby_of_this_database_is_never_used(self, county):
        other = county.make().init().start()
        for address in (other.address(), county.first.address()):
            county.replica.close_all()
            county.replica.connect_params["port"] = int(address.rsplit(":")[-1].split("/")[0])
            with reading():
                assert server_of() == "first"
            assert "不是 database 的只读备库" in county.replica.trouble
        county.replica.close_all()
        county.replica.connect_params["port"] = county.standby.port
        other.stop()


def test_on_sqlite_the_setting_is_refused_with_a_sentence(tmp_path):
    given = {"replica": "postgresql://127.0.0.1/x", "database": "portal.db", "instance": tmp_path}
    with pytest.raises(DatabaseUnusable, match="只用于 PostgreSQL"):
        open_for(given)


def test_an_address_that_cannot_be_read_is_refused_with_a_sentence(tmp_path, elsewhere):
    given = {"replica": "mysql://x", "database": "postgresql://127.0.0.1:1/x", "instance": tmp_path,
             "statement_timeout_seconds": 15, "replica_lag_seconds": 10}
    with pytest.raises(DatabaseUnusable, match="只读备库的地址"):
        open_for(given)


def test_without_a_standby_nothing_is_remembered(sign_in):
    clerk = sign_in("cun")
    receive(clerk)
    assert newest() and clerk.client.get_cookie("portal-written") is None
