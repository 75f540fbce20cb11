"""The timeline of a case: entries that only grow, each sealed with the digest of the one before."""

import hashlib
import json

from peewee import chunked, fn

from portal.cases import tallies
from portal.cases.models import Case, CaseEvent
from portal.db import is_postgres
from portal.org.models import Unit
from portal.prepared import Prepared, PreparedModels, PreparedRows

SEALED = (
    "case_id", "seq", "at", "step", "title", "actor_id", "actor_name", "post_title", "unit_id", "unit_name",
    "from_state", "to_state", "holder_id", "holder_name", "text", "data",
)


_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def seal(entry: CaseEvent, before: str) -> str:
    """Return the digest of `entry`, which follows on an entry with the digest `before` ("" for the first)."""
    return digest_of(before, [str(entry.at) if name == "at" else getattr(entry, name) for name in SEALED])


def digest_of(before: str, values: list) -> str:
    """Return SHA-256 (hex, 64 characters) over the digest before and the fields in the order of SEALED.

    What is hashed is Python's `ascii` of one flat tuple: unambiguous, the same in every version, and an order of
    magnitude cheaper than JSON where millions are verified. The moment is text as the database shows it
    ("2026-11-26 09:30:00"); `data`, the last, is JSON with sorted keys, or where it holds nothing but the due moment
    that alone.
    """
    data = values[-1]
    values[-1] = ("due", data["due"]) if len(data) == 1 and "due" in data else _json(data)
    return hashlib.sha256(ascii((before, *values)).encode()).hexdigest()


def locked(case_id: int) -> Case:
    """Return the case for writing: on PostgreSQL others wait for it here, on SQLite the transaction has the lock.

    It is held by itself first and read afterwards: of a join PostgreSQL would look at the unit as it was before the
    waiting, and find no row at all where the one before handed the case to another unit.
    """
    if is_postgres():
        _hold(case=case_id)
    found = _held(case=case_id)
    if not found:
        raise Case.DoesNotExist(f"no case {case_id}")
    [case] = found
    tallies.held(case)
    case.lay_with = case.unit_id, case.person_id
    return case


_hold = Prepared(lambda slots: Case.select(Case.id).where(Case.id == slots.case).for_update())
_held = PreparedModels(lambda slots: Case.select(Case, Unit).join(Unit).where(Case.id == slots.case))
_last = Prepared(lambda slots: (
    CaseEvent.select(CaseEvent.seq, CaseEvent.digest).where(CaseEvent.case == slots.case)
    .order_by(CaseEvent.seq.desc()).limit(1)
))
_whole = PreparedRows(CaseEvent)


def append(case, actor, *, step: str, title: str, at, from_state: str, text: str = "", data=None) -> CaseEvent:
    """Write the next entry; must run in the transaction that holds the case, so that `seq` has no gap.

    The case must have been held with `locked`, or opened, in this transaction: the counters follow from how it stood.
    With what is said the entry seals who is responsible and until when, so that neither can be changed behind it.
    """
    if not tallies.is_held(case):
        raise RuntimeError("hold the case with timeline.locked() before it is changed")
    [(seq, before)] = _last(case=case.id) or [(0, "")]
    unit = actor.post.unit if actor.post else None
    data = {**(data or {}), "due": _moment(case.due)}
    # Whoever had it when it was taken up: what is handed on is done in their name as well.
    unit_id, person_id = getattr(case, "lay_with", (case.unit_id, case.person_id))
    if unit_id in actor.acts_for and (absent := actor.stands_in_for.get(person_id)):
        data["stands_in_for"] = absent
    entry = CaseEvent(
        county_id=case.county_id, case=case.id, seq=seq + 1, at=at, step=step, title=title,
        actor_id=actor.id, actor_name=actor.full_name, post_title=actor.post.title if actor.post else "",
        unit_id=unit.id if unit else None, unit_name=unit.name if unit else "",
        from_state=from_state, to_state=case.state,
        holder_id=case.unit_id, holder_name=case.unit.name,
        text=text, data=data,
    )
    entry.digest = seal(entry, before)
    _whole.insert(entry)
    return entry


def append_all(cases, actor, *, step: str, title: str, at, text: str = "", data=None) -> int:
    """Write one entry of the same kind for each of `cases`, which brings its responsible unit along; returns how many.
    Of a case only id, county, state, due moment and unit are asked.

    Like `append`, for what happens to thousands at once: the cases must be held (`tallies.hold_all`), and no state
    changes.
    """
    unit, number = actor.post.unit if actor.post else None, 0
    for some in chunked(cases, AT_ONCE):
        last = _last_of([case.id for case in some])
        for case in some:
            seq, before = last.get(case.id, (0, ""))
            entry = CaseEvent(
                county_id=case.county_id, case=case.id, seq=seq + 1, at=at, step=step, title=title[:60],
                actor_id=actor.id, actor_name=actor.full_name, post_title=actor.post.title if actor.post else "",
                unit_id=unit.id if unit else None, unit_name=unit.name if unit else "", from_state=case.state,
                to_state=case.state, holder_id=case.unit_id, holder_name=case.unit.name, text=text,
                data={**(data or {}), "due": _moment(case.due)},
            )
            entry.digest = seal(entry, before)
            _whole.insert(entry)
            number += 1
    return number


#: For how many cases the last entries are asked at once.
AT_ONCE = 1000


def _last_of(ids: list[int]) -> dict[int, tuple[int, str]]:
    """Return {case: (number, digest)} of the last entries of the cases `ids`."""
    ends = CaseEvent.select(CaseEvent.case, fn.MAX(CaseEvent.seq).alias("seq")).where(
        CaseEvent.case.in_(ids)).group_by(CaseEvent.case).alias("ends")
    query = CaseEvent.select(CaseEvent.case, CaseEvent.seq, CaseEvent.digest).join(
        ends, on=(CaseEvent.case == ends.c.case_id) & (CaseEvent.seq == ends.c.seq))
    return {key: (seq, digest) for key, seq, digest in query.tuples()}


def stands(case) -> tuple:
    """Return what the last entry must say of `case`: its state, its responsible unit, its due moment."""
    return case.state, case.unit_id, _moment(case.due)


def said(entry: CaseEvent) -> tuple:
    """Return what `entry` says of its case, as `stands` returns it."""
    return entry.to_state, entry.holder_id, entry.data.get("due")


def _moment(value) -> str | None:
    return value.isoformat() if value else None


_entries = PreparedModels(
    lambda slots: CaseEvent.select().where(CaseEvent.case == slots.case).order_by(CaseEvent.seq)
)


def entries(case) -> list[CaseEvent]:
    return _entries(case=case.id)


def broken_at(case_id: int) -> int | None:
    """Return the `seq` of the first entry whose seal does not hold, or None: what happened stays written."""
    before = ""
    rows = CaseEvent.select().where(CaseEvent.case == case_id).order_by(CaseEvent.seq)
    for expected, entry in enumerate(rows, 1):
        if entry.seq != expected or entry.digest != seal(entry, before):
            return expected
        before = entry.digest
    return None
