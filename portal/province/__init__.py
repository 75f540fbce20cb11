"""A province over many counties, each on its own server: it asks them for sums, and sees no case."""

from portal.hookspecs import hookimpl
from portal.province.commands import county
from portal.province.models import ProvinceAnswer, ProvinceCounty
from portal.province.views import blueprint
from portal.values import Action, MenuItem, Permission, Plugin


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
