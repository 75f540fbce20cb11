"""What a resident has a right to, through the door: who looked, a copy, an end of keeping, being erased."""

import csv
import datetime
import io
import json
import zipfile

import pytest
import time_machine
from stdnum.cn import ric
from werkzeug.datastructures import FileStorage

from plugins.grid.households import add_member, flag, remove_member, save_household
from plugins.grid.models import Member
from plugins.mediation.models import Dispute, Party
from plugins.mediation.register import register
from plugins.station.models import ServiceRequest
from portal import files
from portal.audit.models import AuditEntry
from portal.cases.models import Case, CaseEvent, Reply
from portal.cases.timeline import broken_at
from portal.db import database, is_postgres, now, today
from portal.files.models import Attachment
from portal.notify.models import Notice
from portal.people import erasing, exporting, keeping, merging, pairs, tracing
from portal.people.models import Resident, ResidentMerge, ResidentRequest
from portal.people.residents import create, find_or_create
from portal.search.models import SearchText
from portal.testing import counted_queries
from tests.cases.making import matter
from tests.files.samples import picture
from tests.forms.together import NUMBERS, WANG, form_at, side_by_side
from tests.people_of_the_county import VILLAGE, person, unit

PHONE = WANG["phone"]
LATER = datetime.timedelta(days=11 * 365)


def at(moment):
    return time_machine.travel(moment, tick=False)


@pytest.fixture
def wang(app):
    """王秀兰, who has asked for something at the station and got it eleven years ago."""
    matter(name="王秀兰", id_card=NUMBERS[0], phone=PHONE)
    past = now() - LATER
    Case.update(closed=past, opened=past, phase="closed", replied=past, title="王秀兰：高龄津贴", due=None).execute()
    Resident.update(address="二组 7 号", tags=["aged"], updated=datetime.datetime.now() - LATER).execute()
    return Resident.get()


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.select().where(AuditEntry.action == action).order_by(AuditEntry.id))


def household(*people) -> list[Member]:
    house = save_household(None, unit(VILLAGE), {
        "number": 7, "address": "二组 7 号", "kind": "resident", "structure": "", "safety": "", "floors": 1,
        "helper": ""}, person("shuji"))
    return [
        add_member(house, {"name": name, "id_card": number, "relation": "0" if first == 0 else "8"}, person("shuji"))
        for first, (name, number) in enumerate(people)
    ]


# -- who looked ----------------------------------------------------------------------------------------------------

def test_who_saw_what_of_whom_is_told_with_the_reason(sign_in, wang):
    cun, case = sign_in("cun"), Case.get()
    cun.send(f"/people/{wang.id}", to=f"/people/{wang.id}/reveal", field="phone", reason="电话通知补正")
    cun.open(f"/cases/{case.id}")
    cun.open("/people/")
    cun.submit(cun.form(action="/people/find"), number=NUMBERS[0])
    [member] = household(("王秀兰", NUMBERS[0]))
    sign_in("wangge").open(f"/grid/households/{member.household_id}")
    page = sign_in("zhen").open(f"/people/{wang.id}/trace").text
    told = ("打开居民", "查看完整号码", "电话：电话通知补正", "打开案件", "按号码查找", "打开户档", "李秀英", "周勇")
    assert not [said for said in told if said not in page]
    assert PHONE not in page and "王秀兰" not in page
    assert entries("people.trace")[0].object_id == str(wang.id)


def test_a_report_names_who_saw_a_record_between_two_moments(sign_in, wang):
    start = now()
    zhen = sign_in("zhen")
    AuditEntry.create(action="people.edit", object_type="resident", object_id=str(wang.id),
                      at=start - datetime.timedelta(hours=5))
    sign_in("cun").open(f"/people/{wang.id}")
    since = (start - datetime.timedelta(hours=1)).isoformat(timespec="minutes")
    until = (start + datetime.timedelta(hours=1)).isoformat(timespec="minutes")
    paper = zhen.open(f"/people/{wang.id}/trace/print", query_string={"since": since, "until": until}).text
    assert "打开居民" in paper and "修改居民" not in paper and "刘德明" in paper and 'data-print' in paper
    early = zhen.open(f"/people/{wang.id}/trace", query_string={"until": since}).text
    assert "修改居民" in early and "打开居民" not in early
    for bad in ("x", "2026-13-40", "0001-01-01", "9" * 300):
        assert zhen.open(f"/people/{wang.id}/trace", query_string={"since": bad}).status == 200


def test_the_question_is_one_query_over_the_index_of_objects(app, wang):
    for number in range(300):
        AuditEntry.create(action="people.open", object_type="resident", object_id=str(10_000 + number))
    query = tracing.trace(wang, person("zhen"), datetime.datetime(2000, 1, 1), now())
    sql, values = query.sql()
    if is_postgres():
        database.execute_sql("ANALYZE audit_entry")
        database.execute_sql("SET enable_seqscan = off")
    plan = str(database.execute_sql(("EXPLAIN " if is_postgres() else "EXPLAIN QUERY PLAN ") + sql, values).fetchall())
    if is_postgres():
        database.execute_sql("RESET enable_seqscan")
    assert "object_type_object_id" in plan and "SCAN audit_entry'" not in plan


def test_what_the_gone_half_of_a_merge_saw_is_told_of_the_kept(sign_in, wang):
    gone = find_or_create(person("shuji"), name="王秀兰", id_card="", phone="", unit=unit(VILLAGE))
    sign_in("cun").open(f"/people/{gone.id}")
    gone = Resident.get_by_id(gone.id)
    merging.merge(wang.id, gone.id, {}, "同一人", {wang.id: wang.version, gone.id: gone.version}, person("shuji"))
    page = sign_in("zhen").open(f"/people/{wang.id}/trace").text
    assert "打开居民" in page and "李秀英" in page and "合并居民" in page


def test_that_a_flag_was_opened_is_told_and_which_is_not(sign_in, wang):
    [member] = household(("王秀兰", NUMBERS[0]))
    made = flag(member.household, member.resident, {"kind": "released", "owner": "司法所", "since": today()},
                person("zongzhi"))
    sign_in("zongzhi").send(f"/grid/key-people/{made.id}", reason="核对刑满释放情况")
    page = sign_in("zhen").open(f"/people/{wang.id}/trace").text
    assert "网格管理：保密事项" in page and "刑满释放" not in page and "重点人员标记" not in page


@pytest.mark.parametrize(("name", "status"), [
    ("zhen", 200), ("xian", 200), ("shenji", 200), ("shuji", 403), ("cun", 403), ("lingdao", 403), ("linzhen", 404),
])
def test_who_may_ask_who_looked(sign_in, wang, name, status):
    browser = sign_in(name)
    assert browser.open(f"/people/{wang.id}/trace").status == status
    assert browser.open(f"/people/{wang.id}/trace/print").status == status


def test_a_long_trace_goes_on_by_key(sign_in, wang):
    AuditEntry.insert_many([
        {"action": "people.open", "object_type": "resident", "object_id": str(wang.id), "actor_name": f"第{number}人",
         "at": now(), "detail": {}, "changes": {}} for number in range(70)]).execute()
    zhen = sign_in("zhen")
    first = zhen.open(f"/people/{wang.id}/trace").text
    after = min(one.id for one in AuditEntry.select().order_by(AuditEntry.id.desc()).limit(50))
    second = zhen.open(f"/people/{wang.id}/trace", query_string={"after": after}).text
    assert "第69人" in first and "第3人" not in first and "第3人" in second and "第69人" not in second


def test_the_pages_of_residents_stay_within_the_budget_of_queries(sign_in, wang):
    keeping.review()
    merging.merge(
        wang.id, find_or_create(person("shuji"), name="王秀兰", id_card="", unit=unit(VILLAGE)).id, {}, "同一人",
        {wang.id: 1, wang.id + 1: 1}, person("shuji"))
    find_or_create(person("shuji"), name="王秀兰", id_card="", phone=PHONE, unit=unit(VILLAGE))
    pairs.search()
    zhen, xian = sign_in("zhen"), sign_in("xian")
    for browser, path in ((zhen, ""), (zhen, f"{wang.id}"), (zhen, "pairs"), (zhen, "merges"), (xian, "expired")):
        browser.open(f"/people/{path}")
        with counted_queries() as queries:
            browser.open(f"/people/{path}")
        assert browser.status == 200 and len(queries) <= 8, (path, queries)
    with counted_queries() as queries:
        zhen.open(f"/people/{wang.id}/trace")
    assert len(queries) <= 14, queries  # each room and plugin is asked where the resident shows


# -- a copy --------------------------------------------------------------------------------------------------------

def test_a_copy_holds_everything_and_masks_others(sign_in, wang):
    household(("王秀兰", NUMBERS[0]), ("何清祥", NUMBERS[1]))
    xian = sign_in("xian")
    xian.send(f"/people/{wang.id}/export", medium="page", reason="本人持身份证到场申请")
    page = xian.text
    told = (NUMBERS[0], PHONE, "王秀兰", "二组 7 号", "高龄津贴", "何*祥", "7 号户", "黄涛", "本人持身份证到场申请")
    assert not [said for said in told if said not in page]
    assert "何清祥" not in page and NUMBERS[1] not in page and "paper-watermark" in page
    entry, = entries("people.export")
    assert entry.detail["reason"] == "本人持身份证到场申请" and entry.object_id == str(wang.id)
    assert ResidentRequest.get().kind == "export"


def test_the_file_is_a_zip_of_json_and_csv_without_formulas(sign_in, wang):
    Resident.update(address="=HYPERLINK(1)").execute()
    xian = sign_in("xian")
    xian.send(f"/people/{wang.id}/export", medium="file", reason="本人申请")
    with zipfile.ZipFile(io.BytesIO(xian.response.get_data())) as archive:
        names = archive.namelist()
        everything = json.loads(archive.read("全部资料.json"))
        text = archive.read(next(one for one in names if "基本情况" in one)).decode("utf-8-sig")
        assert "黄涛" in archive.read("说明.txt").decode("utf-8-sig")
    rows = dict(list(csv.reader(io.StringIO(text)))[1:])
    assert rows["身份证号"] == NUMBERS[0] and rows["住址"] == "'=HYPERLINK(1)"
    assert everything["made_by"] == "黄涛" and any(one["title"] == "案件" for one in everything["sections"])
    assert "attachment" in xian.response.headers["Content-Disposition"]


def test_copies_count_among_the_looks_of_an_hour(sign_in, wang):
    xian = sign_in("xian")
    for _ in range(30):
        AuditEntry.create(action="people.reveal", actor_id=person("xian").id)
    xian.send(f"/people/{wang.id}/export", medium="page", reason="本人申请")
    assert xian.status == 422 and "一小时内最多" in xian.text and NUMBERS[0] not in xian.text
    assert not ResidentRequest.select().exists()


def test_what_the_exporter_may_not_read_is_not_in_the_copy(app, sign_in, wang):
    case = register(unit(VILLAGE), person("tiaojie"), {
        "channel": "found", "type": "neighbours", "subject": "土地互换", "happened_on": today(), "people": 2,
        "brief": "三棵藤椒树没有算进去。", "difficulty": "simple", "risk": "low", "a_kind": "person",
        "a_name": "王秀兰", "b_kind": "person", "b_name": "张建华",
    })
    Party.update(resident=wang.id).where(Party.id == Party.select().order_by(Party.id).get().id).execute()
    xian = sign_in("xian")
    xian.send(f"/people/{wang.id}/export", medium="page", reason="本人申请")
    assert "藤椒" not in xian.text and "张建华" not in xian.text
    assert case.number in xian.text or "无权查看" in xian.text


# -- how long ------------------------------------------------------------------------------------------------------

def test_the_last_reason_decides_and_the_list_waits_for_a_person(sign_in, wang):
    said = keeping.review()
    assert "1 位的保存期限已满" in said and Resident.get_by_id(wang.id).expired_on is not None
    assert Notice.get(Notice.user == person("xian").id).url == "/people/expired"
    assert not Notice.select().where(Notice.user == person("zhen").id).exists()
    xian = sign_in("xian")
    assert "王*兰" in xian.open("/people/expired").text
    matter(name="王秀兰", id_card=NUMBERS[0])
    with at(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=31)):
        keeping.review()
    assert Resident.get_by_id(wang.id).expired_on is None


def test_an_open_case_a_household_and_a_flag_keep_a_resident(app, wang):
    assert keeping.holding(wang) == []
    [member] = household(("王秀兰", NUMBERS[0]))
    assert [one.owner for one in keeping.holding(wang)] == ["网格管理"]
    remove_member(member, person("shuji"))
    [left] = keeping.holding(wang)
    assert left.until == today() + datetime.timedelta(days=3 * 365)
    matter(name="王秀兰", id_card=NUMBERS[0])
    assert {one.until for one in keeping.holding(wang)} == {left.until, None}


def test_who_was_registered_for_nothing_is_kept_a_year(app):
    create(person("cun"), unit(VILLAGE), {"name": "何清祥", "id_card": NUMBERS[1], "phone": ""})
    keeping.review()
    assert Resident.get().expired_on is None and Resident.get().review_on > today()
    with at(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=367)):
        keeping.review()
        assert Resident.get().expired_on is not None
        assert "查看 0 位" in keeping.review()


def test_the_county_says_how_long_files_are_kept(app, wang, sign_in):
    xitong = sign_in("xitong")
    xitong.send("/org/settings/cases.keep_years", value="30")
    if xitong.status == 200:
        assert len(keeping.holding(wang)) == 1


def test_somebody_may_know_a_reason_that_the_portal_does_not(sign_in, wang):
    keeping.review()
    xian = sign_in("xian")
    xian.open(f"/people/{wang.id}/erase")
    xian.submit(xian.form(action=f"/people/{wang.id}/keep-longer"))
    assert "没有到期待清理的居民" in xian.text and entries("people.keep_longer")
    with at(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=200)):
        keeping.review()
    assert Resident.get_by_id(wang.id).expired_on is None


def test_those_ticked_are_erased_and_no_others(sign_in, wang):
    keeping.review()
    other = find_or_create(person("shuji"), name="何清祥", id_card=NUMBERS[1], unit=unit(VILLAGE))
    xian = sign_in("xian")
    form = form_at(xian, "/people/expired", "chosen")
    xian.submit(form, chosen=[str(other.id)])
    assert xian.status == 422 and Resident.get_by_id(other.id).name == "何清祥"
    xian.send("/people/expired", chosen=[str(wang.id)])
    assert "已删除 1 位" in xian.text and Resident.get_by_id(wang.id).erased_at


# -- erasing -------------------------------------------------------------------------------------------------------

def erase(browser, resident, reason="本人到场要求", kind="erase"):
    return browser.send(f"/people/{resident.id}/erase", to=None, kind=kind, reason=reason)


def test_what_must_be_kept_is_refused_with_the_reasons_and_the_request_is_recorded(sign_in, wang):
    matter(name="王秀兰", id_card=NUMBERS[0])
    xian = sign_in("xian")
    erase(xian, wang)
    assert xian.status == 422 and "有没有办结的案件" in xian.text and "仍在继续" in xian.text
    request = ResidentRequest.get()
    assert not request.granted and "台账：有没有办结的案件" in request.because[0]
    assert Resident.get_by_id(wang.id).name == "王秀兰" and entries("people.refuse_erase")[0].result == "denied"
    assert "没有删除" in xian.open(f"/people/{wang.id}/erase").text


def test_erasing_leaves_the_skeleton_of_the_case_and_its_chain(sign_in, wang):
    case = Case.get()
    upload = FileStorage(io.BytesIO(picture()), "王秀兰的身份证.jpg")
    files.store(upload, owner_type="case", owner_id=case.id, county_id=case.county_id, by=person("cun"))
    Reply.create(county_id=case.county_id, case=case.id, by_name="李秀英", channel="face", text="王秀兰，已经办好")
    ServiceRequest.update(recipient="王秀兰", decision="同意王秀兰享受").execute()
    xian = sign_in("xian")
    erase(xian, wang)
    assert xian.status == 200 and "资料已经删除" in xian.text
    after = Case.get_by_id(case.id)
    assert (after.number, after.kind, after.village_id, after.opened, after.closed, after.state) == (
        case.number, case.kind, case.village_id, case.opened, case.closed, case.state)
    assert after.applicant == "已删除" and "秀兰" not in after.title
    assert broken_at(case.id) is None and CaseEvent.select().order_by(CaseEvent.id.desc()).get().step == "erase"
    kept = ServiceRequest.get()
    assert (kept.recipient, kept.decision, Reply.get().text) == ("", "同意某某享受", "某某，已经办好")
    assert Attachment.get().removed_at and Attachment.get().name == "（已删除）"
    assert "已删除" in xian.open(f"/cases/{case.id}").text and "王" not in SearchText.get().text
    found = Resident.get()
    assert (found.name, found.id_card_index, found.phone_index, found.birth_date, found.address, found.tags) == (
        "", None, None, None, "", [])
    xian.open("/people/")
    xian.submit(xian.form(action="/people/find"), number=NUMBERS[0])
    assert "没有登记这个号码" in xian.text
    for path in ("export", "trace", "edit", "erase"):
        assert xian.open(f"/people/{wang.id}/{path}").status in (403, 404)


def test_after_erasing_no_byte_of_name_number_and_phone_is_in_the_database(ground, sign_in, wang):
    blank = find_or_create(person("shuji"), name="王秀兰", id_card="", phone=PHONE, unit=unit(VILLAGE))
    pairs.search()
    blank = Resident.get_by_id(blank.id)
    merging.merge(wang.id, blank.id, {}, "王秀兰是同一人", {wang.id: wang.version, blank.id: 1}, person("shuji"))
    sign_in("cun").send(f"/people/{wang.id}/edit", name="王秀兰", address="三组 9 号")
    wang = Resident.get_by_id(wang.id)
    secrets = [wang.id_card_index, wang.phone_index, wang.id_card_cipher, "王秀兰", "三组 9 号", NUMBERS[0], PHONE]
    assert ResidentMerge.get().before
    assert erasing.erase(wang.id, "erase", "王秀兰本人要求", person("xian")) == []
    assert ResidentMerge.get().before == "" and ResidentRequest.get().reason == "某某本人要求"
    assert ResidentMerge.get().reason == "某某是同一人"
    secrets += [json.dumps(secret)[1:-1] for secret in secrets]
    for secret in secrets:
        assert not _rows_with(secret), secret
    if not is_postgres():
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        raw = b"".join(one.read_bytes() for one in ground.folder.glob("portal.db*") if one.suffix != ".kept")
        for secret in secrets:
            assert secret.encode() not in raw, secret


def _rows_with(secret: str) -> list[str]:
    """Return the columns of which some row holds the text."""
    place = "POSITION(%s IN CAST({} AS TEXT))" if is_postgres() else "INSTR(CAST({} AS TEXT), ?)"
    return [
        f"{table}.{column.name}" for table in database.get_tables() for column in database.get_columns(table)
        if database.execute_sql(
            f'SELECT 1 FROM "{table}" WHERE {place.format(_quoted(column.name))} > 0 LIMIT 1', (secret,)
        ).fetchone()
    ]


def _quoted(name: str) -> str:
    return f'"{name}"'


def test_a_dispute_whose_file_is_over_loses_the_name_and_keeps_the_others(app, wang):
    case = register(unit(VILLAGE), person("tiaojie"), {
        "channel": "found", "type": "neighbours", "subject": "土地互换", "happened_on": today(), "people": 2,
        "brief": "王秀兰说三棵藤椒树没有算进去。", "difficulty": "simple", "risk": "low", "a_kind": "person",
        "a_name": "王秀兰", "b_kind": "person", "b_name": "张建华",
    })
    party = Party.select().order_by(Party.id).get()
    Party.update(resident=wang.id, occupation="务农").where(Party.id == party.id).execute()
    assert [one.until for one in keeping.holding(wang)] == [None]
    Case.update(closed=now() - LATER, phase="closed", replied=now()).where(Case.id == case.id).execute()
    Dispute.update(retention="长期").execute()
    assert [one.until for one in keeping.holding(wang)] == [None]
    Dispute.update(retention="10 年").execute()
    assert erasing.erase(wang.id, "expired", "期满", person("xian")) == []
    assert Dispute.get().brief == "某某说三棵藤椒树没有算进去。" and Party.get_by_id(party.id).occupation == ""
    assert "张*华" in Case.get_by_id(case.id).title and broken_at(case.id) is None


def test_two_officers_erasing_at_once_are_one_winner(sign_in, wang):
    one, other = sign_in("xian"), sign_in("xian")
    forms = [form_at(browser, f"/people/{wang.id}/erase", "kind") for browser in (one, other)]
    side_by_side(*(lambda b=browser, f=form: b.submit(f, follow=False, kind="erase", reason="本人要求")
                   for browser, form in zip((one, other), forms, strict=True)))
    assert sorted([one.status, other.status]) in ([302, 404], [302, 409])
    assert ResidentRequest.select().count() == 1


@pytest.mark.parametrize("path", ["export", "erase"])
def test_who_may_copy_and_erase(sign_in, wang, path):
    for name, status in (("xian", 200), ("zhen", 403), ("shuji", 403), ("shenji", 403), ("minzheng", 404)):
        assert sign_in(name).open(f"/people/{wang.id}/{path}").status == status


@pytest.mark.parametrize(("reason", "sentence"), [("", "请填写"), ("长" * 10_000, "最多 200 字")])
def test_without_a_good_reason_nothing_is_copied_or_erased(sign_in, wang, reason, sentence):
    xian = sign_in("xian")
    for path in ("export", "erase"):
        xian.send(f"/people/{wang.id}/{path}", reason=reason)
        assert xian.status == 422 and sentence in xian.text and NUMBERS[0] not in xian.text
    assert Resident.get_by_id(wang.id).name == "王秀兰"


# -- children ------------------------------------------------------------------------------------------------------

CHILD = "51072220200101001"


def child_number() -> str:
    return CHILD + ric.calc_check_digit(CHILD + "0")


def test_a_child_is_registered_with_the_consent_of_a_guardian(sign_in):
    clerk = sign_in("cun")
    child = {"name": "何小宝", "id_card": child_number(), "phone": ""}
    clerk.send("/people/new", **child)
    assert clerk.status == 422 and "不满 14 周岁，请写明监护人" in clerk.text
    clerk.send("/people/new", **child, guardian="母亲当面同意")
    assert "母亲当面同意" in clerk.text and Resident.get().guardian == "母亲当面同意"
    assert "不满 14 周岁" in clerk.open("/people/").text


def test_a_child_that_came_in_through_a_case_is_marked_until_consent_is_there(sign_in):
    find_or_create(person("cun"), name="何小宝", id_card=child_number(), unit=unit(VILLAGE))
    clerk, child = sign_in("cun"), Resident.get()
    assert "缺监护人同意" in clerk.open("/people/").text
    assert "还没有登记监护人的同意" in clerk.open(f"/people/{child.id}").text
    clerk.send(f"/people/{child.id}/edit", guardian="父亲电话同意")
    assert "还没有登记监护人的同意" not in clerk.text
    assert entries("people.edit")[0].changes == {"guardian": ["（无）", "（新的）"]}


def test_a_formula_is_text_in_every_copy():
    assert [exporting.plain(one) for one in ("=1", "＋1", "@a", "王")] == ["'=1", "'＋1", "'@a", "王"]
