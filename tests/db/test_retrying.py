"""Transactions that PostgreSQL takes back for the sake of another one: tried again as a whole, seen by nobody."""

import contextlib
import io
import threading

import peewee
import pytest

from portal.audit.models import AuditEntry
from portal.cases.models import Case, CaseEvent
from portal.db import after_commit, again, atomic, database, now
from portal.files.models import Attachment
from portal.files.storage import path_of
from portal.jobs import running
from portal.jobs.models import JobRun
from portal.jobs.running import perform
from portal.org.models import Unit
from portal.people.models import Resident
from portal.registry.breaker import Breakers, Limits
from portal.registry.calling import Calls
from portal.values import Job, Plugin
from tests.files.samples import picture
from tests.forms.together import WANG, form_at, side_by_side
from tests.grid.door import newest, report
from tests.people_of_the_county import TOWN, VILLAGE, unit
from tests.station.door import item, must_have

pytestmark = pytest.mark.parametrize(
    "ground", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True, scope="session")


@contextlib.contextmanager
def losing(table: str, times: int = 1, state: str = "40001"):
    """Let the first `times` inserts into `table` fail as a lost race does; a sequence counts, which no rollback turns
    back."""
    database.execute_sql("CREATE SEQUENCE lost_races")
    database.execute_sql(f"""
        CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF nextval('lost_races') <= {times} THEN RAISE EXCEPTION 'lost' USING ERRCODE = '{state}'; END IF;
        RETURN NEW; END $$""")
    database.execute_sql(f"CREATE TRIGGER lose BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION lose()")
    try:
        yield
    finally:
        database.execute_sql("DROP FUNCTION lose() CASCADE")
        database.execute_sql("DROP SEQUENCE lost_races")


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_clerk_whose_act_lost_a_race_notices_nothing(sign_in, state):
    clerk, wanted = sign_in("cun"), item()
    form = form_at(clerk, f"/station/receive/{wanted.id}", "id_card")
    with losing("cases_event", 2, state):
        clerk.submit(form, follow=False, **WANG, received=must_have(wanted))
        assert clerk.status == 302
    case = Case.get()
    assert CaseEvent.select().where(CaseEvent.case == case.id).count() == 1 and Resident.select().count() == 1
    assert clerk.open(clerk.response.headers["Location"]).text.count("alert-success") <= 1


def test_an_act_that_loses_again_and_again_is_a_calm_503(sign_in, app):
    clerk = sign_in("cun")
    form = form_at(clerk, "/people/new", "id_card")
    with losing("people_resident", 3):
        clerk.submit(form, follow=False, **WANG)
        assert clerk.status == 503 and "请再试一次" in clerk.text and not Resident.select().exists()
        assert not app.extensions["portal"].breakers.due(True), "no plugin is to blame"
        clerk.submit(form, follow=False, **WANG)
    assert clerk.status == 302 and Resident.select().count() == 1


def test_what_was_uploaded_is_there_after_the_second_attempt(sign_in):
    with losing("files_attachment"):
        report(sign_in("wangge"), attachments=(io.BytesIO(picture()), "护栏.jpg"))
    assert newest() and path_of(Attachment.get().sha256).is_file() and Attachment.select().count() == 1


def write(word: str) -> None:
    AuditEntry.create(action=f"test.{word}")


def written() -> list[str]:
    query = AuditEntry.select(AuditEntry.action).where(AuditEntry.action.startswith("test.")).order_by(AuditEntry.id)
    return [action.removeprefix("test.") for (action,) in query.tuples()]


def test_what_a_plugin_loses_is_no_failure_of_the_plugin(app):
    """Deep inside, in a savepoint of its own: the whole is tried again all the same, and the plugin's part with it."""
    breakers = Breakers(Limits.of(app.config["PORTAL"]))
    calls, plugin = Calls(breakers, strict=False), Plugin("somebody", "别人的")

    def act():
        with atomic():
            calls.carry_out(plugin, "portal_anything", lambda: write("part"))

    with losing("audit_entry"):
        again(act)
    assert written() == ["part"] and not breakers.due(True)


def test_what_has_been_committed_in_part_is_not_tried_again(app):
    def act():
        with atomic():
            write("first")
        with losing("audit_entry"), atomic():
            write("second")

    with pytest.raises(peewee.OperationalError):
        again(act)
    assert written() == ["first"]


def test_a_part_of_a_transaction_is_not_tried_again_alone(app):
    tries = []

    def part():
        tries.append(1)
        write("part")

    with losing("audit_entry"), pytest.raises(peewee.OperationalError), atomic():
        again(part)
    assert tries == [1] and written() == []


def test_what_is_wrong_in_itself_is_not_tried_again(app):
    tries = []

    def act():
        tries.append(1)
        with atomic():
            database.execute_sql("SELECT no_such_column")

    with pytest.raises(peewee.ProgrammingError):
        again(act)
    assert tries == [1]


def test_a_job_that_lost_a_race_begins_again(app, monkeypatch):
    def job():
        with atomic():
            write("job")
        return "做完了。"

    monkeypatch.setattr(running, "declared", lambda: {"test.job": Job("test.job", "试", job)})
    run = JobRun.create(name="test.job", due=now(), started=now())
    with losing("audit_entry"):
        assert perform(run)
    assert written() == ["job"] and JobRun.get_by_id(run.id).sentence == "做完了。"


def test_two_that_wait_for_each_other_both_succeed(app):
    first, second = unit(TOWN).id, unit(VILLAGE).id
    both, seen = threading.Barrier(2), []

    def act(mine: int, other: int):
        tries = []

        def swap():
            tries.append(1)
            with atomic():
                Unit.update(version=Unit.version + 1).where(Unit.id == mine).execute()
                if len(tries) == 1:
                    both.wait(10)
                Unit.update(version=Unit.version + 1).where(Unit.id == other).execute()
                after_commit(lambda: seen.append(len(tries)))

        again(swap)

    before = [Unit.get_by_id(first).version, Unit.get_by_id(second).version]
    side_by_side(lambda: act(first, second), lambda: act(second, first))
    assert [Unit.get_by_id(first).version, Unit.get_by_id(second).version] == [before[0] + 2, before[1] + 2]
    assert sorted(seen) == [1, 2], "what follows a commit followed each of them once"
