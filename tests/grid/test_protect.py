"""强制报告 (反家庭暴力法第十四条、未成年人保护法第十一条): past the queue, who was informed on record, for few."""

import pytest

from plugins.grid.models import GridEvent
from portal.cases.models import Case
from portal.db import now
from tests.grid.door import event_of, report, state, step
from tests.people_of_the_county import VILLAGE, unit

SECRET = "孩子身上有新伤，邻居听见哭声"


@pytest.fixture
def reported(sign_in):
    return report(sign_in("wangge"), category="protect", sub="minor", text=SECRET, where="二组第三户")


def test_it_goes_straight_to_the_centre_of_the_town_with_one_hour(reported):
    case = Case.get_by_id(reported.id)
    assert case.unit.name == "塔山镇综治中心"
    assert (case.limit_amount, case.limit_unit) == (1, "hour") and case.line_id is None
    assert case.title == "强制报告事项" and case.resident_id is None


def test_it_stands_at_the_top_of_the_workbench_of_the_centre(reported, sign_in):
    town = sign_in("zongzhi").open("/")
    assert "强制报告，先办" in town.text and reported.number in town.text
    assert "强制报告，先办" not in sign_in("shuji").open("/").text


def test_it_does_not_move_on_before_the_police_or_the_civil_affairs_were_informed(reported, sign_in):
    town = sign_in("zongzhi")
    step(town, reported, "accept")
    assert town.status == 422 and "必须先报 110 或民政部门" in town.text and state(reported) == "reported"
    step(town, reported, "inform", informed_whom="110", informed_at=f"{now():%Y-%m-%dT%H:%M}", text="警情 1126-03")
    assert event_of(reported).informed_whom == "110（公安）"
    step(town, reported, "accept")
    assert state(reported) == "handling"


def test_the_reporter_may_record_it_as_well(reported, sign_in):
    worker = sign_in("wangge")
    step(worker, reported, "inform", informed_whom="both", informed_at=f"{now():%Y-%m-%dT%H:%M}")
    assert event_of(reported).informed_at


def test_what_was_informed_already_is_asked_by_the_form(sign_in):
    case = report(
        sign_in("wangge"), category="protect", text=SECRET, informed_whom="110",
        informed_at=f"{now():%Y-%m-%dT%H:%M}",
    )
    assert event_of(case).informed_whom == "110（公安）"


@pytest.mark.parametrize("fields, sentence", [
    ({"informed_whom": "110"}, "什么时候报告的"), ({"informed_at": "2026-01-01T10:00"}, "报告了谁"),
    ({"informed_whom": "110", "informed_at": "2199-01-01T10:00"}, "不能晚于现在"),
    ({"settled": "y", "result": "劝开了"}, "不能当场办结"),
])
def test_half_a_record_is_refused(sign_in, fields, sentence):
    worker = sign_in("wangge")
    worker.send("/grid/report", category="protect", unit_id=str(unit(VILLAGE).id), text=SECRET, **fields)
    assert worker.status == 422 and sentence in worker.text and not GridEvent.select().exists()


@pytest.mark.parametrize("name", ["shuji", "cun", "lingdao", "zhenguan", "sifasuo"])
def test_nobody_else_reads_what_it_is_about(reported, sign_in, name):
    browser = sign_in(name)
    for path in (f"/cases/{reported.id}", "/grid/events", f"/search?q={reported.number}", "/"):
        text = browser.open(path).text
        assert "新伤" not in text and "二组第三户" not in text, path
    for path in ("/steps/accept", "/notes", "/files"):
        assert browser.open(f"/cases/{reported.id}{path}").status in (403, 404), path


@pytest.mark.parametrize("name", ["wangge", "zongzhi"])
def test_the_reporter_and_the_centre_read_it(reported, sign_in, name):
    assert "新伤" in sign_in(name).open(f"/cases/{reported.id}").text


def test_it_is_no_hint_for_others(reported, sign_in):
    hint = sign_in("shuji").open(f"/grid/alike?unit_id={unit(VILLAGE).id}&category=protect&text={SECRET}").text
    assert reported.number not in hint


def test_its_check_is_not_open_to_the_village(reported, sign_in):
    town = sign_in("zongzhi")
    step(town, reported, "inform", informed_whom="110", informed_at=f"{now():%Y-%m-%dT%H:%M}")
    step(town, reported, "accept")
    step(town, reported, "handle", text="已由派出所和民政所接手")
    assert Case.get_by_id(reported.id).unit.name == "县委政法委（综治中心）"
    assert "派出所" not in sign_in("shuji").open(f"/cases/{reported.id}").text


