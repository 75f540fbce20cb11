"""A session lives on the server: it ends when somebody says so, and a copy of its cookie is worth nothing."""

import datetime

import pytest
import time_machine

from portal.accounts.models import Session, User
from portal.audit.models import AuditEntry
from portal.db import now
from portal.testing import Browser
from tests.forms.together import another_app, form_at, side_by_side, twin
from tests.people_of_the_county import PASSWORD

NEW = "Nussbaum-17-Regen"
MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)


def cookie(browser) -> str:
    return browser.client.get_cookie("portal").value


def with_cookie(app, value: str) -> Browser:
    browser = Browser(app.test_client())
    browser.client.set_cookie("portal", value)
    return browser


def is_in(browser) -> bool:
    return browser.open("/accounts/me", follow=False).status == 200


def sign_out(browser) -> None:
    browser.open("/accounts/me")
    browser.submit(browser.form(action="/accounts/sign-out"), follow=False)


def test_a_copied_cookie_is_dead_after_signing_out(app, sign_in):
    clerk = sign_in("cun")
    copy = with_cookie(app, cookie(clerk))
    assert is_in(copy)
    sign_out(clerk)
    assert clerk.response.headers["Clear-Site-Data"] and not is_in(clerk) and not is_in(copy)
    row = Session.get()
    assert row.ended and row.reason == "sign_out"


def test_signing_in_gives_a_new_session_and_ends_the_one_that_was_here(app, sign_in):
    clerk = sign_in("cun")
    before = cookie(clerk)
    form = form_at(Browser(app.test_client()), "/accounts/sign-in", "password")
    clerk.open("/accounts/me")
    token = clerk.form(action="/accounts/sign-out").fields["csrf_token"]
    clerk.submit(form, name="zhen", password=PASSWORD, csrf_token=token)
    assert "刘德明" in clerk.text and cookie(clerk) != before
    assert not is_in(with_cookie(app, before)), "nobody is left behind in the old session"


def test_a_cookie_from_before_signing_in_does_not_become_a_session(app, visitor):
    """Session fixation: what somebody planted before is worth nothing afterwards."""
    visitor.open("/accounts/sign-in")
    planted = cookie(visitor)
    visitor.submit(visitor.form(["password"]), name="cun", password=PASSWORD)
    assert is_in(visitor) and not is_in(with_cookie(app, planted)) and cookie(visitor) != planted


def test_the_database_holds_no_token_that_opens_a_session(app, sign_in):
    clerk = sign_in("cun")
    row = Session.get()
    with app.session_interface.get_signing_serializer(app) and clerk.client.session_transaction() as kept:
        token = kept["_user_id"]
    assert len(token) >= 40 and token not in str(row.__data__) and len(row.token_hash) == 64
    with clerk.client.session_transaction() as kept:
        kept["_user_id"] = row.token_hash
    assert not is_in(clerk)


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "\u00e9", "x" * 4000, "eyJfdXNlcl9pZCI6IjEifQ.aaaa.bbbb"])
def test_a_forged_cookie_is_nobody(app, value):
    assert not is_in(with_cookie(app, value))


def test_a_changed_password_ends_every_other_session_and_renews_the_own(app, sign_in):
    clerk, elsewhere = sign_in("cun"), sign_in("cun")
    old = cookie(clerk)
    clerk.send("/accounts/password", old=PASSWORD, password=NEW, again=NEW)
    assert "密码已修改" in clerk.text and is_in(clerk)
    assert not is_in(elsewhere) and not is_in(with_cookie(app, old))


@pytest.mark.parametrize(("name", "minutes"), [("cun", 30), ("xitong", 15), ("anquan", 15), ("shenji", 15)])
def test_an_idle_session_ends(sign_in, name, minutes):
    browser, start = sign_in(name), datetime.datetime.now(datetime.UTC)
    with time_machine.travel(start + minutes * MINUTE - MINUTE):
        assert is_in(browser)
    with time_machine.travel(start + 2 * minutes * MINUTE - 2 * MINUTE):
        assert is_in(browser), "using it counts anew"
    with time_machine.travel(start + 3 * minutes * MINUTE):
        assert not is_in(browser)
    assert Session.get().reason == "idle"
    assert not is_in(browser), "and it stays ended"


def test_no_session_lasts_longer_than_a_working_day(sign_in):
    clerk, start = sign_in("cun"), datetime.datetime.now(datetime.UTC)
    for minutes in range(25, 600, 25):
        with time_machine.travel(start + minutes * MINUTE):
            assert is_in(clerk), minutes
    with time_machine.travel(start + 10 * HOUR + MINUTE):
        assert not is_in(clerk)
    assert Session.get().reason == "absolute"


def test_a_clock_that_jumps_back_ends_the_session_and_no_more(sign_in):
    start = datetime.datetime.now(datetime.UTC)
    with time_machine.travel(start + 5 * HOUR):
        clerk = sign_in("cun")
    assert not is_in(clerk), "a session of the future"
    assert is_in(sign_in("cun"))


def test_reading_writes_that_somebody_was_here_at_most_once_a_minute(sign_in):
    clerk, start = sign_in("cun"), datetime.datetime.now(datetime.UTC)
    first = Session.get().last_seen
    with time_machine.travel(start + 30 * datetime.timedelta(seconds=1)):
        clerk.open("/accounts/me")
        assert Session.get().last_seen == first
    with time_machine.travel(start + 61 * datetime.timedelta(seconds=1)):
        clerk.open("/accounts/me")
        assert Session.get().last_seen > first and User.get(User.name == "cun").last_seen > first


def test_a_closed_account_is_out_at_once(sign_in, cast):
    clerk, admin = sign_in("cun"), sign_in("xitong")
    admin.open(f"/accounts/users/{cast['cun']}")
    admin.submit(admin.form(action=f"/accounts/users/{cast['cun']}/close"))
    assert "所有登录已退出" in admin.text and not is_in(clerk)
    assert Session.get(Session.user == cast["cun"]).reason == "locked"


def test_an_account_that_was_closed_behind_the_portal_is_out_too(sign_in):
    clerk = sign_in("cun")
    User.update(locked=True).where(User.name == "cun").execute()
    assert not is_in(clerk)


def test_an_expired_account_is_out_on_the_day(sign_in):
    clerk = sign_in("cun")
    User.update(expires_on=now().date() - datetime.timedelta(days=1)).where(User.name == "cun").execute()
    assert not is_in(clerk)


# -- the own sessions ----------------------------------------------------------------------------------------------

def test_where_one_is_signed_in_is_listed_and_can_be_ended(app, sign_in):
    here, there = sign_in("cun"), sign_in("cun")
    page = here.open("/accounts/me")
    forms = [form for form in page.forms() if form.action.endswith("/end")]
    assert len(forms) == 1 and "这里" in page.text
    here.submit(forms[0])
    assert "已退出那一处的登录" in here.text and is_in(here) and not is_in(there)


def test_all_others_are_ended_at_once_and_that_is_on_the_record(sign_in):
    here, there, elsewhere, other = sign_in("cun"), sign_in("cun"), sign_in("cun"), sign_in("lincun")
    here.open("/accounts/me")
    here.submit(here.form(action="/accounts/sessions/end-others"))
    assert "已退出别处的 2 处登录" in here.text and "退出别处的全部登录" not in here.text
    assert [is_in(one) for one in (here, there, elsewhere, other)] == [True, False, False, True]
    entry = AuditEntry.get(AuditEntry.action == "accounts.end_session")
    assert (entry.actor_name, entry.detail) == ("李秀英", {"sessions": 2})


def test_the_auditor_ends_own_sessions_too(sign_in):
    here, there = sign_in("shenji"), sign_in("shenji")
    here.open("/accounts/me")
    here.submit(here.form(action="/accounts/sessions/end-others"))
    assert is_in(here) and not is_in(there)


def test_sessions_that_have_run_out_are_not_listed(sign_in):
    sign_in("cun")
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + HOUR):
        page = sign_in("cun").open("/accounts/me")
        assert not [form for form in page.forms() if form.action.startswith("/accounts/sessions/")]


def test_nobody_ends_the_session_of_another(sign_in):
    clerk, other = sign_in("cun"), sign_in("lincun")
    session = Session.get(Session.user == User.get(User.name == "lincun"))
    assert clerk.post(f"/accounts/sessions/{session.id}/end").status == 404
    assert clerk.post("/accounts/sessions/999999/end").status == 404
    assert is_in(other)


def test_signing_out_twice_at_once_is_no_error(app, sign_in):
    clerk = sign_in("cun")
    clerk.open("/accounts/me")
    pair = [clerk, twin(app, clerk)]
    form = clerk.form(action="/accounts/sign-out")
    side_by_side(*(lambda one=one: one.submit(form, follow=False) for one in pair))
    assert all(one.status in (302, 303) for one in pair) and not is_in(clerk)


def test_one_sign_in_more_than_allowed_ends_the_oldest(ground, app):
    with another_app(ground, sessions_at_once=2) as strict:
        browsers = []
        for _ in range(3):
            browsers.append(Browser(strict.test_client()))
            browsers[-1].send("/accounts/sign-in", name="cun", password=PASSWORD)
        assert [browser.open("/", follow=False).status for browser in browsers] == [302, 200, 200]


@pytest.mark.parametrize("networks, name, enters", [
    (["10.0.0.0/8"], "xitong", False), (["10.0.0.0/8", "127.0.0.1"], "xitong", True), (["10.0.0.0/8"], "cun", True),
])
def test_administrators_sign_in_from_their_networks_only(ground, app, networks, name, enters):
    with another_app(ground, admin_addresses=networks) as strict:
        browser = Browser(strict.test_client())
        browser.send("/accounts/sign-in", name=name, password=PASSWORD)
        assert (browser.status == 200) == enters and (enters or "账号或密码不正确" in browser.text)
