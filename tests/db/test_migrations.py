"""One history for each owner, run by one migrator at a time; each script can be taken back on both engines."""

import threading
import time

import peewee
import pytest
from playhouse.schema_diff import diff_models

from portal import CORE, config, migrations
from portal.db import database, is_postgres, open_database
from portal.migrations import MigrationFailed, MigrationPending, Owner
from portal.org.models import OrgSetting, Unit
from portal.registry import Registry

SCRIPT = '''
from peewee import *

def up(migrator, db):
    class Note(Model):
        text = TextField()
        class Meta:
            database = db
            table_name = "notices_{table}"
    db.create_tables([Note])
    {more}
'''


def owners(folder) -> list[Owner]:
    return Registry(CORE, config.load(folder, {"testing": True})).owners()


def structure() -> set:
    """Return the names of all tables, indexes, triggers and functions, those of the histories left out."""
    if is_postgres():
        sql = """SELECT relkind::text, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
            UNION SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal
            UNION SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"""
    else:
        sql = "SELECT type, name FROM sqlite_master"
    return {row for row in database.execute_sql(sql).fetchall() if "_migration" not in row[1]}


def test_every_script_goes_up_down_and_up_again(empty):
    found = owners(empty.folder)
    first = migrations.migrate(found, empty.folder)
    assert first and not migrations.pending(found)
    once = structure()
    for owner in reversed(found):
        runner = owner.runner()
        for _ in runner.migrations():
            runner.down()
    left = {row for row in structure() if row[1] != "sqlite_sequence"}
    assert left == set(), "a script does not take back what it made"
    assert migrations.migrate(found, empty.folder) == first and structure() == once
    for owner in found:
        assert not diff_models(database.obj, list(owner.models)), owner.slug


def test_what_counties_had_set_is_kept_when_towns_may_set_too(empty):
    migrations.migrate(owners(empty.folder), empty.folder)
    runner = next(owner for owner in owners(empty.folder) if owner.slug == "org").runner()
    county = Unit.create(code="510722000000", name="三台县", short="三台县", level="county")
    town = Unit.create(code="510722104000", name="塔山镇", short="塔山镇", level="town", parent=county)
    for unit in (county, town):
        OrgSetting.create(unit=unit, name="cases.keep_years", value=30, by_name="马骏")
    runner.down("0003_settings")
    rows = "SELECT county_id, name, by_name FROM org_setting"
    assert database.execute_sql(rows).fetchall() == [(county.id, "cases.keep_years", "马骏")]
    migrations.migrate(owners(empty.folder), empty.folder)
    assert [(row.unit_id, row.value) for row in OrgSetting.select()] == [(county.id, 30)]


def test_a_database_that_was_never_made_is_one_sentence(empty):
    with pytest.raises(MigrationPending, match="请先运行 portal migrate"):
        migrations.check(owners(empty.folder))


def test_a_pending_script_is_one_sentence_that_names_its_owner(empty):
    found = owners(empty.folder)
    migrations.migrate(found, empty.folder)
    migrations.check(found)
    database.execute_sql("DELETE FROM org_migration")
    with pytest.raises(MigrationPending, match=r"未执行的升级（org）"):
        migrations.check(found)


def test_a_database_from_the_future_is_neither_used_nor_migrated(empty):
    found = owners(empty.folder)
    migrations.migrate(found, empty.folder)
    owner = next(owner for owner in found if owner.slug == "org")
    owner.runner().History.create(name="9999_future")
    for act in (lambda: migrations.check(found), lambda: migrations.migrate(found, empty.folder)):
        with pytest.raises(MigrationPending, match="来自更新的版本（org）"):
            act()


def test_checking_writes_nothing(empty):
    with pytest.raises(MigrationPending):
        migrations.check(owners(empty.folder))
    assert database.get_tables() == []


# -- plugins -----------------------------------------------------------------------------------------------------

def notices(folder, optional=True, **scripts: str) -> Owner:
    scripts_folder = folder / "notices_migrations"
    scripts_folder.mkdir(exist_ok=True)
    for number, (table, more) in enumerate(scripts.items(), 1):
        text = SCRIPT.format(table=table, more=more)
        (scripts_folder / f"{number:04d}_{table}.py").write_text(text, encoding="utf-8")
    return Owner("notices", scripts_folder, (), optional)


def test_a_plugins_script_that_fails_takes_itself_back_and_lets_the_core_go_on(empty):
    core = owners(empty.folder)
    plugin = notices(empty.folder, first="pass", second="1 / 0")
    with pytest.raises(MigrationFailed, match="notices（division by zero）.*without_plugins"):
        migrations.migrate([plugin, *core], empty.folder)
    assert not migrations.pending(core) and migrations.pending([plugin]) == {"notices": ["0002_second"]}
    assert "notices_first" in database.get_tables() and "notices_second" not in database.get_tables()
    notices(empty.folder, first="pass", second="pass")
    assert migrations.migrate([plugin], empty.folder) == ["notices/0002_second"]


def test_a_script_of_the_core_that_fails_stops_at_once(empty):
    broken = notices(empty.folder, optional=False, first="1 / 0")
    with pytest.raises(ZeroDivisionError):
        migrations.migrate([broken, *owners(empty.folder)], empty.folder)
    assert structure() - {("table", "sqlite_sequence")} == set()


def test_what_ran_is_said_script_by_script(empty):
    said = []
    plugin = notices(empty.folder, first="pass", second="pass")
    migrations.migrate([plugin], empty.folder, say=said.append)
    assert said == ["notices/0001_first", "notices/0002_second"]


# -- the lock ----------------------------------------------------------------------------------------------------

def test_a_second_migrator_waits_for_the_first(empty):
    """Longer than lock_timeout lets a session wait on PostgreSQL: 5 s."""
    plugin = notices(empty.folder, first=f"import time; time.sleep({6 if is_postgres() else 1})")
    ran, failed = [], []

    def migrate():
        try:
            ran.append(migrations.migrate([plugin], empty.folder))
        except Exception as error:
            failed.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=migrate) for _ in range(2)]
    for thread in threads:
        thread.start()
        time.sleep(0.3)
    for thread in threads:
        thread.join()
    assert not failed and sorted(ran) == [[], ["notices/0001_first"]]


def test_patience_with_another_migrator_ends_in_a_sentence(empty, monkeypatch):
    monkeypatch.setattr(migrations._wait, "__defaults__", (0.3,))
    held, enough = threading.Event(), threading.Event()

    def hold():
        with migrations._lock(empty.folder):
            held.set()
            enough.wait(10)
        database.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    with pytest.raises(TimeoutError, match="另一个 portal migrate 正在运行"):
        migrations.migrate([], empty.folder)
    enough.set()
    thread.join()
    assert migrations.migrate([], empty.folder) == []


@pytest.mark.parametrize("empty", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_long_script_is_not_stopped_by_the_limit_of_pages(empty):
    plugin = notices(empty.folder, first="assert db.execute_sql('SHOW statement_timeout').fetchone()[0] == '0'")
    migrations.migrate([plugin], empty.folder)
    assert database.execute_sql("SHOW statement_timeout").fetchone()[0] == "15s"


def test_a_script_of_sqlite_holds_the_write_lock_from_its_beginning(tmp_path, elsewhere):
    open_database("portal.db", tmp_path)
    seen = []
    database.obj.trace(lambda event, statement, sql, nanoseconds: seen.append(sql or ""))
    migrations.migrate([notices(tmp_path, first="pass")], tmp_path)
    assert "BEGIN immediate" in seen or "BEGIN IMMEDIATE" in seen, seen


@pytest.mark.parametrize("table", ["audit_entry", "cases_event"])
def test_what_only_grows_is_guarded_by_the_database_itself(empty, table):
    migrations.migrate(owners(empty.folder), empty.folder)
    if is_postgres():
        database.execute_sql("SET session_replication_role = replica")  # a row without the case that it belongs to
        fill(table)
        database.execute_sql("RESET session_replication_role")
        changes = [f"UPDATE {table} SET id = 9", f"DELETE FROM {table}", f"TRUNCATE {table}"]
    else:
        database.execute_sql("PRAGMA foreign_keys = off")
        fill(table)
        columns = ", ".join(column.name for column in database.get_columns(table))
        beside = columns.replace("id, ", "id + 1, ", 1)
        changes = [f"UPDATE {table} SET id = 9", f"DELETE FROM {table}",
                   f"INSERT OR REPLACE INTO {table} SELECT {columns} FROM {table}"]
        if table == "cases_event":
            changes.append(f"INSERT OR REPLACE INTO {table} SELECT {beside} FROM {table}")
    for change in changes:
        with pytest.raises(peewee.DatabaseError, match="append-only"):
            database.execute_sql(change)
    assert database.execute_sql(f"SELECT id FROM {table}").fetchall() == [(1,)]


def fill(table: str) -> None:
    """Put one row in, with something in every column that needs it."""
    given = {"VARCHAR": "'x'", "TEXT": "'x'", "DATETIME": "'2026-01-01 00:00:00'", "JSON": "'{}'"}
    columns = [column for column in database.get_columns(table) if not column.null]
    values = [given.get(str(column.data_type).upper().split("(")[0], "1") for column in columns]
    if is_postgres():
        texts = {"character varying": "'x'", "text": "'x'", "jsonb": "'{}'", "json": "'{}'",
                 "timestamp without time zone": "'2026-01-01'"}
        values = [texts.get(column.data_type, "1") for column in columns]
    database.execute_sql(
        f"INSERT INTO {table} ({', '.join(column.name for column in columns)}) VALUES ({', '.join(values)})"
    )
