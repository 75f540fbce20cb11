"""What the ledger keeps about a resident: the matters that they brought in."""

from portal import files, search
from portal.cases import search_text, timeline
from portal.cases.kinds import contents_seen, kinds
from portal.cases.lens import seen_by
from portal.cases.models import Case, CaseEvent, Rating, Reply
from portal.cases.place import place_name
from portal.db import now
from portal.org.models import Unit
from portal.org.settings import setting
from portal.people.models import ERASED
from portal.people.residents import strike
from portal.values import PHASES, ResidentRecord, ResidentSection, ResidentUse


def uses(resident) -> list[ResidentUse]:
    """Return until when the files of the resident's cases are kept. It says that there are some, never which: whoever
    reads it may not see them all."""
    rows = list(Case.select(Case.closed, Case.county_id).where(Case.resident == resident.id).tuples())
    found = [ResidentUse("有没有办结的案件")] if any(closed is None for closed, _ in rows) else []
    if closed := [day for day, _ in rows if day is not None]:
        years = setting("cases.keep_years", rows[0][1])
        until = years_after(max(closed).date(), years)
        found.append(ResidentUse(f"已办结案件的档案，办结后保管 {years} 年", until))
    return found


def years_after(day, years: int):
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year + years, day=28)


def sections(resident, person) -> list[ResidentSection]:
    """Return the cases that the person may read, what happened in them and what was answered."""
    every = Case.select().where(Case.resident == resident.id).count()
    query = seen_by(person).select(Case, Unit).join(Unit, on=(Case.unit == Unit.id))
    found = [case for case in query.where(Case.resident == resident.id).order_by(Case.id)
             if case.kind in kinds() and contents_seen(case, person)]
    note = "另有导出人无权查看的案件，由有权查看的单位提供。" if len(found) < every else ""
    numbers = {case.id: case.number for case in found}
    # What only those named on a case may read, nobody carries away in a copy.
    told = [case.id for case in found if kinds()[case.kind].contents is None]
    said = CaseEvent.select().where(CaseEvent.case.in_(told)).order_by(CaseEvent.case, CaseEvent.seq)
    attached = [(case, one) for case in found for one in files.of("case", case.id)]
    return [
        ResidentSection("案件", ("编号", "种类", "事由", "地点", "登记", "办结", "状态"), [
            (case.number, kinds()[case.kind].title, case.title, place_name(case), _day(case.opened), _day(case.closed),
             PHASES[case.phase]) for case in found], note),
        ResidentSection("案件经过", ("编号", "时间", "单位", "事项", "内容"), [
            (numbers[one.case_id], f"{one.at:%Y-%m-%d %H:%M}", one.unit_name, one.title,
             " ".join(filter(None, (one.text, one.data.get("reply"))))) for one in said]),
        ResidentSection("附件", ("编号", "文件名", "上传时间"), [
            (case.number, one.name, f"{one.at:%Y-%m-%d %H:%M}") for case, one in attached]),
    ]


def _day(value) -> str:
    return f"{value:%Y-%m-%d}" if value else ""


def records(resident, person) -> list[ResidentRecord]:
    ids = seen_by(person).select(Case.id).where(Case.resident == resident.id).order_by(Case.id).tuples()
    return [ResidentRecord("case", key) for (key,) in ids]


def erase(resident, by) -> None:
    """Leave the skeleton of each case: number, kind, place, dates, states. What the timeline says stays: it is sealed,
    and kept as the record of what the offices did."""
    for (key,) in list(Case.select(Case.id).where(Case.resident == resident.id).order_by(Case.id).tuples()):
        case = timeline.locked(key)
        case.applicant = ERASED
        case.title = strike(case.title, resident)
        case.version += 1
        case.save(only=[Case.applicant, Case.title, Case.version])
        search.remove("case", case.id)
        search_text.index(case)
        for reply in Reply.select().where(Reply.case == case.id):
            Reply.update(text=strike(reply.text, resident)).where(Reply.id == reply.id).execute()
        Rating.update(text="").where(Rating.case == case.id).execute()
        for one in files.of("case", case.id):
            files.remove(one, by)
        files.forget_names("case", case.id)
        timeline.append(
            case, by, step="erase", title="删除个人资料", at=now(), from_state=case.state,
            text="办事人的个人资料已按规定删除，案件只留编号、种类、地点、日期和状态。",
        )
