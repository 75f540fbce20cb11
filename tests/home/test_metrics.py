"""Figures for a program that watches the portal: what they say, and that nobody else reads them."""

import pytest

from portal.testing import Browser
from tests.registry.conftest import start
from tests.registry.sources import hook, plugin

__all__ = ["start"]

CARD = 'return [Card(5, "news", "x", "notices/none.html", lambda person: {}, "notices.read")]'
TOKEN = "0123456789abcdef0123"


def figures(text: str) -> dict[str, float]:
    lines = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


@pytest.fixture
def county(start):
    return start({"notices.py": plugin(extra=hook("portal_cards", CARD)), "gone.py": "import nothing_of_the_kind"},
                 ["notices", "station"])


def read(county, **request) -> Browser:
    return Browser(county.app.test_client()).open("/metrics", **request)


def test_a_sound_portal_says_so(app, visitor):
    visitor.open("/metrics")
    assert visitor.status == 200 and visitor.response.content_type.startswith("text/plain; version=0.0.4")
    found = figures(visitor.text)
    assert found["portal_degraded"] == 0 and found["portal_plugins_quarantined"] == 0 and found["portal_plugins"] == 4
    assert "# TYPE portal_plugin_failures_total counter" in visitor.text or "portal_plugin_failures" in visitor.text


def test_what_was_left_out_and_what_failed_is_counted(county):
    clerk = county.sign_in("cun")
    for _ in range(4):
        clerk.open("/")
    found = figures(read(county).text)
    assert found['portal_plugin_quarantined{plugin="gone"}'] == 1 and found["portal_degraded"] == 1
    labels = '{hook="portal_cards.news",plugin="notices"}'
    assert found[f"portal_plugin_failures_total{labels}"] == 3 and found[f"portal_plugin_paused{labels}"] == 1
    assert found[f"portal_plugin_skipped_total{labels}"] == 2 and found[f"portal_plugin_opened_total{labels}"] == 1


def test_every_process_says_the_same(county, start):
    clerk = county.sign_in("cun")
    clerk.open("/")
    here = {name: value for name, value in figures(read(county).text).items() if "failures" in name}
    other = start({}, [])
    assert here and {name: value for name, value in figures(read(other).text).items() if "failures" in name} == here


@pytest.mark.parametrize("request_", [
    {"environ_base": {"REMOTE_ADDR": "10.1.2.3"}},
    {"headers": {"X-Forwarded-For": "127.0.0.1"}}, {"headers": {"X-Real-IP": "10.1.2.3"}},
    {"headers": {"Forwarded": "for=10.1.2.3"}},
    {"headers": {"Authorization": "Bearer "}}, {"headers": {"Authorization": "Bearer wrong"}},
    {"environ_base": {"REMOTE_ADDR": ""}}, {"environ_base": {"REMOTE_ADDR": "unix:"}},
], ids=["elsewhere", "proxy", "other-proxy", "third-proxy", "no-token", "wrong-token", "no-address", "no-ip"])
def test_from_elsewhere_there_is_no_such_page(county, request_):
    answer = read(county, **request_)
    assert answer.status == 404 and "portal_" not in answer.text


def test_with_the_token_it_is_read_from_elsewhere(start):
    made = start({}, [], metrics_token=TOKEN)
    far = {"environ_base": {"REMOTE_ADDR": "10.1.2.3"}}
    assert read(made, headers={"Authorization": f"Bearer {TOKEN}"}, **far).status == 200
    for given in (TOKEN, f"bearer {TOKEN}", f"Bearer {TOKEN}x", "Bearer 口令"):
        assert read(made, headers={"Authorization": given.encode().decode("latin-1")}, **far).status == 404, given
    assert read(made, **far).status == 404


def test_a_person_who_is_signed_in_is_no_program(county):
    clerk = county.sign_in("xitong")
    assert clerk.open("/metrics", environ_base={"REMOTE_ADDR": "10.1.2.3"}).status == 404


def test_health_says_no_more_than_how_it_is(county):
    answer = Browser(county.app.test_client()).open("/healthz").response
    assert answer.get_json() == {"status": "degraded"} and "notices" not in answer.get_data(as_text=True)
