"""Every address that is written to: without a token, without content, with garbage. No error, nothing written."""

import io

import pytest

from portal.org.models import Unit
from tests.cases.making import post
from tests.doors.world import address, fingerprint, has_chinese, permission_of, read, routes
from tests.people_of_the_county import CAST, person

#: Who of the cast goes through a door, where more than one might; else the first whose post permits it.
WHO = {
    "cases.assign": "shuji", "cases.accept_assist": "zhen", "cases.answer_assist": "zhen",
    "org.switch_plugin": "xitong", "org.plugin_rule": "xitong", "org.enable_plugins": "xitong",
    "cases.remove_file": "cun",
}
#: Buttons: they say everything by being pressed, so an empty form with a token does what it says.
BUTTONS = {
    "accounts.large_type", "accounts.sign_out", "accounts.end_session",
    "accounts.end_other_sessions", "accounts.close_user", "accounts.reset_user",
    "accounts.end_post", "accounts.unpair_user", "accounts.unlock", "cases.remove_file", "calendar.remove_day",
    "cases.different",
    # Behind a right password only: tests/accounts/test_second_factor.py.
    "accounts.second_factor",
    "cases.check", "grid.record_visit", "grid.remove", "grid.head", "grid.end_key_person",
    "calendar.estimate_year", "cases.continue_moves",
    "people.search_pairs", "people.keep_apart", "people.keep_longer",
    "cases.accept_assist", "accounts.end_absence",
    "health.try_again", "notify.read", "notify.read_all", "notify.settings", "notify.remind",
}
#: Steps and switches without any field that must be filled in; an empty form takes them.
BARE = {"cases.step", "org.switch_plugin"}
#: What is kept even of a refused attempt: who was turned away, who tried a password, who looked for a number.
#: A search by POST, so that the number is in no address: what is not found is an answer.
SEARCH = "/people/find"
#: A door whose only field takes any text: what is only text is written there, as text.
ANY_TEXT = {"cases.note", "cases.end_assist", "cases.feedback", "grid.key_person", "people.undo_merge"}
KEPT = ("audit_entry", "audit_lane", "accounts_failure", "accounts_session", "forms_request_key")

SIGNS = {
    "long": "长" * 10_000, "control": "a\x07b\x00c", "marks": "\u202eabc\u200b", "emoji": "😀" * 40,
    "script": "<script>alert(1)</script>", "sql": "'; DROP TABLE cases_case; --", "number": "9" * 40, "negative": "-1",
    "template": "{{ 7*7 }}{% raw %}", "path": "../../../../etc/passwd", "blank": "   ",
}
REFUSED_EVERYWHERE = {"long", "control", "marks", "blank"}


def who_for(stage, rule) -> str:
    permission = permission_of(stage, rule)
    return WHO.get(rule.endpoint) or next(
        name for name in CAST if permission in ("public", "signed_in") or person(name).may(permission)
    )


def doors(stage, world) -> list:
    """Return (rule, who, address) of every address that is written to."""
    ids = {"cases.rating": {**world.ids, "case_id": world.cases["delivered"]}}
    return [
        (rule, who_for(stage, rule), address(rule, ids.get(rule.endpoint, world.ids))) for rule in routes(stage, "POST")
    ]


@pytest.fixture(scope="module")
def fields_of():
    """Return a function that says which fields the form at an address has; the page is opened once."""
    known: dict[str, set] = {}

    def fields_of(browser, url: str) -> set:
        if url not in known:
            known[url] = _fields(browser, url)
        return known[url]

    return fields_of


def _fields(browser, url: str) -> set:
    """Return the names of the fields that stand on the page of the form, or what such forms usually have."""
    browser.open(url, follow=False)
    if browser.status == 200:
        found = [form for form in browser.forms() if form.method == "post" and len(form.names) > 2]
        names = set().union(*(form.names for form in found if form.action in ("", url))) or set()
        if names:
            return names - {"csrf_token"}
    return {"name", "text", "reason", "field", "number", "post_id", "person", "level", "key"}


def refused(browser, url, statuses) -> None:
    assert browser.status in statuses or (url, browser.status) == (SEARCH, 200), (url, browser.status)
    page = read(browser.text)
    assert has_chinese(page.title) and page.h1 == 1 and page.lang == "zh-CN", url
    assert "Traceback" not in browser.text and "<script>alert" not in browser.text, url


class Watch:
    """Holds what the tables say against what they said: after some doors, because it reads every table."""

    EVERY = 20

    def __init__(self, stage):
        self.stage, self.before, self.tried = stage, fingerprint(stage, KEPT), []

    def look(self, door) -> None:
        self.tried.append(door)
        if len(self.tried) >= self.EVERY:
            self.settle()

    def settle(self) -> None:
        assert fingerprint(self.stage, KEPT) == self.before, f"one of these wrote something: {self.tried}"
        self.tried.clear()


def test_without_a_token_or_with_a_wrong_one_nothing_happens(world, stage, browser_of):
    before = fingerprint(stage, KEPT)
    for _, name, url in doors(stage, world):
        browser = browser_of(name)
        for token in (None, "", "x" * 40, "IjAwMDAi.aaaa.bbbb", "\u202e", "长" * 2000):
            data = {} if token is None else {"csrf_token": token}
            browser.response = browser._request(browser.client.post, url, data={**data, "text": "x", "name": "y"})
            refused(browser, url, (400,))
    assert fingerprint(stage, KEPT) == before


def test_the_token_of_somebody_else_is_no_token(world, stage, browser_of):
    post(browser_of("zhen"), "/help")
    before = fingerprint(stage, KEPT)
    for _, name, url in doors(stage, world):
        if name == "zhen":
            continue
        browser = browser_of(name)
        data = {"csrf_token": browser_of("zhen").token}
        browser.response = browser._request(browser.client.post, url, data=data)
        refused(browser, url, (400,))
    assert fingerprint(stage, KEPT) == before


def test_nobody_signed_in_is_led_to_the_door_and_writes_nothing(world, stage, visitor_of):
    before = fingerprint(stage, KEPT)
    for rule in routes(stage, "POST"):
        if permission_of(stage, rule) == "public":
            continue
        visitor, url = visitor_of(), address(rule, world.ids)
        visitor.response = visitor._request(visitor.client.post, url, data={"text": "x"})
        assert visitor.status == 401 and "登录已过期" in visitor.text, (url, visitor.status)
    assert fingerprint(stage, KEPT) == before


def test_an_empty_form_is_refused_in_words_and_writes_nothing(world, stage, browser_of):
    watch = Watch(stage)
    for rule, name, url in doors(stage, world):
        if rule.endpoint in BUTTONS | BARE:
            continue
        browser = browser_of(name)
        post(browser, url)
        refused(browser, url, (400, 404, 409, 422))
        watch.look(url)
    watch.settle()


@pytest.mark.parametrize("sign", SIGNS)
def test_garbage_in_every_field_is_refused_and_writes_nothing(world, stage, browser_of, fields_of, sign):
    watch = Watch(stage)
    for rule, name, url in doors(stage, world):
        if rule.endpoint in BUTTONS or rule.endpoint in ANY_TEXT and sign not in REFUSED_EVERYWHERE:
            continue
        browser = browser_of(name)
        names = fields_of(browser, url)
        post(browser, url, **dict.fromkeys(names, SIGNS[sign]))
        refused(browser, url, (400, 404, 409, 413, 422))
        watch.look(url)
    watch.settle()


@pytest.mark.parametrize("kind", ["twice", "arrays", "files", "json", "json-list", "json-deep", "text", "broken"])
def test_other_shapes_of_a_form_are_refused_and_write_nothing(world, stage, browser_of, fields_of, kind):
    watch = Watch(stage)
    for rule, name, url in doors(stage, world):
        if rule.endpoint in BUTTONS | {"accounts.sign_in"}:
            continue
        browser = browser_of(name)
        names = fields_of(browser, url)
        post(browser, "/help")
        token = {"csrf_token": browser.token}
        sent = {
            "twice": {"data": {**{one: ["\u202e", "\u202e"] for one in names}, **token}},
            "arrays": {"data": {f"{one}{end}": ["1", "2"] for one in names for end in ("[]", "[a]")} | token},
            "files": {"data": {**{one: (io.BytesIO(b"MZ\x90\x00" + one.encode()), "x.exe") for one in names}, **token},
                      "content_type": "multipart/form-data"},
            "json": {"json": {**dict.fromkeys(names, "x"), **token}, "headers": {"X-CSRFToken": browser.token}},
            "json-list": {"json": [1, [2], None], "headers": {"X-CSRFToken": browser.token}},
            "json-deep": {"json": dict.fromkeys(names, {"a": [1]}), "headers": {"X-CSRFToken": browser.token}},
            "text": {"data": b"\x00\xff=%%%", "content_type": "text/plain", "headers": {"X-CSRFToken": browser.token}},
            "broken": {"data": b"--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n\xff\xfe",
                       "content_type": "multipart/form-data; boundary=x"},
        }[kind]
        browser.response = browser._request(browser.client.post, url, **sent)
        if rule.endpoint in BARE and kind == "arrays":
            continue
        refused(browser, url, (400, 404, 409, 413, 415, 422))
        watch.look(url)
    watch.settle()


def test_wrong_passwords_in_every_shape_let_nobody_in(world, stage, visitor_of):
    units = Unit.select().count()
    for name in SIGNS.values():
        visitor = visitor_of()
        visitor.send("/accounts/sign-in", name=name, password=name)
        assert visitor.status in (400, 422), name
        assert visitor.open("/", follow=False).status == 302
    assert Unit.select().count() == units
