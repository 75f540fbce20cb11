"""协办: one unit stays in charge, the others see the case, answer, and what they answered stands in it."""

import io

import pytest

from portal.cases import timeline
from portal.cases.assists import answer, ask
from portal.cases.checks import findings
from portal.cases.ledger import take
from portal.cases.lens import seen_by
from portal.cases.models import Assist, Case
from portal.db import today
from portal.files.models import Attachment
from portal.notify.models import Notice
from portal.testing import counted_queries
from portal.values import Refused
from tests.cases.making import SAID, in_threads, listed, matter, move, plain, waiting
from tests.people_of_the_county import COUNTY, TOWN, person, unit

OFFICE = (TOWN, "司法所")


def request(browser, case, where=OFFICE, **more):
    fields = {"unit": str(unit(where).id), "wanted": "请核实户口情况", "due": today().isoformat(), **more}
    return browser.send(f"/cases/{case.id}/assist", **fields)


@pytest.fixture
def asked(at_town, sign_in):
    """The town's 便民服务中心 asked the neighbour village and its own 司法所."""
    zhen = sign_in("zhen")
    request(zhen, at_town)
    request(zhen, at_town, (COUNTY, "残疾人联合会"), wanted="请核对残疾证")
    return Case.get_by_id(at_town.id)


def of(case, where) -> Assist:
    return Assist.get(Assist.case == case.id, Assist.unit == unit(where))


def test_a_unit_is_asked_and_the_one_in_charge_stays_in_charge(at_town, sign_in, now_of):
    zhen = sign_in("zhen")
    request(zhen, at_town)
    case = now_of(at_town)
    assert zhen.status == 200 and "等待接受" in zhen.text
    assert (case.unit_id, case.state, case.due) == (at_town.unit_id, at_town.state, at_town.due)
    assert (case.assists, case.assists_open) == (1, 1) and findings() == []
    assert timeline.entries(case)[-1].title == "请塔山镇司法所协办"


def test_an_assisting_unit_that_would_not_see_the_case_sees_it_and_nobody_else_does(asked, sign_in):
    with_case = sign_in("canlian").open(f"/cases/{asked.id}")
    assert with_case.status == 200 and "请核对残疾证" in with_case.text
    for name in ("lincun", "linzhen", "sifaju"):
        assert sign_in(name).open(f"/cases/{asked.id}").status == 404
    assert seen_by(person("canlian")).where(Case.id == asked.id).exists()


def test_it_is_on_no_list_of_the_assisting_unit_but_on_its_desk(asked, sign_in):
    canlian = sign_in("canlian")
    assert listed(canlian.open("/cases/?lens=unit").text) == []
    assert waiting(canlian.open("/cases/desk?part=assists").text) == [asked.id]
    assert ">协办<span>1</span>" in canlian.text


def test_accepting_and_answering_stand_in_the_timeline_with_the_files(asked, sign_in, now_of):
    canlian = sign_in("canlian")
    page = canlian.open(f"/cases/{asked.id}")
    one = of(asked, (COUNTY, "残疾人联合会"))
    page.submit(page.form(action=f"/cases/{asked.id}/assists/{one.id}/accept"))
    picture = (io.BytesIO(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"), "残疾证.pdf")
    canlian.send(f"/cases/{asked.id}/assists/{one.id}/answer", text="证件有效，二级", attachments=[picture])
    case = now_of(asked)
    assert [entry.step for entry in timeline.entries(case)][-2:] == ["assist_accept", "assist_answer"]
    assert timeline.entries(case)[-1].text == "证件有效，二级"
    assert case.assists_open == 1 and Attachment.get(Attachment.owner_id == case.id).name == "残疾证.pdf"
    assert "证件有效，二级" in sign_in("zhen").open(f"/cases/{case.id}").text
    assert Notice.select().where(Notice.title.contains("答复协办")).exists() and findings() == []


def test_who_declined_says_why_and_does_not_see_the_case_any_more(asked, sign_in, now_of):
    canlian, one = sign_in("canlian"), of(asked, (COUNTY, "残疾人联合会"))
    canlian.send(f"/cases/{asked.id}/assists/{one.id}/answer", result="declined", text="不归我会管理")
    assert canlian.status == 200 and canlian.open(f"/cases/{asked.id}").status == 404
    assert now_of(asked).assists_open == 1 and "不归我会管理" in sign_in("zhen").open(f"/cases/{asked.id}").text


def test_a_case_is_not_closed_while_an_answer_is_open(app, asked):
    with app.test_request_context():
        case = move(asked, ("forward_county", "zhen"), ("decide", "minzheng"))
        with pytest.raises(Refused, match="还有 2 个单位在协办"):
            take("deliver", case, person("cun"), dict(SAID))


def test_the_unit_in_charge_ends_the_asking_with_a_reason(asked, sign_in, now_of):
    zhen, one = sign_in("zhen"), of(asked, OFFICE)
    zhen.send(f"/cases/{asked.id}/assists/{one.id}/end", text="已经自己查清")
    assert zhen.status == 200 and now_of(asked).assists_open == 1
    assert timeline.entries(asked)[-1].text == "已经自己查清"
    assert Assist.get_by_id(one.id).state == "ended" and findings() == []


def test_only_the_unit_in_charge_asks_and_only_the_one_asked_answers(app, asked, sign_in):
    village = sign_in("shuji")
    assert "现在不能请求协办" in village.open(f"/cases/{asked.id}/assist").text
    with app.test_request_context(), pytest.raises(Refused, match="请由他们答复"):
        answer(of(asked, OFFICE), person("canlian"), "我来答")
    assert sign_in("linzhen").open(f"/cases/{asked.id}/assists/{of(asked, OFFICE).id}/answer").status == 404
    assert sign_in("lingdao").open(f"/cases/{asked.id}/assist").status == 403


def test_an_assist_of_another_case_is_not_found(app, asked, sign_in):
    with app.test_request_context():
        other = move(matter(), ("accept", "cun"), ("forward_town", "cun"))
    assert sign_in("zhen").open(f"/cases/{other.id}/assists/{of(asked, OFFICE).id}/end").status == 404


@pytest.mark.parametrize("fields, sentence", [
    ({"due": "2020-01-01"}, "协办期限已经过去"),
    ({"due": "2036-01-01"}, "不能晚于这件事自己的期限"),
    ({"wanted": ""}, "必填"),
    ({"wanted": "长" * 10_000}, "1000"),
])
def test_what_is_wrong_is_said_and_kept(at_town, sign_in, fields, sentence):
    zhen = sign_in("zhen")
    request(zhen, at_town, **fields)
    assert zhen.status == 422 and sentence in zhen.text


def test_a_unit_is_asked_once_at_a_time(asked, sign_in):
    assert request(sign_in("zhen"), asked).status == 422


def test_who_becomes_responsible_is_no_longer_asked(asked, sign_in, now_of):
    sign_in("zhen").send(f"/cases/{asked.id}/hand-over", unit=str(unit(OFFICE).id), text="请司法所办")
    assert now_of(asked).assists_open == 1 and of(asked, OFFICE).state == "ended" and findings() == []


def test_a_matter_that_is_open_to_few_is_not_shown_to_others_by_asking(app):
    with app.test_request_context():
        case = plain(kind="mediation.dispute", who="sifasuo", unit=unit(OFFICE))
        Case.update(restricted=True).where(Case.id == case.id).execute()
        with pytest.raises(Refused, match="只对经办人公开"):
            ask(Case.get_by_id(case.id), person("sifasuo"), unit((COUNTY, "司法局")).id, "请指导", today())


def test_two_answers_at_once_are_one(app, asked):
    one = of(asked, (COUNTY, "残疾人联合会"))
    results = in_threads(app, *[lambda: answer(one, person("canlian"), "证件有效")] * 2)
    assert sorted(type(found).__name__ for found in results) == ["Case", "Refused"]


def test_a_case_without_assists_asks_nothing_more(app, sign_in):
    with app.test_request_context():
        case = move(matter(), ("accept", "cun"))
    cun = sign_in("cun")
    cun.open(f"/cases/{case.id}")
    with counted_queries() as seen:
        cun.open(f"/cases/{case.id}")
    assert not [sql for sql in seen if "cases_assist" in sql and "cases_case" not in sql]


def test_a_unit_that_owes_an_answer_is_not_closed(app, asked):
    sentences = [
        value for _, value in app.extensions["portal"].collect("portal_unit_obstacles", unit=unit(OFFICE))
    ]
    assert "还有 1 件请它协办的没有答复" in sentences


def test_a_town_does_not_disable_a_plugin_while_one_of_its_units_owes_an_answer(app, asked):
    sentences = [
        value for _, value in app.extensions["portal"].collect(
            "portal_town_obstacles", town=unit(TOWN), plugin="station")
    ]
    assert any("司法所协办，还没有答复" in sentence or "镇协办" in sentence for sentence in sentences)
