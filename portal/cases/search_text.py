"""By which words a case is found: its number, its title, the masked name of who came, the numbers of its papers."""

import datetime

from flask import current_app

from portal import search
from portal.cases.kinds import kind_of, kinds, plugin_of
from portal.cases.lens import COLUMNS, Reader, through_any
from portal.cases.models import Case
from portal.db import atomic
from portal.org.models import Unit
from portal.registry import registry_of
from portal.values import PHASES, Hit, SearchFilters

#: Of a common word only the newest cases are looked at: so many, so many where something else has to be true too, and
#: so many of the county for the people of a line. A search costs what it looks at, not what the word finds.
NEWEST, NEWEST_FILTERED, NEWEST_ELSEWHERE = 400, 1500, 600
EVERYTHING = SearchFilters()


def index(case, new: bool = False) -> None:
    """Index the words of the case anew: after `CaseKind.words` has something else to say, a number of a paper for one.

    While it is `new` its plugin has written no row of its own yet that could be asked.
    """
    kind, more = kind_of(case), ""
    if kind.words and not new:
        more = registry_of(current_app).guarded(
            plugin_of(kind.name), kind.words, case, default="", kind=(str, type(None)),
            hook=f"portal_cases.{kind.name} words") or ""
    search.put("case", case.id, f"{case.number} {case.title} {case.applicant} {more}".strip(), scope_of(case))


def scope_of(case) -> tuple[str, ...]:
    """Return the names of the places that the case lies in, and of its line: what Person.area may be."""
    return tuple(place(column, value) for column in COLUMNS if (value := getattr(case, column)) is not None)


def place(column: str, value: int) -> str:
    """Return the name of a place in the index: "t12" for ("town_id", 12). The first letters of the columns differ."""
    return f"{column[0]}{value}"


def reindex(say=lambda *_: None) -> int:
    """Index every case anew, in small transactions; return how many there are. For cases of an older version."""
    last, done, number = 0, 0, Case.select().count()
    while rows := list(Case.select().where(Case.id > last).order_by(Case.id).limit(500)):
        with atomic():
            for case in rows:
                if case.kind in kinds():
                    search.remove("case", case.id)
                    index(case)
        last, done = rows[-1].id, done + len(rows)
        say("重建搜索索引", done, number)
    return done


def find_cases(person, words: str, limit: int, filters: SearchFilters = EVERYTHING) -> list[Hit]:
    """Return the cases that contain all of `words`, of those that the person may open: the one of this number first,
    then those whose title begins with the words, holds them, and the rest; among equals the own unit's and the newest.
    """
    if person.post is None or not search.phrases(words):
        return []
    reader = Reader.of(person, filters.kind)
    scope = _scope(person, filters)
    if scope is None:
        return []
    query = Case.select(
        Case.id, Case.number, Case.kind, Case.title, Case.phase, Case.opened, Case.unit
    ).where(Case.id.in_(_candidates(reader, words, scope, filters, limit)), *through_any(reader), *_narrowed(filters))
    own = person.acts_for
    rows = sorted(query.tuples(), key=lambda row: (_rank(row, words), row[6] not in own, -row[0]))
    known = kinds()
    return [
        Hit(title, f"/cases/{key}", f"{number}，{known[kind].title}，{PHASES[phase]}", "案件", known[kind].icon)
        for key, number, kind, title, phase, _, _ in rows[:limit]
    ]


def _scope(person, filters: SearchFilters) -> str | None:
    """Return the name of the place to look through, None where the unit is out of sight."""
    if filters.unit:
        unit = Unit.seen_by(person).where(Unit.id == filters.unit).first()
        if unit is None:
            return None
        if unit.level != "department":
            return place(f"{unit.level}_id", unit.id)
    return place(*person.area) if person.area else ""


def _candidates(reader: Reader, words: str, scope: str, filters: SearchFilters, limit: int):
    """Return the subquery of the ids of the newest cases that hold the words, and of the one with this number.

    A line's people also hold cases of other lines, which its name in the index does not find: of those, the newest
    that the county has with these words are looked through.
    """
    newest = max(NEWEST_FILTERED if filters else NEWEST, limit)
    until = _last_until(reader, filters)
    found = search.matching("case", search.match(words, scope), newest, until)
    if reader.area and reader.area[0] == "line_id":
        everywhere = search.matching("case", search.match(words), NEWEST_ELSEWHERE, until)
        found = _wrapped(found) | _wrapped(everywhere)
    else:
        found = _wrapped(found)
    number = words.upper()
    if any(sign.isdigit() for sign in number) and " " not in number:
        found |= Case.select(Case.id).where(Case.number == number)
    return found


def _wrapped(query):
    """Return the query as one that can stand in a union on both engines."""
    inner = query.alias("newest")
    return Case.select(inner.c.row_id).from_(inner)


def _last_until(reader: Reader, filters: SearchFilters):
    """Return the subquery of the newest case before the end of the period: older ones need not be passed over."""
    if not filters.until or not reader.area:
        return None
    column, value = reader.area
    midnight = datetime.datetime.combine(filters.until, datetime.time()) + datetime.timedelta(1)
    return Case.select(Case.id).where(COLUMNS[column] == value, Case.opened < midnight).order_by(
        Case.opened.desc(), Case.id.desc()).limit(1)


def _narrowed(filters: SearchFilters) -> list:
    midnight = datetime.time()
    found = []
    if filters.state:
        found.append(Case.closed.is_null(filters.state == "open"))
    if filters.since:
        found.append(Case.opened >= datetime.datetime.combine(filters.since, midnight))
    if filters.until:
        found.append(Case.opened < datetime.datetime.combine(filters.until, midnight) + datetime.timedelta(1))
    if filters.unit:
        found.append(_any_of((Case.unit, Case.county_id, Case.town_id, Case.village_id, Case.grid_id), filters.unit))
    return found


def _any_of(columns, value: int):
    condition = columns[0] == value
    for column in columns[1:]:
        condition |= column == value
    return condition


def _rank(row, words: str) -> int:
    """Return how well the row answers to the words, 0 the best."""
    _, number, _, title, *_ = row
    asked, title, number = words.lower(), title.lower(), number.lower()
    if asked == number:
        return 0
    if len(asked) >= 4 and number.endswith(asked):
        return 1
    if title.startswith(asked) or title.rsplit("：", 1)[-1].startswith(asked):
        return 2
    return 3 if all(word in title for word in asked.split()) else 4


def units_below(person) -> list[tuple[int, str]]:
    """Return the towns, villages or grids directly below the top of the person's area: what a search is narrowed to."""
    if person.post is None:
        return []
    top, level = person.post.unit.top
    if level not in ("county", "town", "village"):
        return []
    query = Unit.select(Unit.id, Unit.short).where(
        Unit.parent == top, Unit.level != "department", Unit.valid_to.is_null())
    return list(query.order_by(Unit.code).tuples())
