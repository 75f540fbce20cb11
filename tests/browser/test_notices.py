"""An announcement reaches somebody who sits at an open page: the bell counts, the page head says it, nothing moves."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_an_open_page_learns_what_came_and_a_hidden_or_young_one_does_not_ask(visit):
    reader, writer = visit("cun"), visit("zhen")
    asked = []
    reader.on("request", lambda request: "/notify/unread" in request.url and asked.append(request.url))
    reader.goto("/help")
    writer.goto("/notify/publish")
    writer.fill("[name=title]", "森林防灭火值班安排")
    writer.fill("[name=text]", "各村今晚起值班。")
    writer.click("form.form-card .btn-primary")
    expect(writer.locator(".flash")).to_contain_text("已发布")
    reader.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert not asked, "the page is young"
    reader.evaluate("const now = Date.now; Date.now = () => now() + 200000;"
                    "document.dispatchEvent(new Event('visibilitychange'))")
    expect(reader.locator("#news")).to_contain_text("新消息：森林防灭火值班安排")
    expect(reader.locator("#bell .count-mark")).to_be_visible()
    assert len(asked) == 1
    reader.click("#news a")
    expect(reader.locator("h1")).to_have_text("森林防灭火值班安排")
    writer.reload()
    expect(writer.locator(".list-card .card-note")).to_contain_text("1 / 19")
