"""Filters of the list, each alone and together, held against a slow and obvious reading of the same cases."""

import datetime
import random
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from portal.cases.asking import COUNTED_SLOWLY
from portal.cases.ledger import rate
from portal.cases.models import RATINGS, Case
from portal.cases.timeline import locked
from portal.cases.wanted import UNTIMED
from portal.db import atomic, now
from portal.org.models import Unit
from tests.cases.making import chips, every_page, listed, plain
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, TOWN, VILLAGE, person, unit

CHANNELS = ("window", "visit", "proxy", "mobile", "phone")
TITLES = ("王*兰：高龄津贴", "李*：低保", "张*国：宅基地 2 层", "赵*：𠮷家院子铺路", "100%_补贴 (a+b)", "低保高龄")
WORDS = ("津贴", "低保", "宅基", "𠮷家", "100", "%", "_", "a+b", "王*兰", "高龄 津贴", "不会有的词", "FW104204")
DAYS = 40


@pytest.fixture(scope="module")
def cases(stage):
    """Sixty cases in four villages, in every phase and channel, some rated, some past their date; by their id."""
    chance = random.Random(7)
    places = (VILLAGE, VILLAGE, NEXT_VILLAGE, OTHER_TOWN + "/village", TOWN)
    clerks = {VILLAGE: "cun", NEXT_VILLAGE: "lincun", OTHER_TOWN + "/village": "linjia", TOWN: "zhen"}
    people = {name: person(name) for name in (*clerks.values(), "linzhen")}
    with stage.test_request_context(), atomic():
        for number in range(60):
            where = places[number % 5]
            who = people[clerks[where]]
            at = now() - datetime.timedelta(days=chance.randrange(DAYS), minutes=chance.randrange(600))
            line = unit(("510722000000", "民政局")) if number % 3 else None
            case = plain(where, who, title=TITLES[number % len(TITLES)], channel=CHANNELS[number % 5 - number % 2],
                         line=line, at=at)
            _live(case, who, number, at + datetime.timedelta(hours=1))
    return {case.id: case for case in Case.select()}


def _live(case, who, number: int, at) -> None:
    """Let the case go some way, so that each phase occurs; plain cases know no materials, so the state is set."""
    phase = ("new", "new", "accepted", "handling", "paused", "closed", "cancelled", "closed")[number % 8]
    state = {"new": "received", "accepted": "accepted", "handling": "at_town", "paused": "correcting",
             "closed": "delivered", "cancelled": "withdrawn"}[phase]
    case = locked(case.id)
    case.state, case.phase = state, phase
    if phase == "paused":
        case.due, case.paused_at, case.pause_reason = None, at, "等待申请人补正材料"
    if phase in ("closed", "cancelled"):
        case.due, case.closed = None, at
        case.replied, case.no_reply_because = (at, "") if phase == "closed" else (None, "申请人撤回")
    case.save()
    if phase == "closed" and number % 3:
        rate(case, who, number % 5 + 1, "screen", at=at)


#: One value and more for each filter; None leaves it out.
OFFERED = {
    "phase": [None, "new", "accepted", "handling", "paused", "closed", "overdue"],
    "channel": [None, *CHANNELS],
    "rating": [None, "5", "1", "3"],
    "since": [None, -30, -3],
    "until": [None, -20, 0],
    "unit": [None, VILLAGE, TOWN],
    "q": [None, *WORDS],
    "sort": [None, "due"],
    "lens": [None, "unit", "person"],
}


def combinations(number: int, seed: int) -> list[dict]:
    """Return each value alone, and then `number` of them mixed."""
    chance = random.Random(seed)
    alone = [{name: value} for name, values in OFFERED.items() for value in values if value is not None]
    mixed = []
    for _ in range(number):
        names = chance.sample(sorted(OFFERED), chance.randrange(2, 5))
        mixed.append({name: chance.choice(OFFERED[name]) for name in names})
    return [{}] + alone + mixed


def asked(combination: dict) -> dict:
    """Return the combination as it stands in an address: days from today as dates, codes as ids."""
    found = {name: value for name, value in combination.items() if value is not None}
    for name in ("since", "until"):
        if name in found:
            found[name] = str(now().date() + datetime.timedelta(days=found[name]))
    if "unit" in found:
        found["unit"] = unit(found["unit"]).id
    return found


def holds(case, query: dict, who) -> bool:
    """Tell, the slow and obvious way, whether the list should show the case."""
    column, value = who.area
    lens = query.get("lens", "area")
    day = str(case.opened.date())
    phase = query.get("phase")
    words = query.get("q", "").split()
    text = f"{case.number} {case.title} {case.applicant}".lower()
    return all((
        getattr(case, column) == value if lens == "area" else case.unit_id in who.acts_for,
        lens != "person" or case.person_id == who.id,
        phase is None or (case.closed is None and case.due is not None and case.due < now() if phase == "overdue"
                          else case.phase == phase),
        query.get("sort") != "due" or phase in UNTIMED or case.closed is None and case.due is not None,
        query.get("channel") in (None, case.channel), query.get("rating") in (None, str(case.rating)),
        query.get("since", day) <= day <= query.get("until", day),
        "unit" not in query or query["unit"] in (case.town_id, case.village_id),
        all(_contains(text, word.lower()) for word in words),
    ))


def _contains(text: str, word: str) -> bool:
    """Chinese is found anywhere; letters and digits from the beginning of their run; other signs mean nothing."""
    parts = re.findall(r"[a-z0-9]+|[^\W_a-z0-9]+", word)
    runs = re.findall(r"[a-z0-9]+|[^\W_a-z0-9]+", text)
    return bool(parts) and all(
        any(run.startswith(part) if part.isascii() else part in run for run in runs) for part in parts
    )


@pytest.mark.parametrize("name, number", [("zhen", 45), ("lingdao", 25), ("minzheng", 15), ("cun", 15)])
def test_filters_alone_and_together_show_exactly_the_cases_that_match(cases, browser_of, name, number):
    who, browser = person(name), browser_of(name)
    for combination in combinations(number, seed=len(name)):
        query = asked(combination)
        if "unit" in query and name == "cun" and combination["unit"] == TOWN:
            continue  # an ancestor: see below
        shown = sum(every_page(browser, "/cases/?" + urlencode(query)), [])
        wanted = [case for case in cases.values() if holds(case, query, who)]
        by_due = query.get("sort") == "due" and query.get("phase") not in UNTIMED
        key = (lambda case: (case.due, case.id)) if by_due else (lambda case: (-case.opened.timestamp(), -case.id))
        assert shown == [case.id for case in sorted(wanted, key=key)], (name, query)


@pytest.mark.parametrize("name", ["zhen", "lingdao", "minzheng", "cun", "linjia"])
def test_each_chip_counts_the_rows_behind_it(cases, browser_of, name):
    browser = browser_of(name)
    today = str(now().date())
    for query in (
        {}, {"lens": "unit"}, {"channel": "window"}, {"q": "低保"}, {"since": today}, {"sort": "due"},
        {"sort": "due", "q": "低保"},
    ):
        text = browser.open("/cases/?" + urlencode(query)).text
        counted = chips(text)
        part = text.split('<ul class="chips">')[1].split("</ul>")[0]
        links = dict(re.findall(r'href="([^"]+)"[^>]*>([^<]+)<span>', part))
        for address, label in links.items():
            rows = sum(every_page(browser, address.replace("&amp;", "&")), [])
            assert counted[label] == len(rows), (name, query, label)


def test_the_figure_of_the_page_is_the_number_of_its_rows(cases, browser_of):
    for query in ("", "?phase=closed", "?rating=1", "?q=低保&channel=window", "?sort=due"):
        text = browser_of("zhen").open(f"/cases/{query}").text
        rows = sum(every_page(browser_of("zhen"), f"/cases/{query}"), [])
        assert f"，共 {len(rows)} 件" in text and f"共 {len(rows)} 件" in text.split('role="status">')[-1]


def tags(text: str) -> dict[str, str]:
    """Return the applied filters: label and where it is taken away."""
    found = re.findall(r'<span class="tag">([^<]+)<a href="([^"]+)"', text)
    return {label: address.replace("&amp;", "&") for label, address in found}


def test_every_applied_filter_is_said_and_can_be_taken_away(cases, browser_of):
    browser = browser_of("zhen")
    query = {
        "q": "低保", "channel": "window", "rating": "5", "since": "2026-01-02", "until": "2030-01-02", "sort": "due",
        "unit": unit(VILLAGE).id, "phase": "closed", "lens": "unit",
    }
    text = browser.open("/cases/?" + urlencode(query)).text
    said = tags(text)
    assert set(said) == {
        "所在：华光村", "包含“低保”", "来源：窗口", "排序：最早到期（只看在办）", f"评价：{RATINGS[5]}",
        "登记不早于 2026-01-02", "登记不晚于 2030-01-02",
    }
    names = {"所在": "unit", "包含": "q", "来源": "channel", "排序": "sort", "评价": "rating"}
    for label, address in said.items():
        gone = names.get(label.split("：")[0][:2]) or ("since" if "不早于" in label else "until")
        left = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert left == {name: str(value) for name, value in query.items() if name != gone}, label
        assert label not in tags(browser.open(address).text)
    cleared = re.search(r'<a href="([^"]+)" data-swap>清除全部</a>', text)[1].replace("&amp;", "&")
    assert parse_qs(urlsplit(cleared).query) == {"phase": ["closed"], "lens": ["unit"]}


@pytest.mark.parametrize("state", ["received", "at_town", "delivered", "special_town"])
def test_the_list_of_one_kind_is_filtered_by_its_states(cases, browser_of, state):
    browser, who = browser_of("zhen"), person("zhen")
    shown = sum(every_page(browser, f"/station/?state={state}"), [])
    wanted = {case.id for case in cases.values() if case.state == state and case.town_id == who.area[1]}
    assert set(shown) == wanted and len(shown) == len(wanted)
    text = browser.open(f"/cases/?kind=station.request&state={state}").text
    assert any(label.startswith("环节：") for label in tags(text)) and 'name="state"' in text
    assert 'name="state"' not in browser.open(f"/cases/?state={state}").text  # each kind has states of its own


def test_the_filter_form_keeps_what_else_is_chosen(cases, browser_of):
    browser = browser_of("zhen")
    browser.open(f"/cases/?lens=unit&phase=new&q=低保&channel=window&unit={unit(VILLAGE).id}")
    panel = next(form for form in browser.forms() if "since" in form.names)
    assert panel.fields["lens"] == "unit" and panel.fields["phase"] == "new" and panel.fields["q"] == "低保"
    assert panel.fields["unit"] == str(unit(VILLAGE).id) and panel.fields["channel"] == "window"
    find = next(form for form in browser.forms() if form.names and "q" in form.names and form.action == "/cases/")
    assert find.fields["channel"] == "window" and find.fields["lens"] == "unit"


def test_an_ancestor_in_sight_is_no_filter(cases, browser_of):
    """The tree shows a village where it belongs; choosing the town above it must not empty the village's list."""
    browser = browser_of("cun")
    everything = listed(browser.open("/cases/").text)
    assert listed(browser.open(f"/cases/?unit={unit(TOWN).id}").text) == everything


def test_a_department_is_no_place_to_filter_by_but_what_it_holds_is_found(cases, browser_of):
    hall = unit((TOWN, "便民服务中心"))
    browser = browser_of("zhen")
    shown = listed(browser.open(f"/cases/?unit={hall.id}").text)
    assert set(shown) == {case.id for case in cases.values() if case.unit_id == hall.id}


GARBAGE = (
    "", "x" * 10_000, "a\x00b", "\u202e", "😀", "<script>alert(1)</script>", "' OR 1=1 --", "-1", "0", "9" * 20, "1e9",
    "NaN", "٣", "²", "2026-02-30", "9999-12-31", "0001-01-01", "[]", "%", "\ud800", "()", "**", '"', "AND", "NOT x",
)
PARAMETERS = (
    "lens", "phase", "channel", "kind", "sort", "q", "rating", "since", "until", "unit", "before", "after", "surprise",
)


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_garbage_in_a_parameter_never_fails_and_never_shows_more(cases, browser_of, parameter):
    browser, own = browser_of("cun"), {case.id for case in cases.values() if case.village_id == unit(VILLAGE).id}
    for value in GARBAGE:
        query = urlencode({parameter: value}, errors="surrogatepass")
        browser.open(f"/cases/?{query}")
        assert browser.status in ((400,) if "\x00" in value else (200, 404)), (parameter, value)
        assert set(listed(browser.text)) <= own and "<script>alert" not in browser.text
    for query in (f"{parameter}=a&{parameter}=b", f"{parameter}[]=1", f"{parameter}=%ff%fe", f"{parameter}"):
        assert browser.open(f"/cases/?{query}").status == 200, query
        assert set(listed(browser.text)) <= own


def test_sorted_by_due_only_what_is_due_is_shown_and_it_is_said(cases, browser_of):
    text = browser_of("zhen").open("/cases/?sort=due").text
    assert "按到期先后" in text and "排序：最早到期（只看在办）" in text


def test_nothing_found_says_how_to_find_more(cases, browser_of):
    text = browser_of("cun").open("/cases/?q=不会有的词").text
    assert "没有符合条件的案件" in text and "清除全部条件" in text


def test_a_count_that_stops_takes_the_newest_of_all_units_and_says_that_there_may_be_more(app, sign_in):
    """The town's people act for two units: many old cases of the one do not hide the new ones of the other."""
    first, second = sorted(person("zhen").acts_for)
    with app.test_request_context(), atomic():
        old = [plain(place=Unit.get_by_id(first), who="zhen", at=now() - datetime.timedelta(days=30)).id
               for _ in range(COUNTED_SLOWLY + 5)]
        new = [plain(place=unit(VILLAGE), unit=Unit.get_by_id(second), who="zhen").id for _ in range(4)]
        for ids, phase in ((old, "accepted"), (new, "handling")):
            Case.update(rating=2, phase=phase).where(Case.id.in_(ids)).execute()
    text = sign_in("zhen").open("/cases/?lens=unit&rating=2").text
    part = text.split('<ul class="chips">')[1].split("</ul>")[0]
    said = dict(re.findall(r"<a [^>]*>([^<]+)<span>([\d,+]*)</span>", part))
    assert {label: said[label] for label in ("全部", "已受理", "办理中")} == {
        "全部": "100+", "已受理": "96+", "办理中": "4+"}, said
    assert said.get("已停表", "") == "", "of what was not seen nothing is said"
    assert len(listed(text)) == 50 and set(new) <= set(listed(text))
