"""Two rows of one person become one through the door, and two again; nobody else's ground is touched."""

import datetime
import json

import pytest
import time_machine

from plugins.grid.households import add_member, save_household
from plugins.grid.models import Member
from plugins.mediation.models import Party
from plugins.mediation.register import register
from portal import partitions, people
from portal.audit.models import AuditEntry
from portal.cases.models import Case, CaseEvent
from portal.cases.timeline import broken_at
from portal.db import database, today
from portal.people import merging, pairs, references
from portal.people.models import Resident, ResidentMerge, ResidentPair
from portal.people.residents import create, find_or_create
from portal.values import Refused
from tests.cases.making import matter
from tests.forms.together import NUMBERS, form_at, side_by_side
from tests.people_of_the_county import NEXT_VILLAGE, VILLAGE, person, unit

PHONE = "13890112233"


def known(name="王秀兰", id_card="", phone="", where=VILLAGE, who="cun", **more) -> Resident:
    data = {"name": name, "id_card": id_card, "phone": phone, "address": "", "tags": [], **more}
    return create(person(who), unit(where), data)


def blank(name="王秀兰", phone="", where=VILLAGE, who="shuji", **more) -> Resident:
    """Return a resident without an ID number, as a dispute or a household registers one."""
    made = find_or_create(person(who), name=name, id_card="", phone=phone, unit=unit(where))
    if more:
        Resident.update(**more).where(Resident.id == made.id).execute()
    return Resident.get_by_id(made.id)


@pytest.fixture
def two(app):
    """王秀兰 with a number and a case, and again without one, with a case and a household."""
    first = matter(name="王秀兰", id_card=NUMBERS[0], phone=PHONE).resident
    second = blank(phone="13890112299", address="二组 7 号", tags=["aged"])
    case = matter(name="何清祥", id_card=NUMBERS[3])
    Case.update(resident=second.id).where(Case.id == case.id).execute()
    house = save_household(None, unit(VILLAGE), {
        "number": 7, "address": "二组 7 号", "kind": "resident", "structure": "", "safety": "", "floors": 1,
        "helper": ""}, person("shuji"))
    member = add_member(house, {"name": "张三", "id_card": "", "relation": "0"}, person("shuji"))
    Member.update(resident=second.id).where(Member.id == member.id).execute()
    return first, Resident.get_by_id(second.id), case


def url(kept, gone) -> str:
    return f"/people/{kept.id}/merge/{gone.id}"


def rows_of(*residents) -> list[dict]:
    return [{**row, "version": 0, "updated": 0} for row in
            Resident.select().where(Resident.id.in_([one.id for one in residents])).order_by(Resident.id).dicts()]


# -- finding -------------------------------------------------------------------------------------------------------

def test_pairs_are_found_by_phone_by_village_and_name_and_by_a_missing_number(app):
    one = known(id_card=NUMBERS[0], phone=PHONE)
    two = blank(phone=PHONE)
    three = known(name="何清祥", id_card=NUMBERS[1])
    four = blank(name="何清祥")
    known(name="赵六", id_card=NUMBERS[2])
    assert pairs.search() == 2
    found = {(pair.first_id, pair.second_id): pair.because for pair in ResidentPair.select()}
    assert found == {(one.id, two.id): "phone_name", (three.id, four.id): "no_id"}
    assert pairs.search() == 0


def test_a_phone_that_a_whole_street_gave_makes_no_pairs(app):
    for number in range(12):
        blank(name=f"甲{chr(0x4e00 + number)}", phone=PHONE)
    assert pairs.search() == 0


def test_who_lives_in_the_next_village_is_a_pair_for_the_town_only(app, sign_in):
    known(id_card=NUMBERS[0], phone=PHONE)
    blank(phone=PHONE, where=NEXT_VILLAGE, who="lincun")
    assert pairs.search() == 1
    assert "王*兰" in sign_in("zhen").open("/people/pairs").text
    for name in ("shuji", "linzhen"):
        assert "没有疑似重复的居民" in sign_in(name).open("/people/pairs").text
    assert sign_in("lincun").open("/people/pairs").status == 403


def test_two_people_are_called_two_people_once_and_for_all(app, sign_in):
    first, second = known(id_card=NUMBERS[0], phone=PHONE), blank(phone=PHONE)
    shuji = sign_in("shuji")
    shuji.open("/people/pairs")
    shuji.submit(shuji.form(action="/people/pairs/search"))
    assert "新找到 1 对" in shuji.text and "姓名、电话都相同" in shuji.text and PHONE not in shuji.text
    pair = ResidentPair.get()
    stranger = sign_in("lingan").post(f"/people/pairs/{pair.id}/apart")
    assert stranger.status == 404
    shuji.submit(shuji.form(action=f"/people/pairs/{pair.id}/apart"))
    assert "没有疑似重复的居民" in shuji.text and pairs.search() == 0
    said = AuditEntry.select().where(AuditEntry.action == "people.keep_apart")
    assert {one.object_id for one in said} == {str(first.id), str(second.id)}


# -- merging -------------------------------------------------------------------------------------------------------

def test_every_reference_is_led_over_and_the_gone_leads_to_the_kept(two, sign_in):
    kept, gone, case = two
    before = list(CaseEvent.select().order_by(CaseEvent.id).dicts())
    shuji = sign_in("shuji")
    page = shuji.open(url(kept, gone)).text
    assert "138****2233" in page and "138****2299" in page and PHONE not in page and NUMBERS[0] not in page
    shuji.send(url(kept, gone), reason="核对过身份证", phone="gone", address="gone")
    assert shuji.status == 200 and "已合并，2 条记录" in shuji.text
    kept, gone = Resident.get_by_id(kept.id), Resident.get_by_id(gone.id)
    assert Case.get_by_id(case.id).resident_id == kept.id and Member.get().resident_id == kept.id
    assert (kept.read("id_card"), kept.read("phone"), kept.address) == (NUMBERS[0], "13890112299", "二组 7 号")
    assert kept.tags == ["aged"] and (gone.name, gone.id_card_index, gone.phone_cipher) == ("", None, "")
    assert list(CaseEvent.select().order_by(CaseEvent.id).dicts()) == before and broken_at(case.id) is None
    assert shuji.open(f"/people/{gone.id}").response.request.path == f"/people/{kept.id}"
    assert not any(one.ids(gone.id) for one in references.references())
    assert shuji.open("/people/").text.count("王*兰") == 1
    said = {one.object_id for one in AuditEntry.select().where(AuditEntry.action == "people.merge")}
    assert said == {str(kept.id), str(gone.id)}


def test_undoing_restores_both_exactly(two, sign_in):
    kept, gone, case = two
    before = rows_of(kept, gone)
    shuji = sign_in("shuji")
    shuji.send(url(kept, gone), reason="核对过身份证", phone="gone")
    later = matter(name="王秀兰", id_card=NUMBERS[0])
    shuji.send(f"/people/merges/{ResidentMerge.get().id}/undo", reason="核实是两个人")
    assert "2 条记录回到原来那一位名下" in shuji.text
    assert rows_of(kept, gone) == before
    assert Case.get_by_id(case.id).resident_id == gone.id and Member.get().resident_id == gone.id
    assert Case.get_by_id(later.id).resident_id == kept.id
    assert "已撤销" in shuji.open("/people/merges").text and ResidentMerge.get().before == ""
    shuji.send(f"/people/merges/{ResidentMerge.get().id}/undo", reason="再来一次")
    assert shuji.status == 422 and "已经撤销" in shuji.text


def test_the_number_of_the_gone_goes_over_where_the_kept_has_none_and_comes_back(app, two):
    kept, gone, _ = two
    versions = {gone.id: gone.version, kept.id: kept.version}
    chosen = {"id_card": "gone", "phone": "gone"}
    journal = merging.merge(gone.id, kept.id, chosen, "同一人", versions, person("shuji"))
    assert Resident.get_by_id(gone.id).read("id_card") == NUMBERS[0] and Resident.get_by_id(gone.id).sex == "F"
    assert merging.undo(journal, "选错了", person("shuji")) == (1, 0)
    assert Resident.get_by_id(kept.id).read("id_card") == NUMBERS[0]
    assert Resident.get_by_id(gone.id).id_card_index is None


def test_what_was_deleted_meanwhile_is_left_and_said(two, sign_in):
    kept, gone, _ = two
    shuji = sign_in("shuji")
    shuji.send(url(kept, gone), reason="核对过身份证")
    Member.delete().execute()
    shuji.send(f"/people/merges/{ResidentMerge.get().id}/undo", reason="核实是两个人")
    assert "1 条记录回到" in shuji.text and "另有 1 条后来删除或改动过" in shuji.text


def test_an_edit_after_the_merge_forbids_to_undo_and_names_what_was_edited(two, sign_in):
    kept, gone, _ = two
    shuji = sign_in("shuji")
    shuji.send(url(kept, gone), reason="核对过身份证", address="gone")
    shuji.send(f"/people/{kept.id}/edit", address="三组 1 号", phone="13890110000")
    assert "已保存" in shuji.text
    shuji.send(f"/people/merges/{ResidentMerge.get().id}/undo", reason="核实是两个人")
    assert shuji.status == 422 and "合并之后改过电话、住址" in shuji.text
    assert Resident.get_by_id(gone.id).merged_into_id == kept.id


def test_a_later_merge_has_to_be_undone_first(two, sign_in):
    kept, gone, _ = two
    shuji = sign_in("shuji")
    shuji.send(url(kept, gone), reason="核对过身份证")
    third = blank(name="王秀兰")
    first = ResidentMerge.get()
    shuji.send(url(third, Resident.get_by_id(kept.id)), reason="还是同一人")
    assert shuji.status == 200 and merging.latest_of(Resident.get_by_id(gone.id)).id == third.id
    assert set(merging.all_ids(third)) == {third.id, kept.id, gone.id}
    shuji.send(f"/people/merges/{first.id}/undo", reason="核实是两个人")
    assert shuji.status == 422 and "请先撤销后面的那一次" in shuji.text


def test_after_the_period_nothing_of_before_is_kept(two, sign_in):
    kept, gone, _ = two
    sign_in("shuji").send(url(kept, gone), reason="核对过身份证")
    assert merging.forget_old() == 0 and "王秀兰" not in ResidentMerge.get().before
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=91), tick=True):
        assert merging.forget_old() == 1
        with pytest.raises(Refused, match="撤销的期限已过"):
            merging.undo(ResidentMerge.get(), "核实是两个人", person("shuji"))


# -- what forbids --------------------------------------------------------------------------------------------------

def test_one_person_in_two_households_is_settled_there_first(two, sign_in):
    kept, gone, _ = two
    house = save_household(None, unit(VILLAGE), {
        "number": 8, "address": "", "kind": "resident", "structure": "", "safety": "", "floors": 1, "helper": ""},
        person("shuji"))
    add_member(house, {"name": "王秀兰", "id_card": NUMBERS[0], "relation": "0"}, person("shuji"))
    shuji = sign_in("shuji")
    shuji.send(url(kept, gone), reason="核对过身份证")
    assert shuji.status == 422 and "8 号户和 7 号户" in shuji.text and "核对过身份证" in shuji.text
    assert not ResidentMerge.select().exists() and Resident.get_by_id(gone.id).name == "王秀兰"


def test_two_parties_of_one_dispute_are_not_made_one(app, sign_in):
    case = register(unit(VILLAGE), person("tiaojie"), {
        "channel": "found", "type": "neighbours", "subject": "土地互换", "happened_on": today(), "people": 2,
        "brief": "三棵藤椒树没有算进去。", "difficulty": "simple", "risk": "low", "a_kind": "person",
        "a_name": "张建国", "b_kind": "person", "b_name": "张建华",
    })
    kept, gone = (party.resident for party in Party.select().order_by(Party.id))
    shuji = sign_in("shuji")
    shuji.send(url(kept, gone), reason="核对过身份证")
    assert shuji.status == 422 and case.number in shuji.text
    for reference in references.references():
        assert reference.clashes(kept.id, gone.id) == (1 if reference.table == "mediation_party" else 0)


@pytest.mark.parametrize("name", ["lingan", "linzhen"])
def test_outside_the_own_area_everything_is_404(two, sign_in, name):
    kept, gone, _ = two
    merging.merge(kept.id, gone.id, {}, "同一人", {kept.id: kept.version, gone.id: gone.version}, person("shuji"))
    journal = ResidentMerge.get()
    stranger = sign_in(name)
    own = blank(where="510722141000/village", who="lingan")
    for path in (url(kept, own), url(own, kept), f"/people/merges/{journal.id}/undo", f"/people/{gone.id}"):
        assert stranger.open(path).status == 404
        assert stranger.post(path, reason="试试").status in (404, 405)
    assert "还没有合并过" in stranger.open("/people/merges").text


def test_a_window_may_not_merge(two, sign_in):
    kept, gone, _ = two
    window = sign_in("cun")
    for path in ("/people/pairs", "/people/merges", url(kept, gone)):
        assert window.open(path).status == 403


@pytest.mark.parametrize(("reason", "sentence"), [("", "请填写"), ("长" * 10_000, "最多 200 字")])
def test_without_a_reason_nothing_is_merged(two, sign_in, reason, sentence):
    kept, gone, _ = two
    shuji = sign_in("shuji")
    shuji.send(url(kept, gone), reason=reason)
    assert shuji.status == 422 and sentence in shuji.text and not ResidentMerge.select().exists()


# -- two at once ---------------------------------------------------------------------------------------------------

def test_the_second_of_two_clerks_is_told_and_nothing_happens_twice(two, sign_in):
    kept, gone, _ = two
    shuji, zhen = sign_in("shuji"), sign_in("zhen")
    form = form_at(zhen, url(gone, kept), "reason")
    shuji.send(url(kept, gone), reason="核对过身份证")
    zhen.submit(form, reason="本人到场确认")
    assert zhen.status == 409 and "本人到场确认" in zhen.text
    assert ResidentMerge.select().count() == 1


def test_two_clerks_merging_both_ways_at_the_same_moment_are_one_winner(two, sign_in):
    kept, gone, case = two
    shuji, zhen = sign_in("shuji"), sign_in("zhen")
    one, other = form_at(shuji, url(kept, gone), "reason"), form_at(zhen, url(gone, kept), "reason")
    side_by_side(lambda: shuji.submit(one, follow=False, reason="核对过身份证"),
                 lambda: zhen.submit(other, follow=False, reason="本人到场确认"))
    assert sorted([shuji.status, zhen.status]) == [302, 409]
    journal = ResidentMerge.get()
    assert Case.get_by_id(case.id).resident_id == journal.kept_id
    assert Resident.get_by_id(journal.kept_id).merged_into_id is None


def test_an_edit_between_comparing_and_merging_is_a_conflict(two, sign_in):
    kept, gone, _ = two
    shuji, clerk = sign_in("shuji"), sign_in("cun")
    form = form_at(shuji, url(kept, gone), "reason")
    clerk.send(f"/people/{gone.id}/edit", address="三组 9 号")
    shuji.submit(form, reason="核对过身份证")
    assert shuji.status == 409


def test_the_journal_holds_no_readable_number(two):
    kept, gone, _ = two
    merging.merge(kept.id, gone.id, {"phone": "gone"}, "同一人", {kept.id: 1, gone.id: gone.version}, person("shuji"))
    row = json.dumps(list(ResidentMerge.select().dicts()), default=str)
    assert PHONE not in row and NUMBERS[0] not in row and "秀兰" not in row


def test_a_reference_of_a_plugin_that_is_left_out_is_led_over_too(two):
    kept, gone, _ = two
    with partitions.fitted(database.obj):
        database.execute_sql('CREATE TABLE "absent_thing" ("id" INTEGER PRIMARY KEY, "county_id" BIGINT, "who" BIGINT,'
                             ' FOREIGN KEY ("who") REFERENCES "people_resident" ("id"))')
    try:
        database.execute_sql(f"INSERT INTO absent_thing VALUES (1, {gone.county_id}, {gone.id})")
        merging.merge(kept.id, gone.id, {}, "同一人", {kept.id: kept.version, gone.id: gone.version}, person("shuji"))
        assert database.execute_sql("SELECT who FROM absent_thing").fetchone()[0] == kept.id
    finally:
        database.execute_sql("DROP TABLE absent_thing")


def test_what_was_opened_on_the_gone_row_at_that_very_moment_is_led_on_at_night(two):
    kept, gone, _ = two
    merging.merge(kept.id, gone.id, {}, "同一人", {kept.id: kept.version, gone.id: gone.version}, person("shuji"))
    late = matter(name="何清祥", id_card=NUMBERS[3])
    Case.update(resident=gone.id).where(Case.id == late.id).execute()
    assert any("已并入别人" in finding.sentence for finding in people.portal_check())
    assert "补转 1 条" in people.find_pairs() and Case.get_by_id(late.id).resident_id == kept.id
    assert not people.portal_check()
    assert merging.undo(ResidentMerge.get(), "核实是两个人", person("shuji")) == (3, 0)
    assert Case.get_by_id(late.id).resident_id == gone.id


def test_one_row_cannot_be_merged_with_itself(two):
    kept, _, _ = two
    with pytest.raises(Refused):
        merging.merge(kept.id, kept.id, {}, "同一人", {kept.id: kept.version}, person("shuji"))
