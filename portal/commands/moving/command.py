"""`portal move-to`: the steps of a move, each of which finds out by itself what is left to do."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import click
import peewee
from peewee import psycopg

from portal import audit, config, create_app, db, migrations
from portal.cases.self_check import found_everywhere
from portal.commands.backups import engines, manifest
from portal.commands.backups.manifest import Unusable
from portal.commands.moving import comparing, copying, finishing, switching
from portal.commands.moving.copying import Tally
from portal.commands.moving.leftovers import refuse_strange, refuse_uninstalled
from portal.commands.moving.shapes import Shape, shapes_of
from portal.commands.moving.source import INDEX, Source, held, stopped
from portal.commands.moving.survey import survey
from portal.commands.moving.target import OWN, Target, reached, refuse_without_driver
from portal.commands.moving.telling import Telling
from portal.commands.table import print_table
from portal.registry import registry_of

AGAIN = "已经复制的都留着：再运行同一条命令，就从停下的地方接着搬。"


@click.command("move-to")
@click.argument("address")
@click.option("--switch", "switch", is_flag=True, help="搬完并核对无误后，把 portal.toml 的 database 改成新地址。")
@click.option("--no-check", is_flag=True, help="搬完以后不在新库上做整个自检（逐表的核对照做）。")
@click.option("--without-leftovers", is_flag=True, help="不带没有安装的插件留下的表，它们只留在 SQLite 文件里。")
@click.pass_obj
def move_to(instance, address, switch, no_check, without_leftovers):
    """把 SQLite 实例搬到 PostgreSQL（ADDRESS 是一个空的数据库），逐表核对；停下了可以接着搬，原来的文件不动。"""
    refuse_without_driver()
    folder = config.instance_folder(instance)
    path, owners = _ready(instance, folder)
    if switch:
        switching.refuse_unswitchable(folder, address)
    with stopped(folder), held(path) as source, Telling() as say:
        try:
            with reached(address) as target:
                compared = _move(Move(source, target, owners, folder, address, say), without_leftovers)
            _settle(folder, address, compared, no_check, say)
        except (psycopg.Error, peewee.DatabaseError, peewee.InterfaceError, KeyboardInterrupt) as error:
            if say.stopped:
                raise Unusable(f"已中断。{AGAIN}") from None
            for one in (error, error.__cause__, error.__context__):
                if isinstance(one, psycopg.Error):
                    raise _said(one) from error
            raise
        _tell_what_follows(folder, address, switch)


def _ready(instance, folder: Path) -> tuple[Path, list]:
    """Return the SQLite file of the instance and the owners of its tables; refuse what cannot be moved."""
    settings = config.load(folder)
    if engines.engine_of(settings["database"]) == "postgres":
        raise Unusable("这个实例已经在 PostgreSQL 上了，没有什么要搬。")
    path = folder / settings["database"]
    if not path.exists():
        raise Unusable(f"没有找到数据库文件 {path}，没有什么要搬；请用 --instance 指出实例文件夹。")
    app = create_app(instance, check=False)
    owners = registry_of(app).owners()
    migrations.check(owners)
    db.database.close()
    return path, owners


@dataclass(frozen=True)
class Move:
    """What the steps of one move work on; `say(text, done, total)` tells how far it is."""

    source: Source
    target: Target
    owners: list
    folder: Path
    address: str
    say: Telling

    @property
    def scripts(self) -> dict[str, list[str]]:
        return {owner.slug: sorted(path.stem for path in owner.folder.glob("[0-9]*.py")) for owner in self.owners}

    @property
    def identity(self) -> str:
        """Name the instance: what belongs to another one is not continued."""
        keys = manifest.fingerprints(self.folder / "keys")
        return hashlib.sha256(keys.get("session", str(self.folder)).encode()).hexdigest()


def _move(move: Move, without_leftovers: bool) -> list[comparing.Compared]:
    """Bring everything over and hold it against the source; returns what came of each table."""
    source, target, say = move.source, move.target, move.say
    histories = {f"{owner.slug}_migration" for owner in move.owners}
    tables = [table for table in source.tables() if table.name not in histories]
    tables = refuse_uninstalled(tables, move.owners, leave=without_leftovers)
    goes_on = target.begin(move.identity, move.scripts)
    if target.stage == "schema":
        _make_tables(move)
    there = target.columns()
    tables = refuse_strange(tables, there, leave=without_leftovers)
    shapes = shapes_of(tables, there)
    survey(source, shapes, say)
    if target.stage == "schema":
        finishing.clear_the_way(target, [name for name in there if name not in {*histories, *OWN}], empty=True)
    if any(table.name == INDEX for table in tables):
        source.prepare_index()
    total = sum(source.count(shape.table) for shape in shapes)
    _copy(move, shapes, total, goes_on)
    finishing.set_sequences(target, source)
    finishing.make_again(target, say)
    finishing.gather_statistics(target, [shape.table.name for shape in shapes], say)
    tally = Tally(say, "逐表核对", total)
    compared = [comparing.compare(source, target, shape, tally) for shape in shapes]
    target.order_by_bytes(shapes[-1], False)
    return _judged(target, compared, say)


def _make_tables(move: Move) -> None:
    """Let the migrations themselves make the tables, as `portal migrate` does."""
    db.open_database(move.address, move.folder)
    total, done = sum(map(len, migrations.pending(move.owners).values())), []

    def ran(name: str) -> None:
        done.append(name)
        move.say("建立数据表", len(done), total)

    migrations.migrate(move.owners, move.folder, ran)
    db.database.close()


def _copy(move: Move, shapes: list[Shape], total: int, goes_on: bool) -> None:
    """Copy what is not there yet; in a move that goes on, also what changed in the source since."""
    source, target, say = move.source, move.target, move.say
    marks = {shape.table.name: target.marks(shape.table) for shape in shapes}
    stale = {}
    if goes_on:
        tally = Tally(say, "核对上次已复制的", sum(mark.rows for found in marks.values() for mark in found))
        stale = {shape.table.name: copying.changed(source, shape, marks[shape.table.name], tally) for shape in shapes}
        say.finish()
        due = any(stale.values()) or any(copying.has_more(source, shape, marks[shape.table.name]) for shape in shapes)
        if (stage := target.stage) != "copy":
            if not due and stage != "differs":
                return
            finishing.clear_the_way(target, [], empty=False)
    tally = Tally(say, "复制", total)
    renewed = 0
    for shape in shapes:
        known = marks[shape.table.name]
        renewed += copying.renew(source, target, shape, known, stale.get(shape.table.name, []))
        tally.add(sum(mark.rows for mark in known))
        copying.copy_rest(source, target, shape, known, tally, again=goes_on)
    target.enter("finish")
    say.finish()
    if renewed:
        click.echo(f"上次复制以后，原来的数据有改动：有关的 {renewed} 行已重新复制。")


def _judged(target: Target, compared: list[comparing.Compared], say) -> list[comparing.Compared]:
    """Print both sides, table by table; raise Unusable where they differ."""
    say.finish()
    print_table(("表", "行数", "散列", "新库行数", "新库散列", ""), [
        (one.name, one.rows, one.digest[:16], one.rows_there, one.digest_there[:16],
         "不同" if one.difference else "相同") for one in compared if one.rows or one.rows_there
    ])
    different = [one for one in compared if one.difference or one.rows != one.rows_there]
    if different:
        target.enter("differs")
        told = "；".join(f"表 {one.name}：{one.difference or '行数不同'}" for one in different)
        raise Unusable(f"两边不一样，没有搬完，设置没有动（{told}）。再运行同一条命令会把不同的部分重新复制；"
                       "请先查一查是谁动了目标数据库。")
    return compared


def _settle(folder: Path, address: str, compared: list, no_check: bool, say) -> None:
    """Check the instance on the new database, write the move into its record, and drop what the move kept there."""
    app = create_app(folder, {"database": address})
    with app.app_context():
        if not no_check:
            found = found_everywhere(say)
            say.finish()
            for sentence in found.breaches + found.warnings:
                click.echo(sentence)
            if found.breaches:
                raise Unusable(f"行都搬到了，但自检发现 {found.count} 处问题，请看上面，设置没有动。原来就有的，"
                               "请在原来的实例上用 portal check 查看、处理后再搬；要照原样搬，加 --no-check 再运行。")
        rows = sum(one.rows for one in compared)
        digest = hashlib.sha256("".join(f"{one.name} {one.digest_there}\n" for one in compared).encode()).hexdigest()
        with db.atomic():
            if db.is_postgres():
                db.database.execute_sql("SET LOCAL synchronous_commit = on")
            audit.add_lanes()
            audit.record("instance.move", "instance", "postgresql", detail={"rows": rows, "sha256": digest})
            for name in OWN:
                db.database.execute_sql(f"DROP TABLE {name}")
    db.database.close()
    click.echo(f"已搬完：{len(compared)} 张表、{rows} 行，两边逐表相同，总散列 {digest}。")


def _tell_what_follows(folder: Path, address: str, switch: bool) -> None:
    if switch:
        kept = switching.switch(folder, address)
        click.echo("portal.toml 已改用新的数据库" + (f"，原来的那份在 {kept.name}。" if kept else "。"))
    else:
        click.echo("启动服务之前，请把 portal.toml 里的 database 改成（服务在这之前一启动，写的就还是旧库）：")
        click.echo(f"    {switching.line_for(address)}")
    click.echo("附件、密钥和 heads 留在原处，不用动。原来的 SQLite 文件没有改动：要回去，把 database 改回去即可。")


def _said(error: "psycopg.Error") -> Unusable:
    """Return the sentence for what PostgreSQL refused."""
    why = (" ".join(str(error).split()) or type(error).__name__)[:300]
    if isinstance(error, psycopg.errors.DiskFull):
        return Unusable(f"PostgreSQL 那边的磁盘满了，请清出空间。{AGAIN}")
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return Unusable(f"数据库账号的权限不够（{why}）；请让它拥有目标数据库（ALTER DATABASE 库名 OWNER TO 用户）。")
    return Unusable(f"PostgreSQL 没有照办，或连接断了（{why}）。{AGAIN}")
