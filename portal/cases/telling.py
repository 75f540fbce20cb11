"""Tells people that a matter became theirs: into the inbox, in the transaction of the act, one statement each."""

import datetime

from portal.cases.kinds import kind_of
from portal.db import now
from portal.notify import send, send_to_unit

NEWS = datetime.timedelta(days=2)


def assigned(case, actor, text: str) -> None:
    """Tell the person to whom the case was given; whoever takes it for themselves knows."""
    if case.person_id != actor.id:
        send([case.person_id], "cases.assigned", f"交办给您：{_named(case)}", _url(case),
             "" if _is_closed(case) else text, county_id=case.county_id)


def arrived(case, actor, at) -> None:
    """Tell those who work on such cases at the unit that has just become responsible, except who brought it there.

    What is written down later than it happened (an import, a demo's past) is no news any more.
    """
    if now() - at > NEWS:
        return
    permissions = ("cases.note", kind_of(case).read)
    send_to_unit(case.unit, "cases.arrived", f"转来：{_named(case)}", _url(case), f"现在由{case.unit.short}负责",
                 permissions=permissions, besides=actor.id)


def _url(case) -> str:
    return f"/cases/{case.id}"


def _is_closed(case) -> bool:
    """Tell whether what the case is about is not for everybody who sees it: then the inbox keeps silent about it."""
    return case.restricted or kind_of(case).contents is not None


def _named(case) -> str:
    kind = kind_of(case)
    return f"{kind.title} {case.number}" if _is_closed(case) else f"{case.title}（{case.number}）"
