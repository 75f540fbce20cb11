"""Which town has enabled which plugin. A token in the database tells every worker at once that something changed."""

import functools
import secrets
from collections.abc import Callable

from flask import current_app

from portal import audit
from portal.db import after_commit, atomic, firsthand, is_postgres, now
from portal.org.models import OrgRevision, TownPlugin, TownPluginEvent, Unit
from portal.org.rules import refuse_against
from portal.prepared import PreparedModels
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
        with firsthand():  # rows older than the token would be taken for what holds now
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

    Raises Refused: disabling, with the list of what must be settled first, so that no open matter loses its way; either
    where the county laid down the opposite, or another plugin is needed or needs this one.
    """
    _switch(unit, slug, enabled, by)


def hand_and_disable(unit: Unit, slug: str, by, text: str = "", keeper: int | None = None) -> list[str]:
    """Hand what is open of the plugin in the town to the county and disable it, in one act; return what was handed.

    `text` is the reason, `keeper` the id of who gets what is hidden from all others. Raises Refused, and then nothing
    of it has happened.
    """
    registry, done = registry_of(current_app), []
    plugin = _switchable_plugin(registry, unit, slug)

    def hand():
        for owner, other in registry.plugins.items():
            if (other.level == "core" or owner == slug) and registry.answers(owner, "portal_hand_town"):
                done.extend(registry.ask(owner, "portal_hand_town", town=unit, plugin=slug, actor=by, text=text,
                                         keeper=keeper) or [])

    with atomic():
        renew_token()
        refuse_against(unit, plugin, False)
        # Before the row of the switch is held: whoever takes a step holds the case first and asks for that row
        # afterwards. What was opened meanwhile is handed once the row is held.
        hand()
        _switch(unit, slug, False, by, hand)
    return done


def enable_many(units: list[Unit], slug: str, by) -> tuple[list[Unit], dict[str, list[Unit]]]:
    """Enable the plugin for each of `units`; return those where it was not before, and those refused by the reason."""
    done, refused = [], {}
    before = {row.unit_id for row in TownPlugin.select(TownPlugin.unit).where(
        TownPlugin.plugin == slug, TownPlugin.enabled == True)}  # noqa: E712
    for unit in units:
        try:
            with atomic():
                set_enabled(unit, slug, True, by)
        except Refused as refusal:
            refused.setdefault(refusal.sentence, []).append(unit)
        else:
            done += [unit] if unit.id not in before else []
    return done, refused


def _switchable_plugin(registry, unit: Unit, slug: str) -> Plugin:
    """Return the plugin that is to be switched for `unit`; raises Refused where there is nothing to switch."""
    if not registry.is_optional(slug):
        raise Refused("没有这个插件，或它不能停用。")
    plugin = registry.plugins[slug]
    if unit.level not in ("county", "town"):
        raise Refused("只有县和乡镇能启用或停用插件，村和网格随乡镇。")
    if not switchable([unit], plugin):
        raise Refused(f"“{plugin.title}”全县统一启用，请在县一级办理。")
    return plugin


def _switch(unit: Unit, slug: str, enabled: bool, by, clear: Callable[[], None] | None = None) -> None:
    """Write the switch with its history; `clear` takes open matters out of the way once nobody can open another one."""
    registry = registry_of(current_app)
    plugin = _switchable_plugin(registry, unit, slug)
    if enabled and unit.is_closed:
        raise Refused(f"{unit.short}已停用，不能再启用平台。")
    with atomic():
        renew_token()
        row = _row(unit.id, slug, "FOR UPDATE")  # whoever opens a matter at this moment comes before or after this
        if (row.enabled if row else False) == enabled:
            return
        refuse_against(unit, plugin, enabled)
        refuse_unfit(registry, unit, plugin, enabled)
        if not enabled:
            if clear:
                clear()
            _refuse_open_matters(registry, unit, plugin)
        _write(unit, slug, enabled, by)
        after_commit(lambda: registry.collect("portal_town_changed", {slug}, town=unit, enabled=enabled))


def _write(unit: Unit, slug: str, enabled: bool, by) -> None:
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


# -- plugins that need each other ----------------------------------------------------------------------------------

def lacking(registry, unit: Unit, plugin: Plugin) -> list[Plugin]:
    """Return the plugins that `plugin` needs and that are not enabled where `unit` belongs."""
    needed = [registry.plugins[slug] for slug in plugin.depends if registry.is_optional(slug)]
    if not needed:
        return []
    rows = TownPlugin.select(TownPlugin.unit, TownPlugin.plugin).where(
        TownPlugin.unit.in_([unit.id, unit.county_id]), TownPlugin.plugin.in_([one.slug for one in needed]),
        TownPlugin.enabled == True)  # noqa: E712
    found = set(rows.tuples())
    return [one for one in needed if (unit.county_id if one.level == "county" else unit.id, one.slug) not in found]


def needing(registry, unit: Unit, plugin: Plugin) -> dict[str, list[str]]:
    """Return the titles of the enabled plugins that need `plugin`, each with the units that would lose it."""
    slugs = {one.slug: one.title for one in registry.optional() if plugin.slug in one.depends}
    if not slugs:
        return {}
    lost = Unit.county_id == unit.county_id if plugin.level == "county" else Unit.id == unit.id
    rows = (
        TownPlugin.select(TownPlugin.plugin, Unit.short).join(Unit)
        .where(lost, TownPlugin.plugin.in_(list(slugs)), TownPlugin.enabled == True)  # noqa: E712
        .order_by(TownPlugin.plugin, Unit.code).tuples()
    )
    found = {}
    for slug, short in rows:
        found.setdefault(slugs[slug], []).append(short)
    return found


def refuse_unfit(registry, unit: Unit, plugin: Plugin, enabled: bool) -> None:
    """Raise Refused where a plugin is missing that this one needs, or one is enabled that needs this one."""
    if enabled and (missing := lacking(registry, unit, plugin)):
        named = "、".join(f"“{one.title}”" + ("（由县里启用）" if one.level == "county" else "") for one in missing)
        raise Refused(f"“{plugin.title}”要用到{named}，请先启用。")
    if not enabled and (users := needing(registry, unit, plugin)):
        named = "、".join(f"“{title}”" + (f"（{places[0]}等 {len(places)} 个单位）" if len(places) > 1 else "")
                         for title, places in users.items())
        raise Refused(f"{named}要用到“{plugin.title}”，请先停用{named}。")


# -- whoever opens a matter or hands one on ------------------------------------------------------------------------

class NotEnabled(Refused):
    """The plugin is not enabled where a matter was to go."""


def _row(place: int, slug: str, hold: str) -> TownPlugin | None:
    """Return the row of a town and a plugin, held on PostgreSQL; on SQLite a writer is alone anyway."""
    return next(iter(_rows(hold)(place=place, plugin=slug)), None)


@functools.lru_cache
def _rows(hold: str) -> PreparedModels:
    def build(slots):
        query = TownPlugin.select().where(TownPlugin.unit == slots.place, TownPlugin.plugin == slots.plugin)
        return query.for_update(hold) if is_postgres() else query

    return PreparedModels(build)


def is_held(unit: Unit, plugin: Plugin) -> bool:
    """Tell whether `plugin` is enabled where `unit` belongs; if so, nobody disables it before the commit."""
    place = unit.county_id if plugin.level == "county" else unit.town_id or unit.county_id
    row = _row(place, plugin.slug, "FOR SHARE")
    return row is not None and row.enabled


def hold_enabled(unit: Unit, plugin: Plugin, act: str = "登记这件事") -> None:
    """Raise NotEnabled unless `plugin` is enabled where `unit` belongs, and let nobody disable it before the commit.

    For opening a matter and handing it on: otherwise it would lie where nobody sees it. `act` is what is refused.
    """
    if not is_held(unit, plugin):
        raise NotEnabled(f"{unit.short}没有启用“{plugin.title}”，不能{act}。")


def _refuse_open_matters(registry, unit: Unit, plugin: Plugin) -> None:
    found = registry.collect("portal_town_obstacles", {plugin.slug}, or_refuse=True, town=unit, plugin=plugin.slug)
    obstacles = [sentence for owner, sentence in found if owner.slug == plugin.slug or owner.level == "core"]
    if obstacles:
        more = f"；等 {len(obstacles)} 件" if len(obstacles) > TOLD else ""
        shown = "；".join(obstacles[:TOLD]) + more
        raise Refused(f"还有 {len(obstacles)} 件没有办结，不能停用。请先办结：{shown}。")
