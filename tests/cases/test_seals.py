"""What happened stays written: whoever changes it behind the portal's back is found by `portal check`, and named."""

import contextlib

import peewee
import pytest

from portal.cases import checks, timeline
from portal.cases.checks import findings
from portal.cases.models import Case, CaseEvent
from portal.db import atomic, database, is_postgres
from portal.registry import registry_of
from tests.cases.making import matter, move


@pytest.fixture
def case(app):
    """A case with five entries, beside two that nobody tampers with."""
    with app.test_request_context():
        matter()
        found = move(matter(), ("accept", "cun"), ("forward_town", "cun"), ("send_back_village", "zhen"),
                     ("forward_town", "cun"))
        move(matter(of="居民养老保险参保"), ("settle", "cun"))
    assert findings() == []
    return found


@contextlib.contextmanager
def without_triggers():
    """Do what somebody with the database's own password can do."""
    if is_postgres():
        database.execute_sql("SET session_replication_role = replica")
        yield
        database.execute_sql("SET session_replication_role = DEFAULT")
    else:
        for act in ("update", "delete"):
            database.execute_sql(f"DROP TRIGGER cases_event_no_{act}")
        yield


def run(sql: str) -> None:
    with atomic():
        database.execute_sql(sql)


def named(case) -> list[str]:
    sentences = [finding.sentence for finding in findings()]
    assert sentences and all(finding.serious for finding in findings())
    # What was changed behind the ledger's back may be missed in the counters as well.
    sentences = [one for one in sentences if "不符：" not in one and "应办结时间" not in one and "另有" not in one]
    assert all(case.number in sentence for sentence in sentences), sentences
    return sentences


@pytest.mark.parametrize("sql", [
    "UPDATE cases_event SET text = 'x'", "UPDATE cases_event SET digest = ''", "DELETE FROM cases_event",
    "UPDATE cases_event SET at = at WHERE seq = 1", "DELETE FROM cases_event WHERE seq = 5",
])
def test_the_database_itself_refuses_to_change_or_delete_an_entry(case, sql):
    before = list(CaseEvent.select().order_by(CaseEvent.id).dicts())
    with pytest.raises(peewee.DatabaseError, match="append-only"):
        run(sql)
    assert list(CaseEvent.select().order_by(CaseEvent.id).dicts()) == before


@pytest.mark.parametrize("change", [
    "text = '什么也没发生'", "title = '受理'", "at = '2026-01-01 09:00:00'", "actor_id = 99", "actor_name = '别人'",
    "post_title = ''", "unit_id = 1", "unit_name = '别处'", "from_state = 'received'", "to_state = 'received'",
    "holder_id = 1", "holder_name = '别处'", "step = 'note'", "data = '{}'", "seq = 9", "digest = 'abc'",
])
def test_each_changed_field_of_an_entry_is_found_with_its_place(case, change):
    with without_triggers():
        run(f"UPDATE cases_event SET {change} WHERE case_id = {case.id} AND seq = 3")
    assert timeline.broken_at(case.id) == 3
    assert named(case) == [f"案件 {case.number} 的经过从第 3 条起被改动过。"]


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_a_deleted_entry_is_found(case, seq):
    with without_triggers():
        run(f"DELETE FROM cases_event WHERE case_id = {case.id} AND seq = {seq}")
    assert len(named(case)) == 1


def test_a_case_without_any_entry_is_found(case):
    with without_triggers():
        run(f"DELETE FROM cases_event WHERE case_id = {case.id}")
    assert len(named(case)) == 1


def test_two_entries_that_changed_places_are_found(case):
    with without_triggers():
        for old, new in ((2, 99), (3, 2), (99, 3)):
            run(f"UPDATE cases_event SET seq = {new} WHERE case_id = {case.id} AND seq = {old}")
    assert timeline.broken_at(case.id) == 2 and len(named(case)) == 1


def test_an_entry_moved_to_another_case_is_found_at_both(case):
    other = Case.select().where(Case.id != case.id).order_by(Case.id).get()
    with without_triggers():
        run(f"UPDATE cases_event SET case_id = {other.id}, seq = 2 WHERE case_id = {case.id} AND seq = 5")
    text = "".join(finding.sentence for finding in findings())
    assert case.number in text and other.number in text


@pytest.mark.parametrize("change", [
    "state = 'accepted'", "unit_id = (SELECT id FROM org_unit WHERE code = '510722104203')",
    "due = '2030-01-01 17:30:00'", "due = NULL, paused_at = '2026-11-01 09:00:00', pause_reason = '编的'",
])
def test_state_unit_and_due_moment_of_a_case_are_what_its_timeline_says(case, change):
    run(f"UPDATE cases_case SET {change} WHERE id = {case.id}")
    assert f"案件 {case.number} 现在的环节、承办单位或期限与经过不符。" in named(case)


@pytest.mark.parametrize("change, sentence", [
    ("due = NULL", "没有办结，却没有期限也没有停表"),
    ("phase = 'closed', closed = '2026-11-20 10:00:00'", "没有给来办事的人答复"),
    ("closed = '2026-11-20 10:00:00'", "没有办结"),
])
def test_an_open_case_without_a_date_and_a_closed_one_without_an_answer_are_named(case, change, sentence):
    run(f"UPDATE cases_case SET {change} WHERE id = {case.id}")
    assert any(sentence in found.sentence and case.number in found.sentence for found in findings())


@pytest.mark.parametrize("sql, sentence", [
    ("UPDATE cases_tally SET count = count + 1", "计数不符"), ("DELETE FROM cases_tally", "计数不符"),
    ("UPDATE cases_tally SET phase = 'answered' WHERE phase = 'new'", "计数不符"),
    ("UPDATE cases_flow SET opened = opened + 1", "流量不符"),
    ("UPDATE cases_flow SET on_time = 0", "流量不符"), ("DELETE FROM cases_flow", "流量不符"),
])
def test_a_counter_that_lies_is_named(case, sql, sentence):
    run(sql)
    told = [finding.sentence for finding in findings()]
    assert told and all(sentence in one or "另有" in one for one in told)


def test_many_findings_are_told_in_a_few_lines_and_all_are_counted(case, app, monkeypatch):
    monkeypatch.setattr(checks, "TOLD", 20)
    with app.test_request_context():
        for _ in range(25):
            matter()
    run("UPDATE cases_case SET due = '2030-01-01 00:00:00'")
    told = [finding.sentence for finding in findings()]
    assert len(told) == 21 and told[-1].startswith("……台账另有")
    assert sum(finding.count for finding in findings()) == 29


def test_the_check_asks_the_ledger(case, app):
    run(f"UPDATE cases_case SET due = '2030-01-01 17:30:00' WHERE id = {case.id}")
    told = [finding.sentence for _, finding in registry_of(app).collect("portal_check")]
    assert any(case.number in sentence for sentence in told)


def test_every_way_of_writing_keeps_the_seals(case, app, sign_in, cast):
    with app.test_request_context():
        paused = move(matter(complete=False), ("correct", "cun"))
        move(paused, ("supplement", "cun"))
        rated = move(matter(of="居民养老保险参保"), ("settle", "cun"))
        move(matter(), ("withdraw", "cun"))
    browser = sign_in("shuji")
    browser.send(f"/cases/{rated.id}/rating", level="5", channel="phone")
    browser.send(f"/cases/{paused.id}/assign", person=str(cast["wangge"]), text="请跟进")
    browser.send(f"/cases/{paused.id}/notes", text="备注一条")
    assert findings() == []
