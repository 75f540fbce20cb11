"""What may be done with residents; every look behind a mask has a reason and is on the record."""

import datetime

from peewee import IntegrityError
from stdnum.cn import ric

from portal import audit
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.db import atomic, database, is_postgres, now
from portal.org.editing import keep_open
from portal.people import crypto
from portal.people.fields import plain_id, plain_name, plain_phone
from portal.people.masks import mask_name
from portal.people.models import Resident
from portal.pinyin import initials
from portal.values import Conflict, Refused

REVEALS_AN_HOUR = 30
FIELDS = {"id_card": "身份证号", "phone": "电话"}
#: What stands in the record instead of a number.
SOMEBODY = "某某"
OLD, NEW, NONE = "（旧号码）", "（新号码）", "（无）"

OTHER_NAME = "这个身份证号已登记为另一个姓名，请对照证件核对；确实改过名的，请先修改居民信息。"
#: To somebody who does not see the resident: neither the name nor the place that is known.
NO_MATCH = "姓名和身份证号核对不上，请对照证件改正；确实无误的，请联系乡镇或县级工作人员核实。"
THERE_HERE = "这个身份证号已经登记过，就在您的辖区，请用“按号码查找”。"
THERE = "这个身份证号不能在这里登记；如果证件无误，请联系乡镇或县级工作人员核实。"
OF_ANOTHER = "这个身份证号已经登记给另一个人，请对照证件核对。"


def _known(county_id: int, id_card: str) -> Resident | None:
    """Return who has this number; held, so that nobody makes them part of another row before the caller is done."""
    query = Resident.select().where(
        Resident.county_id == county_id, Resident.id_card_index == crypto.blind_index(id_card)
    )
    held = is_postgres() and database.transaction_depth()
    return (query.for_update("FOR NO KEY UPDATE") if held else query).first()


def _is_seen(person, resident: Resident) -> bool:
    return Resident.seen_by(person).where(Resident.id == resident.id).exists()


def find_or_create(person, *, name: str, id_card: str, phone: str = "", unit) -> Resident:
    """Return the resident of this ID card in the county, created at `unit` if new.

    Without a number nobody can say that two people are one, so a resident without one is created each time.

    A resident of somebody else's area is only matched: the caller's window may serve them, but it neither learns nor
    changes what is registered there. Raises Refused where the number belongs to another name.
    """
    known = _known(unit.county_id, id_card) if id_card else None
    if known is None:
        if made := _insert(person, unit, {"name": name, "id_card": id_card, "phone": phone}):
            return made
        known = _known(unit.county_id, id_card)
    seen = _is_seen(person, known)
    if known.name != plain_name(name):
        raise Refused(OTHER_NAME if seen else NO_MATCH, "id_card")
    if not seen:
        audit.record("people.match", "resident", known.id, actor=person)
    elif phone and person.may("people.edit") and crypto.blind_index(phone) != known.phone_index:
        old = OLD if known.phone_index else NONE
        known.write("phone", phone)
        known.updated, known.version = now(), known.version + 1
        known.save(only=[Resident.phone_cipher, Resident.phone_index, Resident.updated, Resident.version])
        audit.record("people.edit", "resident", known.id, changes={"phone": [old, NEW]}, actor=person)
    return known


def create(person, unit, data: dict) -> Resident:
    """Create a resident at `unit`; sex and birth date come from the number, so nobody types them."""
    if not person.post.unit.covers(unit):
        raise Refused("只能登记在您的辖区之内。", "unit_id")
    if _known(unit.county_id, data["id_card"]) is None and (made := _insert(person, unit, data)):
        return made
    same = _known(unit.county_id, data["id_card"])
    raise Refused(THERE_HERE if _is_seen(person, same) else THERE, "id_card")


def _insert(person, unit, data: dict) -> Resident | None:
    """Return the new resident, or None where a colleague registered the same person at this very moment."""
    resident = Resident(unit=unit, created_by=person.id, **unit.place())
    _fill(resident, data)
    try:
        with atomic():  # of its own: after a refused row the rest of the transaction must go on
            resident.save(force_insert=True)
    except IntegrityError:
        return None
    keep_open(unit)
    audit.record("people.create", "resident", resident.id, actor=person)
    return resident


def _fill(resident: Resident, data: dict) -> None:
    resident.name = plain_name(data["name"])
    resident.initials = initials(resident.name, 50)
    resident.write("id_card", data["id_card"])
    resident.write("phone", data.get("phone", ""))
    if data["id_card"]:
        resident.birth_date = ric.get_birth_date(data["id_card"])
        resident.sex = "M" if int(data["id_card"][16]) % 2 else "F"
    resident.address = data.get("address", resident.address or "")
    resident.tags = list(data.get("tags", resident.tags or []))
    resident.guardian = data.get("guardian", resident.guardian or "")


def edit(resident: Resident, data: dict, version: int, person) -> None:
    """Save changed fields; an empty number stays as it is, because the form shows none. Raises Conflict."""
    before = {name: getattr(resident, name) for name in ("name", "address", "tags", "guardian")}
    phone = "" if data.get("no_phone") else data.get("phone") or resident.read("phone")
    data = {**data, "id_card": data.get("id_card") or resident.read("id_card"), "phone": phone}
    numbers = _changed_numbers(resident, data)
    claimed = (
        Resident.update(version=Resident.version + 1, updated=now())
        .where(Resident.id == resident.id, Resident.version == version).execute()
    )
    if not claimed:
        raise Conflict("别人", "修改了这位居民的信息", f"/people/{resident.id}")
    _fill(resident, data)
    resident.version, resident.updated = version + 1, now()
    try:
        with atomic():
            resident.save()
    except IntegrityError:
        raise Refused(OF_ANOTHER, "id_card") from None
    changes = {**_recorded(before, {name: getattr(resident, name) for name in before}), **numbers}
    audit.record("people.edit", "resident", resident.id, changes=changes, actor=person)


def _recorded(before: dict, after: dict) -> dict:
    """Return what changed as the record may hold it: it outlives what is erased, so no name and no address is in it."""
    changes = audit.differences(before, after)
    if "name" in changes:
        changes["name"] = [mask_name(name) for name in changes["name"]]
    for name in ("address", "guardian"):
        if name in changes:
            old, new = changes[name]
            changes[name] = ["（原来的）" if old else NONE, "（新的）" if new else NONE]
    return changes


def _changed_numbers(resident: Resident, data: dict) -> dict:
    """Return which numbers change, as the record may hold it: that they changed, never what they are."""
    changed = {}
    for name in FIELDS:
        old, new = getattr(resident, f"{name}_index"), crypto.blind_index(data[name])
        if old != new:
            changed[name] = [OLD if old else NONE, NEW if new else NONE]
    return changed


def reveal(resident: Resident, field: str, reason: str, person) -> str:
    """Return a number in full; the reason goes on the record, and there are at most 30 an hour."""
    count_look(person)
    detail = {"field": field, "reason": strike(reason, resident)}
    audit.record("people.reveal", "resident", resident.id, detail=detail, actor=person)
    return resident.read(field)


def strike(text: str, resident: Resident) -> str:
    """Return `text` without the resident's name, written out or masked, and without their numbers; never longer.

    For what outlives the resident's data: reasons that somebody types into a record that only grows.
    """
    for word in (resident.name, resident.masked_name, resident.read("id_card"), resident.read("phone")):
        if len(word) >= len(SOMEBODY):
            text = text.replace(word, SOMEBODY)
    return text


def count_look(person) -> None:
    """Raise Refused where the person looked at full numbers, or made copies that hold them, too often in an hour."""
    User.update(version=User.version).where(User.id == person.id).execute()  # two at once are counted one by one
    moment = now()
    seen = AuditEntry.select().where(
        AuditEntry.actor_id == person.id, AuditEntry.action.in_(("people.reveal", "people.export")),
        # An entry of the future comes from a clock that ran wrong; it must not bar anybody for years.
        AuditEntry.at.between(moment - datetime.timedelta(hours=1), moment),
    ).count()
    if seen >= REVEALS_AN_HOUR:
        raise Refused(f"一小时内最多查看 {REVEALS_AN_HOUR} 次完整号码，请稍后再试。", "reason")


def find_exact(person, number: str) -> list[Resident]:
    """Return who has this ID card or phone number in the person's area; the number itself is not recorded."""
    wanted = {crypto.blind_index(plain_id(number)), crypto.blind_index(plain_phone(number))} - {None}
    found = list(Resident.seen_by(person).where(
        Resident.id_card_index.in_(wanted) | Resident.phone_index.in_(wanted)
    ).order_by(Resident.id).limit(20)) if wanted else []
    detail = {"index": (crypto.blind_index(plain_id(number)) or "")[:16], "hits": len(found)}
    for key in [one.id for one in found] or [""]:  # whose number was looked for is told on each one's own page
        audit.record("people.find", "resident", key, detail=detail, actor=person)
    return found
