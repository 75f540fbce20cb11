"""停表 beside the steps: with a reason of the law, its evidence and an expected end; reminded of; shown on the page."""

import datetime
import io

import pytest

from portal.accounts.models import Post
from portal.cases import pausing
from portal.cases.checks import findings
from portal.cases.clock_models import Pause
from portal.cases.kinds import kinds
from portal.cases.models import Case, CaseEvent
from portal.cases.reasons import REASONS
from portal.notify.models import Notice
from portal.values import Refused
from tests.cases.making import matter, move, waiting
from tests.cases.test_clock import at, on
from tests.doors.world import picture
from tests.people_of_the_county import person
from tests.station.door import step

MONDAY = "2026-10-12 09:00"
WHY = {
    "reason": "publicity", "evidence": "塔山府发〔2026〕12号", "until_expected": "2026-10-20", "text": "在村公示七天。",
}


@pytest.fixture(autouse=True)
def posts_are_old(app):
    Post.update(valid_from=datetime.date(2026, 3, 1)).execute()


@pytest.fixture
def case(app):
    with app.test_request_context():
        return move(matter(at=at(MONDAY)), ("accept", "cun"), at=at(MONDAY))


def fresh(case) -> Case:
    return Case.get_by_id(case.id)


def pause(browser, case, **more):
    return browser.send(f"/cases/{case.id}/pause", **{**WHY, **more})


def test_a_pause_names_reason_evidence_and_end_and_its_days_do_not_count(sign_in, case):
    assert f"{case.due:%m-%d}" == "10-21"
    with on("2026-10-14 10:00"):
        village = pause(sign_in("cun"), case)
        page = village.text
        assert "停表：公示" in page and "塔山府发〔2026〕12号" in page and "预计 10-20 结束" in page
        assert (fresh(case).due, fresh(case).resume_by) == (None, datetime.date(2026, 10, 20))
        assert fresh(case).halted, "the figures know that it was not done in one go"
        assert "停表告知书" in page
        paper = village.open(f"/cases/{case.id}/papers/pause").text
        assert "公示" in paper and "2026年10月20日" in paper
    with on("2026-10-20 10:00"):
        village = sign_in("cun")
        village.send(f"/cases/{case.id}/resume", evidence="公示记录", text="公示期满，没有异议。")
        assert "已恢复计时，期限是 2026-10-27" in village.text
        page = village.open(f"/cases/{case.id}").text
        assert "6 天" in page and "公示期满，没有异议。" in page
    row = Pause.get()
    assert (row.kind, row.by_name, row.ended_by) == ("publicity", "李秀英", "李秀英") and "规定" in row.law
    assert findings() == []


@pytest.mark.parametrize("fields, sentence", [
    ({"evidence": ""}, "请写明依据"), ({"until_expected": ""}, "请填写“预计到哪一天结束”"),
    ({"until_expected": "2026-10-01"}, "不能早于今天"), ({"reason": ""}, "请选择“停表理由”"),
    ({"reason": "appraisal"}, "请从列表中选择"), ({"text": "长" * 10_000}, "最多 1000 字"),
])
def test_a_pause_without_what_the_law_asks_for_is_refused(sign_in, case, fields, sentence):
    with on("2026-10-14 10:00"):
        village = pause(sign_in("cun"), case, **fields)
        assert village.status == 422 and sentence in village.text
    assert not Pause.select().exists() and fresh(case).due == case.due


def test_a_scan_is_evidence_too(sign_in, case):
    with on("2026-10-14 10:00"):
        village = pause(sign_in("cun"), case, evidence="", attachments=(io.BytesIO(picture()), "公示照片.png"))
        assert village.status == 200 and "附件“公示照片.png”" in village.text and Pause.get().evidence


def test_a_clock_that_stands_still_cannot_be_stopped_again(sign_in, app, case):
    with on("2026-10-14 10:00"):
        village = sign_in("cun")
        form = village.open(f"/cases/{case.id}/pause").form(["reason"])
        pause(village, case)
        village.submit(form, **WHY)
        assert Pause.select().count() == 1
        with app.test_request_context():
            moved = move(case, ("forward_town", "cun"))
            assert moved.paused_at is not None, "handing on leaves the clock as it is"
            with pytest.raises(Refused, match="已经停表"):
                move(moved, ("suspend_town", "zhen"))
    assert findings() == []


def test_a_step_that_begins_a_new_period_ends_the_pause(app, case):
    with on("2026-10-14 10:00"), app.test_request_context():
        said = {"evidence": "文号", "until_expected": datetime.date(2026, 10, 20), "text": "公示", "version": None}
        moved = move(pausing.pause(case, person("cun"), "publicity", **said), ("forward_town", "cun"))
        moved = move(moved, ("forward_county", "zhen"), ("decide", "minzheng"))
        assert moved.due is not None and moved.paused_at is None and Pause.get().until is not None
    assert findings() == []


def test_the_pause_of_a_step_is_ended_by_its_step(sign_in, app, case):
    with app.test_request_context():
        move(case, ("forward_town", "cun"), at=at("2026-10-13 09:00"))
    with on("2026-10-14 10:00"):
        town = sign_in("zhen")
        step(town, case, "suspend_town", procedure="听证", text="依申请听证", evidence="听证通知〔2026〕3号",
             until_expected="2026-10-20")
        row = Pause.get()
        assert (row.kind, row.law, row.evidence) == ("hearing", "行政许可法第四十五条", "听证通知〔2026〕3号")
        page = town.open(f"/cases/{case.id}").text
        assert f"/cases/{case.id}/resume" not in page and "听证通知〔2026〕3号" in page
        town.post(f"/cases/{case.id}/resume", version=fresh(case).version, text="x")
        assert town.status == 422 and "不能恢复计时" in town.text


def test_who_forgets_to_resume_is_reminded_each_week_and_sees_it_on_desk_and_list(sign_in, case):
    with on("2026-10-14 10:00"):
        pause(sign_in("cun"), case)
        assert pausing.remind() == 0
    with on("2026-10-21 07:30"):
        assert pausing.remind() == 1 and pausing.remind() == 0
        titles = [notice.title for notice in Notice.select().where(Notice.user == person("cun").id)]
        assert any("应恢复计时" in title and case.number in title for title in titles)
        village = sign_in("cun")
        desk = village.open("/cases/desk").text
        assert case.id in waiting(desk) and "应恢复计时：公示" in desk, "it waits for somebody again"
        assert "应恢复计时：公示" in village.open("/cases/").text
    with on("2026-10-28 07:30"):
        assert pausing.remind() == 1, "and a week later again"
    with on("2026-10-28 10:00"):
        sign_in("cun").send(f"/cases/{case.id}/resume", text="公示期满。")
        assert pausing.remind() == 0


def test_others_neither_stop_nor_see(sign_in, case):
    with on("2026-10-14 10:00"):
        for name, status in (("linzhen", 404), ("lingdao", 403), ("xitong", 403)):
            for page in ("pause", "resume"):
                assert sign_in(name).open(f"/cases/{case.id}/{page}").status == status, (name, page)
        town = sign_in("zhen").post(f"/cases/{case.id}/pause", version=fresh(case).version, **WHY)
        assert town.status == 422 and not Pause.select().exists(), "the town sees it; it lies with the village"


def test_two_clerks_at_once_the_second_gets_409_and_keeps_the_text(sign_in, case):
    with on("2026-10-14 10:00"):
        one, two = sign_in("cun"), sign_in("shuji")
        form = two.open(f"/cases/{case.id}/pause").form(["reason"])
        pause(one, case)
        two.submit(form, **{**WHY, "text": "我来停表"})
        assert two.status == 409 and "李秀英" in two.text and "我来停表" in two.text
    assert CaseEvent.select().where(CaseEvent.case == case.id, CaseEvent.step == "pause").count() == 1


def test_every_reason_that_a_kind_names_stands_in_the_table_with_its_law(app):
    for kind in kinds().values():
        assert set(kind.pauses) <= set(REASONS), kind.name
        assert set(kind.pauses_in) <= {state.name for state in kind.workflow.states if state.phase != "paused"}
        assert bool(kind.pauses) == bool(kind.pauses_in)
    assert all(reason.law and reason.title for reason in REASONS.values())
