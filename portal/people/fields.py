"""Form fields for the numbers of a person."""

import re
import unicodedata
from datetime import date

from stdnum.cn import ric
from stdnum.exceptions import InvalidComponent
from wtforms.validators import ValidationError as FieldError

from portal.db import today
from portal.forms import Text

MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"(0\d{2,3}-?)?[2-8]\d{6,7}")


#: What people type for the dot in 阿依木·买买提.
DOTS = re.compile("[\u2022\u30fb\u2027\u2219\u22c5\uff0e\uff65]")
BETWEEN_CHINESE = re.compile(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])")


def plain_name(text: str) -> str:
    """Return the name in the one way in which it is kept: one kind of dot, no spaces inside a Chinese name."""
    return BETWEEN_CHINESE.sub("", DOTS.sub("·", unicodedata.normalize("NFC", text or "")).strip())


def plain_id(text: str) -> str:
    """Return the number in the one way in which it is kept: half-width, capital X, no spaces."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text or "")).upper()


def plain_phone(text: str) -> str:
    return re.sub(r"[\s()（）]", "", unicodedata.normalize("NFKC", text or ""))


def check_id(number: str) -> None:
    """Raise a field error unless `number` is a valid 18-digit 居民身份证号 (GB 11643).

    The place is held against the provinces only: the number keeps the county in which it was given out, so people are
    older than the code they carry, and stdnum, which compares the two, would turn away the old.
    """
    if re.fullmatch(r"\d{15}", number):
        raise FieldError("这是 15 位的旧号码，请填 18 位的居民身份证号。")
    if len(number) != 18:
        raise FieldError(f"居民身份证号应为 18 位，现在是 {len(number)} 位，请核对。")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise FieldError("居民身份证号由 17 位数字和一位校验码组成，请核对。")
    if ric.calc_check_digit(number) != number[17]:
        raise FieldError("居民身份证号的校验码不对，请对照证件核对。")
    if number[:2] not in PROVINCES:
        raise FieldError("居民身份证号开头的地区不对，请对照证件核对。")
    try:
        born = ric.get_birth_date(number)
    except InvalidComponent:
        born = None
    if born is None or not date(1900, 1, 1) <= born <= today():
        raise FieldError("居民身份证号里的出生日期不对，请对照证件核对。")


#: GB/T 2260, the first two digits; 83 is used for the residence permits of people from Taiwan.
PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)


class IdCardField(Text):
    """An 18-digit 居民身份证号 (GB 11643) with its check digit; the data is the number as it is kept.

    It belongs into the people room (`find_or_create_resident`), never into a table of a plugin.
    """

    def __init__(self, label, *, required=True, **kwargs):
        super().__init__(label, required=required, longest=40, **kwargs)

    def pre_validate(self, form):
        super().pre_validate(form)
        number = plain_id(self.data)
        if number:
            check_id(number)
            self.data = number


class PhoneField(Text):
    """A mobile or landline number; the data is the number without spaces. It belongs into the people room."""

    def __init__(self, label, *, required=True, **kwargs):
        super().__init__(label, required=required, longest=40, **kwargs)

    def pre_validate(self, form):
        super().pre_validate(form)
        number = plain_phone(self.data)
        if number:
            if not (MOBILE.fullmatch(number) or LANDLINE.fullmatch(number)):
                raise FieldError("电话应为 11 位手机号，或带区号的座机号，例如 0816-5221234。")
            self.data = number
