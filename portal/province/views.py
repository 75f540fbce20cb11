"""The page of a province: one line for each county, and what is missing."""

from collections import Counter
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask_login import current_user

from portal import audit
from portal.access import requires
from portal.cases import figures_sheet
from portal.cases.figures import RATES, Line, Table, finished
from portal.cases.figures_views import COLUMNS, RATE, shown, value_of
from portal.cases.kinds import kinds
from portal.cases.periods import SPANS, Period, read
from portal.db import now, today
from portal.province.asking import Answer, ask

blueprint = Blueprint("province", __name__, template_folder="templates")

#: Days are counted from the cases themselves, which do not leave their county.
OFFERED = {span: title for span, title in SPANS.items() if span != "day"}


def _asked() -> tuple[Period, str]:
    """Return the period and the kind ("" for all) that the address asks for; 404 for whoever has no region."""
    if current_user.post is None or current_user.post.unit.level != "region":
        abort(404)
    args = request.args if request.args.get("span") in OFFERED else {**request.args, "span": "month"}
    kind = request.args.get("kind", "")
    return read(args, today()), kind if kind in kinds() else ""


def table_of(answers: list[Answer], period: Period, kind: str) -> Table:
    """Return the figures: a line for each county, and a total of those that answered."""
    lines, total = [], Line(None, "合计")
    for answer in answers:
        line = Line(answer.county.code, answer.county.name)
        for name, counts in answer.counts.items():
            if kind in ("", name):
                line.counts.update(counts)
        if answer.fresh:
            total.add(line)
        lines.append(line)
    for line in [*lines, total]:
        finished(line.counts, True)
    return Table(period, "unit", "县（市、区）", lines, total, True, [])


@blueprint.get("/figures")
@requires("province.figures")
def figures():
    """What the counties received, closed and kept in a period, each asked on its own server."""
    period, kind = _asked()
    answers = ask(period, current_user.post.unit)
    table = table_of(answers, period, kind)
    missing = [answer for answer in answers if not answer.fresh]

    def address(**changes) -> str:
        kept = {"span": period.span, "at": period.first, "kind": kind, **changes}
        query = urlencode({name: value for name, value in kept.items() if value})
        return f"{url_for('province.figures')}?{query}"

    return render_template(
        "province/figures.html", table=table, period=period, moment=now(), missing=missing, columns=COLUMNS,
        rows=[_row(line, answer) for line, answer in zip(table.lines, answers, strict=True)], sums=_row(table.total),
        spans=[{"label": title, "url": address(span=name), "active": name == period.span}
               for name, title in OFFERED.items()],
        earlier=address(at=period.previous.first),
        later=address(at=period.following.first) if period.after <= today() else "",
        kinds=[("", "全部种类"), *((name, one.title) for name, one in kinds().items())], kind=kind, rates=RATES,
        strip=_strip(table, len(answers), len(missing)), sheet=address().replace("/figures?", "/figures/sheet?", 1),
        unit=current_user.post.unit.name,
    )


@blueprint.get("/figures/sheet")
@requires("province.figures")
def figures_sheet_file():
    """The same table as a workbook; a county that does not answer has a line without figures that says so."""
    period, kind = _asked()
    answers = ask(period, current_user.post.unit)
    table, unit = table_of(answers, period, kind), current_user.post.unit.name
    for line, answer in zip(table.lines, answers, strict=True):
        if not answer.fresh:
            line.name, line.counts = f"{line.name}（没有取得，不在合计内）", Counter()
    audit.record("province.export_figures", "figures", "", detail={
        "title": period.title, "kind": kind or "全部", "missing": "、".join(_names(answers))})
    content = figures_sheet.workbook(table, COLUMNS, value_of, unit, now())
    name = urlencode({"": f"统计表 {unit} {period.title}.xlsx"})[1:].replace("+", "%20")
    return Response(content, mimetype=figures_sheet.MIMETYPE, headers={
        "Content-Disposition": f"attachment; filename=figures.xlsx; filename*=UTF-8''{name}",
    })


def _names(answers: list[Answer]) -> list[str]:
    return [answer.county.name for answer in answers if not answer.fresh]


def _row(line: Line, answer: Answer | None = None) -> dict:
    """Return a row of the table; of a county that never answered there are no figures, rather than noughts."""
    away = answer is not None and not answer.fresh
    nothing = away and answer.at is None
    cells = []
    for column, title in COLUMNS:
        cell = {"title": title, "value": "—" if nothing else shown(column, value_of(line, column)), "old": away}
        if nothing:
            pass
        elif column in RATE:
            rate = RATE[column]
            cell |= {"of": f"{line.counts[rate.part]:,} /", "whole": f"{line.counts[rate.whole]:,}"}
        elif column == "days":
            cell["of"] = f"{line.counts['closed']:,} 件"
        elif column == "overdue":
            cell["over"] = line.counts["overdue"] > 0
        cells.append(cell)
    return {"name": line.name, "cells": cells, "away": away, "at": answer.at if away else None}


def _strip(table: Table, counties: int, missing: int) -> list[dict]:
    total = table.total
    without = f"不含 {missing} 个没有取得的" if missing else ""
    found = [{"label": "取得数字的县", "value": f"{counties - missing}", "unit": f"/ {counties} 个", "note": without,
              "tone": "over" if missing else ""}]
    for name, title in (("opened", "登记"), ("closed", "办结"), ("overdue", "现在超期")):
        found.append({"label": title, "value": f"{total.counts[name]:,}", "unit": "件", "note": without})
    for name in ("in_time", "content"):
        value, rate = value_of(total, name), RATE[name]
        found.append({
            "label": rate.title, "value": "—" if value is None else f"{value:.1f}",
            "unit": f"{'' if value is None else '%，'}{total.counts[rate.part]:,} / {total.counts[rate.whole]:,}",
            "note": without})
    return found
