"""`portal backup`: all that an instance is, in a new folder, while everybody goes on working."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import click

from portal import audit, create_app
from portal.commands.backups import engines, manifest
from portal.commands.backups.manifest import Unusable
from portal.commands.progress import Progress
from portal.db import atomic, now
from portal.registry import registry_of

#: How the folder of a backup begins, and what it ends with until it is whole.
BEGINS, UNFINISHED = "portal-", ".unfinished"


@click.command()
@click.argument("target", type=click.Path(file_okay=False, path_type=Path))
@click.option("--keys", "keys", type=click.Path(file_okay=False, path_type=Path),
              help="密钥另放的文件夹；默认放在备份旁边，请自己移走。")
@click.option("--keep", type=click.IntRange(1, 3650), help="只留最近 N 份，更早的删去。")
@click.option("--no-verify", is_flag=True, help="不把备份恢复一遍来证明它能用。")
@click.pass_obj
def backup(instance, target, keys, keep, no_verify):
    """把数据库、附件、设置、插件和密钥备份到 TARGET 下的一个新文件夹，不用停服务。"""
    app = create_app(instance)
    settings = app.config["PORTAL"]
    if settings["instance"].absolute() in (target.absolute(), *target.absolute().parents):
        raise Unusable("备份不能放在实例文件夹里面，请另选一个文件夹，最好在另一块磁盘上。")
    with app.app_context(), alone(target), Progress() as say:
        made = take(settings, registry_of(app), target, keys or target, say, verify=not no_verify)
        with atomic():
            audit.record("instance.backup", "instance", made["name"], detail={"verified": not no_verify})
        gone = forget(target, keys or target, keep) if keep else 0
    click.echo(f"已备份到 {target / made['name']}：{sum(made['rows'].values())} 行、{made['files']} 个附件，"
               + ("已恢复一遍核对无误。" if not no_verify else "没有恢复核对。"))
    click.echo(f"校验值 {made['hash']}")
    click.echo(f"密钥在 {made['keys_at']}：没有它，身份证号和电话打不开；请与备份分开保管。")
    if gone:
        click.echo(f"已删去更早的 {gone} 份。")


@contextlib.contextmanager
def alone(target: Path):
    """Hold the folder of the backups; refuse while another backup is being made there."""
    target.mkdir(parents=True, exist_ok=True)
    with open(target / ".lock", "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unusable(f"另一个备份正在写 {target}，请等它结束再试。") from None
        for left in target.glob(f"{BEGINS}*{UNFINISHED}"):  # of one that was killed
            shutil.rmtree(left)
        yield


def take(settings: dict, registry, target: Path, keys: Path, say, *, verify: bool = True) -> dict:
    """Make one backup below `target` and its keys below `keys`; returns the manifest with the names of both.

    It stands under its name only when it is whole: whatever goes wrong before, nothing is left of it.
    """
    name = _free_name(target, keys)
    draft, instance = target / f"{name}{UNFINISHED}", Path(settings["instance"])
    draft.mkdir(mode=0o700)
    try:
        before = copy_attachments(instance, draft, newest(target), say)
        facts = _facts(settings, registry, _dump(settings, draft, say))
        copy_attachments(instance, draft, None, say, known=before)  # what came while the database was being read
        for path in manifest.contents(instance, *manifest.KEPT):
            _copy(path, draft / path.relative_to(instance))
        facts["files"] = sum(1 for _ in manifest.attachments(draft))
        facts["keys"] = manifest.fingerprints(instance / "keys")
        if verify:
            rehearse(settings, draft, facts, say)
        facts["hash"] = manifest.write(draft, facts)
        facts["keys_at"] = _copy_keys(instance, keys / f"{name}-keys")
        os.rename(draft, target / name)
        _sync(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(keys / f"{name}-keys", ignore_errors=True)
        raise
    return facts | {"name": name}


def _free_name(target: Path, keys: Path) -> str:
    name = first = f"{BEGINS}{now():%Y%m%d-%H%M%S}"
    number = 1
    while any((folder / f"{name}{end}").exists() for folder in (target, keys) for end in ("", "-keys")):
        number += 1
        name = f"{first}-{number}"
    return name


def _dump(settings: dict, draft: Path, say) -> engines.Rows:
    engine = engines.engine_of(settings["database"])
    path = draft / manifest.DUMPS[engine]
    say("备份数据库", 0, 1)
    rows = engines.dump_postgres(path, settings["database"]) if engine == "postgres" else engines.dump_sqlite(path)
    say("备份数据库", 1, 1)
    return rows


def _facts(settings: dict, registry, rows: engines.Rows) -> dict:
    """Return what the manifest says. The scripts are those that this program knows: it would not have started on a
    database that had seen others."""
    return {
        "format": manifest.FORMAT, "made": now().isoformat(), "program": version("county-portal"),
        "engine": engines.engine_of(settings["database"]), "rows": rows,
        "migrations": {owner.slug: [script.name for script in owner.runner().status()] for owner in registry.owners()},
    }


def copy_attachments(instance: Path, draft: Path, earlier: Path | None, say, known=frozenset()) -> set[str]:
    """Copy the attachments that are not `known`; returns the names of all. What an earlier backup on the same disk
    holds is linked: a name is the hash of its content, so it is the same file, and costs no room."""
    waiting = [path for path in manifest.attachments(instance) if path.name not in known]
    for number, path in enumerate(waiting, 1):
        inside = path.relative_to(instance)
        with contextlib.suppress(FileNotFoundError):  # removed a moment ago: no row asks for it any more
            _link_or_copy(earlier / inside if earlier else None, path, draft / inside)
        say("备份附件", number, len(waiting))
    return {path.name for path in waiting} | known


def _link_or_copy(earlier: Path | None, path: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    if earlier is not None:
        with contextlib.suppress(OSError):
            return os.link(earlier, copy)
    _copy(path, copy)


def _copy(path: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, copy)
    with open(copy, "rb") as file:
        os.fsync(file.fileno())


def _copy_keys(instance: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, mode=0o700)
    for path in sorted((instance / "keys").glob("[!.]*")):
        with open(os.open(folder / path.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(path.read_bytes())
            file.flush()
            os.fsync(file.fileno())
    _sync(folder)
    return folder


def _sync(folder: Path) -> None:
    """Make the names in a folder last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -- proving it ----------------------------------------------------------------------------------------------------

def rehearse(settings: dict, draft: Path, facts: dict, say) -> None:
    """Restore the database of a backup to a place beside it, compare, and throw it away again; raises Unusable."""
    say("恢复一遍核对", 0, 1)
    dump = draft / manifest.DUMPS[facts["engine"]]
    if facts["engine"] == "postgres":
        with engines.scratch(settings["database"]) as address:
            rows = engines.load_postgres(dump, address)
            with engines.connected(address) as base:
                wanted = _wanted(base)
    else:
        with tempfile.TemporaryDirectory(dir=draft.parent, prefix=BEGINS, suffix=UNFINISHED) as place:
            rows = engines.load_sqlite(dump, Path(place) / "portal.db")
            with engines.opened(Path(place) / "portal.db") as base:
                wanted = _wanted(base)
    if rows != facts["rows"]:
        table = min(set(rows.items()) ^ set(facts["rows"].items()))[0]
        raise Unusable(f"恢复出来的 {table} 与备份时的行数不同，这次备份作废；请检查磁盘后再试。")
    if missing := wanted - {path.name for path in manifest.attachments(draft)}:
        raise Unusable(f"有 {len(missing)} 个附件在数据库里有记录而没有文件（如 {min(missing)[:12]}…），"
                       "请先运行 portal check；要带着缺失照样备份，请加 --no-verify。")
    say("恢复一遍核对", 1, 1)


def _wanted(base) -> set[str]:
    return {digest for (digest,) in base.execute_sql("SELECT DISTINCT sha256 FROM files_attachment")}


# -- those of before -----------------------------------------------------------------------------------------------

def whole(target: Path) -> list[Path]:
    """Return the backups below `target`, the oldest first."""
    return sorted(path.parent for path in target.glob(f"{BEGINS}*/{manifest.NAME}")
                  if not path.parent.name.endswith(UNFINISHED))


def newest(target: Path) -> Path | None:
    found = whole(target)
    return found[-1] if found else None


def forget(target: Path, keys: Path, keep: int) -> int:
    """Delete all but the newest `keep` backups with their keys; returns how many that were."""
    gone = whole(target)[:-keep]
    for folder in gone:
        shutil.rmtree(folder)
        shutil.rmtree(keys / f"{folder.name}-keys", ignore_errors=True)
    return len(gone)
