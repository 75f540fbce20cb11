"""Two counties on two servers, and their province on a third: what it shows, and what it says is missing."""

import re
import time
from collections import Counter

import psycopg
import pytest
from click.testing import CliRunner

from portal.accounts import acting_as
from portal.cases.figures import table_of
from portal.cases.models import Case
from portal.cases.periods import Period
from portal.db import database, today
from portal.org.models import Unit
from portal.province import asking, attaching, offering
from portal.province.commands import county
from portal.values import Refused
from tests.spread.conftest import REGION, where
from tests.spread.seats import add_person
from tests.station.door import receive

pytestmark = pytest.mark.postgres
PAGE = "/province/figures"


@pytest.fixture(autouse=True)
def all_there(province):
    """Each test begins with both servers running and nothing remembered of earlier failures."""
    for server in province.servers:
        if not (server.folder / "postmaster.pid").exists():
            server.start()
    asking._away.clear()


@pytest.fixture
def page(province):
    """Return a function that opens the province's page and returns its text."""
    def page(url: str = PAGE) -> str:
        with province.top.opened():
            browser = province.top.sign_in("shi").open(url)
            assert browser.status == 200, browser.text
            return browser.text
    return page


def figures(text: str) -> dict[str, list[str]]:
    """Return {first column: the others} of the table on the page."""
    table = text.split('figures-table">')[1].split("</table>")[0]
    found = {}
    for row in re.findall(r"<tr[ >].*?</tr>", table.split("<tbody>")[1], re.S):
        name = re.search(r'<th scope="row"[^>]*>([^<]+)', row)[1]
        found[name] = re.findall(r"<td[^>]*>(?:<span[^>]*>)?([^<]*)", row)
    return found


def own_counts(seat, code: str) -> Counter:
    """Return what the county's own page of figures says of this month."""
    with seat.opened():
        return table_of(acting_as(f"xian{code}"), Period.of("month", today()), "unit").total.counts


def test_the_province_shows_each_county_and_their_sum(province, page):
    found = figures(page())
    ours = {code: own_counts(province.seats[code], code) for code in ("510722", "510723")}
    assert [found[name][0] for name in ("三台县", "盐亭县", "合计")] == ["2", "3", "5"]
    with province.top.opened():
        answers = asking.ask(Period.of("month", today()), Unit.get(Unit.code == REGION))
    for answer in answers:
        summed = sum(answer.counts.values(), Counter())
        for name in ("opened", "closed", "due", "overdue", "kept", "cancelled"):
            assert summed[name] == ours[answer.county.code[:6]][name], (answer.county.code, name)


def test_a_question_about_one_county_goes_to_its_server_alone(province):
    with province.top.opened(), asking._patient():
        def plan(codes: list[str]) -> str:
            sql = "EXPLAIN (VERBOSE) " + asking.flows_sql(codes, ["2026-11"])
            return "\n".join(row for (row,) in database.execute_sql(sql, (*codes, "2026-11")).fetchall())

        alone, both = plan(["510722000000"]), plan(["510722000000", "510723000000"])
    assert alone.count("Foreign Scan") == 1 and "flow_510723" not in alone
    assert both.count("Async Foreign Scan") == 2, "all servers are asked at once"
    assert both.count("Remote SQL: SELECT code, kind, sum(") == 2, "each server does its own sums"


def test_where_one_server_stops_the_other_county_works_and_the_page_says_what_is_missing(province, page):
    page()
    stopped, _, _ = province.servers
    stopped.stop()
    began = time.monotonic()
    text = page()
    assert time.monotonic() - began < 3
    assert "三台县暂时连不上（最后一次取得：" in text and "<b>合计不含</b>" in text
    found = figures(text)
    assert [found[name][0] for name in ("三台县", "盐亭县", "合计")] == ["2", "3", "3"]
    assert "不含 三台县" in text and "盐亭县暂时连不上" not in text

    other = province.seats["510723"]
    with other.opened():
        window = other.sign_in("cun510723")
        case = receive(window)
        assert window.open("/cases/").status == 200 and case.number in window.text
        assert other.sign_in("xian510723").open("/cases/figures").status == 200
        Case.get_by_id(case.id)
    assert figures(page())["合计"][0] == "4", "what was written meanwhile is counted"

    stopped.start()
    asking._away.clear()
    text = page()
    assert "暂时连不上" not in text and figures(text)["合计"][0] == "6"


def test_a_county_that_does_not_answer_is_left_alone_for_a_minute(province, page, monkeypatch):
    page()
    province.servers[0].stop()
    page()
    tried = []
    monkeypatch.setattr(asking, "_figures", lambda codes, *rest, ask=asking._figures: tried.append(codes) or ask(
        codes, *rest))
    assert "三台县暂时连不上" in page()
    assert tried == [["510723000000"]]


def test_a_server_that_takes_the_call_and_never_answers_costs_a_moment(province, page, silent_port):
    page()
    with province.top.opened():
        database.execute_sql(f"ALTER SERVER county_510722000000 OPTIONS (SET port '{silent_port}')")
    try:
        began = time.monotonic()
        text = page()
        assert time.monotonic() - began < 4 and "三台县暂时连不上" in text
        began = time.monotonic()
        page()
        assert time.monotonic() - began < 1.5
    finally:
        with province.top.opened():
            database.execute_sql(
                f"ALTER SERVER county_510722000000 OPTIONS (SET port '{province.servers[0].port}')")


@pytest.fixture
def silent_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_with_both_away_the_page_still_opens_and_a_period_never_asked_has_no_figures(province, page):
    for server in province.servers[:2]:
        server.stop()
    text = page(f"{PAGE}?span=year&at=2020-01-01")
    assert "有 2 个县的数字没有取得" in text and "这一期还没有取得过" in text
    found = figures(text)
    assert found["三台县"][0] == "—" and found["合计"][0] == "0"


def test_the_sheet_says_what_is_missing(province, page):
    province.servers[0].stop()
    with province.top.opened():
        answer = province.top.sign_in("shi").client.get(f"{PAGE}/sheet")
    assert answer.status_code == 200 and answer.mimetype.endswith("spreadsheetml.sheet")


# -- who sees what -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["cun", "zhen", "xian", "lingdao", "xitong"])
def test_nobody_in_a_county_sees_the_page_or_its_menu(province, name):
    seat = province.seats["510722"]
    with seat.opened():
        browser = seat.sign_in(f"{name}510722").open("/")
        assert "全省（市）数字" not in browser.text
        for url in (PAGE, f"{PAGE}/sheet"):
            assert browser.client.get(url).status_code in (403, 404)


def test_a_city_sees_its_own_counties_and_not_those_of_another_one(province):
    with province.top.opened():
        add = {"level": "region", "parent": Unit.get(Unit.code == REGION)}
        for code, name in (("510800000000", "广元市"), ("511000000000", "内江市")):
            Unit.add(code=code, name=name, **add)
        add_person("lin", "510800000000", "region_staff")
        other = province.top.sign_in("lin").open(PAGE)
        assert other.status == 200 and not re.search("三台县|盐亭县", other.text), "nor any figure of theirs"
        assert [answer.county.code for answer in asking.ask(Period.of("month", today()), Unit.get(Unit.code == REGION))
                ] == ["510722000000", "510723000000"]
        assert [asking._stem(Unit.get(Unit.code == code)) for code in ("511000000000", REGION)] == ["5110", "5107"]
        assert asking._stem(Unit(code="510000000000")) == "51"


def test_the_province_sees_no_case(province):
    with province.top.opened():
        browser = province.top.sign_in("shi").open("/")
        assert browser.status == 200 and "全省（市）数字" in browser.text
        for url in ("/cases/", "/cases/1", "/cases/figures", "/people/", "/cases/desk"):
            assert browser.client.get(url).status_code in (403, 404), url


def test_the_role_of_the_province_reads_sums_and_not_one_table(province):
    with psycopg.connect(where(province.servers[0]), autocommit=True) as connection:
        assert connection.execute("SELECT sum(opened) FROM province.flow WHERE period = '2026'").fetchone()
        for table in ("cases_case", "cases_flow", "people_resident", "accounts_user", "cases_event"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT 1 FROM {table}")


def test_a_function_of_the_province_sees_no_row_that_the_sums_leave_out(province):
    """A view without a barrier asks first what is cheap: a function of one's own is told each row."""
    with psycopg.connect(where(province.servers[0])) as connection:
        connection.execute("CREATE FUNCTION pg_temp.told(word text) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS "
                           "$$ BEGIN RAISE NOTICE 'row: %', word; RETURN true; END $$")
        told = []
        connection.add_notice_handler(lambda notice: told.append(notice.message_primary))
        rows = connection.execute("SELECT name FROM province.county WHERE pg_temp.told(name)").fetchall()
    assert told == [f"row: {name}" for (name,) in rows] == ["row: 三台县"]


# -- attaching -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("code", "address", "says"), [
    ("510722", "postgresql://province@127.0.0.1/x", "12 位"),
    ("510722000000", "http://province@127.0.0.1/x", "地址不完整"),
    ("510722000000", "postgresql://127.0.0.1/x", "地址不完整"),
    ("510722000000", "postgresql://province@127.0.0.1:1/x", "没有接上"),
    ("510799000000", None, "没有编码为 510799000000 的县"),
])
def test_what_cannot_be_attached_is_refused_and_changes_nothing(province, page, code, address, says):
    with province.top.opened():
        with pytest.raises(Refused) as refused:
            attaching.attach(code, address or where(province.servers[0]))
    assert says in refused.value.sentence
    assert [name for name in figures(page())] == ["三台县", "盐亭县", "合计"]


def test_a_county_can_be_detached_and_attached_again(province, page):
    with province.top.opened():
        attaching.detach("510723000000")
    assert list(figures(page())) == ["三台县", "合计"]
    with province.top.opened():
        attaching.attach("510723000000", where(province.servers[1]))
    assert list(figures(page())) == ["三台县", "盐亭县", "合计"]


def test_the_address_with_its_password_need_not_stand_in_the_command(province, page):
    with province.top.opened():
        done = CliRunner().invoke(county, ["attach", "510723000000", "-"], input=where(province.servers[1]) + "\n")
    assert done.exit_code == 0 and "已接上 盐亭县" in done.output
    assert list(figures(page())) == ["三台县", "盐亭县", "合计"]


def test_only_a_known_plain_role_is_let_in(province):
    with province.seats["510722"].opened():
        for role, says in (("nobody_knows", "没有账号"), ("portal", "什么都能读")):
            with pytest.raises(Refused) as refused:
                offering.offer(role)
            assert says in refused.value.sentence
        assert offering.readers() == ["province"]


def test_a_role_that_reads_more_than_sums_is_not_let_in(province):
    province.servers[0].ask("CREATE ROLE reader LOGIN IN ROLE pg_read_all_data")
    try:
        with province.seats["510722"].opened():
            with pytest.raises(Refused) as refused:
                offering.offer("reader")
            assert "还能读" in refused.value.sentence and offering.readers() == ["province"]
    finally:
        province.servers[0].ask("DROP ROLE reader")


def test_what_is_offered_steps_aside_while_tables_are_changed(province, page):
    with province.seats["510722"].opened(), offering.taken_down():
        assert "三台县暂时连不上" in page()
    asking._away.clear()
    assert "暂时连不上" not in page()
