"""The portal's own inbox: what somebody must know of, written in the transaction of what happened."""

from portal.hookspecs import hookimpl
from portal.notify.counting import bring_along, unread_of
from portal.notify.models import Mute, Notice
from portal.notify.pruning import prune
from portal.notify.reading import digest
from portal.notify.sending import send, send_to_holders, send_to_unit
from portal.notify.views import blueprint
from portal.values import Card, Job, Plugin, Setting

__all__ = ["Notice", "send", "send_to_holders", "send_to_unit", "unread_of"]

bring_along()


@hookimpl
def portal_plugin():
    return Plugin("notify", "消息", level="core")


@hookimpl
def portal_models():
    return [Notice, Mute]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_cards():
    return [Card(1, "unread", "未读消息", "notify/digest.html", digest, "signed_in")]


@hookimpl
def portal_settings():
    return [Setting("notify.kept_days", "读过的消息保留多久", 180, measure="天", least=30, most=3650,
                    note="到期的每天夜里清理；没有读的保留一年")]


@hookimpl
def portal_jobs():
    return [Job("notify.prune", "清理旧消息", prune, at="03:20")]
