"""请假代理: a colleague sees and does the work of who is away, says for whom, and it ends by itself."""

import datetime

import pytest
import time_machine

from portal import notify
from portal.accounts.models import Absence, Post, User
from portal.accounts.work import full, open_work
from portal.cases import timeline
from portal.cases.models import Case
from portal.db import today
from portal.notify.models import Notice
from tests.cases.making import matter, waiting
from tests.people_of_the_county import person
from tests.station.door import step

DAY = datetime.timedelta(days=1)


def post_of(name: str) -> Post:
    return full(Post.select().join(User).where(User.name == name).order_by(Post.id).get().id)


def arrange(browser, who="cun", stand_in="shuji", since=None, until=None, **more):
    since, until = since or today(), until or today() + 5 * DAY
    return browser.send("/accounts/absences/add", post=str(post_of(who).id), stand_in=str(post_of(stand_in).id),
                        since=since.isoformat(), until=until.isoformat(), **more)


@pytest.fixture
def case(app):
    with app.test_request_context():
        return matter()


def test_who_goes_on_leave_names_a_colleague_who_then_has_the_work_on_the_own_desk(case, sign_in):
    cun, shuji = sign_in("cun"), sign_in("shuji")
    assert waiting(shuji.open("/cases/desk").text) == []
    arrange(cun, note="年休假")
    assert cun.status == 200 and "张国强" in cun.text and "代理中" in cun.text
    assert waiting(shuji.open("/cases/desk").text) == [case.id] and "代李秀英" in shuji.text
    assert waiting(cun.open("/cases/desk").text) == [case.id]
    assert "0件" not in shuji.text and case.title in shuji.open("/cases/?lens=person").text


def test_what_the_stand_in_does_says_for_whom(case, sign_in):
    arrange(sign_in("cun"))
    shuji = sign_in("shuji")
    step(shuji, case, "accept")
    entry = timeline.entries(case)[-1]
    assert (entry.step, entry.actor_name, entry.data["stands_in_for"]) == ("accept", "张国强", "李秀英")
    assert "张国强（代李秀英）" in shuji.open(f"/cases/{case.id}").text
    step(shuji, case, "forward_town", text="请审核")
    assert timeline.entries(case)[-1].data["stands_in_for"] == "李秀英"
    assert timeline.broken_at(case.id) is None


def test_the_case_stays_in_the_name_of_who_is_away(case, sign_in):
    arrange(sign_in("cun"))
    step(sign_in("shuji"), case, "accept")
    assert Case.get_by_id(case.id).person.name == "cun"


def test_it_begins_and_ends_by_itself(app, case, sign_in):
    arrange(sign_in("cun"), since=today() + DAY, until=today() + 2 * DAY)
    assert person("shuji").stands_in_for == {}
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + DAY, tick=False):
        assert list(person("shuji").stands_in_for.values()) == ["李秀英"]
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + 3 * DAY, tick=False):
        assert person("shuji").stands_in_for == {}


def test_who_is_back_early_ends_it(case, sign_in):
    cun = sign_in("cun")
    arrange(cun)
    cun.open("/accounts/absences")
    cun.submit(cun.form(action=f"/accounts/absences/{Absence.get().id}/end"))
    assert "代理已结束" in cun.text and person("shuji").stands_in_for == {}


def test_the_head_of_the_unit_arranges_it_for_somebody_who_is_ill(case, sign_in):
    shuji = sign_in("shuji")
    arrange(shuji)
    assert shuji.status == 200 and list(person("shuji").stands_in_for.values()) == ["李秀英"]


def test_a_clerk_arranges_it_for_nobody_else(case, sign_in):
    assert arrange(sign_in("cun"), who="shuji", stand_in="cun").status == 422
    assert arrange(sign_in("shuji"), who="lincun").status == 422


@pytest.mark.parametrize("change, sentence", [
    ({"since": today() + 3 * DAY, "until": today() + DAY}, "不能早于开始日期"),
    ({"since": today() - 5 * DAY, "until": today() - DAY}, "已经过去"),
    ({"until": today() + 400 * DAY}, "最长半年"),
    ({"stand_in": "cun"}, "不是本人"),
    ({"note": "长" * 10_000}, "200"),
])
def test_what_is_wrong_is_said(app, sign_in, change, sentence):
    cun = sign_in("cun")
    arrange(cun, **change)
    assert cun.status == 422 and sentence in cun.text


def test_two_who_are_away_do_not_stand_in_for_each_other(app, sign_in):
    arrange(sign_in("cun"))
    shuji = sign_in("shuji")
    arrange(shuji, who="shuji", stand_in="cun")
    assert shuji.status == 422 and "自己也请假" in shuji.text


def test_notices_go_to_both(app, sign_in):
    arrange(sign_in("cun"))
    with app.test_request_context():
        assert notify.send([post_of("cun").user_id], "cases.assigned", "交给您一件") == 2
    assert {one.user.name for one in Notice.select()} == {"cun", "shuji"}


def test_a_stand_in_does_not_leave_before_the_standing_in_is_settled(app, sign_in):
    arrange(sign_in("cun"))
    [(key, work)] = open_work(post_of("shuji"))
    assert work.title == "代理李秀英的工作"
    admin, post = sign_in("xitong"), post_of("shuji")
    admin.post(f"/accounts/users/{post.user_id}/posts/{post.id}/end", follow=True)
    assert post_of("shuji").state_title == "有效"
    admin.submit(admin.form(["to"]), to=str(post_of("tiaojie").id))
    assert post_of("shuji").state_title == "已结束" and Absence.get().stand_in.user.name == "tiaojie"


def test_a_matter_that_is_open_to_few_is_open_to_the_stand_in_at_that_unit(app, case, sign_in):
    Case.update(restricted=True).where(Case.id == case.id).execute()
    shuji = sign_in("shuji")
    assert shuji.open(f"/cases/{case.id}").status == 404
    arrange(sign_in("cun"))
    assert shuji.open(f"/cases/{case.id}").status == 200
    assert sign_in("wangge").open(f"/cases/{case.id}").status == 404


def test_somebody_from_elsewhere_ends_nobodys_leave(app, sign_in):
    arrange(sign_in("cun"))
    for name in ("lincun", "linzhen", "wangge"):
        assert sign_in(name).post(f"/accounts/absences/{Absence.get().id}/end").status == 404
    assert Absence.get().ended is None
