"""The tree of units, the import of divisions, and which town enables which plugin."""

from portal.hookspecs import hookimpl
from portal.org import copying_views, directory, lineage_rows, lineage_views, plugin_views, rule_views, settings_views
from portal.org.commands import org
from portal.org.departments import ensure_departments
from portal.org.directory import OrgDirectory
from portal.org.enablement import enabled_for, set_enabled
from portal.org.imports import ImportRefused, import_divisions
from portal.org.models import (
    OrgCopy,
    OrgRevision,
    OrgSetting,
    OrgSettingEvent,
    PluginRule,
    TownPlugin,
    TownPluginEvent,
    Unit,
    UnitChange,
    UnitRef,
)
from portal.org.search import find_units
from portal.org.views import blueprint
from portal.values import Finding, MenuItem, Permission, Plugin, SearchProvider

__all__ = [
    "ImportRefused", "Unit", "UnitRef", "copying_views", "enabled_for", "ensure_departments", "import_divisions",
    "lineage_views", "plugin_views", "rule_views", "set_enabled", "settings_views",
]

EVERYBODY = ("county_staff", "town_staff", "village_staff", "window", "grid_worker", "mediator", "leader", "town_admin",
             "system_admin")


@hookimpl
def portal_plugin():
    return Plugin("org", "单位", level="core")


@hookimpl
def portal_models():
    return [
        Unit, UnitChange, TownPlugin, TownPluginEvent, OrgRevision, OrgSetting, OrgSettingEvent, OrgCopy, PluginRule,
        OrgDirectory,
    ]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [
        Permission("org.read", "查看单位", roles=EVERYBODY),
        Permission("org.manage", "维护单位", roles=("system_admin",)),
        Permission("org.enable", "启用、停用平台", roles=("town_admin", "system_admin")),
        Permission("org.settings", "设置各平台的时限和负责单位", roles=("system_admin",)),
        Permission("org.town_settings", "设置本乡镇的平台", roles=("town_admin", "system_admin")),
    ]


@hookimpl
def portal_menu():
    return [
        MenuItem(70, "单位", "org.index", "org.read", icon="sitemap", group="基础信息"),
        MenuItem(915, "平台设置", "org.settings", "org.settings", icon="settings", group="系统管理"),
        MenuItem(917, "乡镇设置", "org.towns", "org.town_settings", icon="settings", group="系统管理"),
        MenuItem(920, "平台启用", "org.plugins", "org.enable", icon="plug", group="系统管理"),
    ]


@hookimpl
def portal_check():
    """Name the tables with rows that say of their place what the tree of units does not say, and count the places whose
    row in the directory is not what the units say."""
    found = sum(1 for _ in directory.stale())
    said = f"单位名录有 {found} 处与单位不符，按名称会搜不全，请运行 portal reindex。"
    missed = [Finding(said, count=found)] if found else []
    return missed + [
        Finding(f"{table} 有 {number} 行的辖区与单位树不符，请联系系统管理员。", count=number)
        for table, number in lineage_rows.misplaced().items()
    ]


@hookimpl
def portal_search():
    return [SearchProvider(30, "单位", "org.read", find_units, name="units")]


@hookimpl
def portal_commands():
    return [org]
