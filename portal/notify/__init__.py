"""The portal's own inbox: what somebody must know of, written in the transaction of what happened."""

from portal.hookspecs import hookimpl
from portal.notify import announcement_views, moved_units
from portal.notify.announcing import REMINDER, TOPIC, retire_expired
from portal.notify.counting import bring_along, unread_of
from portal.notify.demo import announce_for_demo
from portal.notify.models import Addressee, Announcement, Mute, Notice
from portal.notify.pruning import prune
from portal.notify.reading import digest
from portal.notify.sending import send, send_to_holders, send_to_unit, send_to_units
from portal.notify.views import blueprint
from portal.values import Action, Card, Job, MenuItem, Permission, Plugin, Setting, Topic

__all__ = [
    "Notice", "announcement_views", "send", "send_to_holders", "send_to_unit", "send_to_units", "unread_of",
]

#: Who is told things by the county or town: everybody but the three administrators.
READERS = (
    "county_staff", "town_staff", "village_staff", "window", "grid_worker", "mediator", "leader", "town_admin",
)

bring_along()


@hookimpl
def portal_plugin():
    return Plugin("notify", "消息", level="core")


@hookimpl
def portal_models():
    return [Notice, Mute, Announcement, Addressee]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [
        Permission("notify.read", "查看通知公告", roles=READERS),
        Permission("notify.publish", "发布通知公告", roles=("county_staff", "town_staff")),
    ]


@hookimpl
def portal_menu():
    return [MenuItem(45, "通知公告", "notify.announcements", "notify.read", icon="speakerphone")]


@hookimpl
def portal_topics():
    return [
        Topic(TOPIC, "通知公告", may_mute=False), Topic(REMINDER, "催阅通知公告", may_mute=False),
    ]


@hookimpl
def portal_actions():
    return [
        Action("notify.publish", "发布通知公告"), Action("notify.remind", "催阅通知公告"),
        Action("notify.withdraw", "撤回通知公告"),
    ]


@hookimpl
def portal_demo(say):
    announce_for_demo()
    say("通知公告", 1, 1)


@hookimpl
def portal_unit_changed(change):
    moved_units.follow(change)


@hookimpl
def portal_cards():
    return [Card(1, "unread", "未读消息", "notify/digest.html", digest, "signed_in")]


@hookimpl
def portal_settings():
    return [Setting("notify.kept_days", "读过的消息保留多久", 180, measure="天", least=30, most=3650,
                    note="到期的每天夜里清理；没有读的保留一年")]


@hookimpl
def portal_jobs():
    return [
        Job("notify.prune", "清理旧消息", prune, at="03:20"),
        Job("notify.expire", "收起过期的通知公告", retire_expired, at="00:10"),
    ]
