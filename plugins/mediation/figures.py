"""Figures of mediation, computed from the register in one query. Every rate prints what it was divided by.

A matter counts in the period in which it was registered (排查, 受理), and with what became of it until today, so no
rate can exceed one. 化解率 = 化解 ÷ 排查; 调解成功率 = 成功 ÷ 受理; 履行率 = 已履行 ÷ 到期应履行 (DOMAIN 9.10).
"""

import datetime
from collections import Counter
from dataclasses import dataclass, field

from peewee import JOIN, SQL, fn
from peewee import Case as When

from plugins.mediation.models import Agreement, Dispute
from plugins.mediation.words import HANDED_IN, SOURCES, TYPES
from portal.kit import Case, now, today

PERIODS = {"year": "本年", "quarter": "本季", "month": "本月", "before": "上年"}
COLUMNS = ("registered", "found", "found_agreed", "accepted", "agreed", "due", "performed", "failed", "money")


def span_of(period: str) -> tuple[datetime.date, datetime.date]:
    """Return the first day of a period and the first day after it."""
    day = today()
    if period == "before":
        return datetime.date(day.year - 1, 1, 1), datetime.date(day.year, 1, 1)
    if period == "month":
        first = day.replace(day=1)
    elif period == "quarter":
        first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    else:
        first = day.replace(month=1, day=1)
    return first, day + datetime.timedelta(1)


@dataclass
class Figures:
    """Sums by type, by source and by month; `total` over all of them."""

    total: Counter = field(default_factory=Counter)
    types: dict = field(default_factory=dict)
    sources: dict = field(default_factory=dict)
    months: dict = field(default_factory=dict)


def figures_of(person, period: str) -> Figures:
    """Return the figures of the disputes in the person's area that were registered in the period."""
    found, (first, after) = Figures(), span_of(period)
    for kind, channel, month, *numbers in _rows(person, first, after):
        counted = Counter({name: number or 0 for name, number in zip(COLUMNS, numbers, strict=True)})
        source = SOURCES.get(channel, HANDED_IN)
        for group, key in ((found.types, kind), (found.sources, source), (found.months, month)):
            group.setdefault(key, Counter()).update(counted)
        found.total.update(counted)
    return found


def _rows(person, first, after):
    column, value = person.area or ("county_id", 0)
    month = fn.SUBSTR(Case.opened.cast("TEXT"), 1, 7).alias("opened_month")
    agreed = Dispute.agreed_at.is_null(False)
    performed = Dispute.performance == "done"

    def count(condition):
        return fn.SUM(When(None, [(condition, 1)], 0))

    moments = [datetime.datetime.combine(day, datetime.time()) for day in (first, after)]
    return (
        Dispute.select(
            Dispute.type, Case.channel, month, fn.COUNT(Case.id), count(Case.channel == "found"),
            count((Case.channel == "found") & agreed), count(Dispute.accepted_at.is_null(False)), count(agreed),
            count(agreed & (performed | (Agreement.until <= now().date()))), count(performed),
            count(Case.state.in_(("failed", "stopped", "unperformed"))), fn.SUM(Agreement.amount),
        )
        .join(Case, on=(Dispute.case == Case.id))
        .join_from(Dispute, Agreement, JOIN.LEFT_OUTER, on=(Agreement.case == Dispute.case))
        .where(getattr(Case, column) == value, Case.kind == "mediation.dispute",
               Case.opened >= moments[0], Case.opened < moments[1])
        .group_by(Dispute.type, Case.channel, SQL("opened_month")).tuples()
    )


def percent(part: int, whole: int) -> str:
    """Return "85.7%", or "—" where there is nothing to divide by."""
    return f"{part / whole * 100:.1f}%" if whole else "—"


def strip_of(total: Counter) -> list[dict]:
    """Return the figures at the top of the page, each with its numerator and denominator."""
    return [
        {"label": "化解率", "value": percent(total["found_agreed"], total["found"]),
         "note": f"化解 {total['found_agreed']} ÷ 排查 {total['found']}"},
        {"label": "调解成功率", "value": percent(total["agreed"], total["accepted"]),
         "note": f"成功 {total['agreed']} ÷ 受理 {total['accepted']}"},
        {"label": "履行率", "value": percent(total["performed"], total["due"]),
         "note": f"已履行 {total['performed']} ÷ 到期应履行 {total['due']}"},
        {"label": "协议金额", "value": f"{total['money']:,.0f}", "unit": "元",
         "note": f"达成协议 {total['agreed']} 件"},
    ]


def table_of(group: dict, titles: dict | None = None) -> list[dict]:
    """Return the rows of a table, in the order of `titles` where given."""
    keys = [key for key in titles if key in group] if titles else sorted(group)
    return [
        {"title": titles[key] if titles else key, **group[key],
         "found_rate": percent(group[key]["found_agreed"], group[key]["found"]),
         "agreed_rate": percent(group[key]["agreed"], group[key]["accepted"])}
        for key in keys
    ]


def chart_of(months: dict) -> dict:
    """Return what the macro chart places: registered, accepted and agreed by month."""
    rows = [[key, one["registered"], one["accepted"], one["agreed"]] for key, one in sorted(months.items())]
    last = rows[-1] if rows else None
    summary = f"最近一个月（{last[0]}）登记 {last[1]} 件，受理 {last[2]} 件，成功 {last[3]} 件。" if last else ""
    return {"columns": ["月份", "登记", "受理", "成功"], "rows": rows, "kind": "bar", "summary": summary}


def by_type(found: Figures) -> list[dict]:
    return table_of(found.types, TYPES)


def by_source(found: Figures) -> list[dict]:
    return table_of(found.sources)
