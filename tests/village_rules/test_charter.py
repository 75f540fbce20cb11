"""Rules of a village: from the first opinion to the posting sheet, and what may not happen on the way."""

import pytest

from plugins.village_rules.models import Charter, Clause, Correction, Opinion
from portal.cases import timeline
from portal.cases.models import Case
from portal.org.models import Unit
from tests.village_rules.door import (
    CLAUSE,
    FINE,
    answer,
    begin,
    call,
    case_of,
    clause,
    day,
    drafted,
    hold,
    in_force,
    newest,
    opinion,
    resolve,
    reviewed,
    state,
    step,
    vote,
)


@pytest.fixture
def village(sign_in):
    return sign_in("shuji")


@pytest.fixture
def town(sign_in):
    return sign_in("sifasuo")


def test_rules_go_from_the_first_opinion_to_the_posting_sheet(village, town):
    charter = in_force(village, town)
    case = case_of(charter)
    assert (case.state, case.phase, case.due) == ("in_force", "closed", None) and charter.status == "in_force"
    assert [entry.step for entry in timeline.entries(case)] == [
        "open", "draft", "submit", "approve", "adopt", "file", "register", "publish"]
    assert charter.filing_number.startswith("塔山镇村规备〔") and charter.filing_number.endswith("〕1号")
    sheet = village.open(f"/cases/{case.id}/papers/posting").text
    assert charter.filing_number in sheet and CLAUSE["text"] in sheet and "其中妇女 90 人" in sheet
    assert "赞成 200 人" in village.open(f"/cases/{case.id}/papers/filing").text or "200 / 5 / 5" in village.text
    assert timeline.broken_at(case.id) is None


def test_the_township_reviews_and_files_and_the_village_does_the_rest(village, town):
    charter = drafted(village)
    step(village, case_of(charter), "submit", text="")
    at_town = Case.get_by_id(charter.case_id)
    assert Unit.get_by_id(at_town.unit_id).name == "塔山镇司法所" and at_town.due
    step(town, at_town, "approve", party_opinion="同意", text="不抵触")
    assert Unit.get_by_id(Case.get_by_id(charter.case_id).unit_id).level == "village"


@pytest.mark.parametrize("text, kind", [
    (FINE["text"], "罚款没收"), ("出嫁女不再享受土地承包和分红。", "妇女权益"), ("户无男性的，不分宅基地。",
                                                          "妇女权益"),
    ("离婚妇女的土地由村里收回，待遇停止。", "妇女权益"), ("不参加劳动的，取消低保。", "扣发待遇"),
    ("交押金500元，违反的没收。", "罚款没收"),
    ("不听劝的，停水停电。", "人身财产权利"), ("不得上访。", "人身财产权利"),
])
def test_screening_points_at_the_words_and_the_clause(village, text, kind):
    charter = begin(village)
    one = clause(village, charter, text=text)
    assert "<mark" in village.text and "有字句需要处理" in village.text
    assert one.text == text, "screening keeps what was written"
    assert f"第 1 条（{kind}" in village.open(f"/cases/{charter.case_id}").text


@pytest.mark.parametrize("text", [
    CLAUSE["text"], "红白喜事提倡从简，不大操大办。", "家庭成员互相尊重，夫妻平等，反对家庭暴力。",
    "爱护公共财物，损坏的照价修复。",
    "妇女和男子一样参加村务、承包土地、分配收益。", "鼓励孝老爱亲，赡养老人。",
    "有矛盾先找调解委员会，也可以依法起诉。",
])
def test_screening_leaves_ordinary_clauses_alone(village, text):
    charter = begin(village)
    clause(village, charter, text=text)
    assert "<mark" not in village.open(f"/village_rules/charters/{charter.id}").text


def test_a_hint_is_mended_or_answered_before_the_township_reads_it(village, town):
    charter = drafted(village)
    one = clause(village, charter, **FINE)
    step(village, case_of(charter), "submit", text="")
    assert village.status == 422 and "第 2 条有提示没有处理" in village.text and state(case_of(charter)) == "drafting"
    village.send(f"/village_rules/clauses/{one.id}", answer="只是转述条例的规定")
    step(village, case_of(charter), "submit", text="")
    assert state(case_of(charter)) == "reviewing"
    seen = town.open(f"/cases/{charter.case_id}").text
    assert "只是转述条例的规定" in seen and "没有处罚权" in seen, "the township reads hint and answer"
    assert "只是转述条例的规定" in town.open(f"/cases/{charter.case_id}/papers/submission").text


def test_opinions_are_answered_before_the_township_reads_it(village):
    charter = drafted(village)
    one = opinion(village, charter, text="再加一条不放鞭炮")
    step(village, case_of(charter), "submit", text="")
    assert "还有 1 条村民意见没有写明是否采纳" in village.text
    answer(village, one, "no")
    assert village.status == 422 and "没有采纳的，请写明理由" in village.text
    answer(village, one, "no", "县里已有规定")
    step(village, case_of(charter), "submit", text="")
    assert state(case_of(charter)) == "reviewing" and Opinion.get_by_id(one.id).adopted is False


def test_only_a_passed_resolution_of_the_village_adopts_rules(village, town, sign_in):
    charter = reviewed(village, town)
    meeting = call(village)
    hold(village, meeting)
    other = resolve(village, meeting, matter="other")
    step(village, case_of(charter), "adopt", resolution=str(other.id), text="")
    assert village.status == 422 and state(case_of(charter)) == "voting"
    failed = resolve(village, meeting, votes=(10, 0, 0), passed="no")
    step(village, case_of(charter), "adopt", resolution=str(failed.id), text="")
    assert village.status == 422
    far = sign_in("lingan")
    foreign = vote(far)
    step(village, case_of(charter), "adopt", resolution=str(foreign.id), text="")
    assert village.status == 422 and state(case_of(charter)) == "voting"


def test_the_assembly_adopts_only_where_the_village_authorised_it(village, town):
    charter = reviewed(village, town)
    meeting = call(village, "assembly", notice=-3)
    hold(village, meeting, roll=45, present=40, women=15)
    resolution = resolve(village, meeting, votes=(38, 1, 1))
    step(village, case_of(charter), "adopt", resolution=str(resolution.id), text="")
    assert village.status == 422 and "法律没有写明" in village.text and state(case_of(charter)) == "voting"
    given = vote(village, matter="authorise")
    step(village, case_of(charter), "adopt", resolution=str(resolution.id), authorised_by=str(given.id), text="")
    assert state(case_of(charter)) == "adopted"
    assert "法律对此没有写明" in village.open(f"/cases/{charter.case_id}").text


def test_an_authorisation_comes_from_the_whole_village(village):
    meeting = call(village, "assembly", notice=-3)
    hold(village, meeting, roll=45, present=40, women=15)
    assert resolve(village, meeting, matter="authorise", votes=(38, 1, 1)) is None
    assert "由村民会议作出" in village.text


def test_a_new_edition_replaces_the_old_one_and_shows_what_changed(village, town):
    first = in_force(village, town)
    second = begin(village)
    assert second.edition == 2 and second.previous_id == first.id
    [kept] = Clause.select().where(Clause.charter == second)
    village.send(f"/village_rules/clauses/{kept.id}", text=CLAUSE["text"].replace("砂石", "砂石、车辆"))
    clause(village, second, heading="红白喜事", theme="customs", text="红白喜事提倡从简。")
    changes = village.open(f"/village_rules/charters/{second.id}/changes").text
    assert "［增］</span>、车辆<" in changes and "新增 1 条，修改 1 条，删去 0 条" in changes
    answer(village, opinion(village, second))
    case = case_of(second)
    for name, who in (("draft", village), ("submit", village)):
        step(who, case, name, text="")
    step(town, case, "approve", party_opinion="同意", text="不抵触")
    step(village, case, "adopt", resolution=str(vote(village).id), text="")
    step(village, case, "file", text="")
    step(town, case, "register", text="")
    step(village, case, "publish", published_on=day(), published_at="村公示栏", effective_on=day(5))
    old = Charter.get_by_id(first.id)
    assert (old.status, state(case_of(old)), str(old.repealed_on)) == ("repealed", "repealed", day(5))
    assert Charter.get_by_id(second.id).status == "in_force"


def test_what_the_township_sends_back_is_voted_on_again(village, town):
    charter = reviewed(village, town)
    step(village, case_of(charter), "adopt", resolution=str(vote(village).id), text="")
    step(village, case_of(charter), "file", text="")
    step(town, case_of(charter), "return", text="第 1 条与条例抵触")
    assert state(case_of(charter)) == "drafting" and Charter.get_by_id(charter.id).resolution_id is None


def test_the_township_orders_a_correction_and_the_village_reports(village, town):
    charter = in_force(village, town)
    url = f"/village_rules/charters/{charter.id}/corrections"
    town.send(url, clauses="第 1 条", reason="与道路交通安全法抵触，请修改", days="15")
    case = newest()
    assert (case.kind, case.state) == ("village_rules.correction", "ordered") and case.due
    town.send(url, clauses="第 1 条", reason="再来一次", days="15")
    assert town.status == 422 and "还没有办结" in town.text
    step(village, case, "report", text="已重新表决，改为第 2 版")
    assert Unit.get_by_id(Case.get_by_id(case.id).unit_id).name == "塔山镇司法所"
    step(town, case, "again", text="还差公布")
    step(village, case, "report", text="已公布")
    step(town, case, "confirm", text="")
    assert state(case) == "corrected" and Correction.get().report == "已公布"
    assert village.open(url).status == 403


def test_rules_that_are_not_in_force_are_not_ordered_corrected(village, town):
    charter = drafted(village)
    town.send(f"/village_rules/charters/{charter.id}/corrections", clauses="第 1 条", reason="抵触", days="15")
    assert town.status == 422 and Correction.select().count() == 0


def test_one_edition_at_a_time(village):
    assert begin(village) and begin(village) is None and "正在制定" in village.text


@pytest.mark.parametrize("field, value", [
    ("text", "长" * 10_000), ("text", ""), ("theme", "nothing"), ("position", "第一"), ("heading", "a\x07b"),
])
def test_a_bad_clause_is_refused_at_its_field_and_the_rest_is_kept(village, field, value):
    charter = begin(village)
    assert clause(village, charter, **{"heading": "道路", "text": "不占道。", field: value}) is None
    assert village.status == 422 and 'class="field-error"' in village.text
    assert ("不占道。" if field != "text" else "道路") in village.text


def test_the_same_clause_is_not_written_twice(village):
    charter = begin(village)
    clause(village, charter)
    assert clause(village, charter) is None and "完全相同" in village.text


def test_clauses_keep_their_order(village):
    charter = begin(village)
    for number in range(3):
        clause(village, charter, text=f"第{number}件事。")
    clause(village, charter, text="放到最前。", position="1")
    assert [one.text for one in Clause.select().order_by(Clause.position)] == [
        "放到最前。", "第0件事。", "第1件事。", "第2件事。"]
    second = Clause.get(Clause.position == 2)
    village.send(f"/village_rules/clauses/{second.id}/remove", version=str(Clause.get_by_id(second.id).version))
    assert [one.position for one in Clause.select().order_by(Clause.position)] == [1, 2, 3]


def test_clauses_are_fixed_once_the_township_has_them(village):
    charter = drafted(village)
    step(village, case_of(charter), "submit", text="")
    assert clause(village, charter, text="偷偷加一条。") is None and village.status == 422
    assert opinion(village, charter) is None


def test_two_clerks_at_one_clause_lose_nothing(village):
    charter = begin(village)
    one = clause(village, charter)
    url = f"/village_rules/clauses/{one.id}"
    village.open(url)
    stale = village.form(["text"])
    stale.action = url
    village.send(url, text="先到的人改了。")
    village.submit(stale, url, text="<b>后到的人</b>")
    assert village.status == 409 and "&lt;b&gt;后到的人" in village.text
    assert Clause.get_by_id(one.id).text == "先到的人改了。"


@pytest.mark.parametrize("published, effective", [(1, 5), (0, -1)])
def test_rules_are_not_published_tomorrow_nor_in_force_before(village, town, published, effective):
    charter = reviewed(village, town)
    step(village, case_of(charter), "adopt", resolution=str(vote(village).id), text="")
    step(village, case_of(charter), "file", text="")
    step(town, case_of(charter), "register", text="")
    step(village, case_of(charter), "publish", published_on=day(published), published_at="公示栏",
         effective_on=day(effective))
    assert village.status == 422 and state(case_of(charter)) == "filed"


def test_others_see_only_what_is_theirs(village, sign_in):
    charter = drafted(village)
    for name in ("lincun", "linjia", "linzhen", "lingan"):
        browser = sign_in(name)
        for url in (f"/village_rules/charters/{charter.id}", f"/cases/{charter.case_id}"):
            assert browser.open(url).status == 404, (name, url)
        assert "道路上堆放" not in browser.open("/search?q=柴草").text
    assert "第 1 条" in village.open("/search?q=柴草").text
    for name in ("zhen", "lingdao", "wangge"):
        assert sign_in(name).open(f"/village_rules/charters/{charter.id}").status == 200
    assert sign_in("zhen").open(f"/village_rules/charters/{charter.id}/clauses").status == 403
    [one] = Clause.select().where(Clause.charter == charter)
    assert sign_in("lingan").open(f"/village_rules/clauses/{one.id}").status == 404
    assert sign_in("wuzhen").open(f"/village_rules/charters/{charter.id}").status == 404


def test_a_town_does_not_disable_it_while_rules_are_being_made(village, sign_in):
    drafted(village)
    browser = sign_in("xitong")
    town = Unit.get(Unit.code == "510722104000")
    browser.submit(browser.open(f"/org/plugins/{town.id}/village_rules").form(["enable"]))
    assert browser.status == 422 and "没有办结" in browser.text
