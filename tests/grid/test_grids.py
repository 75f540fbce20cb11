"""Grids, their teams, the notice on the wall; none without a worker goes unnoticed."""

import pytest

from plugins.grid.models import Grid, GridWorker
from plugins.grid.team import findings
from portal.org.models import Unit, UnitChange
from tests.grid.door import draw, house, report, staff
from tests.people_of_the_county import OTHER_TOWN, VILLAGE, unit


def test_a_grid_is_a_unit_below_its_village_in_the_same_records(sign_in):
    grid = draw(sign_in("shuji"))
    place = Unit.get_by_id(grid.unit_id)
    assert (place.code, place.level, place.parent_id) == ("510722104204001", "grid", unit(VILLAGE).id)
    assert UnitChange.get(UnitChange.unit == place).kind == "created"
    assert (grid.village_id, grid.grid_id) == (unit(VILLAGE).id, place.id)


def test_the_town_draws_grids_in_its_villages_and_not_in_others(sign_in):
    town = sign_in("zongzhi")
    assert draw(town).village_id == unit(VILLAGE).id
    town.send("/grid/new", unit_id=str(unit(OTHER_TOWN + "/village").id), name="第二网格", range="一组",
              supervision_phone="0816-5221234")
    assert town.status == 422 and Grid.select().count() == 1


def test_two_grids_of_one_name_are_refused(sign_in):
    village = sign_in("shuji")
    draw(village)
    village.send("/grid/new", unit_id=str(unit(VILLAGE).id), name="第一网格", range="三组",
                 supervision_phone="0816-5221234")
    assert village.status == 422 and "已有同名的单位" in village.text


def test_a_grid_without_a_worker_is_noticed_everywhere(sign_in):
    village = sign_in("shuji")
    grid = draw(village)
    staff(village, grid, "何清祥", "volunteer")
    assert "1 个无人负责" in village.open("/grid/").text
    assert grid.unit.short in village.open("/grid/?staffed=no").text
    assert "现在无人负责" in village.open(f"/grid/{grid.id}").text
    assert "无人负责的网格" in village.open("/").text
    staff(village, grid)
    assert "都有人负责" in village.open("/grid/").text and "无人负责的网格" not in village.open("/").text


def test_who_left_stays_in_the_history(sign_in):
    village = sign_in("shuji")
    grid = draw(village)
    worker = staff(village, grid)
    village.send(f"/grid/workers/{worker.id}/end", until=str(worker.since))
    assert GridWorker.get_by_id(worker.id).until == worker.since
    assert "以前的人员" in village.open(f"/grid/{grid.id}").text and "现在无人负责" in village.text


@pytest.mark.parametrize("fields, sentence", [
    ({"name": "周勇", "role": "full", "account": "nobody"}, "没有这个人的这个账号"),
    ({"name": "周勇", "role": "king"}, "请从列表中选择"), ({"name": "", "role": "full"}, "请填写"),
    ({"name": "周勇", "role": "full", "work_phone": "1"}, "11 位手机号"),
])
def test_a_wrong_line_of_the_team_is_refused(sign_in, fields, sentence):
    village = sign_in("shuji")
    grid = draw(village)
    village.send(f"/grid/{grid.id}/workers/new", **fields)
    assert village.status == 422 and sentence in village.text and not GridWorker.select().exists()


def test_the_notice_has_what_the_rule_asks_for(sign_in):
    village = sign_in("shuji")
    grid = draw(village)
    staff(village, grid)
    page = village.open(f"/grid/{grid.id}/notice").text
    for words in ("网格公示", "第一网格", "东至河边", "周勇", "13890110001", "0816-5221234"):
        assert words in page


def test_two_who_change_one_grid_do_not_overwrite_each_other(sign_in):
    village = sign_in("shuji")
    grid = draw(village)
    path = f"/grid/{grid.id}/edit"
    village.open(path)
    stale = village.form(["range"])
    stale.action = path
    village.send(path, range="只有一组")
    village.submit(stale, path, range="只有二组")
    assert village.status == 409 and "只有二组" in village.text and Grid.get().range == "只有一组"


def test_a_changed_name_goes_through_the_tree(sign_in):
    village = sign_in("shuji")
    grid = draw(village)
    village.send(f"/grid/{grid.id}/edit", name="河东网格", kind="special")
    place = Unit.get_by_id(grid.unit_id)
    assert (place.name, place.kind) == ("河东网格", "专属网格")
    assert UnitChange.select().where(UnitChange.unit == place, UnitChange.kind == "renamed").exists()


def test_a_grid_with_households_or_open_events_is_not_closed(sign_in):
    village = sign_in("shuji")
    grid = draw(village)
    house(village, where=grid.unit_id)
    village.send(f"/grid/{grid.id}/close", note="合并")
    assert village.status == 422 and "还有 1 户" in village.text
    other = draw(village, "第二网格")
    report(sign_in("wangge"), unit_id=str(other.unit_id))
    village.send(f"/grid/{other.id}/close", note="合并")
    assert village.status == 422 and "没有办结的案件" in village.text and Unit.get_by_id(other.unit_id).valid_to is None


def test_strangers_do_not_find_the_grid(sign_in):
    grid = draw(sign_in("shuji"))
    for name in ("lincun", "lingan", "linwang", "linzhen"):
        browser = sign_in(name)
        for path in ("", "/notice", "/edit", "/close", "/workers/new"):
            assert browser.open(f"/grid/{grid.id}{path}").status in (403, 404), (name, path)
        assert "第一网格" not in browser.open("/grid/").text
        assert f"/grid/{grid.id}\"" not in browser.open("/search?q=第一网格").text


def test_a_town_that_enabled_nothing_has_none_of_it(sign_in):
    browser = sign_in("wuzhen")
    for path in ("/grid/", "/grid/events", "/grid/report", "/grid/map", "/grid/figures", "/grid/visits"):
        assert browser.open(path).status == 404, path


def test_grids_are_found_by_name_initials_and_village(sign_in):
    village = sign_in("shuji")
    grid = draw(village)
    for words in ("第一", "dywg", "华光", "510722104204"):
        assert f"/grid/{grid.id}\"" in village.open(f"/grid/?q={words}").text, words
    for words in ("第一网格", "dywg"):
        assert f"/grid/{grid.id}" in village.open(f"/search?q={words}").text, words


def test_the_check_of_the_instance_names_grids_without_a_worker(sign_in, app):
    village = sign_in("shuji")
    grid = draw(village)
    with app.test_request_context():
        [finding] = findings()
        assert "1 个网格没有网格员" in finding.sentence and not finding.serious
    staff(village, grid)
    with app.test_request_context():
        assert findings() == []


def test_a_town_with_an_open_event_does_not_switch_the_grids_off(sign_in):
    case = report(sign_in("wangge"))
    admin = sign_in("zhenguan")
    admin.send(f"/org/plugins/{unit(VILLAGE).town_id}/grid", enable="0")
    assert admin.status == 422 and case.number in admin.text
    assert sign_in("wangge").open("/grid/events").status == 200
