"""A year's holidays from whatever file an office has: CSV, a spreadsheet (xlsx), or the JSON and ICS that calendars of
announced days are passed on in. All become rows of date, kind and name, so that one set of rules judges them.
"""

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from python_calamine import CalamineError, load_workbook

from portal.calendar.official import Day, Flaw, decoded, read_csv, read_rows

#: A spreadsheet is larger than its text; what it unpacks to is bounded by its own rows (LARGEST_TABLE).
LARGEST_SHEET = 1_000_000
LARGEST_TABLE = 1000
TITLES = ["date", "kind", "name"]
Rows = Iterator[tuple[int, list[str]]]


def read_file(raw: bytes, year: int, *, provisional: bool = False) -> tuple[dict[date, Day], list[Flaw]]:
    """Return the days in `raw`, a file of any known form, and what is wrong with it by the number of its row."""
    try:
        if raw[:4] == b"PK\x03\x04":
            titles, rows = _sheet(raw)
            return read_rows(titles, rows, year, provisional=provisional)
        text = decoded(raw).lstrip("\ufeff")
        if text.lstrip()[:1] in ("{", "["):
            return read_rows(TITLES, _json(text), year, provisional=provisional)
        if text.lstrip().upper().startswith("BEGIN:VCALENDAR"):
            return read_rows(TITLES, _ics(text, year), year, provisional=provisional)
    except ValueError as error:
        return {}, [Flaw(0, str(error))]
    return read_csv(text, year, provisional=provisional)


def year_of(raw: bytes) -> int | None:
    """Return the year that most dates of the file lie in, None where it holds none."""
    text = raw.decode("utf-8", "replace")
    if raw[:4] == b"PK\x03\x04":
        try:
            text = "\n".join(",".join(cells) for _, cells in _sheet(raw)[1])
        except ValueError:
            return None
    found = Counter(re.findall(r"\b(20\d\d)(?=[-/.年]?\d{1,2}[-/.月]?\d{1,2})", text))
    return int(found.most_common(1)[0][0]) if found else None


def _sheet(raw: bytes) -> tuple[list[str], Rows]:
    """Return the titles and the rows of the first sheet of a workbook."""
    if len(raw) > LARGEST_SHEET:
        raise ValueError("文件太大，一年的放假安排只有几十行，请检查是否选错了文件。")
    try:
        sheet = load_workbook(io.BytesIO(raw)).get_sheet_by_index(0)
        lines = sheet.to_python(skip_empty_area=False, nrows=LARGEST_TABLE)
    except (CalamineError, OSError, IndexError) as error:
        raise ValueError("打不开这个表格文件，请另存为 .xlsx 或“CSV UTF-8”后再上传。") from error
    rows = [(number, [_cell(cell) for cell in line]) for number, line in enumerate(lines, 1)]
    filled = [row for row in rows if any(row[1])]
    return (filled[0][1], iter(filled[1:])) if filled else ([], iter(()))


def _cell(value) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value if value is not None else "").strip()


def _json(text: str) -> Rows:
    """Yield the rows of {"days": [{"date", "name", "isOffDay"}]}, or of the bare list."""
    try:
        read = json.loads(text)
        days = read["days"] if isinstance(read, dict) else read
        rows = [
            (number, [str(day["date"]), _kind(day), str(day["name"])]) for number, day in enumerate(days, 1)
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("这个 JSON 文件里没有 days（date、name、isOffDay），请换用表格。") from error
    return iter(rows)


def _kind(day: dict) -> str:
    if "isOffDay" in day:
        return "放假" if day["isOffDay"] is True else "调休上班" if day["isOffDay"] is False else str(day["isOffDay"])
    return str(day["kind"])


def _ics(text: str, year: int) -> Rows:
    """Yield the rows of the events of a calendar file, a day each; only those of `year` and the December before.

    Work or rest is told by X-APPLE-SPECIAL-DAY, or by 休 and 班 in the summary, as the published files have it.
    """
    lines = re.sub(r"\r?\n[ \t]", "", text).splitlines()
    event, number = {}, 0
    for line in lines:
        name, _, value = line.partition(":")
        name = name.split(";")[0].upper()
        if (name, value) == ("BEGIN", "VEVENT"):
            event, number = {}, number + 1
        elif (name, value) == ("END", "VEVENT"):
            yield from _days_of_event(event, number, year)
        else:
            event[name] = value.strip()


def _days_of_event(event: dict[str, str], number: int, year: int) -> Rows:
    summary, special = event.get("SUMMARY", ""), event.get("X-APPLE-SPECIAL-DAY", "")
    kind = summary
    if "班" in summary or special == "ALTERNATE-WORKDAY":
        kind = "调休上班"
    elif "休" in summary or "假" in summary or special == "WORK-HOLIDAY":
        kind = "放假"
    name = re.sub(r"[\s（(]*(休|班|放假|补班|上班)[)）]*$", "", summary).strip() or summary
    first = _compact(event.get("DTSTART", ""))
    if first is None:
        yield number, [event.get("DTSTART", ""), kind, name]
        return
    end = _compact(event.get("DTEND", "")) or first + timedelta(days=1)
    for n in range(min(max((end - first).days, 1), 60)):
        day = first + timedelta(days=n)
        if day.year == year or (day.year, day.month) == (year - 1, 12):
            yield number, [day.isoformat(), kind, name]


def _compact(text: str) -> date | None:
    try:
        return datetime.strptime(text[:8], "%Y%m%d").date()
    except ValueError:
        return None


