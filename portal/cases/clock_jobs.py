"""What happens to clocks while nobody looks: requests lapse, pauses are reminded of, dates are recomputed."""

from portal.cases import extensions, pausing
from portal.values import Job, Topic


def _lapse() -> str | None:
    found = extensions.lapse()
    return f"{found} 份延期申请到期未批，已失效。" if found else None


def _remind() -> str | None:
    found = pausing.remind()
    return f"提醒了 {found} 件应恢复计时的案件。" if found else None


JOBS = [
    Job("cases.lapse_extensions", "让到期未批的延期申请失效", _lapse, every=10),
    Job("cases.remind_pauses", "提醒该恢复计时的停表", _remind, at="07:30"),
]
TOPICS = [
    Topic(extensions.ASKED, "等我审批的延期", may_mute=False),
    Topic(extensions.DECIDED, "延期申请的结果"),
    Topic(pausing.TOPIC, "应恢复计时的停表"),
]
