"""All that a plugin may import. Whatever is not here may change without notice."""

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
from portal.access import may, own_transaction, requires, signed_in
from portal.accounts.everybody import everybody, staff_at
from portal.accounts.models import User
from portal.calendar import Calendar, extend
from portal.cases.details import Detail
from portal.cases.ledger import Opening, available, open_case, rate, retitle, take
from portal.cases.lens import holds, open_cases_of, seen_by
from portal.cases.listing import render_list
from portal.cases.models import Case
from portal.cases.numbers import take_number, void_number
from portal.cases.page import attach
from portal.cases.place import place_name
from portal.cases.referral import refer, referable
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
from portal.org.editing import add_unit, close_unit, rename_unit
from portal.org.fields import UnitField
from portal.org.models import PlacedModel, Unit
from portal.org.settings import office_of, setting, unit_in_charge
from portal.paging import page_of
from portal.people.fields import IdCardField, PhoneField
from portal.people.masks import mask_name, mask_phone
from portal.people.models import SEXES, TAGS, Resident
from portal.people.residents import find_or_create as find_or_create_resident
from portal.pinyin import initials
from portal.prepared import Prepared, PreparedModels
from portal.values import (
    API,
    Action,
    Card,
    CaseKind,
    Conflict,
    Deadline,
    Finding,
    Hit,
    MenuItem,
    Numbers,
    Paper,
    Permission,
    Plugin,
    Refused,
    SearchProvider,
    Setting,
    State,
    Step,
    Workflow,
)

__all__ = [
    "API", "SEXES", "SQL", "TAGS", "Action", "Amount", "BigIntegerField", "Blueprint", "BooleanField", "Calendar",
    "Card", "Case", "CaseKind", "CharField", "Choice", "Conflict", "DateField", "DateTimeField", "Day", "Deadline",
    "DecimalField", "Detail", "Finding", "Flag", "ForeignKeyField", "Form", "Hidden", "Hit", "IdCardField",
    "IntegerField", "JSONField", "LongText", "Many", "MenuItem", "Model", "Moment", "Number", "Numbers", "Opening",
    "Paper", "Permission", "PhoneField", "PlacedModel", "Plugin", "Prepared", "PreparedModels", "Refused", "Resident",
    "SearchProvider", "Setting", "SmallIntegerField", "State", "Step", "Text", "TextField", "Unit", "UnitField",
    "Upload", "User", "VersionedForm", "Workflow", "abort", "add_unit", "after_commit", "atomic", "attach", "audit",
    "available", "close_unit", "current_user", "everybody", "extend", "find_or_create_resident", "flash", "fn",
    "get_object_or_404", "holds", "hookimpl", "initials", "mask_name", "mask_phone", "may", "now", "office_of",
    "open_case", "open_cases_of", "own_transaction", "page_of", "place_name", "rate", "redirect", "refer", "referable",
    "rename_unit", "render_list", "render_template", "request", "requires", "retitle", "row_id", "search", "seen_by",
    "setting", "signed_in", "staff_at", "take", "take_number", "today", "unit_in_charge", "url_for", "void_number",
]
