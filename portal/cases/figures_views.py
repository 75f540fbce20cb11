"""The page of figures and its sheet: what an area did in a period, each figure leading to the cases behind it."""

from urllib.parse import urlencode

from flask import Response, abort, render_template, request, url_for
from flask_login import current_user

from portal import audit
from portal.access import may_lag, requires
from portal.cases import figures_sheet
from portal.cases.behind import SATISFIED
from portal.cases.counting import FAIR
from portal.cases.figures import DIMENSIONS, LISTS, RATES, Line, Rate, Table, days, percent, table_of
from portal.cases.kinds import readable
from portal.cases.periods import SPANS, read
from portal.cases.views import blueprint
from portal.db import now, today
from portal.paging import asked_page

#: The columns of the table: a count, a rate by its name, or the mean time; with what stands above it.
COLUMNS = (
    ("opened", "登记"), ("closed", "办结"), ("due", "应办结"), ("in_time", "按期办结率"), ("overrun", "超期结案率"),
    ("settling", "综合办结率"), ("redoing", "发回重办率"), ("content", "满意率"), ("days", "平均用时"),
    ("at_once", "即办率"), ("first_time", "一次办成率"), ("by_proxy", "代办占比"), ("own", "自办率"),
    ("overdue", "现在超期"),
)
SHOWN = dict(COLUMNS)
RATE = {rate.name: rate for rate in RATES}


def value_of(line: Line, column: str) -> float | None:
    """Return what a column shows of a line, as a number; None where there is nothing to divide by."""
    if column == "days":
        return days(line.counts)
    return percent(line.counts, RATE[column]) if column in RATE else line.counts[column]


def shown(column: str, value: float | None) -> str:
    if value is None:
        return "—"
    return f"{value:.1f}%" if column in RATE else f"{value:.1f} 天" if column == "days" else f"{value:,}"


def _asked(page: int) -> tuple[Table, dict, str]:
    """Return that page of the table that the address asks for (0 for all of it), the address's own parameters without
    the page, and the kind or ""."""
    if current_user.post is None:
        abort(404)
    period = read(request.args, today())
    by = request.args.get("by") if request.args.get("by") in DIMENSIONS else "unit"
    names = [kind.name for kind in readable(current_user)]
    kind = request.args.get("kind") if request.args.get("kind") in names else ""
    sort = request.args.get("sort", "")
    if sort.removeprefix("-") not in SHOWN:
        sort = ""
    table = table_of(current_user, period, by, kind, order=_order(sort) if sort else None, page=page)
    return table, {"span": period.span, "at": period.first, "by": by, "kind": kind, "sort": sort}, kind


def _order(sort: str):
    """Return the key by which lines are sorted; what has nothing to divide by comes last either way."""
    column, down = sort.removeprefix("-"), sort.startswith("-")

    def key(line: Line):
        value = value_of(line, column)
        return value is None, 0 if value is None else -value if down else value

    return key


@blueprint.get("/figures")
@requires("cases.figures")
@may_lag
def figures():
    """What the area received, closed and kept in a period."""
    table, asked, kind = _asked(asked_page())

    def address(**changes) -> str:
        kept = {name: value for name, value in {**asked, **changes}.items() if value not in ("", None)}
        return f"{url_for('cases.figures')}?{urlencode(kept)}"

    period, lists = table.period, _Lists(table, kind)
    return render_template(
        "cases/figures.html", table=table, period=period, moment=now(), strip=_strip(table, lists),
        rows=[_row(line, lists) for line in table.lines], sums=_row(table.total, lists), columns=_heads(asked, address),
        spans=[{"label": title, "url": address(span=name), "active": name == period.span}
               for name, title in SPANS.items()],
        dimensions=[{"label": title, "url": address(by=name, sort=""), "active": name == table.by}
                    for name, title in DIMENSIONS.items()],
        earlier=address(at=period.previous.first),
        later=address(at=period.following.first) if period.after <= today() else "",
        kinds=[("", "全部种类"), *((one.name, one.title) for one in readable(current_user))], kind=kind,
        kept={name: value for name, value in asked.items() if name != "kind"}, rates=RATES, chart=_chart(table),
        pager=table.shown and table.shown.pager(lambda page: f"{address(page=page)}#rows"),
        whole=f"{address(page='all')}#print",
        sheet=address().replace("/figures?", "/figures/sheet?", 1), unit=current_user.post.unit.name,
    )


@blueprint.get("/figures/sheet")
@requires("cases.figures")
@may_lag
def figures_sheet_file():
    """The same table as a workbook."""
    table, asked, kind = _asked(0)
    unit = current_user.post.unit.name
    audit.record("cases.export_figures", "figures", "", detail={"title": table.period.title, "kind": kind or "全部"})
    content = figures_sheet.workbook(table, COLUMNS, value_of, unit, now())
    name = urlencode({"": f"统计表 {unit} {table.period.title}.xlsx"})[1:].replace("+", "%20")
    return Response(content, mimetype=figures_sheet.MIMETYPE, headers={
        "Content-Disposition": f"attachment; filename=figures.xlsx; filename*=UTF-8''{name}",
    })


class _Lists:
    """The addresses of the lists behind the counts of a table."""

    def __init__(self, table: Table, kind: str):
        self._table, self._kind = table, kind
        self._base = url_for("cases.index")
        self._common = "1" if table.partly else ""

    def of(self, line: Line, name: str) -> str:
        """Return the address of the cases that `name` counts in `line`; "" where there are none."""
        if name not in LISTS or not line.counts[name]:
            return ""
        asked = dict(LISTS[name])
        if asked.pop("dated", True):
            asked |= {"since": self._table.period.first, "until": self._table.period.last}
        if name == "content":
            asked["rated"] = FAIR if self._table.fair else SATISFIED
        asked |= {"kind": self._kind, "common": self._common, **self._row(line)}
        return f"{self._base}?{urlencode({key: value for key, value in asked.items() if value not in ('', None)})}"

    def _row(self, line: Line) -> dict:
        if line.key is None:
            return {}
        if self._table.by == "unit":
            return {"unit": line.key, "direct": "1" if line.direct else ""}
        return {self._table.by: line.key}


def _row(line: Line, lists: _Lists) -> dict:
    cells = []
    for column, title in COLUMNS:
        cell = {"title": title, "value": shown(column, value_of(line, column)), "url": lists.of(line, column)}
        if column in RATE:
            rate: Rate = RATE[column]
            cell["url"] = ""
            cell |= {"part": f"{line.counts[rate.part]:,}", "part_url": lists.of(line, rate.part),
                     "whole": f"{line.counts[rate.whole]:,}"}
            if rate.whole not in SHOWN:
                cell["whole_url"] = lists.of(line, rate.whole)
        elif column == "days":
            cell["of"] = f"{line.counts['closed']:,}"
        elif column == "overdue":
            cell["over"] = line.counts["overdue"] > 0
        cells.append(cell)
    return {"name": line.name, "cells": cells, "empty": not any(line.counts.values())}


def _heads(asked: dict, address) -> list[dict]:
    """Return the heads of the columns: a click sorts by one, highest first, again the other way, again as it was."""
    found = []
    for column, title in COLUMNS:
        now_sorted = asked["sort"]
        following = {f"-{column}": column, column: ""}.get(now_sorted, f"-{column}")
        direction = {f"-{column}": "descending", column: "ascending"}.get(now_sorted, "")
        found.append({"title": title, "url": address(sort=following), "sorted": direction})
    return found


def _strip(table: Table, lists: _Lists) -> list[dict]:
    """Return the figures of the whole area with 环比 and 同比."""
    total = table.total
    found = [
        {"label": title, "value": f"{total.counts[name]:,}", "unit": "件", "url": lists.of(total, name),
         "note": _compared(total, lambda counts, name=name: counts[name] or None, relative=True)}
        for name, title in (("opened", "登记"), ("closed", "办结"))
    ]
    for name in ("in_time", "content"):
        value, rate = value_of(total, name), RATE[name]
        found.append({
            "label": rate.title, "value": "—" if value is None else f"{value:.1f}",
            "unit": f"{'' if value is None else '%，'}{total.counts[rate.part]:,} / {total.counts[rate.whole]:,}",
            "note": _compared(total, lambda counts, rate=rate: percent(counts, rate), unit=" 个百分点"),
        })
    mean = days(total.counts)
    found.append({
        "label": "平均用时", "value": "—" if mean is None else f"{mean:.1f}",
        "unit": f"{'' if mean is None else '天，'}{total.counts['closed']:,} 件",
        "note": _compared(total, days, unit=" 天"),
    })
    return found


def _compared(line: Line, value, relative: bool = False, unit: str = "") -> str:
    """Return "环比 +3.2%，同比 —": against the period before, and against the same a year ago."""
    told = []
    for word, counts in (("环比", line.before), ("同比", line.year_before)):
        here, there = value(line.counts), value(counts)
        if there is None or (here is None and not relative):
            told.append(f"{word} —")
            continue
        change = ((here or 0) - there) / there * 100 if relative else here - there
        sign = "+" if change > 0.05 else "−" if change < -0.05 else "±"
        told.append(f"{word} {sign}{abs(change):.1f}{'%' if relative else unit}")
    return "，".join(told)


def _chart(table: Table) -> dict:
    total, title = table.total.counts, table.period.title
    rows = [[line.name, *(line.counts[name] for name in ("opened", "closed", "due"))] for line in table.lines]
    return {
        "columns": [table.heading, "登记", "办结", "应办结"], "kind": "bar",
        "rows": [row for row in rows if any(row[1:])],
        "summary": f"{title}共登记 {total['opened']} 件，办结 {total['closed']} 件，应办结 {total['due']} 件。"
                   + (f"图中是本页的 {len(table.lines)} 行。" if table.is_part else ""),
    }
