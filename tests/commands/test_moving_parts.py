"""The pieces of a move: how a value is written down on both sides, who is refused, and how portal.toml is changed."""

import contextlib
import datetime
import json
import os
import sqlite3
import struct
import subprocess
import sys

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playhouse.cysqlite_ext import CySqliteDatabase

from portal.commands.backups.manifest import Unusable
from portal.commands.moving import switching
from portal.commands.moving.canonical import Unfit, form_of, vector
from portal.commands.moving.copying import Written
from portal.commands.moving.shapes import Shape, UnfitRow
from portal.commands.moving.source import Source, held, stopped
from portal.commands.moving.target import Target, reached
from portal.migrations import ADVISORY_LOCK
from tests.conftest import POSTGRES, _missing

SIGNS = st.characters(exclude_categories=["Cs"]) | st.sampled_from("\0\t\n\r\b\v\f\\'\"县😀\ue000\U0010fffd\x7f")
TEXT = st.text(SIGNS, max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10**30, 10**30) | st.floats() | TEXT,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(TEXT, inside, max_size=4), max_leaves=8,
)
MOMENTS = st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31))
ODD = st.sampled_from([True, -1, 2**63 - 1, 1.5, "x", "", b"\0\xff", "2026-02-30", "12:00"])
#: {type on PostgreSQL: (type on SQLite, what may be found there)}.
KINDS = {
    "text": ("TEXT", TEXT), "character varying(5)": ("VARCHAR(5)", TEXT), "character(4)": ("CHAR(4)", TEXT),
    "smallint": ("INTEGER", st.integers(-40_000, 40_000)), "integer": ("INTEGER", st.integers(-2**33, 2**33)),
    "bigint": ("INTEGER", st.integers(-2**63, 2**63 - 1)), "boolean": ("INTEGER", st.integers(-1, 2)),
    "timestamp without time zone": ("DATETIME", MOMENTS.map(str) | MOMENTS.map(datetime.datetime.isoformat)),
    "date": ("DATE", st.dates().map(str)), "time without time zone": ("TIME", st.times().map(str)),
    "numeric(9,3)": ("DECIMAL(9, 3)", st.decimals(-10**6, 10**6, places=3).map(str) | st.floats(-10**7, 10**7)),
    "numeric": ("TEXT", st.decimals(allow_nan=False, allow_infinity=False, places=6).map(str)),
    "jsonb": ("TEXT", JSON.map(json.dumps) | TEXT),
    "double precision": ("REAL", st.floats(allow_nan=False)), "real": ("REAL", st.floats(width=32, allow_nan=False)),
    "bytea": ("BLOB", st.binary(max_size=9)), "uuid": ("TEXT", st.uuids().map(lambda one: one.hex)),
}
VALUES = [st.none() | values | ODD for _, values in KINDS.values()]


@contextlib.contextmanager
def connected():
    try:
        with psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3) as connection:
            yield connection
    except psycopg.OperationalError:
        _missing("no PostgreSQL server at PORTAL_TEST_POSTGRES")


@pytest.fixture(scope="module")
def sides():
    """The same table, with a column of each type, on both engines."""
    base = CySqliteDatabase(":memory:")
    base.connect()
    columns = [f"c{number} {kind}" for number, (kind, _) in enumerate(KINDS.values())]
    base.execute_sql(f"CREATE TABLE moving_kinds (id INTEGER PRIMARY KEY, {', '.join(columns)})")
    with connected() as connection:
        target = Target(connection)
        columns = [f"c{number} {kind}" for number, kind in enumerate(KINDS)]
        target.ask(f"CREATE TEMP TABLE moving_kinds (id BIGINT PRIMARY KEY, {', '.join(columns)})")
        target.ask("SET datestyle = 'ISO'")
        source = Source(base)
        yield source, target, Shape(source.tables()[0], ("bigint", *KINDS))
    base.close()


@pytest.mark.postgres
@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(values=st.tuples(*VALUES))
def test_whatever_is_taken_reads_the_same_on_both_sides(sides, values):
    source, target, shape = sides
    source.base.execute_sql("DELETE FROM moving_kinds")
    target.ask("TRUNCATE moving_kinds")
    # A value that is refused must not hide the others.
    for place, value in enumerate(values):
        row = [place, *[None] * len(values)]
        row[place + 1] = value
        source.base.execute_sql(f"INSERT INTO moving_kinds VALUES ({', '.join('?' * len(row))})", row)
    taken = []
    for row in source.rows(shape.table, None):
        with contextlib.suppress(UnfitRow):
            taken += list(shape.lines([row]))
    assert len(taken) >= len([value for value in values if value is None]), "what is empty fits everywhere"
    with target.filling(shape) as copy:
        Written(copy).take(taken)
    assert b"".join(target.blocks(shape, None, None)).decode() == b"".join(line for _, line, _ in taken).decode()


def plain(kind: str, value):
    """Return what is written for a value of `kind`, or the reason why it is not taken."""
    try:
        return form_of(kind).canonical(value)
    except Unfit as reason:
        return f"! {reason}"


@pytest.mark.parametrize(("kind", "value", "written"), [
    ("text", "a\tb\\c\n", r"a\tb\\c\n"), ("text", "王\0", "! 含有 NUL 字符"), ("text", 5, "! 不是文字"),
    ("character varying(2)", "一二三", "! 有 3 个字，最多 2 个"), ("character varying(2)", "😀😀", "😀😀"),
    ("smallint", 32768, "! 超出了 -32768 至 32767"), ("integer", "7", "! 不是整数"), ("boolean", 2, "! 不是 0 或 1"),
    ("date", "2026-02-30", "! 不是日期"), ("timestamp without time zone", "2026-01-02T03:04:05.500000",
                                        "2026-01-02 03:04:05.5"),
    ("timestamp without time zone", "2026-01-02 03:04:05+08:00", "! 带有时区"),
    ("numeric(9,6)", 104.5, "104.500000"), ("numeric(4,1)", 1.25, "! 小数多于 1 位"),
    ("numeric(4,1)", 1234, "! 整数部分多于 3 位"), ("jsonb", '{"bb": 1, "c": 1.50, "a": null}',
                                                '{"a": null, "c": 1.50, "bb": 1}'),
    ("jsonb", '"\\u0000"', "! 含有 NUL 字符"), ("jsonb", '"\\ud800"', "! 含有不成对的代用字符"),
    ("jsonb", "NaN", "! 含有不是数的数"), ("jsonb", "{", "! 不是 JSON"), ("jsonb", "1e22", "1" + "0" * 22),
    ("jsonb", "9" * 5000, "! 不是 JSON"), ("double precision", 1.5, struct.pack(">d", 1.5).hex()),
])
def test_how_a_value_is_written_and_what_is_not_taken(kind, value, written):
    assert plain(kind, value) == written


@pytest.mark.postgres
def test_the_search_index_is_written_as_postgresql_writes_it():
    tokens = ["高龄", "龄津", "a", "高龄", "it's", "back\\slash", "§t12", "¶glj", *["县"] * 300, "x" * 3000]
    with connected() as connection:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE moving_grams (grams TSVECTOR)")
            with cursor.copy("COPY moving_grams FROM STDIN") as copy:
                copy.write(vector(tokens) + "\n")
            with cursor.copy("COPY moving_grams TO STDOUT") as copy:
                assert b"".join(map(bytes, copy)).decode() == vector(tokens) + "\n"


@pytest.mark.postgres
def test_a_target_that_cannot_take_a_county_is_refused():
    latin = f"portal_test_latin_{os.getpid()}"
    with connected() as connection:
        connection.execute(f"CREATE DATABASE {latin} ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
        connection.execute("SELECT pg_advisory_lock(%s)", (ADVISORY_LOCK + 1,))
        try:
            for address, sentence in (
                ("mysql://x/y", "应写成"), ("postgresql://127.0.0.1:5432", "应写成"),
                ("postgresql://h:port/x", "应写成"),
                ("postgresql://nobody@127.0.0.1:1/x", "连不上"), (POSTGRES, "另一个 portal move-to"),
                (POSTGRES.rsplit("/", 1)[0] + "/" + latin, "编码是 LATIN1"),
            ):
                with pytest.raises(Unusable, match=sentence), reached(address):
                    raise AssertionError(address)
        finally:
            connection.execute(f"DROP DATABASE {latin} WITH (FORCE)")


HOLD = """
import sqlite3, sys
base = sqlite3.connect(sys.argv[1])
base.execute("SELECT count(*) FROM t").fetchall()
print("held", flush=True)
sys.stdin.read()
"""


def test_nobody_can_write_meanwhile(tmp_path):
    """Neither a service that runs, nor another program that merely has the file open; and nobody once it has begun."""
    with stopped(tmp_path), pytest.raises(Unusable, match="正在运行"), stopped(tmp_path):
        raise AssertionError("two at once")
    path = tmp_path / "portal.db"
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.executescript("PRAGMA journal_mode = wal; CREATE TABLE t (id INTEGER PRIMARY KEY);"
                           "INSERT INTO t VALUES (1)")
    other = subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    other.stdout.readline()
    with pytest.raises(Unusable, match="正被别的程序打开着"), held(path):
        raise AssertionError("it was open")
    other.communicate()
    with held(path) as source:
        assert source.ask("SELECT id FROM t") == [(1,)]
        other = subprocess.run([sys.executable, "-c", HOLD, path], input=b"", capture_output=True)
        assert b"locked" in other.stderr


ADDRESS = 'postgresql://portal:p"w@db:5432/county'


def test_the_settings_are_changed_in_their_line_alone(tmp_path):
    path = tmp_path / "portal.toml"
    path.write_text('portal_name = "三台县"\n  database = "portal.db" # 旧\nworkers = 3\n', encoding="utf-8")
    os.chmod(path, 0o640)
    kept = switching.switch(tmp_path, ADDRESS)
    assert path.read_text(encoding="utf-8") == (
        'portal_name = "三台县"\ndatabase = "postgresql://portal:p\\"w@db:5432/county"\nworkers = 3\n')
    assert path.stat().st_mode & 0o777 == 0o640
    assert "portal.db" in kept.read_text(encoding="utf-8")
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(["portal.toml", kept.name])


def test_settings_that_are_not_there_yet_are_for_their_owner_alone(tmp_path):
    assert switching.switch(tmp_path, ADDRESS) is None
    assert (tmp_path / "portal.toml").stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_changed_for_certain_is_left_alone(tmp_path, monkeypatch):
    text = 'portal_name = """\ndatabase = "x"\n"""\n'
    (tmp_path / "portal.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Unusable, match="不敢改它"):
        switching.refuse_unswitchable(tmp_path, ADDRESS)
    monkeypatch.setenv("PORTAL_DATABASE", "portal.db")
    with pytest.raises(Unusable, match="PORTAL_DATABASE"):
        switching.refuse_unswitchable(tmp_path, ADDRESS)
    assert (tmp_path / "portal.toml").read_text(encoding="utf-8") == text
