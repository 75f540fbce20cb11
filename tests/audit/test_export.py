"""What the auditor finds and takes along: every filter, the file, and the line about the file itself."""

import csv
import hashlib
import io
import re

import pytest

from portal import audit
from portal.audit import export
from portal.audit.models import AuditEntry
from portal.db import atomic, today
from tests.people_of_the_county import person


@pytest.fixture
def reader(app, sign_in):
    with app.test_request_context(), atomic():
        audit.record("people.open", "resident", 7, actor=person("cun"))
        audit.record("people.reveal", "resident", 8, actor=person("zhen"), detail={"reason": "核对高龄津贴"})
        audit.record("cases.open", "case", 7, actor=person("linzhen"), result="denied")
        audit.record("org.setting", "setting", "x", actor=person("xitong"), changes={"上限": ["三天", "五天"]})
        audit.record("people.find", "resident", "=1+1", actor=person("cun"), detail={"name": "@SUM(A1)"})
    return sign_in("shenji")


def names(page) -> set[str]:
    return set(re.findall(r'data-label="谁">([^<]*)<', page.text))


@pytest.mark.parametrize("query, expected", [
    ("unit=便民服务中心", {"刘德明", "孙丽"}), ("unit=华光村", {"李秀英"}), ("object_type=case", {"孙丽"}),
    ("object_type=resident&object_id=7", {"李秀英"}),
    ("object_type=resident&object_id=8", {"刘德明"}), ("text=高龄", {"刘德明"}),
    ("text=五天", {"马骏"}), ("text=%25", set()), ("text=_", None), ("address=10.9.", set()),
    ("address=127.0.0.1", {"梁宽"}), ("text=高龄&until=2001-01-01", set()),
    ("who=李秀英&action=people.find", {"李秀英"}),
    ("object_type=<b>", set()), ("text=\\", None),
])
def test_each_filter_finds_its_own(reader, query, expected):
    page = reader.open(f"/audit/?{query}")
    assert page.status == 200 and (expected is None or names(page) == expected)


def rows_of(browser) -> list[list[str]]:
    return list(csv.reader(io.StringIO(browser.response.get_data().decode("utf-8-sig"))))


def test_the_file_holds_what_the_filter_shows_and_is_on_the_record(reader):
    reader.open("/audit/export?action=people.&who=李秀")
    content = reader.response.get_data()
    assert reader.response.mimetype == "text/csv" and content.startswith(b"\xef\xbb\xbf")
    rows = rows_of(reader)
    assert rows[0][:3] == ["编号", "时间", "谁"] and {row[2] for row in rows[1:]} == {"李秀英"} and len(rows) == 3
    entry = AuditEntry.get(AuditEntry.action == "audit.export")
    assert entry.actor_name == "梁宽" and entry.detail["rows"] == 2
    assert entry.detail["sha256"] == hashlib.sha256(content).hexdigest()
    assert entry.detail["filter"] == "谁：李秀；动作：people."
    page = reader.open(f"/audit/{entry.id}").text
    assert "导出审计记录" in page and "条数" in page and entry.detail["sha256"] in page


def test_nothing_in_the_file_is_a_formula(reader):
    reader.open("/audit/export?action=people.find")
    cells = [cell for row in rows_of(reader)[1:] for cell in row]
    assert "'=1+1" in cells and not [cell for cell in cells if cell.startswith(export.FORMULA)]


def test_too_much_is_refused_in_a_sentence_and_nothing_leaves(reader, monkeypatch):
    monkeypatch.setattr(export, "MOST", 3)
    reader.open("/audit/export")
    assert "符合条件的超过 3 条" in reader.text and "请缩小时间范围" in reader.text
    assert not AuditEntry.select().where(AuditEntry.action == "audit.export").exists()


def test_another_county_is_not_in_the_file(reader):
    AuditEntry.create(county_id=999_999, actor_name="别县的人", action="people.open")
    reader.open("/audit/export")
    assert "别县的人" not in reader.response.get_data().decode()


def test_nobody_else_gets_the_file(sign_in):
    for name in ("cun", "xitong", "anquan", "lingdao"):
        assert sign_in(name).open("/audit/export").status == 403, name


def test_the_filters_stay_on_the_page_and_each_can_be_left_out(reader):
    page = reader.open(f"/audit/?who=李秀英&result=ok&since={today()}").text
    assert "谁：李秀英" in page and "结果：成功" in page
    assert f'href="/audit/?result=ok&amp;since={today()}"' in page
    assert f'href="/audit/export?who=%E6%9D%8E%E7%A7%80%E8%8B%B1&amp;result=ok&amp;since={today()}"' in page
