"""Lists of a village by phase, kind, channel and day, and of what was rated badly, find their rows by an index; what is
overdue is counted from one.

A village of a county with five million cases has ten thousand of them. Hardly a case came up in another one or was
merged, so the indexes of both hold only those.
"""

VILLAGE = (("phase", '"phase", "opened" DESC'), ("closed", '"closed" DESC'), ("owed", '"owed" DESC'),
           ("kind", '"kind", "opened" DESC'), ("channel", '"channel", "opened" DESC'))
RATED = ("county_id", "town_id", "village_id")
RARE = ("merged_into_id", "source_case_id")
#: The places whose overdue cases are counted, with the column that they are counted by.
DUE = (("county_id", "town_id"), ("town_id", "village_id"), ("village_id", "grid_id"), ("line_id", "town_id"))
COUNTED = '"kind", "restricted", "person_id", "created_by_id", "unit_id", "channel", "opened", "closed"'


def up(migrator, db):
    for name, columns in VILLAGE:
        db.execute_sql(f'CREATE INDEX "cases_case_village_id_{name}" ON "cases_case" '
                       f'("village_id", {columns}, "id" DESC)')
    for place in RATED:
        db.execute_sql(f'CREATE INDEX "cases_case_{place}_rating" ON "cases_case" '
                       f'("{place}", "rating", "opened" DESC, "id" DESC, "channel") WHERE rating IS NOT NULL')
    for name in RARE:
        db.execute_sql(f'DROP INDEX "cases_case_{name}"')
        db.execute_sql(f'CREATE INDEX "cases_case_{name}" ON "cases_case" ("{name}") WHERE {name} IS NOT NULL')
    for place, below in DUE:
        _due(db, place, f', "{below}", {COUNTED}')


def down(migrator, db):
    for place, _ in DUE:
        _due(db, place, "")
    for name in RARE:
        db.execute_sql(f'DROP INDEX "cases_case_{name}"')
        db.execute_sql(f'CREATE INDEX "cases_case_{name}" ON "cases_case" ("{name}")')
    for place in RATED:
        db.execute_sql(f'DROP INDEX "cases_case_{place}_rating"')
    for name, _ in VILLAGE:
        db.execute_sql(f'DROP INDEX "cases_case_village_id_{name}"')


def _due(db, place: str, more: str) -> None:
    db.execute_sql(f'DROP INDEX "cases_case_{place}_due"')
    db.execute_sql(f'CREATE INDEX "cases_case_{place}_due" ON "cases_case" ("{place}", "due", "id"{more}) '
                   'WHERE closed IS NULL')
