"""A village is moved to another town: its cases, people and figures go along, and the old town sees it no more."""

import datetime
import threading
import time

import pytest
import time_machine

from plugins.grid.models import Household
from portal.accounts.models import Post, User
from portal.audit.models import AuditEntry
from portal.cases.counter_models import Tally
from portal.cases.figures import table_of
from portal.cases.models import Assist, Case, CaseEvent
from portal.cases.periods import Period
from portal.cases.timeline import broken_at
from portal.db import atomic, database, now, today
from portal.org import enabled_for, import_divisions, lineage
from portal.org.models import Unit, UnitChange
from portal.org.settings import unit_in_charge
from portal.people.models import Resident
from portal.values import Conflict, Refused
from tests.cases.making import in_threads, listed, matter, move, plain
from tests.grid.door import draw, house
from tests.org.rearranging import DECREE, again, all_is_well, asked, confirmed, seen
from tests.people_of_the_county import DATA, OTHER_TOWN, QUIET_TOWN, TOWN, VILLAGE, person, unit


@pytest.fixture
def admin(sign_in):
    return sign_in("xitong")


def to_the_neighbours(admin):
    return confirmed(admin, "move", unit(VILLAGE), into=str(unit(OTHER_TOWN).id))


# -- what is said first ----------------------------------------------------------------------------------------------

def test_the_preview_counts_what_would_move_and_moves_nothing(admin):
    matter()
    move(matter(of="居民养老保险参保"), ("settle", "cun"))
    asked(admin, "move", unit(VILLAGE), into=str(unit(OTHER_TOWN).id))
    assert admin.status == 200 and "还没有办理" in admin.text
    for words in ("没有办结的件", "已办结的件", "居民档案", "随辖区走、岗位不变的"):
        assert words in admin.text, words
    assert again(unit(VILLAGE)).town_id == unit(TOWN).id and not UnitChange.select().exists()


def test_whoever_changes_a_choice_after_the_preview_sees_another_preview(admin):
    asked(admin, "move", unit(VILLAGE), into=str(unit(OTHER_TOWN).id))
    admin.submit(admin.form(["seen"]), f"/org/{unit(VILLAGE).id}/move", into=str(unit("510722101000").id))
    assert "还没有办理" in admin.text and again(unit(VILLAGE)).town_id == unit(TOWN).id


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"into": ""}, "请选择"), ({"decree": ""}, "请填写“依据"), ({"on": "2999-01-01"}, "年份"),
    ({"on": str(today() + datetime.timedelta(days=1))}, "不能晚于今天"), ({"into": "999999999"}, "请在单位树里选择"),
    ({"decree": "长" * 10_000}, "最多 200 字"),
])
def test_what_cannot_be_is_refused_with_a_sentence_and_the_input_kept(admin, fields, sentence):
    asked(admin, "move", unit(VILLAGE), **{"into": str(unit(OTHER_TOWN).id), "decree": "我的依据", **fields})
    assert admin.status == 422 and sentence in admin.text
    assert "我的依据" in admin.text or "decree" in fields
    assert again(unit(VILLAGE)).town_id == unit(TOWN).id


def test_its_own_town_and_another_county_are_no_destination(admin):
    asked(admin, "move", unit(VILLAGE), into=str(unit(TOWN).id))
    assert admin.status == 422 and "本来就属于塔山镇" in admin.text
    county = Unit.add(code="510781000000", name="江油市", level="county")
    far = Unit.add(code="510781100000", name="远镇", level="town", parent=county)
    with pytest.raises(Refused, match="跨县"):
        lineage.plan_move(unit(VILLAGE), far, person("xitong"))


def test_a_village_of_the_same_name_there_must_be_renamed_first(admin):
    there = Unit.get(Unit.parent == unit(OTHER_TOWN), Unit.level == "village")
    Unit.update(name=unit(VILLAGE).name).where(Unit.id == there.id).execute()
    asked(admin, "move", unit(VILLAGE), into=str(unit(OTHER_TOWN).id))
    assert admin.status == 422 and "同名" in admin.text


@pytest.mark.parametrize("name", ["cun", "zhen", "xian", "zhenguan", "lingdao"])
def test_only_who_keeps_the_units_may(sign_in, name):
    clerk, village = sign_in(name), unit(VILLAGE)
    for act in ("move", "merge", "split"):
        assert clerk.open(f"/org/{village.id}/{act}").status == 403
        assert clerk.post(f"/org/{village.id}/{act}", decree="x").status == 403


# -- what goes along -------------------------------------------------------------------------------------------------

def test_the_tree_the_people_and_the_rows_lie_in_the_new_town(admin, sign_in):
    grid = draw(sign_in("shuji"))
    house(sign_in("shuji"), 7)
    case = matter()
    to_the_neighbours(admin)
    village, town = again(unit(VILLAGE)), unit(OTHER_TOWN)
    assert (village.town_id, village.parent_id, village.code) == (town.id, town.id, VILLAGE)
    assert again(grid.unit).town_id == town.id and again(grid.unit).path.startswith(village.path)
    assert {row.town_id for model in (Case, Household, Resident) for row in model.select()} == {town.id}
    assert Post.get(Post.user == User.get(User.name == "shuji")).unit_id == village.id
    assert Case.get_by_id(case.id).number == case.number
    all_is_well()


def test_an_open_case_keeps_its_unit_its_state_and_its_due_moment(admin):
    case = matter()
    to_the_neighbours(admin)
    after = Case.get_by_id(case.id)
    assert (after.unit_id, after.state, after.due, after.person_id) == (
        case.unit_id, case.state, case.due, case.person_id)
    last = CaseEvent.select().where(CaseEvent.case == case.id).order_by(CaseEvent.seq.desc()).first()
    assert last.title == "华光村划入建中镇" and DECREE in last.text and last.actor_name == "马骏"
    assert broken_at(case.id) is None


def test_the_case_goes_on_in_the_new_town(admin):
    case = matter()
    to_the_neighbours(admin)
    case = move(case, ("accept", "cun"), ("forward_town", "cun"))
    assert case.unit.town_id == unit(OTHER_TOWN).id
    all_is_well()


def test_what_lay_with_the_old_town_lies_with_its_counterpart(admin, sign_in):
    case = move(matter(), ("accept", "cun"), ("forward_town", "cun"))
    held = case.unit
    assert held.town_id == unit(TOWN).id
    to_the_neighbours(admin)
    after = Case.get_by_id(case.id)
    assert after.unit.town_id == unit(OTHER_TOWN).id and after.unit.level == held.level
    assert after.person_id is None and after.due == case.due
    new = sign_in("linzhen").open("/cases/desk")
    assert f"/cases/{case.id}" in new.text
    assert sign_in("linzhen").open("/notify/").text.count("改由") >= 1
    all_is_well()


def test_every_door_of_the_old_town_is_shut_and_of_the_new_one_open(admin, sign_in):
    case = move(matter(), ("accept", "cun"), ("forward_town", "cun"))
    done = move(matter(of="居民养老保险参保"), ("settle", "cun"))
    home = house(sign_in("shuji"), 3)
    resident = Case.get_by_id(case.id).resident_id
    doors = [f"/cases/{case.id}", f"/cases/{done.id}", f"/people/{resident}", f"/grid/households/{home.id}"]
    old, new = sign_in("zhen"), sign_in("linzhen")
    assert [old.open(door).status for door in doors] == [200] * 4
    assert [new.open(door).status for door in doors] == [404] * 4
    to_the_neighbours(admin)
    assert [old.open(door).status for door in doors] == [404] * 4
    assert [new.open(door).status for door in doors] == [200] * 4
    for browser, found in ((old, False), (new, True)):
        assert (f"/cases/{case.id}" in browser.open("/search?q=津贴").text) is found
        assert ({case.id, done.id} <= set(listed(browser.open("/cases/").text))) is found
        assert (case.number in browser.open("/cases/?q=高龄津贴").text) is found
        assert browser.open(f"/org/{unit(VILLAGE).id}").status == (200 if found else 404)
        assert (f"/people/{resident}" in browser.open("/people/?q=王").text) is found
        assert ("华光村" in browser.open("/cases/figures").text) is found
    assert {case.id, done.id}.isdisjoint(seen(person("zhen"))) and {case.id, done.id} <= seen(person("linzhen"))


def test_the_figures_go_with_the_village_and_the_county_stays_as_it_was(admin):
    for _ in range(3):
        move(matter(of="居民养老保险参保"), ("settle", "cun"))
    month, county = Period.of("month", today()), person("xian")
    old, new = person("zhen"), person("linzhen")
    before = [table_of(one, month, "unit").total.counts["closed"] for one in (county, old, new)]
    to_the_neighbours(admin)
    after = [table_of(one, month, "unit").total.counts["closed"] for one in (county, person("zhen"), person("linzhen"))]
    assert before == [3, 3, 0] and after == [3, 0, 3]
    assert {row.town_id for row in Tally.select().where(Tally.axis == "place")} == {unit(OTHER_TOWN).id}
    assert old.area != new.area


def test_assistance_that_the_old_town_owed_is_owed_by_the_new_one(admin):
    case = matter()
    by = User.get(User.name == "cun")
    Assist.create(county_id=case.county_id, case=case.id, unit=unit(TOWN), asked_by=by, asked_by_name="李秀英",
                  wanted="核实", due=case.due)
    Case.update(assists=1, assists_open=1).where(Case.id == case.id).execute()
    to_the_neighbours(admin)
    assert Assist.get().unit_id == unit(OTHER_TOWN).id


# -- a town that has not enabled what is needed ----------------------------------------------------------------------

def test_a_town_without_the_platform_is_refused_with_the_list(admin):
    matter()
    asked(admin, "move", unit(VILLAGE), into=str(unit(QUIET_TOWN).id))
    assert admin.status == 422 and "立新镇没有启用" in admin.text and "便民服务站” 1 件" in admin.text
    admin.submit(admin.form(["seen"]), f"/org/{unit(VILLAGE).id}/move")
    assert admin.status == 422 and again(unit(VILLAGE)).town_id == unit(TOWN).id
    with pytest.raises(Refused, match="没有启用"):
        lineage.move_village(again(unit(VILLAGE)), unit(QUIET_TOWN), person("xitong"), 1, on=today(), decree="x")


def test_or_gets_it_in_the_same_act(admin, sign_in):
    case = matter()
    confirmed(admin, "move", unit(VILLAGE), into=str(unit(QUIET_TOWN).id), enable="on")
    assert "station" in enabled_for(unit(QUIET_TOWN)) and "grid" not in enabled_for(unit(QUIET_TOWN))
    assert sign_in("wuzhen").open(f"/cases/{case.id}").status == 200
    assert sign_in("cun").open(f"/cases/{case.id}").status == 200
    all_is_well()


def test_without_open_cases_nothing_needs_to_be_enabled(admin):
    move(matter(of="居民养老保险参保"), ("settle", "cun"))
    confirmed(admin, "move", unit(VILLAGE), into=str(unit(QUIET_TOWN).id))
    assert "station" not in enabled_for(unit(QUIET_TOWN))
    all_is_well()


# -- history, and back -----------------------------------------------------------------------------------------------

def test_the_history_of_all_three_says_so_and_the_record_too(admin):
    to_the_neighbours(admin)
    page = admin.open(f"/org/{unit(VILLAGE).id}").text
    assert "划转到：塔山镇 → " in page and "建中镇</a>" in page and DECREE in page
    assert "划出" in admin.open(f"/org/{unit(TOWN).id}").text
    assert "划入" in admin.open(f"/org/{unit(OTHER_TOWN).id}").text
    entry = AuditEntry.select().where(AuditEntry.action == "org.moved").get()
    assert entry.detail["to"] == "建中镇" and entry.detail["note"] == DECREE


def test_the_way_back_is_to_move_it_back(admin):
    case = move(matter(), ("accept", "cun"), ("forward_town", "cun"))
    to_the_neighbours(admin)
    confirmed(admin, "move", again(unit(VILLAGE)), into=str(unit(TOWN).id))
    assert again(unit(VILLAGE)).town_id == unit(TOWN).id and case.id in seen(person("zhen"))
    assert case.id not in seen(person("linzhen"))
    all_is_well()


def test_an_old_file_of_divisions_does_not_move_it_back(admin):
    to_the_neighbours(admin)
    report = import_divisions([DATA / "510722_towns.csv", DATA / "510722_villages.csv"])
    assert report.unchanged and again(unit(VILLAGE)).town_id == unit(OTHER_TOWN).id


def test_a_new_case_there_is_numbered_on_by_the_village(admin):
    first = plain()
    to_the_neighbours(admin)
    second = plain()
    assert int(second.number[-4:]) == int(first.number[-4:]) + 1
    all_is_well()


# -- at once, and in the middle --------------------------------------------------------------------------------------

def test_of_two_administrators_the_second_is_told(admin, sign_in):
    other, village = sign_in("xitong"), unit(VILLAGE)
    asked(other, "move", village, into=str(unit("510722101000").id))
    late = other.form(["seen"])
    to_the_neighbours(admin)
    other.submit(late, f"/org/{village.id}/move")
    assert other.status == 409 and "马骏" in other.text and again(village).town_id == unit(OTHER_TOWN).id


def test_two_at_once_move_it_once(app):
    village, by = unit(VILLAGE), person("xitong")
    for _ in range(2):
        plain()

    def act(code):
        def run():
            with app.test_request_context():
                return lineage.move_village(Unit.get_by_id(village.id), unit(code), by, village.version, on=today())
        return run

    results = in_threads(app, act(OTHER_TOWN), act("510722101000"))
    assert sum(isinstance(one, Conflict) for one in results) == 1, results
    all_is_well()


def test_cases_opened_in_the_middle_lie_in_the_new_town_or_are_refused(app):
    village, by, failures, opened = unit(VILLAGE), person("xitong"), [], []
    stop = threading.Event()

    def clerk():
        with app.app_context():
            while not stop.is_set():
                try:
                    with atomic():
                        opened.append(plain().id)
                except Refused as refused:
                    if "刚刚调整过" not in refused.sentence:
                        failures.append(refused)
                except Exception as error:
                    failures.append(error)
            database.close()

    threads = [threading.Thread(target=clerk) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        with app.test_request_context():
            for turn, code in enumerate((OTHER_TOWN, TOWN, OTHER_TOWN), 1):
                until = time.monotonic() + 20
                while len(opened) < turn and not failures and time.monotonic() < until:
                    time.sleep(0.01)
                one = Unit.get_by_id(village.id)
                lineage.move_village(one, unit(code), by, one.version, on=today())
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures, failures[:3]
    assert opened and {case.town_id for case in Case.select()} == {unit(OTHER_TOWN).id}
    all_is_well()


class BrokenOff(Exception):
    """What a power cut is to a transaction."""


def test_what_breaks_off_in_the_middle_has_not_happened(app, admin):
    case, village = move(matter(), ("accept", "cun"), ("forward_town", "cun")), unit(VILLAGE)
    with pytest.raises(BrokenOff), app.test_request_context(), atomic():
        lineage.move_village(village, unit(OTHER_TOWN), person("xitong"), village.version, on=today())
        raise BrokenOff
    assert again(village).town_id == unit(TOWN).id and Case.get_by_id(case.id).unit_id == case.unit_id
    assert not UnitChange.select().exists()
    all_is_well()


def test_the_unit_that_a_county_has_put_in_charge_stays_in_charge(admin):
    before = unit_in_charge("station.in_charge", unit(TOWN).county_id)
    to_the_neighbours(admin)
    assert unit_in_charge("station.in_charge", unit(TOWN).county_id) == before


def test_it_can_be_moved_tomorrow_as_well(admin):
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=2)):
        plain(at=now())
        to_the_neighbours(admin)
        all_is_well()
