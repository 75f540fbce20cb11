"""No post ends while open work hangs on it: it is handed to colleagues or back to the unit first, by whatever door."""

import datetime

import click.testing
import pytest
import time_machine

from portal.accounts.jobs import give_back_work
from portal.accounts.models import Post, Role, User
from portal.accounts.work import full, hand, open_work
from portal.cases import timeline
from portal.cases.checks import findings as broken
from portal.cases.models import Case
from portal.cases.work import findings
from portal.db import today
from portal.notify.models import Notice
from portal.values import Refused
from tests.cases.making import matter, move, plain
from tests.people_of_the_county import NEXT_VILLAGE, VILLAGE, person, unit

DAY = datetime.timedelta(days=1)


def post_of(name: str) -> Post:
    return full(Post.select().join(User).where(User.name == name).order_by(Post.id).get().id)


def user_of(name: str) -> User:
    return User.get(User.name == name)


@pytest.fixture
def case(app):
    """A case that cun, the window of the village, has."""
    with app.test_request_context():
        return matter()


def accept(browser, **fields):
    """Send the form of the page on which the work is handed over, which the browser shows."""
    return browser.submit(browser.form(["to"]), browser.response.request.path, **fields)


@pytest.mark.parametrize("act", [
    lambda admin, user, post: admin.post(f"/accounts/users/{user.id}/posts/{post.id}/end", follow=True),
    lambda admin, user, post: admin.post(f"/accounts/users/{user.id}/close", to="closed", follow=True),
    lambda admin, user, post: admin.send(
        f"/accounts/users/{user.id}/edit", full_name=user.full_name, expires_on=str(today() - DAY)),
    lambda admin, user, post: admin.send(
        f"/accounts/users/{user.id}/posts/{post.id}/edit", title="窗口", valid_from=str(today() + DAY)),
], ids=["end the post", "close the account", "let the account expire", "let the post begin later"])
def test_no_door_of_the_administrator_ends_a_post_on_which_a_case_hangs(case, sign_in, act):
    admin = sign_in("xitong")
    act(admin, user_of("cun"), post_of("cun"))
    assert case.number in admin.text and "没有办完的工作" in admin.text
    assert post_of("cun").state_title == "有效" and user_of("cun").state_title == "正常"


def test_at_the_command_line_it_is_refused_too_unless_the_work_goes_back(app, case):
    run = click.testing.CliRunner()
    command = next(one for one in app.extensions["portal"].values("portal_commands") if one.name == "user")
    refused = run.invoke(command, ["lock", "cun"])
    assert isinstance(refused.exception, Refused) and not user_of("cun").locked
    done = run.invoke(command, ["lock", "cun", "--hand-back"])
    assert done.exception is None and user_of("cun").locked
    assert Case.get_by_id(case.id).person_id is None and findings() == [] == broken()


def test_the_administrator_hands_all_to_a_colleague_and_the_post_ends_in_one_act(case, sign_in):
    admin, post = sign_in("xitong"), post_of("cun")
    admin.post(f"/accounts/users/{post.user_id}/posts/{post.id}/end", follow=True)
    accept(admin, to=str(post_of("shuji").id))
    assert "已移交 1 项。岗位已结束。" in admin.text and post_of("cun").state_title == "已结束"
    now = Case.get_by_id(case.id)
    assert now.person.name == "shuji" and now.unit_id == case.unit_id
    assert timeline.entries(now)[-1].title == "李秀英移交给张国强"
    assert Notice.get(Notice.user == user_of("shuji").id).title == "李秀英移交给您 1 件"
    assert findings() == [] == broken()


def test_an_account_is_closed_after_all_went_back_to_the_unit(case, sign_in):
    admin, user = sign_in("xitong"), user_of("cun")
    admin.post(f"/accounts/users/{user.id}/close", to="closed", follow=True)
    accept(admin, to="unit")
    assert "账号已停用" in admin.text and user_of("cun").locked
    assert Case.get_by_id(case.id).person_id is None
    assert Notice.select().where(Notice.title.contains("1 件交回")).exists()


def test_the_administrator_reads_numbers_and_no_names_of_residents(case, sign_in):
    admin, post = sign_in("xitong"), post_of("cun")
    admin.open(f"/accounts/posts/{post.id}/work")
    assert case.number in admin.text and "王*兰" not in admin.text and "高龄津贴" not in admin.text


def test_some_go_to_one_and_the_rest_to_another(app, sign_in):
    with app.test_request_context():
        first, second = matter(), matter()
    cun, post = sign_in("cun"), post_of("cun")
    cun.open(f"/accounts/posts/{post.id}/work")
    accept(cun, to=str(post_of("shuji").id), scope="some", keys=[f"cases:{first.id}"])
    assert "还有没移交的" in cun.text
    accept(cun, to=str(post_of("tiaojie").id))
    assert cun.status == 422 and "不能办" in cun.text  # a mediator reads no cases of the station
    accept(cun, to="unit")
    assert Case.get_by_id(first.id).person.name == "shuji" and Case.get_by_id(second.id).person_id is None


def test_nothing_is_handed_over_where_one_piece_cannot_be(app, sign_in):
    with app.test_request_context():
        matter(), plain(kind="grid.event", title="井盖松动", applicant="", no_reply_because="巡查发现")
    Case.update(person=user_of("cun").id).execute()
    with pytest.raises(Refused), app.test_request_context():
        hand(post_of("cun"), [key for key, _ in open_work(post_of("cun"))], post_of("tiaojie"), person("cun"))
    assert {case.person_id for case in Case.select()} == {user_of("cun").id}


def test_hundreds_are_handed_over_at_once(app, sign_in):
    with app.test_request_context():
        for _ in range(250):
            plain()
    cun, post = sign_in("cun"), post_of("cun")
    cun.open(f"/accounts/posts/{post.id}/work")
    assert "只列出前 200 项" in cun.text
    accept(cun, to=str(post_of("shuji").id))
    assert "已移交 250 项" in cun.text and open_work(post) == []


def test_who_has_another_post_there_carries_the_work_on(app, case):
    Post.create(user=user_of("cun"), unit=unit(VILLAGE), role=Role.get(Role.slug == "village_staff"), title="主任")
    assert open_work(post_of("cun")) == []


def test_a_post_that_only_looks_on_carries_nothing(app, case):
    Post.create(user=user_of("cun"), unit=unit(VILLAGE), role=Role.get(Role.slug == "leader"), title="书记")
    assert [work.title[:16] for _, work in open_work(post_of("cun"))] == [case.number[:16]]


def test_what_is_closed_or_lies_with_another_unit_does_not_hang_on_it(app):
    with app.test_request_context():
        move(matter(of="居民养老保险参保"), ("settle", "cun"))
        move(matter(), ("accept", "cun"), ("forward_town", "cun"))
    assert open_work(post_of("cun")) == []


def test_the_head_of_the_unit_hands_it_over_and_a_colleague_or_a_neighbour_does_not(case, sign_in):
    url = f"/accounts/posts/{post_of('cun').id}/work"
    assert sign_in("shuji").open(url).status == 200
    for name in ("wangge", "lincun", "linjia", "linzhen", "lingdao", "anquan"):
        assert sign_in(name).open(url).status == 404, name
    assert sign_in("xitong").open("/accounts/posts/999999/work").status == 404


def test_a_post_that_ends_by_itself_leaves_its_work_to_the_unit_and_the_head_is_told(app, case):
    Post.update(valid_to=today() + DAY).where(Post.id == post_of("cun").id).execute()
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + 3 * DAY, tick=False), app.app_context():
        assert len(findings()) == 1 and case.number in findings()[0].sentence
        assert give_back_work() == "交回单位 1 项。"
        assert give_back_work() == "交回单位 0 项。"
        assert findings() == [] == broken()
    assert Case.get_by_id(case.id).person_id is None
    entry = timeline.entries(case)[-1]
    assert entry.actor_name == "系统" and entry.title.startswith("李秀英离岗，交回")
    told = {one.user.name for one in Notice.select().where(Notice.topic == "cases.moved_work")}
    assert "shuji" in told and "zhen" not in told


def test_an_account_that_expires_by_itself_does_too(app, case):
    User.update(expires_on=today() + DAY).where(User.name == "cun").execute()
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + 3 * DAY, tick=False), app.app_context():
        assert give_back_work() == "交回单位 1 项。"


def test_a_village_next_door_is_not_offered_as_successor(case, sign_in):
    offered = sign_in("shuji").open(f"/accounts/posts/{post_of('cun').id}/work").text
    assert "张国强（" in offered and "王桂兰" not in offered and unit(NEXT_VILLAGE).short not in offered
