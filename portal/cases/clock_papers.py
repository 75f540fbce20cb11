"""The papers by which a person is told of a longer period or of a pause: filled from the record, for every kind."""

from portal.cases.clock_models import Extension, Pause
from portal.cases.extensions import TOLD
from portal.cases.kinds import kind_of
from portal.org.models import Unit
from portal.values import Paper


def _extension(case) -> dict:
    granted = (
        Extension.select(Extension, Unit).join(Unit, on=(Extension.approver == Unit.id))
        .where(Extension.case == case.id, Extension.state == "granted").order_by(Extension.id.desc()).first()
    )
    return {**_addressed(case), "asked": granted, "told": TOLD, "law": kind_of(case).extension_law}


def _pause(case) -> dict:
    last = Pause.select().where(Pause.case == case.id).order_by(Pause.since.desc(), Pause.id.desc()).first()
    return {**_addressed(case), "pause": last}


def _addressed(case) -> dict:
    """Return to whom the paper goes: in full where the person is registered, as on every paper."""
    name = case.resident.name if case.resident_id else case.applicant
    return {"name": name or "办事人", "unit": case.unit.name}


PAPERS = [
    Paper("extension", "延期告知书", "", "cases/papers/extension.html", _extension, "cases.read",
          lambda case: case.extension == "granted"),
    Paper("pause", "停表告知书", "", "cases/papers/pause.html", _pause, "cases.read",
          lambda case: bool(case.pauses and case.applicant and kind_of(case).pauses)),
]
