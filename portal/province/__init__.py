"""A province over many counties, each on its own server: it asks them for sums, and sees no case."""

from portal import partitions
from portal.db import is_postgres
from portal.hookspecs import hookimpl
from portal.org.models import Unit
from portal.province.commands import county
from portal.province.models import ProvinceAnswer, ProvinceCounty
from portal.province.views import blueprint
from portal.values import Action, Finding, MenuItem, Permission, Plugin


@hookimpl
def portal_plugin():
    return Plugin("province", "省市数字", level="core")


@hookimpl
def portal_models():
    return [ProvinceCounty, ProvinceAnswer]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [Permission("province.figures", "查看各县的数字", roles=("region_staff",))]


@hookimpl
def portal_menu():
    return [MenuItem(45, "全省（市）数字", "province.figures", "province.figures", icon="chart-bar")]


@hookimpl
def portal_actions():
    return [
        Action("province.attach", "接入区县"), Action("province.detach", "断开区县"),
        Action("province.export_figures", "导出全省（市）统计表"),
    ]


@hookimpl
def portal_commands():
    return [county]


@hookimpl
def portal_check(say=None):
    """Name the counties whose rows lie in the partition for all others: they work, but not on their own."""
    if not is_postgres():
        return []
    query = Unit.select(Unit.id, Unit.code).where(Unit.level == "county", Unit.valid_to.is_null())
    lacking = {key for keys in partitions.lacking(dict(query.tuples())).values() for key in keys}
    return [
        Finding(f"{unit.name}还没有自己的分区，请停下服务运行 portal partition。", serious=False)
        for unit in Unit.select().where(Unit.id.in_(sorted(lacking) or [0])).order_by(Unit.code)
    ]
