"""`portal plugin`: what is installed, where it is enabled, and what was left out and why."""

import click
from peewee import fn

from portal import create_app
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
