"""The head of a day stands for all that was recorded: kept in the table and in a file, printed, sent away, verified."""

import datetime

import peewee
import pytest
from click.testing import CliRunner

from portal import audit
from portal.cases import checks, head_of_yesterday, heads
from portal.cases.commands import audit as commands
from portal.cases.models import CaseEvent
from portal.cases.proof_models import DailyHead
from portal.cases.timeline import seal
from portal.db import atomic, database, is_postgres, today
from portal.values import Refused
from tests.cases.making import in_threads, matter, move, plain
from tests.people_of_the_county import VILLAGE, person, unit


@pytest.fixture
def case(app):
    with app.test_request_context():
        return move(matter(), ("accept", "cun"))


def told() -> list[str]:
    return checks.examined(checks.silent)[0]


def tamper(table: str, sql: str) -> None:
    if is_postgres():
        with atomic():
            database.execute_sql("SET LOCAL session_replication_role = replica")
            database.execute_sql(sql)
        return
    for act in ("update", "delete"):
        database.execute_sql(f"DROP TRIGGER {table}_no_{act}")
    database.execute_sql(sql)


def test_each_head_carries_on_the_one_before_and_covers_what_is_new(case, app):
    one = heads.take(datetime.date(2026, 11, 25))
    with app.test_request_context():
        plain()
    other = heads.take()
    assert (one.entries_from, one.entries_to, one.entries_count) == (0, CaseEvent.select().count() - 1, 2)
    assert (other.before, other.entries_from, other.entries_count) == (one.digest, one.entries_to, 1)
    assert other.day == today() and len(other.digest) == 64
    assert told() == [] and heads.verify(one.text) == [] and heads.verify(other.text) == []


def test_the_file_of_a_day_only_grows(case, app):
    texts = [heads.take().text for _ in range(2)]
    path = app.config["PORTAL"]["instance"] / "heads" / f"{today()}.txt"
    assert path.read_text(encoding="utf-8") == "".join(texts)
    assert heads.verify("".join(texts)) == [] and told() == []


def test_the_night_s_job_takes_it_for_the_day_before(case):
    assert str(today() - datetime.timedelta(days=1)) in head_of_yesterday()
    assert DailyHead.get().day == today() - datetime.timedelta(days=1)


def test_a_head_that_was_sent_away_finds_what_was_rewritten_with_all_seals(case):
    """Somebody with the program writes the timeline anew, seals and all: the check of the chain alone is content."""
    head = heads.take()
    rows = list(CaseEvent.select().where(CaseEvent.case == case.id).order_by(CaseEvent.seq))
    rows[1].text, before = "另一种说法", rows[0].digest
    tamper("cases_event", f"UPDATE cases_event SET text = '另一种说法', digest = '{seal(rows[1], before)}' "
                          f"WHERE id = {rows[1].id}")
    assert heads.verify(head.text) == [f"{today()}：那时的 2 条经过已不是原样，有的被改动、删去或补进。"]
    assert any("已不是原样" in sentence for sentence in told())


def test_a_changed_file_a_foreign_file_and_none_at_all(case):
    head = heads.take()
    assert "文件被改动过" in heads.verify(head.text.replace("2 条", "3 条"))[0]
    with pytest.raises(Refused, match="不是每日校验值"):
        heads.verify("别的什么")
    assert heads.verify("\ufeff" + head.text.replace("\n", "\r\n")) == [], "as a Windows computer saves it"


def test_deleted_heads_and_lost_files_are_found(case, app):
    one, other = heads.take(), heads.take()
    folder = app.config["PORTAL"]["instance"] / "heads"
    path = folder / f"{today()}.txt"
    text = path.read_text(encoding="utf-8")
    path.write_text(one.text, encoding="utf-8")
    assert told() == [f"文件 heads/{today()}.txt 里没有那天的校验值，请从备份恢复它。"]
    path.write_text(text, encoding="utf-8")
    assert told() == []
    tamper("cases_daily_head", f"DELETE FROM cases_daily_head WHERE id = {other.id}")
    assert told() == [f"文件 heads/{today()}.txt 里的校验值在数据库里没有：它被删去了。"]
    assert any("数据库里没有" in sentence for sentence in heads.verify(other.text))


def test_a_cut_record_is_found_even_where_its_lane_was_put_back_as_it_was(case):
    """Somebody kept the lane's own row from earlier: only what was written outside the database tells."""
    kept = database.execute_sql("SELECT lane, seq, digest FROM audit_lane").fetchall()
    audit.record("people.open", "resident", 1)
    head = heads.take()
    last = max(head.lanes, key=lambda one: one[1] - dict((lane, seq) for lane, seq, _ in kept)[one[0]])
    with atomic():
        for lane, seq, digest in kept:
            database.execute_sql(f"UPDATE audit_lane SET seq = {seq}, digest = '{digest}' WHERE lane = {lane}")
    tamper("audit_entry", f"DELETE FROM audit_entry WHERE lane = {last[0]} AND seq = {last[1]}")
    assert told() == [f"{today()}：审计记录第 {last[0]} 道 {last[1]} 号已不是原样，或已不在。"]


def test_the_table_of_heads_only_grows(case):
    heads.take()
    for sql in ("UPDATE cases_daily_head SET digest = ''", "DELETE FROM cases_daily_head"):
        with pytest.raises(peewee.DatabaseError, match="append-only"), atomic():
            database.execute_sql(sql)


def test_taken_while_clerks_write_it_holds(case, app):
    who, where = person("cun"), unit(VILLAGE)

    def clerk():
        for _ in range(10):
            plain(place=where, who=who)
        return True

    found = in_threads(app, clerk, clerk, clerk, lambda: [heads.take() for _ in range(4)] and True)
    assert found == [True] * 4, found
    heads.take()
    assert told() == [] and sum(one.entries_count for one in DailyHead.select()) == CaseEvent.select().count()


def test_the_auditor_reads_prints_and_downloads_them_and_nobody_else(case, sign_in):
    head = heads.take()
    browser = sign_in("shenji")
    page = browser.open("/cases/heads").text
    assert " ".join(heads.groups(head.digest)) in page and str(head.day) in page
    paper = browser.open(f"/cases/heads/{head.id}").text
    assert "审计管理员（签名）" in paper and "<svg" in paper and heads.groups(head.digest)[0] in paper
    browser.open(f"/cases/heads/{head.id}/text")
    assert browser.text == head.text and browser.response.mimetype == "text/plain"
    assert browser.open("/cases/heads/999999").status == 404
    for name in ("cun", "xitong", "anquan", "lingdao"):
        assert sign_in(name).open("/cases/heads").status == 403, name


def test_the_commands_take_and_verify_one(case, tmp_path):
    shown = CliRunner().invoke(commands, ["head"])
    path = tmp_path / "head.txt"
    path.write_text(shown.output, encoding="utf-8")
    assert shown.exit_code == 0 and DailyHead.get().text == shown.output
    good = CliRunner().invoke(commands, ["verify", str(path)])
    assert good.exit_code == 0 and "核对无误" in good.output
    path.write_text(shown.output.replace("经过：0", "经过：1"), encoding="utf-8")
    assert CliRunner().invoke(commands, ["verify", str(path)]).exit_code == 1
