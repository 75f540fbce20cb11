"""Where official days come from: the package's table, the holidays library for years gone by, and an uploaded file."""

import csv
import io
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import holidays

OFF, WORK = "off", "work"

#: Years for which the library has the announced 调休, not only the statutory days. Fixed, not asked of the library: it
#: answers for later years too, by calculation, and a calculated year is a guess.
LIBRARY_YEARS = range(2015, 2024)
PACKAGE_YEARS = range(2024, 2027)

KINDS = {
    "放假": OFF, "休": OFF, "休息": OFF, "off": OFF,
    "调休上班": WORK, "上班": WORK, "班": WORK, "work": WORK,
}
COLUMNS = {"日期": "date", "类型": "kind", "类别": "kind", "名称": "name", "节日": "name", "星期": "weekday"}
LONGEST_NAME = 40
LARGEST_FILE = 100_000

#: 全国年节及纪念日放假办法: 13 days from 2025 on (2 May and the eve of the Spring Festival were added), 11 before.
THIRTEEN_FROM = 2025


class Day(NamedTuple):
    """What is special about a day: `kind` is "off" or "work", `name` says why (春节)."""

    kind: str
    name: str


class Flaw(NamedTuple):
    """What is wrong in a file, by line; line 0 is the file as a whole."""

    line: int
    sentence: str

    def __str__(self):
        return f"第 {self.line} 行：{self.sentence}" if self.line else self.sentence


@cache
def packaged() -> dict[date, Day]:
    """Return the announced days of PACKAGE_YEARS."""
    text = (files("portal.calendar") / "data" / "cn_official_2024_2026.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(text))
    return {date.fromisoformat(row["date"]): Day(KINDS[row["kind"]], row["name"]) for row in rows}


@cache
def from_library() -> dict[date, Day]:
    """Return the announced days of LIBRARY_YEARS, from the holidays library."""
    known = holidays.country_holidays("CN", years=LIBRARY_YEARS, language="zh_CN")
    days = {day: Day(OFF, name[:LONGEST_NAME]) for day, name in known.items()}
    days |= {day: Day(WORK, "调休") for day in known.weekend_workdays if day.year in LIBRARY_YEARS}
    return days


def statutory(year: int) -> dict[date, Day]:
    """Return the days off that the law itself gives for `year`: the festivals, and a workday for each on a weekend.

    全国年节及纪念日放假办法 (2024), articles 2 and 6. Which days are moved and worked instead is announced every year.
    """
    known = holidays.country_holidays("CN", years=year, language="zh_CN")
    return {day: Day(OFF, name[:LONGEST_NAME]) for day, name in sorted(known.items()) if day.year == year}


def as_csv(days: dict[date, Day]) -> str:
    """Return `days` in the form that `read_csv` takes; with a BOM, so that spreadsheets show the Chinese."""
    lines = ["date,weekday,kind,name"]
    for day, (kind, name) in sorted(days.items()):
        lines.append(f"{day},{day.isoweekday()},{'放假' if kind == OFF else '调休上班'},{name}")
    return "\ufeff" + "\r\n".join(lines) + "\r\n"


def decoded(raw: bytes) -> str:
    """Return the text of an uploaded table: UTF-8, or GB 18030 as Chinese spreadsheets save it.

    Raises ValueError with a Chinese sentence for anything else.
    """
    if len(raw) > LARGEST_FILE:
        raise ValueError("文件太大，一年的放假安排只有几十行，请检查是否选错了文件。")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("读不出文件里的文字，请在表格软件中另存为“CSV UTF-8”后再上传。")


def read_csv(text: str, year: int, *, provisional: bool = False) -> tuple[dict[date, Day], list[Flaw]]:
    """Return the days in `text` (columns date, kind, name; weekday if wanted) and everything that is wrong with it.

    Days of the December before `year` are allowed: the announcement for a year moves days of the last one for 元旦.
    `provisional` allows a table without any 调休上班.
    """
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), strict=True)
    try:
        titles = next(reader, [])
        return read_rows(titles, ((reader.line_num, cells) for cells in reader), year, provisional=provisional)
    except csv.Error:
        return {}, [Flaw(reader.line_num, "引号或分隔符不成对，读不下去。")]


def read_rows(
    titles: list[str], rows: Iterable[tuple[int, list[str]]], year: int, *, provisional: bool = False
) -> tuple[dict[date, Day], list[Flaw]]:
    """Return the days in `rows`, each with its number in the file, and everything that is wrong with them."""
    titles = [COLUMNS.get(title, title) for title in (title.strip().lower() for title in titles)]
    if lacking := [title for title in ("date", "kind", "name") if title not in titles]:
        return {}, [Flaw(1, f"第一行应是列名 date,kind,name（日期、类型、名称），现在缺少 {'、'.join(lacking)}。")]
    days: dict[date, Day] = {}
    flaws = list(_read_rows(rows, titles, year, days))
    return days, flaws or _gaps(days, year, provisional)


def _read_rows(rows, titles: list[str], year: int, days: dict[date, Day]) -> Iterable[Flaw]:
    """Fill `days` and yield what is wrong, line by line."""
    for line, cells in rows:
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        row = dict(zip(titles, cells, strict=False))
        try:
            day, meaning = _read_row(row, year)
            if day in days:
                raise ValueError(f"{day} 出现了两次。")
            days[day] = meaning
        except ValueError as error:
            yield Flaw(line, str(error))


def _read_row(row: dict[str, str], year: int) -> tuple[date, Day]:
    day = _read_date(row.get("date", ""))
    kind = KINDS.get(row.get("kind", "").lower())
    name = row.get("name", "")
    if kind is None:
        raise ValueError(f"类型应写“放假”或“调休上班”，现在是“{row.get('kind', '')[:20]}”。")
    if day.year != year and (day.year, day.month) != (year - 1, 12):
        raise ValueError(f"{day} 不属于 {year} 年（上一年 12 月的日期也可以）。")
    if not name or len(name) > LONGEST_NAME:
        raise ValueError(f"请写明节日名称，不超过 {LONGEST_NAME} 字。")
    if any(unicodedata.category(character)[0] == "C" for character in name):
        raise ValueError("节日名称里有看不见的控制字符，请删去。")
    if kind == WORK and day.isoweekday() < 6:
        raise ValueError(f"{day} 本来就是工作日（星期{'一二三四五'[day.weekday()]}），不会是调休上班，请核对日期。")
    if row.get("weekday", "") not in ("", str(day.isoweekday())):
        raise ValueError(f"{day} 是星期{'一二三四五六日'[day.weekday()]}，与表中的星期不符，请核对日期。")
    return day, Day(kind, name)


def _read_date(text: str) -> date:
    parts = text.strip("日").replace("年", "-").replace("月", "-").replace("/", "-").replace(".", "-").split("-")
    try:
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
            raise ValueError(text)
        return date(*map(int, parts))
    except (ValueError, OverflowError):
        raise ValueError(f"日期应写成 2027-01-01 的样子，现在是“{text[:20]}”。") from None


def _gaps(days: dict[date, Day], year: int, provisional: bool) -> list[Flaw]:
    """Say what a whole year cannot lack: half a table taken for a year would silently make wrong deadlines."""
    fixed = [date(year, 1, 1), date(year, 5, 1), *(date(year, 10, 1 + n) for n in range(3))]
    fewest = 13 if year >= THIRTEEN_FROM else 11
    if lacking := [f"{day.month} 月 {day.day} 日" for day in fixed if days.get(day, Day(WORK, "")).kind != OFF]:
        return [Flaw(0, f"表不完整：{'、'.join(lacking)}是法定节假日，却没有放假。没有载入任何内容。")]
    if (off := sum(day.kind == OFF for day in days.values())) < fewest:
        return [Flaw(0, f"表不完整：只有 {off} 天放假，法定节假日就有 {fewest} 天。没有载入任何内容。")]
    if not provisional and not any(day.kind == WORK for day in days.values()):
        return [Flaw(0, "表中没有一天调休上班。如果通知还没有发布，请勾选“暂按推算”；否则请把调休上班的日期补全。")]
    return []


def weekend_or(day: date, special: Day | None) -> bool:
    """Tell whether `day` is a workday, given what is special about it."""
    return day.weekday() < 5 if special is None else special.kind == WORK


def days_of(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))
