"""Villages and towns are merged: what was open goes on at the successor, what is written keeps the old name."""

import pytest

from plugins.grid.models import Household
from plugins.mediation.models import Committee
from plugins.village_rules.models import Charter, Sheet
from plugins.village_rules.models import Household as Home
from portal.accounts.models import Post, User
from portal.cases.models import Assist, Case, CaseEvent
from portal.cases.place import place_name
from portal.db import now, today
from portal.notify.models import Announcement
from portal.org import enabled_for, import_divisions, lineage, set_enabled
from portal.org.models import TownPlugin, Unit
from portal.org.settings import find, save_setting, unit_in_charge
from portal.people.models import Resident
from portal.values import Refused
from tests.cases.making import in_threads, listed, matter, move, plain
from tests.grid.door import draw, house
from tests.mediation.world import rows as mediation_rows
from tests.org.rearranging import DECREE, again, all_is_well, asked, confirmed, seen, village_of
from tests.people_of_the_county import DATA, NEXT_VILLAGE, OTHER_TOWN, QUIET_TOWN, TOWN, VILLAGE, person, unit
from tests.village_rules.world import rows as rule_rows


@pytest.fixture
def admin(sign_in):
    return sign_in("xitong")


def into_the_next(admin):
    return confirmed(admin, "merge", unit(VILLAGE), into=str(unit(NEXT_VILLAGE).id), how="absorb")


def towns(admin):
    return confirmed(admin, "merge", unit(TOWN), into=str(unit(OTHER_TOWN).id), how="absorb")


# -- villages --------------------------------------------------------------------------------------------------------

def test_the_absorbed_village_is_closed_and_lies_below_its_successor(admin):
    into_the_next(admin)
    old, new = unit(VILLAGE), unit(NEXT_VILLAGE)
    assert (old.successor_id, old.parent_id, old.village_id, old.valid_to) == (new.id, new.id, new.id, today())
    assert old.current().id == new.id and old.code == VILLAGE
    all_is_well()


def test_open_cases_go_on_with_the_successor_and_closed_ones_can_be_read_there(admin, sign_in):
    case, done = matter(), move(matter(of="居民养老保险参保"), ("settle", "cun"))
    assert {case.id, done.id}.isdisjoint(seen(person("lincun")))
    into_the_next(admin)
    after = Case.get_by_id(case.id)
    assert after.unit_id == unit(NEXT_VILLAGE).id and (after.state, after.due) == (case.state, case.due)
    assert {case.id, done.id} <= seen(person("lincun"))
    move(case, ("accept", "lincun"), ("forward_town", "lincun"))
    browser = sign_in("lincun")
    assert {case.id, done.id} <= set(listed(browser.open("/cases/").text))
    assert f"/cases/{case.id}" in browser.open("/search?q=津贴").text
    all_is_well()


def test_the_old_name_is_still_printed(admin, sign_in):
    case = move(matter(), ("accept", "cun"))
    into_the_next(admin)
    page = sign_in("lincun").open(f"/cases/{case.id}").text
    assert "华光村村民委员会" in page and f"华光村并入{unit(NEXT_VILLAGE).short}" in page
    assert "华光村村民委员会" in sign_in("lincun").open(f"/cases/{case.id}/papers/receipt").text
    assert place_name(Case.get_by_id(case.id)) == "华光村村民委员会"
    assert Case.get_by_id(case.id).number.startswith("FW104204-")
    events = CaseEvent.select().where(CaseEvent.case == case.id).order_by(CaseEvent.seq)
    assert [event.holder_name for event in events][:-1] == ["华光村村民委员会"] * (len(events) - 1)


def test_a_renamed_village_prints_the_old_name_on_what_came_before(admin, sign_in):
    case = matter(at=now().replace(day=1, month=now().month) if False else None)
    admin.send(f"/org/{unit(VILLAGE).id}/rename", name="红旗村村民委员会", note=DECREE)
    case = Case.get_by_id(case.id)
    assert unit(VILLAGE).name_on(case.opened.date()) == "红旗村村民委员会"  # the day itself is a new one
    earlier = plain(at=now().replace(year=now().year - 1, day=1))
    assert place_name(earlier) == "华光村村民委员会"
    assert "曾用名" in admin.open(f"/org/{unit(VILLAGE).id}").text


def test_pages_and_search_find_the_old_name_and_lead_to_the_successor(admin, sign_in):
    into_the_next(admin)
    short = unit(NEXT_VILLAGE).short
    hits = sign_in("zhen").open("/search?q=华光村").text
    assert f"已并入{short}" in hits and f"/org/{unit(VILLAGE).id}" in hits
    page = sign_in("lincun").open(f"/org/{unit(VILLAGE).id}")
    assert page.status == 200 and f'href="/org/{unit(NEXT_VILLAGE).id}"' in page.text and "已于" in page.text
    assert "并来" in admin.open(f"/org/{unit(NEXT_VILLAGE).id}").text


def test_people_keep_their_posts_at_the_successor_and_two_of_a_kind_become_one(admin, sign_in):
    before = Post.select().where(Post.user == User.get(User.name == "duogang")).count()
    into_the_next(admin)
    valid = Post.select().join(User).where(User.name == "duogang", Post.valid_to.is_null())
    assert before == 3 and sorted(post.unit_id for post in valid) == sorted([unit(NEXT_VILLAGE).id, unit(TOWN).id])
    assert not Post.select().where(Post.unit == unit(VILLAGE).id, Post.valid_to.is_null()).exists()
    assert unit(NEXT_VILLAGE).short in sign_in("shuji").open("/").text


def test_grids_and_households_come_along_without_two_of_one_name_or_number(admin, sign_in):
    shuji = sign_in("shuji")
    draw(shuji)
    house(shuji, 1), house(shuji, 2)
    Unit.add(code=NEXT_VILLAGE + "001", name="第一网格", level="grid", parent=unit(NEXT_VILLAGE))
    here = unit(NEXT_VILLAGE)
    Household.create(unit=here, number=1, **here.place())
    into_the_next(admin)
    names = [one.name for one in Unit.select().where(Unit.parent == here.id, Unit.level == "grid")]
    assert sorted(names) == ["华光村第一网格", "第一网格"]
    numbers = [row.number for row in Household.select().where(Household.village_id == here.id)]
    assert len(set(numbers)) == len(numbers) == 3
    assert {row.unit_id for row in Household.select()} == {here.id}
    admin.send(f"/org/{here.id}/add", level="grid", name="第三网格")
    assert admin.status == 200 and Unit.get(Unit.name == "第三网格").code == NEXT_VILLAGE + "002"
    all_is_well()


def test_self_government_goes_on_at_the_successor(admin, app):
    with app.test_request_context():
        rule_rows()
    old = unit(VILLAGE)
    into_the_next(admin)
    new = unit(NEXT_VILLAGE)
    assert {home.unit_id for home in Home.select()} == {new.id}
    assert not Sheet.select().where(Sheet.unit == old.id, Sheet.active == True).exists()  # noqa: E712
    assert {charter.status for charter in Charter.select().where(Charter.unit == old.id)} == {"repealed"}
    assert Charter.get(Charter.status == "drafting").unit_id == new.id
    all_is_well()


def test_the_mediation_committee_goes_on_until_it_ends(admin, app):
    with app.test_request_context():
        mediation_rows()
    into_the_next(admin)
    assert Committee.get().unit_id == unit(NEXT_VILLAGE).id
    all_is_well()


def test_residents_belong_to_the_successor(admin, sign_in):
    case = matter()
    into_the_next(admin)
    assert Resident.get().unit_id == unit(NEXT_VILLAGE).id
    assert sign_in("lincun").open(f"/people/{case.resident_id}").status == 200


def test_a_village_may_be_merged_into_one_of_another_town(admin, sign_in):
    case, there = matter(), village_of(unit(OTHER_TOWN))
    confirmed(admin, "merge", unit(VILLAGE), into=str(there.id), how="absorb")
    assert case.id in seen(person("linjia")) & seen(person("linzhen")) and case.id not in seen(person("zhen"))
    assert unit(VILLAGE).town_id == unit(OTHER_TOWN).id
    all_is_well()


def test_who_assists_itself_is_asked_no_more(admin):
    case = matter(NEXT_VILLAGE, "lincun")
    by = User.get(User.name == "lincun")
    Assist.create(county_id=case.county_id, case=case.id, unit=unit(VILLAGE), asked_by=by, asked_by_name="王桂兰",
                  wanted="核实", due=case.due)
    Case.update(assists=1, assists_open=1).where(Case.id == case.id).execute()
    into_the_next(admin)
    assert Assist.get().state == "ended" and Case.get_by_id(case.id).assists_open == 0
    move(case, ("accept", "lincun"), ("forward_town", "lincun"))


def test_two_become_a_new_one(admin, sign_in):
    case, other = matter(), matter(NEXT_VILLAGE, "lincun")
    confirmed(admin, "merge", unit(VILLAGE), into=str(unit(NEXT_VILLAGE).id), how="new", name="合心村村民委员会",
              code="510722104299")
    made = unit("510722104299")
    assert {Case.get_by_id(one.id).unit_id for one in (case, other)} == {made.id}
    assert {case.id, other.id} <= seen(person("cun")) & seen(person("lincun"))
    assert unit(VILLAGE).successor_id == unit(NEXT_VILLAGE).successor_id == made.id
    fresh = plain("510722104299", "cun")
    assert fresh.number.startswith("FW104299-") and fresh.number.endswith("-0001")
    all_is_well()


def test_what_was_merged_can_be_merged_again(admin):
    case = matter()
    into_the_next(admin)
    third = village_of(unit(OTHER_TOWN))
    confirmed(admin, "merge", unit(NEXT_VILLAGE), into=str(third.id), how="absorb")
    assert unit(VILLAGE).current().id == third.id and unit(VILLAGE).village_id == third.id
    assert Case.get_by_id(case.id).unit_id == third.id and case.id in seen(person("linzhen"))
    assert place_name(Case.get_by_id(case.id)) == "华光村村民委员会"
    all_is_well()


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"how": "new"}, "请填写“新单位的全称”"), ({"how": "new", "name": "合心村", "code": "123"}, "12 位数字"),
    ({"how": "new", "name": "合心村", "code": "510722104203"}, "已经用过"), ({"how": "sideways"}, "请从列表中选择"),
    ({"how": "new", "name": "合心村", "code": "５１０７２２１０４２９９"}, "12 位数字"),
    ({"name": "长" * 10_000}, "最多 100"),
])
def test_what_cannot_be_is_refused_and_kept(admin, fields, sentence):
    asked(admin, "merge", unit(VILLAGE), **{"into": str(unit(NEXT_VILLAGE).id), "how": "absorb", **fields})
    assert admin.status == 422 and sentence in admin.text and DECREE in admin.text
    assert not unit(VILLAGE).is_closed


def test_into_itself_and_into_a_closed_one_is_refused(admin):
    asked(admin, "merge", unit(VILLAGE), into=str(unit(VILLAGE).id), how="absorb")
    assert admin.status == 422 and "它自己" in admin.text
    into_the_next(admin)
    third = village_of(unit(TOWN), 2)
    with pytest.raises(Refused, match="已停用"):
        lineage.merge_units(third, unit(VILLAGE), person("xitong"), third.version, on=today())
    assert admin.open(f"/org/{unit(VILLAGE).id}/merge").status in (400, 409, 422)


def test_two_villages_that_absorb_each_other_at_once_end_as_one(app):
    one, other, by = unit(VILLAGE), unit(NEXT_VILLAGE), person("xitong")
    plain(), plain(NEXT_VILLAGE, "lincun")

    def act(unit_, into):
        def run():
            with app.test_request_context():
                return lineage.merge_units(Unit.get_by_id(unit_.id), Unit.get_by_id(into.id), by, unit_.version,
                                           on=today())
        return run

    results = in_threads(app, act(one, other), act(other, one))
    assert sum(isinstance(result, Exception) for result in results) == 1, results
    assert sum(again(unit_).is_closed for unit_ in (one, other)) == 1
    all_is_well()


# -- towns -----------------------------------------------------------------------------------------------------------

def test_a_town_goes_over_with_all_its_villages_and_offices(admin, sign_in):
    at_town = move(matter(), ("accept", "cun"), ("forward_town", "cun"))
    new_case = matter()
    villages = Unit.select().where(Unit.parent == unit(TOWN).id, Unit.level == "village").count()
    there = Unit.select().where(Unit.parent == unit(OTHER_TOWN).id, Unit.level == "village").count()
    towns(admin)
    town = unit(OTHER_TOWN)
    assert Unit.select().where(Unit.parent == town.id, Unit.level == "village").count() == villages + there
    assert Case.get_by_id(at_town.id).unit.town_id == town.id and not Case.get_by_id(at_town.id).unit.is_closed
    assert {at_town.id, new_case.id} <= seen(person("linzhen")) & seen(person("zhen"))
    assert f"/cases/{at_town.id}" in sign_in("zhen").open("/cases/desk").text
    assert sign_in("cun").open(f"/cases/{new_case.id}").status == 200
    all_is_well()


def test_offices_of_the_same_kind_become_one_and_others_take_the_new_name(admin):
    admin.send(f"/org/{unit(TOWN).id}/add", level="department", name="塔山镇文化站")
    extra = unit((TOWN, "文化站"))
    old = unit((TOWN, "综治中心"))
    towns(admin)
    assert again(old).successor_id == unit((OTHER_TOWN, "综治中心")).id
    assert again(extra).name == "建中镇文化站" and again(extra).parent_id == unit(OTHER_TOWN).id
    assert again(extra).former_names[0][1] == "塔山镇文化站"
    assert Post.get(Post.user == User.get(User.name == "zongzhi")).unit_id == unit((OTHER_TOWN, "综治中心")).id


def test_the_successor_gets_the_platforms_that_either_had(admin):
    confirmed(admin, "merge", unit(TOWN), into=str(unit(QUIET_TOWN).id), how="absorb")
    assert enabled_for(unit(QUIET_TOWN)) >= {"station", "grid", "mediation", "village_rules"}
    assert not TownPlugin.select().where(TownPlugin.unit == unit(TOWN).id, TownPlugin.enabled == True).exists()  # noqa: E712


def test_what_nobody_had_enabled_stays_off(admin):
    set_enabled(unit(TOWN), "grid", False, None)
    confirmed(admin, "merge", unit(TOWN), into=str(unit(QUIET_TOWN).id), how="absorb")
    assert "grid" not in enabled_for(unit(QUIET_TOWN)) and "station" in enabled_for(unit(QUIET_TOWN))


def test_two_towns_become_a_new_one(admin):
    case = move(matter(), ("accept", "cun"), ("forward_town", "cun"))
    confirmed(admin, "merge", unit(TOWN), into=str(unit(OTHER_TOWN).id), how="new", name="塔建镇", code="510722199000")
    made = unit("510722199000")
    assert Case.get_by_id(case.id).unit.town_id == made.id and made.kind == "镇"
    offices = Unit.select().where(Unit.parent == made.id, Unit.level == "department", Unit.valid_to.is_null())
    assert sorted(one.name for one in offices) == sorted(f"塔建镇{name}" for name in (
        "党政办公室", "便民服务中心", "综治中心", "司法所"))
    assert {case.id} <= seen(person("zhen")) & seen(person("linzhen"))
    assert "station" in enabled_for(made)
    all_is_well()


def test_an_announcement_of_the_old_town_can_still_be_withdrawn(admin, sign_in):
    clerk = sign_in("zhen")
    clerk.send("/notify/publish", title="防汛值班", text="请各村安排值班。", audience="villages")
    assert clerk.status == 200, clerk.text
    towns(admin)
    assert "防汛值班" in sign_in("cun").open("/notify/announcements/").text
    other = sign_in("linzhen")
    assert "防汛值班" in other.open("/notify/announcements/").text
    assert other.send(f"/notify/announcements/{Announcement.get().id}/withdraw", reason="值班已经安排").status == 200
    assert Announcement.get().withdrawn_because == "值班已经安排"


def test_a_unit_in_charge_that_ends_has_its_heir_in_charge(admin):
    declared, county = find("station.in_charge"), unit(TOWN).county_id
    save_setting(declared, county, unit((TOWN, "便民服务中心")).id, person("xitong"))
    towns(admin)
    assert unit_in_charge("station.in_charge", county).id == unit((OTHER_TOWN, "便民服务中心")).id


def test_an_old_file_of_divisions_opens_nothing_again(admin):
    into_the_next(admin), towns(admin)
    report = import_divisions([DATA / "510722_towns.csv", DATA / "510722_villages.csv"])
    assert unit(VILLAGE).is_closed and unit(TOWN).is_closed and len(report.closed) == 2
    all_is_well()
