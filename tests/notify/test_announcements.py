"""Announcements: a county to its towns, a town to its villages, nothing to neighbours; the receipt is the unit's."""

import datetime
import io

import pytest
import time_machine

from portal.audit.models import AuditEntry
from portal.notify import Notice
from portal.notify.announcing import retire_expired
from portal.notify.models import Addressee, Announcement
from portal.org.models import Unit
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, TOWN, VILLAGE, unit

SAID = {"title": "防汛值班安排", "text": "各村今晚起二十四小时值班。\n\n有险情立即报告。"}


@pytest.fixture
def publish(sign_in):
    """Return a function that has somebody publish, and gives the announcement."""

    def publish(who="zhen", **fields) -> Announcement:
        browser = sign_in(who)
        browser.send("/notify/publish", **{**SAID, "audience": "villages" if who == "zhen" else "towns", **fields})
        assert browser.status == 200 and "已发布" in browser.text, browser.text
        return Announcement.select().order_by(Announcement.id.desc()).get()

    return publish


def page(one: Announcement) -> str:
    return f"/notify/announcements/{one.id}"


def addressed(one: Announcement) -> set[str]:
    rows = Unit.select(Unit.code).join(Addressee, on=(Addressee.unit == Unit.id))
    return {code for (code,) in rows.where(Addressee.announcement == one.id).tuples()}


def test_a_town_reaches_its_own_villages_and_their_people_see_it_everywhere(publish, sign_in, cast):
    one = publish()
    assert {VILLAGE, NEXT_VILLAGE} <= addressed(one)
    assert all(code.startswith(TOWN[:9]) and not code.endswith("000") for code in addressed(one))
    told = {notice.user_id for notice in Notice.select().where(Notice.topic == "notify.announcement")}
    assert {cast["cun"], cast["shuji"], cast["lincun"], cast["wangge"]} <= told
    assert not told & {cast["linjia"], cast["linzhen"], cast["zhener"], cast["xian"]}
    browser = sign_in("cun")
    assert "防汛值班安排" in browser.open("/").text, "on the workbench"
    assert "本单位未阅" in browser.open("/notify/announcements/").text
    assert "有险情立即报告。" in browser.open(page(one)).text


@pytest.mark.parametrize("name", ["linjia", "linzhen", "lingan"])
def test_the_neighbour_town_sees_nothing(publish, sign_in, name):
    one = publish()
    browser = sign_in(name)
    assert browser.open(page(one)).status == 404
    assert "防汛" not in browser.open("/notify/announcements/?all=1").text + browser.open("/").text


def test_only_the_chosen_are_told_and_a_neighbours_village_cannot_be_chosen(publish, sign_in):
    one = publish(audience="chosen", chosen=[str(unit(VILLAGE).id)])
    assert addressed(one) == {VILLAGE}
    assert sign_in("lincun").open(page(one)).status == 404
    browser = sign_in("zhen")
    far = unit(OTHER_TOWN + "/village").id
    browser.open("/notify/publish")
    browser.submit(browser.form(["title"]), **SAID, audience="chosen", chosen=[str(far)])
    assert browser.status == 422 and "请从列表中选择" in browser.text and "防汛值班安排" in browser.text
    browser.submit(browser.form(["title"]), **SAID, audience="towns")
    assert browser.status == 422
    browser.submit(browser.form(["title"]), **SAID, audience="chosen")
    assert browser.status == 422 and "请勾选要发给哪些单位" in browser.text
    assert Announcement.select().count() == 1


def test_a_county_reaches_towns_or_villages_or_its_departments_too(publish, sign_in):
    towns = publish("xian")
    assert {TOWN, OTHER_TOWN} <= addressed(towns) and VILLAGE not in addressed(towns)
    assert sign_in("cun").open(page(towns)).status == 404
    assert sign_in("zhen").open(page(towns)).status == 200
    assert sign_in("minzheng").open(page(towns)).status == 404
    everybody = publish("xian", audience="everybody")
    assert {TOWN, VILLAGE} <= addressed(everybody)
    assert sign_in("minzheng").open(page(everybody)).status == 200


def test_the_unit_has_read_it_when_the_first_opens_it_and_nobody_knows_who_or_when(publish, sign_in):
    one = publish()
    assert "0 / " in sign_in("zhen").open(page(one)).text
    sign_in("shuji").open(page(one))
    row = Addressee.get(Addressee.announcement == one.id, Addressee.unit == unit(VILLAGE).id)
    assert row.seen and set(row.__data__) == {"announcement", "unit", "county_id", "seen", "reminders"}
    text = sign_in("zhen").open(page(one)).text
    receipts = text.split("各单位阅看情况")[-1]
    assert "张国强" not in text and "1 / " in text
    assert receipts.index("未阅</span>") < receipts.index(unit(VILLAGE).short) < receipts.index("已阅</span>")
    assert not AuditEntry.select().where(AuditEntry.object_type == "announcement",
                                         AuditEntry.actor_name == "张国强").exists()
    assert "本单位已阅" in sign_in("cun").open("/notify/announcements/").text


def test_publisher_and_leader_opening_it_are_no_receipt_and_villages_do_not_see_each_others(publish, sign_in):
    one = publish()
    for name in ("zhener", "lingdao", "xian"):
        text = sign_in(name).open(page(one)).text
        assert "各单位阅看情况" in text and ("催阅（" in text) == (name == "zhener"), name
    assert not Addressee.select().where(Addressee.seen == True).exists()  # noqa: E712
    assert "各单位阅看情况" not in sign_in("cun").open(page(one)).text


def test_opening_the_notice_is_the_receipt_too_and_reads_it_once(publish, sign_in, cast):
    one = publish()
    notice = Notice.get(Notice.user == cast["cun"], Notice.topic == "notify.announcement")
    browser = sign_in("cun").open(f"/notify/{notice.id}")
    assert browser.status == 200 and "防汛值班安排" in browser.text
    assert Addressee.get(Addressee.announcement == one.id, Addressee.unit == unit(VILLAGE).id).seen
    assert "防汛" not in browser.open("/").text
    other = sign_in("shuji")
    assert "防汛" in other.open("/").text, "each sees it until they have read it themselves"
    other.open(page(one))
    assert "防汛" not in other.open("/").text


def test_those_who_have_not_read_it_are_reminded_once_a_day(publish, sign_in, cast):
    one = publish()
    sign_in("cun").open(page(one))
    browser = sign_in("zhen")
    browser.send(page(one), to=page(one) + "/remind")
    assert "个单位。" in browser.text and "催过 1 次" in browser.text
    reminded = {notice.user_id for notice in Notice.select().where(Notice.topic == "notify.reminder")}
    assert cast["lincun"] in reminded and not reminded & {cast["cun"], cast["shuji"], cast["linjia"]}
    browser.send(page(one), to=page(one) + "/remind")
    assert "今天已经催过一次" in browser.text
    assert Notice.select().where(Notice.user == cast["lincun"], Notice.topic == "notify.reminder").count() == 1


@pytest.mark.parametrize(("name", "status"), [("xian", 422), ("zongzhi", 422), ("cun", 403), ("linzhen", 404)])
def test_only_where_it_was_published_may_it_be_withdrawn_or_urged(publish, sign_in, name, status):
    one = publish()
    browser = sign_in(name)
    for act in ("withdraw", "remind"):
        assert browser.post(f"{page(one)}/{act}", reason="x", version="1").status == status
    assert Announcement.get().withdrawn_at is None


def test_a_town_cannot_touch_what_the_county_published(publish, sign_in):
    one = publish("xian")
    browser = sign_in("zhen")
    assert browser.post(f"{page(one)}/withdraw", reason="x", version="1").status == 422
    assert "只有他们能撤回或催阅" in browser.text and Announcement.get().withdrawn_at is None
    assert browser.open(f"{page(one)}/withdraw", follow=False).response.location == page(one)
    assert "撤回" not in browser.open(page(one)).text


def test_withdrawn_it_is_kept_with_the_reason_and_asks_nobody_any_more(publish, sign_in, cast):
    one = publish()
    first = sign_in("zhen")
    form = first.open(f"{page(one)}/withdraw").form(["reason"])
    first.submit(form, reason="")
    assert first.status == 422
    first.send(f"{page(one)}/withdraw", reason="时间写错了")
    assert "已撤回" in first.text and "时间写错了" in first.text
    first.submit(form, reason="再撤一次")
    assert Announcement.get().withdrawn_because == "时间写错了"
    assert not Notice.select().where(Notice.user == cast["cun"], Notice.read_at.is_null()).exists()
    browser = sign_in("cun")
    assert "防汛" not in browser.open("/").text + browser.open("/notify/announcements/").text
    assert "防汛值班安排" in browser.open("/notify/announcements/?all=1").text
    assert "时间写错了" in browser.open(page(one)).text
    assert not Addressee.get(Addressee.announcement == one.id, Addressee.unit == unit(VILLAGE).id).seen


def test_two_who_withdraw_at_once_the_second_is_told(publish, sign_in):
    one = publish()
    first, second = sign_in("zhen"), sign_in("zhen")
    form = second.open(f"{page(one)}/withdraw").form(["reason"])
    first.send(f"{page(one)}/withdraw", reason="时间写错了")
    second.submit(form, f"{page(one)}/withdraw", reason="我也要撤回它")
    assert second.status == 409 and "我也要撤回它" in second.text


def test_what_ran_out_asks_nobody_any_more_and_stays_readable(publish, sign_in, cast):
    day = datetime.date.today() + datetime.timedelta(days=2)
    one = publish(valid_until=day.isoformat())
    assert retire_expired() == "没有新过期的通知公告。"
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=4), tick=False):
        assert "1 条" in retire_expired()
        browser = sign_in("cun")
        assert "防汛" not in browser.open("/").text + browser.open("/notify/announcements/").text
        assert "已过期" in browser.open(page(one)).text


def test_an_end_that_has_passed_and_an_empty_text_are_refused_with_the_rest_kept(sign_in):
    browser = sign_in("zhen")
    browser.send("/notify/publish", **SAID, audience="villages", valid_until="2020-01-01")
    assert browser.status == 422 and "有效期已经过了" in browser.text and "有险情立即报告" in browser.text
    browser.send("/notify/publish", title="只有标题", text="", audience="villages")
    assert browser.status == 422 and "只有标题" in browser.text
    browser.send("/notify/publish", title="长文", text="长" * 10_000, audience="villages")
    assert browser.status == 422 and "最多 5000 字" in browser.text and "长" * 10_000 in browser.text
    assert not Announcement.select().exists() and not Notice.select().exists()


def test_the_same_form_sent_twice_publishes_once(sign_in):
    browser = sign_in("zhen")
    form = browser.open("/notify/publish").form(["title"])
    for _ in range(2):
        browser.submit(form, **SAID, audience="villages")
    assert Announcement.select().count() == 1


def test_attachments_are_for_those_who_may_read_it(publish, sign_in):
    one = publish(attachments=(io.BytesIO("值班表".encode()), "值班表.txt"))
    browser = sign_in("cun")
    assert "值班表.txt" in browser.open(page(one)).text
    url = browser.text.split(f'href="{page(one)}/files/')[1].split('"')[0]
    assert browser.open(f"{page(one)}/files/{url}").response.data.decode() == "值班表"
    browser.response.close()
    assert sign_in("linjia").open(f"{page(one)}/files/{url}").status == 404
    other = publish(audience="chosen", chosen=[str(unit(NEXT_VILLAGE).id)])
    assert sign_in("lincun").open(f"{page(other)}/files/{url}").status == 404


@pytest.mark.parametrize("name", ["cun", "shuji", "zhenguan", "lingdao", "xitong"])
def test_who_may_not_publish_is_turned_away(sign_in, name):
    browser = sign_in(name)
    assert browser.open("/notify/publish").status == 403
    assert "/notify/publish" not in browser.open("/notify/announcements/").text
