"""作废: a case that was registered by mistake ends with its reason, and its number is never given out again."""

import datetime

import pytest

from portal.audit.models import AuditEntry
from portal.cases import tallies, voiding
from portal.cases.checks import findings
from portal.cases.models import Case, CaseEvent
from portal.cases.numbers import take_number, void_number
from portal.cases.proof_models import VoidNumber
from portal.db import atomic, now
from portal.org.models import OrgSetting
from portal.values import Conflict, Refused
from tests.cases.making import in_threads, matter, move, post
from tests.grid.door import report
from tests.mediation.door import register
from tests.people_of_the_county import COUNTY, VILLAGE, person, unit


@pytest.fixture
def case(app):
    with app.test_request_context():
        return matter()


def void(browser, case, **said):
    """Fill in the form; where it is refused, the browser is on the page that says why."""
    url = f"/cases/{case.id}/void"
    browser.open(url)
    forms = [form for form in browser.forms() if "reason" in form.names]
    return browser.submit(forms[0], url, **{"reason": "重复登记", **said}) if forms else browser


def test_whoever_registered_it_voids_it_and_the_number_is_kept_with_the_reason(case, sign_in):
    browser = sign_in("cun")
    assert "作废" in browser.open(f"/cases/{case.id}").text
    void(browser, case, reason="登记到了别的村")
    assert browser.status == 200 and "已作废" in browser.text
    assert "没有答复，因为登记错误，编号作废：登记到了别的村" in browser.text
    found = Case.get_by_id(case.id)
    assert (found.phase, found.state, found.due) == ("cancelled", "voided", None) and found.closed
    kept = VoidNumber.get()
    assert (kept.text, kept.reason, kept.by_name, kept.case_id) == (case.number, "登记到了别的村", "李秀英", case.id)
    assert [event.step for event in CaseEvent.select().order_by(CaseEvent.id)][-1] == "void"
    assert AuditEntry.get(AuditEntry.action == "cases.void").detail["number"] == case.number
    assert findings() == [] and tallies.differences() == []


def test_the_next_case_gets_the_next_number(case, app):
    with app.test_request_context():
        voiding.void(case, person("cun"), "重复登记")
        assert int(matter().number[-4:]) == int(case.number[-4:]) + 1
    assert findings() == []


def test_the_unit_s_head_may_too_but_no_colleague_and_no_neighbour(case, sign_in):
    assert sign_in("linjia").open(f"/cases/{case.id}/void").status == 404
    for name in ("wangge", "zhen"):
        browser = sign_in(name)
        void(browser, case)
        assert "只有登记它的人" in browser.text or browser.status in (403, 404), name
        assert "/void" not in browser.open(f"/cases/{case.id}").text
    assert Case.get_by_id(case.id).is_open
    void(sign_in("shuji"), case)
    assert Case.get_by_id(case.id).state == "voided"


def test_nobody_without_the_permission(case, sign_in):
    assert sign_in("lingdao").open(f"/cases/{case.id}/void").status == 403


def test_not_once_somebody_acted_on_it(case, app, sign_in):
    with app.test_request_context():
        move(case, ("accept", "cun"))
    browser = sign_in("cun")
    assert "/void" not in browser.open(f"/cases/{case.id}").text
    browser.open(f"/cases/{case.id}/void")
    assert "李秀英已经办了“受理”" in browser.text
    with pytest.raises(Refused, match="已经办了"):
        voiding.void(case, person("cun"), "重复登记")


def test_a_note_is_no_act(case, sign_in):
    browser = sign_in("cun")
    browser.send(f"/cases/{case.id}/notes", text="好像登记重了")
    void(browser, case)
    assert Case.get_by_id(case.id).state == "voided"


@pytest.mark.parametrize("days, late, done", [(None, 2, True), (None, 4, False), (10, 9, True), (1, 2, False)])
def test_only_within_the_days_that_the_county_set(app, sign_in, days, late, done):
    with app.test_request_context():
        case = matter(at=now() - datetime.timedelta(days=late))
    if days is not None:
        OrgSetting.create(unit=unit(COUNTY), name="cases.void_days", value=days, by_name="", at=now())
    browser = sign_in("cun")
    void(browser, case)
    assert (Case.get_by_id(case.id).state == "voided") is done
    assert done or "不能再作废" in browser.text


def test_a_reason_is_asked_for_and_what_was_written_is_kept(case, sign_in):
    browser = sign_in("cun")
    void(browser, case, reason="  ")
    assert browser.status == 422 and Case.get_by_id(case.id).is_open
    void(browser, case, reason="长" * 10_000)
    assert browser.status == 422 and Case.get_by_id(case.id).is_open


def test_a_voided_case_can_do_nothing_any_more(case, app, sign_in):
    with app.test_request_context():
        voiding.void(case, person("cun"), "重复登记")
        with pytest.raises(Refused):
            move(case, ("accept", "cun"))
        with pytest.raises(Refused, match="已经办结或撤销"):
            voiding.void(case, person("cun"), "重复登记")
    page = sign_in("cun").open(f"/cases/{case.id}").text
    assert "/steps/" not in page and "已作废" in page


def test_of_two_at_once_one_voids_it(case, app):
    def job(name):
        def run():
            who = person(name)
            try:
                voiding.void(case, who, "重复登记", version=case.version)
            except (Refused, Conflict) as refused:
                return type(refused).__name__
            return "done"

        return run

    assert sorted(in_threads(app, job("cun"), job("shuji")))[1] == "done"
    assert VoidNumber.select().count() == 1 and findings() == []


def test_a_stale_screen_is_told_so(case, app, sign_in):
    browser = sign_in("cun")
    browser.open(f"/cases/{case.id}/void")
    form = browser.form(["reason"])
    with app.test_request_context():
        move(case, ("accept", "cun"))
    browser.submit(form, f"/cases/{case.id}/void", reason="重复登记")
    assert browser.status == 409 and "重复登记" in browser.text


def test_the_list_by_unit_and_year_shows_the_own_area(case, app, sign_in):
    with app.test_request_context():
        voiding.void(case, person("cun"), "重复登记")
    for name, seen in (("cun", True), ("zhen", True), ("lingdao", True), ("linzhen", False), ("lincun", False)):
        text = sign_in(name).open("/cases/voids").text
        assert (case.number in text) is seen, name
    browser = sign_in("zhen")
    assert "没有作废的编号" in browser.open(f"/cases/voids?year={now().year - 1}").text
    assert case.number in browser.open(f"/cases/voids?year={now().year}&unit={unit(VILLAGE).id}").text
    assert browser.open("/cases/voids?year=99999").status == 404


def test_a_paper_s_number_is_void_with_its_reason_and_only_once(app):
    who, where = person("cun"), unit(VILLAGE)
    with atomic():
        assert [take_number("ZZ", where, 2026) for _ in range(2)] == [1, 2]
        void_number("ZZ", where, 2026, 2, "写错了", who, text="第 2 号")
        for number, reason, sentence in ((2, "又写错", "已经作废"), (3, "没发出", "还没有发出"), (1, " ", "理由")):
            with pytest.raises(Refused, match=sentence):
                void_number("ZZ", where, 2026, number, reason, who)
    assert VoidNumber.get().village_id == where.id
    told = [one.sentence for one in findings()]
    assert told == ["华光村村民委员会 2026 年文书第 1 号发出过，却没有文书，也没有作废登记。"]


def test_a_void_number_can_neither_be_changed_nor_taken_back(case, app):
    with app.test_request_context():
        voiding.void(case, person("cun"), "重复登记")
    for sql in ("DELETE FROM cases_void_number", "UPDATE cases_void_number SET reason = 'x'"):
        with pytest.raises(Exception, match="append-only"), atomic():
            VoidNumber._meta.database.execute_sql(sql)


def test_a_void_of_a_mistaken_address_is_a_404(sign_in):
    browser = sign_in("cun")
    post(browser, "/cases/999999/void", reason="x")
    assert browser.status == 404


def test_a_matter_of_every_platform_can_be_voided_and_its_page_stands(app, sign_in):
    """A grid event and a dispute: the plugins know nothing of the state 已作废."""
    worker, mediator = sign_in("wangge"), sign_in("tiaojie")
    event = report(worker)
    dispute = register(mediator)
    for browser, case in ((worker, event), (mediator, dispute)):
        void(browser, case)
        assert "已作废" in browser.text, case.kind
        assert Case.get_by_id(case.id).state == "voided"
        assert browser.open(f"/cases/{case.id}").status == 200
    for browser, page in ((worker, "/grid/events"), (mediator, "/mediation/"), (worker, "/cases/?phase=cancelled")):
        assert browser.open(page).status == 200, page
    page = sign_in("zhen").open("/cases/voids").text
    assert dispute.number in page and "内容不公开" in page and "重复登记" not in page, "why is for those named on it"
    assert "重复登记" in mediator.open("/cases/voids").text
    assert findings() == []
