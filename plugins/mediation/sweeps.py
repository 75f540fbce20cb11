"""排查: who looked where and when, what was found, and what is still open from before, which rolls on."""

import datetime

from plugins.mediation.models import Dispute, Sweep
from plugins.mediation.words import RISKS, TYPES
from portal.kit import Case, Refused, Unit, now, today

MOST = 200


def report(unit: Unit, data: dict, actor, at=None) -> Sweep:
    """Record a sweep of `unit`. How many were found is counted in the register. Raises Refused."""
    since, until = data["since"], data["until"]
    if until > today():
        raise Refused("排查止日不能晚于今天。", "until")
    same = Sweep.select().where(Sweep.unit == unit, Sweep.since <= until, Sweep.until >= since).first()
    if same:
        raise Refused(f"这个村 {same.since:%m-%d} 到 {same.until:%m-%d} 已经报过排查，日期不能重叠。", "since")
    found = found_in(unit.id, since, until).count()
    if data["zero"] and found:
        raise Refused(f"这段时间已登记 {found} 件排查发现的纠纷，不能作零报告。", "zero")
    if not data["zero"] and not found:
        raise Refused("这段时间没有登记过排查发现的纠纷：请先登记纠纷，或勾选零报告。", "zero")
    return Sweep.create(
        unit=unit, since=since, until=until, found=found, open=rolled(unit.id, until).count(), note=data["note"],
        by=actor.id, by_name=actor.full_name, at=at or now(), **unit.place(),
    )


def _disputes(village_id: int):
    return Case.select(
        Case.id, Case.number, Case.title, Case.opened, Case.state, Case.phase, Dispute.type, Dispute.risk,
        Dispute.people,
    ).join(Dispute, on=(Dispute.case == Case.id), attr="dispute").where(
        Case.village_id == village_id, Case.kind == "mediation.dispute")


def found_in(village_id: int, since, until):
    """Return the query of the disputes that were found in a village from one day until another."""
    first, last = (datetime.datetime.combine(day, datetime.time()) for day in (since, until))
    return _disputes(village_id).where(
        Case.channel == "found", Case.opened >= first, Case.opened < last + datetime.timedelta(1))


def rolled(village_id: int, before):
    """Return the query of the village's disputes from before the day `before` that are still open: they roll on."""
    moment = datetime.datetime.combine(before, datetime.time())
    return _disputes(village_id).where(Case.opened < moment, Case.closed.is_null())


def rows(query, state_title) -> list[dict]:
    """Return what the table of a sweep places: masked parties, type, risk, how it stands; nothing of the contents."""
    return [
        {"id": case.id, "number": case.number, "title": case.title, "day": case.opened,
         "type": TYPES[case.dispute.type], "risk": RISKS[case.dispute.risk], "people": case.dispute.people,
         "stage": state_title(case.state)}
        for case in query.order_by(Case.opened, Case.id).limit(MOST)
    ]
