"""All that a plugin keeps, in one file that can be read without the portal.

`<table>.jsonl`: one JSON object a row, of the plugin's own tables, of its cases with all that the ledger holds of them,
and of its switches, settings and files; `files/<sha256>`: what was attached, as it was uploaded; `manifest.json`: the
number of rows and the SHA-256 (hex) of each table, the version, and when.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
from peewee import ForeignKeyField

from portal.cases.models import Case
from portal.db import database, is_postgres, now
from portal.files.models import Attachment
from portal.files.storage import path_of
from portal.org.models import OrgSetting, OrgSettingEvent, PluginRule, TownPlugin, TownPluginEvent
from portal.registry import Registry


class Unreadable(click.ClickException):
    """What was written could not be read again; nothing was deleted."""


def owned_by(slug: str):
    """Return the condition for files that belong to the plugin's own rows."""
    return (Attachment.owner_type == slug) | Attachment.owner_type.startswith(f"{slug}.")


def export(registry: Registry, slug: str, file: Path) -> dict[str, tuple[int, str]]:
    """Write the plugin's data into the zip `file`; return the number of rows and the sum of each table.

    The file has its name only when it is whole, and is read once more before anybody relies on it.
    """
    part = file.with_name(f"{file.name}.part")
    counts, sums = {}, {}
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for query in _queries(registry, slug):
                name = query.model._meta.table_name
                counts[name], sums[name] = _write(archive, name, _lines(query))
            for digest in _digests(slug):
                if path_of(digest).is_file():
                    archive.write(path_of(digest), f"files/{digest}")
            plugin = registry.plugins[slug]
            manifest = {"plugin": slug, "title": plugin.title, "version": plugin.version, "at": now().isoformat(),
                        "rows": counts, "sha256": sums}
            archive.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=2))
        _verify(part, sums)
        _settle(part, file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Unreadable(f"{file} 写不进去（{error.strerror}），什么也没有删除。") from error
    return {name: (counts[name], sums[name]) for name in counts}


def has_changed(registry: Registry, slug: str, written: dict[str, tuple[int, str]]) -> bool:
    """Tell whether somebody has changed a row of the plugin's own since it was written; for the transaction that
    deletes them, which nobody writes beside."""
    own = [model for owner in registry.owners() if owner.slug == slug for model in owner.models]
    there = [model for model in own if model._meta.table_name in written]
    for model in there if is_postgres() else ():
        database.execute_sql(f'LOCK TABLE "{model._meta.table_name}" IN EXCLUSIVE MODE')
    for model in there:
        digest = hashlib.sha256()
        for line in _lines(model.select()):
            digest.update(line)
        if digest.hexdigest() != written[model._meta.table_name][1]:
            return True
    return False


def _queries(registry: Registry, slug: str) -> Iterator:
    """Yield a query for each table: the plugin's own, what hangs on its cases, and what the portal holds about it."""
    there = set(database.get_tables())
    owners = registry.owners()
    own = [model for owner in owners if owner.slug == slug for model in owner.models]
    yield from (model.select() for model in own if model._meta.table_name in there)
    cases = Case.select(Case.id).where(Case.kind.startswith(f"{slug}."))
    yield Case.select().where(Case.id.in_(cases))
    for model in [model for owner in owners if owner.slug != slug for model in owner.models]:
        links = [field for field in model._meta.sorted_fields if _is_link(field)] if model is not Case else []
        if links:
            hangs = links[0].in_(cases)
            for more in links[1:]:
                hangs |= more.in_(cases)
            yield model.select().where(hangs)
    yield Attachment.select().where(_files_of(slug))
    yield OrgSetting.select().where(OrgSetting.name.startswith(f"{slug}."))
    yield OrgSettingEvent.select().where(OrgSettingEvent.name.startswith(f"{slug}."))
    yield TownPlugin.select().where(TownPlugin.plugin == slug)
    yield TownPluginEvent.select().where(TownPluginEvent.plugin == slug)
    yield PluginRule.select().where(PluginRule.plugin == slug)


def _is_link(field) -> bool:
    return isinstance(field, ForeignKeyField) and field.rel_model is Case


def _files_of(slug: str):
    cases = Case.select(Case.id).where(Case.kind.startswith(f"{slug}."))
    return ((Attachment.owner_type == "case") & Attachment.owner_id.in_(cases)) | owned_by(slug)


def _digests(slug: str) -> list[str]:
    query = Attachment.select(Attachment.sha256).where(_files_of(slug)).distinct()
    return sorted(digest for (digest,) in query.tuples())


def _lines(query) -> Iterator[bytes]:
    key = query.model._meta.primary_key
    order = [key] if not hasattr(key, "field_names") else [query.model._meta.fields[name] for name in key.field_names]
    for row in query.order_by(*order).dicts().iterator():
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
        if archive.testzip() is not None:
            raise Unreadable(f"{file} 写坏了，什么也没有删除；请换一个磁盘再试。")
        for name, wanted in sums.items():
            digest = hashlib.sha256()
            with archive.open(f"{name}.jsonl") as source:
                while piece := source.read(1 << 20):
                    digest.update(piece)
            if digest.hexdigest() != wanted:
                raise Unreadable(f"{file} 写坏了，什么也没有删除；请换一个磁盘再试。")


def _settle(part: Path, file: Path) -> None:
    """Give the finished file its name once it is safely on the disk: afterwards the only other copy is deleted."""
    with open(part, "rb") as written:
        os.fsync(written.fileno())
    os.link(part, file)  # fails where somebody has put a file there meanwhile
    part.unlink()
    folder = os.open(file.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
