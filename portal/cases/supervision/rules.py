"""When a light turns, when a colour is proposed, when a superior is told: by county and kind, lights by town as well.

What nobody has set comes from one step further out: town and kind, town, county and kind, county, the defaults.
Read without a query: the rules are kept in each process until the token of `renew_token` changes.
"""

from typing import NamedTuple

from flask import current_app, g, has_app_context

from portal import audit
from portal.cases.supervision.models import Rule
from portal.db import atomic, firsthand, now
from portal.org.enablement import renew_token, revision
from portal.values import Refused


class Rules(NamedTuple):
    """`yellow`, `red`: percent of the period; the days are those overdue, counted by the calendar's days."""

    yellow: int
    red: int
    orange_days: int
    red_days: int
    escalate_days: int
    auto_remind: bool

    def colour(self, days: int) -> str:
        """Return the colour that is proposed for what is `days` overdue."""
        return "red" if days >= self.red_days else "orange" if days >= self.orange_days else "blue"


#: 逾期次日催办，再超 5 日通报 (a bureau's rule, DOMAIN 7.2); the middle step is ours.
DAYS = {"orange_days": 3, "red_days": 6, "escalate_days": 5, "auto_remind": True}
#: What a town may set for itself. The colours are the county's, so that 橙 means the same in every town.
OF_TOWNS = ("yellow", "red")


def defaults() -> Rules:
    settings = current_app.config["PORTAL"]
    return Rules(settings["yellow_percent"], settings["red_percent"], **DAYS)


def rules_of(kind: str = "", county_id: int | None = None, town_id: int | None = None) -> Rules:
    """Return what holds for cases of `kind` in a town of a county; without a place, the defaults."""
    kept, worked_out = _load()
    key = (kind, county_id, town_id)
    if key not in worked_out:
        worked_out[key] = _worked_out(kept, *key)
    return worked_out[key]


def _load() -> tuple[dict, dict]:
    """Return the rules by (unit, kind), and what was worked out from them so far."""
    token = g.get("org_token") if has_app_context() else None
    if token is None:
        token = revision().scalar() or ""
    known = current_app.extensions.get("portal_rules")
    if known is None or known[0] != token:
        with firsthand():  # rows older than the token would be taken for what holds now
            kept = {(row.unit_id, row.kind): row for row in Rule.select()}
        known = current_app.extensions["portal_rules"] = (token, kept, {})
    return known[1], known[2]


def _worked_out(kept: dict, kind: str, county_id, town_id) -> Rules:
    found = defaults()._asdict()
    # From the outermost inwards: the nearest one has the last word.
    for unit_id, names in ((county_id, Rules._fields), (town_id, OF_TOWNS)):
        for row in (kept.get((unit_id, "")), kept.get((unit_id, kind)) if kind else None):
            if row is not None:
                found |= {name: getattr(row, name) for name in names if getattr(row, name) is not None}
    return Rules(**found)


def own(unit_id: int, kind: str) -> dict:
    """Return what the unit itself has set for a kind ("": for all), None where it has not."""
    row = _load()[0].get((unit_id, kind))
    return {name: getattr(row, name) if row else None for name in Rules._fields}


def save(unit, kind: str, values: dict, by) -> None:
    """Set the rules of a county or town for a kind ("": all); None takes what holds one step further out."""
    names = Rules._fields if unit.level == "county" else OF_TOWNS
    with atomic():
        renew_token()
        # Asked of the table: what is kept under the new token must not be what held before.
        row = Rule.get_or_none(Rule.unit == unit.id, Rule.kind == kind)
        before = {name: getattr(row, name) if row else None for name in names}
        after = {name: values.get(name) for name in names}
        if before == after and row is None:
            raise Refused("这里本来就没有单独规定，不用恢复。", "reset")
        written = {**after, "by_name": by.full_name, "at": now()}
        (Rule.insert(unit=unit.id, kind=kind, **written)
         .on_conflict(conflict_target=[Rule.unit, Rule.kind], update=written).execute())
        _refuse_contradictions(unit, kind, after)
        changes = {name: [before[name], after[name]] for name in names if before[name] != after[name]}
        if changes:
            audit.record("cases.change_rules", "rule", kind or "*", detail={"unit": unit.name}, changes=changes)


def _refuse_contradictions(unit, kind: str, after: dict) -> None:
    """Hold what now holds against sense: 麦 comes before 朱, 橙 before 红."""
    kept = {(row.unit_id, row.kind): row for row in Rule.select().where(Rule.unit.in_([unit.id, unit.county_id]))}
    town = unit.id if unit.level == "town" else None
    held = _worked_out(kept, kind, unit.county_id, town)
    if held.yellow > held.red:
        field = "yellow" if after.get("yellow") else "red"
        raise Refused(f"变黄（{held.yellow}%）应早于变红（{held.red}%）。", field)
    if held.orange_days > held.red_days:
        sentence = f"橙色警告（超期 {held.orange_days} 天）应早于红色督办（超期 {held.red_days} 天）。"
        raise Refused(sentence, "orange_days")
