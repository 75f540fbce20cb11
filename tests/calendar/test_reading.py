"""A year from whatever file an office has, judged by one set of rules; and the command that loads it."""

import io
import json
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path

import click.testing
import pytest
import time_machine

from portal.accounts.models import Post
from portal.calendar import Calendar, reminding
from portal.calendar.commands import calendar as command
from portal.calendar.days import CalendarMissing
from portal.calendar.models import CalendarYear
from portal.calendar.official import packaged
from portal.calendar.reading import read_file, year_of
from portal.cases import clock_jobs
from portal.notify.models import Notice
from portal.values import Refused
from tests.calendar.test_official import HEAD, WORKING, YEAR
from tests.people_of_the_county import person

ROWS = [line.split(",") for line in (YEAR + WORKING).strip().splitlines()]
ANNOUNCED = Path(__file__).parents[2] / "portal" / "calendar" / "data" / "cn_official_2024_2026.csv"


def sheet(rows) -> bytes:
    """Return a workbook with these rows in its first sheet; a date is written as a spreadsheet keeps it."""
    def cell(column, number, value):
        place = f"{'ABCDEF'[column]}{number}"
        if isinstance(value, date):
            return f'<c r="{place}" s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'

    lines = "".join(
        f'<row r="{number}">{"".join(cell(column, number, value) for column, value in enumerate(row))}</row>'
        for number, row in enumerate(rows, 1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/officeDocument" '
                       'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="a" sheetId="1" '
                           'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" '
                                      f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/>'
                         '</cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
    }
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>", f'<Relationship Id="r2" Type="{office}/styles" Target="styles.xml"/></Relationships>')
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


def office_sheet(*more) -> bytes:
    rows = [[date.fromisoformat(day), kind, name] for day, kind, name in ROWS]
    return sheet([["日期", "类型", "名称"], *rows, *more])


def announced_as_json() -> bytes:
    days = [{"name": name, "date": day, "isOffDay": kind == "放假"} for day, kind, name in ROWS]
    return json.dumps({"year": 2027, "days": days}, ensure_ascii=False).encode()


def announced_as_ics() -> bytes:
    events = "".join(
        "BEGIN:VEVENT\r\n"
        f"DTSTART;VALUE=DATE:{day.replace('-', '')}\r\n"
        f"DTEND;VALUE=DATE:{date.fromisoformat(day) + timedelta(days=1):%Y%m%d}\r\n"
        f"SUMMARY:{name}（{'休' if kind == '放假' else '班'}）\r\nEND:VEVENT\r\n"
        for day, kind, name in ROWS
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n".encode()


@pytest.mark.parametrize("raw", [
    (HEAD + YEAR + WORKING).encode(), (HEAD + YEAR + WORKING).encode("gb18030"), office_sheet(), announced_as_json(),
    announced_as_ics(), (HEAD + YEAR + WORKING).replace("2027-", "2027年").replace("-0", "月").encode(),
], ids=["csv", "gbk", "xlsx", "json", "ics", "chinese dates"])
def test_every_form_of_the_same_year_is_read_alike(raw):
    days, flaws = read_file(raw, 2027)
    assert not flaws, flaws[:3]
    assert days == read_file((HEAD + YEAR + WORKING).encode(), 2027)[0] and len(days) == len(ROWS)
    assert year_of(raw) == 2027


def test_the_announced_table_of_a_year_reads_as_the_program_knows_it():
    lines = ANNOUNCED.read_text(encoding="utf-8").splitlines()
    raw = "\n".join([lines[0], *(line for line in lines if line.startswith("2026"))]).encode()
    days, flaws = read_file(raw, 2026)
    assert not flaws and days == {day: meaning for day, meaning in packaged().items() if day.year == 2026}


@pytest.mark.parametrize("raw, sentence", [
    (office_sheet([date(2027, 3, 1), "休假", "某日"]), f"第 {len(ROWS) + 2} 行：类型应写"),
    (office_sheet([date(2027, 3, 1), "调休上班", "某日"]), "本来就是工作日"),
    (sheet([["甲", "乙"], ["1", "2"]]), "缺少 date、kind、name"),
    (b"PK\x03\x04broken", "打不开这个表格文件"), (b'{"days": 5}', "没有 days"), (b"[1, 2]", "没有 days"),
    (b'{"days": [{"date": "2027-01-01", "name": "x"}]}', "没有 days"), (b"\xff\xfe\x00", "读不出"),
    (b"[" * 50_000, "没有 days"), (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT", "第 1 行：日期应写成"),
    (b"x" * 200_000, "文件太大"), (b"PK\x03\x04" + b"x" * 2_000_000, "文件太大"),
])
def test_a_bad_file_is_refused_with_the_row(raw, sentence):
    days, flaws = read_file(raw, 2027)
    assert any(sentence in str(flaw) for flaw in flaws), flaws[:3]


def test_a_spreadsheet_is_loaded_through_the_page_whole_or_not_at_all(sign_in):
    admin = sign_in("xitong")
    bad = (io.BytesIO(office_sheet([date(2027, 3, 1), "休假", "某日"])), "2027.xlsx")
    admin.send("/calendar/load", year="2027", source="国办", file=bad)
    assert admin.status == 422 and "类型应写" in admin.text and not CalendarYear.select().exists()
    admin.send("/calendar/load", year="2027", source="国办", file=(io.BytesIO(office_sheet()), "2027.xlsx"))
    assert "已载入 2027 年：放假 21 天，调休上班 2 天" in admin.text


@pytest.fixture
def posts_are_old(app):
    """The cast has been in office since the spring."""
    Post.update(valid_from=date(2026, 3, 1)).execute()


def run(*arguments):
    return click.testing.CliRunner().invoke(command, ["import", *arguments], catch_exceptions=False)


def test_the_command_loads_a_year_and_says_what_moved(app, tmp_path):
    file = tmp_path / "2027.xlsx"
    file.write_bytes(office_sheet())
    assert "2027 年：放假 21 天，调休上班 2 天。" in run(str(file), "--dry-run").output
    assert not CalendarYear.select().exists()
    told = run(str(file)).output
    assert "已载入。" in told and "移动 0 件" in told
    assert CalendarYear.get().source.endswith("2027.xlsx") and 2027 in Calendar.load().years
    file.write_text("date,kind,name\n2027-01-01,放假", encoding="utf-8")
    with pytest.raises(Refused, match="第 2 行"):
        run(str(file))


# -- the warning -----------------------------------------------------------------------------------------------------

def at(text: str):
    return time_machine.travel(f"{text}+08:00", tick=False)


def test_the_administrator_is_reminded_monthly_then_weekly(app, posts_are_old):
    def told():
        return Notice.select().where(Notice.user == person("xitong").id).count()

    for moment, wanted in (
        ("2026-09-30T08:00:00", 0), ("2026-10-01T08:00:00", 1), ("2026-10-01T08:00:00", 1), ("2026-10-20T08:00:00", 1),
        ("2026-11-01T08:00:00", 2), ("2026-11-04T08:00:00", 2), ("2026-11-08T08:00:00", 3),
    ):
        with at(moment):
            clock_jobs._remind_of_calendar()
            assert told() == wanted, moment
    assert "2027" in Notice.get().title and "/calendar/load?year=2027" == Notice.get().url
    assert not Notice.select().where(Notice.user == person("cun").id).exists()


def test_the_workbench_of_the_administrator_says_it_from_october_on(sign_in, posts_are_old):
    with at("2026-09-30T09:00:00"):
        assert "载入 2027 年" not in sign_in("xitong").open("/").text
    with at("2026-10-08T09:00:00"):
        assert "2027 年的放假和调休安排还没有载入" in sign_in("xitong").open("/").text
        assert "还没有载入" not in sign_in("cun").open("/").text


def test_the_administrator_estimates_a_year_with_one_button(sign_in, posts_are_old):
    with at("2026-10-20T09:00:00"):
        admin = sign_in("xitong").open("/calendar")
        admin.submit(admin.form(action="/calendar/estimate/2027"))
        assert "2027 年已暂按推算载入" in admin.text and CalendarYear.get().provisional
        assert "2027 年只有暂按推算" in admin.open("/").text, "the announcement is still asked for"
        assert admin.post("/calendar/estimate/2027").status == 422
        assert admin.post("/calendar/estimate/2031").status == 404
        assert sign_in("cun").post("/calendar/estimate/2027").status == 403


def test_in_october_nothing_is_estimated_by_itself(app):
    with at("2026-10-31T03:00:00"):
        assert reminding.estimate() is None and not CalendarYear.select().exists()
    with at("2026-11-01T03:00:00"):
        assert "2027" in reminding.estimate()


def test_a_year_that_is_missing_says_who_must_do_what():
    with pytest.raises(CalendarMissing) as missing:
        Calendar.official().is_workday(datetime(2031, 1, 1).date())
    for words in ("2031 年", "告诉本县的系统管理员", "载入 2031 年", "暂按推算载入"):
        assert words in missing.value.sentence
