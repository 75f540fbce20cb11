"""What an auditor looks for: the filters of the page and of the export, in one place."""

import datetime
import json
from dataclasses import dataclass, fields

from peewee import SQL, Cast

from portal.asked import day_of
from portal.audit import words
from portal.audit.models import AuditEntry
from portal.db import is_postgres, today

#: Words in details have no index: without a first day they are looked for in so many days.
TEXT_DAYS = 31


@dataclass(frozen=True)
class Wanted:
    """The filters as they were typed, "" for none; days as "2026-11-26"."""

    who: str = ""
    unit: str = ""
    action: str = ""
    object_type: str = ""
    object_id: str = ""
    result: str = ""
    address: str = ""
    text: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, arguments) -> "Wanted":
        return cls(**{one.name: arguments.get(one.name, "").strip()[:60] for one in fields(cls)})

    @property
    def kept(self) -> dict[str, str]:
        """Return those that are set."""
        return {name: value for name, value in vars(self).items() if value}

    def narrow(self, query):
        """Return `query` with the conditions of the filters."""
        entry = AuditEntry
        if self.action:
            of_room = self.action.endswith(".")
            query = query.where(
                entry.action.startswith(self.action) if of_room else entry.action == self.action
            )
        for column, value in ((entry.actor_name, self.who), (entry.unit_name, self.unit)):
            query = query.where(column.contains(value)) if value else query
        for column, value in ((entry.object_type, self.object_type), (entry.object_id, self.object_id)):
            query = query.where(column == value) if value else query
        if self.address:
            query = query.where(entry.address.startswith(self.address))
        if self.result in words.RESULTS:
            query = query.where(entry.result == self.result)
        since, until = self.first_day, day(self.until)
        if since:
            query = query.where(entry.at >= since)
        if until:
            query = query.where(entry.at < until + datetime.timedelta(days=1))
        return query.where(self._says()) if self.text else query

    @property
    def first_day(self):
        if self.text and not day(self.since):
            early = today() - datetime.timedelta(days=TEXT_DAYS)
            return datetime.datetime(early.year, early.month, early.day)
        return day(self.since)

    def _says(self):
        """The condition that details or changes hold the words; SQLite keeps JSON with its signs escaped."""
        sought = self.text if is_postgres() else json.dumps(self.text)[1:-1]
        return _text_of("detail").contains(sought) | _text_of("changes").contains(sought)


def _text_of(name: str):
    return Cast(SQL(f'"t1"."{name}"'), "TEXT")


def day(text: str):
    """Return the first moment of a day that was typed, None for what is none."""
    found = day_of(text)
    return datetime.datetime.combine(found, datetime.time()) if found else None
