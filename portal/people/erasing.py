"""Deletes what is known of a resident, where the law allows it (个人信息保护法第四十七条).

Refused while a reason to keep goes on or its period runs: then the request and the reasons stay on record, and what is
kept is only stored (第二款). Otherwise every plugin wipes its own first, while the name is still there to look
for; then the name, the numbers, the blind indexes and all that describes the person go. The empty row stays, so that
cases keep their skeleton.
"""

from flask import current_app

from portal import audit, search
from portal.db import atomic, is_postgres, now
from portal.people import keeping, merging
from portal.people.models import Resident, ResidentMerge, ResidentPair, ResidentRequest
from portal.people.residents import strike
from portal.registry import registry_of
from portal.values import Conflict

KINDS = {"erase": "本人要求删除", "expired": "保存期限已满"}


def erase(resident_id: int, kind: str, reason: str, person) -> list[keeping.Reason]:
    """Erase the resident and return []; or return the reasons for which that is refused. Both are recorded.

    Raises Conflict where somebody erased or merged the resident meanwhile.
    """
    with atomic():
        query = Resident.select().where(Resident.id == resident_id)
        resident = (query.for_update() if is_postgres() else query).get()
        if resident.erased_at or resident.merged_into_id:
            raise Conflict("别人", "删除或合并了这位居民", f"/people/{resident_id}")
        holding = keeping.holding(resident)
        _record(resident, kind, reason, holding, person)
        if not holding:
            registry_of(current_app).collect("portal_resident_erased", or_refuse=True, resident=resident, by=person)
            _wipe(resident)
    return holding


def _record(resident: Resident, kind: str, reason: str, holding, person) -> None:
    """Keep the request. The name must not outlive the data in the reason that somebody typed."""
    said = reason if holding else strike(reason, resident)
    request = ResidentRequest.create(
        resident=resident.id, kind=kind, by_id=person.id, by_name=person.full_name, reason=said, granted=not holding,
        because=[f"{one.owner}：{one.title}（{one.until_title}）" for one in holding],
        **{f"{level}_id": getattr(resident, f"{level}_id") for level in ("county", "town", "village", "grid")},
    )
    action = "people.refuse_erase" if holding else "people.erase"
    detail = {"request": request.id, "because": request.because} if holding else {"request": request.id}
    audit.record(action, "resident", resident.id, result="denied" if holding else "ok", detail=detail, actor=person)


def _wipe(resident: Resident) -> None:
    for journal in ResidentMerge.select().where(ResidentMerge.kept.in_(merging.all_ids(resident))):
        journal.before = ""
        journal.reason, journal.undone_because = (
            strike(text, resident) for text in (journal.reason, journal.undone_because))
        journal.save(only=[ResidentMerge.before, ResidentMerge.reason, ResidentMerge.undone_because])
    for request in ResidentRequest.select().where(ResidentRequest.resident.in_(merging.all_ids(resident))):
        request.reason = strike(request.reason, resident)
        request.save(only=[ResidentRequest.reason])
    ResidentPair.delete().where((ResidentPair.first == resident.id) | (ResidentPair.second == resident.id)).execute()
    search.remove("resident", resident.id)
    merging.empty(resident)
    resident.erased_at = now()
    resident.save()
