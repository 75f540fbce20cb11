"""Meetings: called in time, counted by law, and what was not carried is not recorded as carried."""

import pytest

from plugins.village_rules.models import Assembly, Meeting, Resolution
from tests.village_rules.door import call, day, hold, resolve, rolls


def test_a_village_calls_a_meeting_records_it_and_prints_notice_and_minutes(sign_in):
    village = sign_in("shuji")
    meeting = call(village)
    assert "村民会议公告" in village.open(f"/village_rules/meetings/{meeting.id}/notice").text
    hold(village, meeting)
    assert "至少 200 人参加，达到法定人数" in village.text
    resolution = resolve(village, meeting)
    assert resolution.passed
    minutes = village.open(f"/village_rules/meetings/{meeting.id}/minutes").text
    assert "应到户的代表 300 人，实到 210 人" in minutes and "第二十六条" in minutes and "其中妇女 90 人" in minutes
    assert "赞成 200 人，超过实到 210 人的半数（须 106 人）" in minutes


def test_a_resolution_without_quorum_cannot_be_recorded_as_passed(sign_in):
    village = sign_in("shuji")
    meeting = call(village)
    hold(village, meeting, present=199, women=80)
    assert resolve(village, meeting, votes=(190, 0, 0)) is None
    assert village.status == 422 and "没有达到法定人数" in village.text and "不能记为通过" in village.text
    assert not resolve(village, meeting, votes=(190, 0, 0), passed="no").passed


def test_a_resolution_without_a_majority_cannot_be_recorded_as_passed(sign_in):
    village = sign_in("shuji")
    meeting = call(village)
    hold(village, meeting)
    assert resolve(village, meeting, votes=(105, 100, 5)) is None and "没有超过实到 210 人的半数" in village.text
    assert resolve(village, meeting, votes=(106, 99, 5)).passed


def test_a_carried_resolution_cannot_be_recorded_as_failed(sign_in):
    village = sign_in("shuji")
    meeting = call(village)
    hold(village, meeting)
    assert resolve(village, meeting, passed="no") is None and "应当记为通过" in village.text


@pytest.mark.parametrize("notice, reason, called", [(-11, "", True), (-10, "", False), (-10, "汛情紧急", True),
                                                   (None, "", False), (1, "", False)])
def test_the_villagers_are_told_ten_days_ahead(sign_in, notice, reason, called):
    village = sign_in("shuji")
    assert (call(village, days=-1, notice=notice, special_reason=reason) is not None) == called
    if not called:
        assert village.status == 422 and "通知" in village.text and "村活动室" in village.text, "what was typed is kept"


def test_a_meeting_of_the_past_without_notice_is_refused_at_its_field(sign_in):
    village = sign_in("shuji")
    assert call(village, "assembly", days=-3, notice=None) is None
    assert "开会日期已经过去，却没有通知日期" in village.text


def test_the_assembly_needs_two_thirds_of_its_members(sign_in):
    village = sign_in("shuji")
    rolls(village)
    meeting = call(village, "assembly", notice=-3)
    assert 'value="45"' in village.open(f"/village_rules/meetings/{meeting.id}/record").text, "the roll is known"
    hold(village, meeting, roll=45, present=29, women=10)
    assert "至少 30 人参加，没有达到法定人数" in village.text


@pytest.mark.parametrize("fields, sentence", [
    ({"present": "301"}, "实到 301 人多于应到 300 人"), ({"women_present": "211"}, "实到妇女 211 人多于实到 210 人"),
    ({"roll": "0"}, "应在 1 到"), ({"held_on": day(1)}, "开会日期不能晚于今天"), ({"roll": "三百"}, "请填写整数"),
])
def test_impossible_numbers_are_refused_at_their_field(sign_in, fields, sentence):
    village = sign_in("shuji")
    meeting = call(village)
    hold(village, meeting, **fields)
    assert village.status == 422 and sentence in village.text and "李秀英" in village.text
    assert Meeting.get_by_id(meeting.id).held_on is None


@pytest.mark.parametrize("votes, field", [
    ((301, 0, 0), "votes_for"), ((211, 0, 0), "votes_for"), ((100, 301, 0), "votes_against"),
    ((100, 100, 11), "votes_abstained"),
])
def test_more_votes_than_people_are_refused_at_their_field(sign_in, votes, field):
    village = sign_in("shuji")
    meeting = call(village)
    hold(village, meeting)
    assert resolve(village, meeting, votes=votes) is None
    assert village.status == 422 and f'id="{field}-about"' in village.text and "请核对" in village.text
    assert Resolution.select().count() == 0


def test_an_important_matter_passes_the_party_organisation_first(sign_in):
    village = sign_in("shuji")
    meeting = call(village)
    hold(village, meeting)
    assert resolve(village, meeting, important="y") is None and "先经村党组织研究讨论" in village.text
    assert resolve(village, meeting, important="y", party_on=day(1)) is None and "在开会之前" in village.text
    assert resolve(village, meeting, important="y", party_on=day(-2)).passed


def test_too_few_cannot_demand_a_meeting(sign_in):
    village = sign_in("shuji")
    asked = {"called_by": "villagers", "demanders_of": "900"}
    assert call(village, **asked, demanders="89") is None and "不足十分之一以上的村民" in village.text
    assert call(village, **asked, demanders="90") is not None


def test_the_record_cannot_be_changed_so_that_a_resolution_falls(sign_in):
    village = sign_in("shuji")
    meeting = call(village)
    hold(village, meeting)
    resolve(village, meeting, votes=(150, 10, 0))
    hold(village, meeting, present=199, women=10)
    assert village.status == 422 and "第 1 项决议不能通过" in village.text
    assert Meeting.get_by_id(meeting.id).present == 210


def test_how_the_assembly_is_made_up_is_said(sign_in):
    village = sign_in("shuji")
    rolls(village, representatives="19", women="5")
    village.open("/village_rules/assembly")
    assert "应有 20 至 60 名" in village.text and "五分之四以上" in village.text and "三分之一以上" in village.text
    rolls(village, women="41")
    assert village.status == 422 and "妇女代表 41 人多于村民代表 40 人" in village.text
    assert Assembly.get().women == 5


def test_what_is_owed_is_said_on_the_list_and_the_workbench(sign_in):
    village = sign_in("shuji")
    assert "村民代表会议每季度召开一次" in village.open("/village_rules/meetings").text
    assert "村民代表会议每季度召开一次" in village.open("/").text
    meeting = call(village, "assembly", notice=-3)
    hold(village, meeting, roll=45, present=40, women=10)
    assert "村民代表会议每季度" not in village.open("/village_rules/meetings").text
    assert "1 个已召开村民代表会议" in sign_in("zhen").open("/").text


def test_the_second_of_two_clerks_is_told(sign_in):
    village = sign_in("shuji")
    meeting = call(village)
    url = f"/village_rules/meetings/{meeting.id}/record"
    village.open(url)
    stale = village.form(["roll"])
    stale.action = url
    hold(village, meeting)
    village.submit(stale, url, held_on=day(), roll="300", present="250", women_present="1", recorder="李秀英")
    assert village.status == 409 and Meeting.get_by_id(meeting.id).present == 210


def test_a_neighbour_sees_no_meeting_and_writes_none(sign_in):
    meeting = call(sign_in("shuji"))
    for name in ("lincun", "linjia", "linzhen"):
        browser = sign_in(name)
        assert browser.open(f"/village_rules/meetings/{meeting.id}").status == 404
        assert "表决村规民约" not in browser.open("/village_rules/meetings").text
    assert sign_in("lingan").open(f"/village_rules/meetings/{meeting.id}/record").status == 404
    assert sign_in("zhen").open(f"/village_rules/meetings/{meeting.id}").status == 200
    assert sign_in("zhen").open(f"/village_rules/meetings/{meeting.id}/record").status == 403
    assert sign_in("wuzhen").open("/village_rules/meetings").status == 404
