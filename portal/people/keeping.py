"""Why what is known of a resident is kept and until when, and who is kept for no reason any more.

个人信息保护法第十九条: as short as the purpose needs; 第四十七条: what is no longer needed is deleted. A job looks for
those whose last reason has ended; a person decides.
"""

import datetime
import logging
from dataclasses import dataclass

from flask import current_app

from portal import audit, notify
from portal.accounts.models import Post, Role
from portal.db import atomic, now, today
from portal.org.models import Unit
from portal.org.settings import setting
from portal.people.models import Resident
from portal.registry import registry_of
from portal.values import Refused

log = logging.getLogger(__name__)

#: So many residents are looked at in one night, the longest not looked at first, and so many in one transaction.
A_NIGHT, AT_ONCE = 20_000, 200
#: Where a reason goes on, it is asked for again after this; a reason may also end earlier than it said. Who is listed
#: may get a new reason any day.
AGAIN, LISTED_AGAIN = datetime.timedelta(days=90), datetime.timedelta(days=7)
AT_LATEST = datetime.timedelta(days=180)
LONGER = datetime.timedelta(days=365)


@dataclass(frozen=True)
class Reason:
    """One reason to keep, and which room or plugin has it; `until` is None while it goes on."""

    owner: str
    title: str
    until: datetime.date | None

    def holds(self, day: datetime.date) -> bool:
        return self.until is None or self.until >= day

    @property
    def until_title(self) -> str:
        return self.until.isoformat() if self.until else "仍在继续"


def reasons(resident: Resident) -> list[Reason]:
    """Return all reasons, the longest first. Raises Refused where a plugin cannot say: that is not a no."""
    found = registry_of(current_app).collect("portal_resident_uses", or_refuse=True, resident=resident)
    made = [Reason(plugin.title, use.title, use.until) for plugin, use in found]
    return sorted(made, key=lambda one: one.until or datetime.date.max, reverse=True)


def holding(resident: Resident) -> list[Reason]:
    """Return the reasons for which the resident must be kept today."""
    return [one for one in reasons(resident) if one.holds(today())]


def review(most: int = A_NIGHT) -> str:
    """Look at the residents whose turn it is; list those without a reason, and tell who decides on them."""
    looked, listed = 0, {}
    while looked < most and (batch := _due(min(AT_ONCE, most - looked))):
        looked += len(batch)
        days = [_days(resident) for resident in batch]  # many queries, so before anything is locked
        with atomic():
            for resident, (review_on, expired_on) in zip(batch, days, strict=True):
                written = Resident.update(review_on=review_on, expired_on=expired_on).where(
                    Resident.id == resident.id, Resident.version == resident.version
                ).execute()
                if written and expired_on and not resident.expired_on:
                    listed[resident.county_id] = listed.get(resident.county_id, 0) + 1
    for county_id, number in listed.items():
        _tell(county_id, number)
    return f"查看 {looked} 位居民，{sum(listed.values())} 位的保存期限已满，等人确认清理。"


def _due(number: int) -> list[Resident]:
    """Return whom nobody looked at yet, then whose day has come; each from the index of days."""
    for condition in (Resident.review_on.is_null(), Resident.review_on <= today()):
        query = Resident.select().where(condition, Resident.merged_into.is_null(), Resident.erased_at.is_null())
        if found := list(query.order_by(Resident.review_on, Resident.id).limit(number)):
            return found
    return []


def _days(resident: Resident) -> tuple[datetime.date, datetime.date | None]:
    """Return when to look at the resident again, and the day on which the last reason ended, if it has."""
    day = today()
    try:
        found = reasons(resident)
    except Refused as refused:
        log.error("resident %s could not be reviewed: %s", resident.id, refused.sentence)
        return day + datetime.timedelta(days=1), resident.expired_on
    if any(one.until is None for one in found):
        return day + AGAIN, None
    idle = resident.updated.date() + datetime.timedelta(days=setting("people.idle_days", resident.county_id))
    last = max([idle, *(one.until for one in found)])
    if last < day:
        return day + LISTED_AGAIN, last
    return min(last + datetime.timedelta(days=1), day + AT_LATEST), None


def _tell(county_id: int, number: int) -> None:
    title = f"{number} 位居民的资料保存期限已满，请确认清理"
    people = [
        post.user_id for post in Post.select(Post, Role, Unit).join(Role).join_from(Post, Unit).where(
            Unit.county_id == county_id, Unit.level.in_(("county", "department")), Unit.town_id.is_null(),
            Unit.reach == "area", Post.valid_from <= today(), Post.valid_to.is_null() | (Post.valid_to >= today()),
        ) if "people.erase" in post.role.permissions
    ]
    with atomic():
        notify.send(people, "people.expired", title, "/people/expired", county_id=county_id)


def expired(person):
    """Return the query of the residents in the person's area whose last reason has ended."""
    return Resident.seen_by(person).where(Resident.expired_on.is_null(False))


def keep_longer(resident: Resident, person) -> None:
    """Take a resident from the list for a year, because somebody knows a reason that the portal does not."""
    Resident.update(expired_on=None, review_on=today() + LONGER, updated=now()).where(
        Resident.id == resident.id).execute()
    audit.record("people.keep_longer", "resident", resident.id, actor=person)
