"""督办单: numbered, addressed, taken note of, answered, judged; and a case under one is not settled before."""

import datetime
import io
import re

import pytest

from portal.cases.ledger import take
from portal.cases.supervision import orders
from portal.cases.supervision.models import Order, OrderAnswer
from portal.cases.supervision.orders import Demand, accept, answer, issue
from portal.db import today
from portal.files.models import Attachment
from portal.registry import registry_of
from portal.values import Conflict, Refused
from tests.cases.making import in_threads, post
from tests.cases.supervision.late import again, full, in_days, issued, late, notices, steps
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, TOWN, VILLAGE, person, unit


@pytest.fixture
def case(app):
    with app.test_request_context():
        return full(4)


@pytest.fixture
def order(case, app):
    with app.test_request_context():
        return made(case)


def made(*cases, who="zhen", to=VILLAGE, colour="orange") -> Order:
    return issue([case.id for case in cases], person(who), Demand(
        "高龄津贴超期", "尽快办结", today(), "刘德明", unit(to).id, colour))


def status(order) -> str:
    return Order.get_by_id(order.id).status


# -- issuing -------------------------------------------------------------------------------------------------------

def test_an_order_is_issued_from_the_page_of_the_case(case, sign_in, cast):
    browser = sign_in("zhen")
    assert f"/cases/orders/new?case={case.id}" in browser.open(f"/cases/{case.id}").text
    order = issued(browser, case, signer="刘镇长")
    assert order.number == "塔山镇督〔2026〕第 1 号" and order.status == "issued" and order.unit_id == case.unit_id
    assert (order.signer, order.issued_name, order.issuer.name) == ("刘镇长", "刘德明", "塔山镇便民服务中心")
    after = again(case)
    assert after.supervised == 1 and after.overseen and after.due == case.due
    assert steps(case)[-1] == "supervise" and notices(cast["cun"], "cases.order")
    text = sign_in("cun").open(f"/cases/{case.id}").text
    assert order.number in text and "签收、答复" in text


def test_the_form_proposes_colour_unit_and_subject_from_the_delay(case, sign_in):
    text = sign_in("zhen").open(f"/cases/orders/new?case={case.id}").text
    assert re.search(r'value="orange" checked', text) and "已超期 4 天" in text and case.title in text
    assert re.search(rf'<option selected value="{case.unit_id}">', text)


def test_numbers_run_without_gaps_for_each_town_and_year(app):
    with app.test_request_context():
        cases = [late(3) for _ in range(3)]
        numbers = [made(case).number for case in cases[:2]]
        with pytest.raises(Refused):
            made(cases[2], to=TOWN)
        numbers.append(made(cases[2]).number)
        county = made(late(3), who="lingdao")
    assert numbers == [f"塔山镇督〔2026〕第 {n} 号" for n in (1, 2, 3)]
    assert county.number == "三台县督〔2026〕第 1 号"


def test_two_who_issue_at_once_get_two_numbers(app):
    with app.test_request_context():
        first, second = late(3), late(3)

    def one(case, who):
        def run():
            with app.test_request_context():
                return made(case, who=who)
        return run

    results = in_threads(app, one(first, "zhen"), one(second, "zhener"))
    assert sorted(order.serial for order in results) == [1, 2], results


def test_one_order_may_be_about_several_cases_and_goes_to_one_unit(app, sign_in):
    with app.test_request_context():
        cases = [full(3), full(4)]
    order = issued(sign_in("zhen"), *cases)
    assert orders.cases_of(order.id) == [case.id for case in cases]
    assert [again(case).supervised for case in cases] == [1, 1]


def test_cases_of_different_units_have_no_common_addressee_below_the_town(app, sign_in):
    with app.test_request_context():
        mine, other = late(3), late(3, NEXT_VILLAGE, "lincun")
    text = sign_in("zhen").open(f"/cases/orders/new?case={mine.id}&case={other.id}").text
    assert "请分别开督办单" in text
    text = sign_in("lingdao").open(f"/cases/orders/new?case={mine.id}&case={other.id}").text
    assert re.findall(r'<option [^>]*value="(\d+)"', text.split('name="unit"')[1].split("</select>")[0]) == [
        str(unit(TOWN).id)]


@pytest.mark.parametrize("fields, sentence", [
    ({"subject": ""}, "请填写“事由”"), ({"demand": "长" * 10_000}, "最多 2000 字"),
    ({"until": "2020-01-01"}, "不能早于今天"),
    ({"until": ""}, "请填写“答复期限”"), ({"unit": "999999"}, "请从列表中选择"), ({"colour": "pink"}, "请从列表中选择"),
])
def test_what_is_missing_or_wrong_is_said_and_the_rest_is_kept(case, sign_in, fields, sentence):
    browser = sign_in("zhen")
    assert issued(browser, case, **{"signer": "刘镇长", **fields}) is None
    assert browser.status == 422 and sentence in browser.text and "刘镇长" in browser.text
    assert again(case).supervised == 0


@pytest.mark.parametrize("name, answered", [("linzhen", 404), ("wuzhen", 404), ("cun", 403), ("shuji", 403),
                                            ("xitong", 403)])
def test_a_neighbour_and_a_village_issue_none(case, sign_in, name, answered):
    assert sign_in(name).open(f"/cases/orders/new?case={case.id}").status == answered


def test_an_order_about_nothing_is_not_there(app, sign_in):
    browser = sign_in("zhen")
    assert browser.open("/cases/orders/new?case=0").status == 404
    for query in ("", "?case=abc", "?case=" + "9" * 30):
        assert "请在超期清单里勾选案件" in browser.open(f"/cases/orders/new{query}").text


def test_sent_twice_it_is_issued_once(case, sign_in):
    browser, url = sign_in("zhen"), f"/cases/orders/new?case={case.id}"
    form = browser.open(url).form(["subject"])
    for _ in range(2):
        browser.submit(form, until=in_days(3), subject="一次")
        assert browser.status == 200 and "已签发" in browser.text or "待签收" in browser.text
    assert Order.select().count() == 1 == again(case).supervised


# -- answering -----------------------------------------------------------------------------------------------------

def test_the_unit_takes_note_answers_and_the_issuer_closes_it(case, order, sign_in, cast):
    village, town = sign_in("cun"), sign_in("zhen")
    village.send(f"/cases/orders/{order.id}", to=f"/cases/orders/{order.id}/accept")
    assert status(order) == "accepted" and "已签收" in village.text
    village.send(f"/cases/orders/{order.id}/answer", text="材料已齐，\n今天报镇里 <i>",
                 attachments=[(io.BytesIO("说明\n".encode()), "说明.txt")])
    assert status(order) == "answered" and "今天报镇里 &lt;i&gt;" in village.text
    assert [(one.owner_type, one.owner_id, one.name) for one in Attachment.select()] == [("case", case.id, "说明.txt")]
    assert notices(cast["zhen"], "cases.order")[-1].title.startswith("督办单已答复")
    town.send(f"/cases/orders/{order.id}/approve", text="同意")
    assert status(order) == "closed" and again(case).supervised == 0 and again(case).overseen
    assert steps(case)[-4:] == ["supervise", "order_accepted", "order_answered", "order_closed"]
    assert notices(cast["cun"], "cases.order")[-1].title.startswith("督办单已办结")


def test_an_answer_that_does_not_do_is_given_back_and_answered_again(case, order, sign_in, cast):
    village, town = sign_in("cun"), sign_in("zhen")
    village.send(f"/cases/orders/{order.id}/answer", text="正在办")
    town.send(f"/cases/orders/{order.id}/return", text="没有写明何时办结", until=in_days(3))
    assert status(order) == "returned" and Order.get_by_id(order.id).due.date().isoformat() == in_days(3)
    assert again(case).supervised == 1
    text = village.open(f"/cases/orders/{order.id}/answer").text
    assert "没有写明何时办结" in text
    village.send(f"/cases/orders/{order.id}/answer", text="周五前办结")
    verdicts = [(one.text, one.verdict) for one in OrderAnswer.select().order_by(OrderAnswer.id)]
    assert verdicts == [("正在办", "returned"), ("周五前办结", "")]
    assert "第 2 次答复" in town.open(f"/cases/orders/{order.id}").text


@pytest.mark.parametrize("name, act, answered", [
    ("linjia", "answer", 404), ("linzhen", "approve", 404), ("lincun", "answer", 404), ("cun", "approve", 403),
    ("zhen", "answer", 422), ("lingdao", "answer", 403), ("lingdao", "approve", 422),
])
def test_each_act_is_for_those_whose_turn_it_is(order, sign_in, name, act, answered):
    browser = post(sign_in(name), f"/cases/orders/{order.id}/{act}", text="好", version=str(order.version))
    assert browser.status == answered, browser.text
    assert status(order) == "issued"


def test_the_slower_of_two_clerks_is_told_and_keeps_the_text(order, sign_in):
    first, second = sign_in("cun"), sign_in("shuji")
    path = f"/cases/orders/{order.id}/answer"
    form = second.open(path).form(["text"])
    first.send(path, text="我先答")
    second.submit(form, path, text="我的答复很长 <b>")
    assert second.status == 409 and "我的答复很长 &lt;b&gt;" in second.text
    assert [one.text for one in OrderAnswer.select()] == ["我先答"]


def test_two_answers_at_once_are_one(order, app):
    def click(who):
        def run():
            with app.test_request_context():
                return answer(order.id, person(who), who, order.version)
        return run

    results = in_threads(app, click("cun"), click("shuji"))
    assert sum(isinstance(one, Conflict) for one in results) == 1, results
    assert OrderAnswer.select().count() == 1


def test_a_withdrawn_order_keeps_its_number_and_frees_the_case(case, order, sign_in):
    browser = sign_in("zhen")
    browser.send(f"/cases/orders/{order.id}/withdraw", text="重复签发")
    assert status(order) == "withdrawn" and again(case).supervised == 0 and "重复签发" in browser.text
    assert issued(browser, case).serial == 2
    assert "不能“撤销督办单”" in browser.open(f"/cases/orders/{order.id}/withdraw").text


@pytest.mark.parametrize("text", ["", "长" * 10_000])
def test_an_answer_says_something_and_not_too_much(order, sign_in, text):
    browser = sign_in("cun").send(f"/cases/orders/{order.id}/answer", text=text)
    assert browser.status == 422 and status(order) == "issued"


# -- the case ------------------------------------------------------------------------------------------------------

def test_a_case_is_not_settled_before_the_order_is_answered(app):
    said = {"reply": "已经办好", "reply_channel": "face", "text": "办好"}
    with app.test_request_context():
        case = full(4, of="居民养老保险参保")
        order = made(case)
        with pytest.raises(Refused, match=r"正在督办（塔山镇督〔2026〕第 1 号）.*先答复督办单"):
            take("settle", case, person("shuji"), said)
        assert again(case).is_open and steps(case)[-1] == "supervise"
        answer(order.id, person("cun"), "马上办结", order.version)
        take("settle", case, person("shuji"), said)
    assert not again(case).is_open


def test_what_the_citizen_takes_back_may_end_and_the_order_is_still_answered(case, order, app):
    with app.test_request_context():
        take("withdraw", case, person("cun"), {"text": "不办了"})
        answer(order.id, person("cun"), "申请人撤回", order.version)
    assert not again(case).is_open and status(order) == "answered"


def test_a_unit_with_an_open_order_cannot_be_closed(order, app):
    with app.test_request_context():
        found = [sentence for _, sentence in registry_of(app).collect("portal_unit_obstacles", unit=unit(VILLAGE))]
    assert any("1 张没有办结的督办单" in sentence for sentence in found)


# -- lists and papers ----------------------------------------------------------------------------------------------

def test_each_side_finds_the_order_in_its_list_and_the_neighbour_does_not(order, sign_in):
    for name, url in (("cun", "/cases/orders"), ("zhen", "/cases/orders?side=issued"),
                      ("lingdao", "/cases/orders?side=area"), ("cun", "/cases/desk")):
        assert order.number in sign_in(name).open(url).text, name
    for name in ("linjia", "linzhen", "lincun"):
        for url in ("/cases/orders", "/cases/orders?side=area&part=all", "/cases/desk"):
            assert order.number not in sign_in(name).open(url).text, (name, url)
        assert sign_in(name).open(f"/cases/orders/{order.id}").status == 404


@pytest.mark.parametrize("part, listed", [("open", True), ("late", True), ("answered", False), ("closed", False),
                                          ("withdrawn", False), ("all", True), ("nonsense", True)])
def test_parts_of_the_list_hold_what_they_say(order, sign_in, part, listed):
    Order.update(due=order.issued_at - datetime.timedelta(hours=1)).where(Order.id == order.id).execute()
    assert (order.number in sign_in("cun").open(f"/cases/orders?part={part}").text) is listed


def test_order_and_answer_print_on_paper(case, order, app, sign_in):
    with app.test_request_context():
        accept(order.id, person("shuji"), order.version)
        answer(order.id, person("cun"), "第一行\n第二行", order.version + 1)
    text = sign_in("zhen").open(f"/cases/orders/{order.id}/papers/order").text
    for words in ("督办单", order.number, "尽快办结", "华光村村民委员会", "签收人：张国强", case.number):
        assert words in text, words
    text = sign_in("zhen").open(f"/cases/orders/{order.id}/papers/answer").text
    assert "督办回复单" in text and "第一行<br>第二行" in text
    assert sign_in("zhen").open(f"/cases/orders/{order.id}/papers/nothing").status == 404
    assert sign_in("linzhen").open(f"/cases/orders/{order.id}/papers/order").status == 404


def test_an_order_shows_only_the_titles_of_cases_that_the_reader_may_open(app, sign_in):
    """The line department got the order about its own case and one of another line, of which it sees the number."""
    with app.test_request_context():
        foreign = late(3, OTHER_TOWN + "/village", "linjia", title="王*兰：别处的事")
        order = issue([foreign.id], person("lingdao"), Demand("事由", "要求", today(), "徐", foreign.unit_id))
        Order.update(issuer=unit((TOWN, "便民服务中心")).id).where(Order.id == order.id).execute()
    text = sign_in("zhen").open(f"/cases/orders/{order.id}").text
    assert foreign.number in text and "别处的事" not in text and "内容不对您公开" in text
