"""A part of a village or town becomes a unit of its own, with the ground, the cases and the people chosen for it."""

import pytest

from portal.accounts.models import Post, User
from portal.cases.models import Case
from portal.cases.supervision.models import Rule
from portal.db import today
from portal.org import enabled_for, lineage
from portal.org.models import Unit
from portal.org.settings import find, save_setting, setting
from portal.testing import counted_queries
from portal.values import Refused
from tests.cases.making import matter, move, plain
from tests.grid.door import draw, house
from tests.org.rearranging import again, all_is_well, asked, confirmed, seen, village_of
from tests.people_of_the_county import TOWN, VILLAGE, person, unit

NEW_VILLAGE, NEW_TOWN = "510722104288", "510722188000"


@pytest.fixture
def admin(sign_in):
    return sign_in("xitong")


def part(admin, **fields):
    return confirmed(admin, "split", unit(VILLAGE), **{"name": "新光村村民委员会", "code": NEW_VILLAGE, **fields})


def test_chosen_grids_go_to_the_new_village_with_their_cases(admin, sign_in):
    shuji = sign_in("shuji")
    one, other = draw(shuji, "第一网格"), draw(shuji, "第二网格")
    home = house(shuji, 1, one.unit_id)
    going, staying = plain(place=one.unit), plain(place=other.unit)
    by_village = plain(place=one.unit, unit=unit(VILLAGE))
    part(admin, units=[str(one.unit_id)])
    made = unit(NEW_VILLAGE)
    assert {Case.get_by_id(case.id).village_id for case in (going, by_village)} == {made.id}
    assert Case.get_by_id(staying.id).village_id == unit(VILLAGE).id
    assert Case.get_by_id(by_village.id).unit_id == made.id and Case.get_by_id(going.id).unit_id == one.unit_id
    assert Unit.get_by_id(one.unit_id).parent_id == made.id
    assert type(home).get_by_id(home.id).village_id == made.id
    all_is_well()


def test_of_a_village_without_grids_open_cases_are_chosen(admin):
    going, staying = matter(), matter()
    page = admin.open(f"/org/{unit(VILLAGE).id}/split").text
    assert going.number in page and "高龄津贴" not in page  # who keeps the units does not read what cases are about
    part(admin, parts=[f"cases:{going.id}"])
    made = unit(NEW_VILLAGE)
    assert Case.get_by_id(going.id).unit_id == made.id == Case.get_by_id(going.id).village_id
    assert Case.get_by_id(staying.id).village_id == unit(VILLAGE).id
    all_is_well()


def test_people_stay_unless_they_are_chosen(admin, sign_in):
    shuji = Post.get(Post.user == User.get(User.name == "shuji"))
    case = matter()
    part(admin, parts=[f"posts:{shuji.id}", f"cases:{case.id}"])
    assert Post.get_by_id(shuji.id).unit_id == unit(NEW_VILLAGE).id
    assert Post.get(Post.user == User.get(User.name == "cun")).unit_id == unit(VILLAGE).id
    assert case.id in seen(person("shuji")) and case.id not in seen(person("cun"))
    assert sign_in("shuji").open(f"/cases/{case.id}").status == 200
    assert sign_in("cun").open(f"/cases/{case.id}").status == 404


def test_the_preview_says_what_would_go(admin):
    going = matter()
    asked(admin, "split", unit(VILLAGE), name="新光村村民委员会", code=NEW_VILLAGE, parts=[f"cases:{going.id}"])
    assert "还没有办理" in admin.text and not Unit.select().where(Unit.code == NEW_VILLAGE).exists()


def test_a_new_town_begins_with_the_platforms_offices_and_rules_of_the_old_one(admin):
    village = unit(VILLAGE)
    case = move(matter(), ("accept", "cun"), ("forward_town", "cun"))
    Rule.create(unit=unit(TOWN), kind="", yellow=30)
    confirmed(admin, "split", unit(TOWN), name="华光镇", code=NEW_TOWN, units=[str(village.id)])
    made = unit(NEW_TOWN)
    assert enabled_for(made) == enabled_for(unit(TOWN)) and Rule.get(Rule.unit == made.id).yellow == 30
    assert Unit.get_by_id(village.id).town_id == made.id and Case.get_by_id(case.id).town_id == made.id
    assert Case.get_by_id(case.id).unit_id in (made.id, unit((NEW_TOWN, "便民服务中心")).id)
    assert unit((NEW_TOWN, "综治中心")).name == "华光镇综治中心"
    assert case.id not in seen(person("zhen")) and case.id in seen(person("cun"))
    all_is_well()


def test_a_new_town_has_set_what_the_old_one_has_set(admin):
    save_setting(find("cases.alike_days"), unit(TOWN), 45, person("zhenguan"))
    confirmed(admin, "split", unit(TOWN), name="华光镇", code=NEW_TOWN, units=[str(unit(VILLAGE).id)])
    assert setting("cases.alike_days", unit(VILLAGE)) == 45 == setting("cases.alike_days", unit(TOWN))
    assert setting("cases.alike_days", unit(TOWN).county_id) != 45


def test_the_history_leads_both_ways(admin):
    part(admin)
    assert "拆出" in admin.open(f"/org/{unit(VILLAGE).id}").text
    assert "析出新设" in admin.open(f"/org/{unit(NEW_VILLAGE).id}").text


def test_what_was_split_can_be_merged_back(admin):
    case = matter()
    part(admin, parts=[f"cases:{case.id}"])
    confirmed(admin, "merge", unit(NEW_VILLAGE), into=str(unit(VILLAGE).id), how="absorb")
    assert Case.get_by_id(case.id).unit_id == unit(VILLAGE).id
    all_is_well()


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"name": ""}, "请填写“新单位的全称”"), ({"name": "华光村村民委员会"}, "同名"), ({"code": VILLAGE}, "已经用过"),
    ({"code": "510722105288"}, "以 510722104 开头"), ({"units": ["999"]}, "请从列表中选择"),
    ({"parts": ["cases:999999"]}, "请从列表中选择"), ({"name": "新光村<b>" * 30}, "最多 100"),
])
def test_what_cannot_be_is_refused_and_kept(admin, sign_in, fields, sentence):
    draw(sign_in("shuji"))
    matter()
    asked(admin, "split", unit(VILLAGE), **{"name": "新光村村民委员会", "code": NEW_VILLAGE, **fields})
    assert admin.status == 422 and sentence in admin.text
    assert not Unit.select().where(Unit.code == NEW_VILLAGE).exists()


def test_a_town_cannot_give_everything_away(admin):
    villages = Unit.select().where(Unit.parent == unit(TOWN).id, Unit.level == "village")
    asked(admin, "split", unit(TOWN), name="华光镇", code=NEW_TOWN, units=[str(one.id) for one in villages])
    assert admin.status == 422 and "改名" in admin.text


def test_cases_of_another_village_are_not_taken_along(app, admin):
    other = village_of(unit(TOWN), 5)
    case = plain(other.code, "zhen", unit=other)
    village = unit(VILLAGE)
    with app.test_request_context():
        lineage.split_unit(village, "新光村", NEW_VILLAGE, [], person("xitong"), village.version, on=today(),
                           chosen=frozenset({f"cases:{case.id}"}))
    assert Case.get_by_id(case.id).village_id == other.id
    village = again(village)
    with pytest.raises(Refused), app.test_request_context():
        lineage.split_unit(village, "新明村", "510722104277", [other.id], person("xitong"), village.version,
                           on=today())
    all_is_well()


def test_a_town_gives_up_ten_villages_by_as_many_statements_as_one(app):
    def split(number: int, how_many: int) -> int:
        whole = unit(TOWN)
        ids = [one.id for one in lineage.parts_of(whole)][:how_many]
        with counted_queries() as seen:
            lineage.split_unit(whole, f"新{number}镇", f"51072218{number}000", ids, person("xitong"), whole.version)
        return len(seen)

    with app.test_request_context():
        split(1, 1)  # warms up
        assert split(2, 10) <= split(3, 1) + 2
        all_is_well()
