"""By which words a case is found: its number, its title, and the masked name of who came."""

from portal import search
from portal.cases.kinds import kinds
from portal.cases.lens import COLUMNS, seen_by
from portal.cases.models import Case
from portal.values import PHASES, Hit


def index(case) -> None:
    search.put("case", case.id, f"{case.number} {case.title} {case.applicant}", scope_of(case))


def scope_of(case) -> tuple[str, ...]:
    """Return the names of the places that the case lies in, and of its line: what Person.area may be."""
    return tuple(place(column, value) for column in COLUMNS if (value := getattr(case, column)) is not None)


def place(column: str, value: int) -> str:
    """Return the name of a place in the index: "t12" for ("town_id", 12). The first letters of the columns differ."""
    return f"{column[0]}{value}"


def find_cases(person, words: str, limit: int) -> list[Hit]:
    """Return the cases that contain all of `words`, of those that the person may open, newest first."""
    ids = search.ids("case", words)
    if ids is None:
        return []
    known = kinds()
    query = seen_by(person).where(Case.id.in_(ids)).order_by(Case.opened.desc(), Case.id.desc()).limit(limit)
    return [
        Hit(case.title, f"/cases/{case.id}", f"{case.number}，{known[case.kind].title}，{PHASES[case.phase]}", "案件",
            known[case.kind].icon)
        for case in query
    ]
