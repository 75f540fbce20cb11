"""What becomes of requests whose window is merged: the successor's window goes on with what is open."""

from plugins.station.models import ServiceRequest
from portal.kit import Case


def follow(change) -> None:
    unclosed = Case.select(Case.id).where(Case.closed.is_null())
    for key, heir in change.heirs.items():
        ServiceRequest.update(window=heir.id).where(
            ServiceRequest.window == key, ServiceRequest.case.in_(unclosed)).execute()
