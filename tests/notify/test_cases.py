"""The ledger tells those whose work it changes, and nobody else; with one statement."""

import pytest

from portal.cases import assign
from portal.cases.ledger import take
from portal.notify import Notice
from portal.testing import counted_queries
from tests.cases.making import SAID, matter, move
from tests.people_of_the_county import person


@pytest.fixture
def inside(app):
    with app.test_request_context():
        yield


def told() -> set[tuple]:
    return {(notice.user_id, notice.topic) for notice in Notice.select()}


def test_who_is_given_a_case_is_told_with_the_instructions(inside, cast, sign_in):
    case = matter()
    assign.assign(case, person("shuji"), cast["wangge"], "请上门核实")
    assert told() == {(cast["wangge"], "cases.assigned")}
    notice = Notice.get()
    assert case.number in notice.title and notice.text == "请上门核实" and notice.url == f"/cases/{case.id}"
    assert sign_in("wangge").open(f"/notify/{notice.id}").status == 200


def test_who_takes_a_case_is_not_told_what_they_did(inside, cast):
    assign.assign(matter(), person("shuji"), cast["shuji"])
    assert not told()


def test_a_case_that_goes_to_another_unit_is_told_there_to_those_who_work_on_it(inside, cast):
    case = move(matter(), ("accept", "cun"), ("forward_town", "cun"))
    people = {user for user, _ in told()}
    assert {cast["zhen"], cast["zhener"]} <= people
    assert not people & {cast["linzhen"], cast["zhenguan"], cast["cun"], cast["xian"], cast["lingdao"]}
    assert {topic for _, topic in told()} == {"cases.handed"}
    assert Notice.get().title.startswith("华光村交来一件：") and Notice.get().url == f"/cases/{case.id}"


def test_steps_inside_a_unit_tell_nobody(inside, cast):
    move(matter(), ("accept", "cun"))
    assert not told()


def test_handing_on_costs_one_statement_more_than_a_step_that_stays(inside, cast):
    case = move(matter(), ("accept", "cun"))
    actor = person("cun")
    with counted_queries() as seen:
        take("forward_town", case, actor, dict(SAID))
    assert len([sql for sql in seen if "notify_" in sql]) == 1
