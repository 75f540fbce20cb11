"""What happens to clocks while nobody looks: requests lapse, pauses are reminded of, dates are recomputed."""

from portal import notify
from portal.accounts.models import Post, Role, User
from portal.calendar import due_reminders
from portal.cases import extensions, pausing, recompute
from portal.db import atomic, today
from portal.values import Job, Topic

MISSING = "cases.calendar_missing"


def _lapse() -> str | None:
    found = extensions.lapse()
    return f"{found} 份延期申请到期未批，已失效。" if found else None


def _remind() -> str | None:
    found = pausing.remind()
    return f"提醒了 {found} 件应恢复计时的案件。" if found else None


def _recompute() -> str | None:
    looked = recompute.work(seconds=60)
    return f"日历调整后核对了 {looked} 件的期限。" if looked else None


def _remind_of_calendar() -> str | None:
    """Tell those who keep the calendar that a year is missing: monthly in October, then each week."""
    with atomic():
        found = due_reminders()
        for year, sentence in found:
            url = f"/calendar/load?year={year}"
            notify.send(_calendar_keepers(), MISSING, f"请载入 {year} 年的放假和调休安排", url, sentence)
    return f"提醒了 {'、'.join(str(year) for year, _ in found)} 年的日历。" if found else None


def _calendar_keepers() -> list[int]:
    """Return the ids of the open accounts whose post today permits keeping the calendar."""
    roles = [role.id for role in Role.select() if "calendar.manage" in role.permissions]
    day = today()
    query = Post.select(Post.user).join(User).where(
        Post.role.in_(roles or [-1]), Post.valid_from <= day, Post.valid_to.is_null() | (Post.valid_to >= day),
        User.locked == False,  # noqa: E712
    )
    return [user for (user,) in query.tuples()]


JOBS = [
    Job("cases.lapse_extensions", "让到期未批的延期申请失效", _lapse, every=10),
    Job("cases.recompute_dues", "日历调整后重新计算期限", _recompute, every=5),
    Job("cases.remind_calendar", "提醒载入下一年的日历", _remind_of_calendar, at="08:00"),
    Job("cases.remind_pauses", "提醒该恢复计时的停表", _remind, at="07:30"),
]
TOPICS = [
    Topic(extensions.ASKED, "等我审批的延期", may_mute=False),
    Topic(extensions.DECIDED, "延期申请的结果"),
    Topic(pausing.TOPIC, "应恢复计时的停表"),
    Topic(MISSING, "缺少的年历", may_mute=False),
    Topic(recompute.TOPIC, "日历调整移动的期限", may_mute=False),
]
