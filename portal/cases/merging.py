"""并案: a person decides that two open cases are one matter. The one merged closes, the other answers for both.

While the other is open the decision can be taken back: the case then stands where it stood, and the time in between
counts. Restricted cases, and those whose contents somebody may not read, that person cannot merge.
"""

import datetime

from portal.calendar import Calendar
from portal.calendar.models import CalendarChange
from portal.cases import assign, clock, recompute, referral, telling, timeline
from portal.cases.answering import merged_in
from portal.cases.clock_models import Extension, Pause
from portal.cases.duplicates import settle
from portal.cases.extensions import approver_of
from portal.cases.kinds import contents_seen, kind_of, plugin_of
from portal.cases.ledger import conflict
from portal.cases.lens import holds
from portal.cases.merge_models import Merge
from portal.cases.models import Case, Reply
from portal.cases.supervision import guard
from portal.cases.timeline import locked
from portal.db import atomic, now
from portal.org.enablement import hold_enabled
from portal.values import MERGED, Refused

TOPIC = "cases.merged"

#: What merging changes of a case, and taking it back restores: moments, which are kept as text, and the rest.
MOMENTS = {
    "due": datetime.datetime, "paused_at": datetime.datetime, "replied": datetime.datetime, "resume_by": datetime.date,
}
PLAIN = ("state", "phase", "pause_reason", "no_reply_because", "late", "extension", "extension_asked")


def decides_for(actor, case) -> bool:
    """Tell whether `actor` may decide that the case is merged or stands alone: who holds it, or a superior of who does.

    What it is about must be open to them, and nothing restricted is merged: its timeline would tell of it elsewhere.
    """
    above = actor.post is not None and actor.post.unit.covers(case.unit)
    return (holds(actor, case) or above) and not case.restricted and contents_seen(case, actor)


def refusal(case, into, actor) -> str | None:
    """Return the sentence that says why `actor` cannot merge `case` into `into`, or None."""
    if case.id == into.id:
        return "这就是同一件，请填另一件的编号。"
    for one in (case, into):
        if not one.is_open:
            return f"{one.number} 已经办结，不能并案。"
        if not decides_for(actor, one):
            return f"{one.number} 由{one.unit.name}负责，要并案请由他们或双方的上级单位来定。"
    hanging = (case.supervised, "正在督办"), (case.instructed, "有领导批示"), (case.assists_open, "还在请别的单位协办")
    for owed, what in hanging:
        if owed:
            return f"{case.number} {what}，先办结这一项，再并案；也可以反过来，把另一件并入这一件。"
    if into.replied is not None:
        return f"{into.number} 已经答复过了，不能再并入；请直接答复这一件。"
    for one, other in ((case, into), (into, case)):
        apart = kind_of(one).apart
        if sentence := apart and apart(one, other):
            return sentence
    return None


def merge(case, into, actor, text: str = "", *, version: int | None = None, at=None) -> Case:
    """Close `case` as merged into `into`, which from now on owes an answer to both. Raises Conflict or Refused."""
    at = at or now()
    with atomic():
        # In one order for everybody: two clerks merging the same two cases must not wait for each other.
        held = {key: locked(key) for key in sorted({case.id, into.id})}
        case, into = held[case.id], held[into.id]
        if version is not None and version != case.version:
            raise conflict(case)
        if sentence := refusal(case, into, actor):
            raise Refused(sentence, "number")
        owed = not case.no_reply_because
        stood = _stood(case, into)
        if owed and into.no_reply_because:
            into.no_reply_because = ""  # nobody waited for it until now
        _close(case, into, actor, text, at)
        Merge.create(
            county_id=case.county_id, case=case.id, into=into.id, at=at, by=actor.id, by_name=actor.full_name,
            text=text, stood=stood, owed=owed,
        )
        into.merged_count += 1
        into.version += 1
        into.save(only=[Case.merged_count, Case.no_reply_because, Case.version])
        timeline.append(
            into, actor, step="merge_in", title="并入一件", at=at, from_state=into.state, data={"merged": case.id},
            text=f"{_who_asked(case)}{case.number} 并入本件，由本件一并答复。{text}",
        )
        settle(case.id, into.id, "same", actor)
        for one, said in ((case, f"{case.number} 已并入 {into.number}"), (into, f"{case.number} 已并入本件")):
            if not holds(actor, one):
                telling.unit(one, one.unit, TOPIC, said, text, but=actor)
    return case


def _who_asked(case) -> str:
    return f"{case.applicant}{case.opened:%m 月 %d 日}反映的 " if case.applicant else ""


def _stood(case, into) -> dict:
    """Return what `undo` needs to let the case stand where it stands now."""
    moments = {name: value.isoformat() if (value := getattr(case, name)) else None for name in MOMENTS}
    kept = {name: getattr(case, name) for name in PLAIN}
    because = into.no_reply_because
    if into.merged_count:  # what it was before the first one came
        first = Merge.select(Merge.stood).where(Merge.into == into.id, Merge.undone_at.is_null()).order_by(Merge.id)
        because = first.first().stood["into_no_reply_because"]
    return {**moments, **kept, "into_no_reply_because": because}


def _close(case, into, actor, text: str, at) -> None:
    before = case.state
    merged = kind_of(case).workflow.state(MERGED.name)
    case.late = case.late or bool(case.due and at > case.due)
    clock.stop(case)
    case.state, case.phase, case.closed, case.merged_into = merged.name, merged.phase, at, into.id
    case.no_reply_because = f"并入 {into.number}，由该件答复"
    case.version += 1
    case.save()
    timeline.append(case, actor, step="merge", title="并案", at=at, from_state=before, data={"merged": into.id},
                    text=f"并入 {into.number}。{text}")
    referral.tell_source(case, actor, at)
    guard.tell_former(case)


# -- taking it back ------------------------------------------------------------------------------------------------

def standing(case) -> Merge | None:
    """Return the merge by which `case` lies in another one, or None."""
    return Merge.get_or_none(Merge.case == case.id, Merge.undone_at.is_null())


def undo(case, actor, text: str, *, version: int | None = None, at=None) -> Case:
    """Let a merged case stand alone again, as it stood before; raises Conflict or Refused."""
    at = at or now()
    row = standing(case)
    if row is None:
        raise Refused("这件没有并入别的件，不用撤销。")
    with atomic():
        into = locked(row.into_id)  # first the one that answers: a step that answers takes the same way
        case = locked(case.id)
        row = standing(case)
        if row is None or (version is not None and version != case.version):
            raise conflict(case)
        _may_undo(case, into, actor)
        _reopen(case, into, row, actor, text, at)
        row.undone_at, row.undone_by_name = at, actor.full_name
        row.save(only=[Merge.undone_at, Merge.undone_by_name])
        into.merged_count -= 1
        if not any(one.owed for one in merged_in(into.id)):
            into.no_reply_because = row.stood["into_no_reply_because"]
        into.version += 1
        into.save(only=[Case.merged_count, Case.no_reply_because, Case.version])
        timeline.append(into, actor, step="merge_out", title="撤销并案", at=at, from_state=into.state,
                        data={"merged": case.id}, text=f"{case.number} 不再并入本件，单独办理。{text}")
        settle(case.id, into.id, "different", actor)
        for one in (case, into):
            if not holds(actor, one):
                telling.unit(one, one.unit, TOPIC, f"{case.number} 撤销并案，单独办理", text, but=actor)
    return case


def _may_undo(case, into, actor) -> None:
    if not into.is_open:
        where = f"；它已并入别的件，请先撤销 {into.number} 的并案" if into.merged_into_id else ""
        raise Refused(f"{into.number} 已经办结，不能再撤销并案{where}。")
    if not (decides_for(actor, case) and decides_for(actor, into)):
        raise Refused("撤销并案，请由负责这件的单位或双方的上级单位来定。")
    if case.rating is not None:
        raise Refused("办事人已经评价过这件，不能再撤销并案。")


def _reopen(case, into, row: Merge, actor, text: str, at) -> None:
    for name, value in row.stood.items():
        if name in MOMENTS or name in PLAIN:
            setattr(case, name, MOMENTS[name].fromisoformat(value) if value and name in MOMENTS else value)
    case.closed, case.merged_into = None, None
    if closed := case.unit.is_closed:  # it was merged or closed in the meantime: who answered for both has the case
        case.unit, case.person = into.unit, None
    if (owner := plugin_of(case.kind)).level != "core":
        hold_enabled(case.unit, owner)
    if case.person_id not in {one.id for one in assign.colleagues(case)}:
        case.person = None
    if case.paused_at:
        Pause.update(until=None).where(Pause.id.in_(_last(Pause, case))).execute()
    if case.extension_asked:
        Extension.update(state="asked", decided_at=None).where(Extension.id.in_(_last(Extension, case))).execute()
        decides = approver_of(case)
        if closed or decides.is_closed or decides.id != case.extension_asked:  # another unit would ask, or decide
            clock.drop_request(case, at)
    moved = _by_the_calendar_of_today(case, row, at)
    case.version += 1
    case.save()
    timeline.append(case, actor, step="unmerge", title="撤销并案", at=at, from_state=MERGED.name,
                    data={"merged": into.id},
                    text=f"不再并入 {into.number}，单独办理；并案期间的时间照算。{moved}{text}")


def _by_the_calendar_of_today(case, row: Merge, at) -> str:
    """Compute the due moment anew where the calendar changed while the case lay in another one, as it was for all open
    cases then; return what is said about it."""
    if case.due is None or not CalendarChange.select().where(CalendarChange.at >= row.at).exists():
        return ""
    old, (due, kept) = case.due, recompute.moved_to(case, clock.spans_of(case), Calendar.load(), at)
    if due is None or kept:
        return ""
    case.due = due
    return f"期间日历有调整，期限由 {old:%Y-%m-%d} 改为 {due:%Y-%m-%d}。"


def _last(model, case):
    """Return the query of the id of what was written last of the pauses or requests of `case`."""
    return model.select(model.id).where(model.case == case.id).order_by(model.id.desc()).limit(1)


# -- telling those who asked ---------------------------------------------------------------------------------------

def told(case, row: Merge, actor, channel: str, at=None) -> None:
    """Record that the person of a merged case was told what `case` was answered, and how. Raises Refused."""
    at = at or now()
    with atomic():
        case = locked(case.id)
        one = locked(row.case_id)
        row = Merge.get_by_id(row.id)
        if not decides_for(actor, case):
            raise Refused(f"这件事由{case.unit.name}负责，请由他们告知。")
        if row.undone_at or one.replied is None:
            raise Refused("还没有答复，先答复，再逐一告知。")
        if row.told_at:
            raise Refused(f"{row.told_by_name}已经告知过了。")
        row.told_at, row.told_by_name, row.told_how = at, actor.full_name, channel
        row.save(only=[Merge.told_at, Merge.told_by_name, Merge.told_how])
        last = Reply.select(Reply.id).where(Reply.case == one.id).order_by(Reply.id.desc()).limit(1)
        Reply.update(channel=channel).where(Reply.id.in_(last)).execute()
        timeline.append(one, actor, step="told", title="已告知本人", at=at, from_state=one.state,
                        data={"told_by": channel})
