"""The record is a chain: whoever changes it behind the portal's back is found, and so is a cut tail."""

import contextlib
import json
import random
import threading

import pytest
from flask import current_app
from peewee import DatabaseError

from portal import audit
from portal.audit import chain
from portal.audit.models import AuditEntry, AuditLane
from portal.cases.checks import examined
from portal.cases.commands import audit as audit_commands
from portal.config import secret
from portal.db import atomic, database, is_postgres
from portal.notify.models import Notice
from portal.registry import registry_of
from portal.sealing import key_id
from portal.values import Refused
from tests.cases.making import in_threads

only_sqlite = pytest.mark.parametrize("ground", ["sqlite"], indirect=True, scope="session")
only_postgres = pytest.mark.parametrize(
    "ground", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True, scope="session"
)



@contextlib.contextmanager
def without_triggers():
    """Do what somebody with the database's own password can do."""
    if is_postgres():
        database.execute_sql("SET session_replication_role = replica")
        yield
        database.execute_sql("SET session_replication_role = DEFAULT")
    else:
        for act in ("update", "delete", "replace"):
            database.execute_sql(f"DROP TRIGGER audit_entry_no_{act}")
        yield


def found() -> list[str]:
    return examined(lambda *_: None)[0]


@pytest.fixture
def entries(app) -> list[AuditEntry]:
    """Six entries in a row on one lane."""
    with atomic():
        written = [audit.record("people.open", "resident", key, detail={"name": f"第{key}个"}) for key in range(6)]
    assert found() == []
    assert len({one.lane for one in written}) == 1, "all entries of a transaction are on one lane"
    return written


def tamper(*statements: str) -> list[str]:
    with without_triggers():
        for one in statements:
            with atomic():
                database.execute_sql(one)
    sentences = found()
    assert sentences and all("审计" in one for one in sentences), sentences
    told = [finding.sentence for _, finding in registry_of(current_app).collect("portal_check")]
    assert set(sentences) <= set(told)
    return sentences


@pytest.mark.parametrize("change", [
    "actor_name = '别人'", "at = '2026-01-01 09:00:00'", "action = 'people.find'", "object_id = '99'", "detail = '{}'",
    "changes = '{\"a\": [1, 2]}'", "address = '10.0.0.9'", "county_id = 7", "unit_name = '别处'", "result = 'fail'",
    "request_id = 'x'", "session = 'x'", "post_title = 'x'", "actor_id = 1", "digest = 'abc'", "object_type = 'x'",
])
def test_a_changed_field_is_found(entries, change):
    one = entries[2]
    sentences = tamper(f"UPDATE audit_entry SET {change} WHERE id = {one.id}")
    assert any(f"审计记录 {one.id}（" in sentence for sentence in sentences)


def test_an_entry_deleted_in_the_middle_is_found(entries):
    one = entries[3]
    assert tamper(f"DELETE FROM audit_entry WHERE id = {one.id}") == [
        f"审计记录少了第 {one.lane} 道的 {one.seq} 号：被删去了。"]


@pytest.mark.parametrize("place", ["NULL, NULL", "{lane}, {seq} + 1", "{lane}, {seq}", "99, 1"])
def test_an_inserted_entry_is_found(entries, place):
    """Outside the chain, behind its end, in the place of another one, on a lane of its own."""
    one = entries[5]
    other = f"UPDATE audit_entry SET seq = seq + 1 WHERE lane = {one.lane} AND seq >= {one.seq}"
    columns = "county_id, actor_name, post_title, unit_name, address, session, action, object_type, object_id, " \
              "result, detail, changes, request_id, at"
    tamper(
        *([other] if place == "{lane}, {seq}" else []),
        f"INSERT INTO audit_entry (id, {columns}, lane, seq, digest) SELECT 900000, {columns}, "
        f"{place.format(lane=one.lane, seq=one.seq)}, digest FROM audit_entry WHERE id = {one.id}",
    )


def test_two_entries_that_changed_places_are_found(entries):
    one, other = entries[1], entries[3]
    sentences = tamper(*(
        f"UPDATE audit_entry SET seq = {new} WHERE lane = {one.lane} AND seq = {old}"
        for old, new in ((one.seq, -1), (other.seq, one.seq), (-1, other.seq))
    ))
    assert len(sentences) >= 2


def test_a_cut_tail_is_found(entries):
    last = entries[5]
    sentences = tamper(f"DELETE FROM audit_entry WHERE lane = {last.lane} AND seq >= {last.seq - 1}")
    assert sentences == [f"审计记录少了第 {last.lane} 道的 {last.seq - 1} 至 {last.seq} 号：被删去了。"]


def test_a_cut_tail_is_found_even_where_the_lane_is_set_back_to_what_the_entries_show(entries):
    last, kept = entries[5], entries[4]
    sentences = tamper(
        f"DELETE FROM audit_entry WHERE id = {last.id}",
        f"UPDATE audit_lane SET seq = {kept.seq}, digest = '{kept.digest}' WHERE lane = {last.lane}",
    )
    assert sentences == [f"审计记录第 {last.lane} 道的末尾与登记的不符：末尾的记录被删去或改动过。"]


def test_a_whole_lane_wiped_is_found(entries):
    lane = entries[0].lane
    sentences = tamper(f"DELETE FROM audit_entry WHERE lane = {lane}",
                       f"UPDATE audit_lane SET seq = 0, digest = '' WHERE lane = {lane}")
    assert sentences


def test_a_deleted_lane_is_found(entries):
    assert tamper(f"DELETE FROM audit_lane WHERE lane = {entries[0].lane}")


def test_what_was_recorded_before_the_chain_is_held_by_its_first_line(app):
    """As after the migration of an instance that was in use before."""
    with without_triggers(), atomic():
        database.execute_sql("UPDATE audit_entry SET lane = NULL, seq = NULL, digest = ''")
        database.execute_sql("DELETE FROM audit_entry WHERE action = 'audit.begin'")
        database.execute_sql("UPDATE audit_lane SET seq = 0, digest = ''")
        if not AuditEntry.select().exists():
            AuditEntry.create(action="accounts.create", detail={}, changes={})
    before = AuditEntry.select().count()
    audit.record("people.open", "resident", 1)
    begun = AuditEntry.get(AuditEntry.action == "audit.begin")
    assert begun.detail["before"] == before and begun.seq == 1 and found() == []
    with atomic():
        database.execute_sql("DROP TRIGGER IF EXISTS audit_entry_no_update" if not is_postgres() else
                             "SET LOCAL session_replication_role = replica")
        database.execute_sql("UPDATE audit_entry SET actor_name = '别人' WHERE lane IS NULL")
    assert any("审计链开始以前" in sentence for sentence in found())


@only_sqlite  # PostgreSQL does not know INSERT OR REPLACE
def test_no_entry_is_replaced_through_its_place_in_the_chain(entries):
    names = ", ".join(field.column_name for field in AuditEntry._meta.sorted_fields if field.name != "id")
    with pytest.raises(DatabaseError, match="append-only"), atomic():
        database.execute_sql(f"INSERT OR REPLACE INTO audit_entry (id, {names}) "
                             f"SELECT 900000, {names} FROM audit_entry WHERE id = {entries[2].id}")
    assert found() == []


def test_a_taken_back_act_leaves_no_gap(entries):
    with pytest.raises(RuntimeError), atomic():
        audit.record("people.open", "resident", 7)
        raise RuntimeError
    with atomic():
        with pytest.raises(RuntimeError), atomic():
            audit.record("people.open", "resident", 8)
            raise RuntimeError
        audit.record("people.open", "resident", 9)
    assert found() == []


def test_many_writers_at_once_keep_the_chain(app):
    def job(number):
        def run():
            chance = random.Random(number)
            for one in range(15):
                with contextlib.suppress(RuntimeError), atomic():
                    for _ in range(chance.randrange(1, 4)):
                        audit.record("people.open", "resident", one)
                    if chance.random() < 0.2:
                        raise RuntimeError
            return True

        return run

    assert in_threads(app, *(job(number) for number in range(8))) == [True] * 8
    assert found() == []
    assert not is_postgres() or AuditLane.select().where(AuditLane.seq > 0).count() > 1


@only_postgres  # SQLite lets one write at a time anyway
def test_nobody_waits_for_a_writer_who_takes_long(app):
    """On PostgreSQL somebody holds a lane open; another one writes meanwhile."""
    holding, done = threading.Event(), threading.Event()

    def slow():
        with atomic():
            audit.record("people.open", "resident", 1)
            holding.set()
            return done.wait(10)

    def quick():
        holding.wait(10)
        with atomic():
            audit.record("people.open", "resident", 2)
        done.set()
        return True

    assert in_threads(app, slow, quick) == [True, True]
    assert found() == []


@only_postgres  # SQLite lets one write at a time anyway
def test_where_all_lanes_are_taken_one_waits_for_its_turn(app):
    holding, done = threading.Event(), threading.Event()

    def all_of_them():
        with atomic():
            list(AuditLane.select().for_update())
            holding.set()
            done.wait(0.3)
        return True

    def waiting():
        holding.wait(10)
        with atomic():
            return audit.record("people.open", "resident", 2).id > 0

    assert in_threads(app, all_of_them, waiting) == [True, True]
    assert found() == []


def test_with_another_key_nothing_can_be_forged_and_a_lost_key_is_said(app, entries):
    kept, path = chain.key(), app.config["PORTAL"]["instance"] / "keys" / "audit"
    text = path.read_text()
    try:
        path.unlink()
        app.extensions.pop("portal_audit_key")
        with pytest.raises(Refused, match="keys/audit"):
            audit.record("people.open", "resident", 1)
        assert any("keys/audit" in one.sentence for one in registry_of(app).values("portal_check"))
        secret(app.config["PORTAL"]["instance"], "audit")
        assert any("不是审计记录开头时用的那一把" in sentence for sentence in found())
    finally:
        path.write_text(text)
        app.extensions["portal_audit_key"] = kept
    assert found() == []


# -- the key is lost for good ------------------------------------------------------------------------------------------

@pytest.fixture
def lost(app, entries):
    """The key is gone, and no backup has it; afterwards it is there again."""
    kept, path = chain.key(), app.config["PORTAL"]["instance"] / "keys" / "audit"
    text = path.read_text()
    path.unlink()
    app.extensions.pop("portal_audit_key")
    yield path
    path.write_text(text)
    app.extensions["portal_audit_key"] = kept


def renewed(app, *options):
    return app.test_cli_runner().invoke(audit_commands, ["renew", "--reason", "磁盘坏了，三份备份里都没有", *options])


def test_with_a_new_key_the_chain_goes_on_and_says_so(app, lost, cast, sign_in):
    outcome = renewed(app, "--yes")
    assert outcome.exit_code == 0 and "请马上备份" in outcome.output and "校验值：" in outcome.output, outcome.output
    audit.record("people.open", "resident", 7)
    assert lost.exists() and found() == []
    page = sign_in("shenji").open("/audit/?action=audit.renew").text
    assert "密钥丢失，审计链换新密钥" in page
    [notice] = Notice.select().where(Notice.title == "审计链换了新密钥")
    assert notice.user_id == cast["shenji"] and "三份备份" in sign_in("shenji").open(notice.url).text


@pytest.mark.parametrize("number", [0, 3, 5])
@pytest.mark.parametrize("act", ["UPDATE audit_entry SET actor_name = '别人'", "DELETE FROM audit_entry"])
def test_what_was_recorded_under_the_lost_key_is_held_as_a_whole(app, lost, entries, number, act):
    renewed(app, "--yes")
    sentences = tamper(f"{act} WHERE id = {entries[number].id}")
    assert "换密钥以前的" in sentences[0] and all("不是原样" in one for one in sentences[1:]), "the head knows the ends"


@pytest.mark.parametrize("act", ["UPDATE audit_entry SET object_id = '8'", "DELETE FROM audit_entry"])
def test_what_is_recorded_under_the_new_key_is_held_one_by_one(app, lost, act):
    renewed(app, "--yes")
    with atomic():
        one, _ = audit.record("people.open", "resident", 7), audit.record("people.open", "resident", 9)
    assert any(str(one.id) in sentence or str(one.seq) in sentence for sentence in tamper(f"{act} WHERE id = {one.id}"))


def test_nobody_without_the_key_can_write_such_a_line(app, entries):
    """Somebody who has the database alone says that the chain was renewed, up to and with that very line."""
    last, lanes = entries[5], [[lane, 1000] for lane, _, _ in chain.lanes()]
    count, digest = chain.covered({lane: 1000 for lane, _ in lanes})
    said = {"reason": "x", "before": count + 1, "digest": digest, "key": key_id(chain.key()), "lanes": lanes}
    columns = "county_id, actor_name, post_title, unit_name, address, session, object_type, object_id, result, " \
              "changes, request_id, at"
    assert tamper(
        f"INSERT INTO audit_entry (id, {columns}, action, detail, lane, seq, digest) SELECT 900000, {columns}, "
        f"'audit.renew', '{json.dumps(said)}', {last.lane}, {last.seq} + 1, digest FROM audit_entry "
        f"WHERE id = {last.id}")


def test_while_the_key_is_there_none_is_taken(app, entries):
    outcome = renewed(app, "--yes")
    assert outcome.exit_code == 1 and "还在，不用换" in outcome.output and found() == []


def test_it_is_asked_first_and_what_fails_leaves_no_key(app, lost, monkeypatch):
    assert renewed(app).exit_code == 1 and not lost.exists()

    def fails(*_):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(chain, "write", fails)
    renewed(app, "--yes")
    assert not lost.exists(), "a key that nothing is sealed with would be taken for the right one"
