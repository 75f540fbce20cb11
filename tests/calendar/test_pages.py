"""The administrator's pages, through the door."""

import io
from datetime import date

import pytest
import time_machine

from portal.calendar.days import Calendar
from portal.calendar.models import CalendarDay, CalendarYear
from tests.calendar.test_official import HEAD, WORKING, YEAR

ADMIN = "xitong"
DAY = "/calendar/days/2026-11-23"


@pytest.fixture
def admin(sign_in):
    return sign_in(ADMIN)


def test_a_year_is_shown_with_words_not_colour_alone(admin):
    text = admin.open("/calendar?year=2026").text
    assert "2 月 14 日，班，春节" in text and "10 月 1 日，休，国庆节" in text
    assert text.count("<small>休</small>") == 33 and text.count("<small>班</small>") == 6
    assert "248 天" in text


def test_a_year_that_is_not_loaded_says_what_to_do(admin):
    admin.open("/calendar?year=2027")
    assert admin.status == 200 and "2027 年还没有载入" in admin.text and "载入 2027 年" in admin.text


@pytest.mark.parametrize("url", [
    "/calendar?year=1", "/calendar?year=99999", "/calendar/days/2026-02-30", "/calendar/days/20260101",
    "/calendar/days/x", "/calendar/draft/1", "/calendar/days/9999-12-31",
])
def test_an_address_that_means_no_day_is_not_found(admin, url):
    assert admin.open(url).status == 404


def test_a_pasted_table_is_loaded(admin):
    admin.send("/calendar/load", year="2027", source="国办发明电〔2026〕7号", table=HEAD + YEAR + WORKING)
    assert admin.status == 200 and "已载入 2027 年：放假 21 天，调休上班 2 天" in admin.text
    assert "国办发明电〔2026〕7号" in admin.text
    assert Calendar.load().is_workday(date(2027, 1, 9))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_an_uploaded_file_is_loaded(admin, encoding):
    file = (io.BytesIO((HEAD + YEAR + WORKING).encode(encoding)), "2027.csv")
    admin.send("/calendar/load", year="2027", source="国办", file=file)
    assert "已载入 2027 年" in admin.text
    assert CalendarYear.get().days["2027-02-05"] == ["off", "春节"]


def test_the_draft_can_be_loaded_as_provisional_and_only_so(sign_in):
    with time_machine.travel("2026-12-01T10:00:00+08:00"):
        admin = sign_in(ADMIN)
        draft = admin.open("/calendar/draft/2027").text.lstrip("\ufeff")
        admin.send("/calendar/load", year="2027", source="通知未发布", table=draft)
        assert admin.status == 422 and "请勾选“暂按推算”" in admin.text and not CalendarYear.select().exists()
        admin.send("/calendar/load", year="2027", source="通知未发布", table=draft, provisional="y")
        assert admin.status == 200 and "2027 年只有暂按推算的放假安排" in admin.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"table": HEAD + YEAR + "2027-02-30,放假,春节\n"}, "第 23 行：日期应写成"),
        ({"table": HEAD + YEAR.replace("放假", "<script>")}, "第 2 行：类型应写"),
        ({"table": ""}, "请选择文件，或把表格粘贴进来"),
        ({"table": "长" * 25_000}, "最多 20000 字"),
        ({"table": HEAD + YEAR + WORKING, "source": ""}, "请填写“依据”"),
        ({"table": HEAD + YEAR + WORKING, "source": "国\u202e办"}, "看不见的方向"),
        ({"table": HEAD + YEAR + WORKING, "year": "两千"}, "请填写整数"),
        ({"table": HEAD + YEAR + WORKING, "year": "1999"}, "应在 2015 到 2100 之间"),
        ({"table": HEAD + YEAR + WORKING, "year": "2028"}, "不属于 2028 年"),
    ],
)
def test_a_wrong_table_is_refused_whole_and_kept_on_the_page(admin, fields, sentence):
    admin.send("/calendar/load", **{"year": "2027", "source": "国办发明电", **fields})
    assert admin.status == 422 and sentence in admin.text
    assert not CalendarYear.select().exists()
    assert "<script>,2" not in admin.text
    if fields["table"]:
        assert "2027-01-01" in admin.text or "长长长" in admin.text


def test_a_file_that_is_no_table_is_refused(admin):
    admin.send("/calendar/load", year="2027", source="国办", file=(io.BytesIO(b"\x89PNG\r\n\x1a\n\xff\xff"), "a.csv"))
    assert admin.status == 422 and "读不出文件里的文字" in admin.text


def test_a_day_is_set_apart_and_put_back(admin):
    admin.send(DAY, kind="off", name="县庆放假")
    assert "已设为“休”" in admin.text
    assert "11 月 23 日，休，县庆放假，本地设置" in admin.open("/calendar?year=2026").text
    admin.open(DAY)
    admin.submit(admin.form(action=f"{DAY}/remove"))
    assert "已恢复原安排" in admin.text and not CalendarDay.select().exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "work", "name": "上班"}, "不用另外设置"),
        ({"kind": "off", "name": ""}, "请填写“原因”"),
        ({"kind": "", "name": "县庆"}, "请选择“这一天”"),
        ({"kind": "never", "name": "县庆"}, "请从列表中选择"),
        ({"kind": "off", "name": "长" * 10_000}, "最多 40 字"),
        ({"kind": "off", "name": "县\x00庆"}, "控制字符"),
    ],
)
def test_a_wrong_day_is_refused_at_its_field(admin, fields, sentence):
    admin.send(DAY, **fields)
    assert admin.status == 422 and sentence in admin.text
    assert not CalendarDay.select().exists()


def test_the_second_of_two_administrators_gets_409_and_keeps_the_text(admin, sign_in):
    other = sign_in(ADMIN)
    seen = other.open(DAY).form(["kind"])
    admin.send(DAY, kind="off", name="县庆放假")
    other.submit(seen, kind="off", name="停电检修")
    assert other.status == 409 and "停电检修" in other.text
    assert CalendarDay.get().name == "县庆放假"


def test_the_same_form_sent_twice_sets_the_day_once(admin):
    form = admin.open(DAY).form(["kind"])
    admin.submit(form, kind="off", name="县庆放假")
    admin.submit(form, kind="off", name="县庆放假")
    assert admin.status == 200 and CalendarDay.get().version == 1


@pytest.mark.parametrize("name", ["cun", "lingdao"])
def test_nobody_else_keeps_the_calendar(sign_in, name):
    browser = sign_in(name)
    for url in ("/calendar", "/calendar/load", DAY, "/calendar/draft/2027"):
        assert browser.open(url).status == 403
    assert browser.post(f"{DAY}/remove").status == 403
