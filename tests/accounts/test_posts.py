"""Posts, roles and the three administrators: who may what, from when, and that nobody becomes everybody."""

import datetime

import pytest

from portal import accounts
from portal.accounts import keeping
from portal.accounts.models import Post, Role, Session, User
from portal.audit.models import AuditEntry
from portal.db import today
from portal.testing import Browser
from portal.values import Refused
from tests.forms.together import WANG, form_at, side_by_side, twin
from tests.people_of_the_county import COUNTY, PASSWORD, VILLAGE, person, unit
from tests.station.door import receive

DAY = datetime.timedelta(days=1)


def switch(browser, post: Post) -> None:
    browser.open("/accounts/me")
    browser.submit(browser.form(["post_id"]), post_id=str(post.id))


def posts(name: str) -> list[Post]:
    return list(Post.select().join(User).where(User.name == name).order_by(Post.id))


def role(slug: str) -> Role:
    return Role.get(Role.slug == slug)


# -- several posts -------------------------------------------------------------------------------------------------

def test_switching_the_post_changes_area_menu_and_rights_without_signing_in(sign_in):
    case = receive(sign_in("cun"))
    busy = sign_in("duogang")
    first, second, third = posts("duogang")
    assert busy.open(f"/cases/{case.id}").status == 200 and "/people/" in busy.text
    switch(busy, second)
    assert "现在以" in busy.text and busy.open(f"/cases/{case.id}").status == 404
    switch(busy, third)
    assert busy.open(f"/cases/{case.id}").status == 200, "the leader of the town sees it"
    assert busy.open("/people/").status == 403 and 'href="/people/"' not in busy.open("/").text
    switch(busy, first)
    assert busy.open("/people/").status == 200
    switched = [entry.object_id for entry in AuditEntry.select().where(AuditEntry.action == "accounts.switch_post")]
    assert switched == [str(second.id), str(third.id), str(first.id)]


def test_the_post_decides_which_platforms_there_are(sign_in):
    accounts.add_post(User.get(User.name == "cun"), unit("510722138000"), role("town_staff"))
    clerk = sign_in("cun")
    assert clerk.open("/station/").status == 200 and 'href="/station/"' in clerk.open("/").text
    switch(clerk, posts("cun")[1])
    assert clerk.open("/station/").status == 404 and 'href="/station/"' not in clerk.open("/").text


def test_the_post_is_that_of_one_session(sign_in):
    one, two = sign_in("duogang"), sign_in("duogang")
    switch(one, posts("duogang")[2])
    assert one.open("/people/").status == 403 and two.open("/people/").status == 200


@pytest.mark.parametrize("wanted", ["other", "999999", "abc", "", "9" * 30, "-1"])
def test_nobody_takes_a_post_of_another(sign_in, wanted):
    busy = sign_in("duogang")
    wanted = str(posts("zhen")[0].id) if wanted == "other" else wanted
    busy.post("/accounts/switch-post", post_id=wanted)
    assert busy.status == 404 and busy.open("/people/").status == 200


@pytest.mark.parametrize(("begins", "ends", "counts"), [
    (-10, None, True), (-10, 0, True), (0, 0, True), (-10, -1, False), (1, None, False), (1, 5, False),
])
def test_a_post_counts_from_its_first_to_its_last_day(sign_in, begins, ends, counts):
    Post.update(
        valid_from=today() + begins * DAY, valid_to=None if ends is None else today() + ends * DAY
    ).where(Post.id == posts("cun")[0].id).execute()
    clerk = sign_in("cun")
    assert (clerk.open("/people/").status == 200) is counts
    assert clerk.open("/accounts/me").status == 200 and clerk.open("/").status == 200, "signed in, with nothing to do"


def test_a_post_that_ends_takes_its_sessions_along_and_leaves_the_others(sign_in, cast):
    first, second, _ = posts("duogang")
    one, two = sign_in("duogang"), sign_in("duogang")
    switch(two, second)
    admin, url = sign_in("xitong"), f"/accounts/users/{cast['duogang']}"
    admin.open(url)
    admin.submit(admin.form(action=f"{url}/posts/{first.id}/end"))
    assert "岗位已结束" in admin.text
    assert one.open("/people/", follow=False).status == 302 and two.open("/people/").status == 200
    assert Post.get_by_id(first.id).valid_to < today()


def test_a_new_post_is_there_without_signing_in_again(sign_in, cast):
    newcomer, admin = sign_in("kongkong"), sign_in("xitong")
    assert newcomer.open("/people/").status == 403
    admin.send(f"/accounts/users/{cast['kongkong']}/posts/add", unit_id=str(unit(VILLAGE).id), role="window")
    assert "岗位已增加" in admin.text and newcomer.open("/people/").status == 200


# -- roles ---------------------------------------------------------------------------------------------------------

def test_a_changed_role_acts_at_once(sign_in):
    clerk, guard, window = sign_in("cun"), sign_in("anquan"), role("window")
    assert clerk.open("/people/new").status == 200
    kept = [name for name in window.permissions if name != "people.edit"]
    guard.send(f"/accounts/roles/{window.id}", permissions=kept)
    assert "立即生效" in guard.text and clerk.open("/people/new").status == 403
    guard.send(f"/accounts/roles/{window.id}", permissions=[*kept, "people.edit"])
    assert clerk.open("/people/new").status == 200


def test_what_was_taken_from_a_role_stays_taken_after_an_update(app, sign_in):
    window = role("window")
    sign_in("anquan").send(f"/accounts/roles/{window.id}", permissions=["people.read"])
    accounts.sync_roles(app.extensions["portal"])
    assert role("window").permissions == ["people.read"]


def test_a_role_of_ones_own_is_made_and_given(sign_in, cast):
    guard = sign_in("anquan")
    guard.send("/accounts/roles/add", title="档案员", permissions=["people.read"])
    made = Role.get(Role.title == "档案员")
    assert made.permissions == ["people.read"] and not made.builtin
    sign_in("xitong").send(
        f"/accounts/users/{cast['kongkong']}/posts/add", unit_id=str(unit(VILLAGE).id), role=made.slug
    )
    reader = sign_in("kongkong")
    assert reader.open("/people/").status == 200 and reader.open("/people/new").status == 403


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"title": ""}, "请填写“名称”"), ({"title": "综合窗口"}, "已有同名的角色"),
    ({"title": "长" * 10_000}, "最多 40 字"),
    ({"title": "x\x00"}, "控制字符"), ({"permissions": ["no.such"]}, "请从列表中选择"),
    ({"permissions": ["audit.read"]}, "请从列表中选择"), ({"permissions": ["accounts.manage"]}, "请从列表中选择"),
    ({"permissions": ["accounts.policy"]}, "请从列表中选择"), ({"permissions": ["org.manage"]}, "请从列表中选择"),
])
def test_a_senseless_or_dangerous_role_is_refused(sign_in, fields, sentence):
    guard = sign_in("anquan")
    before = Role.select().count()
    for url in ("/accounts/roles/add", f"/accounts/roles/{role('grid_worker').id}"):
        guard.send(url, **{"title": "档案员", "permissions": ["people.read"], **fields})
        assert guard.status == 422 and sentence in guard.text, url
    assert Role.select().count() == before and "people.edit" in role("grid_worker").permissions


@pytest.mark.parametrize("slug", ["system_admin", "security_admin", "audit_admin"])
def test_what_an_administrator_may_is_fixed(sign_in, slug):
    guard, admin_role = sign_in("anquan"), role(slug)
    page = guard.open(f"/accounts/roles/{admin_role.id}")
    assert "由程序规定" in page.text and 'name="permissions"' not in page.text
    form = form_at(guard, f"/accounts/roles/{admin_role.id}", "title")
    guard.submit(form, title="新名称", permissions=["cases.read", "people.read", "audit.read", "accounts.policy"])
    assert role(slug).permissions == admin_role.permissions


def test_the_second_of_two_administrators_gets_409(sign_in):
    url = f"/accounts/roles/{role('leader').id}"
    one, two = sign_in("anquan"), sign_in("anquan")
    stale = form_at(two, url, "title")
    one.send(url, title="县领导")
    two.submit(stale, title="<b>领导</b>")
    assert two.status == 409 and "&lt;b&gt;领导&lt;/b&gt;" in two.text and "名称" in two.text
    assert role("leader").title == "县领导"


# -- the three administrators --------------------------------------------------------------------------------------

ADMINS = {"xitong": "system_admin", "anquan": "security_admin", "shenji": "audit_admin"}


def test_each_administrator_reaches_their_own_pages_only(sign_in):
    clerk = sign_in("cun")
    case = receive(clerk)
    pages = {
        "/accounts/users": "xitong", "/accounts/users/add": "xitong", "/calendar": "xitong",
        "/accounts/roles": "anquan", "/audit/": "shenji",
        "/cases/": None, "/cases/desk": None, f"/cases/{case.id}": None, "/people/": None, "/people/1": None,
        "/people/new": None, "/station/": None,
    }
    for name in ADMINS:
        browser = sign_in(name)
        for url, owner in pages.items():
            assert (browser.open(url).status == 200) is (owner == name), f"{name} at {url}: {browser.status}"
        text = browser.open("/").text
        for url, owner in pages.items():
            if url.endswith("/") and owner != name:
                assert f'href="{url}"' not in text, f"{name}'s menu leads to {url}"
        found = browser.open("/search?q=高龄津贴").text
        assert case.number not in found and "王*兰" not in found


@pytest.mark.parametrize("slug", ADMINS.values())
def test_an_administrator_holds_nothing_else(app, cast, slug):
    county = unit(COUNTY)
    with pytest.raises(Refused, match="不能与其他岗位兼任"):
        accounts.add_post(User.get(User.name == "cun"), county, role(slug))
    for name, own in ADMINS.items():
        if own != slug:
            with pytest.raises(Refused, match="不能与其他岗位兼任"):
                accounts.add_post(User.get(User.name == name), county, role(slug))
        with pytest.raises(Refused, match="不能与其他岗位兼任"):
            accounts.add_post(User.get(User.name == name), unit(VILLAGE), role("window"))


def test_an_administrator_who_is_one_only_from_tomorrow_is_one_already(app):
    user = User.get(User.name == "kongkong")
    accounts.add_post(user, unit(COUNTY), role("audit_admin"), valid_from=today() + DAY)
    with pytest.raises(Refused, match="不能与其他岗位兼任"):
        accounts.add_post(user, unit(VILLAGE), role("window"))


def test_an_administrator_sits_in_the_county(app):
    user = User.get(User.name == "kongkong")
    for where in (unit(VILLAGE), unit("510722104000"), unit(("510722104000", "便民服务中心"))):
        with pytest.raises(Refused, match="只能设在县一级"):
            accounts.add_post(user, where, role("system_admin"))
    accounts.add_post(user, unit((COUNTY, "行政审批服务局")), role("system_admin"))


def test_nobody_gives_themselves_a_post_or_closes_themselves(sign_in, cast):
    admin = sign_in("xitong")
    url = f"/accounts/users/{cast['xitong']}"
    assert "停用账号" not in admin.open(url).text
    admin.send(f"{url}/posts/add", unit_id=str(unit(COUNTY).id), role="leader")
    assert admin.status == 422 and "不能给自己增加岗位" in admin.text
    admin.post(f"{url}/close", to="closed")
    assert admin.status == 422 and not User.get(User.name == "xitong").locked
    admin.send(f"{url}/edit", expires_on=str(today() - DAY))
    assert admin.status == 422 and "不能让自己的账号过期" in admin.text


@pytest.mark.parametrize("name", ["anquan", "shenji"])
def test_the_last_of_a_kind_cannot_be_closed_ended_or_let_expire(sign_in, cast, name):
    admin, url, post = sign_in("xitong"), f"/accounts/users/{cast[name]}", posts(name)[0]
    admin.open(url)
    admin.submit(admin.form(action=f"{url}/close"))
    assert admin.status == 422 and "最后一位" in admin.text
    admin.open(url)
    admin.submit(admin.form(action=f"{url}/posts/{post.id}/end"))
    assert admin.status == 422 and "最后一位" in admin.text
    admin.send(f"{url}/edit", expires_on=str(today() + 30 * DAY))
    assert admin.status == 422 and "最后一位" in admin.text
    for fields in ({"valid_to": str(today() + 30 * DAY)}, {"valid_from": str(today() + 30 * DAY)}):
        admin.send(f"{url}/posts/{post.id}/edit", **fields)
        assert admin.status == 422 and "最后一位" in admin.text
    assert sign_in(name)


def test_when_there_is_another_one_the_first_may_go(sign_in, cast):
    second, _ = accounts.add_user("shenji2", "梁二", password=PASSWORD, must_change=False)
    accounts.add_post(second, unit(COUNTY), role("audit_admin"))
    admin, url = sign_in("xitong"), f"/accounts/users/{cast['shenji']}"
    admin.open(url)
    admin.submit(admin.form(action=f"{url}/close"))
    assert "账号已停用" in admin.text


@pytest.mark.parametrize("second", [{"locked": True}, {"expires_on": today() - DAY}])
def test_a_second_one_who_cannot_sign_in_is_none(app, second):
    other, _ = accounts.add_user("shenji2", "梁二")
    accounts.add_post(other, unit(COUNTY), role("audit_admin"))
    User.update(**second).where(User.id == other.id).execute()
    with pytest.raises(Refused, match="最后一位"):
        accounts.lock_user(User.get(User.name == "shenji"), True)


def test_two_administrators_who_close_each_other_at_once_leave_one(app, sign_in, cast):
    other, _ = accounts.add_user("xitong2", "马二", password=PASSWORD, must_change=False)
    accounts.add_post(other, unit(COUNTY), role("system_admin"))
    pair = [sign_in("xitong"), Browser(app.test_client())]
    pair[1].send("/accounts/sign-in", name="xitong2", password=PASSWORD)
    urls = [f"/accounts/users/{other.id}", f"/accounts/users/{cast['xitong']}"]
    forms = [browser.open(url).form(action=f"{url}/close") for browser, url in zip(pair, urls, strict=True)]
    side_by_side(*(
        lambda browser=browser, form=form: browser.submit(form, follow=False)
        for browser, form in zip(pair, forms, strict=True)
    ))
    left = User.select().where(User.name.in_(("xitong", "xitong2")), User.locked == False).count()  # noqa: E712
    assert left == 1, [browser.status for browser in pair]


def test_two_posts_that_exclude_each_other_given_at_once(app, sign_in, cast):
    pair = [sign_in("xitong")]
    pair.append(twin(app, pair[0]))
    url = f"/accounts/users/{cast['kongkong']}/posts/add"
    forms = [form_at(browser, url, "role") for browser in pair]
    wanted = [{"unit_id": str(unit(COUNTY).id), "role": slug} for slug in ("system_admin", "leader")]
    side_by_side(*(
        lambda browser=browser, form=form, fields=fields: browser.submit(form, follow=False, **fields)
        for browser, form, fields in zip(pair, forms, wanted, strict=True)
    ))
    assert sorted(browser.status for browser in pair) == [302, 422] and len(posts("kongkong")) == 1


def test_administrators_are_not_seen_as_staff(app):
    assert keeping.valid_posts().where(Role.exclusive == True).count() == 3  # noqa: E712
    assert not person("xitong").may("cases.read") and not person("xitong").may("people.read")
    assert Session.select().count() == 0 and WANG
