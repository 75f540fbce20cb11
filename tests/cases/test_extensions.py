"""延期 through the door: asked before the date, decided above, told to the person who came, once."""

import datetime

import pytest

from portal import cases
from portal.accounts.models import Post, Role
from portal.cases import extensions
from portal.cases.checks import findings
from portal.cases.clock_models import Extension, Pause
from portal.cases.models import Case, CaseEvent
from portal.notify.models import Notice
from tests.cases.making import in_threads, matter, move, plain
from tests.cases.test_clock import at, on
from tests.people_of_the_county import COUNTY, NEXT_VILLAGE, TOWN, VILLAGE, person, unit

MONDAY = "2026-10-12 09:00"
WHY = {"amount": 10, "reason": "需要到省厅核查学籍，本周等不到回函。"}
YES = {
    "granted": "yes", "text": "情况属实，同意。", "told_channel": "phone",
    "told_text": "已告知延长十个工作日，11 月 4 日前办好。",
}


@pytest.fixture(autouse=True)
def posts_are_old(app):
    Post.update(valid_from=datetime.date(2026, 3, 1)).execute()


@pytest.fixture
def village_case(app):
    """A case at the village whose period of seven workdays ends on 21 October 2026."""
    with on(MONDAY), app.test_request_context():
        return move(matter(), ("accept", "cun"), at=at(MONDAY))


def fresh(case) -> Case:
    return Case.get_by_id(case.id)


def told(who: str) -> list[str]:
    return [notice.title for notice in Notice.select().where(Notice.user == person(who).id).order_by(Notice.id)]


def ask(browser, case, **more):
    return browser.send(f"/cases/{case.id}/extend", **{**WHY, **more})


def decide(browser, case, **more):
    return browser.send(f"/cases/{case.id}/extension", **{**YES, **more})


def test_the_village_asks_the_town_grants_and_the_person_is_told(sign_in, village_case):
    case = village_case
    assert f"{case.due:%m-%d}" == "10-21"
    with on("2026-10-14 10:00"):
        village = sign_in("cun")
        assert "申请延期" in village.open(f"/cases/{case.id}").text
        ask(village, case)
        assert "由塔山镇审批" in village.text and fresh(case).due == case.due, "until it is granted nothing moves"
        assert any("延期待审批" in title for title in told("zhen")), "the town has it in its inbox"
        assert not told("zhenguan"), "who looks after the town's accounts opens no cases"
    with on("2026-10-15 10:00"):
        town = sign_in("zhen")
        assert case.number in town.open("/cases/extensions").text and "10 个工作日" in town.text
        assert "待审批的延期" in town.open("/cases/desk").text
        decide(town, case)
        assert "期限改为 2026-11-04" in town.text
        assert case.number not in town.open("/cases/extensions").text
    found = fresh(case)
    assert (f"{found.due:%m-%d}", found.extended) == ("11-04", 10)
    assert (found.extension, found.extension_asked) == ("granted", None)
    last = CaseEvent.select().where(CaseEvent.case == case.id).order_by(CaseEvent.seq.desc()).first()
    assert last.title == "同意延期" and "电话告知办事人" in last.text
    assert "期限由 2026-10-21 改为 2026-11-04" in last.text
    assert any("同意延期" in title for title in told("cun")), "who asked is told"
    with on("2026-10-16 10:00"):
        village = sign_in("cun")
        page = village.open(f"/cases/{case.id}").text
        assert "法律不允许再延" in page and "2026-11-04" in page
        paper = village.open(f"/cases/{case.id}/papers/extension").text
        for words in ("延期告知书", "2026年11月4日", "情况属实", "行政许可法第四十二条"):
            assert words in paper
    assert findings() == []


def test_after_the_date_nothing_can_be_asked_and_the_page_says_what_to_do(sign_in, village_case):
    with on("2026-10-22 09:00"):
        village = sign_in("cun")
        assert "期限已过，不能再申请延期。请尽快办结" in village.open(f"/cases/{village_case.id}/extend").text
        village.post(f"/cases/{village_case.id}/extend", version=fresh(village_case).version, **WHY)
        assert village.status == 422 and "请尽快办结" in village.text
    assert not Extension.select().exists()


def test_more_than_the_law_allows_is_refused_with_what_was_typed_kept(sign_in, village_case):
    with on("2026-10-13 10:00"):
        village = ask(sign_in("cun"), village_case, amount=11)
        assert village.status == 422 and "最多可以延长 10 个工作日" in village.text and WHY["reason"] in village.text
        assert ask(village, village_case, reason="长" * 10_000).status == 422 and "最多 1000 字" in village.text


def test_it_is_granted_once(sign_in, village_case):
    case = village_case
    with on("2026-10-13 10:00"):
        village, town = sign_in("cun"), sign_in("zhen")
        ask(village, case)
        decide(town, case)
        before = fresh(case)
        village.post(f"/cases/{case.id}/extend", version=before.version, **WHY)
        assert village.status == 422 and "已经延期一次" in village.text and fresh(case).due == before.due


def test_a_refusal_needs_a_reason_moves_nothing_and_leaves_the_way_open(sign_in, village_case):
    case = village_case
    with on("2026-10-13 10:00"):
        village, town = sign_in("cun"), sign_in("zhen")
        ask(village, case)
        decide(town, case, granted="no", text="", told_channel="", told_text="")
        assert town.status == 422 and "请填写“理由”" in town.text
        decide(town, case, granted="no", text="材料已齐，请按期办完。", told_channel="", told_text="")
        assert town.status == 200 and fresh(case).due == case.due and fresh(case).extension == "refused"
        assert "材料已齐，请按期办完。" in village.open(f"/cases/{case.id}").text
        assert ask(village, case).status == 200, "with better reasons it may be asked again in time"


def test_granting_without_telling_the_person_is_refused(sign_in, village_case):
    with on("2026-10-13 10:00"):
        ask(sign_in("cun"), village_case)
        town = decide(sign_in("zhen"), village_case, told_text="")
        assert town.status == 422 and "告知了办事人什么" in town.text
        town = decide(sign_in("zhen"), village_case, told_channel="")
        assert town.status == 422 and "怎样告知" in town.text
    assert fresh(village_case).extended == 0 and Extension.get().state == "asked"


def test_where_nobody_came_nobody_has_to_be_told(sign_in, app):
    with on(MONDAY), app.test_request_context():
        case = move(plain(applicant="", no_reply_because="巡查发现"), at=at(MONDAY))
        Case.update(state="accepted").where(Case.id == case.id).execute()
    with on("2026-10-13 10:00"):
        ask(sign_in("cun"), case)
        town = sign_in("zhen")
        assert "told_text" not in town.open(f"/cases/{case.id}/extension").text
        town.send(f"/cases/{case.id}/extension", granted="yes", text="同意。")
        assert fresh(case).extension == "granted"


def test_nobody_decides_about_their_own_request(sign_in, app):
    """The county's bureau decides for the county: not by the one who asked."""
    with on(MONDAY), app.test_request_context():
        case = move(matter(), ("accept", "cun"), ("forward_town", "cun"), at=at(MONDAY))
        Case.update(unit=unit((COUNTY, "行政审批服务局")), state="at_county").where(Case.id == case.id).execute()
    with on("2026-10-13 10:00"):
        bureau = ask(sign_in("xian"), case)
        assert "由三台县审批" in bureau.text
        decide(bureau, case)
        assert bureau.status == 422 and "不能自己审批" in bureau.text and fresh(case).extension == "asked"
        leader = decide(sign_in("lingdao"), case)
        assert leader.status == 200 and fresh(case).extension == "granted"


@pytest.mark.parametrize("where, line, wanted", [
    (VILLAGE, None, TOWN), ((TOWN, "便民服务中心"), "民政局", (COUNTY, "民政局")),
    ((TOWN, "便民服务中心"), None, (COUNTY, "行政审批服务局")), ((COUNTY, "民政局"), "民政局", COUNTY),
])
def test_the_level_above_decides(app, where, line, wanted):
    with app.test_request_context():
        case = plain(unit=unit(where), line=unit((COUNTY, line)) if line else None)
        assert extensions.approver_of(case).id == unit(wanted).id


def test_where_nobody_above_could_decide_the_county_does(app, sign_in):
    """Nobody works at this department yet: a request would lie there until it lapsed."""
    with on(MONDAY), app.test_request_context():
        case = move(matter(), ("accept", "cun"), ("forward_town", "cun"), at=at(MONDAY))
        Case.update(line_id=unit((COUNTY, "卫生健康局")).id).where(Case.id == case.id).execute()
        assert extensions.approver_of(fresh(case)).id == unit(COUNTY).id
    with on("2026-10-13 10:00"):
        assert "由三台县审批" in ask(sign_in("zhen"), case).text
        assert decide(sign_in("lingdao"), case).status == 200 and fresh(case).extension == "granted"


def test_where_nobody_at_all_could_decide_it_is_said_at_once(app, sign_in, village_case):
    roles = Role.select().where(Role.slug.in_(("town_staff", "county_staff", "leader")))
    Post.delete().where(Post.role.in_(roles)).execute()
    with on("2026-10-13 10:00"):
        village = ask(sign_in("cun"), village_case)
        assert village.status == 422 and "没有能审批延期的人" in village.text and WHY["reason"] in village.text
    assert not Extension.select().exists()


def test_others_neither_see_nor_decide(sign_in, village_case):
    with on("2026-10-13 10:00"):
        ask(sign_in("cun"), village_case)
        neighbour = sign_in("linzhen")
        assert neighbour.open(f"/cases/{village_case.id}/extension").status == 404
        assert neighbour.post(f"/cases/{village_case.id}/extension", **YES, version=2).status == 404
        assert village_case.number not in neighbour.open("/cases/extensions").text
        assert sign_in("cun").open(f"/cases/{village_case.id}/extension").status == 403, "a window does not decide"
        assert sign_in("xitong").open("/cases/extensions").status == 403
        county = sign_in("xian").post(f"/cases/{village_case.id}/extension", **YES, version=fresh(village_case).version)
        assert county.status == 422 and "没有等您审批" in county.text, "the county sees it, but the town decides"
        assert sign_in("zhen").open(f"/cases/{village_case.id}/extend", follow=False).status == 302


def test_two_who_decide_at_once_the_second_is_told(sign_in, village_case):
    with on("2026-10-13 10:00"):
        ask(sign_in("cun"), village_case)
        one, two = sign_in("zhen"), sign_in("zhener")
        form = two.open(f"/cases/{village_case.id}/extension").form(["granted"])
        decide(one, village_case)
        two.submit(form, **{**YES, "granted": "no", "text": "不同意，请按期办。"})
        assert two.status == 409 and "刘德明" in two.text and "不同意，请按期办。" in two.text
    assert fresh(village_case).extension == "granted"


def test_two_requests_at_the_same_moment_make_one(app, village_case):
    def job(who):
        def run():
            with app.test_request_context():
                return extensions.ask(village_case, person(who), 5, "同时申请", None)
        return run

    with on("2026-10-13 10:00"):
        in_threads(app, job("cun"), job("cun"))
    assert Extension.select().count() == 1


def test_a_request_can_be_taken_back_by_who_asked(sign_in, village_case):
    with on("2026-10-13 10:00"):
        village = ask(sign_in("cun"), village_case)
        other = sign_in("shuji")
        other.open(f"/cases/{village_case.id}")
        assert "撤回延期申请" not in other.text
        village.open(f"/cases/{village_case.id}")
        village.submit(village.form(action=f"/cases/{village_case.id}/extension/withdraw"))
        assert "已撤回延期申请" in village.text and fresh(village_case).extension == "withdrawn"
        assert ask(village, village_case).status == 200
    assert findings() == []


def test_an_undecided_request_lapses_with_the_date_and_both_sides_learn_it(sign_in, app, village_case):
    with on("2026-10-13 10:00"):
        ask(sign_in("cun"), village_case)
    with on("2026-10-22 00:30"):
        town = sign_in("zhen")
        assert decide(town, village_case).status == 422 and "已经失效" in town.text, "before the job came by"
        assert extensions.lapse() == 1 and extensions.lapse() == 0
        assert fresh(village_case).extension == "lapsed" and fresh(village_case).due == village_case.due
        assert any("到期未批" in title for title in told("zhen")) and any("到期未批" in title for title in told("cun"))
        assert not told("zhenguan"), "who looks after the town's accounts opens no cases"
        assert "到期时还没有人审批" in town.open(f"/cases/{village_case.id}").text
    assert findings() == []


def test_a_case_that_moves_on_takes_its_request_with_it(app, village_case):
    with on("2026-10-13 10:00"), app.test_request_context():
        extensions.ask(village_case, person("cun"), 5, "等回函", None)
        case = move(village_case, ("forward_town", "cun"))
        assert (case.extension, case.extension_asked) == ("moot", None) and Extension.get().state == "moot"


def test_an_extension_after_a_pause_and_a_pause_after_an_extension_add_up(app, village_case):
    case = village_case
    with app.test_request_context():
        case = move(case, ("forward_town", "cun"), at=at(MONDAY))
        case = move(case, ("suspend_town", "zhen"), at=at("2026-10-14 09:00"))
        case = move(case, ("resume_town", "zhen"), at=at("2026-10-21 09:00"))
        assert f"{case.due:%m-%d}" == "10-28", "five workdays stood still"
        with on("2026-10-22 10:00"):
            extensions.ask(case, person("zhen"), 10, "等回函", None)
            extensions.decide(case, person("minzheng"), {**YES}, None)
        assert f"{fresh(case).due:%m-%d}" == "11-11"
        case = move(fresh(case), ("suspend_town", "zhen"), at=at("2026-11-02 09:00"))
        case = move(case, ("resume_town", "zhen"), at=at("2026-11-04 09:00"))
        assert f"{case.due:%m-%d}" == "11-13" and case.extended == 10
        case = move(case, ("forward_county", "zhener"), ("decide", "minzheng"), at=at("2026-11-05 09:00"))
        assert case.extended == 0 and case.due.date() == datetime.date(2026, 11, 19), "a new period begins anew"
    assert findings() == []


def test_a_kind_without_extension_says_why_and_has_no_button(sign_in, app):
    with on(MONDAY), app.test_request_context():
        case = matter(at=at(MONDAY))
    with on("2026-10-13 10:00"):
        village = sign_in("cun")
        page = village.open(f"/cases/{case.id}").text
        assert "核对材料和送达的期限不能延长" in page and f"/cases/{case.id}/extend" not in page
        village.post(f"/cases/{case.id}/extend", version=case.version, **WHY)
        assert village.status == 422 and "不能延长" in village.text
    assert not Extension.select().exists() and not Pause.select().exists()


def test_a_post_that_lost_the_right_is_turned_away(sign_in, village_case):
    with on("2026-10-13 10:00"):
        leader = sign_in("lingdao")
        assert leader.open(f"/cases/{village_case.id}/extend").status == 403
        assert leader.open(f"/cases/{village_case.id}/pause").status == 403
        assert sign_in("linzhen").open(f"/cases/{village_case.id}/extend").status == 404




def test_the_same_form_sent_twice_asks_once(sign_in, village_case):
    with on("2026-10-13 10:00"):
        village = sign_in("cun")
        form = village.open(f"/cases/{village_case.id}/extend").form(["amount"])
        form.action = f"/cases/{village_case.id}/extend"
        for _ in range(2):
            village.submit(form, **WHY)
            assert village.status == 200 and "由塔山镇审批" in village.text
    assert Extension.select().count() == 1


def test_a_request_of_a_unit_that_has_the_case_no_more_cannot_be_granted(sign_in, village_case):
    with on("2026-10-13 10:00"):
        ask(sign_in("cun"), village_case)
        Case.update(unit=unit(NEXT_VILLAGE)).where(Case.id == village_case.id).execute()
        town = decide(sign_in("zhen"), village_case)
        assert town.status == 422 and "请由他们重新申请" in town.text


def test_an_office_that_has_to_decide_cannot_be_closed(sign_in, app, village_case):
    with on("2026-10-13 10:00"):
        ask(sign_in("cun"), village_case)
    assert "还有 1 件延期申请等它审批" in cases.portal_unit_obstacles(unit(TOWN))
