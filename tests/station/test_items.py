"""The county's guide: what it may change, and what stays as it was for those who came earlier."""

import pytest

from plugins.station.models import ItemMaterial, ServiceItem, speed_up
from portal.audit.models import AuditEntry
from portal.cases.models import Case
from tests.station.door import item, newest, receive, request_of, state, step


def edit(browser, wanted, **fields):
    """Save the item's guide as it stands, with `fields` changed."""
    return browser.send(f"/station/items/{wanted.id}/edit", **fields)


def test_the_county_has_the_catalogue_and_the_names_of_the_provincial_portal(app):
    assert ServiceItem.select().where(ServiceItem.origin == "catalogue").count() == 62
    assert ServiceItem.select().where(ServiceItem.origin == "listed").count() == 1135
    starters = ServiceItem.select().where(ServiceItem.starter == True)  # noqa: E712
    assert starters.count() >= 17
    assert all(one.promise_amount == 0 or one.promise_title for one in starters)
    assert all(list(one.materials) for one in starters)


def test_any_window_takes_any_item_also_one_that_is_only_listed(sign_in):
    listed = ServiceItem.get(ServiceItem.origin == "listed")
    case = receive(sign_in("cun"), listed)
    assert case.title.endswith(listed.name) and request_of(case).promise_amount == 20


def test_a_hall_of_the_town_takes_an_item_for_one_of_its_villages_and_of_no_other(sign_in):
    hall = sign_in("zhen")
    page = hall.open(f"/station/receive/{item().id}").text
    assert "华光村" in page and "高山寨村" not in page


@pytest.mark.parametrize("words, found", [
    ("新农合", "城乡居民基本医疗保险参保和缴费"), ("glj", "高龄津贴"), ("残疾人 补贴", "困难残疾人生活补贴"),
    ("低保", "最低生活保障"),
])
def test_an_item_is_found_by_what_people_call_it(sign_in, words, found):
    assert found in sign_in("cun").open(f"/station/items?q={words}").text


@pytest.mark.parametrize("legal, amount, unit, said", [
    ("20 个工作日", 5, "workday", "75.0%（1 − 5 / 20）"), ("20 个工作日", 0, "workday", "100.0%（1 − 0 / 20）"),
    ("3 个月", 5, "workday", ""), ("", 5, "workday", ""), ("随到随办", 5, "workday", ""), ("0 日", 5, "day", ""),
    ("10 日", 12, "day", "-20.0%（1 − 12 / 10）"),
])
def test_a_guide_says_how_much_faster_than_the_law_the_promise_is(legal, amount, unit, said):
    assert speed_up(ServiceItem(legal_limit=legal, promise_amount=amount, promise_unit=unit)) == said


def test_the_page_of_an_item_shows_it(sign_in):
    found = item("高龄津贴")
    ServiceItem.update(legal_limit="20 个工作日", promise_amount=5, promise_unit="workday").where(
        ServiceItem.id == found.id).execute()
    assert "75.0%（1 − 5 / 20）" in sign_in("cun").open(f"/station/items/{found.id}").text


def test_a_changed_guide_holds_for_those_who_come_later(sign_in):
    before = receive(sign_in("cun"))
    county = sign_in("xian")
    papers = "身份证 | 原件核对\n银行卡 | 复印件 1 份 | 可容缺"
    edit(county, item(), decides="town", promise_amount="3", asked_for=papers, guide="每月十五日前申请，当月发放")
    assert county.status == 200 and "每月十五日前申请" in county.text
    after = receive(sign_in("cun"), name="李桂芳", id_card="510722195203150025")
    old, new = request_of(before), request_of(after)
    assert (old.decides, old.promise_amount, old.item_version) == ("county", 7, 1)
    assert (new.decides, new.promise_amount, new.item_version) == ("town", 3, 2)
    assert [one.name for one in new.materials] == ["身份证", "银行卡"]
    assert [one.name for one in old.materials] == ["户口簿", "身份证", "社会保障卡或惠农一卡通"]


def test_the_change_is_on_the_record_with_its_differences(sign_in):
    edit(sign_in("xian"), item(), promise_amount="5")
    entry = AuditEntry.get(AuditEntry.action == "station.edit_item")
    assert entry.changes == {"promise_amount": [7, 5]}


@pytest.mark.parametrize("text, sentence", [
    ("身份证 | 原件 | 必须", "第 1 行：“必须”应为"), ("身份证\n\n身份证", "第 3 行：“身份证”重复了"),
    (" | 原件", "第 1 行：应为"), ("身份证 | 原件 | 必交 | 网上", "第 1 行：“网上”应为"), ("名" * 201, "第 1 行：应为"),
    ("a|b|必交|申请人自备|c|d", "第 1 行：应为"),
])
def test_a_list_of_materials_that_cannot_be_read_names_the_line(sign_in, text, sentence):
    county = edit(sign_in("xian"), item(), asked_for=text, guide="不该丢的话")
    assert county.status == 422 and sentence in county.text and "不该丢的话" in county.text
    kept = ItemMaterial.select().where(ItemMaterial.item == item()).count()
    assert ServiceItem.get_by_id(item().id).version == 1 and kept == 3


def test_the_second_of_two_who_edit_keeps_the_text(sign_in):
    first, second = sign_in("xian"), sign_in("xian")
    second.open(f"/station/items/{item().id}/edit")
    stale = second.form(["guide"])
    edit(first, item(), guide="甲写的")
    second.submit(stale, f"/station/items/{item().id}/edit", guide="乙写的")
    assert second.status == 409 and "乙写的" in second.text
    assert ServiceItem.get_by_id(item().id).guide == "甲写的"


def test_only_the_county_keeps_the_guide(sign_in):
    for name in ("cun", "zhen", "lingdao"):
        assert sign_in(name).open(f"/station/items/{item().id}/edit").status == 403, name


def test_an_item_that_is_not_received_any_more_says_so_at_the_window(sign_in):
    form = {"name": "王秀兰", "id_card": "510722194003072224"}
    window = sign_in("cun")
    window.open(f"/station/receive/{item().id}")
    waiting = window.form(["id_card"])
    county = sign_in("xian")
    county.open(f"/station/items/{item().id}/edit")
    page = county.form(["guide"])
    page.fields.pop("active")
    county.submit(page, f"/station/items/{item().id}/edit")
    before = Case.select().count()
    window.submit(waiting, f"/station/receive/{item().id}", **form)
    assert window.status == 422 and "现在不受理" in window.text and Case.select().count() == before


def test_a_listed_item_without_materials_can_still_be_told_what_is_missing(sign_in):
    window = sign_in("cun")
    case = receive(window, ServiceItem.get(ServiceItem.origin == "listed"))
    step(window, case, "correct", text="请到县局领取申请表，填好后交来")
    assert state(case) == "correcting" and newest().id == case.id
