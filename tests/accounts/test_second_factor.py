"""Beside the password a code that changes: once each, counted when wrong, and a way back when the phone is gone."""

import datetime
import re

import pyotp
import pytest
import time_machine

from portal.accounts.models import RecoveryCode, Session, User
from portal.audit.models import AuditEntry
from portal.testing import Browser
from tests.forms.together import another_app, form_at
from tests.people_of_the_county import PASSWORD

SET_UP, ASK = "/accounts/second-factor/set-up", "/accounts/second-factor"


@pytest.fixture
def clock():
    """Stand at noon; `clock.shift(seconds)` goes on."""
    noon = datetime.datetime.now(datetime.UTC).replace(hour=4, minute=0, second=10) + datetime.timedelta(days=1)
    with time_machine.travel(noon, tick=False) as traveller:
        yield traveller


@pytest.fixture
def paired(clock, app, sign_in):
    """Return (secret, recovery codes) of the village window's phone."""
    return pair(sign_in("cun"))


def shown_secret(browser) -> str:
    return re.search(r'<strong class="number">((?:[A-Z2-7]{4} ?){8})</strong>', browser.text)[1].replace(" ", "")


def pair(browser):
    browser.open(SET_UP)
    secret = shown_secret(browser)
    browser.submit(form_at(browser, SET_UP, "code"), SET_UP, code=pyotp.TOTP(secret).now(), password=PASSWORD)
    assert browser.status == 200, browser.text
    return secret, re.findall(r'<li class="number">([\w-]+)</li>', browser.text)


def with_password(app, name="cun") -> Browser:
    browser = Browser(app.test_client())
    browser.send("/accounts/sign-in", name=name, password=PASSWORD)
    return browser


def answer(browser, code: str) -> Browser:
    return browser.submit(form_at(browser, ASK, "code"), ASK, code=code)


def is_in(browser) -> bool:
    return browser.open("/accounts/me", follow=False).status == 200


def test_the_password_alone_opens_nothing_any_more(paired, app):
    browser = with_password(app)
    assert "六位" in browser.text and not is_in(browser)
    for url in ("/", "/cases/", "/people/", SET_UP, "/accounts/password"):
        assert browser.open(url, follow=False).status == 302, url
    assert Session.select().where(Session.ended.is_null()).count() == 1  # the one that set it up


def test_a_fresh_code_lets_in_and_counts_once(paired, app, clock):
    secret, _ = paired
    assert not is_in(answer(with_password(app), pyotp.TOTP(secret).now())), "it was used to set up"
    clock.shift(30)
    code = pyotp.TOTP(secret).now()
    assert is_in(answer(with_password(app), code)) and not is_in(answer(with_password(app), code))


@pytest.mark.parametrize("code", ["", "000000", "12345", "abcdef", "１２３４５６", "9" * 20, "' OR 1=1", "AAAAA-BBBBB"])
def test_a_wrong_code_is_refused_in_words(paired, app, code):
    browser = answer(with_password(app), code)
    assert browser.status == 422 and "field-error" in browser.text and not is_in(browser)


def test_wrong_codes_lock_the_code_and_not_the_account_of_others(paired, app, clock):
    secret, _ = paired
    for _ in range(5):
        answer(with_password(app), "000000")
    clock.shift(60)
    assert not is_in(answer(with_password(app), pyotp.TOTP(secret).now())), "even the right one, for a while"
    assert AuditEntry.select().where(AuditEntry.action == "accounts.lock").exists()
    clock.shift(16 * 60)
    assert is_in(answer(with_password(app), pyotp.TOTP(secret).now()))


def test_a_recovery_code_opens_once(paired, app):
    _, codes = paired
    assert len(set(codes)) == 10
    assert is_in(answer(with_password(app), codes[0].lower())) and not is_in(answer(with_password(app), codes[0]))
    assert RecoveryCode.select().where(RecoveryCode.used.is_null()).count() == 9


def test_the_half_session_ends_after_five_minutes_and_with_the_password(paired, app, clock):
    secret, _ = paired
    late, changed = with_password(app), with_password(app)
    clock.shift(31)
    User.update(password_hash="x").where(User.name == "cun").execute()
    assert changed.open(ASK, follow=False).status == 302
    clock.shift(5 * 60)
    assert late.open(ASK, follow=False).status == 302 and secret


def test_neither_the_secret_nor_a_code_is_in_the_database(paired, app):
    secret, codes = paired
    user = User.get(User.name == "cun")
    assert user.totp_cipher.startswith("A1:") and secret not in user.totp_cipher
    assert not {code for code in codes} & {row.code_hash for row in RecoveryCode.select()}


@pytest.mark.parametrize("fields, sentence", [
    ({"code": "000000", "password": PASSWORD}, "验证码不对"), ({"code": None, "password": "falsch"}, "密码不正确"),
])
def test_setting_up_needs_a_right_code_and_the_password(clock, app, sign_in, fields, sentence):
    browser = sign_in("cun")
    browser.open(SET_UP)
    secret = shown_secret(browser)
    sent = {**fields, "code": fields["code"] or pyotp.TOTP(secret).now()}
    browser.submit(form_at(browser, SET_UP, "code"), SET_UP, **sent)
    assert browser.status == 422 and sentence in browser.text and shown_secret(browser) == secret
    assert not User.get(User.name == "cun").has_second_factor


def test_where_it_is_demanded_nothing_else_opens_before(ground, clock, app):
    with another_app(ground, second_factor="admins") as strict:
        admin, clerk = with_password(strict, "xitong"), with_password(strict)
        assert admin.open("/org/", follow=False).response.location == SET_UP and is_in(clerk)
        pair(admin)
        assert admin.open("/org/").status == 200


def test_the_administrator_takes_it_away_from_staff_and_not_from_the_auditor(clock, app, sign_in, cast):
    pair(sign_in("cun"))
    pair(sign_in("shenji"))
    admin = sign_in("xitong")
    for name, left in (("cun", False), ("shenji", True)):
        admin.open(f"/accounts/users/{cast[name]}")
        admin.submit(admin.form(action=f"/accounts/users/{cast[name]}/unpair"))
        assert User.get(User.name == name).has_second_factor == left, name
    assert is_in(with_password(app))
