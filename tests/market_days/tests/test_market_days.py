"""One sentence a test, in at the door: the real application, real forms, a real database."""

import re

import pytest
from market_days import portal_resident_data, portal_resident_erased, portal_resident_uses
from market_days.models import Stall

from portal.testing import PluginContract

MARKET = {"name": "塔山大集", "site": "下河街", "calendar": "lunar", "rule": "逢1逢5"}
#: 农历十月十八, a Thursday. The next day is no market day of 逢一逢五, 逢九 is one.
TODAY = "2026-11-26 09:30"


@pytest.fixture(autouse=True)
def today(clock):
    clock(TODAY)


def registered(county, where="town", **changes) -> str:
    """Have the town register a market at `where`; returns the address of its page."""
    town = county.sign_in("other_town" if where.startswith("other") else "town")
    town.send("/market_days/new", unit=str(county.unit(where).id), **{**MARKET, **changes})
    assert town.status == 200, town.text
    return town.response.request.path


def stalled(county, market, number="A12", trade="豆制品") -> str:
    town = county.sign_in("town")
    town.send(f"{market}/stalls/new", number=number, trade=trade)
    assert town.status == 200, town.text
    return town.response.request.path


def asked(browser, market, **changes) -> str:
    said = {"stall": "", "name": "王秀兰", "title": "几点散集", "text": "想下午来", **changes}
    browser.send(f"/market_days/ask?market={market.rpartition('/')[2]}", **said)
    return browser.response.request.path


class TestContract(PluginContract):
    plugin = "market_days"
    insider, outsider = "town", "other_town"

    def fill(self, county):
        market = registered(county)
        stall = stalled(county, market)
        county.sign_in("town").send(f"{stall}/holder", name="许德全")
        return [market, f"{market}/edit", f"{market}/stalls/new", stall, f"{stall}/holder",
                asked(county.sign_in("town"), market, stall="A12")]


# The market and its days.


def test_the_list_says_when_each_market_is_next(county, sign_in):
    registered(county)
    registered(county, name="花桥集", rule="逢8")
    registered(county, name="龙泉集", rule="逢9")
    said = re.sub(r"<[^>]+>|\s+", " ", sign_in("village").open("/market_days/").text)
    for line in ("龙泉集 +农历逢九 .* 明天 ", "花桥集 +农历逢八 .* 今天 ", "塔山大集 +农历逢一、五 .* 11-29 +周日"):
        assert re.search(line, said), said


def test_a_month_shows_its_market_days_with_their_lunar_names(county, sign_in):
    page = sign_in("village").open(registered(county) + "?month=2026-11").text
    days = re.findall(r"11-\d\d(?= )", page.partition('id="month"')[2])
    assert days == ["11-03", "11-09", "11-13", "11-19", "11-23", "11-29"]
    assert "十月廿一" in page and "九月廿五" in page


@pytest.mark.parametrize(
    "month", ["", "2026-13", "0001-01", "9999-12", "1900-12", "2101-01", "x" * 10_000, "2026-11-26"])
def test_what_is_no_month_shows_this_one(county, sign_in, month):
    page = sign_in("village").open(f"{registered(county)}?month={month}")
    assert page.status == 200 and "2026年11月的集" in page.text


@pytest.mark.parametrize(("month", "missing"), [("1901-01", "上个月"), ("2100-12", "下个月")])
def test_at_the_end_of_the_calendar_no_link_leads_further(county, sign_in, month, missing):
    page = sign_in("village").open(f"{registered(county)}?month={month}")
    assert page.status == 200 and missing not in page.text


def test_the_workbench_says_which_markets_are_tomorrow(county, sign_in):
    registered(county)
    registered(county, name="龙泉集", rule="逢9")
    card = sign_in("village").open("/").text.partition("明天赶集")[2].partition("</section>")[0]
    assert "龙泉集" in card and "十月十九" in card and "塔山大集" not in card


def test_without_a_market_tomorrow_there_is_no_card(county, sign_in):
    registered(county)
    assert "明天赶集" not in sign_in("village").open("/").text


def test_a_paused_market_says_why_and_is_no_market_of_tomorrow(county, sign_in):
    market = registered(county, rule="逢9")
    town = sign_in("town")
    town.send(f"{market}/edit", paused="修街")
    assert "停集：修街" in town.text
    assert "明天赶集" not in sign_in("village").open("/").text


@pytest.mark.parametrize(("changes", "said"), [
    ({"rule": "初五、十五"}, "只写尾数"),
    ({"rule": "每天"}, "请写逢几赶集"),
    ({"rule": ""}, "请填写“逢几赶集”"),
    ({"name": "x" * 10_000}, "40"),
    ({"name": "塔山大集"}, "已有这个名称"),
])
def test_a_market_that_cannot_be_is_refused_and_what_was_typed_is_kept(county, sign_in, changes, said):
    registered(county)
    town = sign_in("town")
    town.send("/market_days/new", unit=str(county.unit("town").id),
              **{**MARKET, "name": "另一个集", "site": "上河街", **changes})
    assert town.status == 422 and said in town.text and "上河街" in town.text
    assert "另一个集" not in town.open("/market_days/").text


@pytest.mark.parametrize("where", ["county", "other_town", "other_village"])
def test_a_town_registers_no_market_elsewhere(county, sign_in, where):
    town = sign_in("town")
    town.post("/market_days/new", unit=str(county.unit(where).id), **MARKET)
    assert town.status in (400, 422)
    assert "塔山大集" not in sign_in("county").open("/market_days/").text


def test_the_slower_of_two_clerks_is_told(county, sign_in):
    market = registered(county)
    slow, fast = sign_in("town"), sign_in("town")
    form = slow.open(f"{market}/edit").form(["rule"])
    fast.send(f"{market}/edit", rule="逢2")
    slow.submit(form, f"{market}/edit", rule="逢3")
    assert slow.status == 409 and "农历逢二" in fast.open(market).text


# Stalls and the people who stand there.


def test_a_stall_is_given_and_the_page_shows_the_surname_only(county, sign_in):
    stall = stalled(county, registered(county))
    town = sign_in("town")
    town.send(f"{stall}/holder", name="许德全", phone="13890112233")
    assert "许*全" in town.text and "许德全" not in town.text and "13890112233" not in town.text


def test_a_stall_that_is_taken_is_not_given_again(county, sign_in):
    stall = stalled(county, registered(county))
    town = sign_in("town")
    town.send(f"{stall}/holder", name="许德全")
    town.send(f"{stall}/holder", name="冯光大")
    assert town.status == 422 and "已有摊主" in town.text and "许*全" in town.open(stall).text


def test_a_stall_that_was_given_back_is_free_for_the_next(county, sign_in):
    stall = stalled(county, registered(county))
    town = sign_in("town")
    town.send(f"{stall}/holder", name="许德全")
    town.send(stall, to=f"{stall}/free")
    assert "空着" in town.text
    town.send(f"{stall}/holder", name="冯光大")
    assert "冯*大" in town.text


def test_who_got_the_stall_meanwhile_is_not_sent_away_by_an_old_page(county, sign_in):
    stall = stalled(county, registered(county))
    slow, fast = sign_in("town"), sign_in("town")
    fast.send(f"{stall}/holder", name="许德全")
    form = slow.open(stall).form(action=f"{stall}/free")
    fast.send(stall, to=f"{stall}/free")
    fast.send(f"{stall}/holder", name="冯光大")
    slow.submit(form, stall)
    assert slow.status == 409 and "冯*大" in fast.open(stall).text


def test_a_wrong_number_is_said_at_its_field_and_nobody_is_written_down(county, sign_in):
    stall = stalled(county, registered(county))
    town = sign_in("town")
    town.send(f"{stall}/holder", name="许德全", id_card="510722194001011234", phone="1")
    assert town.status == 422 and "field-error" in town.text and "空着" in town.open(stall).text


def held(county):
    """A stall with its holder, in the village's market; returns the holder."""
    stall = stalled(county, registered(county, "village"))
    county.sign_in("town").send(f"{stall}/holder", name="许德全")
    return Stall.get().holder


def test_a_resident_gets_a_copy_of_what_is_kept_and_nobody_reads_more_than_their_own_area(county):
    holder = held(county)
    own, = portal_resident_data(holder, county.person("village"))
    assert own.rows == [("塔山大集", "A12", "豆制品", "2026-11-26")] and not own.note
    foreign, = portal_resident_data(holder, county.person("next_village"))
    assert foreign.rows == [] and "1 个摊位" in foreign.note
    assert "塔山大集 A12 号摊位" in portal_resident_uses(holder)[0].title


def test_of_a_resident_who_is_erased_nothing_stays_at_the_stall(county, sign_in):
    holder = held(county)
    portal_resident_erased(holder, county.person("town"))
    assert portal_resident_data(holder, county.person("village")) == []
    assert "空着" in sign_in("village").open("/market_days/stalls/1").text


def test_a_number_is_given_once_in_a_market(county, sign_in):
    market = registered(county)
    stalled(county, market)
    town = sign_in("town")
    town.send(f"{market}/stalls/new", number="A12", trade="竹器")
    assert town.status == 422 and "已有这个编号" in town.text and "竹器" in town.text


def test_the_next_village_sees_the_market_but_not_who_stands_there(county, sign_in):
    market = registered(county, "village")
    stall = stalled(county, market)
    own, next_ = sign_in("village"), sign_in("next_village")
    assert "豆制品" in own.open(market).text and own.open(stall).status == 200
    assert next_.open(market).status == 200 and "豆制品" not in next_.text
    assert next_.open(stall).status == 404


def test_a_village_looks_and_does_not_manage(county, sign_in):
    market = registered(county, "village")
    village = sign_in("village")
    for address in ("/market_days/new", f"{market}/edit", f"{market}/stalls/new"):
        assert village.open(address).status == 403


# Questions.


def test_a_question_is_looked_into_and_answered(county, sign_in):
    market = registered(county)
    stalled(county, market)
    village, town = sign_in("village"), sign_in("town")
    case = asked(village, market, stall="A12")
    assert "待答复" in village.text and "王*兰" in village.text and "A12（豆制品）" in village.text
    town.send(f"{case}/steps/look", text="问一下管理员")
    assert "核实中" in town.text
    town.send(f"{case}/steps/answer", reply="下午两点散集。", reply_channel="phone")
    assert "已答复" in town.text and "下午两点散集。" in village.open(case).text


def test_a_question_is_due_after_as_many_workdays_as_the_county_says(county, sign_in):
    village = sign_in("village")
    asked(village, registered(county))
    assert "12-01" in village.text or "12月1日" in village.text


def test_whoever_runs_the_market_answers_what_was_asked_in_the_next_village(county, sign_in):
    case = asked(sign_in("next_village"), registered(county, "village"))
    village = sign_in("village")
    village.send(f"{case}/steps/answer", reply="两点。", reply_channel="face")
    assert village.status == 200 and "已答复" in village.text


def test_a_question_without_an_answer_stays_open(county, sign_in):
    market = registered(county)
    case = asked(sign_in("village"), market)
    town = sign_in("town")
    town.send(f"{case}/steps/answer", reply="")
    assert town.status == 422 and "待答复" in town.open(case).text


def test_a_stall_that_the_market_lacks_is_said_at_its_field(county, sign_in):
    village = sign_in("village")
    asked(village, registered(county), stall="Z9")
    assert village.status == 422 and "没有这个编号的摊位" in village.text and "几点散集" in village.text


def test_a_market_of_the_neighbours_is_not_offered(county, sign_in):
    registered(county, "other_town", name="潼川集")
    village = sign_in("village")
    assert "潼川集" not in village.open("/market_days/ask").text
    assert "没有集市可问" in village.text


# Around it.


def test_a_market_is_found_by_its_name_and_by_nobody_next_door(county, sign_in):
    registered(county)
    assert "/market_days/markets/" in sign_in("village").open("/search?q=塔山大").text
    assert "/market_days/markets/" not in sign_in("other_village").open("/search?q=塔山大").text


def test_no_page_asks_more_with_more_rows(county, sign_in, queries):
    village = sign_in("village")
    counts = []
    for round_ in range(2):
        for number in range(3):
            market = registered(county, name=f"集{round_}{number}", rule="逢9")
            for label in range(3):
                stalled(county, market, str(label))
        for page in ("/market_days/", market, "/"):
            village.open(page)
            with queries() as made:
                village.open(page)
            counts.append(len(made))
    assert counts[:3] == counts[3:]
