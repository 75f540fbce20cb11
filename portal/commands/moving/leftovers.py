"""Tables of the source that no program here knows: their plugin was removed, or is switched off or quarantined."""

from portal.commands.backups.manifest import Unusable
from portal.commands.moving.source import INDEX, Table

_HISTORY = "_migration"


def refuse_uninstalled(tables: list[Table], owners: list, *, leave: bool) -> list[Table]:
    """Return `tables` without those of plugins that are not there; raise Unusable unless they shall be left.

    They are not carried over on the quiet: without the plugin's scripts PostgreSQL would get tables without their
    indexes and rules, and the plugin, once back, would take them for its own.
    """
    known = {model._meta.table_name for owner in owners for model in owner.models} | {INDEX}
    gone = [table.name.removesuffix(_HISTORY) for table in tables
            if table.name.endswith(_HISTORY) and table.name not in known]
    left = [table.name for table in tables if table.name not in known
            and table.name.startswith(tuple(f"{slug}_" for slug in gone))]
    return _without(tables, left, leave)


def refuse_strange(tables: list[Table], there: dict, *, leave: bool) -> list[Table]:
    """Return those of `tables` that the migrations have made on the target as well."""
    return _without(tables, [table.name for table in tables if table.name not in there], leave)


def _without(tables: list[Table], left: list[str], leave: bool) -> list[Table]:
    if left and not leave:
        raise Unusable(
            f"{'、'.join(left)} 不属于现在装着的任何插件（插件被移走、停用或隔离了）。请先把插件装回来，"
            "或用 portal plugin uninstall 卸载它；要把这些表只留在 SQLite 文件里，加 --without-leftovers。"
        )
    return [table for table in tables if table.name not in left]
