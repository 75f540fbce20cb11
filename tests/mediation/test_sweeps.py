"""排查: what was found is counted from the register, zero is said, what is open rolls on; and the figures."""

import datetime

import pytest

from plugins.mediation.figures import Figures, strip_of
from plugins.mediation.models import Sweep
from portal.cases.models import Case
from portal.db import now, today
from tests.mediation.door import TO_MEDIATING, TO_PERFORMING, committee, go, register
from tests.people_of_the_county import VILLAGE, unit

FIRST = str(today() - datetime.timedelta(days=10))


@pytest.fixture
def office(sign_in):
    committee(sign_in("shuji"))
    return sign_in("tiaojie")


def report(browser, **fields):
    filled = {"unit_id": str(unit(VILLAGE).id), "since": FIRST, "until": str(today()), **fields}
    return browser.send("/mediation/sweeps/new", **filled)


def test_what_was_found_is_counted_not_typed(office):
    register(office)
    register(office, channel="asked")
    report(office)
    assert Sweep.get().found == 1 and "张*国与张*华" in office.text and "张建国" not in office.text


def test_zero_must_be_said_and_must_be_true(office):
    report(office)
    assert office.status == 422 and "请先登记纠纷，或勾选零报告" in office.text
    register(office)
    report(office, zero="y")
    assert office.status == 422 and "不能作零报告" in office.text
    report(office, since=str(today()), until=FIRST)
    assert office.status == 422 and "结束日期不能早于开始日期" in office.text
    assert Sweep.select().count() == 0


def test_the_same_days_are_not_reported_twice(office):
    register(office)
    report(office)
    report(office)
    assert office.status == 422 and "已经报过排查" in office.text and Sweep.select().count() == 1


def test_what_is_open_rolls_on_into_the_next_period(office):
    case = register(office)
    Case.update(opened=now() - datetime.timedelta(days=30)).where(Case.id == case.id).execute()
    report(office, zero="y")
    assert Sweep.get().open == 1
    text = office.open(f"/mediation/sweeps/{Sweep.get().id}").text
    assert "零报告" in text and "滚动到本期" in text and case.number in text


def test_sweeps_stay_in_their_place(office, sign_in):
    register(office)
    report(office)
    sweep = Sweep.get().id
    assert "华光村" in sign_in("zongzhi").open("/mediation/sweeps").text
    assert sign_in("lingan").open(f"/mediation/sweeps/{sweep}").status == 404
    assert sign_in("sifaju").open(f"/mediation/sweeps/{sweep}").status == 200


def test_rates_print_what_they_were_divided_by(office, sign_in):
    go(office, register(office), *TO_PERFORMING, "perform")
    go(office, register(office, a_id_card="", b_id_card="", type="land"), *TO_MEDIATING, "round", "fail")
    register(office, channel="asked", a_id_card="", b_id_card="")
    for name in ("tiaojie", "zongzhi", "sifaju", "lingdao"):
        text = sign_in(name).open("/mediation/figures").text
        assert "化解 1 ÷ 排查 2" in text and "成功 1 ÷ 受理 2" in text and "已履行 1 ÷ 到期应履行 1" in text, name
        assert "山林土地" in text and "依申请" in text and "主动调解" in text
    assert "化解 0 ÷ 排查 0" in sign_in("lingan").open("/mediation/figures").text


def test_nothing_to_divide_by_is_a_dash():
    assert [one["value"] for one in strip_of(Figures().total)][:3] == ["—", "—", "—"]
    assert strip_of(Figures().total)[0]["note"] == "化解 0 ÷ 排查 0"
