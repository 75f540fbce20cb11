"""Announcements: a county speaks to its towns, villages and departments, a town to its villages, nobody to neighbours.

A unit has read an announcement once the first person with a post there has opened it. Which person, and when, is not
kept: the receipt is the unit's.
"""

import logging

from peewee import DatabaseError, Value, fn
from playhouse.flask_utils import get_object_or_404

from portal import audit, files
from portal.db import atomic, impatient, now, today
from portal.notify.models import Addressee, Announcement, Notice
from portal.notify.reading import mark_read
from portal.notify.sending import send_to_units
from portal.org.models import Unit
from portal.values import Conflict, Refused

log = logging.getLogger(__name__)

TOPIC, REMINDER = "notify.announcement", "notify.reminder"
MOST_FILES = 9

#: Whom a county and a town may choose: name: words.
AUDIENCES = {
    "county": {"towns": "全部乡镇", "villages": "全部乡镇和村（社区）", "everybody": "全部乡镇、村（社区）和县级部门",
               "chosen": "指定乡镇"},
    "town": {"villages": "全部村（社区）", "chosen": "指定村（社区）"},
}


def speaks_as(person) -> str:
    """Return "county" or "town", whose voice the person's post has; "" for those who speak for neither."""
    unit = person.post.unit if person.post else None
    if unit is None or unit.level not in ("county", "town", "department"):
        return ""
    return "town" if unit.town_id else "county" if unit.county_id else ""


def below(person):
    """Return the query of the units that the person may choose one by one: a county's towns, a town's villages."""
    unit = person.post.unit
    if speaks_as(person) == "town":
        wanted = (Unit.town_id == unit.town_id) & (Unit.level == "village")
    else:
        wanted = (Unit.county_id == unit.county_id) & (Unit.level == "town")
    return Unit.select().where(wanted, Unit.valid_to.is_null()).order_by(Unit.code)


def _addressed(person, audience: str, chosen: list[int]):
    """Return the condition on units that `audience` means; what is chosen outside the own ground is not found."""
    unit, voice = person.post.unit, speaks_as(person)
    if audience == "chosen":
        return Unit.id.in_(below(person).select(Unit.id).where(Unit.id.in_(chosen or [0])).order_by())
    if voice == "town":
        return (Unit.town_id == unit.town_id) & (Unit.level == "village")
    levels = {"towns": ["town"], "villages": ["town", "village"], "everybody": ["town", "village"]}[audience]
    found = (Unit.county_id == unit.county_id) & Unit.level.in_(levels)
    if audience == "everybody":
        found |= (Unit.parent == unit.county_id) & (Unit.level == "department") & (Unit.id != unit.id)
    return found


def publish(person, data: dict, uploads=()) -> Announcement:
    """Publish and tell all concerned, in one transaction. `data`: title, text, audience, chosen, valid_until."""
    voice, audience = speaks_as(person), data["audience"]
    if audience not in AUDIENCES.get(voice, {}):
        raise Refused("请选择发给谁。", "audience")
    if audience == "chosen" and not data["chosen"]:
        raise Refused("请勾选要发给哪些单位。", "chosen")
    if data["valid_until"] and data["valid_until"] < today():
        raise Refused("有效期已经过了，请改到今天以后，或留空。", "valid_until")
    uploads = [upload for upload in uploads or () if upload]
    if len(uploads) > MOST_FILES:
        raise Refused(f"一次最多上传 {MOST_FILES} 个文件，现在选了 {len(uploads)} 个。", "attachments")
    unit = person.post.unit
    with atomic():
        made = Announcement.create(
            county_id=unit.county_id, town_id=unit.town_id, unit=unit.id, title=data["title"], text=data["text"],
            audience=AUDIENCES[voice][audience], valid_until=data["valid_until"],
        )
        units = Unit.select(Value(made.id).cast("integer"), Unit.id, Value(unit.county_id).cast("integer"),
                            Value(False), Value(0).cast("integer"))
        units = units.where(_addressed(person, audience, data["chosen"]), Unit.valid_to.is_null())
        fields = [Addressee.announcement, Addressee.unit, Addressee.county_id, Addressee.seen, Addressee.reminders]
        number = Addressee.insert_from(units, fields).as_rowcount().execute()
        if not number:
            raise Refused("没有可以发给的单位，请重新选择。", "audience")
        for upload in uploads:
            files.store(upload, owner_type="announcement", owner_id=made.id, county_id=made.county_id, by=person)
        send_to_units(_units_of(made), TOPIC, made.title, url_of(made), f"{unit.short}发布", county_id=made.county_id)
        audit.record("notify.publish", "announcement", made.id, detail={"title": made.title, "units": number})
    return made


def url_of(announcement: Announcement) -> str:
    return f"/notify/announcements/{announcement.id}"


def _units_of(announcement: Announcement, *conditions):
    return Addressee.select(Addressee.unit).where(Addressee.announcement == announcement.id, *conditions)


# -- reading -------------------------------------------------------------------------------------------------------

def reads_for(person) -> set[int]:
    """Return the units for which the person reads: those that the post acts for, of a grid its village too."""
    unit = person.post.unit if person.post else None
    if unit is None:
        return set()
    return {*person.acts_for, *([unit.village_id] if unit.level == "grid" else [])}


def _own_ground(person):
    """Return the condition of what was published on the person's own ground: they see the receipts as well."""
    column, key = person.area or ("", 0)
    own = Announcement.unit.in_(person.acts_for or [0])
    if column == "county_id":
        return own | (Announcement.county_id == key)
    return own | (Announcement.town_id == key) if column == "town_id" else own


def seen_by(person):
    """Return the query of what the person may read: addressed to a unit of theirs, or published on their ground."""
    mine = Addressee.select(Addressee.announcement).where(Addressee.unit.in_(reads_for(person) or [0]))
    return Announcement.select().where(Announcement.id.in_(mine) | _own_ground(person))


def find(person, announcement_id: int) -> Announcement:
    return get_object_or_404(seen_by(person), Announcement.id == announcement_id)


def oversees(person, announcement: Announcement) -> bool:
    return Announcement.select().where(_own_ground(person), Announcement.id == announcement.id).exists()


def manages(person, announcement: Announcement) -> bool:
    """Tell whether the person may withdraw it: only from where it was published, never from above or below."""
    if not person.may("notify.publish"):
        return False
    if announcement.unit_id in person.acts_for:
        return True
    unit = announcement.unit  # of a unit that was merged its successor manages what is left
    return unit.successor_id is not None and unit.current().id in person.acts_for


def listed(person, everything: bool):
    """Return the query of the list, with how many units have read each, of how many, and whether one's own has."""
    total = Addressee.select(fn.COUNT(Addressee.unit)).where(Addressee.announcement == Announcement.id)
    own = total.where(Addressee.unit.in_(reads_for(person) or [0]))
    unseen = Addressee.seen == False  # noqa: E712
    query = seen_by(person).select(
        Announcement, Unit, total.alias("total"), total.where(~unseen).alias("read"), own.alias("own"),
        own.where(unseen).alias("unseen"),
    ).join(Unit)
    if not everything:
        query = query.where(
            Announcement.withdrawn_at.is_null(),
            Announcement.valid_until.is_null() | (Announcement.valid_until >= today()),
        )
    return query


def note_opened(person, announcement: Announcement) -> None:
    """Note that the person's unit has read it, and that the person's own notice is read. On a full or busy disk the
    page opens all the same, and the receipt comes with the next opening."""
    mine = _mine(person, announcement)
    notices = Notice.select().where(Notice.user == person.id, Notice.url == url_of(announcement),
                                    Notice.read_at.is_null())
    try:
        with impatient(0.3):
            if announcement.withdrawn_at is None and Addressee.select().where(mine).exists():
                with atomic():
                    Addressee.update(seen=True).where(mine).execute()
            if person.beside.get("unread") and notices.exists():
                mark_read((Notice.user == person.id) & (Notice.url == url_of(announcement)))
    except DatabaseError as error:
        log.warning("the receipt of announcement %s could not be noted: %s", announcement.id, error)


def _mine(person, announcement: Announcement):
    return ((Addressee.announcement == announcement.id) & Addressee.unit.in_(reads_for(person) or [0])
            & (Addressee.seen == False))  # noqa: E712


def receipts(announcement: Announcement) -> list[Addressee]:
    """Return the units in the order of the tree, those that have not read it first."""
    query = Addressee.select(Addressee, Unit).join(Unit).where(Addressee.announcement == announcement.id)
    return list(query.order_by(Addressee.seen, Unit.code))


# -- afterwards ----------------------------------------------------------------------------------------------------

def remind(person, announcement: Announcement) -> int:
    """Remind the units that have not read it, at most once a day; returns how many units that are."""
    _refuse_if_over(announcement)
    if announcement.reminded_on == today():
        raise Refused("今天已经催过一次，明天再催。")
    unseen = Addressee.seen == False  # noqa: E712
    with atomic():
        where = (Addressee.announcement == announcement.id) & unseen
        number = Addressee.update(reminders=Addressee.reminders + 1).where(where).execute()
        if not number:
            raise Refused("所有单位都已阅，不用再催。")
        Announcement.update(reminded_on=today()).where(Announcement.id == announcement.id).execute()
        send_to_units(_units_of(announcement, unseen), REMINDER, f"请尽快阅看：{announcement.title}",
                      url_of(announcement), county_id=announcement.county_id)
        audit.record("notify.remind", "announcement", announcement.id, detail={"units": number})
    return number


def withdraw(person, announcement: Announcement, reason: str, version: int) -> None:
    """Take it back: it stays readable with the reason, and nobody is asked to read it any more."""
    with atomic():
        changed = (
            Announcement.update(withdrawn_at=now(), withdrawn_because=reason, version=Announcement.version + 1)
            .where(Announcement.id == announcement.id, Announcement.version == version,
                   Announcement.withdrawn_at.is_null()).execute()
        )
        if not changed:
            raise Conflict("同事", "撤回了这条通知", url_of(announcement))
        retire([announcement.id])
        audit.record("notify.withdraw", "announcement", announcement.id, detail={"reason": reason})


def retire(ids: list[int]) -> None:
    """Take what is no longer to be read out of everybody's unread notices."""
    for key in ids:
        mark_read((Notice.url == f"/notify/announcements/{key}") & Notice.topic.in_([TOPIC, REMINDER]))


def retire_expired() -> str:
    """Do so for those that ran out yesterday or before; a job of each night."""
    waiting = Notice.select(Notice.url).where(Notice.topic.in_([TOPIC, REMINDER]), Notice.read_at.is_null()).distinct()
    open_ids = {int(url.rsplit("/", 1)[1]) for (url,) in waiting.tuples()}
    expired = [
        one.id for one in Announcement.select(Announcement.id)
        .where(Announcement.id.in_(open_ids or [0]), Announcement.valid_until < today())
    ]
    retire(expired)
    return f"{len(expired)} 条通知公告已过期，不再提醒。" if expired else "没有新过期的通知公告。"


def _refuse_if_over(announcement: Announcement) -> None:
    if not announcement.is_valid:
        raise Refused(f"这条通知{announcement.state[1]}，不用再催。")
