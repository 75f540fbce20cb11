"""Forms that speak Chinese, refuse what no clerk types on purpose, and are never executed twice."""

from portal.forms.fields import (
    Amount,
    Choice,
    Day,
    Flag,
    Hidden,
    LongText,
    Many,
    Moment,
    Number,
    Secret,
    Text,
    Upload,
    row_id,
)
from portal.forms.form import Form, VersionedForm
from portal.forms.models import RequestKey
from portal.forms.once import Flask, forget_old_keys, init_app
from portal.hookspecs import hookimpl
from portal.values import Plugin

__all__ = [
    "Amount", "Choice", "Day", "Flag", "Flask", "Form", "Hidden", "LongText", "Many", "Moment", "Number", "Secret",
    "Text", "Upload", "VersionedForm", "forget_old_keys", "init_app", "row_id",
]


@hookimpl
def portal_plugin():
    return Plugin("forms", "表单", level="core")


@hookimpl
def portal_models():
    return [RequestKey]
