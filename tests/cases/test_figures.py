"""The figures of an area, and behind each of them exactly the cases that it counts."""

import dataclasses
import datetime
import io
import random
import re
import zipfile
from html import unescape

import pytest
import time_machine
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.cases import clock, tallies, timeline
from portal.cases.commands import tally_commands
from portal.cases.counter_models import Flow, Tally
from portal.cases.figures import DIMENSIONS, LISTS, RATES, table_of
from portal.cases.figures_views import _Lists
from portal.cases.kinds import kinds
from portal.cases.ledger import available, rate
from portal.cases.models import Case
from portal.cases.periods import SPANS, Period
from portal.cases.timeline import locked
from portal.db import CHINA, atomic, now
from portal.testing import counted_queries
from portal.values import Conflict, Refused
from tests.cases.making import every_page, matter, move, plain
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, TOWN, VILLAGE, person, unit

MOMENT = datetime.datetime(2026, 11, 26, 10, 30, tzinfo=CHINA)
ACTORS = ("cun", "shuji", "lincun", "linjia", "zhen", "zhener", "linzhen", "minzheng", "canlian", "wangge")
READERS = ("shuji", "zhen", "linzhen", "minzheng", "lingdao")
WHERE = {VILLAGE: ("cun", "shuji"), NEXT_VILLAGE: ("lincun",), OTHER_TOWN + "/village": ("linjia",)}
ITEMS = ("高龄津贴", "临时救助", "居民养老保险参保", "残疾人证", "家庭医生签约")
CHANNELS = ("window", "visit", "phone", "proxy")


@pytest.fixture(scope="module")
def county(stage):
    """Forty cases of fourteen months that people moved on at random; a clock that stands still."""
    chance = random.Random(7)
    with time_machine.travel(MOMENT, tick=False):
        people = {name: person(name) for name in (*ACTORS, *READERS)}
        with stage.test_request_context(), atomic():
            for number in range(40):
                _one(chance, people, number)
        yield people


def _one(chance, people, number: int) -> None:
    where, clerks = chance.choice(list(WHERE.items()))
    days = chance.choice((0, 1, 3, 8, 20, 33, 70, 365, 367, 400))
    at = now() - datetime.timedelta(days=days, hours=chance.randrange(3))
    if number % 8 == 7:  # at the town itself, and with a line
        plain(TOWN, "zhen", at=at, line=unit(("510722000000", "民政局")), channel=chance.choice(CHANNELS))
    else:
        case = matter(unit(where), people[chance.choice(clerks)], chance.choice(ITEMS), at, chance.random() < 0.8)
        for _ in range(chance.randrange(9)):
            at = min(at + datetime.timedelta(days=chance.randrange(20 if number % 3 == 0 else 4), hours=1), now())
            case = _on(case, people, chance, at) or case
        if number % 6 == 0:
            held = locked(case.id)
            held.redone = True
            held.save()


def _on(case, people, chance, at):
    options = [(step.name, who) for name in ACTORS for who in [people[name]] for step in available(case, who)]
    if case.replied and case.rating is None and chance.random() < 0.7:
        return rate(case, people["cun"], chance.randrange(1, 6), "screen", at=at)
    options = [one for one in options if one[0] != "withdraw" or chance.random() < 0.2]
    try:
        return move(case, chance.choice(options), at=at) if options else None
    except (Refused, Conflict):
        return None


def rows_behind(browser, url: str) -> int:
    return sum(map(len, every_page(browser, url)))


@pytest.mark.parametrize("name", READERS)
def test_behind_each_figure_lie_exactly_as_many_cases(county, browser_of, stage, name):
    """Every kind of cell, of every row, in every kind of period: the list has as many rows as the figure says."""
    seen, chance, browser = set(), random.Random(name), browser_of(name)
    for span in SPANS:
        for by in DIMENSIONS:
            for day in (now().date(), now().date() - datetime.timedelta(days=366)):
                with stage.test_request_context():
                    table = table_of(person(name), Period.of(span, day), by)
                    lists = _Lists(table, "")
                    cells = [(line, count, lists.of(line, count)) for line in [*table.lines, table.total]
                             for count in LISTS]
                for line, count, url in cells:
                    assert bool(url) == bool(line.counts[count])
                    # Each sort of cell once, and some of the others: a list costs a page.
                    if url and ((count, by) not in seen or chance.random() < 0.02):
                        seen.add((count, by))
                        assert rows_behind(browser, url) == line.counts[count], (span, by, line.name, count, url)
    assert {count for count, _ in seen} >= {"opened", "valid", "closed", "settled", "due", "first_time"}
    assert name != "lingdao" or {count for count, _ in seen} == set(LISTS), "every kind of cell occurs"


@pytest.mark.parametrize("name", READERS)
def test_the_sums_are_those_of_the_rows_however_they_are_split(county, stage, name):
    with stage.test_request_context():
        for span in SPANS:
            totals = [table_of(person(name), Period.of(span, now().date()), by).total for by in DIMENSIONS]
            assert all(total.counts == totals[0].counts and total.before == totals[0].before
                       and total.year_before == totals[0].year_before for total in totals), span


@pytest.mark.parametrize("name", READERS)
def test_a_day_counted_from_the_cases_is_what_the_counters_say_of_its_week(county, stage, name):
    """Days are read from the cases, everything longer from the counters: both tell the same."""
    with stage.test_request_context():
        for weeks in (0, 1, 52):
            week = Period.of("week", now().date() - datetime.timedelta(weeks=weeks))
            of_days = [table_of(person(name), Period.of("day", week.first + datetime.timedelta(days=day)), "kind").total
                       for day in range(7)]
            whole = table_of(person(name), week, "kind").total.counts
            for count in (name for name in whole if name != "overdue"):
                assert sum(day.counts[count] for day in of_days) == whole[count], (weeks, count)


def test_what_is_due_counts_in_the_period_of_its_due_moment_and_not_of_its_registration(county, stage):
    with stage.test_request_context():
        month = Period.of("month", now().date())
        wanted = [
            case for case in Case.select() if case.owed and case.phase != "cancelled"
            and month.first <= case.owed.date() < month.after and (case.closed or case.owed < now())
        ]
        counts = table_of(person("lingdao"), month, "unit").total.counts
        assert counts["due"] == len(wanted) > 0
        assert counts["kept"] == sum(case.phase == "closed" and not case.late for case in wanted)


def test_the_counters_are_what_a_recount_gives(county):
    assert tallies.differences() == []


def test_every_rate_prints_its_denominator_and_none_is_a_dash(county, browser_of):
    text = browser_of("lingdao").open("/cases/figures?span=year").text
    for one in RATES:
        assert one.title in text and one.says.split("（")[0].split("；")[0] in text
    empty = browser_of("lingdao").open("/cases/figures?span=month&at=2020-01-15").text
    assert "—" in empty and "0.0%" not in empty and "100.0%" not in empty
    assert re.search(r'—<small class="fraction">0 / 0<', empty)


def test_the_pages_are_sorted_by_a_column_and_otherwise_in_administrative_order(county, browser_of):
    def names(query):
        text = browser_of("lingdao").open(f"/cases/figures?span=year{query}").text
        return re.findall(r'<th scope="row" class="c-main">([^<]+)</th>', text)

    plainly, down, up = names(""), names("&sort=-opened"), names("&sort=opened")
    assert plainly[-1] == down[-1] == up[-1] == "合计" and sorted(plainly) == sorted(down) != down
    assert down[0] in (unit(TOWN).short, unit(OTHER_TOWN).short) and plainly[0] == up[0]
    assert names("&sort=nothing") == plainly and names("&sort=-in_time")[-1] == "合计"


def test_the_page_costs_few_queries(county, browser_of):
    for name in READERS:
        for query in ("", "?span=day", "?span=year&by=holder", "?by=kind", "?by=channel&span=week"):
            browser_of(name).open(f"/cases/figures{query}")
            with counted_queries() as seen:
                assert browser_of(name).open(f"/cases/figures{query}").status == 200
            assert len(seen) <= 8, (name, query, "\n".join(seen))


@pytest.mark.parametrize("name", ["cun", "wangge", "xitong", "shenji"])
def test_who_has_not_the_permission_is_turned_away(county, browser_of, name):
    for path in ("/cases/figures", "/cases/figures/sheet"):
        assert browser_of(name).open(path).status == 403, path


def test_nonsense_in_the_address_shows_this_month(county, browser_of):
    for query in ("span=x", "at=x", "at=9999-12-31", "at=0001-01-01", "by=x", "kind=x", "at=2027-01-01", "sort=-"):
        assert "2026 年 11 月" in browser_of("zhen").open(f"/cases/figures?{query}").text, query


def test_the_neighbour_town_sees_nothing_of_the_others(county, browser_of, stage):
    with stage.test_request_context():
        own = Case.select().where(Case.town_id == unit(OTHER_TOWN).id).count()
        years = [table_of(person("linzhen"), Period.of("year", datetime.date(year, 1, 1)), "unit").total
                 for year in (2025, 2026)]
        assert sum(total.counts["opened"] for total in years) == own
    assert unit(VILLAGE).short not in browser_of("linzhen").open("/cases/figures?span=year").text
    browser_of("linzhen").open(f"/cases/?unit={unit(VILLAGE).id}&direct=1")
    assert browser_of("linzhen").status == 404


def test_a_list_says_what_it_is_filtered_by(county, browser_of):
    holder = unit(VILLAGE)
    text = unescape(browser_of("zhen").open(
        f"/cases/?by=due&since=2026-11-01&timing=missed&mark=redone&rated=3&holder={holder.id}&common=1").text)
    for label in ("应办结不早于 2026-11-01", "按应办结日期", "没有按期办结", "发回重办过", "基本满意以上",
                  f"承办：{holder.short}"):
        assert label in text, label
    for query in ("by=x", "timing=x", "mark=x", "rated=2", "common=x", "direct=1"):
        assert 'class="tag"' not in browser_of("zhen").open(f"/cases/?{query}").text, query
    for holder_id in ("999999", "-1", "x", "9" * 30):
        assert browser_of("zhen").open(f"/cases/?holder={holder_id}").status == 404, holder_id


def test_the_sheet_holds_the_table_with_sums_as_formulas(county, browser_of):
    browser = browser_of("lingdao").open("/cases/figures/sheet?span=year")
    assert browser.status == 200 and browser.response.mimetype.endswith("spreadsheetml.sheet")
    book = zipfile.ZipFile(io.BytesIO(browser.response.data))
    words, cells = (book.read(f"xl/{name}").decode() for name in ("sharedStrings.xml", "worksheets/sheet1.xml"))
    for word in ("填报单位：三台县", "按期办结率", "期限内办结", "合计", "审核人：", unit(TOWN).short):
        assert word in words, word
    assert "SUM(" in cells and 'orientation="landscape"' in cells


def test_the_list_opens_where_the_figure_points_to(county, browser_of):
    """Through the door: the first linked figure of the sums leads to as many rows, and the page says what they are."""
    browser = browser_of("lingdao").open("/cases/figures?span=year")
    sums = browser.text.split("<tfoot>")[1]
    links = re.findall(r'<a(?: class="fraction")? href="(/cases/\?[^"]+)">([\d,]+)(?: /[^<]*)?</a>', sums)
    assert len(links) > 10
    for url, number in links:
        assert rows_behind(browser, unescape(url)) == int(number.replace(",", "")), url
        browser.open(unescape(url))
        assert 'class="tag"' in browser.text or "phase=overdue" in url


def test_whether_fairly_satisfied_counts_is_for_the_county_to_say(app, sign_in):
    with app.test_request_context():
        case = move(matter(of="居民养老保险参保"), ("settle", "cun"))
        rate(case, person("cun"), 3, "screen")

    def content():
        text = sign_in("lingdao").open("/cases/figures").text
        return re.search(r">满意率</span>.*?(\d+) / (\d+)</span>", text, re.S).groups()

    assert content() == ("1", "1")
    sign_in("xitong").send("/org/settings/cases.fair_counts", value="")
    assert content() == ("0", "1")


def test_what_only_those_named_on_it_see_is_in_nobodys_figures_and_not_in_the_lists_behind(app, sign_in, monkeypatch):
    with app.test_request_context():
        plugin, kind = kinds() and app.extensions["portal_kinds"]["station.request"]
        hidden = plugin, dataclasses.replace(kind, restricted=True)
        monkeypatch.setitem(app.extensions["portal_kinds"], "station.request", hidden)
        plain(VILLAGE, "shuji")
        plain(VILLAGE, "shuji", restricted=True, title="举报：村账目不清")
        assert tallies.differences() == []
        for span in ("day", "month"):
            for name in ("shuji", "lingdao"):
                table = table_of(person(name), Period.of(span, now().date()), "unit")
                url = _Lists(table, "").of(table.total, "opened")
                assert table.total.counts["opened"] == 1 == rows_behind(sign_in(name), url), (span, name)
    text = sign_in("shuji").open("/cases/figures").text
    assert "不计入任何人的统计" in text


def test_a_due_moment_that_moves_takes_its_count_along(app):
    """A pause takes it out, the clock that runs again brings it back elsewhere, the closing keeps it."""
    def due():
        return {row.period: row.due for row in Flow.select().where(Flow.axis == "place", Flow.due != 0)}

    with app.test_request_context():
        with time_machine.travel(MOMENT, tick=False):
            case = move(matter(), ("accept", "cun"))
            first = Case.get_by_id(case.id).due
            assert due() == dict.fromkeys(tallies.periods(first.date()), 1)
            case = _turn(case, clock.pause, "公示")
            assert due() == {} and tallies.differences() == []
        with time_machine.travel(MOMENT + datetime.timedelta(days=9), tick=False):
            case = _turn(case, clock.resume)
            second = Case.get_by_id(case.id).due
            assert second > first and due() == dict.fromkeys(tallies.periods(second.date()), 1)
            move(case, ("withdraw", "cun"))
            assert due() == {} and tallies.differences() == []


def _turn(case, turn, *more):
    """Let the clock stand still, or run again, as a step does."""
    with atomic():
        held = locked(case.id)
        turn(held, *more, now())
        held.save()
        timeline.append(held, person("cun"), step="turn", title="停表或恢复", at=now(), from_state=held.state)
    return held


def test_nothing_is_counted_of_a_part_that_was_rolled_back(app):
    with app.test_request_context():
        case = matter()
        with atomic():
            with pytest.raises(RuntimeError), atomic():
                move(case, ("accept", "cun"))
                matter()
                raise RuntimeError
            matter()
        assert Case.select().count() == 2 and tallies.differences() == []


def test_a_timeline_grows_only_under_a_case_that_is_held(app):
    """Otherwise the counters could not know how it stood before."""
    with app.test_request_context():
        case = matter()
        with pytest.raises(RuntimeError), atomic():
            timeline.append(case, person("cun"), step="note", title="备注", at=now(), from_state=case.state)


@given(st.randoms(use_true_random=False))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_happens_in_whatever_order_the_counters_equal_a_recount(app, chance):
    """Cases of several months are opened, moved, paused, rated, handed on, several in one transaction, some of it
    rolled back; then every counter is what a recount gives."""
    people = {name: person(name) for name in ACTORS}
    with app.test_request_context():
        for number in range(4):
            try:
                with atomic():
                    for _ in range(chance.randrange(1, 3)):
                        _one(chance, people, number)
                    if chance.random() < 0.25:
                        raise InterruptedError
            except InterruptedError:
                pass
            for case in Case.select().where(Case.closed.is_null()).limit(2):
                if case.due and chance.random() < 0.5:
                    _turn(case, clock.pause, "公示")
                elif case.paused_at and chance.random() < 0.5:
                    _turn(case, clock.resume)
        assert tallies.differences() == []


def test_the_commands_find_what_lies_and_write_it_anew(app, cast):
    with app.test_request_context():
        move(matter(), ("accept", "cun"))
    run = CliRunner()
    with app.app_context():
        assert "一致" in run.invoke(tally_commands, ["check"]).output
        Flow.update(due=Flow.due + 1).execute()
        Tally.delete().execute()
        lying = run.invoke(tally_commands, ["check"])
        assert lying.exit_code == 1 and "计数不符" in lying.output and "流量不符" in lying.output
        assert run.invoke(tally_commands, ["rebuild"]).exit_code == 0
        assert "一致" in run.invoke(tally_commands, ["check"]).output
