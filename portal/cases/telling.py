"""Whom the ledger tells what: notices in the transaction of what they tell about.

A notice names what a case is about only where every reader of its kind may know that.
"""

import datetime

from portal import notify
from portal.cases import staff
from portal.cases.kinds import kind_of
from portal.db import now
from portal.org.models import Unit
from portal.values import Topic

TOPICS = [
    Topic("cases.handed", "有件交到本单位", may_mute=False),
    Topic("cases.assigned", "有件交给我办"),
    Topic("cases.returned", "退回和指定承办", may_mute=False),
    Topic("cases.unsigned", "超时没有签收", may_mute=False),
    Topic("cases.assist", "协办"),
    Topic("cases.moved_work", "工作移交", may_mute=False),
]

#: What is written down later than this (an import, a demo's past) is no news any more.
NEWS = datetime.timedelta(days=2)


def is_news(at: datetime.datetime) -> bool:
    return now() - at <= NEWS


def name_of(case) -> str:
    """Return what a line of an inbox calls the case: what it is about first, because lines are cut at their end."""
    if case.restricted or kind_of(case).contents:
        return case.number
    return f"{case.title}（{case.number}）"


def url_of(case) -> str:
    return f"/cases/{case.id}"


def unit(case, where: Unit, topic: str, what: str, text: str = "", but=None) -> int:
    """Tell everybody who works on such cases at `where`, except the one who did it."""
    users = [user for user in staff.workers(where, kind_of(case)) if user.id != getattr(but, "id", None)]
    return people(case, users, topic, what, text)


def people(case, users, topic: str, what: str, text: str = "") -> int:
    return notify.send(users, topic, f"{what}：{name_of(case)}", url_of(case), text, county_id=case.county_id)
