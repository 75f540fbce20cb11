"""交县里办理后停用: what is open goes to the county in the same act, with all that hangs on it, or nothing does."""

import dataclasses

import pytest

from portal.accounts.models import Post
from portal.audit.models import AuditEntry
from portal.cases import extensions, pausing, timeline
from portal.cases.assists import ask
from portal.cases.kinds import kinds
from portal.cases.ledger import available, take
from portal.cases.models import Assist, Case
from portal.cases.self_check import found_everywhere
from portal.cases.supervision.models import Order
from portal.db import atomic, today
from portal.notify.models import Notice
from portal.org.enablement import enabled_for, hand_and_disable, set_enabled
from portal.org.models import Unit
from portal.org.settings import find, save_setting
from portal.values import Conflict, Refused
from tests.cases.making import SAID, in_threads, listed, matter, move, plain, waiting
from tests.cases.supervision.late import again, issued, notices, steps
from tests.grid.door import report
from tests.grid.door import step as grid_step
from tests.mediation.door import committee, register
from tests.people_of_the_county import COUNTY, OTHER_TOWN, TOWN, VILLAGE, person, unit
from tests.station.door import newest, receive

CIVIL, HALL = (COUNTY, "民政局"), (COUNTY, "行政审批服务局")


def hand(browser, slug="station", code=TOWN, **fields):
    form = browser.open(f"/org/plugins/{unit(code).id}/{slug}").form(["text"])
    return browser.submit(form, **fields)


def enabled(code=TOWN, slug="station") -> bool:
    return slug in enabled_for(unit(code))


def nothing_is_broken() -> bool:
    found = found_everywhere()
    assert not found.breaches, found.breaches
    return True


@pytest.fixture
def three(app):
    """A new case, one that the town examines, and one whose clock stands still, all of the station in TOWN."""
    with app.test_request_context():
        return [matter(), move(matter(), ("accept", "cun"), ("forward_town", "cun")),
                move(matter(complete=False), ("correct", "cun"))]


# -- what becomes of the cases -------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["zhenguan", "xitong"])
def test_all_of_them_lie_with_the_county_as_they_were_and_the_plugin_is_off(three, sign_in, name):
    admin = hand(sign_in(name), text="窗口撤并")
    assert "塔山镇已停用“便民服务站”，3 件交县民政局办理" in admin.text and not enabled()
    for case in three:
        after = again(case)
        assert after.unit_id == unit(CIVIL).id and after.person_id is None and after.former_unit_id == case.unit_id
        assert (after.state, after.due, after.paused_at) == (case.state, case.due, case.paused_at)
        assert after.is_unsigned and after.version == case.version + 1
        entry = timeline.entries(after)[-1]
        assert entry.step == "hand_town" and "窗口撤并" in entry.text and entry.holder_id == after.unit_id
    assert nothing_is_broken()


def test_where_the_department_of_the_line_has_nobody_the_unit_in_charge_takes_it_and_signs_itself(app, sign_in):
    with app.test_request_context():
        case = matter(of="居民养老保险参保")
    assert "1 件交县行政审批服务局办理" in hand(sign_in("xitong")).text, "who acts for that unit as well"
    assert again(case).is_unsigned and steps(case)[-1] == "hand_town"


def test_the_county_reads_them_steps_them_and_can_bring_them_to_their_end(three, sign_in, app):
    hand(sign_in("zhenguan"))
    clerk = sign_in("minzheng")
    found = waiting(clerk.open("/cases/desk").text) + waiting(clerk.open("/cases/desk?part=paused").text)
    assert {case.id for case in three} <= set(found)
    new, at_town, stopped = (again(case) for case in three)
    with app.test_request_context():
        for case in (new, at_town, stopped):
            assert available(case, person("minzheng")), case.state
        case = move(at_town, ("forward_county", "minzheng"), ("decide", "minzheng"))
        assert case.unit_id == unit(CIVIL).id and case.state == "decided", "the town would not see it any more"
        assert "华光村没有启用“便民服务站”，由县民政局接着办。" in timeline.entries(case)[-1].text
        case = take("deliver", case, person("minzheng"), SAID)
        assert not case.is_open and case.replied
        stopped = move(stopped, ("supplement", "minzheng"))
        assert stopped.due and not stopped.paused_at
    assert nothing_is_broken()


def test_what_the_workflow_sends_back_goes_to_the_town_again_once_it_has_the_plugin(three, sign_in, app):
    hand(sign_in("zhenguan"))
    with app.test_request_context():
        set_enabled(unit(TOWN), "station", True, None)
        case = move(again(three[1]), ("forward_county", "minzheng"), ("decide", "minzheng"))
        assert case.unit_id == unit(VILLAGE).id and case.former_unit_id is None
    assert nothing_is_broken()


def test_the_town_sees_none_of_them_any_more_and_the_neighbour_never_did(three, sign_in):
    hand(sign_in("zhenguan"))
    for name in ("cun", "zhen", "linzhen"):
        browser = sign_in(name)
        assert not set(listed(browser.open("/cases/").text)) & {case.id for case in three}
        assert browser.open(f"/cases/{three[0].id}").status == 404


def test_only_this_plugin_in_this_town_is_handed(three, sign_in, app):
    with app.test_request_context():
        other = plain(OTHER_TOWN + "/village", "linjia")
        closed = move(matter(), ("withdraw", "cun"))
    hand(sign_in("zhenguan"))
    assert again(other).unit_id == other.unit_id and again(closed).unit_id == closed.unit_id
    assert enabled(OTHER_TOWN) and enabled(slug="grid")


def test_each_unit_and_each_person_is_told_once_and_the_record_says_how_many(three, sign_in, cast):
    hand(sign_in("zhenguan"), text="窗口撤并")
    assert [one.title for one in notices(cast["minzheng"], "cases.handed")] == [
        "塔山镇停用“便民服务站”，3 件交县民政局办理"]
    [told] = notices(cast["cun"], "cases.moved_work")
    assert "您名下的" in told.title and three[0].title not in told.title
    entry = AuditEntry.get(AuditEntry.action == "cases.hand_town")
    assert entry.detail == {"unit": "塔山镇", "rows": 3, "to": ["县民政局"], "reason": "窗口撤并"}
    assert entry.actor_name == "郑伟"


def test_events_of_the_grids_go_to_the_unit_in_charge_or_the_county(sign_in, app):
    new, handled = report(sign_in("wangge")), report(sign_in("wangge"))
    village = sign_in("shuji")
    for name, fields in (("accept", {}), ("handle", {"text": "已修好护栏"})):
        grid_step(village, handled, name, **fields)
    assert again(handled).state == "checking"
    save_setting(find("grid.coordination"), unit(COUNTY).id, unit(HALL).id, person("xitong"))
    told = hand(sign_in("zhenguan"), "grid").text
    assert "塔山镇已停用“网格管理”，2 件交县行政审批服务局办理" in told and not enabled(slug="grid")
    with app.test_request_context():
        assert "accept" in [step.name for step in available(again(new), person("xian"))]
        assert "confirm" in [step.name for step in available(again(handled), person("xian"))]
        after = take("accept", again(new), person("xian"), {})
        after = take("handle", after, person("xian"), {"text": "已修好护栏"})
        assert after.state == "checking" and after.unit_id == unit(HALL).id
        chosen = take("redo", again(handled), person("xian"), {"text": "没有修好"})
        with pytest.raises(Refused, match="没有启用“网格管理”"):  # the town was chosen from a list
            take("assign", chosen, person("xian"), {"target": str(unit((TOWN, "综治中心")).id), "text": "请办"})
    assert nothing_is_broken()


def test_disputes_go_to_those_who_may_read_what_was_said(sign_in, app):
    committee(sign_in("shuji"))
    case = register(sign_in("tiaojie"))
    admin = hand(sign_in("zhenguan"), "mediation")
    assert "1 件交县司法局办理" in admin.text and "张建国" not in admin.text
    after = again(case)
    assert after.unit_id == unit((COUNTY, "司法局")).id
    clerk = sign_in("sifaju").open(f"/cases/{case.id}")
    assert clerk.status == 200 and "藤椒" in clerk.text and sign_in("tiaojie").open(f"/cases/{case.id}").status == 404
    with app.test_request_context():
        assert "accept" in [step.name for step in available(after, person("sifaju"))]
    assert nothing_is_broken()


# -- what hangs on a case ------------------------------------------------------------------------------------------

def test_assists_of_the_town_end_and_those_of_the_county_go_on(app, sign_in):
    with app.test_request_context():
        case = move(matter(), ("accept", "cun"))
        office, beside = unit((TOWN, "便民服务中心")), unit((COUNTY, "残疾人联合会"))
        for one in (office, beside):
            ask(again(case), person("shuji"), one.id, "请核对名册", case.due.date())
    hand(sign_in("zhenguan"))
    after = again(case)
    assert (after.assists, after.assists_open) == (2, 1)
    assert {one.unit_id: one.state for one in Assist.select()} == {office.id: "ended", beside.id: "asked"}
    assert not enabled() and nothing_is_broken()


def test_a_request_for_more_time_ends_because_who_decides_has_changed(app, sign_in):
    with app.test_request_context():
        case = move(matter(), ("accept", "cun"))
        extensions.ask(case, person("cun"), 5, "需要实地核查", case.version)
    hand(sign_in("zhenguan"))
    after = again(case)
    assert after.extension_asked is None and after.extension == "moot" and after.due == case.due
    assert nothing_is_broken()


def test_a_pause_goes_on_with_its_reason(app, sign_in):
    with app.test_request_context():
        case = move(matter(), ("accept", "cun"))
        case = pausing.pause(case, person("cun"), pausing.reasons_of(case)[0].name, evidence="通知 5 号",
                             until_expected=today(), text="", version=case.version)
    hand(sign_in("zhenguan"))
    after = again(case)
    assert after.paused_at == case.paused_at and after.pause_reason == case.pause_reason and after.due is None
    assert nothing_is_broken()


def test_an_order_goes_along_and_the_county_answers_it(app, sign_in):
    with app.test_request_context():
        case = move(matter(), ("accept", "cun"))
    order = issued(sign_in("zhen"), case)
    assert order.unit_id == case.unit_id
    hand(sign_in("zhenguan"))
    order = Order.get_by_id(order.id)
    assert (order.unit_id, order.status, order.town_id) == (unit(CIVIL).id, "issued", None)
    clerk = sign_in("minzheng")
    clerk.send(f"/cases/orders/{order.id}/answer", text="已由县里接办")
    assert Order.get_by_id(order.id).status == "answered" and nothing_is_broken()


@pytest.fixture
def hidden(app, monkeypatch):
    """A restricted case of shuji, in a kind that says that it may hold such cases."""
    with app.test_request_context():
        plugin, kind = kinds() and app.extensions["portal_kinds"]["station.request"]
        monkeypatch.setitem(app.extensions["portal_kinds"], kind.name,
                            (plugin, dataclasses.replace(kind, restricted=True)))
        case = matter(VILLAGE, "shuji")
        with atomic():
            case = timeline.locked(case.id)
            case.restricted, case.title = True, "举报：村账目不清"
            case.save()
        return again(case)


def test_what_is_hidden_needs_somebody_named_for_it_and_only_they_see_it(hidden, sign_in, cast):
    admin = sign_in("zhenguan")
    page = admin.open(f"/org/plugins/{unit(TOWN).id}/station").text
    assert hidden.number in page and "账目" not in page and "有 1 件只有经办人看得到" in page
    hand(admin)
    assert admin.status == 422 and "请选择县里由谁接办" in admin.text and again(hidden).unit_id == hidden.unit_id
    hand(admin, keeper=str(cast["minzheng"]))
    after = again(hidden)
    assert (after.unit_id, after.person_id) == (unit(CIVIL).id, cast["minzheng"]) and not enabled()
    assert sign_in("minzheng").open(f"/cases/{hidden.id}").status == 200
    assert sign_in("xian").open(f"/cases/{hidden.id}").status == 404
    assert not Notice.select().where(Notice.title.contains("账目")).exists() and nothing_is_broken()


# -- all or nothing ------------------------------------------------------------------------------------------------

def test_a_county_that_has_not_enabled_it_takes_nothing_and_says_so(three, app, sign_in):
    set_enabled(unit(COUNTY), "station", False, None)
    admin = sign_in("zhenguan").open(f"/org/plugins/{unit(TOWN).id}/station")
    assert "三台县没有为县级工作人员启用“便民服务站”" in admin.text
    with pytest.raises(Refused, match="没有为县级工作人员启用"), app.test_request_context():
        hand_and_disable(unit(TOWN), "station", person("zhenguan"))
    assert enabled() and all(again(case).unit_id == case.unit_id for case in three)


def test_where_nobody_could_go_on_nothing_is_handed_and_the_case_is_named(three, app, sign_in, cast):
    Post.update(valid_to=today()).where(Post.user.in_([cast["minzheng"], cast["xian"]])).execute()
    Post.delete().where(Post.user.in_([cast["minzheng"], cast["xian"]])).execute()
    with pytest.raises(Refused, match="能接着办"), app.test_request_context():
        hand_and_disable(unit(TOWN), "station", person("zhenguan"))
    assert enabled() and all(again(case).unit_id == case.unit_id for case in three)
    assert steps(three[0])[-1] != "hand_town" and not AuditEntry.select().where(
        AuditEntry.action == "cases.hand_town").exists()


def test_what_villagers_decide_among_themselves_does_not_go_to_the_county(app, sign_in):
    with app.test_request_context():
        case = plain(kind="village_rules.charter", who="shuji", title="村规民约修订")
    admin = sign_in("zhenguan").open(f"/org/plugins/{unit(TOWN).id}/village_rules")
    assert case.number in admin.text and "县里没有接收这类件的单位" in admin.text
    with pytest.raises(Refused, match=case.number), app.test_request_context():
        hand_and_disable(unit(TOWN), "village_rules", person("zhenguan"))


def test_a_required_plugin_is_not_handed_away(three, app, sign_in):
    sign_in("xitong").send("/org/plugins/rules/station", unit=str(unit(COUNTY).id), kind="required", reason="文件")
    with pytest.raises(Refused, match="必须启用"), app.test_request_context():
        hand_and_disable(unit(TOWN), "station", person("zhenguan"))
    assert again(three[0]).unit_id == three[0].unit_id


def test_a_step_that_was_open_on_a_screen_is_told_who_was_faster(three, sign_in, app):
    with pytest.raises(Conflict), app.test_request_context():
        hand_and_disable(unit(TOWN), "station", person("zhenguan"))
        take("accept", three[0], person("cun"), SAID, version=three[0].version)


def test_twice_the_same_form_hands_once(three, sign_in):
    admin = sign_in("zhenguan")
    form = admin.open(f"/org/plugins/{unit(TOWN).id}/station").form(["text"])
    form.action = f"/org/plugins/{unit(TOWN).id}/station"
    admin.submit(form)
    admin.submit(form)
    assert admin.status == 200 and steps(three[0]).count("hand_town") == 1


@pytest.mark.parametrize("name", ["linzhen", "cun", "zhen", "xian", "lingdao", "shenji"])
def test_nobody_else_hands_anything(three, sign_in, name):
    assert sign_in(name).post(f"/org/plugins/{unit(TOWN).id}/station", enable="hand").status == 403
    assert again(three[0]).unit_id == three[0].unit_id


# -- two at once ---------------------------------------------------------------------------------------------------

def test_a_case_opened_between_page_and_press_is_handed_too(three, sign_in):
    admin = sign_in("zhenguan")
    form = admin.open(f"/org/plugins/{unit(TOWN).id}/station").form(["text"])
    receive(sign_in("cun"))
    late = newest()
    admin.submit(form)
    assert "4 件交" in admin.text and again(late).unit_id == unit(CIVIL).id and not enabled()


def test_two_administrators_at_once_hand_each_case_once(three, app):
    town, both = unit(TOWN), [person("zhenguan"), person("xitong")]
    results = in_threads(app, *[lambda who=who: hand_and_disable(town, "station", who) for who in both])
    assert not [one for one in results if isinstance(one, Exception)], results
    assert [steps(case).count("hand_town") for case in three] == [1, 1, 1] and not enabled()
    assert nothing_is_broken()


def test_opening_and_stepping_while_it_is_handed_leaves_nothing_behind(three, app):
    """Whatever comes first, in the end either the town has the plugin, or nothing is open there."""
    town, village, cun, zhen = unit(TOWN), unit(VILLAGE), person("cun"), person("zhen")
    admin = person("zhenguan")

    def opened():
        with app.test_request_context(), atomic():
            return [matter(village, cun) for _ in range(3)]

    def stepped():
        with app.test_request_context():
            return move(three[0], ("accept", cun), ("forward_town", cun))

    def returned():
        with app.test_request_context():
            return move(three[1], ("send_back_village", zhen))

    results = in_threads(app, lambda: hand_and_disable(town, "station", admin), opened, stepped, returned)
    errors = [one for one in results if isinstance(one, Exception)]
    assert all(isinstance(one, Refused | Conflict) for one in errors), errors
    left = Case.select().join(Unit).where(Case.closed.is_null(), Unit.town_id == town.id).count()
    assert enabled() or not left
    assert nothing_is_broken()


def test_every_kind_of_case_of_every_plugin_is_asked_before_it_goes(app):
    """A plugin whose kinds name a unit in charge can be let go; the sentence comes before anything has moved."""
    for kind in kinds().values():
        assert kind.in_charge or kind.name.startswith("village_rules."), kind.name
