"""Whatever a test does to PostgreSQL and to the process, the next one finds the county as it was built."""

import pytest

from portal.db import database
from portal.registry import registry_of

pytestmark = [
    pytest.mark.postgres, pytest.mark.parametrize("ground", ["postgres"], indirect=True, scope="session"),
]

ROWS = "SELECT md5(string_agg(one::text, ',' ORDER BY id)) FROM org_unit AS one"
DONE = {
    "a row was changed": "UPDATE org_unit SET name = '别处' WHERE id = (SELECT max(id) FROM org_unit)",
    "a row was changed there and back":
        "UPDATE org_unit SET name = name || '一'; UPDATE org_unit SET name = left(name, -1)",
    "all rows went": "TRUNCATE org_directory",
    "a row went": "DELETE FROM accounts_known_permission WHERE ctid = '(0,1)'",
    "a number was drawn": "SELECT nextval('org_unit_id_seq')",
    "a column came": "ALTER TABLE org_unit ADD COLUMN strange INTEGER",
    "a type changed": "ALTER TABLE audit_entry ALTER COLUMN action TYPE TEXT",
    "a trigger came": "CREATE TRIGGER strange BEFORE UPDATE ON org_unit FOR EACH ROW"
                      " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "a constraint came": "ALTER TABLE org_unit ADD CONSTRAINT strange CHECK (id > -5)",
    "an index went": "DROP INDEX org_unit_parent_id",
}


def facts(ground):
    """Return what a test could notice: rows, numbers, and the database's own description of itself."""
    counted = " UNION ALL ".join(f"SELECT '{table}', count(*)::text FROM \"{table}\"" for table in ground.rows)
    described = """
        SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT table_name || '.' || column_name || ' ' || data_type FROM information_schema.columns
            WHERE table_schema = 'public'"""
    sequences = "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"
    asked = (ROWS, counted, f"SELECT one FROM ({described}) AS all_of_it (one) ORDER BY 1", sequences)
    return [sorted(database.execute_sql(sql).fetchall()) for sql in asked]  # parallel parts come in any order


@pytest.mark.parametrize("done", DONE)
def test_what_was_done_to_the_database_is_undone(app, ground, done):
    before = facts(ground)
    for statement in DONE[done].split("; "):
        database.execute_sql(statement)
    if done != "a row was changed there and back":
        assert facts(ground) != before
    ground.put_back()
    database.connect(reuse_if_open=True)
    assert facts(ground) == before


def test_no_page_of_another_test_reports_what_failed_in_this_one(app, ground):
    breakers = registry_of(app).breakers
    breakers.of("station", "a page").note(ValueError("of this test"))
    assert breakers.due(everything=True)
    ground.put_back()
    assert not breakers.due(everything=True)
