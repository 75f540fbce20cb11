"""What other platforms hand over to the grids: a hazard or a fault that somebody came across."""

from plugins.grid.catalogue import CATEGORIES
from plugins.grid.ladder import first_holder, first_limit
from plugins.grid.report import SHOWN, keep_event
from plugins.grid.workflow import KIND
from portal.kit import Case, Opening, Unit, open_case


def take_in(case: Case, actor, text: str, unit: Unit | None) -> Case:
    """Open an event for what came up in `case`: with its village, or with `unit` of the county."""
    place = Unit.get_by_id(case.place_id)
    holder = unit or first_holder(place, False)
    words = " ".join(text.split())
    opened = open_case(
        Opening(
            kind=KIND.name, title=f"移交：{words[:SHOWN]}{'……' if len(words) > SHOWN else ''}", place=place,
            unit=holder, limit=first_limit(holder, False), channel="department", resident=case.resident,
            applicant=case.applicant, no_reply_because=case.no_reply_because, source_case=case, text=text,
            step_title="转入",
        ),
        actor,
    )
    keep_event(opened, actor, CATEGORIES["other"], {"text": text})
    return opened
