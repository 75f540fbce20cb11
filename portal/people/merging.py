"""Two rows of one person become one, and can be taken apart again.

Every row that led to the one that goes leads to the other afterwards; which rows those are, and what both said before,
is kept in the journal. The one that goes stays as an empty row that leads to the other. What the timelines of cases say
is not rewritten: they tell what was known then.
"""

import datetime
import json

from flask import current_app
from peewee import IntegrityError

from portal import audit, search
from portal.db import atomic, is_postgres, now
from portal.org.settings import setting
from portal.people import crypto
from portal.people.models import Resident, ResidentMerge, ResidentPair
from portal.people.references import owner_title, references
from portal.people.residents import strike
from portal.pinyin import initials
from portal.registry import registry_of
from portal.values import Conflict, Refused

#: What may be chosen from either row.
CHOSEN = {"name": "姓名", "id_card": "身份证号", "phone": "电话", "address": "住址"}
#: What is kept of each row in the journal.
KEPT = ("name", "initials", "id_card_cipher", "id_card_index", "phone_cipher", "phone_index", "sex", "birth_date",
        "address", "tags", "guardian")
SAID = {**CHOSEN, "sex": "性别", "birth_date": "出生日期", "tags": "关怀类别", "guardian": "监护人"}


def merge(kept_id: int, gone_id: int, choices: dict, reason: str, versions: dict, person) -> ResidentMerge:
    """Make the resident `gone_id` part of `kept_id`. `choices` says for each field of CHOSEN "kept" or "gone",
    `versions` what was on the screen, by id. Raises Conflict if somebody was faster, Refused where a rule forbids it.
    """
    with atomic():
        rows = _held(kept_id, gone_id)
        kept, gone = rows[kept_id], rows[gone_id]
        for one in (kept, gone):
            if one.version != versions.get(one.id) or one.merged_into_id or one.erased_at:
                raise Conflict("别人", "修改或合并了其中一位居民", f"/people/{kept_id}")
        _refuse_clashes(kept, gone)
        before = {"kept": _said(kept), "gone": _said(gone)}
        moved = []
        for reference in references():
            if ids := reference.ids(gone.id):
                reference.lead(ids, gone.id, kept.id)
                moved.append([reference.table, reference.column, ids])
        _join(kept, gone, choices)
        sealed = json.dumps({**before, "after": _said(kept)}, ensure_ascii=False, sort_keys=True)
        place = {f"{level}_id": getattr(kept, f"{level}_id") for level in ("county", "town", "village", "grid")
                 if getattr(kept, f"{level}_id") == getattr(gone, f"{level}_id")}
        journal = ResidentMerge.create(
            kept=kept.id, gone=gone.id, by_id=person.id, by_name=person.full_name, reason=reason, moved=moved,
            before=crypto.encrypt(sealed, kept.uuid, f"merge.{gone.uuid}"), **place,
        )
        ResidentPair.delete().where((ResidentPair.first == gone.id) | (ResidentPair.second == gone.id)).execute()
        search.remove("resident", gone.id)
        detail = {"reason": strike(reason, kept), "moved": journal.rows_moved}
        audit.record("people.merge", "resident", kept.id, detail={"other": gone.id, **detail}, actor=person)
        audit.record("people.merge", "resident", gone.id, detail={"other": kept.id, **detail}, actor=person)
    return journal


def undo(journal: ResidentMerge, reason: str, person) -> tuple[int, int]:
    """Make two of what `merge` made one; returns how many rows went back, and how many could not, because they were
    deleted or led elsewhere since. Raises Refused where something changed that would be lost."""
    with atomic():
        query = ResidentMerge.select().where(ResidentMerge.id == journal.id)
        journal = (query.for_update() if is_postgres() else query).get()
        if journal.undone_at:
            raise Refused("这次合并已经撤销。")
        if not journal.before:
            raise Refused("撤销的期限已过，合并前的内容已按规定删去。")
        rows = _held(journal.kept_id, journal.gone_id)
        kept, gone = rows[journal.kept_id], rows[journal.gone_id]
        before = json.loads(crypto.decrypt(journal.before, kept.uuid, f"merge.{gone.uuid}"))
        _refuse_changed(kept, gone, before["after"])
        _restore(kept, gone, before)
        back, known = 0, {(one.table, one.column): one for one in references()}
        for table, column, ids in journal.moved:
            if reference := known.get((table, column)):
                back += reference.lead(ids, kept.id, gone.id)
        journal.undone_at, journal.undone_by, journal.undone_because = now(), person.full_name, reason
        journal.before = ""
        journal.save()
        detail = {"reason": strike(reason, kept), "moved": back, "left": journal.rows_moved - back}
        for one, other in ((kept.id, gone.id), (gone.id, kept.id)):
            audit.record("people.undo_merge", "resident", one, detail={"other": other, **detail}, actor=person)
    return back, journal.rows_moved - back


def _held(*ids: int) -> dict[int, Resident]:
    """Return the rows for writing, always locked in the same order; on SQLite the transaction has the lock."""
    query = Resident.select().where(Resident.id.in_(ids)).order_by(Resident.id)
    rows = {one.id: one for one in (query.for_update() if is_postgres() else query)}
    if len(rows) != 2:
        raise Refused("请选择两位不同的居民。")
    return rows


def _refuse_clashes(kept: Resident, gone: Resident) -> None:
    asked = registry_of(current_app).collect("portal_resident_obstacles", or_refuse=True, kept=kept, gone=gone)
    found = [sentence for _, sentence in asked]
    for reference in references():
        if not found and (number := reference.clashes(kept.id, gone.id)):
            where = owner_title(reference.table)
            found.append(f"“{where}”里有 {number} 处同时登记了这两位，只能留一位，请先在那里删去一位。")
    if found:
        raise Refused("现在不能合并：" + " ".join(found))


def _join(kept: Resident, gone: Resident, choices: dict) -> None:
    """Give `kept` what was chosen, and leave `gone` empty: what is unique has to be free first."""
    chosen = {name: _value(gone if choices.get(name) == "gone" else kept, name) for name in CHOSEN}
    born = gone if choices.get("id_card") == "gone" or not kept.birth_date else kept
    person = {"sex": born.sex, "birth_date": born.birth_date}
    tags = sorted({*kept.tags, *gone.tags})
    guardian = kept.guardian or gone.guardian
    empty(gone)
    gone.merged_into = kept.id
    gone.save()
    kept.name, kept.address, kept.tags, kept.guardian = chosen["name"], chosen["address"], tags, guardian
    kept.initials = initials(kept.name, 50)
    kept.sex, kept.birth_date = person["sex"], person["birth_date"]
    for name in ("id_card", "phone"):
        if _value(kept, name) != chosen[name]:
            kept.write(name, chosen[name])
    _touch(kept)
    kept.save()


def _value(one: Resident, name: str) -> str:
    return one.read(name) if name in ("id_card", "phone") else getattr(one, name)


def empty(one: Resident) -> None:
    """Take everything from the row that tells of a person; it is not saved yet."""
    for name in KEPT:
        setattr(one, name, None if name.endswith("_index") or name == "birth_date" else [] if name == "tags" else "")
    _touch(one)


def _touch(one: Resident) -> None:
    one.updated, one.version, one.review_on, one.expired_on = now(), one.version + 1, None, None


def _said(one: Resident) -> dict:
    """Return what the row says, as it can be written down: the numbers stay sealed."""
    said = {name: getattr(one, name) for name in KEPT}
    return {**said, "birth_date": one.birth_date.isoformat() if one.birth_date else None}


def _refuse_changed(kept: Resident, gone: Resident, after: dict) -> None:
    if kept.merged_into_id or gone.merged_into_id != kept.id:
        raise Refused("合并之后又有别的合并，请先撤销后面的那一次。")
    if kept.erased_at:
        raise Refused("这位居民的资料已经删除，不能再撤销合并。")
    now_said = _said(kept)
    changed = [title for name, title in SAID.items()
               if now_said.get(_stored(name)) != after.get(_stored(name))]
    if changed:
        words = "、".join(changed)
        raise Refused(f"合并之后改过{words}，撤销会丢掉这些改动。请先把这些内容改回合并时的样子，再撤销。")


def _stored(name: str) -> str:
    """A number is compared by its index: sealed twice, it looks different each time."""
    return f"{name}_index" if name in ("id_card", "phone") else name


def _restore(kept: Resident, gone: Resident, before: dict) -> None:
    for one, said in ((kept, before["kept"]), (gone, before["gone"])):
        for name in KEPT:
            setattr(one, name, said[name])
        one.birth_date = datetime.date.fromisoformat(said["birth_date"]) if said["birth_date"] else None
        _touch(one)
    gone.merged_into = None
    try:
        with atomic():
            kept.save()
            gone.save()
    except IntegrityError:
        raise Refused("合并前的身份证号现在登记在另一位居民名下，请先查清是哪一位，再撤销。") from None


def catch_up() -> int:
    """Lead on what came to lead to a row that was gone: a colleague had it on the screen while it was merged. The
    journal takes it in, so that an undo gives it back; returns how many rows there were."""
    done = 0
    for reference in references():
        for key in reference.strays():
            with atomic():
                gone = Resident.get_by_id(key)
                ids, kept = reference.ids(key), latest_of(gone)
                done += reference.lead(ids, key, kept.id)
                journal = ResidentMerge.select().where(
                    ResidentMerge.gone == key, ResidentMerge.kept == kept.id, ResidentMerge.undone_at.is_null()
                ).order_by(ResidentMerge.id.desc()).first()
                if journal is not None:
                    journal.moved = [*journal.moved, [reference.table, reference.column, ids]]
                    journal.save(only=[ResidentMerge.moved])
    return done


def forget_old(moment=None) -> int:
    """Delete what the journal keeps of before where the period to undo is over; returns how many."""
    moment, done = moment or now(), 0
    query = ResidentMerge.select(ResidentMerge.county_id).where(ResidentMerge.before != "").distinct()
    for (county_id,) in list(query.tuples()):
        limit = moment - datetime.timedelta(days=setting("people.undo_days", county_id))
        done += ResidentMerge.update(before="").where(
            ResidentMerge.county_id == county_id, ResidentMerge.before != "", ResidentMerge.at < limit
        ).execute()
    return done


def latest_of(resident: Resident) -> Resident:
    """Return the row that `resident` became, through as many merges as there were."""
    seen = set()
    while resident.merged_into_id and resident.id not in seen:
        seen.add(resident.id)
        resident = Resident.get_by_id(resident.merged_into_id)
    return resident


def all_ids(resident: Resident) -> list[int]:
    """Return the ids of the resident and of all rows that became it."""
    found, layer = [resident.id], [resident.id]
    while layer:
        layer = [key for (key,) in Resident.select(Resident.id).where(Resident.merged_into.in_(layer)).tuples()]
        found += layer
    return found
