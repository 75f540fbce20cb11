"""Which open cases may be the same matter: the same person, place and kind, and words that are alike. It is proposed by
the ledger when a case comes in, and decided by a person; what was decided is not proposed again.

Candidates come from two indexes (whose cases they are, where they lie) and are never more than some hundred rows; only
those are compared by their words.
"""

import datetime
import functools
from itertools import islice
from typing import NamedTuple

from flask import current_app
from peewee import OP, Expression
from rapidfuzz import fuzz
from rapidfuzz.process import extract_iter

from portal.cases.details import read_together
from portal.cases.kinds import kind_of, kinds, plugin_of
from portal.cases.lens import Reader, seen_by, through_any
from portal.cases.merge_models import Likeness
from portal.cases.models import Case
from portal.db import after_commit, atomic, now
from portal.org.settings import setting
from portal.people.models import Resident
from portal.prepared import Prepared, PreparedChange, PreparedModels, json_text, numbered, unindexed
from portal.registry import registry_of
from portal.values import Setting

DAYS = Setting(
    "cases.alike_days", "多少天内登记的件，提示可能重复", 90, measure="日", note="只提示，由人决定是否并案",
    least=1, most=365, towns=True,
)
#: At most so many candidates from each index are compared, and so many of a case proposed.
OF_PERSON, OF_PLACE, PROPOSED = 50, 200, 5
#: What stands inside another text is worth so much of what is alike as a whole; a shorter one stands in many.
INSIDE, SHORT = 0.9, 4
#: Below these nothing is proposed: percent of likeness of the words, and the score.
WORDS, SCORE = 40, 42
#: What counts how much; words count their percent of WEIGHT_OF_WORDS.
WEIGHTS = {"person": 40, "place": 15, "kind": 10}
WEIGHT_OF_WORDS = 35
#: What a proposed pair holds.
PLACES = ("county_id", "town_id", "village_id", "grid_id")
PAIR = ("case", "other", "score", "reasons", "at", *PLACES)


def look_later(case) -> None:
    """Have `look` run once the case is committed: no other writer waits for the comparison and for what a platform says
    of a pair, and that it fails keeps no case from being opened."""
    case_id = case.id
    after_commit(lambda: look(case_id))


def look(case_id: int) -> int:
    """Propose what may be the same matter as the case; return how many are new. Safe to run twice."""
    case = next(iter(_cases(1)(case0=case_id)), None)
    if case is None or not case.is_open or case.restricted or case.kind not in kinds():
        return 0
    same = _same_person(case)
    found = alike(case, candidates(case, same), same)
    found.sort(key=lambda one: (-one[0], one[2]))
    best = [one for one in found if one[0] >= SCORE][:PROPOSED * 2]
    if not best:
        return 0
    others = {one.id: one for one in _cases(len(best))(**numbered("case", [key for *_, key in best]))}
    read_together([case, *others.values()])
    mergeable = ((score, reasons, others[key]) for score, reasons, key in best if not _apart(case, others[key]))
    return _propose(case, list(islice(mergeable, PROPOSED)))


@functools.lru_cache(maxsize=PROPOSED * 2)
def _cases(number: int) -> PreparedModels:
    return PreparedModels(lambda slots: Case.select().where(Case.id.in_(slots.many("case", number))))


class Candidate(NamedTuple):
    """As much of an open case as it takes to compare it: some hundred are read for each case that comes in."""

    id: int
    kind: str
    title: str
    resident_id: int | None
    village_id: int | None
    grid_id: int | None


COLUMNS = Case.id, Case.kind, Case.title, Case.resident, Case.village_id, Case.grid_id


def candidates(case, same: list[int]) -> list[Candidate]:
    """Return open cases that came in within the town's days of this one: of the same person, and at the place.

    `same` are the residents who are the person of the case.
    """
    span = datetime.timedelta(days=setting(DAYS.name, case))
    values = {"case": case.id, "since": case.opened - span, "until": case.opened + span}
    near = _near("village_id" if case.village_id else "town_id")
    rows = near(place=case.village_id or case.town_id or 0, **values)
    if same:
        rows += _of_person(len(same))(**numbered("resident", same), **values)
    known = kinds()
    return list({row.id: row for row in rows if row.kind in known}.values())


def _wanted(slots) -> tuple:
    # With statistics SQLite would rather look through all that is open in the county than through one place.
    is_open = Expression(unindexed(Case.closed), OP.IS, None)
    return (
        is_open, Case.id != slots.case, Case.restricted == False,  # noqa: E712
        Case.opened >= slots.since, Case.opened <= slots.until,
    )


@functools.lru_cache(maxsize=2)
def _near(column: str) -> Prepared:
    """Return the query of the newest cases whose place `column` holds `place`."""
    return Prepared(lambda slots: (
        Case.select(*COLUMNS).where(getattr(Case, column) == slots.place, *_wanted(slots))
        .order_by(Case.opened.desc(), Case.id.desc()).limit(OF_PLACE)
    ), Candidate)


@functools.lru_cache(maxsize=20)
def _of_person(number: int) -> Prepared:
    """Return the query of the newest cases of `number` residents."""
    return Prepared(lambda slots: (
        Case.select(*COLUMNS).where(Case.resident.in_(slots.many("resident", number)), *_wanted(slots))
        .order_by(Case.id.desc()).limit(OF_PERSON)
    ), Candidate)


def _same_person(case) -> list[int]:
    """Return the ids of the residents who are the person of the case: themself, and who has the same phone and name;
    people registered without a number stand there several times."""
    if case.resident_id is None:
        return []
    own = Resident.get_by_id(case.resident_id)
    if not own.phone_index:
        return [own.id]
    same = Resident.select(Resident.id).where(
        Resident.phone_index == own.phone_index, Resident.name == own.name, Resident.county_id == own.county_id)
    return [key for (key,) in same.limit(20).tuples()] or [own.id]


def alike(case, others: list, same: list[int]) -> list[tuple[int, list[str], int]]:
    """Return (score, reasons, id) of those of the `others` whose words are like those of the case: 0 to 100, in words.
    """
    words = likenesses(_about(case), [_about(other) for other in others])
    return [(*_score(case, others[position], same, percent), others[position].id)
            for position, percent in words.items()]


def _score(case, other, same: list[int], words: int) -> tuple[int, list[str]]:
    score, reasons = 0, []
    for name, said in _shared(case, other, same):
        score += WEIGHTS[name]
        reasons.append(said)
    return score + round(words * WEIGHT_OF_WORDS / 100), [*reasons, f"文字相似 {words}%"]


def _shared(case, other, same: list[int]):
    if other.resident_id in same:
        yield "person", "同一人" if other.resident_id == case.resident_id else "同一人（姓名和电话相同）"
    if case.grid_id and case.grid_id == other.grid_id:
        yield "place", "同一网格"
    elif case.village_id and case.village_id == other.village_id:
        yield "place", "同一村（社区）"
    if case.kind == other.kind:
        yield "kind", "同类"


def likenesses(one: str, others: list[str]) -> dict[int, int]:
    """Return {position: percent} of those of the short texts `others` that are like the text `one`, WORDS to 100: as a
    whole, or the shorter one inside the longer. Each way is one call for all: there are hundreds.
    """
    if not one:
        return {}
    found = {position: percent for _, percent, position in extract_iter(one, others, scorer=fuzz.ratio, processor=None,
                                                                       score_cutoff=WORDS - 1)}
    if len(one) >= SHORT:
        inside = extract_iter(one, others, scorer=fuzz.partial_ratio, processor=None, score_cutoff=(WORDS - 1) / INSIDE)
        for other, percent, position in inside:
            if len(other) >= SHORT:
                found[position] = max(found.get(position, 0), percent * INSIDE)
    return {position: round(percent) for position, percent in found.items() if round(percent) >= WORDS}


def _about(case) -> str:
    """Return what the title says without the name before the colon: the same item is no likeness of two people."""
    return "".join(case.title.rsplit("：", 1)[-1].split())


def _apart(case, other) -> bool:
    """Tell whether a platform says that the two cannot be one matter; where it fails, nothing is proposed."""
    registry = registry_of(current_app)
    return any(
        kind_of(one).apart and registry.guarded(
            plugin_of(one.kind), kind_of(one).apart, one, against, default="?", kind=(str, type(None)),
            hook=f"portal_cases.{one.kind} apart")
        for one, against in ((case, other), (other, case))
    )


def _propose(case, best) -> int:
    if not best:
        return 0
    values = {}
    for position, (score, reasons, other) in enumerate(best):
        first, second = sorted((case, other), key=lambda one: one.id)
        pair = second.id, first.id, score, json_text(reasons), now(), *(getattr(second, name) for name in PLACES)
        values |= {f"{name}{position}": value for name, value in zip(PAIR, pair, strict=True)}
    with atomic():
        made = _pairs(len(best))(**values)
        if made:
            others = [later if earlier == case.id else earlier for later, earlier in made]
            _count(1, *others)
            _count(len(made), case.id)
    return len(made)


@functools.lru_cache(maxsize=PROPOSED)
def _pairs(number: int) -> Prepared:
    """Return the statement that keeps so many pairs and returns those that were not there."""
    def build(slots):
        rows = [{name: getattr(slots, f"{name}{position}") for name in PAIR} for position in range(number)]
        return Likeness.insert_many(rows).on_conflict_ignore().returning(Likeness.case, Likeness.other)

    return Prepared(build)


def _count(change: int, *ids: int) -> None:
    _counting(len(ids))(change=change, **numbered("case", ids))


@functools.lru_cache(maxsize=PROPOSED)
def _counting(number: int) -> PreparedChange:
    return PreparedChange(lambda slots: (
        Case.update(alike=Case.alike + slots.change).where(Case.id.in_(slots.many("case", number)))
    ))


# -- what people decide --------------------------------------------------------------------------------------------

def settle(case_id: int, other_id: int, verdict: str, actor) -> None:
    """Remember that two cases are the "same" or "different", in the caller's transaction."""
    second, first = max(case_id, other_id), min(case_id, other_id)
    row = Likeness.get_or_none(Likeness.case == second, Likeness.other == first)
    if row is None:
        case = Case.get_by_id(second)
        Likeness.create(
            case=second, other=first, score=0, verdict=verdict, decided_at=now(), decided_by_name=actor.full_name,
            **{name: getattr(case, name) for name in PLACES},
        )
        return
    if not row.verdict:
        _count(-1, first, second)
    row.verdict, row.decided_at, row.decided_by_name = verdict, now(), actor.full_name
    row.save(only=[Likeness.verdict, Likeness.decided_at, Likeness.decided_by_name])


Other = Case.alias()


def undecided(person, *, of: int | None = None):
    """Return the query of the undecided pairs of open cases, of the person's area or `of` one case, newest first.

    The later case of each is one that the person may open; ask `pairs` for those whose other one is too.
    """
    query = (
        Likeness.select(Likeness, Case, Other).join(Case, on=(Likeness.case == Case.id))
        .join_from(Likeness, Other, on=(Likeness.other == Other.id), attr="other")
        .where(Likeness.verdict == "", Case.closed.is_null(), Other.closed.is_null(), *through_any(Reader.of(person)))
    )
    if of is not None:
        return query.where((Likeness.case == of) | (Likeness.other == of)).order_by(Likeness.score.desc(), Likeness.id)
    column, value = person.area
    return query if column == "line_id" else query.where(getattr(Likeness, column) == value)


def of_sight(person, rows: list[Likeness]) -> list[Likeness]:
    """Return those pairs of which the person may open the other case as well."""
    ids = {row.other_id for row in rows}
    seen = {key for (key,) in seen_by(person).select(Case.id).where(Case.id.in_(ids)).tuples()} if ids else set()
    return [row for row in rows if row.other_id in seen]


def tidy() -> str:
    """Look again at what came in lately, and forget pairs of which one is closed: the work of a night."""
    since = now() - datetime.timedelta(days=2)
    recent = Case.select(Case.id).where(Case.closed.is_null(), Case.opened > since).tuples()
    made = sum(look(key) for (key,) in list(recent))
    moot = (
        Likeness.select(Likeness.id, Likeness.case, Likeness.other).join(Case, on=(Likeness.case == Case.id))
        .join_from(Likeness, Other, on=(Likeness.other == Other.id), attr="other")
        .where(Likeness.verdict == "", Case.closed.is_null(False) | Other.closed.is_null(False))
    )
    with atomic():
        gone = list(moot.tuples())
        for key, case_id, other_id in gone:
            Likeness.delete().where(Likeness.id == key).execute()
            _count(-1, case_id, other_id)
    return f"新提示 {made} 对可能重复的件，清理 {len(gone)} 对已经办结的。"
