"""红白理事会: what a village advises is said kindly and stops nobody."""

import pytest

from plugins.village_rules.models import Banquet, Council
from portal.people.models import Resident
from tests.village_rules.door import banquet, day

LIMITS = {"tables": "20", "per_table": "300", "tobacco": "20", "note": "提倡不请乐队"}


@pytest.fixture
def village(sign_in):
    return sign_in("shuji")


def test_above_the_advice_is_a_friendly_hint_and_never_a_bar(village):
    village.send("/village_rules/limits", **LIMITS)
    one = banquet(village, tables="35", per_table="500", tobacco="20")
    assert one is not None and "桌数 35 桌，村里提倡不超过 20 桌，建议再商量" in village.text
    assert "每桌标准 500 元" in village.text and "香烟每包 20 元，村里提倡" not in village.text
    assert "罚" not in village.text.split("<main")[1].split("</main>")[0]


def test_without_advice_there_is_no_hint(village):
    banquet(village, tables="60")
    assert "提倡不超过" not in village.text


def test_the_pledge_prints_and_the_visit_is_written_down(village):
    village.send("/village_rules/limits", **LIMITS)
    one = banquet(village)
    pledge = village.open(f"/village_rules/banquets/{one.id}/pledge").text
    assert "承诺书" in pledge and "18 桌" in pledge and "不超过 20 桌" in pledge and "自愿" in pledge
    village.send(f"/village_rules/banquets/{one.id}/visit", visited_on=day(20), visited_by="秦素华",
                 actual_tables="22", actual_per_table="300", remark="")
    assert "实际桌数 22 桌，村里提倡不超过 20 桌" in village.text
    assert Banquet.get_by_id(one.id).actual_tables == 22


def test_the_name_is_masked_and_a_number_leads_to_the_resident(village):
    one = banquet(village, id_card="510722194003072224")
    assert one.host == "赵*兰" and one.resident_id == Resident.get().id
    assert "赵玉兰" not in village.text and "510722194003072224" not in village.text


@pytest.mark.parametrize("fields", [
    {"tables": "0"}, {"tables": "很多"}, {"on_day": "2026-13-01"}, {"notice_on": day(30)}, {"kind": "other"},
    {"kind": "party"}, {"host": ""}, {"pledged_on": day(25)}, {"id_card": "1"}, {"per_table": "-5"},
])
def test_bad_input_is_refused_at_its_field_and_the_rest_is_kept(village, fields):
    assert banquet(village, **fields) is None
    assert village.status == 422 and 'class="field-error"' in village.text
    assert "赵玉兰" in village.text or "host" in fields


def test_the_council_has_one_head(village):
    council = {"elected_on": day(-30), "until": day(1000), "resolution": ""}
    for members, sentence in (("王建国", "请写明一名会长"), ("王建国 | 主席", "第 1 行"),
                              ("王建国 | 会长\n王建国 | 成员", "第 2 行：“王建国”重复"),
                              ("甲 | 会长\n乙 | 会长", "请写明一名会长")):
        village.send("/village_rules/council", members=members, **council)
        assert village.status == 422 and sentence in village.text
    village.send("/village_rules/council", members="王建国 | 会长\n李桂英 | 副会长\n赵玉兰", **council)
    assert [one["duty"] for one in Council.get().members] == ["会长", "副会长", "成员"]
    village.send("/village_rules/council", members="王建国 | 会长", **{**council, "until": day(-40)})
    assert village.status == 422 and "任期" in village.text


def test_who_gives_a_feast_stays_in_the_village(village, sign_in):
    one = banquet(village)
    for name in ("zhen", "lingdao"):
        browser = sign_in(name)
        assert "赵*兰" not in browser.open("/village_rules/banquets").text and "18 桌" in browser.text
        assert browser.open(f"/village_rules/banquets/{one.id}").status == 404
        assert browser.open(f"/village_rules/banquets/{one.id}/pledge").status == 404
    assert sign_in("lincun").open(f"/village_rules/banquets/{one.id}").status == 404


def test_grid_workers_read_and_only_the_village_writes(village, sign_in):
    one = banquet(village)
    browser = sign_in("wangge")
    assert browser.open(f"/village_rules/banquets/{one.id}").status == 200
    assert browser.open("/village_rules/banquets/new").status == 403
