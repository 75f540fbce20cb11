"""Prepares the rows of the overdue list: whose turn it is, since when, how late, how often somebody pressed for it."""

import csv
import io
from typing import NamedTuple

from markupsafe import Markup

from portal.calendar import Calendar
from portal.cases.clock import light_of
from portal.cases.kinds import kinds
from portal.cases.supervision.escalation import days_over
from portal.cases.supervision.models import COLOURS
from portal.cases.supervision.overdue import late_text, waiting_since
from portal.cases.supervision.reach import above
from portal.cases.supervision.rules import rules_of
from portal.db import now
from portal.render import day, light_bar

#: The tone in which the page draws each colour. Red is 朱, orange 麦, blue 靛: the word stands beside it.
TONES = {"blue": "info", "orange": "warn", "red": "over"}


class Row(NamedTuple):
    """One case of the overdue list."""

    id: int
    url: str
    number: str
    title: str
    kind: str
    place: str
    unit: str
    person: str
    unassigned: bool
    stage: str
    since: str
    due: str
    late: str
    bar: Markup
    overdue: bool
    colour: str
    tone: str
    may_raise: bool
    reminded: int
    supervised: int
    instructed: int
    choosable: bool


def prepared(cases, person) -> list[Row]:
    """Return the rows, in the order of `cases`; one query for all of them."""
    since, at, known, calendar = waiting_since(cases), now(), kinds(), Calendar.load()
    return [_row(case, known.get(case.kind), since.get(case.id, case.opened), person, at, calendar) for case in cases]


def _row(case, kind, since, person, at, calendar) -> Row:
    state = kind.workflow.state(case.state) if kind else None
    days, overdue = days_over(case, at), case.due is not None and at > case.due
    held = rules_of(case.kind, case.county_id, case.town_id)
    colour = held.colour(days) if overdue else ""
    return Row(
        case.id, f"/cases/{case.id}", case.number, case.title, kind.title if kind else "",
        case.place.short if getattr(case, "place", None) else "", case.unit.short,
        case.person.full_name if case.person_id else "待指定", not case.person_id, state.title if state else case.state,
        day(since, at.year), f"{day(case.due, at.year)} {case.due:%H:%M}" if case.limit_unit == "hour" else
        day(case.due, at.year), late_text(case, at, calendar), light_bar(light_of(case, at)), overdue, colour,
        TONES.get(colour, ""), overdue and days >= held.escalate_days, case.reminded, case.supervised, case.instructed,
        above(person, case),
    )


def grouped(rows: list[Row]) -> list[dict]:
    """Return the rows by whose turn it is, whoever has the longest overdue first."""
    found: dict[str, dict] = {}
    for row in rows:
        group = found.setdefault(row.unit, {"unit": row.unit, "rows": []})
        group["rows"].append(row)
    return list(found.values())


HEADINGS = (
    "编号", "事由", "种类", "地点", "现由单位", "承办人", "环节", "自何日起", "期限", "超期", "建议", "催办次数",
    "在督办单", "待反馈批示",
)


def as_csv(rows: list[Row], most: int) -> str:
    """Return the list as a table for spreadsheets: with a BOM, and no cell that one would take for a formula. Where it
    ends at `most` rows, it says so."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    for row in rows:
        advice = "、".join(word for word in (COLOURS.get(row.colour), "提级" if row.may_raise else "") if word)
        writer.writerow([plain(cell) for cell in (
            row.number, row.title, row.kind, row.place, row.unit, row.person, row.stage, row.since, row.due, row.late,
            advice, row.reminded, row.supervised, row.instructed,
        )])
    if len(rows) == most:
        writer.writerow([f"（最多导出 {most} 件，后面的没有列出；请加筛选条件再导出）"])
    return "\ufeff" + text.getvalue()


def plain(cell):
    """Return a cell that stays what it is: a text that begins like a formula gets an apostrophe (OWASP, CSV injection).
    """
    starts = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(starts) else cell
