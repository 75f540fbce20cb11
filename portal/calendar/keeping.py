"""Changing the calendar: load a year, set one day apart, take that back. Each change is written to the audit record.

Open cases are computed anew after a change (`portal_calendar_changed`), each with an entry on its timeline and on the
list of what moved: the date on the screen is always the lawful one, and nobody finds it moved without a word.
"""

import secrets
from datetime import date

from flask import current_app, g

from portal import audit
from portal.calendar import days as known
from portal.calendar.days import Calendar
from portal.calendar.models import CalendarChange, CalendarDay, CalendarRevision, CalendarYear
from portal.calendar.official import OFF, Day, statutory, weekend_or
from portal.db import after_commit, atomic, now
from portal.registry import registry_of
from portal.values import Conflict, Refused

WORDS = {"off": "休", "work": "班"}


def load_year(year: int, days: dict[date, Day], source: str, person, *, provisional: bool = False) -> None:
    """Make `days` the official calendar of `year`; an earlier load of the same year is replaced as a whole.

    `person` is None where the program itself loads (a demo). The days were checked by `official.read_csv`.
    """
    with atomic():
        _changed()
        old = known.read()
        before = CalendarYear.get_or_none(CalendarYear.year == year)
        CalendarYear.delete().where(CalendarYear.year == year).execute()
        CalendarYear.create(
            year=year, source=source, provisional=provisional, loaded_at=now(), **_who(person),
            days={day.isoformat(): list(meaning) for day, meaning in sorted(days.items())},
        )
        audit.record(
            "calendar.load", "calendar_year", str(year),
            detail={
                "off": sum(meaning.kind == OFF for meaning in days.values()), "days": len(days),
                "provisional": provisional,
            },
            changes={"source": [before.source if before else None, source]},
        )
        _tell(old, f"{'暂按推算' if provisional else ''}载入 {year} 年：{source}", person)


def set_day(day: date, kind: str, name: str, person, version: int = 0) -> None:
    """Set `day` apart from the official calendar: `kind` "off" or "work", `name` says why.

    `version` is that of the row on screen, 0 if there was none. Raises Conflict if somebody changed the day in the
    meantime, Refused if it would change nothing.
    """
    with atomic():
        special = Calendar.load().special(day)
        _changed()
        old = known.read()
        row = _same_as_seen(day, version)
        if row is None and weekend_or(day, special) == (kind == "work"):
            raise Refused(f"{day} 按原安排就是“{WORDS[kind]}”，不用另外设置。", "kind")
        if row is None:
            CalendarDay.create(date=day, kind=kind, name=name, **_who(person))
        else:
            (CalendarDay.update(kind=kind, name=name, at=now(), version=row.version + 1, **_who(person))
             .where(CalendarDay.id == row.id).execute())
        audit.record("calendar.set_day", "calendar_day", day.isoformat(), changes={
            "kind": [row.kind if row else None, kind], "name": [row.name if row else None, name],
        })
        _tell(old, f"{day} 设为“{WORDS[kind]}”：{name}", person)


def remove_day(day: date, version: int, person=None) -> None:
    """Let the official calendar hold again for `day`. Raises Conflict if somebody changed it in the meantime."""
    with atomic():
        _changed()
        old = known.read()
        row = _same_as_seen(day, version)
        if row is None:
            raise Refused(f"{day} 没有单独设置，不用恢复。")
        row.delete_instance()
        audit.record("calendar.remove_day", "calendar_day", day.isoformat(), changes={
            "kind": [row.kind, None], "name": [row.name, None],
        })
        _tell(old, f"{day} 恢复原安排", person)


def estimate_year(year: int, person) -> None:
    """Load the statutory days of `year` as provisional, because the announcement is not out; raises Refused if known.

    Windows must go on taking in matters in December. What rests on it is marked 暂按推算 and computed anew as soon as
    the announcement is loaded.
    """
    with atomic():
        if year in known.read().years:
            raise Refused(f"{year} 年已经载入，不用再推算。")
        load_year(year, statutory(year), ESTIMATED, person, provisional=True)


#: What stands as the source of an estimated year.
ESTIMATED = "暂按推算：只有法定节假日，没有调休；通知发布前使用"


# -- what would come of a change -------------------------------------------------------------------------------------

def with_year(year: int, days: dict[date, Day], provisional: bool) -> Calendar:
    """Return the calendar as it would be with `year` loaded."""
    written = {day.isoformat(): list(meaning) for day, meaning in days.items()}
    return known.built({**known.loaded_years(), year: (written, provisional)}, known.overrides())


def with_day(day: date, kind: str, name: str) -> Calendar:
    """Return the calendar as it would be with `day` set apart."""
    return known.built(known.loaded_years(), {**known.overrides(), day: Day(kind, name)})


def without_day(day: date) -> Calendar:
    """Return the calendar as it would be without the setting of `day`."""
    return known.built(known.loaded_years(), {one: meaning for one, meaning in known.overrides().items() if one != day})


def preview(calendar: Calendar) -> list[str]:
    """Return sentences that say what would move under `calendar`; none where no working day differs."""
    if Calendar.load().differs(calendar) is None:
        return []
    return registry_of(current_app).values("portal_calendar_preview", calendar=calendar)


def _tell(old: Calendar, what: str, person) -> None:
    """Keep what changed between which days, and have everything computed anew that rests on them."""
    span = old.differs(known.read())
    if span is None:
        return
    CalendarChange.create(first=span[0], last=span[1], what=what[:200], **_who(person))
    registry = registry_of(current_app)
    after_commit(lambda: registry.collect("portal_calendar_changed"))


def _same_as_seen(day: date, version: int) -> CalendarDay | None:
    row = CalendarDay.get_or_none(CalendarDay.date == day)
    if (row.version if row else 0) != version:
        raise Conflict(row.by_name if row else "", f"改动了 {day}" if row else "", f"/calendar/days/{day}")
    return row


def _changed() -> None:
    """Give the calendar a new token. Done before the rows are read: on PostgreSQL a second change waits here.

    Nobody may load the calendar between this and the writing, or the old days would be kept under the new token.
    """
    token = secrets.token_hex(16)
    g.pop("calendar_token", None)
    (CalendarRevision.insert(id=1, token=token)
     .on_conflict(conflict_target=[CalendarRevision.id], update={CalendarRevision.token: token}).execute())


def _who(person) -> dict:
    return {"by": person.id, "by_name": person.name} if person is not None else {"by": None, "by_name": ""}
