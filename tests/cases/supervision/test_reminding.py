"""催办: from above, once a day each, told, counted and written down."""

import datetime

import pytest
import time_machine

from portal.cases.ledger import take
from portal.cases.models import Case
from portal.cases.supervision.models import Reminder
from portal.cases.supervision.reminding import remind
from portal.values import Refused
from tests.cases.making import in_threads, plain, post
from tests.cases.supervision.late import again, full, late, notices, steps
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, TOWN, VILLAGE, person, unit


@pytest.fixture
def case(app):
    with app.test_request_context():
        return late(2)


def send(browser, case, text="请抓紧"):
    return browser.send(f"/cases/{case.id}/remind", text=text)


def test_the_town_reminds_the_village_and_all_who_must_know_are_told(app, sign_in, cast):
    with app.test_request_context():
        case = full(2)
    browser = send(sign_in("zhen"), case, "群众又来问了\n请今天答复 <b>")
    assert browser.status == 200 and "已催办" in browser.text and "请今天答复 &lt;b&gt;" in browser.text
    after = again(case)
    assert after.reminded == 1 and after.due == case.due and after.unit_id == case.unit_id
    assert steps(case)[-1] == "remind"
    assert [one.title for one in notices(cast["cun"], "cases.reminder")] == [f"催办：{case.title}"]
    assert notices(cast["shuji"]) and not notices(cast["lincun"]) and not notices(cast["zhen"])


def test_once_a_day_for_each_person_and_case(case, sign_in):
    browser = sign_in("zhen")
    send(browser, case)
    send(browser, case)
    assert browser.status == 422 and "每人每天催办一次" in browser.text and "请抓紧" in browser.text
    send(sign_in("lingdao"), case)
    assert again(case).reminded == 2 == Reminder.select().count()


def test_the_next_day_it_can_be_done_again(case, app):
    with app.test_request_context():
        remind(case.id, person("zhen"), "第一次")
        with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)):
            remind(case.id, person("zhen"), "第二次")
    assert again(case).reminded == 2


@pytest.mark.parametrize("name", ["zhen", "zhenguan", "xian", "lingdao"])
def test_only_who_stands_above_and_may_is_offered_it(app, sign_in, name):
    with app.test_request_context():
        case = full(2)
    browser = sign_in(name)
    browser.open(f"/cases/{case.id}")
    if name == "zhenguan":
        assert browser.status == 403
    else:
        assert f"/cases/{case.id}/remind" in browser.text


def test_the_village_does_not_remind_itself(app, sign_in):
    with app.test_request_context():
        own = full(2)
    browser = sign_in("shuji")
    assert "/remind" not in browser.open(f"/cases/{own.id}").text
    assert "不在您的管辖之内" in browser.open(f"/cases/{own.id}/remind").text
    post(browser, f"/cases/{own.id}/remind", text="快")
    assert browser.status == 422 and "只有它的上级才能催办" in browser.text and again(own).reminded == 0


@pytest.mark.parametrize("name, status", [("linzhen", 404), ("wuzhen", 404), ("sifaju", 404), ("cun", 403),
                                          ("xitong", 403)])
def test_a_neighbour_does_not_see_it_and_a_window_may_not(case, sign_in, name, status):
    assert sign_in(name).open(f"/cases/{case.id}/remind").status == status
    browser = post(sign_in(name), f"/cases/{case.id}/remind", text="快")
    assert browser.status == status and again(case).reminded == 0


def test_a_county_department_reminds_in_its_own_line_only(app, sign_in):
    with app.test_request_context():
        civil = unit(("510722000000", "民政局"))
        mine, other = late(2, line=civil), late(2)
    assert post(sign_in("minzheng"), f"/cases/{mine.id}/remind", text="快").status == 302
    assert again(mine).reminded == 1
    assert sign_in("minzheng").open(f"/cases/{other.id}/remind").status == 404


def test_a_closed_case_is_pressed_for_no_more(app):
    with app.test_request_context():
        case = full(2)
        take("withdraw", case, person("cun"), {"text": "不办了"})
        with pytest.raises(Refused, match="已经办结"):
            remind(case.id, person("zhen"), "快")


@pytest.mark.parametrize("text", ["", "  ", "长" * 10_000, "a\u202eb"])
def test_a_text_that_says_nothing_or_too_much_is_refused(case, sign_in, text):
    browser = send(sign_in("zhen"), case, text)
    assert browser.status == 422 and again(case).reminded == 0


def test_two_clicks_at_once_are_one_reminder(case, app):
    def click():
        with app.test_request_context():
            return remind(case.id, person("zhen"), "快")

    results = in_threads(app, click, click)
    assert sum(isinstance(one, Refused) for one in results) == 1, results
    assert again(case).reminded == 1 == steps(case).count("remind")


# -- several at once -----------------------------------------------------------------------------------------------

def press(browser, cases, **more):
    return post(browser, "/cases/overdue/press", follow=True, id=[str(case.id) for case in cases], text="请抓紧",
                act="remind", **more)


def test_chosen_rows_are_pressed_for_and_each_person_is_told_once(app, sign_in, cast):
    with app.test_request_context():
        cases = [late(days) for days in (1, 2, 3)]
    browser = press(sign_in("zhen"), cases)
    assert "已催办 3 件" in browser.text
    assert [again(case).reminded for case in cases] == [1, 1, 1]
    [notice] = notices(cast["cun"], "cases.reminder")
    assert notice.title.endswith("等 3 件") and notice.url == "/cases/overdue?lens=unit"


def test_what_was_pressed_for_already_is_said_and_the_others_are_done(app, sign_in):
    with app.test_request_context():
        first, second = late(1), late(2)
        remind(first.id, person("zhen"), "早")
    browser = press(sign_in("zhen"), [first, second])
    assert "已催办 1 件" in browser.text and f"{first.number} 没有催办" in browser.text
    assert again(first).reminded == again(second).reminded == 1


def test_rows_of_a_neighbour_are_left_out_without_a_word(app, sign_in):
    with app.test_request_context():
        mine, foreign = late(1), late(1, OTHER_TOWN + "/village", "linjia")
    browser = press(sign_in("zhen"), [mine, foreign])
    assert "已催办 1 件" in browser.text and foreign.number not in browser.text and again(foreign).reminded == 0


@pytest.mark.parametrize("ids", [[], ["abc"], ["-1", "9" * 30]])
def test_choosing_nothing_is_told(case, sign_in, ids):
    browser = post(sign_in("zhen"), "/cases/overdue/press", follow=True, id=ids, text="快", act="remind")
    assert browser.status == 422 and "请先勾选" in browser.text


def test_the_way_back_leads_only_to_the_list(case, sign_in):
    browser = sign_in("zhen")
    for path in ("//evil.example/x", "https://evil.example", "/cases/overduex", "javascript:1"):
        post(browser, "/cases/overdue/press", id=[str(case.id)], act="remind", text="快", back=path)
        assert browser.response.location == "/cases/overdue"
    post(browser, "/cases/overdue/press", id=[str(case.id)], act="remind", text="快", back="/cases/overdue?part=soon")
    assert browser.response.location == "/cases/overdue?part=soon"


def test_an_office_does_not_remind_itself_but_another_office_of_the_town_does(app, sign_in):
    with app.test_request_context():
        office = plain(TOWN, "zhen", unit=unit((TOWN, "便民服务中心")), place=unit(VILLAGE))
        foreign = late(1, NEXT_VILLAGE, "lincun")
    assert post(sign_in("zhen"), f"/cases/{office.id}/remind", text="快").status == 422
    assert post(sign_in("zongzhi"), f"/cases/{office.id}/remind", text="快").status == 302
    assert again(office).reminded == 1
    assert sign_in("shuji").open(f"/cases/{foreign.id}/remind").status == 404


def test_a_notice_tells_nobody_what_the_list_would_not_show_them(app, cast):
    """The village's window does not read disputes; of a restricted one only its holder hears."""
    with app.test_request_context():
        remind(late(2, who="zhen", kind="mediation.dispute", title="李*与王*的纠纷").id, person("zongzhi"), "快")
        hidden = late(2, who="shuji", kind="mediation.dispute", title="不公开")
        Case.update(restricted=True).where(Case.id == hidden.id).execute()
        remind(hidden.id, person("zongzhi"), "快")
    assert not notices(cast["cun"]) and [one.title for one in notices(cast["tiaojie"])] == ["催办：李*与王*的纠纷"]
    assert [one.title for one in notices(cast["shuji"])] == ["催办：李*与王*的纠纷", "催办：不公开"]
