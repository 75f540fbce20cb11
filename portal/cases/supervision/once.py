"""What the jobs have told stands in `cases_told`, so that running one twice tells once."""

import datetime

from peewee import chunked

from portal.calendar import Calendar
from portal.cases.supervision.models import Told
from portal.org.models import Unit

KEPT_DAYS = 90
#: Told once in the life of a due moment, however long ago that was: kept until the case is not late any more.
LASTING = "cases.escalation"
#: So many are told or pressed for in one transaction: on SQLite every clerk who writes waits for its end.
TOGETHER = 100


def first_time(topic: str, about: str, on: datetime.date) -> bool:
    """Note that `about` is told of `topic` for the day `on`; False where that was so already."""
    return bool(Told.insert(topic=topic, about=about, on=on).on_conflict_ignore().as_rowcount().execute())


def first_times(topic: str, told: dict[str, datetime.date]) -> set[str]:
    """Do the same for several, {what is told about: the day}; return those that were not told before."""
    found = set()
    for some in chunked(told.items(), 1000):
        rows = [(topic, about, on) for about, on in some]
        new = Told.insert_many(rows, (Told.topic, Told.about, Told.on)).on_conflict_ignore().returning(Told.about)
        found.update(row.about for row in new.execute())
    return found


def forget(day: datetime.date) -> None:
    """Forget what was told so long ago that nothing asks for it any more."""
    Told.delete().where(Told.on < day - datetime.timedelta(days=KEPT_DAYS), Told.topic != LASTING).execute()


def forget_but(known: set[str], day: datetime.date) -> None:
    """Forget what lasts of all but those in `known`."""
    old = Told.select(Told.about, Told.on).where(
        Told.topic == LASTING, Told.on < day - datetime.timedelta(days=KEPT_DAYS))
    for about, on in list(old.tuples()):
        if about not in known:
            Told.delete().where(Told.topic == LASTING, Told.about == about, Told.on == on).execute()


def counties() -> list[Unit]:
    return list(Unit.select().where(Unit.level == "county", Unit.valid_to.is_null()).order_by(Unit.id))


def is_day_off(day: datetime.date) -> bool:
    calendar = Calendar.load()
    return calendar.is_known(day, day) and not calendar.is_workday(day)
