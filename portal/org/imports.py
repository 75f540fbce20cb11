"""Import of divisions from CSV (plain or .xz): all of a file or nothing of it, every fault named by its line.

Three steps: read the files (`reading`), hold them against what is there, write. What came through is `Report`.
"""

import functools
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from sys import intern

from peewee import Value, chunked, fn

from portal import audit
from portal.db import atomic, database, is_postgres
from portal.org.directory import write_counties_anew
from portal.org.editing import named
from portal.org.models import LEVELS, PLACES, Unit, UnitChange
from portal.org.names import initials_of, short_of
from portal.org.reading import Fault, Row, read
from portal.values import Refused

#: How many faults are told; the rest is only counted.
TOLD = 50
ORDER = {level: number for number, level in enumerate(LEVELS)}

#: More keys than that are not asked for one by one: the whole table is read. PostgreSQL compares each row with each key
#: of a list until it has statistics of the table.
ASKED = 1000
#: Rows read at once, of all that there are.
READ = 20_000
#: Stands for the name of a unit that is called as in the file.
SAME = ""
#: Rows written by one statement, of 17 parameters each: SQLite takes 32,766 parameters, PostgreSQL 65,535.
WRITTEN = 1500

COLUMNS = (
    "id", "code", "name", "short", "level", "kind", "reach", "parent", "path", "county_id", "town_id", "village_id",
    "grid_id", "initials", "is_statistical_only", "version", "former",
)


class ImportRefused(Refused):
    """The files cannot be taken; `faults` are sentences that name the line."""

    def __init__(self, faults: list[str]):
        shown = faults[:TOLD] + ([f"……另有 {len(faults) - TOLD} 处。"] if len(faults) > TOLD else [])
        super().__init__("文件没有导入，请改正后再试：\n" + "\n".join(shown))
        self.faults = faults


@dataclass
class Report:
    """What an import did. `added` are codes, the other lists are lines to be read."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    #: In use below the same parents, but not in the file; never deleted.
    missing: list[str] = field(default_factory=list)
    #: In the file, but closed here; never opened again by an import.
    closed: list[str] = field(default_factory=list)
    unchanged: int = 0


@dataclass(slots=True)
class Known:
    """A unit that is there, or that is about to be written: as much of it as the units below it need."""

    id: int
    name: str
    level: str
    kind: str
    parent_id: int | None
    path: str
    place: tuple
    closed: bool = False
    #: Moved to another parent here, under its old code.
    moved: bool = False

    def is_called(self, name: str) -> bool:
        return self.name in (SAME, name)


def import_divisions(path, say=None) -> Report:
    """Bring the units of one or several files in. `say(text, done, total)` reports progress.

    Raises ImportRefused, and then nothing was written. Units are found by their codes; where one has another name in
    the file it is renamed here, and its history keeps the old name.
    """
    paths = [Path(path)] if isinstance(path, str | Path) else [Path(one) for one in path]
    say = say or (lambda text, done, total: None)
    rows, faults = read(paths, say)
    with atomic():
        if is_postgres():  # ids are given out below: whoever adds a unit meanwhile waits
            database.execute_sql("LOCK TABLE org_unit IN EXCLUSIVE MODE")
        have = _existing(rows)
        faults += _check(rows, have)
        if faults:
            raise ImportRefused([str(fault) for fault in sorted(faults)])
        report = _write(rows, have, say)
        audit.record("org.import", "org.unit", detail={
            "files": [one.name for one in paths], "added": len(report.added), "changed": len(report.changed),
            "missing": len(report.missing), "unchanged": report.unchanged,
        })
    return report


# -- what is there -----------------------------------------------------------------------------------------------

def _existing(rows: dict[str, Row]) -> dict[str, Known]:
    """Return the units of the codes in the file and of the parents that it names."""
    above = {row.parent for row in rows.values() if row.parent}
    columns = [Unit.code, Unit.id, Unit.name, Unit.level, Unit.kind, Unit.parent, Unit.path, Unit.valid_to, *_PLACES]
    query = Unit.select(*columns)
    few = len(rows) + len(above) <= ASKED
    pages = [query.where(Unit.code.in_(sorted(rows.keys() | above)))] if few else _pages(query)
    moved = {key for (key,) in UnitChange.select(UnitChange.unit).where(UnitChange.kind == "moved").tuples()}
    found: dict[str, Known] = {}
    same: dict[tuple, Known] = {}
    for code, key, name, level, kind, parent, path, end, *place in chain.from_iterable(one.tuples() for one in pages):
        if code not in rows and code not in above:
            continue
        row = rows.get(code)
        if level != "village" or row is None or row.name != name:
            found[code] = Known(key, name, intern(level), intern(kind), parent, path, tuple(place), end is not None,
                                key in moved)
            continue
        # Nothing in a file lies below a village, and one of the same name is not renamed: what is left of it is the
        # same for all of its town, so that a nation that comes a second time fits into memory.
        left = kind, parent, end is not None, key in moved
        if kind != (row.kind or kind) or parent is None:
            left += (key,)
        if left not in same:
            same[left] = Known(key, SAME, intern(level), intern(kind), parent, "", (), *left[2:4])
        found[row.code] = same[left]
    return found


def _pages(query):
    """Yield `query` page by page: PostgreSQL hands a whole result over at once."""
    first, last = 0, Unit.select(fn.MAX(Unit.id)).scalar() or 0
    while first < last:
        yield query.where(Unit.id > first, Unit.id <= first + READ)
        first += READ


_PLACES = [getattr(Unit, f"{level}_id") for level in PLACES]


def _check(rows: dict[str, Row], have: dict[str, Known]) -> list[Fault]:
    faults = []
    for row in rows.values():
        fault = _fault(row, rows, have)
        if fault:
            faults.append(Fault(row.file, row.line, fault))
    return faults


def _fault(row: Row, rows: dict, have: dict[str, Known]) -> str | None:
    unit, parent = have.get(row.code), have.get(row.parent)
    if row.parent and parent is None and row.parent not in rows:
        return f"{row.name}（{row.code}）的上级 {row.parent} 不在文件里，也不在系统里。"
    above = parent.level if parent else rows[row.parent].level if row.parent else "region"
    if ORDER[above] > ORDER[row.level] or above == row.level != "region":
        return f"{row.name}（{row.code}）是{LEVELS[row.level]}，不能属于{LEVELS[above]} {row.parent}。"
    if unit is None:
        return f"{row.name}（{row.code}）的上级 {row.parent} 在系统里已停用。" if parent and parent.closed else None
    if unit.level != row.level:
        return f"{row.code} 在系统里是{LEVELS[unit.level]}，文件里是{LEVELS[row.level]}。"
    if unit.closed or unit.moved:
        return None  # what was decided here about where it belongs stays, whatever the code says
    if row.parent and unit.parent_id is not None and (parent is None or unit.parent_id != parent.id):
        return f"{row.name}（{row.code}）在系统里属于另一个上级；划转不能靠导入办理。"
    return None


# -- writing -----------------------------------------------------------------------------------------------------

def _write(rows: dict[str, Row], have: dict[str, Known], say) -> Report:
    report = Report(missing=_missing(rows, have))
    fresh, renamed = [], []
    for row in sorted(rows.values(), key=lambda row: (ORDER[row.level], len(row.code), row.code)):
        unit = have.get(row.code)
        if unit is None:
            fresh.append(row)
            report.added.append(row.code)
            continue
        if unit.closed:
            report.closed.append(f"{row.code} {row.name}")
        if row.parent and unit.parent_id is None:
            # Its parent may be new as well; those are written first.
            renamed.append((row, unit))
            report.changed.append(f"{row.code} {row.name}：归入 {row.parent}")
        elif row.line and not unit.closed and (not unit.is_called(row.name) or row.kind and unit.kind != row.kind):
            renamed.append((row, unit))
            report.changed.append(f"{row.code} {unit.name} → {row.name}" if not unit.is_called(row.name)
                                  else f"{row.code} {row.name}：{unit.kind or '–'} → {row.kind}")
        else:
            report.unchanged += 1
    _insert(fresh, have, say)
    _change(renamed, have)
    write_counties_anew(_counties(fresh, renamed, have), say)
    return report


def _counties(fresh: list[Row], renamed: list[tuple[Row, Known]], have: dict[str, Known]) -> list[int]:
    """Return the counties, or what lies in none, whose units have changed: where the directory is written anew."""
    places = [have.get(row.code) or have[row.parent] for row in fresh] + [
        unit if unit.place else have[row.parent] for row, unit in renamed]
    return sorted({next((key for key in place.place if key), place.id) for place in places if place.level != "region"})


def _insert(fresh: list[Row], have: dict[str, Known], say) -> None:
    following = (Unit.select(fn.MAX(Unit.id)).scalar() or 0) + 1
    initials: dict[str, str] = {}
    put = _copy if is_postgres() else _inserted
    for begin in range(0, len(fresh), WRITTEN):
        some = fresh[begin:begin + WRITTEN]
        put([_line(row, following + begin + number, have, initials) for number, row in enumerate(some)])
        say("导入区划", begin + len(some), len(fresh))
    if fresh and is_postgres():  # it does not notice ids that were given by hand
        database.execute_sql("SELECT setval(pg_get_serial_sequence('org_unit', 'id'), (SELECT MAX(id) FROM org_unit))")
        database.execute_sql("ANALYZE org_unit")


def _inserted(lines: list[tuple]) -> None:
    database.execute_sql(_insertion(len(lines)), list(chain.from_iterable(lines)))


@functools.lru_cache(maxsize=2)
def _insertion(rows: int) -> str:
    """Return the SQL that inserts so many rows: working it out costs more than running it."""
    fields = [getattr(Unit, name) for name in COLUMNS]
    return Unit.insert_many([[None] * len(fields)] * rows, fields=fields).sql()[0]


def _copy(lines: list[tuple]) -> None:
    """On PostgreSQL handing over the parameters of an insert costs the client several times the work of the server."""
    with database.cursor().copy(f"COPY org_unit ({', '.join(_NAMES)}) FROM STDIN") as copy:
        for line in lines:
            copy.write_row(line)


_NAMES = [getattr(Unit, name).column_name for name in COLUMNS]


def _line(row: Row, key: int, have: dict[str, Known], initials: dict[str, str]) -> tuple:
    """Return the row as it is written: its id is fixed beforehand, so that paths need no second pass."""
    parent = have.get(row.parent)
    place = list(parent.place) if parent else [None] * len(PLACES)
    if row.level in PLACES:
        place[PLACES.index(row.level)] = key
    path = f"{parent.path if parent else '/'}{key}/"
    if row.level != "village":  # nothing in a file lies below a village
        have[row.code] = Known(key, row.name, row.level, row.kind, parent and parent.id, path, tuple(place))
    short = short_of(row.name)
    if short not in initials:
        initials[short] = initials_of(short)
    return (key, row.code, row.name, short, row.level, row.kind, "area", parent and parent.id, path, *place,
            initials[short], False, 1, "")


def _change(changed: list[tuple[Row, Known]], have: dict[str, Known]) -> None:
    lines = []
    for row, unit in changed:
        columns = {}
        if not unit.is_called(row.name):
            columns = named(Unit.get_by_id(unit.id), row.name)  # it is still found by the name that it had
            lines.append((unit.id, "renamed", unit.name, row.name, f"导入 {row.file}"[:200], "系统"))
        Unit.update(**columns, kind=row.kind or unit.kind, version=Unit.version + 1).where(Unit.id == unit.id).execute()
        if row.parent and unit.parent_id is None:
            _adopt(unit, have[row.parent])
    fields = [UnitChange.unit, UnitChange.kind, UnitChange.old_name, UnitChange.new_name, UnitChange.note,
              UnitChange.by_name]
    for some in chunked(lines, WRITTEN):
        UnitChange.insert_many(some, fields=fields).execute()


def _adopt(unit: Known, parent: Known) -> None:
    """Hang a county that stood alone below its prefecture: the paths of all its units begin anew."""
    Unit.update(parent=parent.id).where(Unit.id == unit.id).execute()
    begin = f"{parent.path}{unit.id}/"
    below = (Unit.county_id == unit.id) if unit.level == "county" else Unit.path.startswith(unit.path)
    Unit.update(path=Value(begin).concat(fn.SUBSTR(Unit.path, len(unit.path) + 1))).where(below).execute()


def _missing(rows: dict[str, Row], have: dict[str, Known]) -> list[str]:
    """Return what is in use below the parents of the file, on its levels, and does not stand in it."""
    parents = {have[row.parent].id for row in rows.values() if row.parent in have}
    levels = {row.level for row in rows.values()}
    query = Unit.select(Unit.code, Unit.name, Unit.parent)
    query = query.where(Unit.level.in_(sorted(levels)), Unit.valid_to.is_null())
    pages = [query.where(Unit.parent.in_(sorted(parents)))] if len(parents) <= ASKED else _pages(query)
    found = chain.from_iterable(one.tuples() for one in pages)
    return sorted(f"{code} {name}" for code, name, parent in found if code not in rows and parent in parents)
