"""The clock of a case: when it is due, why it stands still, and the light that time alone turns."""

from portal.calendar import Calendar, Span, due_at, due_with_pauses, light
from portal.cases.models import Pause
from portal.cases.settings import shades
from portal.db import now
from portal.values import Deadline, Refused


def start(case, limit: Deadline, at) -> None:
    """Start a new period of `limit` at the moment `at`; an earlier period and its pauses end with it."""
    case.limit_amount, case.limit_unit, case.limit_rolls = limit.amount, limit.unit, limit.roll
    case.clock_start = at
    case.paused_at, case.pause_reason = None, ""
    case.due = due_at(limit, at, Calendar.load())


def pause(case, reason: str, at) -> None:
    """Let the clock stand still for a lawful reason; the case has no due moment until it runs again."""
    if not reason.strip():
        raise Refused("停表必须写明法定理由。")
    case.paused_at, case.pause_reason, case.due = at, reason[:100], None
    case.halted = True
    Pause.create(county_id=case.county_id, case=case.id, since=at, reason=reason[:200])


def resume(case, at) -> None:
    """Let the clock run again; the time it stood still is not counted (行政许可法第四十五条)."""
    (Pause.update(until=at).where(Pause.case == case.id, Pause.until.is_null()).execute())
    case.paused_at, case.pause_reason = None, ""
    spans = [
        Span(pause.since, pause.until)
        for pause in Pause.select().where(Pause.case == case.id, Pause.since >= case.clock_start)
    ]
    case.due = due_with_pauses(case.limit, case.clock_start, spans, Calendar.load())


def stop(case) -> None:
    """End the clock: nothing is due any more."""
    (Pause.update(until=now()).where(Pause.case == case.id, Pause.until.is_null()).execute())
    case.due, case.paused_at, case.pause_reason = None, None, ""


def light_of(case, at=None):
    """Return the light of `case` (any row with the clock columns): tone, text and percent."""
    return light(
        at or now(), case.clock_start or case.opened, case.due,
        paused=case.pause_reason if case.paused_at else None, opened=case.opened, closed=case.closed,
        calendar=Calendar.load() if case.limit_unit == "workday" else None, **shades(),
    )
