"""Committees: three to nine members, a woman, a term of three years that is not the village committee's."""

import datetime

import pytest

from plugins.mediation.committees import findings
from plugins.mediation.models import Committee, Mediator, Seat, Team
from plugins.mediation.obstacles import sitting_committees
from portal.db import today
from tests.mediation.door import MEMBERS, committee, mediators
from tests.people_of_the_county import OTHER_TOWN, VILLAGE, unit

ELECTED = str(today() - datetime.timedelta(days=100))


@pytest.fixture
def found(sign_in):
    return committee(sign_in("shuji"))


@pytest.mark.parametrize("members, sentence", [
    (MEMBERS[:2], "由三至九人组成（人民调解法第八条），现在是 2 人"),
    ([("甲", "M", ""), ("乙", "M", ""), ("丙", "M", "")], "应当有妇女成员"),
    ([("甲", "M", ""), ("甲", "M", ""), ("丙", "F", "")], "甲填了两次"),
])
def test_a_committee_that_breaks_the_law_is_not_saved(sign_in, members, sentence):
    browser = sign_in("shuji")
    assert committee(browser, members=members) is None
    assert browser.status == 422 and sentence in browser.text and 'value="华光村人民调解委员会"' in browser.text


def test_a_day_to_come_and_a_name_twice_are_refused(sign_in, found):
    browser = sign_in("shuji")
    committee(browser)
    assert browser.status == 422 and "已经登记过同名的调解委员会" in browser.text
    committee(browser, name="另一个", elected_on=str(today() + datetime.timedelta(days=3)))
    assert browser.status == 422 and "推选日期不能晚于今天" in browser.text and Committee.select().count() == 1


def test_a_village_registers_its_own_only(sign_in, found):
    browser = sign_in("shuji")
    committee(browser, OTHER_TOWN + "/village", name="外村调委会")
    assert browser.status == 422 and Committee.select().count() == 1
    assert sign_in("lingan").open(f"/mediation/committees/{found.id}").status == 404
    for path in (f"/mediation/committees/{found.id}/edit", f"/mediation/committees/{found.id}/elect",
                 f"/mediation/mediators/{mediators()[0]}/edit", f"/mediation/committees/{found.id}/teams/new"):
        assert sign_in("lingan").open(path).status == 404
        assert sign_in("tiaojie").open(path).status == 403


def edit(browser, who: str, **fields):
    one = Mediator.get(Mediator.name == who)
    return browser.send(f"/mediation/mediators/{one.id}/edit", **fields)


def test_the_last_woman_and_the_third_member_may_not_leave(sign_in, found):
    browser, day = sign_in("shuji"), str(today())
    for who in ("唐世容",):
        edit(browser, who, until=day)
        assert browser.status == 200
    edit(browser, "罗素清", until=day)
    assert browser.status == 422 and "应当有妇女成员" in browser.text
    edit(browser, "邓国民", until=day)
    assert browser.status == 200
    edit(browser, "蒋开贵", until=day)
    assert browser.status == 422 and "请先补选委员" in browser.text
    text = browser.open(f"/mediation/committees/{found.id}").text
    assert "已离任" in text and "邓国民" in text


def test_a_mediator_may_be_hired_and_have_an_account(sign_in, found, cast):
    browser = sign_in("shuji")
    browser.send(f"/mediation/committees/{found.id}/mediators/new", name="周勇", sex="M", joined="hired", time="full",
                 user=str(cast["wangge"]), since=ELECTED, phone="0816-5221234")
    assert browser.status == 200 and "周勇" in browser.text
    assert Mediator.get(Mediator.name == "周勇").user_id == cast["wangge"]


def test_a_new_term_keeps_those_who_stay_and_the_history_of_those_who_leave(sign_in, found):
    browser = sign_in("shuji")
    browser.send(f"/mediation/committees/{found.id}/elect", elected_on=str(today()), name_5="", name_6="秦光荣")
    assert browser.status == 200
    now_there = {one.name for one in Mediator.select() if one.active}
    assert now_there == {"谢朝富", "唐世容", "邓国民", "罗素清", "秦光荣"}
    assert Mediator.get(Mediator.name == "蒋开贵").until == today()
    assert Committee.get().elected_on == today() and Mediator.select().count() == 6
    browser.send(f"/mediation/committees/{found.id}/elect", elected_on=ELECTED)
    assert browser.status == 422 and "换届日期应在本届" in browser.text


def test_an_expired_term_is_a_hint_on_the_page_the_workbench_and_in_the_check_but_no_block(sign_in, found, app):
    Committee.update(elected_on=today() - datetime.timedelta(days=3 * 366 + 2)).execute()
    assert "已满三年，应当换届；换届之前仍可调解" in sign_in("shuji").open(f"/mediation/committees/{found.id}").text
    assert "调解委员会任期已满" in sign_in("shuji").open("/").text
    assert "调解委员会任期已满" not in sign_in("tiaojie").open("/").text
    with app.app_context():
        [finding] = findings()
        assert "任期已满，应当换届" in finding.sentence and not finding.serious


def test_a_team_has_three_to_seven_and_a_leader_of_its_own(sign_in, found):
    browser, url = sign_in("shuji"), f"/mediation/committees/{found.id}/teams/new"
    people = mediators()
    browser.send(url, name="说理小组", mediators=people[:2], leader=people[0])
    assert browser.status == 422 and "由三至七人组成，现在选了 2 人" in browser.text
    browser.send(url, name="说理小组", mediators=people[:3], leader=people[4])
    assert browser.status == 422 and "组长应当是小组成员" in browser.text
    browser.send(url, name="说理小组", mediators=people, leader=people[0])
    assert browser.status == 200 and "说理小组" in browser.text and Seat.select().count() == 5
    browser.send(f"/mediation/teams/{Team.get().id}/edit", mediators=people[1:], leader=people[1])
    assert browser.status == 200 and Seat.select().count() == 4


def test_the_second_who_edits_is_told(sign_in, found):
    first, second = sign_in("shuji"), sign_in("shuji")
    url = f"/mediation/committees/{found.id}/edit"
    form = second.open(url).form(["name", "dissolved_on"])
    first.send(url, name="华光村调解委员会")
    second.submit(form, url, name="又改一次")
    assert second.status == 409 and Committee.get().name == "华光村调解委员会"


def test_the_second_who_edits_a_mediator_is_told_and_so_is_who_edits_a_team(sign_in, found):
    first, second, people = sign_in("shuji"), sign_in("shuji"), mediators()
    first.send(f"/mediation/committees/{found.id}/teams/new", name="说理小组", mediators=people, leader=people[0])
    for url, fields in ((f"/mediation/mediators/{people[0]}/edit", {"name": "谢朝贵"}),
                        (f"/mediation/teams/{Team.get().id}/edit", {"name": "调解小组", "mediators": people})):
        form = second.open(url).form(fields)
        first.send(url, **fields)
        assert first.status == 200
        second.submit(form, url, **{**fields, "name": "又改一次"})
        assert second.status == 409 and "又改一次" in second.text, url


def test_a_towns_committee_offers_the_accounts_of_its_offices(sign_in):
    town = sign_in("zongzhi")
    found = committee(town, "510722104000", "塔山镇人民调解委员会", kind="town")
    text = town.open(f"/mediation/committees/{found.id}/mediators/new").text
    assert "宋建国" in text and "曹阳" in text and "唐世容" not in text


def test_a_committee_is_found_by_its_name_and_by_a_mediator(sign_in, found):
    for words in ("华光村人民", "罗素清"):
        assert f"/mediation/committees/{found.id}" in sign_in("sifaju").open(f"/search?q={words}").text
        assert f"/mediation/committees/{found.id}" not in sign_in("lingan").open(f"/search?q={words}").text


def test_the_justice_bureau_keeps_count_of_all(sign_in, found):
    assert found.name in sign_in("sifaju").open("/mediation/committees").text
    assert found.name not in sign_in("minzheng").open("/mediation/committees").text
    assert found.name not in sign_in("lingan").open("/mediation/committees").text


def test_the_unit_of_a_sitting_committee_is_not_closed_unseen(found, app):
    assert sitting_committees(unit(VILLAGE)) == ["华光村人民调解委员会还没有登记撤销。"]
