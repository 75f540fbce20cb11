"""The roles that every county starts with. They are data: a security administrator may change what they permit."""

from portal.accounts.models import KnownPermission, Role
from portal.db import atomic
from portal.org import effects

#: slug: (title, exclusive). The three administrators are apart (三员分立, GB/T 22239-2019 8.1.5).
DEFAULTS = {
    "county_staff": ("县级工作人员", False),
    "town_staff": ("乡镇工作人员", False),
    "village_staff": ("村（社区）干部", False),
    "window": ("综合窗口", False),
    "grid_worker": ("网格员", False),
    "mediator": ("调解员", False),
    "leader": ("领导", False),
    "region_staff": ("省（市）工作人员", False),
    "town_admin": ("乡镇平台管理员", False),
    "system_admin": ("系统管理员", True),
    "security_admin": ("安全管理员", True),
    "audit_admin": ("审计管理员", True),
}


def sync_roles(registry) -> None:
    """Create the default roles, and hand every permission to its default roles the first time that it is seen."""
    with atomic():
        for slug, (title, exclusive) in DEFAULTS.items():
            Role.insert(slug=slug, title=title, exclusive=exclusive, builtin=True).on_conflict_ignore().execute()
        known = {name for (name,) in KnownPermission.select(KnownPermission.name).tuples()}
        fresh = [permission for permission in registry.permissions() if permission.name not in known]
        for role in Role.select():
            added = {permission.name for permission in fresh if role.slug in permission.roles}
            if added:
                role.permissions = sorted({*role.permissions, *added})
                role.save(only=[Role.permissions])
        for permission in fresh:
            KnownPermission.insert(name=permission.name).on_conflict_ignore().execute()


def holders(names: list[str]) -> dict[str, list[str]]:
    """Return the titles of the roles that hold each of the permissions `names` now."""
    found = {name: [] for name in names}
    for role in Role.select().order_by(Role.id):
        for name in set(names) & set(role.permissions):
            found[name].append(role.title)
    return found


effects.BROUGHT["holders"] = holders
