"""People who sign in: accounts, posts, roles, and sessions kept on the server."""

from flask_login import LoginManager

from portal.accounts import absence_views, admin, moved_posts, second_views, work, work_views
from portal.accounts.commands import user
from portal.accounts.jobs import JOBS
from portal.accounts.keeping import add_post, add_user, lock_user, valid_posts
from portal.accounts.models import Absence, Failure, KnownPermission, Post, RecoveryCode, Role, Session, User
from portal.accounts.person import Anonymous, Person, acting_as, load
from portal.accounts.roles import sync_roles
from portal.accounts.views import blueprint
from portal.hookspecs import hookimpl
from portal.values import MenuItem, Permission, Plugin

__all__ = [
    "Person", "Post", "Role", "User", "absence_views", "acting_as", "add_post", "add_user", "admin", "init_app",
    "lock_user",
    "second_views", "sync_roles", "work_views",
]


def init_app(app) -> None:
    manager = LoginManager()
    manager.session_protection = None  # the address changes behind a gateway; the session row is what counts
    manager.anonymous_user = Anonymous
    # Its context processor would load the user on every render, error pages without a database included.
    manager.init_app(app, add_context_processor=False)
    manager.user_loader(load)


@hookimpl
def portal_plugin():
    return Plugin("accounts", "账号", level="core")


@hookimpl
def portal_models():
    return [User, Role, Post, Session, Failure, RecoveryCode, KnownPermission, Absence]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [
        Permission("accounts.manage", "管理账号和岗位", roles=("system_admin",)),
        Permission("accounts.stand_in", "安排本单位的请假代理、移交工作",
                   roles=("county_staff", "town_staff", "village_staff")),
        Permission("accounts.policy", "管理角色和登录策略", roles=("security_admin",)),
    ]


@hookimpl
def portal_menu():
    return [
        MenuItem(900, "账号", "accounts.users", "accounts.manage", icon="users", group="系统管理"),
        MenuItem(905, "角色与权限", "accounts.roles", "accounts.policy", icon="user-shield", group="系统管理"),
    ]


@hookimpl
def portal_work(post):
    return work.stood_in_for(post)


@hookimpl
def portal_hand_work(post, names, successor):
    work.hand_stand_in(post, names, successor)


@hookimpl
def portal_jobs():
    return list(JOBS)


@hookimpl
def portal_commands():
    return [user]


@hookimpl
def portal_unit_obstacles(unit):
    held = valid_posts().where(Post.unit == unit.id).count()
    return [f"还有 {held} 个岗位在这个单位"] if held else []


@hookimpl
def portal_unit_preview(change):
    return moved_posts.effects(change)


@hookimpl
def portal_unit_parts(unit):
    return moved_posts.parts(unit)


@hookimpl
def portal_unit_changed(change):
    moved_posts.follow(change)
