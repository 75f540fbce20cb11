"""The administrator's pages: accounts are made, found, changed and closed, and two of them do not trip each other."""

import datetime
import re

import pytest

from portal.accounts import commands
from portal.accounts.models import Post, Role, User
from portal.audit.models import AuditEntry
from portal.db import database, now, today
from portal.testing import Browser
from tests.forms.together import form_at, side_by_side, twin
from tests.people_of_the_county import COUNTY, PASSWORD, VILLAGE, unit

DAY = datetime.timedelta(days=1)
NEW = {"name": "xinren", "full_name": "辛人", "role": "window"}


@pytest.fixture
def admin(sign_in):
    return sign_in("xitong")


def filled(**fields) -> dict:
    return {**NEW, "unit_id": str(unit(VILLAGE).id), **fields}


def names(page) -> list[str]:
    return re.findall(r'data-label="账号">([^<]+)<', page.text)


# -- making --------------------------------------------------------------------------------------------------------

def test_an_account_is_made_with_a_post_and_a_password_that_works_once(app, admin):
    admin.send("/accounts/users/add", **filled(title="窗口一号"))
    secret = re.search(r"初始密码：<strong[^>]*>([^<]+)", admin.text)[1]
    made = User.get(User.name == "xinren")
    post = Post.get(Post.user == made)
    assert (post.unit_id, post.title, post.role.slug) == (unit(VILLAGE).id, "窗口一号", "window")
    assert made.must_change and made.created_by == User.get(User.name == "xitong").id
    newcomer = Browser(app.test_client())
    newcomer.send("/accounts/sign-in", name="xinren", password=secret)
    assert newcomer.response.request.path == "/accounts/password"
    kept = AuditEntry.get(AuditEntry.action == "accounts.create", AuditEntry.object_id == str(made.id))
    assert kept.detail == {"name": "xinren", "full_name": "辛人"} and secret not in str(kept.__data__)


def test_the_unit_is_picked_by_name_not_by_code(admin):
    page = admin.open("/accounts/users/add")
    assert 'data-children="/org/offices/"' in page.text and "单位编码" not in page.text
    assert "data-picker" in page.text and "民政局" in page.text


@pytest.mark.parametrize(("field", "value", "sentence"), [
    ("name", "", "请填写“账号”"), ("name", "x", "2 到 40 个字母"), ("name", "a b", "2 到 40 个字母"),
    ("name", "李秀英", "2 到 40 个字母"),
    ("name", "аdmin", "2 到 40 个字母"), ("name", "x" * 41, "最多 40 字"), ("name", "x" * 10_000, "最多 40 字"),
    ("name", "-x", "2 到 40 个字母"), ("name", "<script>", "2 到 40 个字母"), ("name", "a\x00b", "控制字符"),
    ("name", "cun", "已经有人用过"), ("name", "CUN", "已经有人用过"), ("name", "ｃｕｎ", "已经有人用过"),
    ("name", " cun ", "已经有人用过"),
    ("full_name", "", "请填写“姓名”"), ("full_name", "长" * 61, "最多 60 字"),
    ("full_name", "李\u202e英", "看不见的方向"),
    ("unit_id", "", "请选择“单位”"), ("unit_id", "999999", "请在单位树里选择"),
    ("unit_id", "510722104204", "请在单位树里选择"),
    ("unit_id", "9" * 40, "请在单位树里选择"), ("unit_id", "' OR 1=1", "请在单位树里选择"),
    ("role", "", "请选择“角色”"),
    ("role", "god", "请从列表中选择"), ("title", "长" * 61, "最多 60 字"),
    ("expires_on", "2026-02-30", "请按 2026-11-20"),
    ("expires_on", "9999-12-31", "年份应在"),
])
def test_bad_input_is_refused_at_its_field_and_nothing_is_half_made(admin, field, value, sentence):
    before = User.select().count(), Post.select().count()
    admin.send("/accounts/users/add", **filled(**{field: value}))
    assert admin.status == 422 and sentence in admin.text and 'class="field-error"' in admin.text
    assert (User.select().count(), Post.select().count()) == before
    assert "<script>" not in admin.text.replace("<script ", "")
    if field not in ("full_name",):
        assert "辛人" in admin.text, "the rest is kept"


def test_a_name_is_never_given_to_somebody_else(admin, cast):
    url = f"/accounts/users/{cast['lincun']}"
    admin.open(url)
    admin.submit(admin.form(action=f"{url}/close"))
    admin.send("/accounts/users/add", **filled(name="lincun"))
    assert admin.status == 422 and "已经有人用过" in admin.text


def test_two_administrators_making_the_same_account_at_once(app, admin):
    pair = [admin, twin(app, admin)]
    forms = [form_at(browser, "/accounts/users/add", "name") for browser in pair]
    side_by_side(*(
        lambda browser=browser, form=form: browser.submit(form, follow=False, **filled())
        for browser, form in zip(pair, forms, strict=True)
    ))
    assert sorted(browser.status for browser in pair) == [302, 422]
    assert User.select().where(User.name == "xinren").count() == 1
    assert "已经有人用过" in next(browser.text for browser in pair if browser.status == 422)


def test_an_account_whose_post_is_refused_is_not_made_either(admin):
    admin.send("/accounts/users/add", **filled(role="audit_admin"))
    assert admin.status == 422 and "只能设在县一级" in admin.text
    assert not User.select().where(User.name == "xinren").exists()


def test_the_same_form_twice_makes_one_account(admin):
    form = form_at(admin, "/accounts/users/add", "name")
    admin.submit(form, **filled())
    first = admin.response.request.path
    admin.submit(form, **filled())
    assert admin.status == 200 and admin.response.request.path == first


# -- finding -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("query", "found"), [
    ("q=cun", ["lincun", "cun"]), ("q=李秀", ["cun"]), ("q=CUN", ["lincun", "cun"]), ("q=%25", []), ("q=_", []),
    ("q=nobody", []),
    ("q=' OR 1=1 --", []), ("state=closed", ["canlian"]), ("state=expired", ["minzheng"]), ("state=idle", ["kongkong"]),
    ("state=dormant", ["wuzhen"]), ("q=cun&state=closed", []), ("after=99999999999999999999", None), ("after=x", None),
    ("state=nonsense", None),
])
def test_the_list_is_searched_and_filtered(admin, query, found):
    User.update(locked=True).where(User.name == "canlian").execute()
    User.update(expires_on=today() - DAY).where(User.name == "minzheng").execute()
    User.update(created=now() - 200 * DAY, last_seen=now() - 91 * DAY).where(User.name == "wuzhen").execute()
    page = admin.open(f"/accounts/users?{query}")
    assert page.status == 200
    if found is None:
        assert len(names(page)) > 10
    else:
        assert names(page) == found
        assert found or "没有找到账号" in page.text


def test_the_list_of_the_open_leaves_out_the_closed(admin):
    User.update(locked=True).where(User.name == "canlian").execute()
    shown = names(admin.open("/accounts/users?state=open"))
    assert "cun" in shown and "canlian" not in shown


def test_the_list_goes_on_by_key(admin):
    User.insert_many([
        {"name": f"user-{number}", "full_name": "某人", "password_hash": "x"} for number in range(120)
    ]).execute()
    seen, page = [], admin.open("/accounts/users?q=user-")
    while True:
        seen += names(page)
        more = re.search(r'href="(/accounts/users\?after=[^"]+)"', page.text)
        if not more:
            break
        page = admin.open(more[1].replace("&amp;", "&"))
    assert len(seen) == 120 == len(set(seen)) and "上一页" in page.text


def test_accounts_of_another_county_are_not_there(admin):
    far = unit(COUNTY)
    other = far.__class__.add(code="510723000000", name="盐亭县", level="county")
    stranger = User.create(name="yanting", full_name="别人", password_hash="x")
    Post.create(user=stranger, unit=other, role=Role.get(Role.slug == "leader"), title="领导")
    assert "yanting" not in admin.open("/accounts/users").text
    for path in ("", "/edit", "/posts/add"):
        assert admin.open(f"/accounts/users/{stranger.id}{path}").status == 404
    for path in ("/reset", "/close"):
        assert admin.post(f"/accounts/users/{stranger.id}{path}", to="closed").status == 404


@pytest.mark.parametrize("path", ["/accounts/users/999999", "/accounts/users/999999/edit", "/accounts/users/0",
                                  "/accounts/users/99999999999999999999", "/accounts/users/abc"])
def test_an_unknown_account_is_not_found(admin, path):
    assert admin.open(path).status == 404


# -- changing ------------------------------------------------------------------------------------------------------

def test_a_name_and_an_expiry_are_changed_with_their_differences_on_record(admin, cast):
    admin.send(f"/accounts/users/{cast['cun']}/edit", full_name="李秀英二", expires_on=str(today() + DAY))
    user = User.get_by_id(cast["cun"])
    assert (user.full_name, user.expires_on) == ("李秀英二", today() + DAY) and user.version == 2
    entry = AuditEntry.get(AuditEntry.action == "accounts.edit")
    assert entry.changes == {"full_name": ["李秀英", "李秀英二"], "expires_on": [None, str(today() + DAY)]}


def test_an_expiry_in_the_past_ends_the_sessions(admin, sign_in, cast):
    clerk = sign_in("cun")
    admin.send(f"/accounts/users/{cast['cun']}/edit", expires_on=str(today() - DAY))
    assert clerk.open("/people/", follow=False).status == 302
    admin.send(f"/accounts/users/{cast['cun']}/edit", expires_on="")
    assert sign_in("cun")


def test_the_second_of_two_administrators_gets_409_and_keeps_the_text(app, admin, cast):
    url = f"/accounts/users/{cast['cun']}/edit"
    late = twin(app, admin)
    stale = form_at(late, url, "full_name")
    admin.send(url, full_name="李一")
    late.submit(stale, full_name="<b>李二</b>", expires_on="2031-01-01")
    assert late.status == 409 and "&lt;b&gt;李二&lt;/b&gt;" in late.text and "2031-01-01" in late.text
    assert User.get_by_id(cast["cun"]).full_name == "李一"


def test_two_saving_at_once_are_one_winner(app, admin, cast):
    url = f"/accounts/users/{cast['cun']}/edit"
    pair = [admin, twin(app, admin)]
    forms = [form_at(browser, url, "full_name") for browser in pair]
    side_by_side(*(
        lambda browser=browser, form=form, name=name: browser.submit(form, follow=False, full_name=name)
        for browser, form, name in zip(pair, forms, ("李一", "李二"), strict=True)
    ))
    assert sorted(browser.status for browser in pair) == [302, 409] and User.get_by_id(cast["cun"]).version == 2


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"valid_from": str(today() - 9 * DAY), "valid_to": str(today() - DAY)}, "已经过去"),
    ({"valid_from": str(today() + 9 * DAY), "valid_to": str(today() + DAY)}, "早于开始"),
    ({"valid_from": ""}, "请填写“开始日期”"), ({"valid_from": "x"}, "请按 2026-11-20"),
    ({"title": "长" * 61}, "最多 60 字"),
])
def test_days_of_a_post_that_make_no_sense_are_refused(admin, cast, fields, sentence):
    post = Post.get(Post.user == cast["cun"])
    admin.send(f"/accounts/users/{cast['cun']}/posts/{post.id}/edit", **fields)
    assert admin.status == 422 and sentence in admin.text and Post.get_by_id(post.id).version == 1


def test_a_post_is_changed_and_a_stale_form_refused(app, admin, cast):
    post = Post.get(Post.user == cast["cun"])
    url = f"/accounts/users/{cast['cun']}/posts/{post.id}/edit"
    late = twin(app, admin)
    stale = form_at(late, url, "valid_to")
    admin.send(url, title="窗口一号", valid_to=str(today() + 30 * DAY))
    kept = Post.get_by_id(post.id)
    assert (kept.title, kept.valid_to) == ("窗口一号", today() + 30 * DAY)
    assert f"至 {today() + 30 * DAY}" in admin.text
    late.submit(stale, valid_to="2031-01-01")
    assert late.status == 409 and Post.get_by_id(post.id).valid_to == today() + 30 * DAY
    entry = AuditEntry.get(AuditEntry.action == "accounts.edit_post")
    assert entry.changes["valid_to"] == [None, str(today() + 30 * DAY)]


def test_the_post_of_another_person_is_not_found(admin, cast):
    post = Post.get(Post.user == cast["zhen"])
    assert admin.open(f"/accounts/users/{cast['cun']}/posts/{post.id}/edit").status == 404
    assert admin.post(f"/accounts/users/{cast['cun']}/posts/{post.id}/end").status == 404


def test_a_second_click_does_not_open_what_the_first_closed(app, admin, cast):
    url = f"/accounts/users/{cast['cun']}"
    forms = [admin.open(url).form(action=f"{url}/close") for _ in range(2)]
    admin.submit(forms[0])
    assert "账号已停用" in admin.text
    admin.submit(forms[1])
    assert admin.status == 422 and User.get_by_id(cast["cun"]).locked
    admin.open(url)
    admin.submit(admin.form(action=f"{url}/close"))
    assert "账号已恢复" in admin.text and not User.get_by_id(cast["cun"]).locked


def test_changing_a_password_does_not_undo_what_an_administrator_just_did(app, admin, sign_in, cast):
    """A row is never written back whole: what another one changed meanwhile stays changed."""
    clerk = sign_in("cun")
    User.update(full_name="李改").where(User.id == cast["cun"]).execute()
    clerk.send("/accounts/password", old=PASSWORD, password="Nussbaum-17-Regen", again="Nussbaum-17-Regen")
    assert User.get_by_id(cast["cun"]).full_name == "李改"


@pytest.mark.parametrize("name", ["cun", "zhen", "xian", "lingdao", "zhenguan", "anquan", "shenji", "kongkong"])
def test_nobody_else_gets_in(sign_in, cast, name):
    browser, user = sign_in(name), cast["lincun"]
    for url in ("/accounts/users", "/accounts/users/add", f"/accounts/users/{user}", f"/accounts/users/{user}/edit"):
        assert browser.open(url).status == 403, url
    for url in (f"/accounts/users/{user}/reset", f"/accounts/users/{user}/close", "/accounts/users/add"):
        assert browser.post(url, to="closed", **NEW).status == 403, url
    assert not User.get_by_id(user).locked and not database.is_closed()


# -- commands ------------------------------------------------------------------------------------------------------

def run(app, *arguments):
    return app.test_cli_runner().invoke(commands.user, list(arguments))


def test_accounts_are_made_reset_closed_and_opened_at_the_command_line(app, sign_in):
    made = run(app, "add", "Xinren", "--full-name", "辛人", "--unit", VILLAGE, "--role", "window")
    assert made.exit_code == 0 and "初始密码" in made.output and User.get(User.name == "xinren").must_change
    assert "新密码" in run(app, "passwd", "XINREN").output
    assert "已停用" in run(app, "lock", "xinren").output and User.get(User.name == "xinren").locked
    assert "已恢复" in run(app, "unlock", "xinren").output and not User.get(User.name == "xinren").locked
    assert AuditEntry.get(AuditEntry.action == "accounts.create").actor_name == "系统"


@pytest.mark.parametrize("arguments", [
    ("add", "cun", "--full-name", "x", "--unit", VILLAGE, "--role", "window"),
    ("add", "xinren", "--full-name", "x", "--unit", "0", "--role", "window"),
    ("add", "xinren", "--full-name", "x", "--unit", VILLAGE, "--role", "god"),
    ("add", "xinren", "--full-name", " ", "--unit", VILLAGE, "--role", "window"),
    ("passwd", "nobody"), ("lock", "nobody"), ("lock", "shenji"), ("unlock", "nobody"),
])
def test_a_wrong_command_changes_nothing(app, arguments):
    before = User.select().count()
    result = run(app, *arguments)
    assert result.exit_code != 0 and type(result.exception).__name__ == "Refused"
    assert User.select().count() == before and not User.get(User.name == "shenji").locked
