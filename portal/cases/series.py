"""Whether the series of numbers are without a gap: every number up to the last is on a case or paper, or is void."""

from flask import current_app

from portal.cases.counter_models import Series
from portal.cases.kinds import kinds
from portal.cases.numbers import stem_of
from portal.cases.proof import Seen, fetched
from portal.cases.proof_models import VoidNumber
from portal.org.models import Unit
from portal.registry import registry_of

#: How many numbers of one series are named.
NAMED = 5


def kept_series() -> list[tuple]:
    """Return (prefix, year, last, unit id, level, code, county id, name) of every series."""
    columns = Series.prefix, Series.year, Series.last, Unit.id, Unit.level, Unit.code, Unit.county_id, Unit.name
    return list(
        Series.select(*columns)
        .join(Unit, on=(Unit.id == Series.unit_id)).order_by(Series.unit_id, Series.prefix, Series.year).tuples()
    )


def paper_numbers() -> dict[tuple, set[int]]:
    """Return {(prefix, unit id, year): numbers} of the papers that the plugins have numbered."""
    given: dict[tuple, set] = {}
    for one in registry_of(current_app).values("portal_numbers"):
        given.setdefault((one.prefix, one.unit_id, one.year), set()).update(one.numbers)
    return given


def gaps(do, seen: Seen, before: dict) -> list[str]:
    """Hold the numbers that a walk saw against the series, and those of papers against what the plugins say.

    `before` are the papers' numbers from before the moment of the walk: what was given out since is no breach.
    """
    [(_, rows)] = do([(kept_series, ())])
    prefixes = {kind.prefix for kind in kinds().values()}
    last = {}
    for prefix, year, count, _, level, code, county, _ in rows:
        key = county, stem_of(prefix, level, code, year)
        if prefix in prefixes or key in seen.numbers:  # the cases of a plugin that was uninstalled stay
            last[key] = max(last.get(key, 0), count)
    wrong = [
        (key, last.get(key, 0)) for key in sorted(last.keys() | seen.numbers.keys())
        if tuple(seen.numbers.get(key, (0, 0))) != (last.get(key, 0), last.get(key, 0))
    ]
    found = [sentence for _, told in do((_named, (key, count)) for key, count in wrong[:100]) for sentence in told]
    more = [f"另有 {len(wrong) - 100} 个号段不连续。"] if len(wrong) > 100 else []
    return found + more + _paper_gaps(do, rows, prefixes, before)


def _named(key: tuple[int, str], last: int) -> list[str]:
    """Say which numbers of one series are missing, and which nobody has given out."""
    county, stem = key
    rows = fetched("SELECT number FROM cases_case WHERE county_id = ? AND number >= ? AND number < ?",
                   (county, f"{stem}-", f"{stem}."))
    given = {number for (number,) in rows}
    wanted = {f"{stem}-{value:04d}" for value in range(1, last + 1)}
    if not given and not wanted:
        return [f"编号 {stem} 不合规则，不在任何号段里。"]
    found = []
    if missing := sorted(wanted - given):
        found.append(f"编号 {_listed(missing)} 发出过，台账里却没有：案件被删去或改了编号。")
    if foreign := sorted(given - wanted):
        found.append(f"编号 {_listed(foreign)} 不是号段发出的：号段的末号被改过，或编号被改过。")
    return found


def _paper_gaps(do, rows, prefixes: set[str], before: dict) -> list[str]:
    """The papers' own series: what the plugins have given out, and what is void."""
    [(_, void)] = do([(_void, ())])
    given, found = paper_numbers(), []
    known = {prefix for prefix, _, _ in given.keys() | void.keys() | before.keys()} - prefixes
    last = {(prefix, unit, year): (count, name) for prefix, year, count, unit, _, _, _, name in rows if prefix in known}
    for key in sorted(last.keys() | {key for key in before if key[0] in known}):
        count, name = last.get(key, (0, ""))
        wanted = set(range(1, count + 1))
        if missing := sorted(wanted - given.get(key, set()) - void.get(key, set())):
            found.append(f"{name} {key[2]} 年文书第 {_listed(missing)} 号发出过，却没有文书，也没有作废登记。")
        if foreign := sorted((before.get(key, set()) | void.get(key, set())) - wanted):
            found.append(f"{name} {key[2]} 年文书第 {_listed(foreign)} 号不是号段发出的。")
    return found


def _void() -> dict[tuple, set[int]]:
    found: dict[tuple, set[int]] = {}
    query = VoidNumber.select(VoidNumber.prefix, VoidNumber.unit, VoidNumber.year, VoidNumber.number)
    for prefix, unit, year, number in query.tuples():
        found.setdefault((prefix, unit, year), set()).add(number)
    return found


def _listed(values: list) -> str:
    more = f" 等 {len(values)} 个" if len(values) > NAMED else ""
    return "、".join(map(str, values[:NAMED])) + more
