"""Residents through the door: who sees, finds, changes and reveals what, and what is written down about it."""

import datetime
import hashlib
import hmac
import json

import pytest
import time_machine

from portal.audit.models import AuditEntry
from portal.db import database, is_postgres
from portal.people import crypto, residents
from portal.people.models import Resident
from portal.sealing import key_id
from portal.values import Refused
from tests.forms.together import NUMBERS, WANG, form_at, refuse_inserts, side_by_side
from tests.people_of_the_county import person, unit

FAR = "510722141000/village"


def add(clerk, **fields) -> Resident:
    clerk.send("/people/new", **{**WANG, **fields})
    assert clerk.status == 200 and "已登记" in clerk.text, clerk.text
    return Resident.select().order_by(Resident.id.desc()).get()


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.select().where(AuditEntry.action == action).order_by(AuditEntry.id))


@pytest.fixture
def clerk(sign_in):
    return sign_in("cun")


@pytest.fixture
def wang(clerk):
    return add(clerk, address="二组 7 号", tags=["aged", "alone"])


# -- registering ---------------------------------------------------------------------------------------------------

def test_sex_and_birth_date_come_from_the_number(wang):
    assert (wang.sex, wang.birth_date, wang.initials) == ("F", datetime.date(1940, 3, 7), "wxl")
    assert wang.village_id and wang.town_id and wang.county_id and entries("people.create")[0].object_id == str(wang.id)


@pytest.mark.parametrize(("field", "value", "sentence"), [
    ("name", "", "请填写“姓名”"), ("name", "王" * 10_000, "最多 50 字"), ("name", "王\u202e兰", "看不见的方向"),
    ("name", "王\x00兰", "控制字符"), ("id_card", "", "请填写“居民身份证号”"),
    ("id_card", "510722194003072225", "校验码不对"),
    ("id_card", "510722400307222", "15 位的旧号码"), ("id_card", "9" * 10_000, "最多 40 字"),
    ("phone", "12345", "11 位手机号"),
    ("phone", "😀" * 11, "11 位手机号"), ("unit_id", "999999", "请在单位树里选择"),
    ("unit_id", "-1", "请在单位树里选择"),
    ("unit_id", "9" * 30, "请在单位树里选择"), ("address", "长" * 201, "最多 200 字"),
    ("tags", "rich", "请从列表中选择"),
])
def test_bad_input_is_refused_at_its_field_and_the_rest_is_kept(clerk, field, value, sentence):
    clerk.send("/people/new", **{**WANG, "address": "二组 7 号", field: value})
    assert clerk.status == 422 and sentence in clerk.text and 'class="field-error"' in clerk.text
    assert not Resident.select().exists()
    assert (WANG["phone"] if field != "phone" else WANG["name"]) in clerk.text


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "'; DROP TABLE x; --", "{{ 7*7 }}", "%_\\"])
def test_a_name_of_code_is_only_a_name(clerk, text):
    found = add(clerk, name=text, address=text)
    assert found.name == text and Resident.select().count() == 1
    page = clerk.open(f"/people/{found.id}").text
    assert "<script>alert" not in page and ">49<" not in page
    assert clerk.open("/people/", query_string={"q": text}).status == 200


def test_a_field_that_is_missing_altogether_is_no_error(clerk):
    form = form_at(clerk, "/people/new", "id_card")
    form.fields = {name: form.fields[name] for name in ("csrf_token", "_key")}
    clerk.submit(form)
    assert clerk.status == 422 and "请填写“姓名”" in clerk.text


def test_a_town_registers_in_its_villages_and_nowhere_else(sign_in):
    town = sign_in("zhen")
    assert add(town, unit_id=str(unit("510722104203").id)).village_id == unit("510722104203").id
    town.send("/people/new", name="李四", id_card=NUMBERS[1], unit_id=str(unit(FAR).id))
    assert town.status == 422 and Resident.select().count() == 1


def test_nobody_without_the_right_registers(sign_in):
    for name in ("minzheng", "lingdao", "xitong", "anquan", "shenji", "kongkong"):
        browser = sign_in(name)
        assert browser.open("/people/new").status in (403, 404), name
        assert browser.post("/people/new", **WANG).status in (403, 404), name
    assert not Resident.select().exists()


def test_the_same_number_again_is_refused_without_saying_who(clerk, wang, sign_in):
    clerk.send("/people/new", name="李四", id_card=NUMBERS[0])
    assert clerk.status == 422 and "就在您的辖区" in clerk.text and "王" not in _said(clerk)
    stranger = sign_in("linjia")
    stranger.send("/people/new", name="李四", id_card=NUMBERS[0])
    assert stranger.status == 422 and "不能在这里登记" in stranger.text
    assert not any(word in _said(stranger) for word in ("王", "华光", "塔山", "已经登记"))
    assert Resident.select().count() == 1


def _said(browser) -> str:
    return browser.text.split('class="error-summary"')[1].split("</div>")[0]


def test_two_clerks_registering_one_person_at_once(sign_in):
    pair = [sign_in("cun"), sign_in("lincun")]
    forms = [form_at(browser, "/people/new", "id_card") for browser in pair]
    side_by_side(*(
        lambda browser=browser, form=form: browser.submit(form, follow=False, **WANG)
        for browser, form in zip(pair, forms, strict=True)
    ))
    assert sorted(browser.status for browser in pair) == [302, 422] and Resident.select().count() == 1
    late = next(browser for browser in pair if browser.status == 422)
    assert "不能在这里登记" in late.text


# -- at the window -------------------------------------------------------------------------------------------------

def receive(login: str, **fields) -> Resident:
    clerk = person(login)
    place = unit(clerk.post.unit.code) if clerk.post.unit.level == "village" else unit("510722104204")
    with database.atomic():
        return residents.find_or_create(clerk, **{**WANG, **fields}, unit=place)


def test_a_person_who_is_known_is_found_however_the_name_was_spaced(app, wang):
    assert receive("cun", name="王 秀兰").id == wang.id and Resident.select().count() == 1


def test_a_new_phone_is_taken_over_in_the_own_area_and_written_down_without_numbers(app, wang):
    receive("cun", phone="13990112233")
    found = Resident.get()
    assert found.read("phone") == "13990112233" and found.version == 2
    entry, = entries("people.edit")
    assert entry.changes == {"phone": ["（旧号码）", "（新号码）"]}


def test_another_town_neither_changes_nor_learns_what_is_registered(app, wang):
    assert receive("linjia", phone="13000000000").id == wang.id
    found = Resident.get()
    assert found.read("phone") == WANG["phone"] and found.version == 1 and found.village_id == wang.village_id
    assert entries("people.match")[0].object_id == str(wang.id) and not entries("people.edit")
    with pytest.raises(Refused) as refused:
        receive("linjia", name="李四")
    assert "核对不上" in refused.value.sentence and "登记为另一个姓名" not in refused.value.sentence
    assert refused.value.field == "id_card"


def test_in_the_own_area_a_wrong_name_is_told_as_such(app, wang):
    with pytest.raises(Refused, match="已登记为另一个姓名"):
        receive("cun", name="李四")


def test_two_windows_receiving_one_new_person_at_once_find_one_resident(app, cast):
    found = []

    def act(name):
        with app.app_context():
            found.append(receive(name).id)

    side_by_side(lambda: act("cun"), lambda: act("lincun"))
    assert found[0] == found[1] and Resident.select().count() == 1


# -- seeing --------------------------------------------------------------------------------------------------------

def test_numbers_and_names_are_masked_everywhere(clerk, wang):
    for url in ("/people/", f"/people/{wang.id}", "/people/?q=wxl", "/search?q=wxl", f"/people/{wang.id}/edit"):
        page = clerk.open(url).text
        assert NUMBERS[0] not in page and WANG["phone"] not in page, url
    page = clerk.open(f"/people/{wang.id}").text
    assert "510722********2224" in page and "138****2233" in page and "王*兰" in page and "王秀兰" not in page


@pytest.mark.parametrize(("name", "status"), [
    ("cun", 200), ("shuji", 200), ("zhen", 200), ("xian", 200), ("lincun", 404), ("linjia", 404), ("linzhen", 404),
    ("wuzhen", 404), ("minzheng", 404), ("wangge", 200), ("lingdao", 403), ("zhenguan", 403), ("xitong", 403),
    ("anquan", 403),
    ("shenji", 403), ("kongkong", 403),
])
def test_who_sees_a_resident(sign_in, wang, name, status):
    browser = sign_in(name)
    urls = [f"/people/{wang.id}"] + ([f"/people/{wang.id}/edit"] if name not in ("xian", "minzheng") else [])
    for url in urls:
        assert browser.open(url).status == status, url
    listed = browser.open("/people/")
    assert ("王*兰" in listed.text) is (status == 200)
    assert ("王*兰" in browser.open("/search?q=wxl").text) is (status == 200)
    if status != 200:
        assert browser.post(f"/people/{wang.id}/reveal", field="phone", reason="电话通知补正").status == status


def test_a_foreign_resident_is_404_for_every_act(sign_in, wang):
    stranger = sign_in("lincun")
    for url in (f"/people/{wang.id}/edit", f"/people/{wang.id}/reveal"):
        assert stranger.post(url, name="李四", field="phone", reason="电话通知", version="1").status == 404
    assert Resident.get().version == 1


def test_that_somebody_looked_is_written_down_and_shown(sign_in, wang):
    sign_in("zhen").open(f"/people/{wang.id}")
    entry = entries("people.open")[-1]
    assert entry.actor_name == "刘德明" and entry.object_id == str(wang.id)
    assert "刘德明" in sign_in("zhener").open(f"/people/{wang.id}/trace").text


# -- finding -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("words", "found"), [
    ("秀兰", True), ("王", True), ("wx", True), ("WXL", True), ("xl", False), ("%", False), ("_", False),
    ("王%兰", False),
    ("\\", False), ("李", False), ("王*兰", False),
])
def test_the_list_is_searched_by_name_and_initials_and_no_sign_is_a_wildcard(clerk, wang, words, found):
    assert ("row-title" in clerk.open("/people/", query_string={"q": words}).text) is found


def test_the_list_is_filtered_by_tag(clerk, wang):
    add(clerk, name="李四", id_card=NUMBERS[1], tags=["disabled"])
    page = clerk.open("/people/?tag=aged").text
    assert "王*兰" in page and "李*" not in page
    page = clerk.open("/people/?tag=nonsense").text
    assert "王*兰" in page and "李*" in page


def test_the_list_goes_on_by_key(app, clerk, wang):
    place = {name: getattr(wang, name) for name in ("county_id", "town_id", "village_id", "unit")}
    rows = [
        {**place, "name": f"赵{number:03d}", "uuid": f"{number:032d}", "id_card_index": f"{number:064d}"}
        for number in range(120)
    ]
    Resident.insert_many(rows).execute()
    seen = []
    clerk.open("/people/")
    while True:
        seen += [line for line in clerk.text.split("<") if "row-title" in line]
        more = [part for part in clerk.text.split('href="') if part.startswith("/people/?after=")]
        if not more:
            break
        clerk.open(more[0].split('"')[0])
    assert len(seen) == 121 == len(set(seen))


@pytest.mark.parametrize("number", [
    NUMBERS[0], "５１０７２２１９４００３０７２２２４", "510722 19400307 2224", "13890112233", "138 9011 2233",
])
def test_a_whole_number_finds_by_post_and_is_in_no_address(clerk, wang, number):
    clerk.open("/people/")
    clerk.submit(clerk.form(action="/people/find"), follow=False, number=number)
    assert clerk.status == 302 and clerk.response.location == f"/people/{wang.id}"
    assert clerk.open("/people/find?number=" + NUMBERS[0]).status == 405
    entry, = entries("people.find")
    assert NUMBERS[0] not in json.dumps(entry.detail) and entry.detail["hits"] == 1


def test_a_neighbour_finds_nothing_by_the_whole_number(sign_in, wang):
    stranger = sign_in("lincun")
    for number in (NUMBERS[0], WANG["phone"], "0", "x" * 40, "' OR 1=1 --"):
        stranger.open("/people/")
        stranger.submit(stranger.form(action="/people/find"), number=number)
        assert stranger.status == 200 and "没有登记这个号码" in stranger.text


# -- revealing -----------------------------------------------------------------------------------------------------

def reveal(browser, resident, field="id_card", reason="核对证件用"):
    return browser.send(f"/people/{resident.id}", to=f"/people/{resident.id}/reveal", field=field, reason=reason)


def test_a_number_is_shown_once_with_its_reason_on_record(clerk, wang):
    assert NUMBERS[0] in reveal(clerk, wang).text
    entry, = entries("people.reveal")
    assert entry.detail == {"field": "id_card", "reason": "核对证件用"} and entry.object_id == str(wang.id)
    assert WANG["phone"] in reveal(clerk, wang, "phone").text
    assert NUMBERS[0] not in clerk.open(f"/people/{wang.id}").text


@pytest.mark.parametrize(("reason", "field"), [("", "phone"), ("嗯", "phone"), ("   ", "phone"), ("长" * 201, "phone"),
                                               ("电话通知补正", "name"), ("电话通知补正", "")])
def test_without_a_reason_or_for_another_field_nothing_is_shown(clerk, wang, reason, field):
    reveal(clerk, wang, field, reason)
    assert clerk.status == 422 and WANG["phone"] not in clerk.text and NUMBERS[0] not in clerk.text
    assert not entries("people.reveal")


def test_without_the_permission_there_is_no_form_and_no_way(sign_in, wang):
    grid = sign_in("wangge")
    assert "/reveal" not in grid.open(f"/people/{wang.id}").text
    assert grid.post(f"/people/{wang.id}/reveal", field="phone", reason="电话通知补正").status == 403


def test_thirty_an_hour_and_then_no_more_until_the_hour_is_over(clerk, wang, cast, sign_in):
    for _ in range(30):
        AuditEntry.create(actor_id=cast["cun"], action="people.reveal")
    reveal(clerk, wang)
    assert clerk.status == 422 and "一小时内最多查看 30 次" in clerk.text and NUMBERS[0] not in clerk.text
    assert NUMBERS[0] in reveal(sign_in("shuji"), wang).text, "counted for each person"
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=61)):
        assert NUMBERS[0] in reveal(sign_in("cun"), wang).text


def test_a_clock_that_ran_wrong_bars_nobody_from_revealing(clerk, wang, cast):
    for _ in range(30):
        AuditEntry.create(actor_id=cast["cun"], action="people.reveal", at=datetime.datetime(2099, 1, 1))
    assert NUMBERS[0] in reveal(clerk, wang).text


def test_nothing_is_shown_when_it_cannot_be_written_down(clerk, wang):
    clerk.open(f"/people/{wang.id}")
    form = clerk.form(action=f"/people/{wang.id}/reveal")
    refuse_inserts("audit_entry")
    clerk.submit(form, field="id_card", reason="核对证件用")
    assert clerk.status >= 500 and NUMBERS[0] not in clerk.text


# -- changing ------------------------------------------------------------------------------------------------------

def test_an_edit_keeps_what_was_left_empty_and_records_the_differences(clerk, wang):
    clerk.send(f"/people/{wang.id}/edit", name="王秀蓝", address="三组 1 号", tags=["aged"])
    found = Resident.get()
    assert found.read("id_card") == NUMBERS[0] and found.read("phone") == WANG["phone"] and found.version == 2
    entry, = entries("people.edit")
    assert entry.changes == {
        "name": ["王*兰", "王*蓝"], "address": ["（原来的）", "（新的）"], "tags": [["aged", "alone"], ["aged"]],
    }


def test_a_changed_number_is_found_by_its_new_value_only(clerk, wang):
    clerk.send(f"/people/{wang.id}/edit", id_card=NUMBERS[1], phone="13990112233")
    found = Resident.get()
    assert found.read("id_card") == NUMBERS[1] and found.sex == "M" and found.birth_date.year == 1955
    assert [one.id for one in residents.find_exact(person("cun"), NUMBERS[1])] == [wang.id]
    assert residents.find_exact(person("cun"), NUMBERS[0]) == []
    assert NUMBERS[1] not in json.dumps([entry.changes for entry in entries("people.edit")])


def test_a_phone_can_be_taken_away(clerk, wang):
    clerk.send(f"/people/{wang.id}/edit", no_phone="y")
    found = Resident.get()
    assert found.read("phone") == "" and found.phone_index is None and found.phone_cipher == ""


def test_the_second_of_two_clerks_gets_409_and_keeps_the_text(clerk, wang, sign_in):
    url = f"/people/{wang.id}/edit"
    stale = form_at(sign_in("shuji"), url, "name")
    clerk.send(url, address="三组 1 号")
    late = sign_in("shuji")
    token = form_at(late, url, "name").fields["csrf_token"]
    late.submit(stale, address="<b>四组</b>", csrf_token=token)
    assert late.status == 409 and "&lt;b&gt;四组&lt;/b&gt;" in late.text and Resident.get().address == "三组 1 号"


def test_two_clerks_saving_at_once_are_one_winner(sign_in, wang):
    url = f"/people/{wang.id}/edit"
    pair = [sign_in("cun"), sign_in("shuji")]
    forms = [form_at(browser, url, "name") for browser in pair]
    side_by_side(*(
        lambda browser=browser, form=form, text=text: browser.submit(form, follow=False, address=text)
        for browser, form, text in zip(pair, forms, ("一组", "二组"), strict=True)
    ))
    assert sorted(browser.status for browser in pair) == [302, 409]
    winner = pair.index(next(browser for browser in pair if browser.status == 302))
    assert Resident.get().address == ("一组", "二组")[winner] and Resident.get().version == 2


def test_the_number_of_another_is_refused_without_saying_whose(clerk, wang):
    other = add(clerk, name="李四", id_card=NUMBERS[1])
    clerk.send(f"/people/{other.id}/edit", id_card=NUMBERS[0])
    assert clerk.status == 422 and "已经登记给另一个人" in clerk.text and "王" not in _said(clerk)
    assert Resident.get_by_id(other.id).read("id_card") == NUMBERS[1]


# -- at rest -------------------------------------------------------------------------------------------------------

def everything_on_disk(ground) -> bytes:
    """Return every byte that the instance keeps: all files, and on PostgreSQL all rows."""
    if is_postgres():
        tables = database.get_tables()
        rows = b"".join(
            str(row).encode() for table in tables for row in database.execute_sql(f'SELECT t::text FROM "{table}" t')
        )
    else:
        rows = b""
    return rows + b"".join(path.read_bytes() for path in ground.folder.rglob("*") if path.is_file())


def test_no_file_of_the_instance_holds_a_number(ground, clerk, wang):
    reveal(clerk, wang)
    clerk.send(f"/people/{wang.id}/edit", phone="13990112233")
    clerk.open("/people/")
    clerk.submit(clerk.form(action="/people/find"), number=NUMBERS[0])
    kept = everything_on_disk(ground)
    assert b"people.reveal" in kept, "the look reaches the rows"
    for number in (NUMBERS[0], WANG["phone"], "13990112233"):
        assert number.encode() not in kept and number.encode("utf-16-le") not in kept
    assert f"{WANG['phone'][:3]}****".encode() not in kept


def test_the_index_is_no_bare_hash_and_has_a_key_of_its_own(ground, wang):
    paths = {name: ground.folder / "keys" / f"people-{name}" for name in ("index", "encryption")}
    keys = {name: bytes.fromhex(path.read_text()) for name, path in paths.items()}
    assert keys["index"] != keys["encryption"]
    assert wang.id_card_index == hmac.new(keys["index"], NUMBERS[0].encode(), hashlib.sha256).hexdigest()
    assert wang.id_card_index != hashlib.sha256(NUMBERS[0].encode()).hexdigest()
    assert all(path.stat().st_mode & 0o077 == 0 for path in paths.values())


def test_the_same_number_is_encrypted_differently_each_time(app):
    first, second = (crypto.encrypt(NUMBERS[0], "a" * 32, "id_card") for _ in range(2))
    assert first != second and crypto.decrypt(first, "a" * 32, "id_card") == NUMBERS[0]


def test_a_ciphertext_opens_only_in_its_own_row_and_field(clerk, wang):
    other = add(clerk, name="李四", id_card=NUMBERS[1])
    Resident.update(id_card_cipher=wang.id_card_cipher).where(Resident.id == other.id).execute()
    Resident.update(phone_cipher=wang.id_card_cipher).where(Resident.id == wang.id).execute()
    reveal(clerk, other, "id_card")
    assert clerk.status == 422 and "加密内容被改动过" in clerk.text and NUMBERS[0] not in clerk.text
    reveal(clerk, wang, "phone")
    assert clerk.status == 422 and NUMBERS[0] not in clerk.text
    page = clerk.open("/people/").text
    assert "打不开" in page and "李*" in page, "the list goes on"


@pytest.mark.parametrize("stored", [
    "x", "A1", "A1:x", "A1:{key}:", "A1:{key}:%%%", "A1:{key}:QUJD", "Z9:{key}:QUJD", "A1::", ":::",
])
def test_damaged_ciphertexts_are_sentences(app, stored):
    key = key_id(crypto._key("encryption"))
    with pytest.raises(Refused):
        crypto.decrypt(stored.replace("{key}", key), "a" * 32, "phone")


def test_what_another_key_encrypted_says_where_the_key_is(app):
    sealed = crypto.encrypt("13890112233", "a" * 32, "phone").split(":")
    with pytest.raises(Refused, match="从备份恢复 keys"):
        crypto.decrypt(f"A1:00000000:{sealed[2]}", "a" * 32, "phone")


def test_what_is_kept_and_why_is_shown(clerk):
    page = clerk.open("/people/purposes").text
    assert "唯一辨认，防止重复登记" in page and "最后一个保存理由期满，经确认清理" in page
