"""催办: whoever stands above the responsible unit presses for a case, once a day each; the portal does so by itself the
day after a case fell due."""

from portal.accounts.person import SYSTEM
from portal.cases import timeline
from portal.cases.models import Case
from portal.cases.supervision.models import Reminder
from portal.cases.supervision.reach import above
from portal.cases.supervision.telling import tell
from portal.cases.timeline import locked
from portal.db import atomic, now
from portal.values import Refused

#: So many cases are pressed for at once: one page of the list.
MOST = 50


def remind(case_id: int, actor, text: str) -> Case:
    """Press for one case and tell the responsible person and unit; raises Refused."""
    with atomic():
        case = _pressed(case_id, actor, text)
        _tell([case], actor, text)
    return case


def remind_all(case_ids, actor, text: str) -> tuple[list[Case], list[tuple[Case, str]]]:
    """Press for each of the cases; return those, and those that a rule forbids with its sentence. Each person is told
    once of all that lies with them."""
    done, refused = [], []
    with atomic():
        for case_id in sorted(set(case_ids))[:MOST]:
            try:
                with atomic():
                    done.append(_pressed(case_id, actor, text))
            except Refused as reason:
                refused.append((Case.get_by_id(case_id), reason.sentence))
        _tell(done, actor, text)
    return done, refused


def _pressed(case_id: int, actor, text: str) -> Case:
    case = locked(case_id)
    if not case.is_open:
        raise Refused("这件事已经办结，不用再催。")
    if not above(actor, case):
        raise Refused(f"这件事由{case.unit.name}负责，只有它的上级才能催办。")
    if not _noted(case, actor.id, actor.full_name, text):
        raise Refused("您今天已经催办过这件事：同一件事每人每天催办一次，明天可以再催。")
    written(case, actor, "催办", text)
    return case


def _noted(case, author_id: int, author_name: str, text: str) -> bool:
    moment = now()
    return bool(
        Reminder.insert(
            county_id=case.county_id, case=case.id, author_id=author_id, author_name=author_name, on=moment.date(),
            at=moment, text=text,
        ).on_conflict_ignore().as_rowcount().execute()
    )


def written(case, actor, title: str, text: str) -> None:
    """Count the reminder on the case and write it into the timeline."""
    case.reminded += 1
    case.save(only=[Case.reminded])
    timeline.append(case, actor, step="remind", title=title, at=now(), from_state=case.state, text=text)


def _tell(cases: list[Case], actor, text: str) -> None:
    """Put one notice for each unit's cases, and for each person's, into the inboxes."""
    by_unit: dict[int, list[Case]] = {}
    for case in cases:
        by_unit.setdefault(case.unit_id, []).append(case)
    who = f"{actor.post.unit.short} {actor.full_name}" if actor.post else "系统"
    for unit_id, those in by_unit.items():
        first = those[0]
        title = f"催办：{first.title}" if len(those) == 1 else f"催办：{first.title}等 {len(those)} 件"
        url = f"/cases/{first.id}" if len(those) == 1 else "/cases/overdue?lens=unit"
        tell(unit_id, those, "cases.reminder", title, url, f"{who}：{text}")


def remind_by_itself(case_id: int, since) -> Case | None:
    """Press for a case that fell due and was not settled (逾期次日催办), unless the portal has done so since the moment
    `since`; returns the case, None where nothing was to be done."""
    with atomic():
        case = locked(case_id)
        again = Reminder.select().where(
            Reminder.case == case.id, Reminder.author_id == 0, Reminder.on > since.date()
        ).exists()
        text = "这件事已经超过办理期限，请尽快办理；确实不能按期办结的，说明原因和预计办结的时间。"
        if not case.is_open or case.due is None or case.due != since or again or not _noted(case, 0, "系统", text):
            return None
        written(case, SYSTEM, "超期自动催办", text)
    return case


def tell_by_itself(cases: list[Case]) -> None:
    _tell(cases, SYSTEM, "已超过办理期限，请尽快办理。")
