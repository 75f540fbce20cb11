"""Passwords: two sets of rules, the first one is changed, the last five do not come back."""

import datetime

import pytest
import time_machine

from portal.accounts import passwords
from portal.accounts.models import User
from portal.testing import Browser
from portal.values import Refused
from tests.forms.together import another_app, ask
from tests.people_of_the_county import PASSWORD

NAMES = ("xiuying77", "李秀英", "华光村")
GOOD = "Nussbaum-17-Regen"


@pytest.mark.parametrize("password", [
    GOOD, "correct Horse 9 battery", "密码要再长一点点，Abc1", "Zq8#k" * 25 + "xyz", "kX9!vTr2-mQ7p",
    "龙泉驿-Kx93-风雨同舟",
])
def test_good_passwords_are_good(password):
    passwords.check(password, "dengbao", *NAMES)


@pytest.mark.parametrize(("password", "sentence"), [
    ("Kx9!vTr2-mQ", "至少 12 个字符"), ("", "至少 12 个字符"), ("Zq8#" * 32 + "x", "最多 128 个字符"),
    ("kxvtrmqpzwbnh", "至少三种"), ("kxvtr9mqp2zwb", "至少三种"), ("KXVTR9MQP2ZWB", "至少三种"),
    ("Xiuying77-Kx93!", "不能含有账号"), ("xx李秀英-Kx93!abc", "不能含有账号"), ("华光村-Kx93!abcd", "不能含有账号"),
    ("Lixiuying-Kx93!", "不能含有账号"), ("HuaGuangCun#93kx", "不能含有账号"),
    ("ｌｉｘｉｕｙｉｎｇ-Kx93!", "不能含有账号"),
])
def test_weak_passwords_are_told_what_they_lack(password, sentence):
    with pytest.raises(Refused, match=sentence) as refused:
        passwords.check(password, "dengbao", *NAMES)
    assert refused.value.field == "password"


@pytest.mark.parametrize("password", [
    "Password1234", "P@ssw0rd2026!", "Password12345!", "Qwerty123456!", "Admin@123456", "Welcome2026!!", "1qaz2wsx3edc",
    "1q2w3e4r5t6y", "Aa123456789012", "aaaaaaaaaaaa", "AAAAaaaa1111!", "abcdefghijkl", "qwertyuiopas", "123456789012",
    "Iloveyou2026!", "Woaini1314!!", "Administrator1!", "Letmein12345!", "Sunshine2026!", "Dragon123456!",
    "Zxcvbnm12345!",
    "09876543210987", "mnbvcxzlkjhg", "SuperMan2026!!", "Princess12345!", "Changeme2026!",
])
@pytest.mark.parametrize("profile", ["dengbao", "asvs"])
def test_passwords_that_everybody_guesses_are_refused(password, profile):
    with pytest.raises(Refused, match="太常见"):
        passwords.check(password, profile)


def test_the_other_profile_asks_for_length_not_for_kinds_of_signs():
    passwords.check("kxvtrmqpzwbnh", "asvs", *NAMES)
    for password, sentence in (("kxvtrmqpzwb", "至少 12"), ("x" * 129, "最多 128"), ("lixiuying-kxvt", "不能含有账号")):
        with pytest.raises(Refused, match=sentence):
            passwords.check(password, "asvs", *NAMES)


def test_initial_passwords_pass_the_rules_and_differ():
    made = {passwords.initial() for _ in range(300)}
    assert len(made) == 300
    for secret in made:
        passwords.check(secret, "dengbao", *NAMES)


# -- through the door ----------------------------------------------------------------------------------------------

def change(browser, old: str, new: str, again: str | None = None) -> str:
    browser.send("/accounts/password", old=old, password=new, again=new if again is None else again)
    return browser.text


@pytest.mark.parametrize(("old", "new", "again", "sentence"), [
    ("Falsch-Falsch-11", GOOD, GOOD, "现在的密码不正确"), (PASSWORD, GOOD, GOOD + "x", "两次输入的新密码不一样"),
    (PASSWORD, "short", "short", "至少 12 个字符"), (PASSWORD, PASSWORD, PASSWORD, "和现在的密码相同"),
    (PASSWORD, "Lixiuying-Kx93!", "Lixiuying-Kx93!", "不能含有账号"), (PASSWORD, "Huaguang-Kx93!cun", "x", "不一样"),
    (PASSWORD, "", "", "请填写"), ("", GOOD, GOOD, "请填写"), (PASSWORD, "长" * 10_000, "长" * 10_000, "最多 128"),
])
def test_a_password_that_breaks_a_rule_is_refused_at_its_field(sign_in, old, new, again, sentence):
    clerk = sign_in("cun")
    assert sentence in change(clerk, old, new, again) and clerk.status == 422
    assert PASSWORD not in clerk.text and sign_in("cun")


def test_the_last_five_do_not_come_back_even_after_a_reset(app, sign_in, cast):
    clerk, used = sign_in("cun"), [PASSWORD]
    for number in range(5):
        new = f"Nussbaum-{number}-Regen"
        assert "密码已修改" in change(clerk, used[-1], new)
        used.append(new)
    for old in used[:-1]:
        assert "最近 5 次用过" in change(clerk, used[-1], old)
    initial = _reset(sign_in("xitong"), cast["cun"])
    clerk.send("/accounts/sign-in", name="cun", password=initial)
    for old in used[1:]:
        assert "最近 5 次用过" in change(clerk, initial, old)


def _reset(admin, user_id: int) -> str:
    url = f"/accounts/users/{user_id}"
    admin.open(url)
    admin.submit(admin.form(action=f"{url}/reset"))
    return admin.text.split("初始密码：<strong")[1].split(">")[1].split("<")[0]


def test_with_the_other_profile_an_old_one_may_come_back_and_none_grows_old(ground, app):
    with another_app(ground, password_profile="asvs") as other:
        clerk = Browser(other.test_client())
        clerk.send("/accounts/sign-in", name="cun", password=PASSWORD)
        assert "密码已修改" in change(clerk, PASSWORD, GOOD)
        assert "密码已修改" in change(clerk, GOOD, PASSWORD)
        with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=400)):
            clerk = Browser(other.test_client())
            clerk.send("/accounts/sign-in", name="cun", password=PASSWORD)
            assert clerk.response.request.path == "/"


def test_after_ninety_days_a_new_one_is_due(sign_in, app):
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=89)):
        sign_in("cun")
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=91)):
        clerk = Browser(app.test_client())
        clerk.send("/accounts/sign-in", name="cun", password=PASSWORD)
        assert clerk.response.request.path == "/accounts/password" and "密码到期" in clerk.text
        assert "密码已修改" in change(clerk, PASSWORD, GOOD)
        assert clerk.open("/people/").response.request.path == "/people/"


# -- the first one -------------------------------------------------------------------------------------------------

@pytest.fixture
def newcomer(app, sign_in, cast):
    """Somebody whose password was just set by the administrator; returns (browser, initial password)."""
    initial = _reset(sign_in("xitong"), cast["cun"])
    browser = Browser(app.test_client())
    browser.send("/accounts/sign-in", name="cun", password=initial)
    return browser, initial


def test_at_the_first_sign_in_every_page_leads_to_the_new_password(app, newcomer):
    browser, _ = newcomer
    assert browser.response.request.path == "/accounts/password" and "首次登录" in browser.text
    open_to_all = {"accounts.sign_in", "accounts.second_factor", "accounts.change_password", "home.healthz",
                   "home.show_metrics"}
    urls = {
        rule.rule for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and not rule.arguments and rule.endpoint not in open_to_all
    }
    assert len(urls) > 15
    for url in urls | {"/people/1", "/cases/1", "/station/"}:
        answer = browser.open(url, follow=False).response
        assert (answer.status_code, answer.location) == (302, "/accounts/password"), url


def test_before_the_new_password_nothing_can_be_done(newcomer):
    browser, _ = newcomer
    token = browser.form(["password"]).fields["csrf_token"]
    for url in ("/people/new", "/accounts/switch-post", "/people/find"):
        answer = ask(browser, "POST", url, data={"csrf_token": token, "name": "王秀兰", "post_id": "1"})
        assert (answer.status_code, answer.location) == (302, "/accounts/password"), url


def test_with_the_new_password_the_house_is_open(newcomer, sign_in):
    browser, initial = newcomer
    assert "密码已修改" in change(browser, initial, GOOD)
    assert browser.open("/people/").response.request.path == "/people/"
    user = User.get(User.name == "cun")
    assert not user.must_change and user.initial_until is None


def test_the_initial_password_is_worth_nothing_after_a_day(app, sign_in, cast):
    initial = _reset(sign_in("xitong"), cast["cun"])
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=25)):
        browser = Browser(app.test_client())
        browser.send("/accounts/sign-in", name="cun", password=initial)
        assert browser.status == 422 and "账号或密码不正确" in browser.text
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=23)):
        browser.send("/accounts/sign-in", name="cun", password=initial)
        assert browser.response.request.path == "/accounts/password"


def test_the_initial_password_is_shown_once(sign_in, cast):
    admin = sign_in("xitong")
    initial = _reset(admin, cast["cun"])
    assert initial not in admin.open(f"/accounts/users/{cast['cun']}").text
    assert "初始密码：" not in sign_in("xitong").open(f"/accounts/users/{cast['cun']}").text


def test_nobody_resets_their_own(sign_in, cast):
    admin = sign_in("xitong")
    assert "/reset" not in admin.open(f"/accounts/users/{cast['xitong']}").text
    assert admin.post(f"/accounts/users/{cast['xitong']}/reset").status == 422
