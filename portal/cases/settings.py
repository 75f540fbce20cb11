from portal.cases.supervision.rules import rules_of


def shades(row=None) -> dict[str, int]:
    """Return from which percent of the period the light of `row` (a case or a row of a list) turns 麦 and 朱."""
    held = rules_of(row.kind, row.county_id, row.town_id) if row is not None else rules_of()
    return {"yellow": held.yellow, "red": held.red}
