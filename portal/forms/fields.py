"""Fields with the limits built in: length, control characters, marks that turn the direction of writing."""

import unicodedata

from flask_wtf.file import FileField, MultipleFileField
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, StopValidation, ValidationError

REQUIRED = "请填写“{}”。"
CHOOSE = "请选择“{}”。"
NOT_OFFERED = "请从列表中选择。"

#: Joins the parts of one emoji; anywhere else it makes two names that look the same.
JOINER = "\u200d"
#: What Python would put through as one row's id. More is no id, and SQLite could not even compare with it.
LARGEST_ID = 2**63 - 1


def clean_text(text: str | None, *, lines: bool = False) -> str:
    """Return `text` trimmed, in normal form C with unified line ends; raise ValidationError for what it must not hold.

    Marks of direction reverse what a reader sees, marks without width hide inside names (both are category Cf).
    Characters that Python does not know yet (Cn) pass: rare characters in names are newer than any program.
    """
    text = unicodedata.normalize("NFC", text or "").replace("\r\n", "\n").replace("\r", "\n").strip()
    before = ""
    for character in text:
        kind = unicodedata.category(character)
        if kind == "Cf" and not (character == JOINER and before in ("So", "Sk", "Mn")):
            raise ValidationError("含有看不见的方向或零宽字符，请删去后重新输入。")
        if (kind in ("Cc", "Cs", "Zl", "Zp") and not (lines and character in "\n\t")) or _is_no_character(character):
            raise ValidationError("含有不能使用的控制字符，请删去后重新输入。")
        before = kind
    return text


def _is_no_character(character: str) -> bool:
    return ord(character) & 0xFFFE == 0xFFFE or "\ufdd0" <= character <= "\ufdef"


def row_id(text: str) -> int:
    """Read the id of a row out of an address (`request.args.get("after", type=row_id)`)."""
    number = int(text)
    if not 0 <= number <= LARGEST_ID:
        raise ValueError(text)
    return number


def shown(field) -> str:
    """Return what a person filled into `field`, as they saw it; "" for hidden fields, passwords and files."""
    if field.widget.__class__.__name__ in ("HiddenInput", "PasswordInput", "FileInput"):
        return ""
    if (unit := getattr(field, "unit", None)) is not None:
        return unit.name
    if isinstance(field, BooleanField):
        return "是" if field.data else ""
    if isinstance(field, SelectField | SelectMultipleField):
        return "、".join(str(choice.label) for choice in field.iter_choices() if choice.selected and choice.value != "")
    return "\n".join(str(text) for text in field.raw_data or () if str(text).strip())


class _Needs:
    """Say in Chinese, with the label, that the field is missing."""

    def __init__(self, sentence: str):
        self.sentence = sentence
        self.field_flags = {"required": True}

    def __call__(self, form, field):
        if field.process_errors:
            raise StopValidation  # something was typed that could not be read: that sentence is already there
        if not field.data and field.data != 0:
            raise StopValidation(self.sentence.format(field.label.text))


def _presence(required: bool, sentence: str = REQUIRED):
    return [_Needs(sentence)] if required else [Optional(strip_whitespace=True)]


class _Cleaned:
    lines = False

    def process_formdata(self, valuelist):
        super().process_formdata(valuelist)
        self.data = self.data or ""

    def pre_validate(self, form):
        if len(self.data) > self.longest + 2000:  # what nobody typed is not read through sign by sign
            raise ValidationError(f"最多 {self.longest} 字，现在有 {len(self.data)} 字，请精简。")
        self.data = clean_text(self.data, lines=self.lines)
        if len(self.data) > self.longest:
            raise ValidationError(f"最多 {self.longest} 字，现在有 {len(self.data)} 字，请精简。")


class Text(_Cleaned, StringField):
    """One line of at most `longest` characters, trimmed; control characters and marks of direction are taken out.

    The data is a str, "" where it is not `required` and nothing was typed.
    """

    def __init__(self, label, *, required=True, longest=100, validators=(), **kwargs):
        self.longest = longest
        kwargs.setdefault("default", "")
        super().__init__(label, [*_presence(required), *validators], **kwargs)


class LongText(_Cleaned, TextAreaField):
    """Several lines of at most `longest` characters in all; the data is a str with "\\n" between lines."""

    lines = True

    def __init__(self, label, *, required=True, longest=2000, validators=(), **kwargs):
        self.longest = longest
        kwargs.setdefault("default", "")
        super().__init__(label, [*_presence(required), *validators], **kwargs)


class Secret(PasswordField):
    """A password: kept as typed, spaces included; never shown again."""

    def __init__(self, label, *, longest=128, validators=(), **kwargs):
        self.longest = longest
        super().__init__(label, [InputRequired(REQUIRED.format(label)), *validators], **kwargs)

    def pre_validate(self, form):
        if len(self.data or "") > self.longest:
            raise ValidationError(f"最多 {self.longest} 个字符。")


def _offered(choices):
    """Return pairs of value and label as the objects that WTForms asks for since 3.3."""
    if isinstance(choices, list | tuple):
        return [SelectChoice(*choice) if isinstance(choice, tuple) else choice for choice in choices]
    return choices


class _Offering:
    """Choices may be given as pairs, to the constructor and later, when they are known."""

    @property
    def choices(self):
        return SelectField.choices.fget(self)

    @choices.setter
    def choices(self, choices):
        SelectField.choices.fset(self, _offered(choices))

    def process_formdata(self, valuelist):
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(NOT_OFFERED) from None

    def pre_validate(self, form):
        try:
            super().pre_validate(form)
        except ValidationError:
            raise ValidationError(NOT_OFFERED) from None


class Choice(_Offering, SelectField):
    """One of `choices`, pairs of value and label; the data is the value, a str. What was not offered is refused."""

    def __init__(self, label, *, choices=None, required=True, validators=(), **kwargs):
        kwargs.setdefault("default", "")
        super().__init__(label, [*_presence(required, CHOOSE), *validators], choices=_offered(choices), **kwargs)

    def pre_validate(self, form):
        if self.data not in (None, "", "None"):  # presence is the validators' business, so that its sentence is ours
            super().pre_validate(form)


class Many(_Offering, SelectMultipleField):
    """Any of `choices`, pairs of value and label, ticked; the data is a list of values."""

    def __init__(self, label, *, choices=None, required=False, validators=(), **kwargs):
        super().__init__(label, [*_presence(required, CHOOSE), *validators], choices=_offered(choices), **kwargs)


class _Parsed:
    wrong = ""

    def process_formdata(self, valuelist):
        if not any(value.strip() for value in valuelist):
            self.data = None  # left empty, which is not the same as wrongly filled in
            return
        try:
            super().process_formdata([value.strip() for value in valuelist])
        except (ValueError, ArithmeticError):
            raise ValueError(self.wrong) from None


class Number(_Parsed, IntegerField):
    """A whole number from `least` to `most`; the data is an int, None where it is not `required` and was left out."""

    wrong = "请填写整数，例如 12。"

    def __init__(self, label, *, required=True, least=0, most=1_000_000, validators=(), **kwargs):
        bounds = NumberRange(least, most, f"应在 {least} 到 {most} 之间。")
        super().__init__(label, [*_presence(required), bounds, *validators], **kwargs)


class Amount(_Parsed, DecimalField):
    """Money in yuan from `least` to `most`; the data is a Decimal, never a float, or None where it was left out."""

    wrong = "请填写金额，例如 1200.50。"

    def __init__(self, label, *, required=True, least=0, most=100_000_000, validators=(), **kwargs):
        bounds = NumberRange(least, most, f"应在 {least} 到 {most} 之间。")
        super().__init__(label, [*_presence(required), bounds, *validators], places=2, **kwargs)


class Day(_Parsed, DateField):
    """A day between 1900 and 2200; the data is a date, None where it is not `required` and was left out."""

    wrong = "请按 2026-11-20 的样子填写日期。"

    def __init__(self, label, *, required=True, validators=(), **kwargs):
        super().__init__(label, [*_presence(required), *validators], **kwargs)

    def post_validate(self, form, validation_stopped):
        if self.data and not 1900 <= self.data.year <= 2200:
            raise ValidationError("年份应在 1900 到 2200 之间。")


class Moment(_Parsed, DateTimeLocalField):
    """A day and a time of day, to the minute; the data is a naive datetime, None where it was left out."""

    wrong = "请按 2026-11-20 09:30 的样子填写日期和时间。"

    def __init__(self, label, *, required=True, validators=(), **kwargs):
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
        super().__init__(label, [*_presence(required), *validators], format=formats, **kwargs)

    def post_validate(self, form, validation_stopped):
        if self.data and not 1900 <= self.data.year <= 2200:
            raise ValidationError("年份应在 1900 到 2200 之间。")


class Flag(BooleanField):
    """A box to tick; the data is a bool."""


class Hidden(_Cleaned, HiddenField):
    """A text that the page carries along; it comes back from a browser, so it is as untrusted as what was typed."""

    def __init__(self, label="", *, longest=200, **kwargs):
        self.longest = longest
        kwargs.setdefault("default", "")
        super().__init__(label, **kwargs)


class Upload(MultipleFileField):
    """Files to attach; the data is a list of uploads for `attach`. What they are is decided by their content."""


class SingleUpload(FileField):
    pass
