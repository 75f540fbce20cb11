"""The record: what is in it, that it only grows, who reads it, and that nothing happens without it."""

import json
import re
from pathlib import Path

import peewee
import pytest

from portal import audit
from portal.accounts.models import Role, Session
from portal.audit import words
from portal.audit.models import AuditEntry
from portal.db import atomic, database, is_postgres
from portal.org.models import TownPlugin, Unit
from portal.people.models import Resident
from tests.forms.together import NUMBERS, WANG, form_at, refuse_inserts
from tests.people_of_the_county import PASSWORD, TOWN
from tests.station.door import receive


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.select().where(AuditEntry.action == action).order_by(AuditEntry.id))


def last(action: str) -> AuditEntry:
    return entries(action)[-1]


@pytest.fixture
def reader(sign_in):
    return sign_in("shenji")


# -- it only grows -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("statement", [
    "UPDATE audit_entry SET actor_name = 'x'", "DELETE FROM audit_entry", "UPDATE audit_entry SET id = id + 1000000",
    "DELETE FROM audit_entry WHERE id = (SELECT min(id) FROM audit_entry)",
])
def test_the_database_refuses_to_change_or_delete_an_entry(app, statement):
    audit.record("people.open", "resident", 1)
    before = AuditEntry.select().count()
    with pytest.raises(peewee.DatabaseError, match="append-only"), atomic():
        database.execute_sql(statement)
    assert AuditEntry.select().count() == before
    assert not AuditEntry.select().where(AuditEntry.actor_name == "x").exists()


def test_the_database_refuses_what_triggers_on_rows_do_not_see(app):
    entry = audit.record("people.open", "resident", 1)
    replace = f"INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE id = {entry.id}"
    with pytest.raises(peewee.DatabaseError, match="append-only"), atomic():
        database.execute_sql("TRUNCATE audit_entry CASCADE" if is_postgres() else replace)
    assert AuditEntry.get_by_id(entry.id).action == "people.open"


# -- what is in it -------------------------------------------------------------------------------------------------

def test_signing_in_and_out_and_failing_to(visitor, cast):
    visitor.send("/accounts/sign-in", name="cun", password="wrong")
    failed = last("accounts.sign_in")
    assert (failed.result, failed.actor_id, failed.detail["name"]) == ("fail", None, "cun")
    assert failed.address == "127.0.0.1"
    visitor.send("/accounts/sign-in", name="cun", password=PASSWORD)
    done = last("accounts.sign_in")
    assert (done.result, done.actor_id, done.actor_name, done.post_title) == ("ok", cast["cun"], "李秀英", "综合窗口")
    assert done.unit_name and done.county_id and done.session and done.request_id
    visitor.open("/accounts/me")
    visitor.submit(visitor.form(action="/accounts/sign-out"))
    assert last("accounts.sign_out").session == done.session, "one sign-in is followed through the record"


def test_being_turned_away(sign_in):
    sign_in("cun").open("/accounts/users")
    entry = last("access.denied")
    assert (entry.actor_name, entry.object_id, entry.result) == ("李秀英", "accounts.manage", "denied")
    assert entry.detail["path"] == "/accounts/users"


def test_switching_a_plugin_on_and_off(sign_in):
    admin, town = sign_in("zhenguan"), Unit.get(Unit.code == TOWN)
    admin.open(f"/org/plugins/{town.id}/station")
    admin.submit(admin.form(["enable"]))
    assert not TownPlugin.get(TownPlugin.unit == town, TownPlugin.plugin == "station").enabled
    entry = last("org.disable")
    assert entry.actor_name == "郑伟" and entry.object_id == "station" and entry.detail["unit"] == town.name


def test_opening_a_case_its_files_and_papers(sign_in):
    case = receive(sign_in("cun"))
    sign_in("zhen").open(f"/cases/{case.id}")
    assert last("cases.open").actor_name == "刘德明" and last("cases.open").object_id == str(case.id)
    sign_in("zhen").open(f"/cases/{case.id}/papers/receipt")
    assert last("cases.print_paper").detail == {"paper": "receipt"}


def test_a_changed_role_with_what_differs(sign_in):
    role = Role.get(Role.slug == "grid_worker")
    kept = [name for name in role.permissions if name != "people.edit"]
    sign_in("anquan").send(f"/accounts/roles/{role.id}", permissions=kept)
    assert last("accounts.change_role").changes == {"permissions": [role.permissions, sorted(kept)]}


def test_no_secret_is_ever_in_it(sign_in, cast):
    """After a walk through everything: no password, token, session or full number."""
    clerk, admin = sign_in("cun"), sign_in("xitong")
    clerk.send("/people/new", **WANG)
    number = Resident.get().id
    clerk.send(f"/people/{number}", to=f"/people/{number}/reveal", field="id_card", reason="核对证件用")
    clerk.send(f"/people/{number}/edit", id_card=NUMBERS[1])
    clerk.open("/people/")
    clerk.submit(clerk.form(action="/people/find"), number=NUMBERS[1])
    clerk.send("/accounts/password", old=PASSWORD, password="Nussbaum-17-Regen", again="Nussbaum-17-Regen")
    clerk.send("/accounts/password", old="Nussbaum-17-Regem", password="x" * 20, again="x" * 20)
    user = f"/accounts/users/{cast['lincun']}"
    admin.open(user)
    admin.submit(admin.form(action=f"{user}/reset"))
    initial = re.search(r"初始密码：<strong[^>]*>([^<]+)", admin.text)[1]
    kept = json.dumps(list(AuditEntry.select().dicts()), default=str, ensure_ascii=False)
    tokens = [row.token_hash for row in Session.select()]
    for secret in (PASSWORD, "Nussbaum", initial, *NUMBERS[:2], WANG["phone"], "$argon2", "csrf", *tokens):
        assert secret not in kept


@pytest.mark.parametrize("name", ["x\r\n2026-11-20 系统 accounts.unlock", "x\x1b[2Jy", "x\u2028y", "x\u202ey"])
def test_a_forged_line_stays_one_line(app, name):
    entry = audit.record("people.find", "resident", name, detail={"name": name, "list": [name], "deep": {name: name}})
    for text in (entry.object_id, entry.detail["name"], entry.detail["list"][0]):
        assert not re.search("[\r\n\x1b\u2028\u202e]", text) and "\\" in text


def test_what_no_database_takes_is_written_all_the_same(app):
    entry = audit.record("people.find", "resident", "a\x00b", detail={"name": "a\x00b\ud800", "when": object})
    assert AuditEntry.get_by_id(entry.id).detail["name"] == "a\\x00b\\ud800"


# -- nothing happens without it ------------------------------------------------------------------------------------

def test_an_act_that_cannot_be_recorded_does_not_happen(sign_in, cast):
    clerk, admin = sign_in("cun"), sign_in("xitong")
    register = form_at(clerk, "/people/new", "id_card")
    url = f"/accounts/users/{cast['lincun']}"
    admin.open(url)
    close = admin.form(action=f"{url}/close")
    sessions = Session.select().where(Session.ended.is_null()).count()
    refuse_inserts("audit_entry")
    clerk.submit(register, **WANG)
    assert clerk.status >= 500 and not Resident.select().exists()
    admin.submit(close)
    assert admin.status >= 500 and "已停用" not in admin.open("/accounts/users").text.split("<tbody>")[1]
    assert Session.select().where(Session.ended.is_null()).count() == sessions


def test_nobody_signs_in_unrecorded(visitor):
    form = form_at(visitor, "/accounts/sign-in", "password")
    before = Session.select().count()
    refuse_inserts("audit_entry")
    visitor.submit(form, follow=False, name="cun", password=PASSWORD)
    assert visitor.status >= 500 and Session.select().count() == before
    assert visitor.open("/people/", follow=False).status == 302


def test_reading_masked_pages_goes_on_when_the_record_has_no_room(sign_in):
    clerk = sign_in("cun")
    clerk.send("/people/new", **WANG)
    refuse_inserts("audit_entry")
    assert clerk.open(f"/people/{Resident.get().id}").status == 200
    assert clerk.open("/accounts/users").status == 403, "and who may not, may not"


# -- the page ------------------------------------------------------------------------------------------------------

def rows(page) -> list[str]:
    return re.findall(r'class="row-title" href="/audit/(\d+)"', page.text)


def test_only_the_audit_administrator_reads_it(sign_in):
    for name in ("cun", "zhen", "xian", "lingdao", "zhenguan", "xitong", "anquan", "kongkong"):
        browser = sign_in(name)
        assert browser.open("/audit/").status == 403 and browser.open("/audit/1").status == 403, name
    assert sign_in("shenji").open("/audit/").status == 200


def test_the_reader_can_change_nothing(app, reader):
    """Every page that changes something is closed to them, but what belongs to every account."""
    own = {"accounts.sign_in", "accounts.sign_out", "accounts.change_password", "accounts.switch_post",
           "accounts.large_type", "accounts.end_session", "accounts.end_other_sessions",
           "accounts.second_factor",
           "accounts.set_up_second_factor", "notify.read_all", "notify.settings"}
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "POST" in rule.methods and rule.endpoint not in own:
                arguments = {name: "x" if name in ("slug", "step", "name") else "2026-11-20" if name == "day" else 1
                             for name in rule.arguments}
                url = app.url_map.bind("localhost").build(rule.endpoint, arguments)
                status = reader.post(url).status
                assert status in (403, 404), f"{rule.endpoint}: {status}"


def test_the_page_speaks_chinese_and_leads_to_each_entry(sign_in, reader):
    sign_in("cun").send("/people/new", **WANG)
    page = reader.open("/audit/")
    assert "登记居民" in page.text and "people.create" not in page.text.split("<tbody>")[1]
    page = reader.open(f"/audit/{last('people.create').id}")
    assert "李秀英" in page.text and "华光村" in page.text and "people.create" in page.text


def test_an_edit_shows_old_and_new(sign_in, reader):
    clerk = sign_in("cun")
    clerk.send("/people/new", **WANG, address="二组 7 号")
    clerk.send(f"/people/{Resident.get().id}/edit", name="<b>王兰</b>", address="三组 1 号")
    page = reader.open(f"/audit/{last('people.edit').id}").text
    assert "王*兰" in page and "&lt;*" in page and "<*" not in page
    assert "住址" in page and "（新的）" in page and "二组 7 号" not in page and "三组 1 号" not in page


@pytest.mark.parametrize(("query", "expected"), [
    ("who=李秀", {"李秀英"}), ("action=accounts.sign_in", None), ("action=people.", None),
    ("result=denied", {"李秀英"}),
    ("who=%25", set()), ("who=_", set()), ("action=%25", set()), ("since=2100-01-01", set()),
    ("until=2001-01-01", set()),
    ("since=nonsense&until=9999-12-31", None), ("since=2026-01-01T10:00:00%2B08:00", None), ("result=nonsense", None),
    ("after=-1", None), ("after=99999999999999999999999", None), ("until=0001-01-01", None),
])
def test_filters(sign_in, reader, query, expected):
    clerk = sign_in("cun")
    clerk.open("/accounts/users")
    clerk.send("/people/new", **WANG)
    page = reader.open(f"/audit/?{query}")
    assert page.status == 200
    names = set(re.findall(r'data-label="谁">([^<]*)<', page.text))
    assert names == expected if expected is not None else True


def test_days_are_whole_days(sign_in, reader):
    today = AuditEntry.select().order_by(AuditEntry.id.desc()).get().at.date()
    assert rows(reader.open(f"/audit/?since={today}&until={today}"))


def test_paging_goes_back_through_everything_once(reader, app):
    with atomic():
        for number in range(120):
            audit.record("people.open", "resident", number)
    seen, page = [], reader.open("/audit/?action=people.open")
    while True:
        seen += rows(page)
        more = re.search(r'href="(/audit/\?after=[^"]+)"', page.text)
        if not more:
            break
        page = reader.open(more[1].replace("&amp;", "&"))
    assert len(seen) == 120 == len(set(seen)) and [int(one) for one in seen] == sorted(map(int, seen), reverse=True)


def test_another_county_is_not_in_sight(reader, app):
    entry = AuditEntry.create(county_id=999_999, actor_name="别县的人", action="people.open")
    assert "别县的人" not in reader.open("/audit/").text
    assert reader.open(f"/audit/{entry.id}").status == 404


def test_every_action_of_the_program_has_words(app):
    """Whoever adds an act adds its word in portal/audit/words.py."""
    used = set()
    program = Path(audit.__file__).parents[1]
    for path in [*program.rglob("*.py"), *(program.parent / "plugins").rglob("*.py")]:
        used |= set(re.findall(r'record(?:_view)?\(\s*"([a-z_]+\.[a-z_]+)"', path.read_text("utf-8")))
    assert used - set(words.actions()) == set()
