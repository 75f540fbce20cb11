"""拆分 and 转办: a second case is opened from one; both lead to each other, and the first goes on."""

import pytest

from portal.cases import splitting, timeline
from portal.cases.checks import findings
from portal.cases.kinds import kinds
from portal.cases.models import Case
from portal.cases.referral import refer, referable
from portal.db import atomic
from tests.cases.making import matter, post
from tests.grid.door import report
from tests.mediation import door as disputes
from tests.people_of_the_county import person

SAID = "走访时还说起，门前的涵管也堵了"


def _one_of(kind: str, sign_in) -> Case:
    if kind == "grid.event":
        return report(sign_in("wangge"), channel="public", name="王秀兰", phone="13890112233")
    if kind == "mediation.dispute":
        return disputes.register(sign_in("tiaojie"))
    return matter()


FROM = ("grid.event", "mediation.dispute", "station.request")


@pytest.mark.parametrize("kind", FROM)
def test_every_platform_that_takes_matters_in_links_both_ends(app, sign_in, kind):
    case = _one_of(kind, sign_in)
    with app.test_request_context():
        who = person("shuji")
        offered = splitting.offered(case)
        assert {one.name for one in offered} == set(FROM)
        assert {one.name for one in referable(case)} == set(FROM) - {kind}
        for other in offered:
            with atomic():
                made = refer(case, other.name, who, SAID, own=True)
            assert made.kind == other.name and made.source_case_id == case.id and made.resident_id == case.resident_id
            assert (made.village_id, made.county_id) == (case.village_id, case.county_id)
            entry = timeline.entries(case)[-1]
            assert entry.data["referred"] == made.id and made.number in entry.text
    browser = sign_in("shuji")
    for made in Case.select().where(Case.source_case == case.id):
        assert case.number in browser.open(f"/cases/{made.id}").text, made.kind
        assert made.number in browser.open(f"/cases/{case.id}").text, made.kind
    assert findings() == []


def test_the_first_goes_on_and_the_second_has_its_own_number_unit_and_clock(app, sign_in):
    case, browser = _one_of("grid.event", sign_in), sign_in("shuji")
    browser.send(f"/cases/{case.id}/split", kind="grid.event", text=SAID)
    assert browser.status == 200 and "另立一件" in browser.text
    made, after = Case.get(Case.source_case == case.id), Case.get_by_id(case.id)
    assert (after.state, after.due, after.unit_id) == (case.state, case.due, case.unit_id)
    assert made.is_open and made.due and made.unit_id and made.number != case.number and made.applicant == "王*兰"
    assert [one.title for one in timeline.entries(case)][-2:] == ["另立一件", "拆出一件"]
    assert SAID in timeline.entries(case)[-1].text and findings() == []


def test_splitting_needs_the_matter_in_words_and_a_platform_of_the_place(app, sign_in):
    case, browser = _one_of("grid.event", sign_in), sign_in("shuji")
    for fields in ({"kind": "grid.event", "text": "  "}, {"kind": "village_rules.charter", "text": SAID},
                   {"kind": "grid.event", "text": "堵" * 10_000}):
        browser.send(f"/cases/{case.id}/split", **fields)
        assert browser.status == 422
    assert Case.select().where(Case.source_case == case.id).count() == 0 and set(FROM) < set(kinds())


def test_who_does_not_hold_it_or_stand_above_does_not_split(app, sign_in):
    case = _one_of("grid.event", sign_in)
    for name, status in (("lingan", 404), ("cun", 403), ("lingdao", 403)):
        assert post(sign_in(name), f"/cases/{case.id}/split", kind="grid.event", text=SAID).status == status


def test_the_slower_of_two_sees_that_it_was_split_already(app, sign_in):
    case, browser = _one_of("grid.event", sign_in), sign_in("shuji")
    form = browser.open(f"/cases/{case.id}/split").form({"kind"})
    post(browser, f"/cases/{case.id}/split", kind="grid.event", text=SAID, version=case.version)
    browser.submit(form, f"/cases/{case.id}/split", kind="grid.event", text="还有一件", **{"_key": ""})
    assert browser.status == 409 and Case.select().where(Case.source_case == case.id).count() == 1
