"""What holds for every answer: headers, calm pages with the right status, and no way out of the house."""

import re

import pytest

from portal.accounts.next_page import safe_next
from portal.db import database, is_postgres
from portal.people.models import Resident
from portal.render import MANIFEST
from portal.testing import Browser
from tests.forms.together import WANG, another_app, ask, form_at, multipart
from tests.people_of_the_county import PASSWORD

JSON = {"Accept": "application/json"}


def holds_the_headers(response) -> None:
    headers = response.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "*" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    assert "Server" not in headers or "Werkzeug" not in headers["Server"]


@pytest.mark.parametrize("url", [
    "/", "/people/", "/people/new", "/people/999999", "/no/such/page", "/accounts/users", "/accounts/sign-out",
    "/healthz", "/accounts/me", "/org/children/", "/search?q=王", "/help",
])
def test_every_answer_to_somebody_signed_in_has_the_headers(sign_in, url):
    answer = sign_in("cun").open(url, follow=False).response
    holds_the_headers(answer)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("url", ["/", "/accounts/sign-in", "/no/such/page", "/healthz", "/accounts/sign-out"])
def test_every_answer_to_a_stranger_has_the_headers(visitor, url):
    answer = visitor.open(url, follow=False).response
    holds_the_headers(answer)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["portal.css", "portal.js", "sprite.svg", "favicon.svg"])
def test_static_files_have_the_headers_and_may_be_kept(app, name):
    with app.test_client().get(f"/static/dist/{_built(name)}") as answer:
        assert answer.status_code == 200 and answer.get_data()
        holds_the_headers(answer)
        assert "immutable" in answer.headers["Cache-Control"]


def _built(name: str) -> str:
    return re.search(rf'"{re.escape(name)}": "([^"]+)"', MANIFEST.read_text("utf-8"))[1]


def test_the_nonce_is_another_one_on_every_page_and_stands_in_it(visitor):
    seen = set()
    for _ in range(3):
        page = visitor.open("/accounts/sign-in")
        nonce = re.search(r"'nonce-([^']+)'", page.response.headers["Content-Security-Policy"])[1]
        assert f'nonce="{nonce}"' in page.text and len(nonce) >= 20
        seen.add(nonce)
    assert len(seen) == 3


def test_strict_transport_and_a_host_cookie_only_with_https(ground, app):
    assert "Strict-Transport-Security" not in app.test_client().get("/healthz").headers
    with another_app(ground, https=True) as secure:
        answer = secure.test_client().get("/accounts/sign-in", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-portal=") and "Secure" in cookie and "Path=/" in cookie


def test_the_cookie_is_kept_from_scripts_and_other_sites(visitor):
    cookie = visitor.open("/accounts/sign-in").response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Expires" not in cookie and "Max-Age" not in cookie


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:80", "x@evil.example"])
@pytest.mark.parametrize("url", ["/", "/accounts/sign-in", "/people/", "/nowhere", "/healthz"])
def test_an_unknown_host_is_refused_before_anything_else(visitor, sign_in, host, url):
    for browser in (visitor, sign_in("cun")):
        answer = ask(browser, "GET", url, headers={"Host": host})
        assert answer.status_code == 400 and "evil" not in answer.get_data(as_text=True)
        assert "Location" not in answer.headers


# -- next ----------------------------------------------------------------------------------------------------------

TRICKS = [
    "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/%09/evil.example",
    "/%5cevil.example", "/%2f%2fevil.example", "/%252f%252fevil.example", "/%25252f/evil.example", "https://evil.example",
    "javascript:alert(1)", "data:text/html,x", "http:evil.example", "/\x00/evil.example", "/\r\nSet-Cookie:a=b",
    "/%0d%0aSet-Cookie:a=b", " //evil.example", "/ /evil.example", "///evil.example", "/.//evil.example",
    "evil.example", "/" + "a" * 3000, "https:/evil.example", "/%ff//evil.example", "@evil.example", "?//evil.example",
]


@pytest.mark.parametrize("target", TRICKS)
def test_after_signing_in_nobody_is_led_out_of_the_house(app, visitor, target):
    assert safe_next(target) == "/"
    visitor.open("/accounts/sign-in", query_string={"next": target})
    if visitor.status == 400:
        return  # a NUL is refused in every address
    form = visitor.form(["password"])
    assert form.fields["next"] == "/"
    visitor.submit(form, follow=False, name="cun", password=PASSWORD, next=target)
    assert (visitor.status, visitor.response.location) in ((302, "/"), (422, None))


@pytest.mark.parametrize(
    "target", ["/people/?q=王&tag=aged", "/cases/12", "/search?q=http://a//b", "/people/?q=%E7%8E%8B"]
)
def test_a_page_of_ours_is_where_one_goes_after_signing_in(visitor, target):
    assert safe_next(target) == target
    visitor.open("/accounts/sign-in", query_string={"next": target})
    visitor.submit(visitor.form(["password"]), follow=False, name="cun", password=PASSWORD)
    assert visitor.response.location.split("?")[0] == target.split("?")[0]


def test_a_page_that_asks_for_signing_in_is_where_one_arrives(visitor):
    visitor.open("/people/?tag=aged")
    visitor.submit(visitor.form(["password"]), name="cun", password=PASSWORD)
    assert visitor.response.request.path == "/people/" and visitor.response.request.args["tag"] == "aged"


# -- errors --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("token", ["", "x", None, "IjEi.ZZ.xx", "长" * 2000])
def test_a_wrong_token_is_a_calm_page_and_changes_nothing(sign_in, token):
    clerk = sign_in("cun")
    form = form_at(clerk, "/people/new", "id_card")
    if token is None:
        del form.fields["csrf_token"]
    else:
        form.fields["csrf_token"] = token
    clerk.submit(form, **WANG)
    assert clerk.status == 400 and "页面可能已过期" in clerk.text and not Resident.select().exists()


def test_the_token_of_somebody_else_is_worth_nothing(sign_in):
    token = form_at(sign_in("lincun"), "/people/new", "id_card").fields["csrf_token"]
    clerk = sign_in("cun")
    clerk.submit(form_at(clerk, "/people/new", "id_card"), **WANG, csrf_token=token)
    assert clerk.status == 400


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_sent_from_another_site_is_refused_whatever_it_carries(sign_in, site):
    clerk = sign_in("cun")
    form = form_at(clerk, "/people/new", "id_card")
    answer = ask(clerk, "POST", "/people/new", data={**form.fields, **WANG}, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 400 and not Resident.select().exists()


@pytest.mark.parametrize(("method", "url", "status"), [
    ("POST", "/people/", 405), ("DELETE", "/people/1", 405), ("GET", "/people/find", 405), ("PUT", "/accounts/me", 405),
    ("GET", "/accounts/sign-out", 405), ("GET", "/people/999999", 404), ("GET", "/people/abc", 404),
    ("GET", "/people/-1", 404), ("GET", "/people/" + "9" * 30, 404), ("GET", "/people/" + "9" * 5000, 404),
    ("GET", "/people/1.5", 404), ("GET", "/people/%00", 400), ("GET", "/people/?q=%00", 400), ("GET", "/nowhere", 404),
    ("GET", "/accounts/users", 403), ("GET", "/audit/", 403), ("GET", "/people/?q=%ff%fe", 200),
    ("GET", "/people/?after=" + "9" * 30, 200), ("GET", "/people/?after=x", 200), ("GET", "/people/?after=-1", 200),
])
def test_a_wrong_address_or_method_has_its_status_and_a_calm_page(sign_in, method, url, status):
    clerk = sign_in("cun")
    token = {"csrf_token": form_at(clerk, "/people/new", "id_card").fields["csrf_token"]}
    answer = ask(clerk, method, url, data=token if method != "GET" else None)
    assert answer.status_code == status
    if status >= 400:
        text = answer.get_data(as_text=True)
        assert "回到工作台" in text and "Traceback" not in text and not re.search(r"(?i)not found|not allowed", text)


def test_a_wrong_method_names_the_right_ones(sign_in):
    answer = sign_in("cun").open("/people/find").response
    assert "POST" in answer.headers["Allow"]


def test_whoever_asks_for_json_is_answered_in_json(sign_in, visitor):
    answer = ask(sign_in("cun"), "GET", "/people/999999", headers=JSON)
    assert answer.status_code == 404 and answer.get_json()["error"] == "没有找到这个页面"
    answer = ask(visitor, "GET", "/people/", headers=JSON)
    assert answer.status_code == 401 and "登录" in answer.get_json()["error"]
    holds_the_headers(answer)


def test_a_form_sent_after_the_session_ended_does_nothing_and_keeps_what_was_typed(sign_in):
    clerk = sign_in("cun")
    form = form_at(clerk, "/people/new", "id_card")
    clerk.open("/accounts/me")
    clerk.submit(clerk.form(action="/accounts/sign-out"))
    clerk.submit(form, follow=False, **WANG)
    assert clerk.status == 401 and "登录已过期" in clerk.text and WANG["name"] in clerk.text
    assert form.fields["csrf_token"] not in clerk.text and not Resident.select().exists()


def test_too_much_is_refused_with_a_calm_page(ground, app):
    with another_app(ground, upload_megabytes=1) as small:
        clerk = Browser(small.test_client())
        clerk.send("/accounts/sign-in", name="cun", password=PASSWORD)
        form = form_at(clerk, "/people/new", "id_card")
        filled = {**form.fields, **WANG}
        answer = ask(clerk, "POST", "/people/new", **multipart(filled, b"x" * 10 * 2**20))
        assert answer.status_code == 413 and "上传的内容太大" in answer.get_data(as_text=True)
        long = {**filled, "address": "长" * 900_000}
        assert ask(clerk, "POST", "/people/new", **multipart(long)).status_code == 413
        assert ask(clerk, "POST", "/people/new", data=long).status_code == 413
    assert not Resident.select().exists()


def test_a_stranger_uploads_nothing(visitor):
    assert ask(visitor, "POST", "/accounts/sign-in", **multipart({}, b"x" * 3 * 2**20)).status_code == 413


def test_thousands_of_fields_are_refused(sign_in):
    clerk = sign_in("cun")
    form = form_at(clerk, "/people/new", "id_card")
    answer = ask(clerk, "POST", "/people/new", **multipart(form.fields | {f"x{number}": "x" for number in range(1100)}))
    assert answer.status_code == 413 and "上传的内容太大" in answer.get_data(as_text=True)


@pytest.fixture
def gone(app, ground):
    """Take the database away while the portal runs, and bring it back."""
    def take():
        database.close()
        if is_postgres():
            database.obj.close_all()
            database.obj.database = f"{ground.base}_gone"
        else:
            for path in ground.folder.glob("portal.db*"):
                path.rename(path.with_name(f"away-{path.name}"))
            ground.path.mkdir()

    yield take
    if not database.is_closed():
        database.close()
    if is_postgres():
        database.obj.close_all()
        database.obj.database = ground.base
    else:
        if ground.path.is_dir():
            ground.path.rmdir()
        for path in ground.folder.glob("away-*"):
            path.rename(path.with_name(path.name.removeprefix("away-")))


def test_without_its_database_the_portal_answers_calmly(sign_in, gone):
    clerk = sign_in("cun")
    form = form_at(clerk, "/people/new", "id_card")
    gone()
    for act in (lambda: clerk.open("/"), lambda: clerk.open("/people/"), lambda: clerk.submit(form, **WANG)):
        act()
        assert clerk.status == 503 and "系统暂时用不了" in clerk.text and re.search(r"编号.*[0-9a-f]{12}", clerk.text)
        assert "SQL" not in clerk.text and "Traceback" not in clerk.text
        holds_the_headers(clerk.response)
    answer = ask(clerk, "GET", "/people/", headers=JSON)
    assert answer.status_code == 503 and answer.get_json()["request_id"] == answer.headers["X-Request-ID"]
    assert ask(clerk, "GET", "/healthz").status_code == 503


def test_the_sign_in_page_without_its_database_says_so_too(visitor, gone):
    visitor.open("/accounts/sign-in")
    form = visitor.form(["password"])
    gone()
    visitor.submit(form, name="cun", password=PASSWORD)
    assert visitor.status == 503 and "系统暂时用不了" in visitor.text


def test_a_conflict_shows_what_was_typed_with_its_labels_and_escaped(sign_in):
    clerk = sign_in("cun")
    clerk.send("/people/new", **WANG)
    url = f"/people/{Resident.get().id}/edit"
    stale = form_at(clerk, url, "address")
    clerk.send(url, address="一组 1 号")
    clerk.submit(stale, address="<img src=x onerror=alert(1)>", tags=["aged"])
    assert clerk.status == 409 and "&lt;img src=x" in clerk.text and "<img" not in clerk.text
    assert "住址（到组）" in clerk.text and "80 岁以上" in clerk.text and "csrf_token" not in clerk.text
    assert Resident.get().address == "一组 1 号"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/xml", "application/octet-stream"])
def test_only_a_form_is_taken_whatever_token_comes_with_it(sign_in, kind):
    clerk = sign_in("cun")
    token = form_at(clerk, "/people/new", "id_card").fields["csrf_token"]
    answer = ask(clerk, "POST", "/people/new", data=b'{"name": "x"}', content_type=kind, headers={"X-CSRFToken": token})
    assert answer.status_code == 415 and "不接受这种内容" in answer.get_data(as_text=True)
    assert not Resident.select().exists()


def test_a_file_in_the_place_of_a_text_is_no_text(sign_in):
    clerk = sign_in("cun")
    fields = form_at(clerk, "/people/new", "id_card").fields
    answer = ask(clerk, "POST", "/people/new", **multipart(fields | {"id_card": WANG["id_card"]}, b"x", "name"))
    assert answer.status_code == 422 and "请填写“姓名”" in answer.get_data(as_text=True)
