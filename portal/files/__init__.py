"""Attachments: typed by their content, kept by hash outside the web root, served by the room that owns them."""

from portal.files.models import Attachment
from portal.files.storage import forget_names, init_app, of, remove, send, store
from portal.files.sweeping import files, findings
from portal.hookspecs import hookimpl
from portal.values import Plugin

__all__ = ["Attachment", "forget_names", "init_app", "of", "remove", "send", "store"]


@hookimpl
def portal_plugin():
    return Plugin("files", "附件", level="core")


@hookimpl
def portal_models():
    return [Attachment]


@hookimpl
def portal_commands():
    return [files]


@hookimpl
def portal_check():
    return findings()
