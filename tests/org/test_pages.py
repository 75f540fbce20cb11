"""An administrator keeps the units: rename, add, close; what others did meanwhile, and what must not be."""

import threading

import pytest

from portal.audit.models import AuditEntry
from portal.db import atomic, database, today
from portal.org.editing import add_unit
from portal.org.models import Unit, UnitChange
from tests.people_of_the_county import COUNTY, NEXT_VILLAGE, TOWN, VILLAGE, person, unit
from tests.station.door import receive


@pytest.fixture
def admin(sign_in):
    return sign_in("xitong")


def empty_village() -> Unit:
    """A village on which nothing hangs."""
    return unit("510722101002")


def last_change(one: Unit) -> UnitChange:
    return UnitChange.select().where(UnitChange.unit == one.id).order_by(UnitChange.id.desc()).first()


# -- showing -----------------------------------------------------------------------------------------------------

def test_the_first_page_is_the_top_of_the_own_area(sign_in):
    for name, title in (("xian", "三台县"), ("zhen", "塔山镇"), ("cun", "华光村")):
        browser = sign_in(name).open("/org/")
        assert browser.status == 200 and f"<title>{title}" in browser.text.replace("\n", ""), name
    assert sign_in("kongkong").open("/org/").status in (403, 404)


def test_a_unit_is_shown_with_its_way_and_its_history(admin):
    page = admin.open(f"/org/{unit(VILLAGE).id}").text
    assert "三台县" in page and "塔山镇" in page and "510722104204" in page and "hgc" in page
    admin.send(f"/org/{unit(VILLAGE).id}/rename", name="华光新村村民委员会", note="三府函〔2026〕5号")
    assert "改名：华光村村民委员会 → 华光新村村民委员会" in admin.text and "三府函〔2026〕5号" in admin.text


def test_only_who_may_is_offered_to_change(admin, sign_in):
    url = f"/org/{unit(VILLAGE).id}"
    assert f"{url}/rename" in admin.open(url).text
    for name in ("cun", "zhen", "xian", "zhenguan"):
        clerk = sign_in(name)
        assert f"{url}/rename" not in clerk.open(url).text, name
        for act in ("rename", "add", "close"):
            assert clerk.open(f"{url}/{act}").status == 403, (name, act)
            assert clerk.post(f"{url}/{act}", name="x").status == 403, (name, act)


def test_what_lies_above_the_own_area_is_seen_not_touched(admin):
    region = Unit.add(code="5107", name="绵阳市", level="region")
    county = unit(COUNTY)
    Unit.update(parent=region.id).where(Unit.id == county.id).execute()
    for one in Unit.select().where(Unit.path.startswith(county.path)):
        Unit.update(path=f"/{region.id}{one.path}").where(Unit.id == one.id).execute()
    page = admin.open(f"/org/{region.id}")
    assert page.status == 200 and "rename" not in page.text
    for act in ("rename", "add", "close"):
        assert admin.open(f"/org/{region.id}/{act}").status == 404
    assert admin.open(f"/org/{county.id}/rename").status == 200


# -- renaming ----------------------------------------------------------------------------------------------------

def test_a_renamed_unit_is_found_by_its_new_initials(admin):
    admin.send(f"/org/{unit(VILLAGE).id}/rename", name="红旗村村民委员会", note="")
    village = unit(VILLAGE)
    assert (village.name, village.short, village.initials) == ("红旗村村民委员会", "红旗村", "hqc")
    change = last_change(village)
    assert (change.kind, change.old_name, change.by_name) == ("renamed", "华光村村民委员会", "马骏")
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).first()
    assert entry.action == "org.renamed" and entry.changes == {"name": ["华光村村民委员会", "红旗村村民委员会"]}


def test_the_second_of_two_administrators_gets_409_and_keeps_the_text(admin, sign_in):
    other = sign_in("xitong")
    url = f"/org/{unit(VILLAGE).id}/rename"
    seen = other.open(url).form(["name", "version"])
    admin.send(url, name="红旗村村民委员会", note="")
    other.submit(seen, name="<b>东风村</b>", note="我的依据")
    assert other.status == 409 and "马骏" in other.text
    assert "&lt;b&gt;东风村&lt;/b&gt;" in other.text and "我的依据" in other.text and "<b>东风村" not in other.text
    assert unit(VILLAGE).name == "红旗村村民委员会"


@pytest.mark.parametrize("version", ["", "0", "99", "-1"])
def test_without_the_version_on_screen_nothing_is_overwritten(admin, version):
    url = f"/org/{unit(VILLAGE).id}/rename"
    form = admin.open(url).form(["name", "version"])
    admin.submit(form, name="红旗村村民委员会", note="", version=version)
    assert admin.status == 409 and unit(VILLAGE).name == "华光村村民委员会"


@pytest.mark.parametrize(("name", "sentence"), [
    ("", "请填写“新名称”"), ("   ", "请填写“新名称”"), ("长" * 101, "最多 100 字"), ("红\x00旗", "控制字符"),
    ("红\u202e旗", "看不见"), ("华光村村民委员会", "相同"), ("塔山镇", None), ("😀" * 50, None),
])
def test_a_name_is_refused_with_a_sentence_or_taken(admin, name, sentence):
    admin.send(f"/org/{unit(VILLAGE).id}/rename", name=name, note="依据在此")
    if sentence is None:
        assert admin.status == 200 and unit(VILLAGE).name == name
    else:
        assert admin.status in (400, 422) and unit(VILLAGE).name == "华光村村民委员会"
        assert admin.status == 400 or (sentence in admin.text and "依据在此" in admin.text)


def test_two_villages_of_one_town_never_have_one_name(admin):
    admin.send(f"/org/{unit(VILLAGE).id}/rename", name=unit(NEXT_VILLAGE).name, note="")
    assert admin.status == 422 and "同名" in admin.text


# -- adding ------------------------------------------------------------------------------------------------------

def test_a_county_gets_a_department_with_a_line(admin):
    url = f"/org/{unit(COUNTY).id}/add"
    admin.send(url, level="department", name="县数据局", reach="line", note="三编委〔2026〕1号")
    added = unit((COUNTY, "县数据局"))
    assert (added.code, added.reach, added.kind) == ("510722000000-21", "line", "县直部门")
    assert added.path == f"{unit(COUNTY).path}{added.id}/" and added.valid_from == today()
    assert last_change(added).kind == "created" and last_change(added).note == "三编委〔2026〕1号"


def test_an_office_of_a_town_works_for_the_whole_town(admin):
    url = f"/org/{unit(TOWN).id}/add"
    assert "管辖" not in admin.open(url).text
    admin.send(url, level="department", name="塔山镇文化站")
    added = unit((TOWN, "文化站"))
    assert (added.code, added.reach, added.town_id) == ("510722104000-05", "area", unit(TOWN).id)


def test_a_village_gets_grids_and_nothing_else(admin):
    url = f"/org/{unit(VILLAGE).id}/add"
    for name in ("第一网格", "第二网格"):
        admin.send(url, level="grid", name=name)
    codes = [one.code for one in Unit.select().where(Unit.level == "grid").order_by(Unit.code)]
    assert codes == ["510722104204001", "510722104204002"]
    form = admin.open(url).form(["level"])
    admin.submit(form, level="department", name="办公室")
    assert admin.status == 422 and "请从列表中选择" in admin.text


def test_a_department_has_nothing_below(admin):
    assert admin.open(f"/org/{unit((COUNTY, '民政局')).id}/add").status == 404


def test_a_code_is_never_given_twice_not_even_after_a_unit_is_gone(admin):
    url = f"/org/{unit(VILLAGE).id}/add"
    for name in ("甲网格", "乙网格", "丙网格"):
        admin.send(url, level="grid", name=name)
    Unit.update(valid_to=today()).where(Unit.name == "乙网格").execute()
    admin.send(url, level="grid", name="丁网格")
    assert Unit.get(Unit.name == "丁网格").code == "510722104204004"


def test_a_name_that_is_closed_may_be_given_again(admin):
    url = f"/org/{unit(VILLAGE).id}/add"
    admin.send(url, level="grid", name="第一网格")
    admin.send(url, level="grid", name="第一网格")
    assert admin.status == 422 and "同名" in admin.text
    Unit.update(valid_to=today()).where(Unit.name == "第一网格").execute()
    admin.send(url, level="grid", name="第一网格")
    assert admin.status == 200 and Unit.select().where(Unit.name == "第一网格").count() == 2


def test_the_same_form_sent_twice_adds_one(admin):
    url = f"/org/{unit(VILLAGE).id}/add"
    form = admin.open(url).form(["level", "name"])
    form.action = url
    for _ in range(2):
        admin.submit(form, level="grid", name="第一网格")
        assert admin.status == 200
    assert Unit.select().where(Unit.level == "grid").count() == 1


def test_many_who_add_at_once_get_different_codes(app, cast):
    by, village, failures = person("xitong"), unit(VILLAGE), []

    def add(number: int) -> None:
        with app.app_context():
            try:
                for turn in range(4):
                    with atomic():
                        add_unit(village, {"level": "grid", "name": f"网格 {number}-{turn}", "note": ""}, by)
            except Exception as error:
                failures.append(error)
            finally:
                database.close()

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(one.code for one in Unit.select().where(Unit.level == "grid"))
    assert not failures and codes == [f"{VILLAGE}{number:03d}" for number in range(1, 17)]


# -- closing -----------------------------------------------------------------------------------------------------

def test_a_unit_is_closed_and_its_history_stays(admin, sign_in):
    village = empty_village()
    admin.send(f"/org/{village.id}/close", valid_to="2026-01-15", note="三府发〔2026〕2号")
    assert admin.status == 200 and "已停用，历史仍可查" in admin.text and "三府发〔2026〕2号" in admin.text
    closed = empty_village()
    assert closed.is_closed and str(closed.valid_to) == "2026-01-15" and last_change(closed).kind == "closed"
    clerk = sign_in("xian")
    assert village.short not in clerk.open(f"/org/children/{village.town_id}").text
    assert clerk.open(f"/org/{village.id}").status == 200 and "2026-01-15" in clerk.text


def test_a_closed_unit_is_not_changed_any_more(admin):
    village = empty_village()
    forms = {act: admin.open(f"/org/{village.id}/{act}").form(["name" if act != "close" else "valid_to"])
             for act in ("rename", "add", "close")}
    admin.send(f"/org/{village.id}/close", valid_to="2026-01-15", note="撤并")
    assert "rename" not in admin.text
    for act, form in forms.items():
        assert admin.open(f"/org/{village.id}/{act}").status == 422 and "已停用" in admin.text
        admin.submit(form, f"/org/{village.id}/{act}", name="新名", level="grid", valid_to="2026-01-16", note="x")
        assert admin.status == 422, act
    assert str(empty_village().valid_to) == "2026-01-15" and not Unit.select().where(Unit.name == "新名").exists()


@pytest.mark.parametrize(("code", "sentence"), [
    (TOWN, "还有 23 个下级单位"), (VILLAGE, "个岗位在这个单位"), (COUNTY, "个下级单位"),
])
def test_what_hangs_on_a_unit_keeps_it_open(admin, code, sentence):
    admin.send(f"/org/{unit(code).id}/close", valid_to="2026-01-15", note="撤并")
    assert admin.status == 422 and sentence in admin.text and "撤并" in admin.text
    assert unit(code).valid_to is None and last_change(unit(code)) is None


def test_an_open_case_keeps_a_unit_open(admin, sign_in):
    receive(sign_in("cun"))
    admin.send(f"/org/{unit(VILLAGE).id}/close", valid_to="2026-01-15", note="撤并")
    assert admin.status == 422 and "没有办结的案件" in admin.text


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"valid_to": "2999-01-01"}, "年份应在"), ({"valid_to": "2199-01-01"}, "不能晚于今天"),
    ({"valid_to": ""}, "停用日期"), ({"valid_to": "明天"}, "请按"),
    ({"note": ""}, "请填写“依据"), ({"note": "长" * 201}, "最多 200 字"),
])
def test_a_wrong_closing_is_refused_at_its_field(admin, fields, sentence):
    village = empty_village()
    admin.send(f"/org/{village.id}/close", **{"valid_to": "2026-01-15", "note": "撤并", **fields})
    assert admin.status == 422 and sentence in admin.text and empty_village().valid_to is None


def test_a_unit_made_here_is_not_closed_before_it_began(admin):
    admin.send(f"/org/{unit(VILLAGE).id}/add", level="grid", name="第一网格")
    grid = Unit.get(Unit.level == "grid")
    admin.send(f"/org/{grid.id}/close", valid_to="2020-01-01", note="撤销")
    assert admin.status == 422 and "早于启用日期" in admin.text
