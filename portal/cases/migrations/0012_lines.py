"""Counters of a line tell no responsible units apart: those have counters of their own, as those of a county have.
Those of one unit are found by it.

Going back leaves a line's counters without their way in; `portal tallies rebuild` counts them anew.
"""

FLOWS = ("opened", "settled", "cancelled", "redone", "closed", "on_time", "minutes", "rated", "rating_sum", "satisfied",
         "fair", "at_once", "first_time", "own", "due", "kept")
INTO = ("INSERT INTO cases_flow (county_id, axis, period, unit_id, town_id, holder_id, kind, channel, village_id, "
        f"{', '.join(FLOWS)}) SELECT county_id")
SUMS = ", ".join(f"SUM({name})" for name in FLOWS)
UP = (
    f"{INTO}, 'holder', period, unit_id, town_id, holder_id, kind, CASE WHEN channel = 'proxy' THEN channel ELSE '' "
    f"END, NULL, {SUMS} FROM cases_flow WHERE axis = 'line' GROUP BY 1, 3, 4, 5, 6, 7, 8",
    f"{INTO}, 'line', period, unit_id, town_id, 0, kind, channel, NULL, {SUMS} FROM cases_flow WHERE axis = 'line' "
    "GROUP BY 1, 3, 4, 5, 7, 8",
    "DELETE FROM cases_flow WHERE axis = 'line' AND holder_id <> 0",
)
DOWN = (
    "DELETE FROM cases_flow WHERE axis = 'line'",
    "UPDATE cases_flow SET axis = 'line' WHERE axis = 'holder' AND unit_id <> 0",
)


def up(migrator, db):
    for statement in UP:
        db.execute_sql(statement)
    db.execute_sql('CREATE INDEX "cases_tally_unit_id_axis" ON "cases_tally" ("unit_id", "axis")')


def down(migrator, db):
    db.execute_sql('DROP INDEX "cases_tally_unit_id_axis"')
    for statement in DOWN:
        db.execute_sql(statement)
