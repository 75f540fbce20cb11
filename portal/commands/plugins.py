"""`portal plugin`: what is installed, where it is enabled, and what was left out and why."""

from pathlib import Path

import click
from peewee import fn

from portal import config, create_app
from portal.commands import scaffold
from portal.commands.table import print_table
from portal.org.models import TownPlugin, Unit
from portal.registry import registry_of

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
        towns = _towns()
        rows = [
            (item.slug, item.title, item.version, LEVELS.get(item.level, item.level), _reach(item, towns))
            for item in registry.plugins.values()
        ]
    print_table(("标识", "名称", "版本", "级别", "启用情况"), rows)
    for item in registry.quarantined:
        click.echo(f"已隔离  {item.slug}：{item.reason}")


def _towns() -> dict[str, int]:
    """Return in how many towns each plugin is enabled."""
    query = (
        TownPlugin.select(TownPlugin.plugin, fn.COUNT(TownPlugin.id))
        .join(Unit)
        .where(TownPlugin.enabled == True, Unit.level == "town")  # noqa: E712
        .group_by(TownPlugin.plugin)
    )
    return dict(query.tuples())


def _reach(item, towns: dict[str, int]) -> str:
    return "总是启用" if item.level == "core" else f"{towns.get(item.slug, 0)} 个乡镇"


@plugin.command("new")
@click.argument("name")
@click.option("--title", required=True, help="中文名称，显示在菜单里。")
@click.option("--package", type=click.Path(file_okay=False, path_type=Path), metavar="文件夹",
              help="写成可以用 pip 安装的包；默认写进 instance/plugins。")
@click.pass_obj
def new(instance, name, title, package):
    """写一个能用的新插件：一种件、登记页、菜单、权限、数据表和测试。"""
    title = " ".join(title.split())
    if not 0 < len(title) <= 20 or any(sign in title for sign in "\"\\{}@%<>"):
        raise click.ClickException("名称要有 1 至 20 个字，不能有引号、括号等符号。")
    folder = package or config.instance_folder(instance) / "plugins"
    written = scaffold.write(name, title, folder, package=package is not None)
    for path in written:
        click.echo(path)
    tests = folder / ("tests" if package else f"{name}_tests")
    click.echo(f"写好了“{title}”。跑它的测试：pytest {tests}；运行 portal migrate、重启之后，在“平台启用”页启用。")
