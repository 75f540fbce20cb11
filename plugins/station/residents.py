"""What the station keeps about a resident beside the case itself: what they applied for and what was decided."""

from plugins.station.models import ServiceRequest
from portal.kit import Case, ResidentSection, mask_name, seen_by, strike_resident

TEXTS = ("proxy_name", "recipient", "told", "special_reason", "decision")


def sections(resident, person) -> list[ResidentSection]:
    """Return the requests that the person may see; whoever else collected or applied is masked."""
    cases = seen_by(person).select(Case.id).where(Case.resident == resident.id)
    query = ServiceRequest.select(ServiceRequest, Case).join(Case).where(ServiceRequest.case.in_(cases))
    rows = [
        (one.case.number, one.item_name, one.told, "" if one.granted is None else "同意" if one.granted else "不同意",
         one.decision, _other(one.proxy_name, resident), _other(one.recipient, resident))
        for one in query.order_by(ServiceRequest.id)
    ]
    columns = ("编号", "事项", "告知补正", "决定", "决定的内容", "代办人", "领取人")
    return [ResidentSection("申请的事项", columns, rows)]


def _other(name: str, resident) -> str:
    return name if name in ("", resident.name) else mask_name(name)


def erase(resident, by) -> None:
    """Take away who applied and collected, and the name from what was told and decided."""
    cases = Case.select(Case.id).where(Case.resident == resident.id)
    for request in ServiceRequest.select().where(ServiceRequest.case.in_(cases)):
        said = {name: strike_resident(getattr(request, name), resident) for name in TEXTS}
        said.update(proxy_name="", recipient="")
        ServiceRequest.update(**said).where(ServiceRequest.id == request.id).execute()
