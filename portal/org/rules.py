"""What the county lays down about plugins: required, forbidden, or left to the towns; for all of them or for one."""

from portal.org.models import PluginRule, Unit
from portal.values import Plugin, Refused

#: A town's own rule goes before the county's for all; "free" takes one town out of it.
KINDS = {"required": "必须启用", "forbidden": "不得启用", "free": "由乡镇自定"}
#: What a mark in the matrix says.
MARKS = {"required": "必", "forbidden": "禁"}


class Rules:
    """The rules of a county, read once: `holding(unit, slug)` is the one that holds for a town, or None."""

    def __init__(self, county_id: int | None, slug: str = ""):
        query = PluginRule.select().where(PluginRule.county == (county_id or 0))
        rows = query.where(PluginRule.plugin == slug) if slug else query
        self.county_id, self.by_key = county_id, {(row.unit_id, row.plugin): row for row in rows}

    def own(self, unit_id: int, slug: str) -> PluginRule | None:
        """Return what was laid down for exactly this town, or with the county's id for all of them."""
        return self.by_key.get((unit_id, slug))

    def holding(self, unit: Unit, slug: str) -> PluginRule | None:
        """Return the rule that binds the town; None where it decides by itself, and for the county's own switch."""
        if unit.level != "town":
            return None
        found = self.own(unit.id, slug) or self.own(self.county_id, slug)
        return None if found is None or found.kind == "free" else found


def said(rule: PluginRule, plugin: Plugin) -> str:
    """Return the rule as the town reads it: what, who, when, why."""
    return (f"县里规定“{plugin.title}”{KINDS[rule.kind]}（{rule.by_name}，{rule.at:%Y-%m-%d}："
            f"{rule.reason}）")


def refuse_against(unit: Unit, plugin: Plugin, enabled: bool) -> None:
    """Raise Refused where the county has laid down that the town may not switch the plugin this way."""
    rule = Rules(unit.county_id, plugin.slug).holding(unit, plugin.slug)
    if rule is None or rule.kind == ("required" if enabled else "forbidden"):
        return
    what = "不能启用" if enabled else "不能停用"
    raise Refused(f"{said(rule, plugin)}，{what}。确需改变的，请县里先改规定。")
