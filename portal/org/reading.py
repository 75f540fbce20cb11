"""Reads files of divisions into rows, and says what is wrong with each line."""

import csv
import io
import lzma
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

#: The level that a code of so many digits names; a full code has 12 and names it by its zeros.
LEVEL_BY_DIGITS = {2: "region", 4: "region", 6: "county", 9: "town", 12: ""}
XZ = b"\xfd7zXZ\x00"
#: Unpacked; the whole nation has 25 MB. A small .xz can hold gigabytes.
LARGEST = 300 * 2**20
LONGEST = {"name": 100, "kind": 20}
PROGRESS = 20_000

#: Control characters and what reverses or hides inside a name; U+FFFD stands where a conversion lost a character.
#: Private-use characters are no fault: some villages are written with them.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ud800-\udfff\ufeff\ufffd]"
)


class Row(NamedTuple):
    """One unit of a file. Its line is 0 where only a column of others names it; `parent` is a code, "" for the top."""

    file: str
    line: int
    code: str
    name: str
    level: str
    kind: str
    parent: str


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong with a line; 0: with the file."""

    file: str
    line: int
    sentence: str

    def __str__(self):
        return f"{self.file} 第 {self.line} 行：{self.sentence}" if self.line else f"{self.file}：{self.sentence}"


@dataclass
class _Found:
    """What all files together hold so far."""

    rows: dict[str, Row] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    #: The same text is kept once: a nation's villages share their parents' codes and a few kinds.
    texts: dict[str, str] = field(default_factory=dict)

    def fault(self, file: str, line: int, sentence: str) -> None:
        self.faults.append(Fault(file, line, sentence))

    def same(self, text: str) -> str:
        return self.texts.setdefault(text, text)


def read(paths: list[Path], say: Callable) -> tuple[dict[str, Row], list[Fault]]:
    """Return the rows of all files by their codes, and what is wrong with them."""
    found = _Found()
    for path in paths:
        text = _text(path, found)
        if text is not None:
            _read(path.name, text, found, say)
    return found.rows, found.faults


# -- bytes and text ----------------------------------------------------------------------------------------------

def _text(path: Path, found: _Found) -> str | None:
    try:
        raw = path.read_bytes()
        if raw.startswith(XZ) or path.suffix.lower() == ".xz":
            raw = _unpacked(raw)
    except FileNotFoundError:
        return found.fault(path.name, 0, "没有这个文件。")
    except OSError as error:
        return found.fault(path.name, 0, f"文件读不出来（{error.strerror}）。")
    except (lzma.LZMAError, EOFError):
        return found.fault(path.name, 0, "压缩文件已损坏或不完整，请重新取得它。")
    if len(raw) > LARGEST:
        return found.fault(path.name, 0, f"内容超过 {LARGEST // 2**20} MB，请分成几个文件。")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return found.fault(path.name, line, f"文件不是 UTF-8 编码，{_encoding_hint(raw)}请另存为 UTF-8 后再导入。")


def _unpacked(raw: bytes) -> bytes:
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    text = unpacker.decompress(raw, max_length=LARGEST + 1)
    if not unpacker.eof and len(text) <= LARGEST:
        raise EOFError
    return text


def _encoding_hint(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "它像是 UTF-16（Unicode）编码，"
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return "它像是 GB18030（ANSI）编码，"


# -- rows --------------------------------------------------------------------------------------------------------

def _read(file: str, text: str, found: _Found, say: Callable) -> None:
    lines = _lines(file, text, found)
    _, head = next(lines, (0, None))
    if head is None:
        return None if found.faults else found.fault(file, 0, "文件是空的。")
    columns: dict[str, int] = {}
    for number, name in enumerate(head):
        columns.setdefault(name.strip(), number)
    key = next((name for name in ("code12", "code9", "code") if name in columns), None)
    if key is None or "name" not in columns:
        named = "、".join(name for name in columns if name)[:100] or "没有"
        return found.fault(file, 1, f"缺少列 code12（或 code9、code）和 name，现有的列：{named}。")
    total, counties = text.count("\n") + 1, {}
    for line, cells in lines:
        if len(cells) != len(head):
            found.fault(file, line, f"有 {len(cells)} 列，第 1 行有 {len(head)} 列。")
            continue
        values = {name: cells[number].strip() for name, number in columns.items()}
        row = _row(file, line, values, values[key], found)
        if isinstance(row, str):
            found.fault(file, line, row)
        else:
            _take(row, found)
            if values.get("county_code") and values.get("county"):
                counties.setdefault(values["county_code"], (line, values["county"]))
        if line % PROGRESS == 0:
            say("读取区划", line, total)
    say("读取区划", total, total)
    _name_counties(file, counties, found)


def _lines(file: str, text: str, found: _Found) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each line that holds something; a quoted cell may go over several lines."""
    reader, begin = csv.reader(io.StringIO(text), strict=True), 1
    try:
        for cells in reader:
            if any(cells):
                yield begin, cells
            begin = reader.line_num + 1
    except csv.Error:
        found.fault(file, begin, "引号不成对，或一格过长，这一行以后读不下去。")


def _row(file: str, line: int, values: dict, code: str, found: _Found) -> Row | str:
    """Return the row, or what is wrong with it."""
    if not (code.isascii() and code.isdigit() and len(code) in LEVEL_BY_DIGITS):
        return f"编码“{code[:30]}”应为 2、4、6、9 或 12 位数字。"
    name, kind = unicodedata.normalize("NFC", values["name"]), values.get("kind", "")
    given = values.get("town_code12") or values.get("parent") or ""
    if not name:
        return f"编码 {code} 没有名称。"
    for what, label, text in (("name", "名称", name), ("kind", "类别", kind)):
        if len(text) > LONGEST[what]:
            return f"编码 {code} 的{label}有 {len(text)} 字，最多 {LONGEST[what]} 字。"
        if HIDDEN.search(text):
            return f"编码 {code} 的{label}含有控制字符、看不见的字符或乱码。"
    if given and not (given.isascii() and given.isdigit() and len(given) in LEVEL_BY_DIGITS):
        return f"上级编码“{given[:30]}”应为 2、4、6、9 或 12 位数字。"
    own = full(code)
    level = level_of(own)
    parent = full(given) if given else _parent(own, level)
    if level == "village" and parent != full(own[:9]):
        return f"编码 {code} 的前 9 位与上级 {parent} 不一致。"
    return Row(file, line, own, name, level, found.same(kind or _kind(name, level)), found.same(parent))


def _take(row: Row, found: _Found) -> None:
    earlier = found.rows.get(row.code)
    if earlier is None or not earlier.line:
        found.rows[row.code] = row
    elif earlier.file == row.file or earlier.name != row.name:
        where = f"第 {earlier.line} 行" if earlier.file == row.file else f"{earlier.file} 第 {earlier.line} 行"
        found.fault(row.file, row.line, f"编码 {row.code} 重复，{where}已有“{earlier.name}”。")
    # Else another file says the same once more: statistics list 金门县 as its own town and its own village.


def _name_counties(file: str, counties: dict[str, tuple[int, str]], found: _Found) -> None:
    """Take the counties that the lines of others name; where a file has a line for one, that line counts."""
    for code, (line, name) in counties.items():
        row = _row(file, line, {"name": name}, code, found)
        if isinstance(row, str) or row.level != "county":
            found.fault(file, line, f"county_code“{code[:30]}”不是县（区）的编码。")
        else:
            found.rows.setdefault(row.code, row._replace(line=0))


def full(code: str) -> str:
    """Return the code under which a unit is kept: 12 digits (510722 → 510722000000); 2 or 4 for what lies above
    counties, because a prefecture without counties and the county of its name would otherwise have the same."""
    if len(code) == 12 and code.endswith("00000000"):
        code = code[:4]
    if len(code) <= 4:
        return code.removesuffix("00")
    return code.ljust(12, "0")


def level_of(code: str) -> str:
    """Return the level of a code as `full` gives it."""
    if len(code) < 12:
        return "region"
    return "county" if code.endswith("000000") else "town" if code.endswith("000") else "village"


def _parent(code: str, level: str) -> str:
    return {"village": full(code[:9]), "town": full(code[:6])}.get(level, "")


def _kind(name: str, level: str) -> str:
    """Return what the name says about the kind of unit, "" where it says nothing."""
    if level == "village":
        return "居委会" if "居" in name[-6:] or name.endswith("社区") else "村委会"
    if level == "town":
        return next((kind for kind in ("街道", "镇", "乡") if name.endswith((kind, kind + "办事处"))), "其他")
    return "县" if level == "county" else "省市"
