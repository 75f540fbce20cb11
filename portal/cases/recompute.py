"""Due moments computed anew after the calendar changed: in batches, in the order of the cases, taken up where they end.

Each batch is one transaction with what it moved, the timeline and how far it came, so a crash loses nothing and does
nothing twice. Only running clocks that look at working days between the changed days are touched; who resumes, extends
or begins a period in the meantime computes by the new calendar anyway. A date is never moved back to a moment that
has passed: nobody may be late by an order of today. Such a case keeps its date and stands on the list as kept.
"""

import time
from datetime import datetime

from peewee import fn

from portal import notify
from portal.accounts.person import SYSTEM
from portal.calendar import Calendar, CalendarMissing, Span
from portal.calendar.models import CalendarChange
from portal.cases import clock, tallies, timeline
from portal.cases.clock_models import DueMove, Pause
from portal.cases.models import Case
from portal.db import atomic, is_postgres, now
from portal.org.models import Unit

TOPIC = "cases.due_moved"
BATCH = 200


def touched(first, last) -> tuple:
    """Return the conditions of the cases whose due moment may move when days from `first` to `last` change."""
    counts = (Case.limit_unit == "workday") | ((Case.limit_rolls == True) & (Case.limit_unit != "hour"))  # noqa: E712
    begin, end = datetime.combine(first, datetime.min.time()), datetime.combine(last, datetime.max.time())
    return (
        Case.closed.is_null(), Case.due >= begin, Case.clock_start <= end, Case.limit_amount.is_null(False), counts,
    )


def moved_to(case, spans, calendar: Calendar, moment):
    """Return (new due moment, kept) of a running case; (None, False) where nothing moves.

    `kept`: the new date has passed already, so the case keeps the one that it has.
    """
    try:
        due = clock.due_of(case, spans, calendar)
    except CalendarMissing:  # a year is never unloaded; should it happen, the date that was promised stays
        return None, False
    if due == case.due:
        return None, False
    return due, due < moment and due < case.due


def foreseen(calendar: Calendar) -> dict[str, int]:
    """Return how many open cases would be due "later" and "earlier" under `calendar`, and how many would be "kept"."""
    found, span = {"later": 0, "earlier": 0, "kept": 0}, Calendar.load().differs(calendar)
    if span is None:
        return found
    moment, cursor = now(), 0
    while rows := _next(span, cursor, 1000):
        pauses, cursor = _pauses(rows), rows[-1].id
        for case in rows:
            due, kept = moved_to(case, pauses.get(case.id, ()), calendar, moment)
            if due is not None:
                found["kept" if kept else "later" if due > case.due else "earlier"] += 1
    return found


def work(seconds: float = 2.0) -> int:
    """Work off the changes of the calendar in their order, for so many seconds; return how many cases it looked at."""
    until, looked = time.monotonic() + seconds, 0
    while (change := _oldest()) is not None:
        looked += _batch(change.id)
        if time.monotonic() > until:
            break
    return looked


def _oldest() -> CalendarChange | None:
    undone = CalendarChange.select(CalendarChange.id).where(CalendarChange.done_at.is_null())
    return undone.order_by(CalendarChange.id).first()


def left(change: CalendarChange) -> int:
    """Return how many cases of the change are still to be looked at."""
    if change.done_at is not None:
        return 0
    return Case.select().where(*touched(change.first, change.last), Case.id > change.cursor).count()


def _batch(change_id: int) -> int:
    with atomic():
        query = CalendarChange.select().where(CalendarChange.id == change_id)
        change = (query.for_update() if is_postgres() else query).get()
        if change.done_at is not None:  # another worker was faster
            return 0
        rows = _next((change.first, change.last), change.cursor, BATCH, hold=True)
        pauses, calendar, moment = _pauses(rows), Calendar.load(), now()
        for case in rows:
            due, kept = moved_to(case, pauses.get(case.id, ()), calendar, moment)
            if due is not None:
                change.moved += not kept
                _move(case, due, kept, change, moment)
        change.looked += len(rows)
        change.cursor = rows[-1].id if rows else change.cursor
        if len(rows) < BATCH:
            change.done_at = moment
            _tell(change)
        change.save()
    return len(rows)


def _next(span: tuple, cursor: int, size: int, hold: bool = False) -> list[Case]:
    """Return the next cases that may move, in the order of their ids, held for writing where wanted: by themselves
    first and read afterwards, for the reason that `timeline.locked` gives."""
    wanted, ordered = (*touched(*span), Case.id > cursor), Case.id
    if hold and is_postgres():
        ids = [row.id for row in Case.select(Case.id).where(*wanted).order_by(ordered).limit(size).for_update()]
        wanted = (Case.id.in_(ids or [0]),)
    return list(Case.select(Case, Unit).join(Unit).where(*wanted).order_by(ordered).limit(size))


def _pauses(cases: list[Case]) -> dict[int, list[Span]]:
    """Return the ended pauses of the running periods of `cases` by the case's id."""
    starts = {case.id: case.clock_start for case in cases if case.pauses}
    if not starts:
        return {}
    found = {}
    query = Pause.select(Pause.case, Pause.since, Pause.until).where(
        Pause.case.in_(list(starts)), Pause.until.is_null(False))
    for case_id, since, until in query.tuples():
        if since >= starts[case_id]:
            found.setdefault(case_id, []).append(Span(since, until))
    return found


def _move(case: Case, due, kept: bool, change: CalendarChange, moment) -> None:
    DueMove.create(
        county_id=case.county_id, change_id=change.id, case=case.id, old=case.due, new=due, kept=kept,
        unit=case.unit_id, person_id=case.person_id,
    )
    if kept:
        return
    tallies.held(case)
    old, case.due = case.due, due
    case.save(only=[Case.due])
    timeline.append(
        case, SYSTEM, step="recompute", title="日历调整", at=moment, from_state=case.state,
        text=f"日历调整（{change.what}），期限由 {old:%Y-%m-%d} 改为 {due:%Y-%m-%d}。",
    )


def _tell(change: CalendarChange) -> None:
    """Tell each person, and each unit for what nobody in it has yet, how many of their dates moved."""
    moves = DueMove.select().where(DueMove.change_id == change.id, DueMove.kept == False)  # noqa: E712
    url = f"/cases/due-moves/{change.id}"
    for column, mine in ((DueMove.person_id, True), (DueMove.unit, False)):
        rows = moves.where(DueMove.person_id.is_null(not mine)).select(
            column, DueMove.county_id, fn.COUNT(DueMove.id)).group_by(column, DueMove.county_id).tuples()
        units = {} if mine else {unit.id: unit for unit in Unit.select().where(Unit.id.in_([row[0] for row in rows]))}
        for key, county_id, count in rows:
            title = f"日历调整，{count} 件的期限有变动"
            if mine:
                notify.send([key], TOPIC, title, url, change.what, county_id=county_id)
            else:
                notify.send_to_unit(units[key], TOPIC, title, url, change.what, permissions=("cases.note",))
