"""What the page of a case shows of others that are, or may be, the same matter; what the row says is none costs no
query."""

from flask import url_for

from portal.cases.answering import merged_in
from portal.cases.duplicates import of_sight, undecided
from portal.cases.kinds import contents_seen, kinds
from portal.cases.lens import holds, seen_by
from portal.cases.models import Case
from portal.cases.page import REPLY_CHANNELS
from portal.files.models import Attachment
from portal.people.models import Resident


def of(case: Case, person) -> dict:
    """Return what `cases/together.html` places for the person on the page of `case`, whose contents they may read."""
    above = person.post is not None and person.post.unit.covers(case.unit)
    deciding = person.may("cases.merge") and (holds(person, case) or above) and not case.restricted
    working = deciding or person.may("cases.note")  # who registers it should see that it was there already
    return {
        "deciding": deciding, "into": _into(case, person) if case.merged_into_id else None,
        "merged": _merged(case, person) if case.merged_count else [],
        "alike": _alike(case, person) if case.alike > 0 and case.is_open and working else [],
        "channels": REPLY_CHANNELS,
    }


def _into(case: Case, person) -> dict:
    """Return the case that answers for this one; `open` where the merge can still be taken back."""
    row = Case.get_by_id(case.merged_into_id)
    seen = seen_by(person).where(Case.id == row.id).exists()
    return {"number": row.number, "url": _url(row.id) if seen else "", "open": row.is_open and seen}


def _merged(case: Case, person) -> list[dict]:
    rows = merged_in(case.id)
    ids = [row.case_id for row in rows]
    seen = {one.id: one for one in seen_by(person).where(Case.id.in_(ids))}
    read = [key for key, one in seen.items() if contents_seen(one, person)]
    files, known = _files(read), _residents([row.case.resident_id for row in rows], person)
    return [
        {
            "id": row.id, "number": row.case.number, "url": _url(row.case_id) if row.case_id in seen else "",
            "who": row.case.applicant or "没有留名", "opened": row.case.opened, "owed": row.owed,
            "answered": row.case.replied is not None, "told_at": row.told_at, "told_by": row.told_by_name,
            "how": REPLY_CHANNELS.get(row.told_how, ""), "files": files.get(row.case_id, []),
            "person_url": url_for("people.show", resident_id=row.case.resident_id)
            if row.case.resident_id in known else "",
        }
        for row in rows
    ]


def _url(case_id: int) -> str:
    return url_for("cases.show", case_id=case_id)


def _files(ids: list[int]) -> dict[int, list[dict]]:
    found: dict[int, list[dict]] = {}
    if ids:
        for one in Attachment.select().where(
            Attachment.owner_type == "case", Attachment.owner_id.in_(ids), Attachment.removed_at.is_null()
        ).order_by(Attachment.id):
            found.setdefault(one.owner_id, []).append({
                "name": one.name, "size_text": one.size_text,
                "url": url_for("cases.attachment", case_id=one.owner_id, attachment_id=one.id),
            })
    return found


def _residents(ids: list, person) -> set[int]:
    """Return which of the residents the person may look up, where a phone number is revealed for a reason."""
    ids = [key for key in ids if key]
    if not ids or not person.may("people.read"):
        return set()
    return {key for (key,) in Resident.seen_by(person).select(Resident.id).where(Resident.id.in_(ids)).tuples()}


def _alike(case: Case, person) -> list[dict]:
    rows = of_sight(person, list(undecided(person, of=case.id)))
    return [pair(row, of=case.id) for row in rows if row.case.kind in kinds() and row.other.kind in kinds()]


def pair(row, of: int | None = None) -> dict:
    """Return a proposed pair for a template: the earlier case is kept, the later one would be merged into it.

    On the page `of` one case only the other one of the pair is told.
    """
    shown = row.case if of == row.other_id else row.other
    return {
        "id": row.id, "score": row.score, "reasons": "、".join(row.reasons), "url": _url(shown.id), "shown": shown,
        "kept": row.other, "later": row.case, "kept_url": _url(row.other_id), "later_url": _url(row.case_id),
        "merge_url": url_for("cases.merge", case_id=row.case_id, into=row.other.number),
    }
