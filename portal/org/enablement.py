"""Which town has enabled which plugin. A token in the database tells every worker at once that something changed."""

import secrets

from flask import current_app

from portal import audit
from portal.db import after_commit, atomic, is_postgres, now
from portal.org.models import OrgRevision, TownPlugin, TownPluginEvent, Unit
from portal.registry import registry_of
from portal.values import Plugin, Refused

#: How many obstacles are told; the rest is only counted.
TOLD = 20


def revision():
    """Return the subquery of the token that changes with every switch; a query about a person brings it along."""
    return OrgRevision.select(OrgRevision.token)


def enabled_for(unit, at: str | None = None) -> frozenset[str]:
    """Return the slugs of the plugins that are enabled where `unit` (a Unit or UnitRef) belongs.

    A village follows its town; whoever belongs to no town, and a plugin of the level "county", follow the county.
    With the present token of `revision()` in `at`, the answer is remembered until somebody switches again.
    """
    place = (unit.town_id or unit.county_id, unit.county_id)
    if at is None:
        return _enabled(*place)
    known = current_app.extensions.get("portal_enabled")
    if known is None or known[0] != at:
        known = current_app.extensions["portal_enabled"] = (at, {})
    if place not in known[1]:
        known[1][place] = _enabled(*place)
    return known[1][place]


def _enabled(town: int | None, county: int | None) -> frozenset[str]:
    rows = TownPlugin.select(TownPlugin.unit, TownPlugin.plugin).where(
        TownPlugin.unit.in_([town or 0, county or 0]), TownPlugin.enabled == True  # noqa: E712
    )
    found = set(rows.tuples())
    return frozenset(
        plugin.slug
        for plugin in registry_of(current_app).optional()
        if (county if plugin.level == "county" else town, plugin.slug) in found
    )


def enabled_somewhere() -> frozenset[str]:
    """Return the slugs of the plugins that at least one town or county has enabled."""
    rows = TownPlugin.select(TownPlugin.plugin).where(TownPlugin.enabled == True).distinct()  # noqa: E712
    return frozenset(slug for (slug,) in rows.tuples())


def towns_with(slug: str) -> list[int]:
    """Return the ids of the towns and counties that have enabled the plugin; what lies elsewhere its jobs leave alone.
    """
    rows = TownPlugin.select(TownPlugin.unit).where(TownPlugin.plugin == slug, TownPlugin.enabled == True)  # noqa: E712
    return sorted(unit for (unit,) in rows.tuples())


def switchable(units: list[Unit], plugin: Plugin) -> list[Unit]:
    """Return those of `units` for which `plugin` is enabled or not: the county and its towns, or the county alone."""
    return [unit for unit in units if unit.level in (("county",) if plugin.level == "county" else ("county", "town"))]


def renew_token() -> None:
    """Let every worker ask anew for what it remembers of towns. Done first: on PostgreSQL a second one waits here."""
    token = secrets.token_hex(16)
    (OrgRevision.insert(id=1, token=token)
     .on_conflict(conflict_target=[OrgRevision.id], update={OrgRevision.token: token}).execute())


def set_enabled(unit: Unit, slug: str, enabled: bool, by) -> None:
    """Enable or disable the plugin `slug` for a town or the county; nothing happens where it is so already.

    Disabling is refused with the list of what must be settled first, so that no open matter loses its way.
    """
    registry = registry_of(current_app)
    if not registry.is_optional(slug):
        raise Refused("没有这个插件，或它不能停用。")
    plugin = registry.plugins[slug]
    if unit.level not in ("county", "town"):
        raise Refused("只有县和乡镇能启用或停用插件，村和网格随乡镇。")
    if not switchable([unit], plugin):
        raise Refused(f"“{plugin.title}”全县统一启用，请在县一级办理。")
    if enabled and unit.is_closed:
        raise Refused(f"{unit.short}已停用，不能再启用平台。")
    with atomic():
        renew_token()
        row = _row(unit.id, slug, "FOR UPDATE")  # whoever opens a matter at this moment comes before or after this
        if (row.enabled if row else False) == enabled:
            return
        if not enabled:
            _refuse_open_matters(registry, unit, plugin)
        who = {"by_id": getattr(by, "id", None), "by_name": getattr(by, "full_name", "系统")}
        (
            TownPlugin.insert(unit=unit, plugin=slug, enabled=enabled, at=now(), **who)
            .on_conflict(
                conflict_target=[TownPlugin.unit, TownPlugin.plugin],
                update={"enabled": enabled, "at": now(), **who},
            )
            .execute()
        )
        TownPluginEvent.create(unit=unit, plugin=slug, enabled=enabled, **who)
        audit.record("org.enable" if enabled else "org.disable", "plugin", slug, detail={"unit": unit.name})
        after_commit(lambda: registry.collect("portal_town_changed", {slug}, town=unit, enabled=enabled))


def _row(place: int, slug: str, hold: str) -> TownPlugin | None:
    """Return the row of a town and a plugin, held on PostgreSQL; on SQLite a writer is alone anyway."""
    query = TownPlugin.select().where(TownPlugin.unit == place, TownPlugin.plugin == slug)
    return (query.for_update(hold) if is_postgres() else query).first()


def hold_enabled(unit: Unit, plugin: Plugin, act: str = "登记这件事") -> None:
    """Raise Refused unless `plugin` is enabled where `unit` belongs, and let nobody disable it before the commit.

    For opening a matter and handing it on: otherwise it would lie where nobody sees it. `act` is what is refused.
    """
    place = unit.county_id if plugin.level == "county" else unit.town_id or unit.county_id
    row = _row(place, plugin.slug, "FOR SHARE")
    if row is None or not row.enabled:
        raise Refused(f"{unit.short}没有启用“{plugin.title}”，不能{act}。")


def _refuse_open_matters(registry, unit: Unit, plugin: Plugin) -> None:
    if unit.level == "county" and plugin.level != "county":
        return  # towns go on by themselves; the county's own switch hides it from county staff only
    found = registry.collect("portal_town_obstacles", {plugin.slug}, or_refuse=True, town=unit, plugin=plugin.slug)
    obstacles = [sentence for owner, sentence in found if owner.slug == plugin.slug or owner.level == "core"]
    if obstacles:
        more = f"；等 {len(obstacles)} 件" if len(obstacles) > TOLD else ""
        shown = "；".join(obstacles[:TOLD]) + more
        raise Refused(f"还有 {len(obstacles)} 件没有办结，不能停用。请先办结：{shown}。")
