"""What mediation keeps about a resident: the disputes in which they are a party, and that they are a mediator."""

import re

from plugins.mediation.models import (
    Agreement,
    Committee,
    Dispute,
    FollowUp,
    MediationRound,
    Mediator,
    Party,
)
from portal.kit import Case, ResidentRecord, ResidentSection, ResidentUse, retitle, seen_by, setting, strike_resident

YEARS = re.compile(r"(\d{1,3})\s*年")
#: What holds the words of a dispute. 调解工作不公开: the copy that a resident gets does not hold them.
TEXTS = (
    (Dispute, ("subject", "brief", "measures", "ended_because")), (MediationRound, ("people", "text")),
    (Agreement, ("facts", "terms", "how")), (FollowUp, ("text", "measures")),
)


def uses(resident) -> list[ResidentUse]:
    found = []
    parties = Party.select(Party.case).where(Party.resident == resident.id)
    for case, dispute in _disputes(parties):
        if case.closed is None:
            found.append(ResidentUse("是没有办结的纠纷的当事人"))
            continue
        kept = dispute.retention or setting("mediation.retention", case.county_id)
        years = YEARS.search(kept)
        title = f"纠纷卷宗的保管期限：{kept}"
        found.append(ResidentUse(title, _after(case.closed.date(), int(years[1])) if years else None))
    if Mediator.select().where(Mediator.resident == resident.id, Mediator.until.is_null()).exists():
        found.append(ResidentUse("是在任的调解员"))
    return found


def _disputes(cases):
    for dispute in Dispute.select(Dispute, Case).join(Case).where(Dispute.case.in_(cases)).order_by(Dispute.id):
        yield dispute.case, dispute


def _after(day, years: int):
    return day.replace(year=day.year + years, day=min(day.day, 28))


def sections(resident, person) -> list[ResidentSection]:
    """Return as what they took part. What was said there is not public, and is told to nobody through a copy."""
    ids = {key for (key,) in seen_by(person).select(Case.id).where(
        Case.id.in_(Party.select(Party.case).where(Party.resident == resident.id))).tuples()}
    parties = Party.select(Party, Case).join(Case).where(Party.resident == resident.id).order_by(Party.id)
    rows = [
        (one.case.number, one.side_title, one.ethnicity, one.occupation, one.address, f"{one.case.opened:%Y-%m-%d}",
         f"{one.case.closed:%Y-%m-%d}" if one.case.closed else "")
        for one in parties if one.case_id in ids
    ]
    note = "另有导出人无权查看的纠纷，由有权查看的单位提供。" if len(rows) < parties.count() else ""
    sat = Mediator.select(Mediator, Committee).join(Committee).where(Mediator.resident == resident.id)
    return [
        ResidentSection("调解的当事人", ("编号", "身份", "民族", "职业", "住址", "登记", "办结"), rows, note),
        ResidentSection("担任调解员", ("调解组织", "职务", "从", "到"), [
            (one.committee.name, one.duty or one.joined_title, one.since, one.until or "") for one in sat]),
    ]


def records(resident, person) -> list[ResidentRecord]:
    mine = Party.select(Party.case).where(Party.resident == resident.id)
    ids = seen_by(person).select(Case.id).where(Case.id.in_(mine)).order_by(Case.id).tuples()
    return [ResidentRecord("case", key) for (key,) in ids]


def obstacles(kept, gone) -> list[str]:
    """One person is no two parties of a dispute."""
    mine = Party.select(Party.case).where(Party.resident == gone.id)
    both = Case.select(Case.number).join(Party, on=(Party.case == Case.id)).where(
        Party.resident == kept.id, Case.id.in_(mine)
    )
    return [f"两位是同一件纠纷（{number}）的当事人，请先在那里更正当事人。" for (number,) in both.tuples()]


def erase(resident, by) -> None:
    """Empty the party, and take the name out of what was written about the dispute. The others stay named."""
    ids = [key for (key,) in Party.select(Party.case).where(Party.resident == resident.id).tuples()]
    Party.update(ethnicity="", occupation="", address="").where(Party.resident == resident.id).execute()
    Mediator.update(name="已删除", phone="").where(Mediator.resident == resident.id).execute()
    for model, names in TEXTS:
        for row in model.select().where(model.case.in_(ids)):
            said = {name: strike_resident(getattr(row, name), resident) for name in names}
            if any(getattr(row, name) != text for name, text in said.items()):
                model.update(**said).where(model.id == row.id).execute()
    for case in Case.select().where(Case.id.in_(ids)).order_by(Case.id):
        title = strike_resident(case.title, resident)
        if title != case.title:
            retitle(case, title, by, "删除个人资料")
