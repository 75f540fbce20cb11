"""The record of who did what: written in the transaction of each act, read by the audit administrator only."""

from portal.audit.chain import add_lanes
from portal.audit.models import AuditEntry, AuditLane
from portal.audit.recording import differences, record, record_denied, record_view
from portal.audit.views import blueprint
from portal.hookspecs import hookimpl
from portal.values import MenuItem, Permission, Plugin

__all__ = ["add_lanes", "count", "differences", "record", "record_denied", "record_view"]


def count() -> int:
    """Return how many entries there are."""
    return AuditEntry.select().count()


@hookimpl
def portal_plugin():
    return Plugin("audit", "审计", level="core")


@hookimpl
def portal_models():
    return [AuditEntry, AuditLane]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [Permission("audit.read", "查看审计记录", roles=("audit_admin",))]


@hookimpl
def portal_menu():
    return [MenuItem(940, "审计记录", "audit.index", "audit.read", icon="shield-check", group="系统管理")]
