"""The check finds each row that was changed by SQL, names it, keeps its result, and tells the administrators."""

import datetime
import threading

import pytest
import time_machine

from portal.cases import checks, self_check, voiding, walking
from portal.cases.counter_models import Series
from portal.cases.models import Case, Reply
from portal.cases.proof_models import CheckRun
from portal.db import atomic, database, now
from portal.notify import Notice
from portal.people import erasing
from portal.registry import registry_of
from portal.values import Finding, Refused
from tests.cases.making import in_threads, matter, move, plain
from tests.people_of_the_county import NEXT_VILLAGE, VILLAGE, person, unit


@pytest.fixture
def case(app):
    """An answered case beside an open one."""
    with app.test_request_context():
        matter()
        return move(matter(of="居民养老保险参保"), ("settle", "cun"))


def run(sql: str) -> None:
    with atomic():
        database.execute_sql(sql)


def told() -> list[str]:
    return checks.examined(checks.silent)[0]


def test_a_sound_ledger_has_no_breach_and_every_row_was_looked_at(case):
    sentences, rows = checks.examined(checks.silent)
    assert sentences == [] and rows >= 2 + 3


@pytest.mark.parametrize("sql", [
    "UPDATE cases_reply SET text = '什么也没说'", "DELETE FROM cases_reply",
    "INSERT INTO cases_reply (county_id, case_id, at, by_name, channel, text) "
    "SELECT county_id, case_id, at, by_name, channel, '又说' FROM cases_reply",
])
def test_a_changed_answer_is_found(case, sql):
    assert Reply.select().exists()
    run(sql)
    assert told() == [f"案件 {case.number} 的答复与经过里写的不符。"]


def test_a_phase_that_is_not_that_of_the_state_is_found(case):
    run(f"UPDATE cases_case SET phase = 'cancelled' WHERE id = {case.id}")
    assert f"案件 {case.number} 的环节与阶段不符。" in told()


def test_an_open_case_with_a_closed_unit_is_found(case):
    other = Case.select().where(Case.id != case.id).get()
    run(f"UPDATE org_unit SET valid_to = '2026-01-01' WHERE id = {other.unit_id}")
    assert told() == [f"案件 {other.number} 没有人能往下办：承办单位已停用，或没有下一步。"]


def test_a_moment_of_registration_that_was_moved_is_found(case):
    run(f"UPDATE cases_case SET opened = '2026-01-05 09:00:00' WHERE id = {case.id}")
    assert f"案件 {case.number} 的登记时间与经过不符。" in told()


def test_an_answer_that_lost_the_name_of_an_erased_person_is_no_breach_and_a_missing_one_is(app):
    with app.test_request_context():
        case = move(matter(of="居民养老保险参保"), ("settle", "cun", {"reply": "王秀兰，已经办好"}))
        with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=11 * 366), tick=False):
            assert erasing.erase(case.resident_id, "erase", "本人到场要求", person("xian")) == []
    assert Reply.get().text == "某某，已经办好" and told() == []
    run("DELETE FROM cases_reply")
    assert told() == [f"案件 {case.number} 的答复与经过里写的不符。"]


def test_a_deleted_case_leaves_its_timeline_and_a_gap(app):
    with app.test_request_context():
        cases = [plain() for _ in range(3)]
    gone = cases[1]
    if app.config["PORTAL"]["database"].startswith("postgres"):
        run("SET LOCAL session_replication_role = replica; DELETE FROM cases_case WHERE id = " + str(gone.id))
    else:
        database.execute_sql("PRAGMA foreign_keys = 0")
        run(f"DELETE FROM cases_case WHERE id = {gone.id}")
        database.execute_sql("PRAGMA foreign_keys = 1")
    found = told()
    assert f"案件（第 {gone.id} 行）被删去了，它的经过还在。" in found
    assert f"编号 {gone.number} 发出过，台账里却没有：案件被删去或改了编号。" in found


@pytest.mark.parametrize("sql, sentence", [
    ("UPDATE cases_series SET last = last + 2", "-0003、{stem}-0004 发出过，台账里却没有"),
    ("UPDATE cases_series SET last = last - 1", "-0002 不是号段发出的"),
    ("DELETE FROM cases_series", "-0001、{stem}-0002 不是号段发出的"),
    ("UPDATE cases_case SET number = '{stem}-0009' WHERE number = '{stem}-0002'", "-0009 不是号段发出的"),
    ("UPDATE cases_case SET number = '{stem}-0009' WHERE number = '{stem}-0002'", "-0002 发出过"),
    ("UPDATE cases_case SET number = 'X' WHERE number = '{stem}-0002'", "X 不合规则"),
])
def test_a_changed_series_or_number_is_named(case, sql, sentence):
    stem = case.number[:-5]
    run(sql.format(stem=stem))
    assert any(sentence.format(stem=stem) in one for one in told())


def test_a_number_that_others_have_too_is_looked_at_by_its_own_village(app):
    with app.test_request_context():
        plain()
        plain(NEXT_VILLAGE, "lincun")
    assert told() == []
    Series.update(last=2).where(Series.unit_id == unit(VILLAGE).id).execute()
    assert told() == [f"编号 FW104204-{now().year}-0002 发出过，台账里却没有：案件被删去或改了编号。"]


def test_the_numbers_of_papers_are_looked_at(app, monkeypatch):
    """As a plugin tells them: the second of three is on no paper."""
    where = unit(VILLAGE)
    Series.create(unit_id=where.id, prefix="RT9", year=2026, last=3)
    monkeypatch.setattr("portal.cases.series.paper_numbers", lambda: {("RT9", where.id, 2026): {1, 3, 4}})
    assert told() == ["华光村村民委员会 2026 年文书第 2 号发出过，却没有文书，也没有作废登记。",
                      "华光村村民委员会 2026 年文书第 4 号不是号段发出的。"]


def test_with_workers_it_finds_the_same_while_others_write(app, case, monkeypatch):
    """Two processes look at one moment; clerks who go on writing meanwhile make no false breach."""
    monkeypatch.setattr(walking, "WORTH_WORKERS", 0)
    monkeypatch.setattr(checks, "PIECE", 1)
    run(f"UPDATE cases_case SET due = '2030-01-01 17:30:00' WHERE id = {case.id}")
    done, who, where = threading.Event(), person("cun"), unit(VILLAGE)

    def clerk():
        number = 0
        while not done.is_set() and number < 60:
            plain(place=where, who=who)
            number += 1
        return number

    def check():
        try:
            return told()
        finally:
            done.set()

    found = in_threads(app, clerk, check)
    assert [f"案件 {case.number} 现在的环节、承办单位或期限与经过不符。"] in found, found
    assert any(isinstance(one, int) and one > 0 for one in found), found


# -- kept results --------------------------------------------------------------------------------------------------

def test_the_nightly_run_keeps_its_result_and_tells_nobody_of_a_sound_ledger(case):
    assert "没有发现问题" in self_check.nightly()
    kept = CheckRun.get()
    assert kept.ended and kept.rows > 5 and (kept.count, kept.breaches) == (0, [])
    assert not Notice.select().where(Notice.topic == "cases.check").exists()


def test_a_breach_is_kept_and_told_to_the_system_administrators_alone(case, cast, sign_in):
    run(f"UPDATE cases_case SET due = '2030-01-01 17:30:00' WHERE id = {case.id}")
    assert "发现 1 处问题" in self_check.nightly()
    notices = list(Notice.select().where(Notice.topic == "cases.check"))
    assert [one.user_id for one in notices] == [cast["xitong"]] and case.number in notices[0].text
    page = sign_in("xitong").open(notices[0].url)
    assert page.status == 200 and case.number in page.text and "不要自己改数据库" in page.text
    assert "1 处问题" in sign_in("xitong").open("/cases/check").text


def test_the_administrator_asks_for_one_and_the_job_takes_it_up(case, sign_in):
    browser = sign_in("xitong")
    browser.open("/cases/check")
    browser.submit(browser.form(action="/cases/check"))
    assert "已排上" in browser.text and "等待运行" in browser.text and "现在自检" not in browser.text
    browser.post("/cases/check", follow=True)
    assert "已有一次自检在等待" in browser.text and CheckRun.select().count() == 1
    assert "没有发现问题" in self_check.asked()
    assert "等待运行" not in browser.open("/cases/check").text and self_check.asked() is None
    assert CheckRun.get().asked_name == "马骏"


def test_one_that_broke_off_does_not_close_the_way_for_ever(case, cast):
    long_ago = now().replace(year=2025)
    CheckRun.create(asked=long_ago, started=long_ago)
    self_check.ask(person("xitong"))
    with pytest.raises(Refused):
        self_check.ask(person("xitong"))


def test_only_the_system_administrator_sees_the_checks(sign_in):
    for name in ("cun", "zhen", "lingdao", "anquan", "shenji", "zhenguan"):
        browser = sign_in(name)
        assert browser.open("/cases/check").status == 403 and browser.open("/cases/check/1").status == 403, name


def test_what_is_summed_up_counts_for_as_many_as_it_stands_for(case, app, monkeypatch):
    monkeypatch.setattr(registry_of(app), "collect", lambda *_, **__: [
        (None, Finding("一处")), (None, Finding("……另有 30 处", count=30)), (None, Finding("提醒", serious=False))])
    found = self_check.found_everywhere()
    assert found.count == 31 and found.warnings == ["提醒"]


def test_a_voided_case_is_no_breach(app):
    with app.test_request_context():
        voiding.void(matter(), person("cun"), "重复登记")
    assert told() == []
