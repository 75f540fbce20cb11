"""What other platforms hand over to the station: a need, of which the window first finds out which item it is."""

from plugins.station.catalogue import NEED, load_items
from plugins.station.models import ServiceItem
from plugins.station.receive import keep_request
from plugins.station.workflow import CHECK, KIND
from portal.kit import Case, Opening, Unit, open_case, seen_by


def take_in(case: Case, actor, text: str, unit: Unit | None) -> Case:
    """Open a case for the need that came up in `case`: at the window of its village, or at `unit` of the county."""
    item = _need_of(case.county_id)
    place = Unit.get_by_id(case.village_id or case.place_id)
    window = unit or place
    opened = open_case(
        Opening(
            kind=KIND.name, title=f"{case.applicant or place.short}：{item.name}", place=place, unit=window,
            limit=CHECK, channel="grid", resident=case.resident, applicant=case.applicant, source_case=case, text=text,
            no_reply_because=case.no_reply_because, step_title="转入",
        ),
        actor,
    )
    keep_request(opened, item, window, actor, {}, opened.opened)
    return opened


def _need_of(county_id: int) -> ServiceItem:
    wanted = (ServiceItem.county_id == county_id, ServiceItem.code == NEED)
    if (item := ServiceItem.get_or_none(*wanted)) is None:
        load_items(Unit.get_by_id(county_id))
        item = ServiceItem.get(*wanted)
    return item


def source_of(person, case_id: int | None) -> Case | None:
    """Return the case from which somebody receives an item, if they may open it."""
    return seen_by(person).where(Case.id == case_id).first() if case_id else None
