"""Prepares what lists and desks show of a case, so that the templates only place it."""

from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from portal.calendar import Calendar, Light, light
from portal.cases.clock import standing_still
from portal.cases.kinds import kinds
from portal.cases.settings import shades
from portal.db import now
from portal.render import day, light_bar

TONES = {"new": "warn", "accepted": "info", "handling": "teal", "paused": "info", "answered": "teal", "closed": "ok",
         "cancelled": "info"}


class Row(NamedTuple):
    """One case in a list. A named tuple, because templates read fifty of them and its fields are found at once."""

    id: int
    url: str
    number: str
    title: str
    applicant: str
    kind: str
    icon: str
    tint: str
    stage: str
    tone: str
    verb: str
    light: Light
    bar: Markup
    overdue: bool
    day: str
    unit: str
    place: str
    person: str
    #: For whom the reader acts in it while they are away.
    behalf: str = ""


def prepared(rows, stands_in_for=None) -> list[Row]:
    """Return the rows of a query of `asking.columns`, ready to be placed; `stands_in_for` as Person has it."""
    moment, known, calendar = now(), kinds(), Calendar.load()
    found = [_row(row, known.get(row.kind), moment, calendar) for row in rows]
    if not stands_in_for:
        return found
    names = (stands_in_for.get(row.person_id, "") for row in rows)
    return [row._replace(behalf=name) for row, name in zip(found, names, strict=True)]


def _row(row, kind, moment: datetime, calendar: Calendar) -> Row:
    shown = standing_still(row, moment.date()) or light(
        moment, row.clock_start or row.opened, row.due, paused=row.pause_reason if row.paused_at else None,
        opened=row.opened, closed=row.closed, calendar=calendar if row.limit_unit == "workday" else None, **shades(row),
    )
    state = kind.workflow.state(row.state) if kind else None
    stage, tone, verb = state.title if state else row.state, TONES[row.phase], state.verb if state else "查看"
    if row.unsigned and row.closed is None:
        stage, tone, verb = "待签收", "warn", "签收"
    return Row(
        row.id, f"/cases/{row.id}", row.number, row.title, row.applicant,
        kind.title if kind else "", kind.icon if kind else "file-text", kind.tint if kind else "teal",
        stage, "over" if shown.overdue else tone, verb, shown, light_bar(shown), shown.overdue,
        day(row.opened, moment.year), row.unit, row.place or "", row.person or "",
    )
