"""The inbox: what is sent comes, once, to those it concerns; what is read counts no more; nobody sees another's."""

import datetime
import re

import pytest
import time_machine

from portal.accounts.models import Post, Role, Session, User
from portal.db import atomic, database, now
from portal.notify import Notice, send, send_to_holders, send_to_unit
from portal.notify.models import DIGEST, Mute
from portal.notify.pruning import prune
from portal.org.enablement import set_enabled
from portal.org.models import OrgSetting
from portal.testing import counted_queries
from tests.cases.making import link
from tests.people_of_the_county import COUNTY, TOWN, unit

TOPIC = "jobs.failed"


def figure(text: str) -> int:
    """Return the figure at the bell."""
    found = re.search(r'aria-label="消息(?:，(\d+) 条未读)?"', text)
    return int(found[1] or 0)


def titles(text: str) -> list[str]:
    unread = '(?:<span class="visually-hidden">未读：</span>)?'
    return re.findall(r'class="row-title" href="/notify/\d+">' + unread + "([^<]+)<", text)


def test_a_notice_comes_to_the_bell_the_workbench_and_the_inbox_and_opening_it_reads_it(sign_in, cast):
    send([cast["cun"], cast["cun"], None], TOPIC, "夜里的检查没有做完", "/help", "磁盘满了")
    browser = sign_in("cun")
    assert figure(browser.open("/").text) == 1 and "夜里的检查没有做完" in browser.text
    assert titles(browser.open("/notify/").text) == ["夜里的检查没有做完"] and "磁盘满了" in browser.text
    notice = Notice.get()
    assert browser.open(f"/notify/{notice.id}", follow=False).response.location == "/help"
    assert figure(browser.open("/notify/").text) == 0 and titles(browser.text) == []
    assert titles(browser.open("/notify/?all=1").text) == ["夜里的检查没有做完"]
    read = Notice.get().read_at
    assert (read.hour, read.minute) == (0, 0), "when exactly somebody read is nobody's business"


def test_nobody_opens_or_reads_what_is_anothers(sign_in, cast):
    send([cast["cun"]], TOPIC, "只给李秀英")
    notice = Notice.get()
    for name in ("linjia", "shuji", "xitong"):
        other = sign_in(name)
        assert other.open(f"/notify/{notice.id}").status == 404
        assert other.post(f"/notify/{notice.id}/read").status == 404
        other.post("/notify/read-all")
        assert "只给李秀英" not in other.open("/notify/?all=1").text
    assert Notice.get().read_at is None


def test_an_address_that_leaves_the_house_is_not_followed(sign_in, cast):
    for url in ("//evil.example/", "https://evil.example/", "/\\evil.example"):
        Notice.delete().execute()
        send([cast["cun"]], TOPIC, "链接", url)
        target = sign_in("cun").open(f"/notify/{Notice.get().id}", follow=False).response.location
        assert target == "/notify/?all=1", url


def test_all_of_a_unit_and_its_offices_are_told_and_nobody_next_door(app, cast):
    number = send_to_unit(unit(TOWN), TOPIC, "防汛值班")
    told = {notice.user_id for notice in Notice.select()}
    assert number == len(told) and {cast["zhen"], cast["zhener"], cast["zongzhi"], cast["zhenguan"]} <= told
    assert not told & {cast["linzhen"], cast["cun"], cast["xian"]}
    Notice.delete().execute()
    send_to_unit(unit(TOWN), TOPIC, "防汛值班", permissions=("cases.note",), besides=cast["zhen"])
    told = {notice.user_id for notice in Notice.select()}
    assert cast["zhener"] in told and not told & {cast["zhen"], cast["zhenguan"]}


def test_posts_that_are_over_and_closed_accounts_get_nothing(app, cast):
    Post.update(valid_to=datetime.date(2020, 1, 1)).where(Post.user == cast["zhener"]).execute()
    User.update(locked=True).where(User.id == cast["zongzhi"]).execute()
    send_to_unit(unit(TOWN), TOPIC, "防汛值班")
    send([cast["zongzhi"]], TOPIC, "防汛值班")
    told = {notice.user_id for notice in Notice.select()}
    assert cast["zhen"] in told and not told & {cast["zhener"], cast["zongzhi"]}


def test_holders_of_a_permission_are_found_wherever_they_are(app, cast):
    assert send_to_holders("jobs.manage", TOPIC, "任务停了") == 1
    assert Notice.get().user_id == cast["xitong"]
    Role.update(permissions=[]).where(Role.slug == "system_admin").execute()
    assert send_to_holders("jobs.manage", TOPIC, "任务停了") == 0


def test_what_is_rolled_back_was_never_told(app, cast):
    class Stopped(Exception):
        pass

    with pytest.raises(Stopped), atomic():
        send([cast["cun"]], TOPIC, "撤回的事")
        raise Stopped
    assert not Notice.select().exists()


def test_a_topic_that_nobody_declares_is_a_mistake_of_the_program(app, cast):
    with pytest.raises(ValueError, match="portal_topics"):
        send([cast["cun"]], "nothing.declared", "x")


def test_a_thousand_readers_cost_one_statement(app, cast):
    town = unit(TOWN)
    with counted_queries() as seen:
        send_to_unit(town, TOPIC, "防汛值班")
    assert len(seen) == 1, seen


def test_a_muted_topic_is_not_sent_and_what_must_be_had_cannot_be_muted(sign_in, cast):
    browser = sign_in("zhen")
    page = browser.open("/notify/settings")
    assert "有件交给我办" in page.text and "必须收的" in page.text
    assert not any(f'value="{topic}"' in page.text for topic in ("jobs.failed", "cases.handed"))
    form = page.form(["digest"])
    browser.submit(form, topics=["cases.assist"], digest="y")
    assert "消息设置已保存" in browser.text
    send([cast["zhen"]], "cases.assigned", "静音的")
    send([cast["zhen"]], "cases.assist", "没有静音的")
    assert [notice.title for notice in Notice.select()] == ["没有静音的"]
    browser.post("/notify/settings", topics=["cases.assigned", "jobs.failed"], digest="y")
    assert not Mute.select().where(Mute.topic == "jobs.failed").exists()


def test_without_the_digest_the_workbench_shows_only_what_must_be_had(sign_in, cast):
    Mute.create(user=cast["zhen"], topic=DIGEST)
    send([cast["zhen"]], "cases.assigned", "有一件来了")
    browser = sign_in("zhen")
    assert "未读消息" not in browser.open("/").text and figure(browser.text) == 1
    send([cast["zhen"]], TOPIC, "必须看到的")
    text = browser.open("/").text
    assert "必须看到的" in text and "有一件来了" not in text


def test_the_workbench_groups_by_topic_and_puts_what_must_be_had_first(sign_in, cast):
    for number in range(5):
        send([cast["zhen"]], "cases.assigned", f"来件 {number}")
    send([cast["zhen"]], TOPIC, "任务停了")
    text = sign_in("zhen").open("/").text
    card = text.split('card-title">未读消息')[1].split("</section>")[0]
    assert card.index("任务停了") < card.index("来件 4") < card.index("来件 2")
    assert "来件 1" not in card and ">5<" in card, "three of each, and how many there are"


def test_a_notice_of_a_disabled_plugin_is_neither_shown_nor_counted_and_comes_back(app, sign_in, cast):
    Notice.create(user=cast["cun"], topic="grid.something", title="网格来信")
    Notice.create(user=cast["cun"], topic="gone.something", title="已卸载的平台来信")
    browser = sign_in("cun")
    assert figure(browser.open("/").text) == 1 and "网格来信" in browser.open("/notify/").text
    assert "已卸载" not in browser.open("/").text
    set_enabled(unit(TOWN), "grid", False, None)
    assert figure(browser.open("/notify/").text) == 0 and "网格来信" not in browser.text
    assert browser.open(f"/notify/{Notice.get(Notice.topic == 'grid.something').id}").status == 404
    browser.post("/notify/read-all")
    set_enabled(unit(TOWN), "grid", True, None)
    assert figure(browser.open("/notify/").text) == 1


def test_one_is_marked_and_all_are_marked_of_one_topic_or_of_all(sign_in, cast):
    for number in range(3):
        send([cast["zhen"]], "cases.assigned", f"来件 {number}")
    send([cast["zhen"]], TOPIC, "任务停了")
    browser = sign_in("zhen")
    browser.open("/notify/")
    one = next(form for form in browser.forms() if form.action.endswith("/read"))
    browser.submit(one)
    assert figure(browser.text) == 3 and "任务停了" not in titles(browser.text)
    send([cast["zhen"]], TOPIC, "任务又停了")
    browser.send("/notify/?topic=cases.assigned", to="/notify/read-all?topic=cases.assigned")
    assert "3 条消息已标为已读" in browser.text
    assert figure(browser.open("/notify/").text) == 1 and titles(browser.text) == ["任务又停了"]
    browser.send("/notify/", to="/notify/read-all")
    assert figure(browser.text) == 0


def test_the_inbox_pages_by_key_and_filters_by_topic(sign_in, cast):
    for number in range(60):
        send([cast["zhen"]], "cases.assigned", f"来件 {number}")
    send([cast["zhen"]], TOPIC, "任务停了")
    browser = sign_in("zhen")
    first = titles(browser.open("/notify/").text)
    assert first[0] == "任务停了" and len(first) == 50
    assert titles(browser.open(link(browser.text, "next")).text) == [f"来件 {number}" for number in range(10, -1, -1)]
    assert titles(browser.open(f"/notify/?topic={TOPIC}").text) == ["任务停了"]
    assert len(titles(browser.open("/notify/?topic=nothing'--").text)) == 50


def test_the_bell_costs_no_query_and_an_open_page_learns_what_came(sign_in, cast):
    browser = sign_in("cun")
    send([cast["cun"]], TOPIC, "先前的")
    browser.open("/help")
    with counted_queries() as seen:
        browser.open("/help")
    assert len(seen) == 2 and figure(browser.text) == 1, seen
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=3), tick=False):
        url = re.search(r'data-bell="([^"]+)"', browser.text)[1].replace("&amp;", "&")
        send([cast["cun"]], TOPIC, "<b>新来的</b>")
        with counted_queries() as seen:
            text = browser.open(url).text
        assert len(seen) == 2 and figure(text) == 2
        assert "&lt;b&gt;新来的" in text and "先前的" not in text and len(text) < 1500
    assert "新消息" not in browser.open("/notify/unread").text
    assert browser.open("/notify/unread?since=x'").status == 200


def test_a_page_that_asks_by_itself_does_not_keep_a_session_alive(app, sign_in):
    browser = sign_in("cun")
    browser.open("/")
    start = datetime.datetime.now(datetime.UTC)
    for minutes in range(3, 30, 3):
        with time_machine.travel(start + datetime.timedelta(minutes=minutes), tick=False):
            assert browser.open("/notify/unread", follow=False).status == 200
    with time_machine.travel(start + datetime.timedelta(minutes=31), tick=False):
        assert browser.open("/notify/unread", follow=False, headers={"HX-Request": "true"}).status == 401
    assert Session.get(Session.user == User.get(User.name == "cun").id).reason == "idle"


def test_old_notices_go_after_the_days_that_the_county_set_and_unread_ones_after_a_year(app, cast):
    county = unit(COUNTY)
    OrgSetting.create(unit=county.id, name="notify.kept_days", value=60, by_name="")
    for at, read, title in ((400, None, "一年没读"), (200, None, "半年没读"), (100, 70, "读过七十天"),
                            (100, 50, "读过五十天")):
        Notice.create(
            user=cast["cun"], county_id=county.id, topic=TOPIC, title=title, at=now() - datetime.timedelta(days=at),
            read_at=now() - datetime.timedelta(days=read) if read else None,
        )
    Notice.create(user=cast["cun"], topic=TOPIC, title="没有县的", at=now(),
                  read_at=now() - datetime.timedelta(days=100))
    assert prune() == "清理了 2 条旧消息。"
    assert {notice.title for notice in Notice.select()} == {"半年没读", "读过五十天", "没有县的"}


def test_a_title_of_ten_thousand_characters_is_cut_and_a_text_is_kept(sign_in, cast):
    send([cast["cun"]], TOPIC, "长" * 10_000, "/help", "文" * 10_000)
    assert len(Notice.get().title) == 200 and len(Notice.get().text) == 10_000
    assert sign_in("cun").open("/notify/").status == 200


@pytest.mark.parametrize("ground", ["sqlite"], indirect=True, scope="session")  # what SQLite plans
def test_the_inbox_is_read_through_its_indexes(app, cast):
    plan = database.execute_sql(
        "EXPLAIN QUERY PLAN SELECT topic, COUNT(*) FROM notify_notice WHERE read_at IS NULL AND user_id = 1 "
        "GROUP BY topic").fetchall()
    assert "COVERING INDEX notify_notice_unread_topic" in str(plan)
