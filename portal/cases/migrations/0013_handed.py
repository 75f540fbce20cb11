"""The cases that a unit handed on, or had before a superior took them over, are found when units are merged."""

LINKS = ("handed_from_id", "former_unit_id")


def up(migrator, db):
    for name in LINKS:
        db.execute_sql(f'CREATE INDEX "cases_case_{name}" ON "cases_case" ("{name}") WHERE {name} IS NOT NULL')


def down(migrator, db):
    for name in LINKS:
        db.execute_sql(f'DROP INDEX "cases_case_{name}"')
