"""What waits for a person: the open cases of the units that their post acts for, the most urgent first."""

import datetime
import functools
from dataclasses import dataclass, field

from flask import g
from flask_login import current_user
from peewee import SQL, Value, fn
from peewee import Case as When

from portal.access import who_asks
from portal.cases.asking import Found, columns
from portal.cases.lens import Reader, of_kinds, through, unrestricted
from portal.cases.models import Assist, Case, CaseEvent
from portal.cases.rows import Row, prepared
from portal.db import now
from portal.prepared import Prepared

#: The parts of the desk. Who only watches over an area has one: what is most urgent in it.
PARTS = {"mine": "待处理", "assists": "协办", "paused": "已停表", "others": "同事在办", "done": "已办"}
WATCHED = {"area": "辖区最急"}


def parts_of(person) -> dict[str, str]:
    """Return the parts of the desk that the person has: leaders take no steps, so nothing waits for them."""
    return PARTS if person.may("cases.note") else WATCHED


@dataclass
class Waiting:
    """How many open cases lie with the person's units: by part of the desk, by kind, overdue, due by tomorrow."""

    parts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("mine", "assists", "paused", "others"), 0))
    kinds: dict[str, int] = field(default_factory=dict)
    overdue: int = 0
    today: int = 0
    soon: int = 0


def waiting(person) -> Waiting:
    """Count what waits for `person`, in one query over the index of open cases by unit."""
    found = Waiting()
    if person.post is None or not person.acts_for:
        return found
    reader, moment = Reader.of(person), now()
    tonight = datetime.datetime.combine(moment.date(), datetime.time(23, 59, 59))
    rows = _counted(reader.shape)(
        **reader.values, now=moment, today=moment.date(), tonight=tonight, tomorrow=tonight + datetime.timedelta(days=1)
    )
    for kind, name, count, overdue, today, soon in rows:
        found.parts[name] += count
        if name == "mine":
            found.kinds[kind] = found.kinds.get(kind, 0) + count
            found.overdue, found.today, found.soon = found.overdue + overdue, found.today + today, found.soon + soon
    return found


@functools.lru_cache(maxsize=200)
def _counted(shape: tuple) -> Prepared:
    def build(slots):
        reader = Reader.in_slots(shape, slots)
        own = (
            Case.select(
                Case.kind, _part(reader, slots.today).alias("part"), fn.COUNT(Case.id), _number(Case.due < slots.now),
                _number(Case.due.between(slots.now, slots.tonight)),
                _number(Case.due.between(slots.now, slots.tomorrow)),
            )
            .where(*_open(reader)).group_by(Case.kind, SQL("part"))
        )
        asked = (
            Case.select(Case.kind, Value("assists"), fn.COUNT(Case.id), Value(0), Value(0), Value(0))
            .join(Assist, on=(Assist.case == Case.id)).where(*_asked(reader)).group_by(Case.kind)
        )
        return own.union_all(asked)

    return Prepared(build)


def waiting_here() -> Waiting:
    """Return what waits for the signed-in person; asked once for each request, by the menu and by the page."""
    if "waiting" not in g:
        g.waiting = waiting(who_asks())
    return g.waiting


def segments(chosen: str, url) -> list[dict]:
    """Return the switch between the parts of the desk; `url(part)` is where one is shown."""
    counts = waiting_here().parts
    return [
        {"label": label, "count": counts.get(part), "url": url(part), "active": part == chosen}
        for part, label in parts_of(current_user).items()
    ]


def rows(person, part: str = "mine", limit: int = 50) -> list[Row]:
    """Return the rows of one part of the desk, what is due first at the top; those who are done newest first."""
    if person.post is None or not person.acts_for:
        return []
    reader = Reader.of(person)
    values = {**reader.values, "since": now() - datetime.timedelta(days=90), "today": now().date()}
    found = prepared(_rows(reader.shape, part, limit)(**values), person.stands_in_for)
    verb = {"area": "查看", "assists": "协办"}.get(part)
    return [row._replace(verb=verb) for row in found] if verb else found


@functools.lru_cache(maxsize=500)
def _rows(shape: tuple, part: str, limit: int) -> Prepared:
    def build(slots):
        reader = Reader.in_slots(shape, slots)
        if part == "area":
            area = through("area", reader), of_kinds(reader), unrestricted(reader)
            query = columns().where(*area, Case.closed.is_null(), Case.due.is_null(False)).order_by(Case.due, Case.id)
        elif part == "done":
            query = columns().where(*_done(reader, slots.since)).order_by(Case.closed.desc(), Case.id.desc())
        elif part == "assists":
            query = columns(Assist.asked_at, Assist.due).join_from(Case, Assist, on=(Assist.case == Case.id))
            query = query.where(*_asked(reader)).order_by(Assist.due, Case.id)
        else:
            # What should run again stands above what is due first: it has no date that would ever make it urgent.
            first = Case.paused_at if part == "paused" else Case.due.asc(nulls="FIRST")
            lying = Case.select(Case.id).where(*_open(reader), _part(reader, slots.today) == part)
            if part != "paused":
                # Chosen from the index of what is open alone: asked for whole rows of several units, SQLite would go
                # through all that ever lay with them.
                lying = lying.order_by(first, Case.id).limit(limit)
            query = columns().where(Case.id.in_(lying)).order_by(first, Case.id)
        return query.limit(limit)

    return Prepared(build, Found)


def _number(condition):
    return fn.COALESCE(fn.SUM(When(None, ((condition, 1),), 0)), 0)


def _open(reader: Reader) -> tuple:
    return through("unit", reader), Case.closed.is_null(), of_kinds(reader), unrestricted(reader)


def _asked(reader: Reader) -> tuple:
    """Return the conditions of the cases, joined with their assists, in which a unit of the reader's owes an answer."""
    return through("unit", reader, Assist.unit), Assist.ended.is_null(), of_kinds(reader), unrestricted(reader)


def _part(reader: Reader, today):
    """Return the expression that says on which part of the desk an open case lies: what nobody has yet is mine too.

    A clock that stands still longer than expected waits for somebody again.
    """
    mine = (Case.person == reader.me) if len(reader.mine) == 1 else Case.person.in_(reader.mine)
    others = Case.person.is_null(False) & ~mine
    still = Case.due.is_null() & (Case.resume_by.is_null() | (Case.resume_by >= today))
    return When(None, ((still, "paused"), (others, "others")), "mine")


def _done(reader: Reader, since) -> tuple:
    """Return the conditions of the closed cases in which the person took a step since then."""
    steps = CaseEvent.select(CaseEvent.case).where(CaseEvent.actor_id == reader.me, CaseEvent.at >= since)
    any_lens = through("area", reader) | through("unit", reader)
    return any_lens, Case.closed >= since, Case.id.in_(steps), of_kinds(reader), unrestricted(reader)
