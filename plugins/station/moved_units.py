"""What becomes of requests whose window is merged: the successor's window goes on with what is open."""

from plugins.station.models import ServiceRequest
from portal.kit import Case


def follow(change) -> None:
    unclosed = Case.select(Case.id).where(Case.closed.is_null())
    windows = ServiceRequest.select(ServiceRequest.window).where(
        ServiceRequest.window.in_(list(change.heirs) or [0])).distinct()
    for key in sorted(key for (key,) in windows.tuples()):
        ServiceRequest.update(window=change.heirs[key].id).where(
            ServiceRequest.window == key, ServiceRequest.case.in_(unclosed)).execute()
