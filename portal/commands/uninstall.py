"""`portal plugin uninstall`: all that a plugin keeps goes into a file, then nothing of it is left in the database."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
from peewee import fn

from portal import audit, migrations
from portal.accounts.models import KnownPermission, Role
from portal.cases.models import Case, CaseEvent, Pause, Rating, Reply
from portal.db import atomic, database, now
from portal.org.models import OrgSetting, OrgSettingEvent, TownPlugin, TownPluginEvent
from portal.registry import Registry
from portal.search.index import remove
from portal.search.models import SearchText

#: What the ledger holds of a plugin's cases.
OF_CASES = (CaseEvent, Pause, Reply, Rating)


class InTheWay(click.ClickException):
    """The plugin cannot be removed yet; the message says what must be settled first."""


def refuse_unsettled(registry: Registry, slug: str) -> None:
    """Raise InTheWay where the plugin is unknown, needed by another, or has open matters."""
    if not registry.is_optional(slug):
        left_out = next((one.reason for one in registry.quarantined if one.slug == slug), "")
        raise InTheWay(
            f"插件 {slug} 没有载入（{left_out}），读不出它的数据；请先修好它，再卸载。" if left_out
            else f"没有名为 {slug} 的插件；portal plugin list 列出全部。"
        )
    if needing := [plugin.title for plugin in registry.plugins.values() if slug in plugin.depends]:
        raise InTheWay(f"“{'、'.join(needing)}”依赖它，请先卸载那些插件。")
    open_ones = Case.select(fn.COUNT(Case.id)).where(Case.kind.startswith(f"{slug}."), Case.closed.is_null()).scalar()
    if open_ones:
        raise InTheWay(f"它还有 {open_ones} 件没有办结；请先办结或转出，再卸载。")


def export(registry: Registry, slug: str, file: Path) -> dict[str, int]:
    """Write every row of the plugin, and what the ledger holds of its cases, into the zip `file`; returns the numbers.

    One `<table>.jsonl` a table, one JSON object a row; `manifest.json` has the number of rows and the SHA-256 (hex) of
    each. The file is read once more before anybody relies on it.
    """
    models = [(model, model.select()) for owner in registry.owners() if owner.slug == slug for model in owner.models]
    cases = Case.select(Case.id).where(Case.kind.startswith(f"{slug}."))
    models.append((Case, Case.select().where(Case.id.in_(cases))))
    models += [(model, model.select().where(model.case.in_(cases))) for model in OF_CASES]
    counts, sums = {}, {}
    with zipfile.ZipFile(file, "x", zipfile.ZIP_DEFLATED) as archive:
        for model, query in models:
            name = model._meta.table_name
            counts[name], sums[name] = _write(archive, name, _lines(query))
        plugin = registry.plugins[slug]
        manifest = {"plugin": slug, "title": plugin.title, "version": plugin.version, "at": now().isoformat(),
                    "rows": counts, "sha256": sums}
        archive.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=2))
    _verify(file, sums)
    return counts


def _lines(query) -> Iterator[bytes]:
    for row in query.order_by(query.model._meta.primary_key).dicts().iterator():
        yield (json.dumps(row, ensure_ascii=False, default=str) + "\n").encode()


def _write(archive: zipfile.ZipFile, name: str, lines: Iterator[bytes]) -> tuple[int, str]:
    number, digest = 0, hashlib.sha256()
    with archive.open(f"{name}.jsonl", "w", force_zip64=True) as target:
        for number, line in enumerate(lines, 1):  # noqa: B007 - the last number is the number of rows
            target.write(line)
            digest.update(line)
    return number, digest.hexdigest()


def _verify(file: Path, sums: dict[str, str]) -> None:
    with zipfile.ZipFile(file) as archive:
        for name, wanted in sums.items():
            digest = hashlib.sha256()
            with archive.open(f"{name}.jsonl") as source:
                while piece := source.read(1 << 20):
                    digest.update(piece)
            if digest.hexdigest() != wanted:
                raise InTheWay(f"{file} 写坏了，什么也没有删除；请换一个磁盘再试。")


def remove_all(registry: Registry, slug: str) -> None:
    """Take the plugin out of the database, in one transaction: its tables and their history, permissions, settings,
    switches and search texts. Closed cases stay in the ledger: they are the county's."""
    owners = [owner for owner in registry.owners() if owner.slug == slug]
    permissions = {one.name for plugin, one in registry.collect("portal_permissions") if plugin.slug == slug}
    with atomic():
        for owner in owners:
            _drop(owner)
        for role in Role.select():
            if kept := permissions & set(role.permissions):
                role.permissions = sorted(set(role.permissions) - kept)
                role.save(only=[Role.permissions])
        KnownPermission.delete().where(KnownPermission.name.in_(sorted(permissions))).execute()
        for model in (OrgSetting, OrgSettingEvent):
            model.delete().where(model.name.startswith(f"{slug}.")).execute()
        TownPlugin.delete().where(TownPlugin.plugin == slug).execute()
        TownPluginEvent.delete().where(TownPluginEvent.plugin == slug).execute()
        own = SearchText.owner.startswith(f"{slug}.") | (SearchText.owner == slug)
        for owner, row in list(SearchText.select(SearchText.owner, SearchText.row_id).where(own).tuples()):
            remove(owner, row)
        audit.record("org.uninstall", "plugin", slug)


def _drop(owner: migrations.Owner) -> None:
    runner = owner.runner()
    applied = [script.name for script in runner.status() if script.applied]
    if applied:
        runner.down(applied[0])
    database.execute_sql(f'DROP TABLE IF EXISTS "{owner.slug}_migration"')
