"""What a county sums up: counters by town and by responsible unit, and lists of one kind or one channel."""

FLOWS = ("opened", "settled", "cancelled", "redone", "closed", "on_time", "minutes", "rated", "rating_sum", "satisfied",
         "fair", "at_once", "first_time", "own", "due", "kept")
SUMS = ", ".join(f"SUM({name})" for name in FLOWS)
INTO = ("INSERT INTO cases_flow (county_id, axis, period, unit_id, town_id, holder_id, kind, channel, village_id, "
        f"{', '.join(FLOWS)}) SELECT county_id")
STATEMENTS = (
    f"{INTO}, 'town', period, CASE WHEN town_id = 0 THEN county_id ELSE town_id END, town_id, 0, kind, channel, NULL, "
    f"{SUMS} FROM cases_flow WHERE axis = 'place' GROUP BY 1, 3, 4, 5, 7, 8",
    f"{INTO}, 'holder', period, 0, 0, holder_id, kind, CASE WHEN channel = 'proxy' THEN channel ELSE '' END, NULL, "
    f"{SUMS} FROM cases_flow WHERE axis = 'place' GROUP BY 1, 3, 6, 7, 8",
    "INSERT INTO cases_tally (axis, unit_id, kind, phase, state, county_id, town_id, village_id, count) "
    "SELECT 'town', COALESCE(town_id, county_id), kind, phase, state, county_id, town_id, NULL, SUM(count) "
    "FROM cases_tally WHERE axis = 'place' GROUP BY 2, 3, 4, 5, 6, 7",
)
PLACES, FILTERS = ("county_id", "town_id"), ("kind", "channel")


def up(migrator, db):
    for statement in STATEMENTS:
        db.execute_sql(statement)
    for place in PLACES:
        for name in FILTERS:
            db.execute_sql(f'CREATE INDEX "cases_case_{place}_{name}" ON "cases_case" '
                           f'("{place}", "{name}", "opened" DESC, "id" DESC)')


def down(migrator, db):
    for place in PLACES:
        for name in FILTERS:
            db.execute_sql(f'DROP INDEX "cases_case_{place}_{name}"')
    db.execute_sql("DELETE FROM cases_flow WHERE axis IN ('town', 'holder')")
    db.execute_sql("DELETE FROM cases_tally WHERE axis = 'town'")
