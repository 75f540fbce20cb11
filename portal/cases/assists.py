"""协办: the responsible unit asks others to help. It stays in charge; they see the case, and their answers stand in it.

Asking changes neither state nor clock. A case is not closed while an answer is open, unless whoever is in charge ends
the asking with a reason.
"""

import datetime

from portal.calendar import Calendar
from portal.cases import staff, telling, timeline
from portal.cases.kinds import contents_seen, kind_of, plugin_of
from portal.cases.ledger import conflict
from portal.cases.lens import holds
from portal.cases.models import Assist, Case
from portal.cases.timeline import locked
from portal.db import atomic, now, today
from portal.org.enablement import hold_enabled
from portal.org.models import Unit
from portal.values import Refused

ASSISTING = "cases.assist"


def of(case: Case) -> list[Assist]:
    """Return the assists of the case, oldest first; no query where its own row says that there are none."""
    if not case.assists:
        return []
    return list(Assist.select(Assist, Unit).join(Unit).where(Assist.case == case.id).order_by(Assist.id))


def candidates(case: Case) -> list[Unit]:
    """Return whom the responsible unit may ask: departments of the county and units of the town of the case, where
    somebody may read such cases and answer."""
    departments = (Unit.parent == case.county_id) & (Unit.level == "department")
    around = departments | ((Unit.town_id == case.town_id) & (Unit.level != "grid")) if case.town_id else departments
    asked = [one.unit_id for one in of(case) if one.ended is None]
    units = list(
        Unit.select().where(around, Unit.valid_to.is_null(), Unit.id.not_in([case.unit_id, *asked])).order_by(Unit.code)
    )
    kind = kind_of(case)
    return staff.with_people(units, lambda held: {kind.read, ASSISTING} <= held)


def owed(where, kinds: list[str], *more) -> list[tuple[str, str, str]]:
    """Return (number, unit asked, unit in charge) of the answers that units owe in cases of these kinds; `where` is a
    condition on the unit that was asked."""
    holder = Unit.alias()
    return list(
        Assist.select(Case.number, Unit.short, holder.short).join(Case).join(holder, on=(Case.unit == holder.id))
        .join_from(Assist, Unit)
        .where(where, Assist.ended.is_null(), Case.kind.in_(kinds or [""]), *more).order_by(Assist.id).tuples()
    )


def end_inside(case: Case, town: Unit, actor, at, text: str) -> None:
    """End what units of `town` were asked in a case that leaves it; the caller saves the case and says so in it."""
    units = Unit.select(Unit.id).where(Unit.town_id == town.id)
    if case.assists_open:
        case.assists_open -= (
            Assist.update(state="ended", ended=at, by_name=actor.full_name, text=text)
            .where(Assist.case == case.id, Assist.ended.is_null(), Assist.unit.in_(units)).execute()
        )


def ask(case: Case, actor, unit_id: int, wanted: str, day: datetime.date, version: int | None = None) -> Assist:
    """Ask another unit to assist until the end of `day`. Raises Refused or Conflict."""
    with atomic():
        case, at = _in_charge(case, actor, version), now()
        if case.restricted:
            raise Refused("这件事只对经办人公开，不能请别的单位协办。")
        if day < today():
            raise Refused("协办期限已经过去，请选今天或以后的日期。", "due")
        if case.due is not None and day > case.due.date():
            raise Refused(f"协办期限不能晚于这件事自己的期限 {case.due:%m 月 %d 日}。", "due")
        unit = next((one for one in candidates(case) if one.id == unit_id), None)
        if unit is None:
            raise Refused("请从列表中选择协办单位；正在协办的不用再请。", "unit")
        if (owner := plugin_of(case.kind)).level != "core":
            hold_enabled(unit, owner, "请它协办")
        assist = Assist.create(
            county_id=case.county_id, case=case.id, unit=unit, asked_at=at, asked_by=actor.id,
            asked_by_name=actor.full_name, wanted=wanted, due=datetime.datetime.combine(day, Calendar.load().day_ends),
        )
        case.assists += 1
        case.assists_open += 1
        _save(case, actor, "assist", f"请{unit.short}协办", at, f"{wanted}（{day:%m 月 %d 日}前答复）", assist)
        telling.unit(case, unit, "cases.assist", f"{case.unit.short}请本单位协办", wanted, but=actor)
    return assist


def accept(assist: Assist, actor) -> None:
    with atomic():
        case, assist = _asked(assist, actor)
        if assist.state != "asked":
            raise Refused("这次协办已经有人接受了。")
        assist.state = "accepted"
        assist.save()
        _save(case, actor, "assist_accept", f"{assist.unit.short}接受协办", now(), "", assist)


def answer(assist: Assist, actor, text: str) -> Case:
    """Answer what was asked; the answer stands in the timeline. Returns the case."""
    return _finish(assist, actor, "answered", "assist_answer", "{}答复协办", text)


def decline(assist: Assist, actor, text: str) -> Case:
    """Say why the unit cannot assist; the unit in charge sees it and goes on without."""
    return _finish(assist, actor, "declined", "assist_decline", "{}不能协办", text)


def _finish(assist: Assist, actor, state: str, step: str, title: str, text: str) -> Case:
    with atomic():
        case, assist = _asked(assist, actor)
        _end(case, assist, actor, state, step, title.format(assist.unit.short), text)
        users = [user for user in (assist.asked_by_id, case.person_id) if user not in (None, actor.id)]
        telling.people(case, users, "cases.assist", title.format(assist.unit.short), text)
    return case


def end(assist: Assist, actor, text: str) -> Case:
    """Stop waiting for an answer, with a reason: for the unit in charge."""
    with atomic():
        case = _in_charge(assist.case, actor, None)
        assist = _still_open(assist)
        _end(case, assist, actor, "ended", "assist_end", f"结束请{assist.unit.short}协办", text)
        telling.unit(case, assist.unit, "cases.assist", f"{case.unit.short}结束了协办", text, but=actor)
    return case


def _end(case: Case, assist: Assist, actor, state: str, step: str, title: str, text: str) -> None:
    at = now()
    assist.state, assist.ended, assist.by_name, assist.text = state, at, actor.full_name, text
    assist.save()
    case.assists_open -= 1
    _save(case, actor, step, title, at, text, assist)


def _in_charge(case: Case, actor, version: int | None) -> Case:
    case = locked(case.id)
    if version is not None and version != case.version:
        raise conflict(case)
    if not case.is_open:
        raise Refused("这件事已经办结。")
    if not holds(actor, case):
        raise Refused(f"这件事现在由{case.unit.name}主办，请由他们安排协办。")
    return case


def _asked(assist: Assist, actor) -> tuple[Case, Assist]:
    case = locked(assist.case_id)
    assist = _still_open(assist)
    if assist.unit_id not in actor.acts_for:
        raise Refused(f"这是请{assist.unit.short}协办的，请由他们答复。")
    return case, assist


def _still_open(assist: Assist) -> Assist:
    """Return the row anew, now that the case is held; raises Refused where it has been ended in the meantime."""
    assist = Assist.select(Assist, Unit).join(Unit).where(Assist.id == assist.id).get()
    if assist.ended is not None:
        raise Refused(f"这次协办{assist.state_title}，不用再办。")
    return assist


def _save(case: Case, actor, step: str, title: str, at, text: str, assist: Assist) -> None:
    case.version += 1
    case.save()
    timeline.append(case, actor, step=step, title=title[:60], at=at, from_state=case.state, text=text,
                    data={"assist": assist.id})


def shown(case: Case, person) -> list[dict]:
    """Return the rows of the case page; of contents that are closed to the person only what the own unit was asked."""
    may, charge = person.may(ASSISTING), holds(person, case)
    open_to_all = charge or contents_seen(case, person)
    return [
        {
            "assist": one, "tone": {"answered": "ok", "declined": "warn"}.get(one.state, "info"),
            "late": one.ended is None and one.due < now(),
            "accept": may and one.state == "asked" and one.unit_id in person.acts_for,
            "answer": may and one.ended is None and one.unit_id in person.acts_for,
            "end": may and one.ended is None and charge and case.is_open,
        }
        for one in of(case) if open_to_all or one.unit_id in person.acts_for
    ]
