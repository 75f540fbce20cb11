"""PostgreSQL as the portal uses it: nothing waits for ever, and sentences where it cannot be used."""

import threading
import time

import peewee
import pytest

from portal.db import DatabaseUnusable, atomic, check_writable, database, explain, open_database
from portal.org.models import Unit
from tests.people_of_the_county import VILLAGE, unit

POSTGRES = [pytest.param("postgres", marks=pytest.mark.postgres)]
only_postgres = pytest.mark.parametrize("ground", POSTGRES, indirect=True, scope="session")


@only_postgres
@pytest.mark.parametrize(("setting", "value"), [
    ("statement_timeout", "15s"), ("lock_timeout", "5s"), ("timezone", "Asia/Shanghai"),
])
def test_a_session_has_its_limits(app, setting, value):
    assert database.execute_sql(f"SHOW {setting}").fetchone()[0] == value


@only_postgres
def test_a_connection_gives_up_on_a_server_that_is_gone(app):
    given = database.obj.connect_params
    assert (given["connect_timeout"], given["tcp_user_timeout"], given["keepalives_idle"]) == (3, 4000, 5)


@only_postgres
def test_a_row_that_somebody_holds_is_a_calm_503_soon(app, ground, sign_in):
    admin = sign_in("xitong")
    url = f"/org/{unit(VILLAGE).id}/rename"
    form = admin.open(url).form(["name"])
    with atomic():
        Unit.hold(unit(VILLAGE).id)
        began = time.monotonic()
        in_another_thread(lambda: admin.submit(form, name="红旗村村民委员会", note=""))
        assert admin.status == 503 and "占用" in admin.text and time.monotonic() - began < 9
    admin.submit(form, name="红旗村村民委员会", note="")
    assert admin.status == 200


def in_another_thread(act) -> None:
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


@only_postgres
def test_no_connection_is_left_when_another_database_is_opened(app, ground):
    database.execute_sql("SELECT 1")
    earlier = database.obj
    open_database(ground.setting, ground.folder)
    assert not earlier._connections and not earlier._in_use


@pytest.mark.parametrize(("setting", "word"), [
    ("mysql://root@localhost/portal", "postgresql://"), ("sqlite:///portal.db", "文件名"),
    ("postgresql://127.0.0.1:notaport/portal", "PostgreSQL 地址不完整"),
    ("postgresql://127.0.0.1:99999/portal", "不完整"),
])
def test_a_setting_that_cannot_be_read_is_one_sentence(tmp_path, elsewhere, setting, word):
    with pytest.raises(DatabaseUnusable, match=word):
        open_database(setting, tmp_path)


def test_a_server_that_is_not_there_is_one_sentence(tmp_path, elsewhere):
    open_database("postgresql://127.0.0.1:1/portal", tmp_path)
    with pytest.raises(DatabaseUnusable, match="连不上 PostgreSQL"):
        check_writable(tmp_path)


@pytest.mark.parametrize(("text", "word"), [
    ("database is locked", "占用"), ("canceling statement due to lock timeout", "占用"),
    ("canceling statement due to statement timeout", "缩小范围"), ("attempt to write a readonly database", "只读"),
    ("database or disk is full", "磁盘已满"), ("file is not a database", "从备份恢复"), ("something new", "暂时用不了"),
])
def test_what_a_database_says_becomes_a_sentence_that_says_what_to_do(text, word):
    assert word in explain(peewee.OperationalError(text))
