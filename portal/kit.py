"""All that a plugin may import. Whatever is not here may change without notice."""

import warnings
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from peewee import (
    SQL,
    BigIntegerField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    SmallIntegerField,
    TextField,
    fn,
)
from playhouse.flask_utils import get_object_or_404

from portal import audit, search
from portal.access import may, may_lag, own_transaction, requires, signed_in
from portal.accounts.everybody import everybody, staff_at
from portal.accounts.models import User
from portal.accounts.work import other_posts
from portal.calendar import Calendar, extend
from portal.cases.details import Detail
from portal.cases.ledger import Opening, available, open_case, rate, retitle, take
from portal.cases.lens import holds, open_cases_of, open_ids_with, seen_by
from portal.cases.listing import render_list
from portal.cases.merging import merge
from portal.cases.models import Case
from portal.cases.numbers import take_number, void_number
from portal.cases.page import attach
from portal.cases.place import place_name
from portal.cases.reasons import REASONS as PAUSE_REASONS
from portal.cases.referral import refer, referable
from portal.cases.search_text import index as index_case
from portal.db import Model, after_commit, atomic, now, today
from portal.forms import (
    Amount,
    Choice,
    Day,
    Flag,
    Form,
    Hidden,
    LongText,
    Many,
    Moment,
    Number,
    Text,
    Upload,
    VersionedForm,
    row_id,
)
from portal.hookspecs import hookimpl
from portal.notify import send as send_notice
from portal.notify import send_to_unit as send_notice_to_unit
from portal.org.editing import add_unit, close_unit, rename_unit
from portal.org.enablement import towns_with
from portal.org.fields import UnitField
from portal.org.lineage_rows import to_heirs
from portal.org.models import PlacedModel, Unit
from portal.org.settings import office_of, setting, unit_in_charge
from portal.paging import page_of
from portal.people.fields import IdCardField, PhoneField
from portal.people.masks import mask_name, mask_phone
from portal.people.models import SEXES, TAGS, Resident
from portal.people.residents import find_or_create as find_or_create_resident
from portal.people.residents import strike as strike_resident
from portal.pinyin import initials
from portal.prepared import Prepared, PreparedModels
from portal.values import (
    API,
    Action,
    Card,
    CaseKind,
    Conflict,
    Deadline,
    Deprecated,
    Finding,
    Hit,
    Job,
    MenuItem,
    Numbers,
    Paper,
    Permission,
    Plugin,
    Refused,
    ResidentRecord,
    ResidentSection,
    ResidentUse,
    SearchProvider,
    Setting,
    State,
    Step,
    Topic,
    UnitEffect,
    UnitPart,
    Work,
    Workflow,
)

__all__ = [
    "API", "PAUSE_REASONS", "SEXES", "SQL", "TAGS", "Action", "Amount", "BigIntegerField", "Blueprint", "BooleanField",
    "Calendar", "Card", "Case", "CaseKind", "CharField", "Choice", "Conflict", "DateField", "DateTimeField", "Day",
    "Deadline", "DecimalField", "Deprecated", "Detail", "Finding", "Flag", "ForeignKeyField", "Form", "Hidden", "Hit",
    "IdCardField", "IntegerField", "JSONField", "Job", "LongText", "Many", "MenuItem", "Model", "Moment", "Number",
    "Numbers", "Opening", "Paper", "Permission", "PhoneField", "PlacedModel", "Plugin", "Prepared", "PreparedModels",
    "Refused", "Resident", "ResidentRecord", "ResidentSection", "ResidentUse", "SearchProvider", "Setting",
    "SmallIntegerField", "State", "Step", "Text", "TextField", "Topic", "Unit", "UnitEffect", "UnitField", "UnitPart",
    "Upload", "User", "VersionedForm", "Work", "Workflow", "abort", "add_unit", "after_commit", "atomic", "attach",
    "audit", "available", "close_unit", "current_user", "everybody", "extend", "find_or_create_resident", "flash", "fn",
    "get_object_or_404", "holds", "hookimpl", "index_case", "initials", "mask_name", "mask_phone", "may", "may_lag",
    "merge", "now", "office_of", "open_case", "open_cases_of", "open_ids_with", "other_posts", "own_transaction",
    "page_of", "place_name", "rate", "redirect", "refer", "referable", "rename_unit", "render_list", "render_template",
    "request", "requires", "retitle", "row_id", "search", "seen_by", "send_notice", "send_notice_to_unit", "setting",
    "signed_in", "staff_at", "strike_resident", "take", "take_number", "to_heirs", "today", "towns_with",
    "unit_in_charge", "url_for", "void_number",
]


class Farewell(NamedTuple):
    """A name that is still here, what to write instead, and the version that comes without it."""

    value: Any
    instead: str
    until: str


#: Names that are to go, by what they were called: see docs/compatibility.md. They stand here for two minor versions.
DEPRECATED: dict[str, Farewell] = {}


def __getattr__(name: str):
    """Give out a name that is to go, and say so to whoever asks for it."""
    if (going := DEPRECATED.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    sentence = f"portal.kit.{name} 将在 {going.until} 版取消，请改用 {going.instead}。"
    warnings.warn(sentence, Deprecated, stacklevel=2)
    return going.value
