"""A nation of units in small: every word finds what it should, nothing goes through all units, imports are whole.

The real one has 665,275 units and is measured by bench/nation.py; here are the same levels with fewer of each.
"""

import json
import os
import random
import re
import signal
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.db import atomic, database, is_postgres
from portal.org import directory, finding, lineage, tree
from portal.org.editing import add_unit, close_unit, rename_unit
from portal.org.imports import import_divisions
from portal.org.models import Unit
from tests.people_of_the_county import person

SIGNS = "新和太红平安龙石大小桥坪山河民星"
#: Written with private-use, supplementary-plane and ASCII characters, and with signs that mean something to LIKE.
ODD = ("𡎚背村村委会", "\ue5ca塘村村委会", "百分之50%村", "下划_线村", "反\\斜村", "ABC新村", "abc社区居委会",
       "102社区居委会", "Ａ区社区居委会", "村", "々木村")


def lines_of_a_nation() -> list[str]:
    """Return the lines of 4 provinces of 4 prefectures, each of 3 counties of 5 towns with 3 villages."""
    chance, lines = random.Random(7), ["code,name,parent", "10,全国,"]
    for province in range(61, 65):
        lines.append(f"{province},甲{province}省,10")
        for prefecture in range(1, 5):
            lines.append(f"{province}{prefecture:02d},乙{prefecture}市,{province}")
            for county in range(1, 4):
                code = f"{province}{prefecture:02d}{county:02d}"
                lines.append(f"{code},{_name(chance)}县,{code[:4]}")
                for town in range(100, 105):
                    lines.append(f"{code}{town},{_name(chance)}镇,")
                    lines += [f"{code}{town}{village},{_name(chance)}村村委会," for village in range(200, 203)]
    lines += [f"640403104{400 + number},{name}," for number, name in enumerate(ODD)]
    return lines


def _name(chance) -> str:
    return "".join(chance.choices(SIGNS, k=2))


@pytest.fixture
def nation(app, tmp_path):
    """The path of the file from which a small nation was imported."""
    path = tmp_path / "nation.csv"
    path.write_text("\n".join(lines_of_a_nation()) + "\n", encoding="utf-8")
    assert len(import_divisions(path).added) == len(lines_of_a_nation()) - 1
    return path


class Somebody:
    """A person as far as the tree asks: somebody who acts for a unit."""

    def __init__(self, code: str):
        self.post = self
        self.unit = Unit.get(Unit.code == code).ref()


READERS = ("10", "64", "6404", "640403000000", "640403104000", "640403104200")


# -- every word finds what it should -----------------------------------------------------------------------------

def expected(who, words: str) -> tuple[list[int], list[int]]:
    """Return the ids that begin with the words, and those that otherwise hold them, as one would read them off."""
    low, begin, rest = words.strip().lower(), [], []
    query = Unit.seen_by(who).where(Unit.valid_to.is_null(), Unit.level != "region")
    for key, code, name, initials, former in query.select(
            Unit.id, Unit.code, Unit.name, Unit.initials, Unit.former).tuples():
        texts = [name.lower(), initials.lower() if low.isascii() else ""]
        former = [line.split(" ", 1)[1].lower() for line in former.splitlines()]
        if any(text.startswith(low) for text in texts):
            begin.append(key)
        elif any(low in text for text in texts + former) or low.isdecimal() and code.startswith(low):
            rest.append(key)
    return begin, rest


SAID = st.one_of(
    st.sampled_from([
        "村", "新", "新村", "和平", "x", "xh", "xhc", "hp", "64", "640403104", "1", "a", "abc", "ABC", "%", "_", "\\",
        "50%", "划_", "\ue5ca", "\ue5ca塘", "𡎚", "𡎚背", "102", "村村委会", "Ａ", "ａ", "镇", "bc新", "\0", "新\n村"]),
    st.text(st.sampled_from(SIGNS + "村镇委会县"), min_size=1, max_size=4),
    st.text(st.sampled_from("xhptalsdqmc012%_"), min_size=1, max_size=4),
    st.text(min_size=1, max_size=3),
)
NAMES = st.text(st.sampled_from(SIGNS + "村aB9%_𡎚\ue5ca"), min_size=1, max_size=6)


def hold_against_the_plain_answer(who, words: str, most: int) -> None:
    found = [unit.id for unit in finding.find(who, words, most)]
    begin, rest = expected(who, words) if words.strip() else ([], [])
    assert len(found) == len(set(found)) == min(most, len(begin) + len(rest)), words
    assert set(found[:len(begin)]) <= set(begin), "what begins with the words comes first"
    assert set(found[len(begin):]) <= set(rest), words


def test_any_word_finds_exactly_what_holds_it(nation):
    by = person("xitong")

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(words=SAID, code=st.sampled_from(READERS), most=st.sampled_from([5, 20, 2000]), name=NAMES,
           which=st.integers(0, 12))
    def find(words, code, most, name, which):
        with atomic() as everything:
            village = Unit.get(Unit.code == str(640403104200 + (which if which < 3 else 197 + which)))
            if name != village.name and not Unit.select().where(
                    Unit.parent == village.parent_id, Unit.name == name).exists():
                rename_unit(village, {"name": name, "note": ""}, by, village.version)
            assert list(directory.stale()) == [] if which == 0 else True
            for asked in (words, name[:2]):
                hold_against_the_plain_answer(Somebody(code), asked, most)
            everything.rollback()

    find()


def test_common_words_are_found_beyond_the_first_counties(nation):
    """They stand in more counties than are looked through at once, where the first ones have enough of a lower rank."""
    assert len(directory.tops()) > finding.STEP * (1 + finding.STRIDE)
    for words in ("村", "c", "村委会", "6"):
        for most in (20, 300):
            hold_against_the_plain_answer(Somebody("10"), words, most)


def test_names_that_repeat_are_told_apart_by_the_way_to_them(nation):
    for at in ("610101", "640403"):
        Unit.add(code=f"{at}104888", name="同名村村委会", level="village", parent=Unit.get(Unit.code == f"{at}104000"))
    ways = [unit.above for unit in finding.find(Somebody("10"), "同名", 20)]
    assert len(set(ways)) == 2 and all(len(way.split(" / ")) == 4 for way in ways)
    assert ways[0].startswith("甲61省 / 乙1市 / ")
    [one] = finding.find(Somebody("6404"), "同名", 20)
    assert one.above.startswith(Unit.get(Unit.code == "640403000000").short + " / ")


def test_the_directory_is_checked_and_written_anew(nation):
    village = Unit.get(Unit.code == "640403104200")
    Unit.update(name="偷偷改名村").where(Unit.id == village.id).execute()
    assert list(directory.stale()) == [village.town_id]
    directory.write_counties_anew(directory.tops())
    assert list(directory.stale()) == []
    assert [unit.id for unit in finding.find(Somebody("64"), "偷偷", 20)] == [village.id]


# -- nothing goes through all units ------------------------------------------------------------------------------

def scans(sql: str, params) -> list[str]:
    """Return what the engine would do to answer, where it goes through all units."""
    if is_postgres():
        [(plan,)] = database.execute_sql(f"EXPLAIN (FORMAT JSON) {sql}", params).fetchall()
        nodes = [(json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]]
        for node in nodes:
            nodes += node.get("Plans", [])
        return [node["Node Type"] for node in nodes if node.get("Relation Name") == "org_unit"
                and "Scan" in node["Node Type"] and not {"Index Cond", "Recheck Cond", "TID Cond"} & node.keys()]
    names = {"org_unit", *re.findall(r'"?org_unit"?(?: AS)? "?(\w+)"?', sql)} - {"WHERE", "SET", "ON", "JOIN"}
    lines = [row[-1] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()]
    return [line for line in lines if re.match(r"SCAN (\w+)", line) and line.split()[1] in names]


def nothing_scanned(act, *given) -> int:
    """Do `act`; hold that none of its statements goes through all units, and return how many there were."""
    seen = []
    database.obj.query_hooks.append(lambda event: seen.append((event.sql, event.params)))
    try:
        act(*given)
    finally:
        database.obj.query_hooks.pop()
    asked = [one for one in seen if "org_unit" in one[0] and one[0].lstrip().startswith(
        ("SELECT", "WITH", "UPDATE", "DELETE"))]
    if is_postgres():  # a small nation is gone through at once, unless that is forbidden
        database.execute_sql("SET enable_seqscan = off")
    try:
        wrong = [(sql[:300], found) for sql, params in asked if (found := scans(sql, params))]
    finally:
        if is_postgres():
            database.execute_sql("RESET enable_seqscan")
    assert not wrong, wrong
    return len(seen)


def test_no_act_and_no_picker_goes_through_all_units(nation):
    by = person("xitong")
    if is_postgres():
        database.execute_sql("ANALYZE org_unit")
    for code in READERS:
        who = Somebody(code)
        assert nothing_scanned(tree.root, who) <= 3
        assert nothing_scanned(tree.nodes_below, who, who.unit.id) <= 2
        for words in ("新村", "xc", "和", "640403104200"):
            most = 12 if who.unit.level == "region" else 1
            assert nothing_scanned(finding.find, who, words, 20) <= most, words
    county = Unit.get(Unit.code == "640403000000")
    towns = list(Unit.select().where(Unit.parent == county.id).order_by(Unit.code))
    first, second, third = Unit.select().where(Unit.parent == towns[0].id).order_by(Unit.code)
    nothing_scanned(rename_unit, first, {"name": "改名村村委会", "note": ""}, by, first.version)
    nothing_scanned(add_unit, second, {"name": "第一网格", "level": "grid", "note": ""}, by)
    nothing_scanned(add_unit, towns[0], {"name": "新设办公室", "level": "department", "note": "", "reach": "area"}, by)
    nothing_scanned(lambda: lineage.effects(lineage.plan_move(second, towns[1], by)))
    nothing_scanned(lineage.move_village, second, towns[1], by, second.version)
    nothing_scanned(lambda: lineage.effects(lineage.plan_merge(third, Unit.get_by_id(first.id), by)))
    nothing_scanned(lineage.merge_units, third, Unit.get_by_id(first.id), by, third.version)
    nothing_scanned(lambda: lineage.effects(lineage.plan_merge(towns[2], towns[3], by)))
    nothing_scanned(lineage.merge_units, towns[2], towns[3], by, towns[2].version)
    whole = Unit.get_by_id(towns[4].id)
    parts = [one.id for one in lineage.parts_of(whole)][:1]
    nothing_scanned(lineage.split_unit, whole, "析出镇", "640403900000", parts, by, whole.version)
    last = add_unit(Unit.get_by_id(first.id), {"name": "要停用网格", "level": "grid", "note": ""}, by)
    nothing_scanned(close_unit, last, {"valid_to": last.valid_from, "note": "撤销"}, by, last.version)
    assert list(directory.stale()) == []


# -- imports are whole -------------------------------------------------------------------------------------------

def test_a_nation_that_comes_again_changes_nothing(nation):
    before = sorted(Unit.select(Unit.id, Unit.code, Unit.name, Unit.path, Unit.version).tuples())
    rows = sorted(directory.OrgDirectory.select().tuples())
    again = import_divisions(nation)
    assert (again.added, again.changed, again.missing) == ([], [], [])
    assert again.unchanged == len(lines_of_a_nation()) - 1
    assert sorted(Unit.select(Unit.id, Unit.code, Unit.name, Unit.path, Unit.version).tuples()) == before
    assert sorted(directory.OrgDirectory.select().tuples()) == rows and list(directory.stale()) == []


def test_what_a_later_file_renames_is_found_by_both_names(nation, tmp_path):
    later = tmp_path / "later.csv"
    later.write_text("code,name,kind\n640403104200,换名村村委会,\n640403104201,,\n".replace(
        "640403104201,,\n", f"640403104201,{Unit.get(Unit.code == '640403104201').name},居委会\n"), encoding="utf-8")
    old = Unit.get(Unit.code == "640403104200").name
    assert len(import_divisions(later).changed) == 2
    assert Unit.get(Unit.code == "640403104201").kind == "居委会" and list(directory.stale()) == []
    codes = [[unit.code for unit in finding.find(Somebody("640403104000"), words, 20)] for words in ("换名", old)]
    assert codes[0] == ["640403104200"] and old not in codes[1]


KILLED = """
import os, signal, sys
from pathlib import Path
from portal import create_app
from portal.org import import_divisions
settings = {"testing": True, "database": sys.argv[2], "trusted_hosts": ["localhost"]}
app = create_app(Path(sys.argv[1]), settings, check=False)
def say(text, done, total):
    print(text, done, total, flush=True)
    if text == sys.argv[4]:
        os.kill(os.getpid(), signal.SIGKILL)
with app.app_context():
    import_divisions(sys.argv[3], say)
"""


@pytest.mark.parametrize("when", ["导入区划", "编入名录"])
def test_of_an_import_that_is_killed_nothing_is_there(app, ground, tmp_path, when):
    path = tmp_path / "nation.csv"
    path.write_text("\n".join(lines_of_a_nation()) + "\n", encoding="utf-8")
    before = Unit.select().count(), directory.OrgDirectory.select().count()
    done = subprocess.run([sys.executable, "-c", KILLED, str(ground.folder), ground.setting, str(path), when],
                          capture_output=True, text=True, check=False, env={**os.environ, "PYTHONWARNINGS": "ignore"})
    assert done.returncode == -signal.SIGKILL and when in done.stdout, done.stderr
    assert (Unit.select().count(), directory.OrgDirectory.select().count()) == before
    assert len(import_divisions(path).added) == len(lines_of_a_nation()) - 1
