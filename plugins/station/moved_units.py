"""What becomes of requests whose window is merged: the successor's window goes on with what is open."""

from plugins.station.models import ServiceRequest
from portal.kit import Case, to_heirs


def follow(change) -> None:
    unclosed = Case.select(Case.id).where(Case.closed.is_null())
    to_heirs(change, ServiceRequest.window, ServiceRequest.case.in_(unclosed))
