"""Signing in: one answer for every reason, locks that everybody knows and nobody has for ever."""

import datetime
import json
import re
import subprocess
import sys

import pytest
import time_machine

from portal.accounts import passwords, signing
from portal.accounts.models import Failure, Session, User
from portal.audit.models import AuditEntry
from portal.db import database, now, today
from portal.testing import Browser
from tests.forms.together import another_app, ask, form_at, side_by_side
from tests.people_of_the_county import PASSWORD

MINUTE = datetime.timedelta(minutes=1)


def later(delta):
    return time_machine.travel(datetime.datetime.now(datetime.UTC) + delta)


def attempt(app, name="cun", password=PASSWORD, **more) -> Browser:
    browser = Browser(app.test_client())
    form = form_at(browser, "/accounts/sign-in", "password")
    data = {**form.fields, "name": name, "password": password}
    browser.response = ask(browser, "POST", form.action, data=data, **more)
    return browser


def got_in(browser) -> bool:
    return browser.status == 302


def fail(app, times: int, name="cun", **more) -> None:
    for _ in range(times):
        assert not got_in(attempt(app, name, "Falsch-Falsch-11", **more))


# -- one answer ----------------------------------------------------------------------------------------------------

def answer(browser) -> tuple:
    """Return the answer without what differs on every page: tokens, nonces, and the name that was typed."""
    text = re.sub(r'(nonce|value|content)="[^"]*"', r'\1=""', browser.text)
    headers = {name: value for name, value in browser.response.headers if name not in (
        "Set-Cookie", "X-Request-ID", "Content-Security-Policy", "Content-Length", "Date",
    )}
    return browser.status, text, headers


def test_every_reason_has_the_same_answer(app, cast):
    User.update(locked=True).where(User.name == "lincun").execute()
    User.update(expires_on=today() - datetime.timedelta(days=1)).where(User.name == "zhen").execute()
    User.update(must_change=True, initial_until=now() - MINUTE).where(User.name == "shuji").execute()
    Failure.create(key="user:linjia", count=0, until=now() + 10 * MINUTE)
    Failure.create(key="user:nobody-locked", count=0, until=now() + 10 * MINUTE)
    answers = {
        what: answer(attempt(app, name, password))
        for what, name, password in (
            ("unknown", "nobody", PASSWORD), ("wrong", "cun", "Falsch-Falsch-11"), ("closed", "lincun", PASSWORD),
            ("expired", "zhen", PASSWORD), ("initial password too old", "shuji", PASSWORD),
            ("locked", "linjia", PASSWORD),
            ("locked and unknown", "nobody-locked", PASSWORD), ("senseless", "'; DROP TABLE x; --", "x"),
        )
    }
    assert answers["wrong"][0] == 422 and "账号或密码不正确，或暂时不能登录" in answers["wrong"][1]
    for what, given in answers.items():
        assert given == answers["wrong"], what


def test_every_reason_costs_the_same_work(app, monkeypatch):
    """One comparison with argon2, against a hash with the same cost, whatever the reason."""
    User.update(locked=True).where(User.name == "lincun").execute()
    Failure.create(key="user:linjia", count=0, until=now() + 10 * MINUTE)
    compared = []
    real = passwords.PasswordHasher.verify

    def watched(self, stored, given):
        compared.append(stored)
        return real(self, stored, given)

    monkeypatch.setattr(passwords.PasswordHasher, "verify", watched)
    for name in ("nobody", "cun", "lincun", "linjia"):
        attempt(app, name, PASSWORD if name != "cun" else "x")
    assert len(compared) == 4
    costs = {stored.rsplit("$", 2)[0] for stored in compared}
    assert costs == {"$argon2id$v=19$m=64,t=1,p=1"}


def test_passwords_are_kept_as_argon2id_only(app, ground):
    stored = User.get(User.name == "cun").password_hash
    assert stored.startswith("$argon2id$") and PASSWORD not in stored
    with another_app(ground, argon2_time_cost=3, argon2_memory_kib=64 * 1024) as real, real.app_context():
        assert "m=65536,t=3,p=1" in passwords.hashed("x")


def test_a_hash_of_weaker_settings_is_renewed_at_sign_in(ground, app):
    with another_app(ground, argon2_time_cost=2) as stronger:
        assert got_in(attempt(stronger))
    assert "t=2," in User.get(User.name == "cun").password_hash


@pytest.mark.parametrize("name", ["CUN", " cun ", "Cun", "ｃｕｎ", "ＣＵＮ"])
def test_a_name_is_the_same_however_it_is_typed(app, name):
    assert got_in(attempt(app, name))


@pytest.mark.parametrize(("name", "password"), [
    ("cun", ""), ("", PASSWORD), ("cun", PASSWORD + " "), ("cun", PASSWORD.lower()), ("cun", "长" * 10_000),
    ("长" * 10_000, PASSWORD), ("c\x00un", PASSWORD), ("cun", "\x00"), ("cun", PASSWORD + "\x00"),
    ("cun\u202e", PASSWORD),
    ("cun' OR '1'='1", PASSWORD), ("<script>", "<script>"), ("cu%", PASSWORD), ("c_n", PASSWORD),
])
def test_bad_input_does_not_get_in_and_is_no_error(app, name, password):
    browser = attempt(app, name, password)
    assert browser.status == 422 and "<script>" not in browser.text.replace("<script ", "")
    assert not Session.select().exists()


def test_the_password_is_never_sent_back(app):
    assert "Falsch-Falsch-11" not in attempt(app, "cun", "Falsch-Falsch-11").text


def test_a_form_that_lacks_its_fields_is_no_error(visitor):
    form = form_at(visitor, "/accounts/sign-in", "password")
    form.fields = {"csrf_token": form.fields["csrf_token"]}
    assert visitor.submit(form).status == 422


def test_no_cookie_remembers_anybody(app):
    cookies = attempt(app).response.headers.getlist("Set-Cookie")
    assert len(cookies) == 1 and cookies[0].startswith("portal=") and "remember" not in str(cookies)


# -- locks ---------------------------------------------------------------------------------------------------------

def test_after_five_failures_the_account_is_locked_for_a_quarter_of_an_hour(app):
    fail(app, 4)
    assert got_in(attempt(app)), "four failures and then right"
    fail(app, 5)
    assert not got_in(attempt(app)), "right, but locked"
    assert got_in(attempt(app, "zhen")), "somebody else is not"
    with later(14 * MINUTE):
        assert not got_in(attempt(app))
    with later(16 * MINUTE):
        assert got_in(attempt(app))


def test_the_delay_grows_and_is_capped(app):
    passed, spans = datetime.timedelta(0), []
    for _ in range(7):
        with later(passed):
            fail(app, 5)
            until = Failure.get(Failure.key == "user:cun").until
            spans.append(round((until - now()) / MINUTE))
            passed += until - now() + MINUTE
    assert spans == [15, 30, 60, 120, 240, 240, 240]


def test_a_week_of_attacks_neither_overflows_nor_locks_for_ever(app):
    Failure.create(key="user:cun", count=4, since=now(), rounds=10**6)
    fail(app, 1)
    assert Failure.get(Failure.key == "user:cun").until - now() <= signing.LONGEST_LOCK
    with later(signing.LONGEST_LOCK + MINUTE):
        assert got_in(attempt(app))


def test_right_in_between_starts_the_count_again(app):
    for _ in range(3):
        fail(app, 4)
        assert got_in(attempt(app))


def test_failures_that_are_long_over_do_not_count(app):
    fail(app, 4)
    with later(20 * MINUTE):
        fail(app, 4)
        assert got_in(attempt(app))


def test_an_address_that_tries_many_accounts_is_locked_too(app):
    for number in range(20):
        fail(app, 1, f"nobody{number}", environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert not got_in(attempt(app, "zhen", environ_base={"REMOTE_ADDR": "10.0.0.9"}))
    assert got_in(attempt(app, "zhen", environ_base={"REMOTE_ADDR": "10.0.0.10"}))


def test_of_the_new_addresses_a_machine_may_choose_its_own(app):
    for number in range(20):
        fail(app, 1, f"nobody{number}", environ_base={"REMOTE_ADDR": f"2001:db8::{number:x}"})
    assert not got_in(attempt(app, "zhen", environ_base={"REMOTE_ADDR": "2001:db8::ffff"}))
    assert got_in(attempt(app, "zhen", environ_base={"REMOTE_ADDR": "2001:db8:0:1::1"}))


def test_an_address_that_somebody_only_claims_does_not_count(app):
    for number in range(20):
        fail(app, 1, f"nobody{number}", headers={"X-Forwarded-For": f"10.9.9.{number}"})
    assert Failure.select().where(Failure.key.startswith("addr:")).count() == 1
    assert not got_in(attempt(app, "zhen", headers={"X-Forwarded-For": "10.1.1.1"}))


def test_behind_a_proxy_that_is_trusted_its_word_counts_and_only_its_own(ground, app):
    with another_app(ground, trusted_proxies=1) as behind:
        for number in range(20):
            fail(behind, 1, f"nobody{number}", headers={"X-Forwarded-For": f"6.6.6.{number}, 10.0.0.9"})
        keys = {row.key for row in Failure.select().where(Failure.key.startswith("addr:"))}
        assert keys == {"addr:10.0.0.9"}
        assert not got_in(attempt(behind, "zhen", headers={"X-Forwarded-For": "10.0.0.9"}))
        assert got_in(attempt(behind, "zhen", headers={"X-Forwarded-For": "10.0.0.10"}))


ELSEWHERE = """
import contextvars, json, sys
from pathlib import Path
from portal import create_app
from portal.testing import Browser
folder, overrides, times = json.loads(sys.argv[1])
app = create_app(Path(folder), overrides)
for _ in range(times):
    browser = Browser(app.test_client())
    browser.send("/accounts/sign-in", name="cun", password="Falsch-Falsch-11")
    print(browser.status)
"""


def test_failures_at_another_worker_count_here(ground, app):
    fail(app, 3)
    database.close()
    told = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, json.dumps([str(ground.folder), ground.overrides, 2])],
        capture_output=True, text=True, check=True, timeout=60,
    )
    assert told.stdout.split() == ["422", "422"], told.stderr
    assert not got_in(attempt(app))


def test_failures_at_the_same_moment_are_all_counted(app):
    side_by_side(*[lambda: fail(app, 1)] * 4)
    assert Failure.get(Failure.key == "user:cun").count == 4
    assert Failure.get(Failure.key == "addr:127.0.0.1").count == 4


def test_of_many_guesses_at_once_those_beyond_the_limit_learn_nothing(app):
    """Ten guesses start before any failure is counted; the right one is among the last to be written."""
    fail(app, 5)
    seen = []
    side_by_side(*[lambda: seen.append(got_in(attempt(app)))] * 4)
    assert seen == [False] * 4


def test_a_lock_of_a_clock_that_ran_wrong_does_not_hold(app):
    Failure.create(key="user:cun", count=0, until=now() + datetime.timedelta(days=3650))
    assert got_in(attempt(app))


def test_a_clock_that_jumps_back_locks_nobody_for_ever(app):
    with later(datetime.timedelta(days=30)):
        fail(app, 5)
    assert got_in(attempt(app))
    assert signing.locks() == []


def test_made_up_names_are_forgotten(app):
    for number in range(10):
        fail(app, 1, f"nobody{number}")
    with later(datetime.timedelta(days=2)):
        assert got_in(attempt(app))
        assert not Failure.select().exists()


def test_the_security_administrator_sees_and_lifts_a_lock(app, sign_in):
    fail(app, 5)
    guard = sign_in("anquan")
    page = guard.open("/accounts/roles")
    assert "user:cun" in page.text
    page.submit(page.form(["key"]))
    assert "已解锁" in page.text and got_in(attempt(app))
    actions = {row.action: row for row in AuditEntry.select().where(AuditEntry.object_type == "sign_in")}
    assert actions["accounts.lock"].object_id == "user:cun" and actions["accounts.unlock"].actor_name == "罗兰"


@pytest.mark.parametrize("name", ["cun", "xitong", "shenji"])
def test_nobody_else_lifts_a_lock(app, sign_in, name):
    browser = sign_in(name)
    fail(app, 5, "zhen")
    assert browser.post("/accounts/unlock", key="user:zhen").status == 403
    assert not got_in(attempt(app, "zhen"))


@pytest.mark.parametrize("key", ["", "user:nobody", "x" * 500, "user:\x00", "%"])
def test_lifting_a_lock_that_is_not_there_is_no_error(app, sign_in, key):
    fail(app, 5, "zhen")
    guard = sign_in("anquan")
    page = guard.open("/accounts/roles")
    page.submit(page.form(["key"]), key=key)
    assert page.status == 200 and "已经解开" in page.text and not got_in(attempt(app, "zhen"))
