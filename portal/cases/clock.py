"""The clock of a case: when it is due, why it stands still, and the light that time alone turns."""

import datetime

from portal.calendar import Calendar, Light, Span, due_at, due_extended, light
from portal.cases.clock_models import Extension, Pause
from portal.cases.models import Case
from portal.cases.reasons import REASONS
from portal.cases.settings import shades
from portal.db import now
from portal.values import Deadline, Refused


def start(case, limit: Deadline, at, by=None) -> None:
    """Start a new period of `limit` at the moment `at`; an earlier period, its pauses and requests end with it."""
    _end_pause(case, at, by)
    drop_request(case, at)
    case.limit_amount, case.limit_unit, case.limit_rolls = limit.amount, limit.unit, limit.roll
    case.clock_start, case.extended = at, 0
    case.due = due_at(limit, at, Calendar.load())


def pause(case, reason: str, at, *, kind: str = "", evidence: str = "", until_expected=None, by=None) -> None:
    """Let the clock stand still for a lawful reason; the case has no due moment until it runs again.

    `kind` names the reason in REASONS, `until_expected` is the day on which it should be over.
    """
    if not reason.strip():
        raise Refused("停表必须写明法定理由。")
    if case.paused_at is not None:
        raise Refused(f"这件事已经停表（{case.pause_reason}），请先恢复计时，再因别的理由停表。")
    case.paused_at, case.pause_reason, case.due = at, reason[:100], None
    case.halted = True
    case.resume_by, case.pauses = until_expected, (case.pauses or 0) + 1
    Pause.create(
        county_id=case.county_id, case=case.id, since=at, reason=reason[:200], kind=kind,
        law=REASONS[kind].law if kind else "", evidence=evidence[:500], until_expected=until_expected,
        by_name=by.full_name if by else "",
    )


def resume(case, at, by=None) -> None:
    """Let the clock run again; the time it stood still is not counted (行政许可法第四十五条)."""
    _end_pause(case, at, by)
    case.due = due_of(case, spans_of(case), Calendar.load())


def stop(case, by=None) -> None:
    """End the clock: nothing is due any more, and no request is open."""
    at = now()
    _end_pause(case, at, by)
    drop_request(case, at)
    case.due = None


def _end_pause(case, at, by) -> None:
    if case.paused_at is not None:
        ended = {"until": at, "ended_by": by.full_name if by else ""}
        Pause.update(**ended).where(Pause.case == case.id, Pause.until.is_null()).execute()
    case.paused_at, case.pause_reason, case.resume_by = None, "", None


def drop_request(case, at, state: str = "moot") -> None:
    """Close an open request for an extension that nobody has to decide any more; asks nothing where there is none."""
    if case.extension_asked is not None:
        open_ones = Extension.case == case.id, Extension.state == "asked"
        Extension.update(state=state, decided_at=at).where(*open_ones).execute()
        case.extension_asked, case.extension = None, state


def spans_of(case) -> list[Span]:
    """Return the pauses of the period that runs."""
    if not case.pauses:
        return []
    query = Pause.select(Pause.since, Pause.until).where(
        Pause.case == case.id, Pause.since >= case.clock_start, Pause.until.is_null(False)
    )
    return [Span(*row) for row in query.tuples()]


def due_of(case, spans, calendar: Calendar):
    """Return when the running period of `case` ends by `calendar`, computed anew from what is recorded."""
    return due_extended(case.limit, case.clock_start, spans, case.extended, calendar)


def standing_still(case, today: datetime.date) -> Light | None:
    """Return the light of a clock that stands still longer than its reason was expected to last, else None."""
    if case.resume_by is None or case.resume_by >= today:
        return None
    return Light("warn", f"应恢复计时：{case.pause_reason}", 100, paused=True)


def light_of(case, at=None):
    """Return the light of `case` (any row with the clock columns): tone, text and percent."""
    moment = at or now()
    return standing_still(case, moment.date()) or light(
        moment, case.clock_start or case.opened, case.due,
        paused=case.pause_reason if case.paused_at else None, opened=case.opened, closed=case.closed,
        calendar=Calendar.load() if case.limit_unit == "workday" else None, **shades(case),
    )


#: What `light_of` and the acts here change of a case.
CLOCK_FIELDS = (
    Case.due, Case.paused_at, Case.pause_reason, Case.resume_by, Case.pauses, Case.extended, Case.extension,
    Case.extension_asked, Case.version, Case.late, Case.halted,
)
