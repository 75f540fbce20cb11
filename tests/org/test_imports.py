"""The import of divisions: all of a file or nothing of it, and every fault named by its line."""

import csv
import io
import lzma
import tracemalloc

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.audit.models import AuditEntry
from portal.db import atomic
from portal.org.commands import org
from portal.org.imports import ImportRefused, import_divisions
from portal.org.models import Unit, UnitChange
from tests.people_of_the_county import COUNTY, DATA, TOWN, VILLAGE, unit

PACKAGED = [DATA / "510722_towns.csv", DATA / "510722_villages.csv"]

#: A county of its own: 青山县 with one town and two villages.
QINGSHAN = """code,name,kind
990101,青山县,县
990101100,城关镇,镇
990101100001,东街社区居委会,居委会
990101100201,大桥村委会,村委会
"""


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a file and returns its path; an .xz is packed."""

    def write(content: str | bytes, name: str = "divisions.csv"):
        raw = content.encode() if isinstance(content, str) else content
        path = tmp_path / name
        path.write_bytes(lzma.compress(raw) if name.endswith(".xz") and isinstance(content, str) else raw)
        return path

    return write


def found(code: str) -> Unit:
    return Unit.get(Unit.code == code.ljust(12, "0"))


def tree() -> list[tuple]:
    columns = [field for field in Unit._meta.sorted_fields if field.name != "version"]
    return sorted(map(str, Unit.select(*columns).tuples()))


# -- what comes in -----------------------------------------------------------------------------------------------

def test_the_packaged_files_hold_33_towns_and_462_villages(app):
    assert Unit.select().where(Unit.level == "town").count() == 33
    assert Unit.select().where(Unit.level == "village").count() == 462
    kinds = dict(csv_counts(PACKAGED[1], "kind"))
    assert kinds == {"村委会": 383, "居委会": 79}
    county, town, village = unit(COUNTY), unit(TOWN), unit(VILLAGE)
    assert (village.short, village.kind, village.initials) == ("华光村", "村委会", "hgc")
    assert village.path == f"/{county.id}/{town.id}/{village.id}/" and village.parent_id == town.id
    assert village.place() == {
        "county_id": county.id, "town_id": town.id, "village_id": village.id, "grid_id": None
    }
    assert town.place() == {"county_id": county.id, "town_id": town.id, "village_id": None, "grid_id": None}
    assert county.place() == {"county_id": county.id, "town_id": None, "village_id": None, "grid_id": None}


def csv_counts(path, column: str):
    with open(path, encoding="utf-8", newline="") as lines:
        values = [row[column] for row in csv.DictReader(lines)]
    return {(value, values.count(value)) for value in values}


def test_importing_the_same_again_changes_nothing(app):
    before, changes = tree(), UnitChange.select().count()
    report = import_divisions(PACKAGED)
    assert (report.added, report.changed, report.missing, report.unchanged) == ([], [], [], 33 + 462 + 1)
    assert tree() == before and UnitChange.select().count() == changes


@pytest.mark.parametrize("name", ["divisions.csv", "divisions.csv.xz", "divisions.XZ"])
def test_a_new_county_comes_in_plain_or_packed(app, file, name):
    path = file(QINGSHAN, name) if not name.endswith("XZ") else file(lzma.compress(QINGSHAN.encode()), name)
    report = import_divisions(path)
    assert report.added == ["990101000000", "990101100000", "990101100001", "990101100201"]
    village = found("990101100201")
    assert village.label == "青山县 / 城关镇 / 大桥村" and village.town_id == found("990101100").id


def test_the_order_of_lines_and_of_files_does_not_matter(app, file):
    head, *lines = QINGSHAN.splitlines(keepends=True)
    below, above = (file(head + "".join(reversed(part)), name) for part, name in ((lines[2:], "b"), (lines[:2], "a")))
    assert len(import_divisions([below, above]).added) == 4
    assert found("990101100201").ancestors()[0].name == "青山县"


def test_a_byte_order_mark_and_line_ends_of_windows_are_fine(app, file):
    report = import_divisions(file(b"\xef\xbb\xbf" + QINGSHAN.replace("\n", "\r\n").encode()))
    assert len(report.added) == 4 and found("990101100201").name == "大桥村委会"


def test_after_an_import_single_units_can_be_added(app, file):
    """PostgreSQL's sequence does not notice ids that an import gave out."""
    import_divisions(file(QINGSHAN))
    village = found("990101100201")
    added = Unit.add(code="990101100201001", name="第一网格", level="grid", parent=village)
    assert added.path == f"{village.path}{added.id}/" and added.grid_id == added.id


def test_a_large_file_stays_within_the_parameters_of_a_statement(app, file):
    """PostgreSQL takes 65,535 of them, SQLite 32,766."""
    rows = "".join(f"9901011{town:02d},第{town}镇\n" for town in range(5))
    for town in range(5):
        rows += "".join(f"9901011{town:02d}{number:03d},第{number}村委会\n" for number in range(1, 1000))
    report = import_divisions(file("code,name\n990101,青山县\n" + rows))
    assert len(report.added) == 1 + 5 + 4995
    again = import_divisions(file("code,name\n990101,青山县\n" + rows))
    assert (again.added, again.changed, again.unchanged) == ([], [], 5001)


NAMES = {
    "beyond the basic plane": ("莫𡐓村委会", "mkc"),
    "a private-use character": ("高\ue170村委会", "gc"),
    "newer than this Python's Unicode": ("\U000323a0家村委会", None),
    "letters": ("IT家园社区居委会", "itjysq"),
    "figures": ("六〇七社区", None),
    "brackets": ("沙尔沁工业区（如意南区）", "seqgyqrynq"),
    "markup": ("<script>alert(1)</script>", None),
    "a comma and quotes": ('东,"西"村', "dxc"),
    "as long as allowed": ("长" * 100, None),
}


@pytest.mark.parametrize(("name", "initials"), NAMES.values(), ids=NAMES)
def test_unusual_names_are_kept_as_they_are(app, file, name, initials):
    text = io.StringIO()
    csv.writer(text).writerow(["990101100201", name])
    import_divisions(file("code,name\n990101,青山县\n990101100,城关镇\n" + text.getvalue()))
    assert found("990101100201").name == name
    assert initials is None or found("990101100201").initials == initials


def test_names_may_repeat_codes_may_not(app, file):
    text = QINGSHAN + "990101101,太平镇,镇\n990101101201,大桥村委会,村委会\n"
    assert len(import_divisions(file(text)).added) == 6
    above = {one.parent.name for one in Unit.select().where(Unit.name == "大桥村委会", Unit.code.startswith("9901"))}
    assert above == {"城关镇", "太平镇"}


def test_regions_stand_above_counties_even_under_the_same_figures(app, file):
    """东莞 has no counties: the prefecture 4419 and the county 441900 are both there."""
    text = "code,name,parent\n44,广东省,\n4419,东莞市,44\n441900,东莞市,4419\n441900003,东城街道,\n"
    import_divisions(file(text))
    town = Unit.get(Unit.code == "441900003000")
    assert [one.code for one in town.ancestors()] == ["44", "4419", "441900000000"]
    assert town.label == "东莞市 / 东城街道"


def test_a_county_that_stood_alone_is_hung_below_its_prefecture(app, file):
    import_divisions(file(QINGSHAN))
    report = import_divisions(file("code,name,parent\n99,某省,\n9901,某市,99\n990101,青山县,9901\n", "upper.csv"))
    assert report.added == ["99", "9901"] and report.changed == ["990101000000 青山县：归入 9901"]
    village = found("990101100201")
    assert [one.code for one in village.ancestors()] == ["99", "9901", "990101000000", "990101100000"]
    assert found("990101").place()["county_id"] == found("990101").id


def test_the_same_unit_in_two_files_is_one(app, file):
    """Statistics list 金门县 as its own town and its own village."""
    upper = file("code,name\n350527,金门县\n", "upper.csv")
    towns = file("code9,name\n350527000,金门县\n", "towns.csv")
    villages = file("code12,name\n350527000000,金门县\n", "villages.csv")
    assert import_divisions([upper, towns, villages]).added == ["350527000000"]


# -- what it reports ---------------------------------------------------------------------------------------------

def test_another_name_in_the_file_renames_and_the_history_keeps_the_old_one(app, file):
    import_divisions(file(QINGSHAN))
    before = found("990101100201")
    report = import_divisions(file(QINGSHAN.replace("大桥村委会", "大桥新村村民委员会")))
    after = found("990101100201")
    assert report.changed == ["990101100201 大桥村委会 → 大桥新村村民委员会"] and report.unchanged == 3
    assert (after.short, after.initials, after.version) == ("大桥新村", "dqxc", before.version + 1)
    change = UnitChange.get(UnitChange.unit == after)
    assert (change.kind, change.old_name, change.new_name) == ("renamed", "大桥村委会", "大桥新村村民委员会")
    assert [name for _, name in Unit.get(Unit.code == change.unit.code).former_names] == ["大桥村委会"]
    assert "divisions.csv" in change.note


def test_another_kind_is_a_change_too(app, file):
    import_divisions(file(QINGSHAN))
    report = import_divisions(file(QINGSHAN.replace("大桥村委会,村委会", "大桥村委会,类似村委会")))
    assert report.changed == ["990101100201 大桥村委会：村委会 → 类似村委会"]
    assert found("990101100201").kind == "类似村委会" and not UnitChange.select().exists()


def test_what_is_here_and_not_in_the_file_is_named_and_kept(app, file):
    import_divisions(file(QINGSHAN))
    report = import_divisions(file("\n".join(QINGSHAN.splitlines()[:-1])))
    assert report.missing == ["990101100201 大桥村委会"] and found("990101100201").valid_to is None


def test_a_closed_unit_is_named_and_stays_closed(app, file):
    import_divisions(file(QINGSHAN))
    Unit.update(valid_to="2026-01-01").where(Unit.code == "990101100201").execute()
    report = import_divisions(file(QINGSHAN.replace("大桥村委会", "大桥新村")))
    assert report.closed == ["990101100201 大桥新村"] and report.changed == []
    assert found("990101100201").is_closed and found("990101100201").name == "大桥村委会"
    shorter = import_divisions(file("\n".join(QINGSHAN.splitlines()[:-1])))
    assert shorter.missing == []


def test_it_is_in_the_audit_record(app, file):
    import_divisions(file(QINGSHAN))
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).get()
    assert entry.action == "org.import" and entry.detail["files"] == ["divisions.csv"] and entry.detail["added"] == 4


def test_the_command_shows_a_bar_and_a_report(app, file):
    runner = CliRunner()
    first = runner.invoke(org, ["import", str(file(QINGSHAN)), "--departments"], catch_exceptions=False)
    assert "导入区划" in first.output and "新增 4，变更 0，未变 0" in first.output
    assert "青山县：新建部门和办公室 24 个" in first.output
    shorter = file("\n".join(QINGSHAN.splitlines()[:-1]).replace("东街", "西街"))
    second = runner.invoke(org, ["import", str(shorter)], catch_exceptions=False)
    assert "变更：990101100001 东街社区居委会 → 西街社区居委会" in second.output
    assert "文件里没有：990101100201 大桥村委会" in second.output


# -- what is refused ---------------------------------------------------------------------------------------------

HEAD = "code,name\n990101,青山县\n990101100,城关镇\n"
FAULTS = {
    "an unknown parent": (
        HEAD + "990101999201,大桥村委会\n", "第 4 行：大桥村委会（990101999201）的上级 990101999000 不在"),
    "too few digits": (HEAD + "99010110020,大桥村委会\n", "第 4 行：编码“99010110020”应为"),
    "letters in a code": (HEAD + "99010110020x,大桥村委会\n", "第 4 行：编码“99010110020x”"),
    "figures of another script": (HEAD + "９９０１０１１００２０１,大桥村委会\n", "第 4 行：编码“９９０"),
    "an empty code": (HEAD + ",大桥村委会\n", "第 4 行：编码“”"),
    "a duplicate code": (HEAD + "990101100,城关镇\n", "第 4 行：编码 990101100000 重复，第 3 行已有“城关镇”"),
    "an empty name": (HEAD + "990101100201, \n", "第 4 行：编码 990101100201 没有名称"),
    "a control character": (HEAD + "990101100201,大桥\x07村\n", "第 4 行：编码 990101100201 的名称含有控制字符"),
    "a mark that reverses": (HEAD + "990101100201,大桥\u202e村\n", "第 4 行：编码 990101100201 的名称含有"),
    "a lost character": (HEAD + "990101100201,大\ufffd村\n", "乱码"),
    "a line end inside a name": (HEAD + '990101100201,"大桥\n村"\n', "第 4 行：编码 990101100201 的名称含有控制字符"),
    "a name that is too long": (
        HEAD + "990101100201," + "长" * 101 + "\n", "第 4 行：编码 990101100201 的名称有 101 字"),
    "a kind that is too long": (
        "code,name,kind\n990101,青山县," + "长" * 21 + "\n", "第 2 行：编码 990101 的类别有 21 字"),
    "a cell too few": ("code,name,kind\n990101,青山县\n", "第 2 行：有 2 列，第 1 行有 3 列"),
    "a cell too many": (HEAD + "990101100201,大桥,村\n", "第 4 行：有 3 列，第 1 行有 2 列"),
    "a quote that never ends": (HEAD + '990101100201,"大桥村\n' + "990101100202,小桥村\n" * 9, "第 4 行：引号不成对"),
    "a parent of another town": (
        "code,name,town_code12\n990101,青山县,\n990101100,城关镇,\n990101100201,大桥村,990101200000\n",
        "第 4 行：编码 990101100201"),
    "a parent that is no code": ("code,name,parent\n990101100,城关镇,城关\n", "第 2 行：上级编码“城关”"),
    "a parent below": ("code,name,parent\n990101,青山县,\n990101100,城关镇,990101200\n990101200,太平镇,990101\n",
                       "第 3 行：城关镇（990101100000）是乡镇（街道），不能属于乡镇"),
    "a county that is none": (
        "code,name,county_code,county\n990101100,城关镇,9901,青山县\n", "第 2 行：county_code“9901”"),
    "a missing column": (
        "代码,名称\n990101,青山县\n", "第 1 行：缺少列 code12（或 code9、code）和 name，现有的列：代码、名称"),
    "an empty file": ("", "文件是空的"),
    "nothing but blanks": ("\n\n  \n", "缺少列"),
    "a level that changed": ("code12,name,parent\n510722104000,塔山镇,5107\n51072210,x,\n", "第 3 行"),
    "the wrong encoding": (HEAD.encode() + "990101100201,大桥村\n".encode("gb18030"), "第 4 行：文件不是 UTF-8 编码"),
    "another wrong encoding": (HEAD.encode("gb18030"), "GB18030"),
    "UTF-16": (HEAD.encode("utf-16"), "UTF-16"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\xff\xfe", "不是 UTF-8"),
}


@pytest.mark.parametrize(("content", "sentence"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_by_its_line_and_nothing_comes_in(app, file, content, sentence):
    before, told = tree(), AuditEntry.select().count()
    with pytest.raises(ImportRefused) as refused:
        import_divisions(file(content))
    assert sentence in str(refused.value), refused.value
    assert tree() == before and AuditEntry.select().count() == told


@pytest.mark.parametrize(("raw", "name", "word"), [
    (lzma.compress(QINGSHAN.encode())[:-20], "cut.csv.xz", "损坏或不完整"),
    (QINGSHAN.encode(), "plain.csv.xz", "损坏或不完整"),
    (lzma.compress(QINGSHAN.encode())[:30] + b"\x00" * 60, "damaged.csv.xz", "损坏或不完整"),
    (b"", "empty.csv.xz", "损坏或不完整"),
    (b"", "empty.csv", "空的"),
])
def test_a_damaged_file_is_one_sentence(app, file, raw, name, word):
    with pytest.raises(ImportRefused, match=word):
        import_divisions(file(raw, name))


def test_a_small_file_that_unpacks_to_gigabytes_is_not_unpacked(app, file, monkeypatch):
    monkeypatch.setattr("portal.org.reading.LARGEST", 10 * 2**20)
    bomb = file(lzma.compress(bytes(200 * 2**20), preset=0), "bomb.csv.xz")
    tracemalloc.start()
    with pytest.raises(ImportRefused, match="超过 10 MB"):
        import_divisions(bomb)
    assert tracemalloc.get_traced_memory()[1] < 50 * 2**20
    tracemalloc.stop()


def test_a_file_that_is_not_there_or_is_a_folder_is_one_sentence(app, tmp_path):
    for path, word in ((tmp_path / "absent.csv", "没有这个文件"), (tmp_path, "读不出来")):
        with pytest.raises(ImportRefused, match=word):
            import_divisions(path)


def test_of_several_files_each_fault_names_its_own(app, file):
    one, two = file(QINGSHAN, "one.csv"), file("code,name\n990101100201,小桥村委会\n9901x,x\n", "two.csv")
    with pytest.raises(ImportRefused) as refused:
        import_divisions([one, two])
    assert [fault.split("：")[0] for fault in refused.value.faults] == ["two.csv 第 2 行", "two.csv 第 3 行"]
    assert "one.csv 第 5 行已有“大桥村委会”" in refused.value.faults[0]


def test_blank_lines_do_not_shift_the_numbers(app, file):
    with pytest.raises(ImportRefused, match="第 6 行"):
        import_divisions(file("code,name\n\n990101,青山县\n\n\n9901x,x\n"))


def test_many_faults_are_counted_not_all_told(app, file):
    with pytest.raises(ImportRefused) as refused:
        import_divisions(file("code,name\n" + "x,y\n" * 200))
    assert len(refused.value.faults) == 200 and "另有 150 处" in str(refused.value)
    assert str(refused.value).count("\n") < 60


def test_a_town_does_not_move_to_another_county_by_a_file(app, file):
    import_divisions(file(QINGSHAN + "990102,白水县,县\n"))
    with pytest.raises(ImportRefused, match="第 2 行：城关镇（990101100000）在系统里属于另一个上级"):
        import_divisions(file("code,name,parent\n990101100,城关镇,990102\n"))


def test_a_unit_that_has_another_level_here_is_refused(app, file):
    Unit.add(code="990101100000", name="城关片区", level="grid", parent=unit(VILLAGE))
    with pytest.raises(ImportRefused, match="第 3 行：990101100000 在系统里是网格，文件里是乡镇"):
        import_divisions(file(QINGSHAN))


def test_nothing_new_comes_below_a_closed_unit(app, file):
    import_divisions(file(QINGSHAN))
    Unit.update(valid_to="2026-01-01").where(Unit.code == "990101100000").execute()
    with pytest.raises(ImportRefused, match="第 6 行：小桥村委会.*已停用"):
        import_divisions(file(QINGSHAN + "990101100202,小桥村委会,村委会\n"))


# -- any tree, any fault -----------------------------------------------------------------------------------------

TEXT = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=8)
SPOILERS = st.sampled_from(["", "x", "123", "9902999", "990299999001", "大桥"])


@st.composite
def divisions(draw):
    """Return the lines of a county of 990200 with towns and villages, in any order."""
    lines = [("990201", draw(TEXT))]
    for town in draw(st.lists(st.integers(100, 120), unique=True, max_size=4)):
        lines.append((f"990201{town}", draw(TEXT)))
        for village in draw(st.lists(st.integers(1, 999), unique=True, max_size=5)):
            lines.append((f"990201{town}{village:03d}", draw(TEXT)))
    return draw(st.permutations(lines))


def as_csv(lines) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("code", "name"), *lines])
    return text.getvalue()


def hold_together() -> None:
    """Paths and place columns say the same as the parents, for every unit."""
    units = {one.id: one for one in Unit.select()}
    for one in units.values():
        parent = units.get(one.parent_id)
        assert one.path == f"{parent.path if parent else '/'}{one.id}/"
        expected = dict(parent.place()) if parent else dict.fromkeys(one.place())
        if f"{one.level}_id" in expected:
            expected[f"{one.level}_id"] = one.id
        assert one.place() == expected, one.code


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=divisions(), data=st.data())
def test_any_tree_comes_in_whole_or_not_at_all_and_twice_is_once(app, file, lines, data):
    with atomic() as everything:
        report = import_divisions(file(as_csv(lines)))
        assert len(report.added) == len(lines)
        hold_together()
        once = tree()
        again = import_divisions(file(as_csv(lines)))
        assert (again.added, again.changed, again.missing, again.unchanged) == ([], [], [], len(lines))
        assert tree() == once
        at = data.draw(st.integers(0, len(lines)))
        spoiled = [*lines[:at], (data.draw(SPOILERS), "坏行"), *lines[at:]]
        renamed = [(code, name + "新" if code != "990201" else name) for code, name in spoiled]
        with pytest.raises(ImportRefused, match=f"第 {at + 2} 行"):
            import_divisions(file(as_csv(renamed)))
        assert tree() == once, "a fault let something through"
        everything.rollback()
