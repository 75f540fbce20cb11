"""What parting by county makes of a database, and what works on it afterwards."""

import click
import peewee
import pytest
from playhouse.schema_diff import diff_models

from portal import db, migrations, partitions, province
from portal.cases.models import Case, CaseEvent
from portal.commands.partition import check_locks, counties_here
from portal.db import database
from portal.migrations import Owner
from portal.partitions import adding, catalogue, parting
from portal.registry import registry_of
from tests.commands.server import portal, said
from tests.parted import models_of
from tests.spread.conftest import item_of
from tests.spread.seats import add_county
from tests.station.door import receive, step

pytestmark = pytest.mark.postgres
THIRD = "510781", "江油市"


@pytest.fixture
def here(parted):
    with parted.opened():
        yield parted


def ask(sql: str, *values):
    return database.execute_sql(sql, values).fetchall()


def test_everything_that_grows_is_parted_and_what_stays_whole_has_a_reason(here):
    models = models_of(here.app)
    parted = catalogue.parted_tables(database)
    assert parted == set(partitions.growing(models)) and len(parted) > 45
    assert set(partitions.kept_whole(models)) == {
        "accounts_absence", "grid_grid", "grid_town_point", "mediation_mediator", "mediation_team", "notify_addressee",
        "notify_announcement", "org_copy", "org_plugin_rule", "station_item", "village_rules_charter",
        "village_rules_meeting", "village_rules_sheet"} - {"org_plugin_rule"}
    for table in parted:
        bounds = catalogue.partitions_of(database, table)
        assert list(bounds) == [f"{table}_c510722", f"{table}_c510723", f"{table}_rest"]
        assert bounds[f"{table}_rest"] == "DEFAULT"


def test_keys_and_references_name_the_county(here):
    parted = catalogue.parted_tables(database)
    keys = ask("SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p'")
    assert all("county_id" in definition for table, definition in keys if table in parted)
    unique = ask("SELECT relname, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indrelid "
                 "WHERE indisunique AND relkind = 'p'")
    assert len(unique) > 60 and all("county_id" in definition for _, definition in unique)
    references = catalogue.references_to(database, parted)
    assert len(references) > 40
    for one in references:
        assert "county_id" in one.columns and "county_id" in one.wanted, one


def test_a_row_cannot_refer_to_another_county(here):
    here_id, there_id = counties_here()
    case = Case.select().where(Case.county_id == there_id).first()
    with pytest.raises(peewee.IntegrityError), db.atomic():
        database.execute_sql(
            "INSERT INTO cases_reply (county_id, case_id, at, by_name, channel, text) "
            "VALUES (%s, %s, now(), '张', 'face', '好')", (here_id, case.id))


def test_what_only_grows_still_does_in_each_partition(here):
    for table in ("cases_event", "cases_event_c510722"):
        for sql in (f"UPDATE {table} SET text = 'x'", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(peewee.PeeweeException) as refused, db.atomic():
                database.execute_sql(sql)
            assert "append-only" in str(refused.value), sql


def test_the_ids_of_all_counties_come_from_one_sequence(here):
    ids = [key for (key,) in Case.select(Case.id).tuples()]
    counties = {county for (county,) in Case.select(Case.county_id).distinct().tuples()}
    assert len(ids) == len(set(ids)) and counties == set(counties_here())


def test_the_models_fit_the_parted_tables_but_for_the_county_in_unique_indexes(here):
    named = {name for (name,) in ask("SELECT relname FROM pg_class WHERE relkind = 'I'")}
    for owner in registry_of(here.app).owners():
        difference = diff_models(database.obj, list(owner.models))
        assert not (difference.create_tables or difference.add_columns or difference.drop_columns), owner.slug
        # peewee does not see the indexes of a parted table: those of a partition are the same under other names.
        for one in difference.add_indexes:
            have = [tuple(index.columns) for index in database.get_indexes(f"{one.table}_c510722")]
            assert one.name in named if one.columns is None else {
                tuple(one.columns), (*one.columns, "county_id")} & set(have), (one, have)


def test_a_third_county_that_worked_already_gets_partitions_of_its_own(here):
    add_county(*THIRD, here.folder, registry_of(here.app))
    window, item = here.sign_in(f"cun{THIRD[0]}"), item_of(THIRD[0])
    case = receive(window, item)
    counties = counties_here()
    key = next(key for key, code in counties.items() if code.startswith(THIRD[0]))
    assert set(partitions.lacking(counties)) == catalogue.parted_tables(database)
    assert [one.sentence for one in province.portal_check()] == [
        "江油市还没有自己的分区，请停下服务运行 portal partition。"]
    before = {table: parting.fingerprint(table) for table in catalogue.parted_tables(database)}
    assert ask("SELECT count(*) FROM cases_event_rest")[0][0] > 0

    moved = partitions.add_counties(counties)

    assert moved > 5 and not partitions.lacking(counties) and not province.portal_check()
    assert {table: parting.fingerprint(table) for table in before} == before
    assert ask("SELECT count(*) FROM cases_event_rest") == [(0,)]
    assert ask("SELECT count(*) FROM cases_event_c510781 WHERE case_id = %s", case.id)[0][0] > 0
    step(window, case, "accept")
    assert window.status == 200 and Case.get_by_id(case.id).state == "accepted"
    with pytest.raises(peewee.PeeweeException, match="append-only"), db.atomic():
        CaseEvent.delete().where(CaseEvent.county_id == key).execute()
    assert adding.add_counties(counties) == 0


MIGRATION = '''
from peewee import *

def up(migrator, db):
    class Case(Model):
        id = BigAutoField()
        class Meta:
            database = db
            table_name = "cases_case"

    class Lamp(Model):
        county_id = IntegerField()
        case = ForeignKeyField(Case, unique=True)
        pole = CharField(max_length=20, default="")
        class Meta:
            database = db
            legacy_table_names = False
            table_name = "lamp_lamp"
    db.create_tables([Lamp])
    migrator.migrate(
        migrator.add_column("cases_pause", "note", CharField(max_length=20, default="")),
        migrator.add_column("cases_pause", "other_id", ForeignKeyField(Case, field=Case.id, null=True)),
        migrator.add_index("cases_pause", ("case_id", "since"), True),
    )

def down(migrator, db):
    migrator.migrate(migrator.drop_column("cases_pause", "note"), migrator.drop_column("cases_pause", "other_id"),
                     migrator.drop_index("cases_pause", "cases_pause_case_id_since"))
    migrator.migrate(migrator.drop_table("lamp_lamp"))
'''


def test_migrations_written_for_whole_tables_run_on_parted_ones(here, tmp_path):
    class Lamp(db.Model):
        county_id = peewee.IntegerField()
        case = peewee.ForeignKeyField(Case, unique=True)
        pole = peewee.CharField(max_length=20, default="")

        class Meta:
            table_name = "lamp_lamp"

    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_initial.py").write_text(MIGRATION)
    owner = Owner("lamp", tmp_path / "migrations", (Lamp,), optional=True)
    assert migrations.migrate([owner], here.folder) == ["lamp/0001_initial"]
    try:
        plan = partitions.Parting.planned(partitions.growing([Lamp]), counties_here())
        assert plan.tables == {"lamp_lamp": 0}
        partitions.part(plan)
        case = Case.select().first()
        Lamp.create(county_id=case.county_id, case=case)
        with pytest.raises(peewee.IntegrityError), db.atomic():
            Lamp.create(county_id=case.county_id + 1, case=case)
        with pytest.raises(peewee.IntegrityError), db.atomic():
            Lamp.create(county_id=case.county_id, case=case)
        references = {one.name: one for one in catalogue.references_to(database, {"cases_case"})}
        assert references["lamp_lamp_case_id_county_id_fkey"].wanted == ("id", "county_id")
    finally:
        database.execute_sql("DROP TABLE lamp_lamp")
        for statement in ("DROP COLUMN note", "DROP COLUMN other_id"):
            database.execute_sql(f"ALTER TABLE cases_pause {statement}")
        database.execute_sql("DROP INDEX cases_pause_case_id_since")
        database.execute_sql("DROP TABLE lamp_migration")


def test_nothing_is_changed_where_rows_would_differ(here, monkeypatch):
    database.execute_sql("CREATE TABLE odd_one (id serial PRIMARY KEY, county_id int NOT NULL)")
    database.execute_sql("INSERT INTO odd_one (county_id) VALUES (1), (2)")
    try:
        real = parting.fingerprint
        monkeypatch.setattr(parting, "fingerprint", lambda table: (len(sums := real(table)), id(sums)))
        with pytest.raises(parting.PartingFailed, match="已全部撤回"):
            partitions.part(partitions.Parting({"odd_one": 2}, counties_here()))
        assert "odd_one" not in catalogue.parted_tables(database) and ask("SELECT count(*) FROM odd_one") == [(2,)]
    finally:
        database.execute_sql("DROP TABLE odd_one")


def test_the_command_says_first_what_it_would_do_and_refuses_sqlite(here, tmp_path):
    told = portal("partition", "--dry-run", cwd=tmp_path, instance=here.folder, database=here.settings["database"])
    assert told.status == 0 and "都已按县分区" in told.out and "不分区：station_item" in told.out, told
    portal("migrate", cwd=tmp_path)
    assert "SQLite 装得下一个县" in said(portal("partition", cwd=tmp_path))


def test_more_counties_than_postgresql_can_lock_at_once_are_refused_with_what_to_set(here):
    tables = dict.fromkeys(catalogue.parted_tables(database), 0)
    check_locks(partitions.Parting(tables, {1: "510722000000"}))
    with pytest.raises(click.ClickException, match="max_locks_per_transaction 改为"):
        check_locks(partitions.Parting(tables, {key: f"{key:012d}" for key in range(1000)}))
