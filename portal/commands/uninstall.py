"""`portal plugin uninstall`: once all that a plugin keeps is in a file, nothing of it is left in the database.

What stays, because it is the county's record and not the plugin's: closed cases with their timelines, numbers, counters
and files, and the audit record.
"""

import click
from peewee import fn, sort_models

from portal import audit, migrations
from portal.accounts.models import KnownPermission, Role
from portal.cases.models import Case
from portal.cases.supervision.models import Rule, Told
from portal.commands.plugin_export import has_changed, owned_by
from portal.db import atomic, database
from portal.files.models import Attachment
from portal.forms.models import RequestKey
from portal.health import HookHealth
from portal.jobs.models import JobRun
from portal.notify.models import Mute, Notice
from portal.org.enablement import renew_token
from portal.org.models import OrgSetting, OrgSettingEvent, PluginRule, TownPlugin, TownPluginEvent
from portal.registry import Registry
from portal.search.index import remove
from portal.search.models import SearchText

#: Where the portal itself names what a plugin declares: "<slug>.<what>".
NAMED = (
    OrgSetting.name, OrgSettingEvent.name, KnownPermission.name, Mute.topic, Notice.topic, JobRun.name, Rule.kind,
    Told.topic, Told.about,
)


class InTheWay(click.ClickException):
    """The plugin cannot be removed yet; the message says what must be settled first."""


def refuse_unsettled(registry: Registry, slug: str) -> None:
    """Raise InTheWay where the plugin is unknown, needed by another, half-way through an upgrade, or has open matters.

    One that was uninstalled and is still on the disk may be uninstalled again: an interrupted one is carried on so.
    """
    if not registry.is_optional(slug):
        left_out = next((one.reason for one in registry.quarantined if one.slug == slug), "")
        raise InTheWay(
            f"插件 {slug} 没有载入（{left_out}），读不出它的数据；请先修好它，再卸载。" if left_out
            else f"没有名为 {slug} 的插件；portal plugin list 列出全部。"
        )
    if needing := [plugin.title for plugin in registry.plugins.values() if slug in plugin.depends]:
        raise InTheWay(f"“{'、'.join(needing)}”依赖它，请先卸载那些插件。")
    owners = registry.owners()
    migrations.check([owner for owner in owners if owner.slug != slug])
    for owner in owners:
        if owner.slug == slug and any(script.applied for script in owner.runner().status()):
            migrations.check([owner])
    _refuse_open_matters(slug)


def _refuse_open_matters(slug: str) -> None:
    open_ones = Case.select(fn.COUNT(Case.id)).where(Case.kind.startswith(f"{slug}."), Case.closed.is_null()).scalar()
    if open_ones:
        raise InTheWay(f"它还有 {open_ones} 件没有办结；请先办结或转出，再卸载。")


def remove_all(registry: Registry, slug: str, written: dict) -> int:
    """Take the plugin out of the database, in one transaction; return how many closed cases stay in the ledger.

    `written` is what `export` returned: where somebody went on working meanwhile, InTheWay is raised instead.
    """
    with atomic():
        renew_token()  # workers that still run it ask anew, and find it disabled everywhere
        TownPlugin.delete().where(TownPlugin.plugin == slug).execute()  # waits for whoever opens a matter now
        _refuse_open_matters(slug)
        if has_changed(registry, slug, written):
            raise InTheWay("导出以后又有人写入了它的数据，什么也没有删除；请换一个文件名，再运行一次。")
        TownPluginEvent.delete().where(TownPluginEvent.plugin == slug).execute()
        HookHealth.delete().where(HookHealth.plugin == slug).execute()
        PluginRule.delete().where(PluginRule.plugin == slug).execute()
        for owner in registry.owners():
            if owner.slug == slug:
                _drop(owner)
        _take_from_roles(slug)
        for column in NAMED:
            column.model.delete().where(column.startswith(f"{slug}.")).execute()
        RequestKey.delete().where(RequestKey.location.startswith(f"/{slug}/")).execute()
        Attachment.delete().where(owned_by(slug)).execute()
        _take_from_search(slug)
        audit.record("org.uninstall", "plugin", slug)
        return Case.select().where(Case.kind.startswith(f"{slug}.")).count()


def _take_from_roles(slug: str) -> None:
    for role in Role.select():
        kept = [name for name in role.permissions if not name.startswith(f"{slug}.")]
        if kept != role.permissions:
            role.permissions = kept
            role.save(only=[Role.permissions])


def _take_from_search(slug: str) -> None:
    """Nobody finds its closed cases any more, so their words need not lie about."""
    cases = Case.select(Case.id).where(Case.kind.startswith(f"{slug}."))
    own = SearchText.owner.startswith(f"{slug}.") | (SearchText.owner == slug)
    found = own | ((SearchText.owner == "case") & SearchText.row_id.in_(cases))
    for owner, row in list(SearchText.select(SearchText.owner, SearchText.row_id).where(found).tuples()):
        remove(owner, row)


def _drop(owner: migrations.Owner) -> None:
    runner = owner.runner()
    applied = [script.name for script in runner.status() if script.applied]
    if applied:
        runner.down(applied[0])
    for model in reversed(sort_models(owner.models)):  # what a script forgot to take back
        database.execute_sql(f'DROP TABLE IF EXISTS "{model._meta.table_name}"')
    database.execute_sql(f'DROP TABLE IF EXISTS "{owner.slug}_migration"')
