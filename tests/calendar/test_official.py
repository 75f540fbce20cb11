"""Reading a table of holidays: whole and right, or refused by line with nothing taken."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.calendar.official import Day, as_csv, decoded, packaged, read_csv, statutory

HEAD = "date,kind,name\n"
YEAR = "".join(
    f"2027-{month:02}-{day:02},放假,{name}\n"
    for month, days, name in ((1, (1, 2, 3), "元旦"), (2, range(5, 13), "春节"), (5, (1, 2, 3), "劳动节"),
                              (10, range(1, 8), "国庆节"))
    for day in days
)
WORKING = "2027-01-09,调休上班,元旦\n2026-12-27,调休上班,元旦\n"


def said(text, **kwargs):
    days, flaws = read_csv(text, 2027, **kwargs)
    assert flaws
    return [str(flaw) for flaw in flaws]


def test_a_whole_year_is_read():
    days, flaws = read_csv(HEAD + YEAR + WORKING, 2027)
    assert flaws == []
    assert days[date(2027, 1, 9)] == Day("work", "元旦")
    assert days[date(2026, 12, 27)] == Day("work", "元旦")
    assert len(days) == 23


def test_the_packaged_table_is_a_table_that_we_would_accept():
    for year in (2024, 2025, 2026):
        own = {day: meaning for day, meaning in packaged().items() if day.year == year}
        assert read_csv(as_csv(own), year) == (own, [])


def test_other_spellings_of_the_same_table():
    text = "\ufeff日期,星期,类型,名称\r\n" + "".join(
        f"{row.replace('-', '/').replace('/0', '/').replace(',放假', ',,休')}\r\n" for row in YEAR.splitlines()
    )
    days, flaws = read_csv(text, 2027, provisional=True)
    assert flaws == [] and len(days) == 21
    assert decoded((HEAD + YEAR).encode("gb18030")) == decoded(("\ufeff" + HEAD + YEAR).encode()) == HEAD + YEAR


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("2027-02-30,放假,春节", "第 2 行：日期应写成"),
        ("二〇二七年,放假,春节", "第 2 行：日期应写成"),
        ("٢٠٢٧-01-01,放假,元旦", "第 2 行：日期应写成"),
        ("2027-01-01,放价,元旦", "第 2 行：类型应写"),
        ("2027-01-01,,元旦", "第 2 行：类型应写"),
        ("2027-01-01", "第 2 行：类型应写"),
        ("2028-01-01,放假,元旦", "第 2 行：2028-01-01 不属于 2027 年"),
        ("2026-11-30,放假,元旦", "第 2 行：2026-11-30 不属于 2027 年"),
        ("2027-01-01,放假,", "第 2 行：请写明节日名称"),
        ("2027-01-01,放假," + "长" * 41, "第 2 行：请写明节日名称"),
        ("2027-01-01,放假,元\u202e旦", "第 2 行：节日名称里有看不见"),
        ("2027-01-04,调休上班,元旦", "第 2 行：2027-01-04 本来就是工作日（星期一）"),
        ("2027-01-01,放假,元旦\n2027-01-01,放假,元旦", "第 3 行：2027-01-01 出现了两次"),
        ("2027-01-01,放假,\"元旦", "引号或分隔符不成对"),
    ],
)
def test_a_bad_row_is_named_by_its_line(row, sentence):
    assert any(sentence in flaw for flaw in said(HEAD + row + "\n")), said(HEAD + row + "\n")


def test_a_weekday_that_does_not_fit_shows_a_slip_of_the_pen():
    assert "第 2 行：2027-01-01 是星期五" in said("date,weekday,kind,name\n2027-01-01,4,放假,元旦\n")[0]


def test_every_bad_row_is_named_at_once():
    flaws = said(HEAD + "x,放假,元旦\n2027-01-02,放假,元旦\n\ny,放假,元旦\n")
    assert [flaw.split("：")[0] for flaw in flaws] == ["第 2 行", "第 5 行"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "缺少 date、kind、name"),
        ("date,name\n", "缺少 kind"),
        (HEAD, "1 月 1 日、5 月 1 日、10 月 1 日"),
        (HEAD + YEAR.replace("2027-10-02,放假,国庆节\n", ""), "10 月 2 日是法定节假日"),
        (HEAD + "".join(f"2027-{d},放假,节\n" for d in ("01-01", "05-01", "10-01", "10-02", "10-03")), "只有 5 天放假"),
        (HEAD + YEAR, "没有一天调休上班"),
    ],
)
def test_half_a_table_is_not_taken_for_a_year(text, sentence):
    assert sentence in said(text)[0]


def test_a_provisional_year_needs_no_working_weekends():
    days, flaws = read_csv(as_csv(statutory(2027)), 2027, provisional=True)
    assert flaws == [] and days == statutory(2027)
    for day in ("2027-01-01", "2027-02-05", "2027-02-06", "2027-04-05", "2027-05-02", "2027-06-09", "2027-09-15"):
        assert days[date.fromisoformat(day)].kind == "off"


def test_what_is_not_a_table_of_text_is_refused():
    for raw in (b"PK\x03\x04\xff\xff\xff\xff", b"a" * 200_000):
        with pytest.raises(ValueError):
            decoded(raw)


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text):
    days, flaws = read_csv(HEAD + text, 2027)
    assert flaws and all(flaw.sentence for flaw in flaws)
