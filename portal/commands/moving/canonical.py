"""One way to write down a value, the same from both engines: the text format of PostgreSQL's COPY.

The source's side is written here in Python from what SQLite holds; the target's side is written by PostgreSQL itself
(COPY TO). So what is compared was rendered by two programs that know nothing of each other.
"""

import datetime
import decimal
import json
import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

NULL = r"\N"
_SPECIAL = re.compile("[\b\t\n\v\f\r\\\\]")
_ESCAPED = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\v": r"\v", "\f": r"\f", "\r": r"\r", "\\": r"\\"}
_JSON_SPECIAL = re.compile('[\x00-\x1f\\\\"]')
_JSON_ESCAPED = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r", "\\": r"\\", '"': r"\""}
#: How many bits of a number there are beside its sign.
INTEGERS = {"smallint": 15, "integer": 31, "bigint": 63}


class Unfit(ValueError):
    """PostgreSQL cannot hold the value; the message is the end of a sentence that says why."""


class UnknownType(ValueError):
    """No canonical form is known for a column of this type."""


@dataclass(frozen=True)
class Form:
    """How the values of a column are written: `canonical(value)` for comparing, `sent(value)` for COPY FROM (the same
    function where nothing else is said); `expression` gives the canonical form on PostgreSQL, from the quoted name."""

    canonical: Callable[[object], str]
    sent: Callable[[object], str]
    expression: str = "{}"


def escaped(text: str) -> str:
    """Return `text` as COPY writes it."""
    return _SPECIAL.sub(lambda sign: _ESCAPED[sign[0]], text) if _SPECIAL.search(text) else text


def form_of(kind: str) -> Form:
    """Return the form of a column of PostgreSQL's type `kind`, as format_type names it. Raises UnknownType."""
    base, _, given = kind.partition("(")
    limits = [int(number) for number in re.findall(r"\d+", given)]
    if base in INTEGERS:
        return _same(_integer(INTEGERS[base]))
    if base in ("text", "character varying"):
        return _same(_text(limits[0] if limits else 0))
    if base == "character":
        return Form(_padded(limits[0]), _text(limits[0]), "rpad({}::text, " + str(limits[0]) + ")")
    if base == "numeric":
        return Form(_numeric(limits), _plain_number)
    if kind not in _FORMS:
        raise UnknownType(kind)
    return _FORMS[kind]


def _same(convert) -> Form:
    return Form(convert, convert)


# -- texts and numbers ---------------------------------------------------------------------------------------------

def _text(limit: int) -> Callable[[object], str]:
    def convert(value) -> str:
        if not isinstance(value, str):
            raise Unfit("不是文字")
        if "\0" in value:
            raise Unfit("含有 NUL 字符")
        if limit and len(value) > limit:
            raise Unfit(f"有 {len(value)} 个字，最多 {limit} 个")
        return _SPECIAL.sub(lambda sign: _ESCAPED[sign[0]], value) if _SPECIAL.search(value) else value

    return convert


def _padded(limit: int) -> Callable[[object], str]:
    plain = _text(limit)

    def convert(value) -> str:
        plain(value)
        return escaped(value.ljust(limit))

    return convert


def _integer(bits: int) -> Callable[[object], str]:
    least, most = -(1 << bits), (1 << bits) - 1

    def convert(value) -> str:
        if type(value) is not int:
            raise Unfit("不是整数")
        if not least <= value <= most:
            raise Unfit(f"超出了 {least} 至 {most}")
        return str(value)

    return convert


def _boolean(value) -> str:
    if value not in (0, 1) or not isinstance(value, int):
        raise Unfit("不是 0 或 1")
    return "t" if value else "f"


def _plain_number(value) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unfit("不是数字")
    return escaped(repr(value) if isinstance(value, float) else str(value))


def _numeric(limits: list[int]) -> Callable[[object], str]:
    def convert(value) -> str:
        try:
            number = decimal.Decimal(_plain_number(value))
        except decimal.InvalidOperation:
            raise Unfit("不是数字") from None
        if not number.is_finite():
            raise Unfit("不是有限的数")
        if not limits:
            return _fixed(number)
        size, scale = [*limits, 0][:2]
        rounded = number.quantize(decimal.Decimal(1).scaleb(-scale), context=_WIDE)
        if rounded != number:
            raise Unfit(f"小数多于 {scale} 位")
        if rounded.adjusted() >= size - scale and rounded:
            raise Unfit(f"整数部分多于 {size - scale} 位")
        return _fixed(rounded)

    return convert


_WIDE = decimal.Context(prec=200)


def _fixed(number: decimal.Decimal) -> str:
    """Return a number as PostgreSQL's numeric writes it: no exponent, no minus before zero."""
    return format(number if number else abs(number), "f")


def _bits(code: str) -> Callable[[object], str]:
    def convert(value) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unfit("不是数字")
        try:
            return struct.pack(code, value).hex()
        except OverflowError:
            raise Unfit("数太大了") from None

    return convert


# -- moments -------------------------------------------------------------------------------------------------------

def _moment(value) -> str:
    found = _parsed(value, datetime.datetime.fromisoformat, "日期和时间", 19)
    if found.tzinfo is not None:
        raise Unfit("带有时区")
    return _trimmed(str(found))


def _day(value) -> str:
    return str(_parsed(value, datetime.date.fromisoformat, "日期", 10))


def _time(value) -> str:
    found = _parsed(value, datetime.time.fromisoformat, "时间", 8)
    if found.tzinfo is not None:
        raise Unfit("带有时区")
    return _trimmed(str(found))


def _parsed(value, parse, what: str, least: int):
    if not isinstance(value, str) or len(value) < least or not value[:1].isdigit():
        raise Unfit(f"不是{what}")
    try:
        return parse(value)
    except ValueError:
        raise Unfit(f"不是{what}") from None


def _trimmed(text: str) -> str:
    return text.rstrip("0") if "." in text else text


# -- JSON ----------------------------------------------------------------------------------------------------------

_decode = json.JSONDecoder(parse_float=decimal.Decimal, strict=True).decode


def _jsonb(value) -> str:
    """Return JSON as PostgreSQL's jsonb writes it: keys in order of length, then of bytes; the last of equal ones."""
    if value in ("{}", "[]"):
        return value
    try:
        return escaped(_written(_decode(value)))
    except Unfit:
        raise
    except (TypeError, RecursionError, ValueError):
        raise Unfit("不是 JSON") from None


def _written(value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: _order(pair[0]))
        return "{" + ", ".join(f"{_quoted(name)}: {_written(one)}" for name, one in pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    if isinstance(value, float):  # json lets NaN and Infinity through
        raise Unfit("含有不是数的数")
    return _number(value) if isinstance(value, decimal.Decimal) else str(value)


def _number(value: decimal.Decimal) -> str:
    if value.adjusted() >= 131_072 or value.as_tuple().exponent < -16_383:
        raise Unfit("含有太大或太长的数")
    return _fixed(value)


def _order(name: str) -> tuple[int, bytes]:
    raw = name.encode("utf-8", "surrogatepass")
    return len(raw), raw


def _quoted(text: str) -> str:
    if "\0" in text:
        raise Unfit("含有 NUL 字符")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Unfit("含有不成对的代用字符")
    return f'"{_JSON_SPECIAL.sub(_json_escape, text) if _JSON_SPECIAL.search(text) else text}"'


def _json_escape(sign) -> str:
    return _JSON_ESCAPED.get(sign[0]) or f"\\u{ord(sign[0]):04x}"


def _json(value) -> str:
    """Return JSON that is kept as it was typed (PostgreSQL's json)."""
    _jsonb(value)
    return escaped(value)


def _raw(value) -> str:
    if not isinstance(value, str):
        raise Unfit("不是文字")
    return escaped(value)


# -- the rest ------------------------------------------------------------------------------------------------------

def _bytes(value) -> str:
    if not isinstance(value, bytes):
        raise Unfit("不是二进制内容")
    return rf"\\x{value.hex()}"


def _uuid(value) -> str:
    digits = value.replace("-", "").lower() if isinstance(value, str) else ""
    if not re.fullmatch("[0-9a-f]{32}", digits):
        raise Unfit("不是 UUID")
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _double(value) -> str:
    return _plain_number(float(value)) if not (isinstance(value, float) and not math.isfinite(value)) else \
        {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[str(value)]


_FORMS = {
    "boolean": _same(_boolean),
    "timestamp without time zone": _same(_moment),
    "date": _same(_day),
    "time without time zone": _same(_time),
    "jsonb": Form(_jsonb, _raw),
    "json": _same(_json),
    "bytea": _same(_bytes),
    "uuid": _same(_uuid),
    "double precision": Form(_bits(">d"), _double, "encode(float8send({}), 'hex')"),
    "real": Form(_bits(">f"), _double, "encode(float4send({}), 'hex')"),
}


# -- the search index ----------------------------------------------------------------------------------------------

#: PostgreSQL's longest lexeme (bytes), and how many places of one it keeps.
LONGEST_LEXEME, MOST_PLACES = 2046, 255


def vector(tokens: list[str]) -> str:
    """Return the tsvector, as PostgreSQL writes it, of `tokens` in this order, the first at place 1. A word that is
    too long for a lexeme is left out: nobody can search for it on PostgreSQL."""
    places: dict[str, list[int]] = {}
    for place, token in enumerate(tokens, 1):
        places.setdefault(token, []).append(place)
    ordered = sorted((token.encode(), found) for token, found in places.items())
    return escaped(" ".join(
        f"'{_doubled(raw.decode())}':{','.join(map(str, found[:MOST_PLACES]))}"
        for raw, found in ordered if len(raw) <= LONGEST_LEXEME
    ))


def _doubled(token: str) -> str:
    return token.replace("\\", "\\\\").replace("'", "''")
