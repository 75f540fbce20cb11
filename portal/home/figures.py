"""The figures of the workbench: of the area of the person's post, from the counters that the ledger keeps."""

import datetime
from dataclasses import dataclass

from portal.cases import tallies
from portal.cases.kinds import readable
from portal.db import now
from portal.values import OPEN_PHASES

WEEKS = 12


@dataclass(frozen=True)
class Figures:
    """`weeks`: one dict a week, oldest first (label, opened, closed); `month` and `before`: the flows of two months."""

    weeks: list[dict]
    month: dict
    before: dict

    @property
    def summary(self) -> str:
        """The chart in one sentence, for those who cannot see it."""
        opened, closed = (sum(week[name] for week in self.weeks) for name in ("opened", "closed"))
        last = self.weeks[-1]
        return (
            f"近 {WEEKS} 周共登记 {opened} 件，办结 {closed} 件；"
            f"本周登记 {last['opened']} 件，办结 {last['closed']} 件。"
        )

    @property
    def chart(self) -> dict:
        return {
            "columns": ["周", "登记", "办结"], "kind": "line", "summary": self.summary,
            "rows": [[week["label"], week["opened"], week["closed"]] for week in self.weeks],
        }

    def watching(self, found: dict[str, int]) -> list[dict]:
        """Return the KPI strip of somebody who watches over an area: what is open in it, and what is late."""
        open_now = sum(found.get(phase, 0) for phase in OPEN_PHASES)
        return [
            {"label": "在办", "value": open_now, "unit": "件", "url": "/cases/?sort=due",
             "note": f"已停表 {found.get('paused', 0)} 件", "spark": [week["opened"] for week in self.weeks]},
            {"label": "已超期", "value": found["overdue"], "unit": "件", "tone": "over" if found["overdue"] else "",
             "url": "/cases/?phase=overdue", "note": f"在办 {open_now} 件中"},
            *self._month(),
        ]

    def strip(self, waiting) -> list[dict]:
        """Return the KPI strip of somebody who works on cases."""
        return [
            {"label": "待我处理", "value": waiting.parts["mine"], "unit": "件", "url": "/cases/desk",
             "note": f"另有 {waiting.parts['paused']} 件停表" if waiting.parts["paused"] else "没有停表的件",
             "spark": [week["opened"] for week in self.weeks]},
            {"label": "急办", "value": waiting.overdue + waiting.soon, "unit": "件",
             "tone": "over" if waiting.overdue else "warn" if waiting.soon else "", "url": "/cases/?lens=unit&sort=due",
             "note": f"已超期 {waiting.overdue} 件，今日到期 {waiting.today} 件"},
            *self._month(),
        ]

    def _month(self) -> list[dict]:
        """Return the figures of the month; each rate is printed with its denominator."""
        month, before = self.month, self.before
        return [
            {"label": "本月办结", "value": month["closed"], "unit": "件", "tone": "ok", "url": "/cases/?phase=closed",
             "note": f"按期 {month['on_time']} / {month['closed']} 件",
             "spark": [week["closed"] for week in self.weeks]},
            {"label": "平均办理时长", "value": _days(month), "unit": "天", "note": _compared(month, before)},
            {"label": "群众满意度", "value": _mean(month["rating_sum"], month["rated"]), "unit": "分",
             "note": f"评价 {month['rated']} / 办结 {month['closed']} 件"},
        ]


def of(person) -> Figures:
    """Return the figures of the area of the person's post; one query."""
    today = now().date()
    monday = today - datetime.timedelta(days=today.weekday())
    mondays = [monday - datetime.timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    last_month = today.replace(day=1) - datetime.timedelta(days=1)
    weeks = [f"{year}-W{week:02d}" for year, week, _ in (day.isocalendar() for day in mondays)]
    months = [f"{today:%Y-%m}", f"{last_month:%Y-%m}"]
    names = [kind.name for kind in readable(person)]
    found = tallies.by_period(person, names, weeks + months)
    return Figures(
        [{"label": f"{day.month}/{day.day}", **found[week]} for day, week in zip(mondays, weeks, strict=True)],
        found[months[0]], found[months[1]],
    )


def _mean(total: float, number: int) -> str | None:
    """Return the mean with one decimal; None where nothing was counted, because no figure is not zero."""
    return f"{total / number:.1f}" if number else None


def _days(flow: dict) -> str | None:
    return _mean(flow["minutes"] / 1440, flow["closed"])


def _compared(month: dict, before: dict) -> str:
    if not (month["closed"] and before["closed"]):
        return f"本月办结 {month['closed']} 件的平均"
    change = month["minutes"] / month["closed"] / 1440 - before["minutes"] / before["closed"] / 1440
    return "与上月持平" if abs(change) < 0.05 else f"较上月 {'+' if change > 0 else '−'}{abs(change):.1f} 天"
