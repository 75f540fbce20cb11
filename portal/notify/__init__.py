"""The portal's own inbox: what somebody must know of, written in the transaction of what happened."""

from portal.hookspecs import hookimpl
from portal.notify.models import Mute, Notice
from portal.notify.sending import send, send_to_holders, send_to_unit
from portal.values import Plugin

__all__ = ["Notice", "send", "send_to_holders", "send_to_unit"]


@hookimpl
def portal_plugin():
    return Plugin("notify", "消息", level="core")


@hookimpl
def portal_models():
    return [Notice, Mute]
