"""The county lays down whether its towns must, may or may not enable a plugin; each change is on the record."""

import hashlib
from dataclasses import dataclass, field

from portal import audit
from portal.db import atomic, now
from portal.org.enablement import enable_many, renew_token
from portal.org.models import PluginRule, TownPlugin, Unit
from portal.org.rules import KINDS, Rules
from portal.values import Conflict, Plugin, Refused


@dataclass
class Ruled:
    """What came of it: `enabled` where the plugin was enabled in the same act, `refused` where not, by the reason."""

    enabled: list[Unit] = field(default_factory=list)
    refused: dict[str, list[Unit]] = field(default_factory=dict)


def mark(rules: Rules) -> str:
    """Return what changes with every rule of a plugin: a page carries it, so that nobody overrules another unseen."""
    rows = sorted((row.unit_id, row.kind, row.version, str(row.at)) for row in rules.by_key.values())
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


def lay_down(plugin: Plugin, unit: Unit, kind: str, reason: str, by, *, seen: str = "", enable: bool = False) -> Ruled:
    """Lay down `kind` for `unit`: a town, or the county for all of its towns; "follow" takes a town's own rule away.

    `seen` is the `mark` that was on the screen. With `enable` a required plugin is enabled where it is not yet. Raises
    Refused, or Conflict where somebody was faster.
    """
    if plugin.level != "town":
        raise Refused(f"“{plugin.title}”全县统一启用，由县里自己启用或停用，不用规定。")
    if unit.level not in ("county", "town") or unit.is_closed:
        raise Refused("请选择全县，或一个没有停用的乡镇。", "unit")
    with atomic():
        renew_token()  # whoever switches at this moment comes before or after this rule
        rules = Rules(unit.county_id, plugin.slug)
        if seen and seen != mark(rules):
            last = max(rules.by_key.values(), key=lambda row: row.at, default=None)
            raise Conflict(last.by_name if last else "别人", f"改了“{plugin.title}”的规定",
                           f"/org/plugins/rules/{plugin.slug}")
        _put(rules, plugin, unit, kind, reason, by)
        if kind != "required" or not enable:
            return Ruled()
        return Ruled(*enable_many(without(unit, plugin.slug), plugin.slug, by))


def _put(rules: Rules, plugin: Plugin, unit: Unit, kind: str, reason: str, by) -> None:
    """Write one rule, or take it away where nothing is left to say; raises Refused where it is so already."""
    before = rules.own(unit.id, plugin.slug)
    general = rules.own(unit.county_id, plugin.slug) if unit.level == "town" else None
    gone = kind == "follow" or (kind == "free" and general is None)
    if (before is None and gone) or (before and not gone and (before.kind, before.reason) == (kind, reason)):
        raise Refused("现在就是这样规定的，没有改动。", "kind")
    if gone:
        PluginRule.delete().where(PluginRule.id == before.id).execute()
    else:
        who = {"kind": kind, "reason": reason, "by_id": getattr(by, "id", None), "by_name": by.full_name, "at": now()}
        (
            PluginRule.insert(county=unit.county_id, unit=unit, plugin=plugin.slug, **who)
            .on_conflict(conflict_target=[PluginRule.unit, PluginRule.plugin],
                         update={**who, PluginRule.version: PluginRule.version + 1})
            .execute()
        )
    was, becomes = KINDS[before.kind] if before else "没有规定", "没有规定" if gone else KINDS[kind]
    audit.record("org.rule_plugin", "plugin", plugin.slug, changes={plugin.title: [was, becomes]}, detail={
        "unit": unit.name if unit.level == "town" else f"{unit.name}（所有乡镇）", "reason": reason})


def towns_of(unit: Unit) -> list[Unit]:
    """Return the open towns for which a rule about `unit` is made: all of the county's, or the town alone."""
    if unit.level == "town":
        return [unit]
    query = Unit.select().where(Unit.county_id == unit.id, Unit.level == "town", Unit.valid_to.is_null())
    return list(query.order_by(Unit.code))


def without(unit: Unit, slug: str) -> list[Unit]:
    """Return those of the towns that a rule about `unit` binds which have not enabled the plugin."""
    towns = towns_of(unit)
    rows = TownPlugin.select(TownPlugin.unit).where(
        TownPlugin.unit.in_([town.id for town in towns] or [0]), TownPlugin.plugin == slug,
        TownPlugin.enabled == True)  # noqa: E712
    have, rules = {row.unit_id for row in rows}, Rules(unit.county_id, slug)
    return [
        town for town in towns
        if town.id not in have and (rule := rules.holding(town, slug)) and rule.kind == "required"
    ]
