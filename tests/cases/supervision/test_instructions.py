"""批示: a leader's word, the feedback that is owed for it, and who gives it."""

import io

import pytest

from portal.cases.ledger import take
from portal.cases.supervision import instructions
from portal.cases.supervision.instructions import instruct
from portal.cases.supervision.models import Instruction
from portal.db import today
from portal.files.models import Attachment
from portal.values import Refused
from tests.cases.making import in_threads, move, post
from tests.cases.supervision.late import again, full, in_days, notices, steps
from tests.people_of_the_county import person


@pytest.fixture
def case(app):
    with app.test_request_context():
        return full(1)


@pytest.fixture
def given(case, app):
    with app.test_request_context():
        return instruct(case.id, person("lingdao"), "请查明原因 <b>", today())


def test_a_leader_instructs_and_the_village_gives_feedback(case, sign_in, cast):
    leader, village = sign_in("lingdao"), sign_in("cun")
    assert f"/cases/{case.id}/instruct" in leader.open(f"/cases/{case.id}").text
    leader.send(f"/cases/{case.id}/instruct", text="请查明原因 <b>", until=in_days(2))
    one = Instruction.get()
    assert one.is_owed and again(case).instructed == 1 and steps(case)[-1] == "instruct"
    assert notices(cast["cun"], "cases.instruction")
    text = village.open(f"/cases/{case.id}").text
    assert "请查明原因 &lt;b&gt;" in text and "前反馈" in text
    assert "徐志远批示" in village.open("/cases/desk").text
    village.send(f"/cases/{case.id}/instructions/{one.id}/feedback", text="材料不齐，已补", attachments=[
        (io.BytesIO("说明\n".encode()), "说明.txt")])
    after = Instruction.get()
    assert (after.feedback, after.feedback_name) == ("材料不齐，已补", "李秀英") and again(case).instructed == 0
    assert steps(case)[-1] == "feedback" and Attachment.get().owner_id == case.id
    [told] = notices(cast["lingdao"], "cases.instruction")
    assert told.title.startswith("批示已反馈") and "材料不齐，已补" in told.text
    assert "材料不齐，已补" in leader.open(f"/cases/{case.id}").text


def test_without_a_day_no_feedback_is_wanted(case, sign_in):
    sign_in("lingdao").send(f"/cases/{case.id}/instruct", text="知悉")
    one = Instruction.get()
    assert not one.is_owed and again(case).instructed == 0 and "不要求反馈" in sign_in("cun").open(
        f"/cases/{case.id}").text
    browser = post(sign_in("cun"), f"/cases/{case.id}/instructions/{one.id}/feedback", text="好")
    assert browser.status == 422 and "不要求反馈" in browser.text


def test_the_duty_to_answer_goes_with_the_case(case, given, app, sign_in):
    with app.test_request_context():
        move(case, ("accept", "cun"), ("forward_town", "cun"))
    path = f"/cases/{case.id}/instructions/{given.id}/feedback"
    assert post(sign_in("cun"), path, text="好").status == 422
    assert sign_in("zhen").send(path, text="镇里已接办").status == 200
    assert Instruction.get().feedback_unit == "塔山镇便民服务中心"


@pytest.mark.parametrize("name, act, answered", [
    ("zhen", "instruct", 403), ("cun", "instruct", 403), ("lingdao", "feedback", 403), ("linjia", "feedback", 404),
    ("lincun", "feedback", 404), ("zhen", "feedback", 422),
])
def test_only_leaders_instruct_and_only_who_has_the_case_answers(case, given, sign_in, name, act, answered):
    path = f"/cases/{case.id}/instruct" if act == "instruct" else f"/cases/{case.id}/instructions/{given.id}/feedback"
    assert post(sign_in(name), path, text="好").status == answered
    assert Instruction.select().count() == 1 and Instruction.get().is_owed


@pytest.mark.parametrize("fields", [{"text": ""}, {"text": "长" * 10_000}, {"text": "好", "until": "2020-01-01"}])
def test_an_instruction_that_cannot_be_is_refused(case, sign_in, fields):
    assert sign_in("lingdao").send(f"/cases/{case.id}/instruct", **fields).status == 422
    assert not Instruction.select().exists()


def test_an_instruction_of_another_case_is_not_there(case, given, app, sign_in):
    with app.test_request_context():
        other = full(1)
    assert sign_in("cun").open(f"/cases/{other.id}/instructions/{given.id}/feedback").status == 404


def test_two_who_answer_at_once_give_one_feedback(case, given, app):
    def click(who):
        def run():
            with app.test_request_context():
                return instructions.answer(given.id, person(who), who)
        return run

    results = in_threads(app, click("cun"), click("shuji"))
    assert sum(isinstance(one, Refused) for one in results) == 1, results
    assert again(case).instructed == 0


def test_both_sides_find_what_is_open_and_a_neighbour_does_not(given, sign_in):
    for name, url in (("lingdao", "/cases/instructions"), ("lingdao", "/cases/desk"), ("cun", "/cases/instructions"),
                      ("zhen", "/cases/instructions?side=area"), ("cun", "/cases/instructions?part=all")):
        assert "请查明原因 &lt;b&gt;" in sign_in(name).open(url).text, (name, url)
    for name, url in (("cun", "/cases/instructions?part=done"), ("linjia", "/cases/instructions?part=all"),
                      ("linzhen", "/cases/instructions?side=area&part=all"), ("linzhen", "/cases/desk")):
        assert "请查明原因" not in sign_in(name).open(url).text, (name, url)


def test_a_settled_case_is_not_instructed_on(case, app):
    with app.test_request_context():
        take("withdraw", case, person("cun"), {"text": "不办了"})
        with pytest.raises(Refused, match="已经办结"):
            instruct(case.id, person("lingdao"), "查", None)
