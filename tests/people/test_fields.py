"""Numbers, names and masks, without a database."""

import pytest
import time_machine
from stdnum.cn import ric
from wtforms.validators import ValidationError

from portal.people.fields import LANDLINE, MOBILE, check_id, plain_id, plain_name, plain_phone
from portal.people.masks import mask_id, mask_name, mask_phone
from tests.forms.together import NUMBERS


def whole(first: str) -> str:
    return first + ric.calc_check_digit(first + "0")


@pytest.mark.parametrize("typed", [
    "510722194003072224", " 510722 19400307 2224 ", "５１０７２２１９４００３０７２２２４", "510722\u3000194003072224",
])
def test_a_number_is_kept_in_one_way_however_it_was_typed(typed):
    assert plain_id(typed) == NUMBERS[0]
    check_id(plain_id(typed))


def test_the_small_x_is_the_large_one():
    number = next(one for one in (whole(f"51072219900101{tail:03d}") for tail in range(200)) if one.endswith("X"))
    for typed in (number.lower(), number[:17] + "ｘ", number[:17] + "Ⅹ"):
        assert plain_id(typed) == number
        check_id(plain_id(typed))


@pytest.mark.parametrize(("number", "sentence"), [
    ("510722400307222", "15 位的旧号码"), ("", "应为 18 位，现在是 0 位"), ("5107221940030722244", "现在是 19 位"),
    ("510722194003072225", "校验码不对"), ("51072219400307222X", "校验码不对"), ("5107221940X3072224", "17 位数字"),
    ("' OR 1=1 --xxxxxxx", "17 位数字"), ("五一零七二二一九四零零三零七二二二四", "17 位数字"),
    (whole("00072219400307222"), "开头的地区"),
    (whole("99072219400307222"), "开头的地区"), (whole("51072219400230222"), "出生日期不对"),
    (whole("51072219401307222"), "出生日期不对"), (whole("51072218991231222"), "出生日期不对"),
    (whole("51072229990101222"), "出生日期不对"), (whole("51072219000000222"), "出生日期不对"),
])
def test_a_wrong_number_is_told_what_is_wrong(number, sentence):
    with pytest.raises(ValidationError, match=sentence):
        check_id(number)


@pytest.mark.parametrize("place", ["110101", "650100", "710000", "810000", "820000", "830000", "512101", "519004"])
def test_a_place_that_was_renamed_or_lies_elsewhere_is_fine(place):
    check_id(whole(f"{place}19400307222"))


def test_somebody_born_today_has_a_number_and_tomorrow_nobody():
    with time_machine.travel("2026-11-20T23:30:00+08:00"):
        check_id(whole("51072220261120222"))
        with pytest.raises(ValidationError, match="出生日期"):
            check_id(whole("51072220261121222"))


@pytest.mark.parametrize("typed", ["138 9011 2233", "１３８９０１１２２３３", "(138)90112233", "（138）90112233"])
def test_a_phone_is_kept_in_one_way(typed):
    assert plain_phone(typed) == "13890112233" and MOBILE.fullmatch(plain_phone(typed))


@pytest.mark.parametrize(("number", "good"), [
    ("0816-5221234", True), ("08165221234", True), ("5221234", True), ("028-85221234", True), ("12345", False),
    ("12890112233", False), ("138901122334", False), ("0816-522123", False), ("+8613890112233", False),
    ("1389011223a", False),
])
def test_what_is_a_phone_number(number, good):
    assert bool(MOBILE.fullmatch(number) or LANDLINE.fullmatch(number)) is good


@pytest.mark.parametrize(("typed", "kept"), [
    ("王 秀 兰", "王秀兰"), ("王\u3000秀兰", "王秀兰"), ("阿依木•买买提", "阿依木·买买提"),
    ("阿依木・买买提", "阿依木·买买提"),
    ("阿依木．买买提", "阿依木·买买提"), ("John  Smith", "John  Smith"), ("𠮷 田", "𠮷田"), ("", ""),
])
def test_a_name_is_kept_in_one_way(typed, kept):
    assert plain_name(typed) == kept


@pytest.mark.parametrize(("name", "masked"), [
    ("", ""), ("王", "*"), ("王五", "王*"), ("王秀兰", "王*兰"), ("诸葛亮", "诸葛*"), ("欧阳", "欧*"),
    ("欧阳娜娜", "欧阳**"),
    ("王欧阳兰", "王**兰"), ("阿依木·买买提", "阿**·买**"), ("阿·买", "阿·*"), ("𠮷田", "𠮷*"), ("王𰻞兰", "王*兰"),
    ("王秀𠮷", "王*𠮷"),
    ("葛\U000e0100某", "葛*"), ("葛\U000e0100某甲", "葛*甲"), ("John Smith", "J********h"),
])
def test_masks_of_names(name, masked):
    assert mask_name(name) == masked


@pytest.mark.parametrize(("number", "masked"), [
    ("13890112233", "138****2233"), ("0816-5221234", "****1234"), ("5221234", "****1234"), ("522123", "****"), ("", ""),
])
def test_masks_of_phones(number, masked):
    assert mask_phone(number) == masked


@pytest.mark.parametrize(("number", "masked"), [("510722194003072224", "510722********2224"), ("123", "***"), ("", "")])
def test_masks_of_id_cards(number, masked):
    assert mask_id(number) == masked
