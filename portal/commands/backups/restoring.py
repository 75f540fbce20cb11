"""`portal restore`: a backup becomes an instance again, whole or not at all, and only where none stands yet."""

import os
import shutil
from pathlib import Path

import click

from portal import CORE, config, create_app, migrations
from portal.cases.self_check import found_everywhere
from portal.commands.backups import engines, manifest
from portal.commands.backups.manifest import Unusable
from portal.commands.progress import Progress
from portal.registry import Registry, registry_of

#: Where the pieces lie until they are whole; left behind by a kill, it is thrown away by the next attempt.
STAGE = ".restoring"


@click.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--keys", "keys", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="密钥的文件夹（名称以 -keys 结尾）；默认在备份旁边找。")
@click.option("--no-check", is_flag=True, help="恢复以后不做整个自检。")
@click.pass_obj
def restore(instance, source, keys, no_check):
    """把备份 SOURCE 恢复成一个实例；那里已有实例时拒绝，什么也不动。"""
    folder = config.instance_folder(instance)
    facts = manifest.read(source)
    keys = keys or source.with_name(f"{source.name}-keys")
    _refuse_other_keys(keys, facts)
    _refuse_occupied(folder)
    with Progress() as say:
        manifest.check(source, facts, say)
        stage(source, keys, folder, facts, say)
        settings = config.load(folder / STAGE)
        _refuse_unfit(settings, folder, facts)
        load(source, folder, settings, facts, say)
    settle(folder, settings["database"])
    rows = sum(facts["rows"].values())
    click.echo(f"已恢复 {facts['made']:%Y-%m-%d %H:%M} 的备份：{rows} 行、{facts['files']} 个附件。")
    _look_it_over(folder, no_check)


def _refuse_other_keys(keys: Path, facts: dict) -> None:
    if not keys.is_dir():
        raise Unusable(f"没有找到密钥文件夹 {keys}；请用 --keys 指出它在哪里。没有密钥，身份证号和电话永远打不开。")
    if manifest.fingerprints(keys) != facts["keys"]:
        raise Unusable(f"{keys} 里的密钥不是这份备份的那些，恢复出来会打不开；请找到与它相配的密钥。")


def _refuse_occupied(folder: Path) -> None:
    there = [name for name in (config.load(folder)["database"], "keys", "files") if (folder / name).exists()]
    if there:
        raise Unusable(
            f"{folder} 里已有实例（{'、'.join(there)}），没有动它；请先把它整个移走，或用 --instance 另选文件夹。"
        )


def _refuse_unfit(settings: dict, folder: Path, facts: dict) -> None:
    """Hold the settings, and the scripts of this program and of the plugins in the backup, against the backup."""
    if engines.engine_of(settings["database"]) != facts["engine"]:
        made, now = ("PostgreSQL", "SQLite") if facts["engine"] == "postgres" else ("SQLite", "PostgreSQL")
        raise Unusable(f"这是 {made} 的备份，而设置 database 指的是 {now}；请改成同一种再恢复。")
    if facts["engine"] == "sqlite" and (folder / settings["database"]).exists():
        raise Unusable(f"{folder / settings['database']} 已经有了，没有动它；请先移走它。")
    owners = Registry(CORE, settings).owners()
    known = {owner.slug: {path.stem for path in owner.folder.glob("*.py")} for owner in owners}
    newer = [slug for slug, names in facts["migrations"].items() if slug in known and set(names) - known[slug]]
    if newer:
        raise Unusable(f"备份来自更新的版本（{'、'.join(newer)}），请先升级程序再恢复。")


# -- doing it ------------------------------------------------------------------------------------------------------

def stage(source: Path, keys: Path, folder: Path, facts: dict, say) -> None:
    """Lay all but the database ready inside `folder`, on the disk where it will stay. A portal.toml that is there
    already holds: it names the database of this machine."""
    staged = folder / STAGE
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True, mode=0o700)
    for path in manifest.contents(source, *manifest.KEPT):
        _copy(path, staged / path.relative_to(source))
    if (folder / "portal.toml").exists():
        _copy(folder / "portal.toml", staged / "portal.toml")
    (staged / "keys").mkdir(mode=0o700)
    for name in facts["keys"]:
        _copy(keys / name, staged / "keys" / name)
        os.chmod(staged / "keys" / name, 0o600)
    (staged / "files").mkdir()
    for number, path in enumerate(manifest.attachments(source), 1):
        _copy(path, staged / path.relative_to(source))
        say("恢复附件", number, facts["files"])


def _copy(path: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, copy)


def load(source: Path, folder: Path, settings: dict, facts: dict, say) -> None:
    """Put the database where the settings say; raises Unusable unless it holds what was backed up."""
    dump = source / manifest.DUMPS[facts["engine"]]
    say("恢复数据库", 0, 1)
    if facts["engine"] == "postgres":
        with engines.connected(settings["database"]) as base:
            if base.get_tables():
                raise Unusable("设置 database 指的数据库里已有数据表，没有动它；请新建一个空的数据库再恢复。")
        rows = engines.load_postgres(dump, settings["database"])
    else:
        target = folder / STAGE / settings["database"]
        target.parent.mkdir(parents=True, exist_ok=True)
        rows = engines.load_sqlite(dump, target)
    if rows != facts["rows"]:
        raise Unusable("恢复出来的行数与备份时不同，没有使用它；请换一份备份。")
    say("恢复数据库", 1, 1)


def settle(folder: Path, database: str) -> None:
    """Give each piece its place; the database comes last, so what stands with one is whole."""
    staged = folder / STAGE
    for path in sorted(staged.iterdir(), key=lambda one: one.name == Path(database).parts[0]):
        os.replace(path, folder / path.name) if not path.is_dir() else _take_over(path, folder / path.name)
    staged.rmdir()


def _take_over(path: Path, place: Path) -> None:
    """Move a folder to its place. Of plugins and heads that lie there already, those of the backup come beside."""
    if not place.exists():
        os.rename(path, place)
        return
    shutil.copytree(path, place, dirs_exist_ok=True)
    shutil.rmtree(path)


def _look_it_over(folder: Path, no_check: bool) -> None:
    app = create_app(folder, check=False)
    if migrations.pending(registry_of(app).owners()):
        click.echo("备份来自较早的版本：请先运行 portal migrate，再运行 portal check。")
        return
    if no_check:
        click.echo("没有自检；启动之前请运行 portal check。")
        return
    with app.app_context(), Progress() as say:
        found = found_everywhere(say)
    for sentence in found.breaches + found.warnings:
        click.echo(sentence)
    if found.breaches:
        raise Unusable(f"恢复好了，但自检发现 {found.count} 处问题，请看上面。")
    click.echo("自检没有发现问题，可以用 portal serve 启动。")
