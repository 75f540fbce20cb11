"""`portal plugin`: what is installed, where it is enabled, and what was left out and why."""

from pathlib import Path

import click
from peewee import fn

from portal import CORE, config, create_app, migrations
from portal.commands import plugin_export, scaffold, uninstall
from portal.commands.table import print_table
from portal.db import atomic
from portal.health import troubles
from portal.org.enablement import set_enabled, switchable
from portal.org.models import TownPlugin, Unit
from portal.registry import Registry, registry_of

LEVELS = {"core": "核心", "county": "全县", "town": "按乡镇启用"}


@click.group()
def plugin():
    """查看已安装的插件。"""


@plugin.command("list")
@click.pass_obj
def list_plugins(instance):
    """列出插件：标识、名称、版本、级别、启用的乡镇数；被隔离的连同原因。"""
    app = create_app(instance)
    registry = registry_of(app)
    with app.app_context():
        enabled = _enabled_at("town"), _enabled_at("county")
        rows = [
            (item.slug, item.title, item.version, LEVELS.get(item.level, item.level), _reach(item, *enabled))
            for item in registry.plugins.values()
        ]
        wrong = [trouble.sentence for trouble in troubles()]
    print_table(("标识", "名称", "版本", "级别", "启用情况"), rows)
    for item in registry.quarantined:
        click.echo(f"已隔离  {item.slug}：{item.reason}")
    for sentence in wrong:
        click.echo(f"出差错  {sentence}")


def _enabled_at(level: str) -> dict[str, int]:
    """Return at how many towns, or counties, each plugin is enabled."""
    query = (
        TownPlugin.select(TownPlugin.plugin, fn.COUNT(TownPlugin.id))
        .join(Unit)
        .where(TownPlugin.enabled == True, Unit.level == level)  # noqa: E712
        .group_by(TownPlugin.plugin)
    )
    return dict(query.tuples())


def _reach(item, towns: dict[str, int], counties: dict[str, int]) -> str:
    if item.level == "core":
        return "总是启用"
    if item.level == "county":
        return "全县启用" if counties.get(item.slug) else "没有启用"
    return f"{towns.get(item.slug, 0)} 个乡镇"


@plugin.command("new")
@click.argument("name")
@click.option("--title", required=True, help="中文名称，显示在菜单里。")
@click.option("--package", type=click.Path(file_okay=False, path_type=Path), metavar="文件夹",
              help="写成可以用 pip 安装的包；默认写进 instance/plugins。")
@click.pass_obj
def new(instance, name, title, package):
    """写一个能用的新插件：一种件、登记页、菜单、权限、数据表和测试。"""
    title = " ".join(title.split())
    if not 0 < len(title) <= 20 or not title.isprintable() or any(sign in title for sign in "\"\\{}@%<>&"):
        raise click.ClickException("名称要有 1 至 20 个字，不能有引号、括号等符号。")
    home = config.instance_folder(instance)
    registry = Registry(CORE, config.load(home))
    taken = {*registry.plugins, *(item.slug for item in registry.quarantined)}
    folder = package or home / "plugins"
    written = scaffold.write(name, title, folder, package=package is not None, taken=taken)
    for path in written:
        click.echo(path)
    tests = folder / ("tests" if package else f"{name}_tests")
    click.echo(f"写好了“{title}”。跑它的测试：pytest {tests}；运行 portal migrate、重启之后，在“平台启用”页启用。")


@plugin.command("check")
@click.argument("slug")
@click.pass_obj
def check(instance, slug):
    """检查一个插件：是否载入、数据表是否跟上、它自己的自查。"""
    app = create_app(instance, check=False)
    registry = registry_of(app)
    problems = [item.reason for item in registry.quarantined if item.slug == slug]
    if slug not in registry.plugins and not problems:
        raise click.ClickException(f"没有名为 {slug} 的插件；portal plugin list 列出全部。")
    waiting = migrations.pending([owner for owner in registry.owners() if owner.slug == slug])
    problems += [f"数据库还有未执行的升级：{'、'.join(names)}；请运行 portal migrate。" for names in waiting.values()]
    if not problems:
        with app.app_context():
            problems += [one.sentence for owner, one in registry.collect("portal_check") if owner.slug == slug]
            problems += [one.sentence for one in troubles() if one.row.plugin == slug]
    notes = [f"提醒：{sentence}" for name, sentence in registry.outdated if name == slug]
    for sentence in problems + notes:
        click.echo(sentence)
    if problems:
        raise click.ClickException(f"插件 {slug} 有 {len(problems)} 处问题。")
    click.echo(f"“{registry.plugins[slug].title}”完好。")


def _switch(enabled: bool):
    """Return the command that enables, or disables, a plugin for units."""

    @click.argument("slug")
    @click.option("--unit", "codes", multiple=True, metavar="编码", help="乡镇或县的编码，可以写几次。")
    @click.option("--all", "everywhere", is_flag=True, help="全县和所有乡镇。")
    @click.pass_obj
    def switch(instance, slug, codes, everywhere):
        if bool(codes) == everywhere:
            raise click.ClickException("请用 --unit 写明单位的编码，或用 --all 表示全部。")
        app = create_app(instance)
        with app.app_context(), atomic():
            registry = registry_of(app)
            if not registry.is_optional(slug):
                raise click.ClickException(f"没有名为 {slug} 的插件，或它不能停用。")
            everybody = Unit.select().where(Unit.valid_to.is_null())
            units = _units(codes) or switchable(list(everybody), registry.plugins[slug])
            for unit in units:
                set_enabled(unit, slug, enabled, None)
        click.echo(f"已在 {len(units)} 个单位{'启用' if enabled else '停用'}“{registry.plugins[slug].title}”。")

    return switch


def _units(codes) -> list[Unit]:
    found = {unit.code: unit for unit in Unit.select().where(Unit.code.in_(codes))} if codes else {}
    if unknown := [code for code in codes if code not in found]:
        raise click.ClickException(f"没有编码为 {'、'.join(unknown)} 的单位，什么也没有改。")
    return list(found.values())


plugin.command("enable", help="在乡镇或全县启用一个插件。")(_switch(True))
plugin.command("disable", help="在乡镇或全县停用一个插件；还有没办结的件时拒绝。")(_switch(False))


@plugin.command("uninstall")
@click.argument("slug")
@click.option("--export", "file", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="文件.zip",
              help="先把它的全部数据写进这个文件。")
@click.option("--yes", is_flag=True, help="不再询问。")
@click.pass_obj
def uninstall_plugin(instance, slug, file, yes):
    """导出一个插件的数据，再从数据库里去掉它的一切；已办结的件留在台账里。"""
    app = create_app(instance, check=False)
    registry = registry_of(app)
    with app.app_context():
        uninstall.refuse_unsettled(registry, slug)
        if file.exists():
            raise click.ClickException(f"{file} 已经存在，请换一个文件名。")
        title = registry.plugins[slug].title
        if not yes and not click.confirm(f"导出后将删除“{title}”的全部数据表、权限和设置，继续吗？", default=False):
            raise click.ClickException("没有改动。")
        written = plugin_export.export(registry, slug, file)
        closed = uninstall.remove_all(registry, slug, written)
    rows = sum(number for number, _ in written.values())
    click.echo(f"{rows} 行已写入 {file}；“{title}”的数据表、权限、设置、启用记录、消息和任务已从数据库里去掉。")
    if closed:
        click.echo(f"留下的：台账里已办结的 {closed} 件，连同经过、编号、计数和附件，以及审计记录；"
                   "它们是县里的档案，要依法保存。")
    click.echo("请在重启之前移走程序：pip uninstall 它的包，或删去 instance/plugins 里的文件；"
               "随门户安装的插件请写进设置 without_plugins。")
