"""What was demanded by a day is not owed in silence: who owes it is told, and when it is late who waits for it."""

import datetime

import pytest
import time_machine

from portal.accounts.models import Post
from portal.cases import assists
from portal.cases.models import Assist
from portal.cases.supervision import instructions, orders, owed
from portal.cases.supervision.models import Instruction, Order
from portal.notify.models import Notice
from tests.cases.making import matter, move
from tests.cases.supervision.late import notices
from tests.people_of_the_county import TOWN, person, unit

#: A Monday in China, half past nine; the days after it are workdays.
MONDAY = datetime.datetime(2026, 11, 23, 1, 30, tzinfo=datetime.UTC)
WEDNESDAY = datetime.date(2026, 11, 25)


def on(day: int):
    """Be at half past nine on a day of November 2026."""
    return time_machine.travel(MONDAY + datetime.timedelta(days=day - 23), tick=False)


@pytest.fixture
def case(app):
    Post.update(valid_from=datetime.date(2026, 3, 1)).execute()
    with app.app_context(), on(23):
        yield move(matter(), ("accept", "cun"))


def titles(who: int, topic: str) -> list[str]:
    return [one.title for one in notices(who, topic)]


def ran(day: int) -> list[tuple]:
    """Run the job on that day; return (user, title) of what it told."""
    last = Notice.select().count()
    with on(day):
        owed.remind()
        assert "0 项" in owed.remind(), "running it twice tells once"
    return [(one.user_id, one.title) for one in Notice.select().order_by(Notice.id).offset(last).limit(1000)]


@pytest.fixture
def order(case) -> Order:
    return orders.issue([case.id], person("zhen"), orders.Demand(
        "高龄津贴", "尽快办结", WEDNESDAY, "刘德明", case.unit_id))


def test_an_order_is_reminded_of_the_day_before_and_when_it_is_late(order, cast):
    assert ran(23) == []
    near = ran(24)
    assert (cast["cun"], f"督办单明天到期：{order.number}") in near and cast["zhen"] not in dict(near)
    assert ran(25) == [], "once is enough before the day"
    late = dict(ran(26))
    assert late[cast["cun"]] == f"督办单已超期：{order.number}"
    assert late[cast["zhen"]] == f"督办单超期没有答复：{order.number}", "whoever waits for it is told"
    assert cast["lincun"] not in late and cast["linzhen"] not in late and ran(27) == []


def test_an_answered_order_is_reminded_of_no_more_and_a_returned_one_by_its_new_day(order, cast):
    with on(24):
        orders.answer(order.id, person("cun"), "已经办了", order.version)
    assert ran(24) == [] and ran(26) == []
    with on(26):
        orders.give_back(order.id, person("zhen"), "没有写原因", order.version + 1, datetime.date(2026, 11, 27))
    assert (cast["cun"], f"督办单明天到期：{order.number}") in ran(26)


def test_a_leader_learns_that_no_feedback_came(case, cast):
    instructions.instruct(case.id, person("lingdao"), "请查明原因", WEDNESDAY)
    instructions.instruct(case.id, person("lingdao"), "知道了", None)
    assert dict(ran(25))[cast["cun"]] == f"批示反馈今天到期：{case.number}"
    late = dict(ran(26))
    assert late[cast["lingdao"]] == f"批示超期没有反馈：{case.number}"
    assert late[cast["cun"]].startswith("批示反馈已超期")
    assert Instruction.select().count() == 2 and ran(27) == []


def test_who_assists_and_who_asked_are_told(case, cast):
    assists.ask(case, person("shuji"), unit((TOWN, "综治中心")).id, "请核对户籍", WEDNESDAY)
    assert [title for who, title in ran(24) if who == cast["zongzhi"]][0].startswith("协办明天到期")
    late = dict(ran(26))
    assert late[cast["zongzhi"]].startswith("协办已超期") and "协办超期没有答复" in late[cast["shuji"]]
    assists.end(Assist.get(), person("shuji"), "不再需要")
    assert ran(27) == []


def test_days_off_are_made_up_for(case, cast):
    """The day is a Saturday's: nobody is disturbed on the days off, and on Monday it is late."""
    orders.issue([case.id], person("zhen"), orders.Demand(
        "高龄津贴", "尽快办结", datetime.date(2026, 11, 28), "刘德明", case.unit_id))
    with on(28):
        assert "不是工作日" in owed.remind()
    assert [title for who, title in ran(30) if who == cast["cun"]][0].startswith("督办单已超期")


def test_what_is_long_past_is_no_news(order, cast):
    assert titles(cast["cun"], "cases.order") and ran(25 + 16) == []
