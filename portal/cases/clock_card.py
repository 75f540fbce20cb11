"""The card “时限” on the page of a case: the period, its extension, its pauses. What is not there costs no query."""

from flask import url_for

from portal.calendar import Calendar
from portal.cases import extensions, pausing
from portal.cases.clock_forms import WithdrawForm
from portal.values import Deadline


def is_estimated(case) -> bool:
    """Tell whether the due moment rests on a year whose holidays are only estimated (`CalendarYear.provisional`)."""
    counts = case.limit_unit == "workday" or (case.limit_rolls and case.limit_unit != "hour")
    return case.due is not None and counts and case.due.year in Calendar.load().provisional


def of(case, person) -> dict | None:
    """Return what the card of `case` places for `person`; None where there is no period to speak of."""
    if case.limit_amount is None:
        return None
    requests = extensions.requests_of(case)
    mine = case.extension_asked is not None and requests[0].asked_by_id == person.id and person.may("cases.extend")
    return {
        "facts": _facts(case), "estimated": is_estimated(case), "requests": requests, "told": extensions.TOLD,
        "pauses": pausing.pauses_of(case), "note": _note(case, person), "buttons": _buttons(case, person),
        "withdraw": WithdrawForm(formdata=None, version=case.version) if mine else None,
    }


def _facts(case) -> list[tuple]:
    found = [("时限", str(case.limit)), ("起算", f"{case.clock_start:%Y-%m-%d %H:%M}")]
    if case.extended:
        found.append(("延长", str(Deadline(case.extended, case.limit_unit))))
    if case.due:
        found.append(("期限", f"{case.due:%Y-%m-%d %H:%M}"))
    return found


def _note(case, person) -> str:
    """Return why no extension can be asked for, for those with whom the case lies."""
    if not case.is_open or case.unit_id not in person.acts_for or not person.may("cases.extend"):
        return ""
    return extensions.refusal(case, person)


def _buttons(case, person) -> list[dict]:
    """Return what the person may do with the clock now."""
    offered = (
        (case.is_open and not extensions.refusal(case, person), "cases.extend", "申请延期", "calendar-event"),
        (case.extension_asked is not None and extensions.may_decide(case, person), "cases.extension", "审批延期",
         "clipboard-check"),
        (pausing.may_pause(case, person), "cases.pause", "停表", "player-pause"),
        (pausing.may_resume(case, person), "cases.resume", "恢复计时", "player-play"),
    )
    return [
        {"label": label, "url": url_for(endpoint, case_id=case.id), "icon": icon}
        for shown, endpoint, label, icon in offered if shown
    ]
