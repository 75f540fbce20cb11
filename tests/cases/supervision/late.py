"""Cases that are late by so many days, and what the supervision tests ask again and again."""

import datetime

from portal.cases import timeline
from portal.cases.models import Case
from portal.cases.supervision.models import Order
from portal.db import now
from portal.notify.models import Notice
from portal.values import Deadline
from tests.cases.making import matter, plain
from tests.people_of_the_county import VILLAGE


def late(days: int, where=VILLAGE, who="cun", **more) -> Case:
    """Open a case that fell due `days` days ago at midnight (negative: in so many days); it has no detail row."""
    at = now() - datetime.timedelta(days=days + 10)
    return plain(where, who, at=at, limit=Deadline(10, "day", roll=False), **more)


def full(days: int, **more) -> Case:
    """The same with details, for pages of the case and steps."""
    return fallen_due(matter(at=now() - datetime.timedelta(days=days + 10), **more), days)


def fallen_due(case, days: int) -> Case:
    """Let the case have fallen due `days` days ago, whatever its period was."""
    due = datetime.datetime.combine(now().date() - datetime.timedelta(days=days), datetime.time(23, 59, 59))
    Case.update(due=due).where(Case.id == case.id).execute()
    return Case.get_by_id(case.id)


def again(case) -> Case:
    return Case.get_by_id(case.id)


def steps(case) -> list[str]:
    return [entry.step for entry in timeline.entries(case)]


def notices(user_id: int, topic: str = "") -> list[Notice]:
    query = Notice.select().where(Notice.user == user_id).order_by(Notice.id)
    return list(query.where(Notice.topic == topic) if topic else query)


def in_days(days: int) -> str:
    return (now().date() + datetime.timedelta(days=days)).isoformat()


def issued(browser, *cases, **fields) -> Order | None:
    """Issue an order about the cases through the form; returns it, None where it was refused."""
    before = Order.select().count()
    url = "/cases/orders/new?" + "&".join(f"case={case.id}" for case in cases)
    browser.send(url, **{"subject": "高龄津贴超期", "demand": "尽快办结并书面答复", "until": in_days(5), **fields})
    return Order.select().order_by(Order.id.desc()).first() if Order.select().count() > before else None
