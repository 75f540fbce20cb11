"""The pages of the overdue list, and pressing for several cases at once."""

from urllib.parse import urlencode

from flask import Response, flash, redirect, render_template, request, url_for
from flask_login import current_user

from portal import audit
from portal.access import may_lag, requires, who_asks
from portal.cases.kinds import kinds, readable
from portal.cases.supervision import overdue as asking
from portal.cases.supervision import rows as lines
from portal.cases.supervision.forms import RemindForm
from portal.cases.supervision.models import COLOURS
from portal.cases.supervision.reminding import MOST, remind_all
from portal.cases.supervision.tabs import tabs
from portal.cases.views import blueprint
from portal.db import today
from portal.forms import row_id
from portal.org.models import Unit
from portal.values import Refused

EXPORTED = 5000


@blueprint.get("/overdue")
@requires("cases.read")
@may_lag
def overdue():
    """What is late or soon will be, by whose turn it is."""
    person = who_asks()
    asked = asking.read(request.args, person)
    holders = asking.holders(asked, person)
    cases, following = asking.page(asked, person, request.args.get("after"))
    rows = lines.prepared(cases, person)
    form = RemindForm()
    pressing = person.may("cases.remind") and any(row.choosable for row in rows)
    return render_template(
        "cases/supervision/overdue.html", supervision_tabs=tabs("cases.overdue", person), asked=asked, form=form,
        groups=lines.grouped(rows), pressing=pressing, ordering=pressing and person.may("cases.supervise"),
        back=request.full_path, colours=COLOURS, **_around(asked, person, holders, following),
    )


def _around(asked, person, holders, following) -> dict:
    """Return chips, switches, filters, tags and pager."""
    base = url_for("cases.overdue")

    def address(**changes):
        query = urlencode({key: value for key, value in {**asked.kept, **changes}.items() if value not in ("", None)})
        return f"{base}?{query}" if query else base

    counted = [one for one in holders if asked.holder in (None, one.id)]
    sums = {part: sum(one.counts[part] for one in counted) for part in asking.PARTS}
    capped = sum(sums.values()) - sums["raise"] >= asking.COUNTED
    selects, shown = _selects(asked, person, holders)
    return {
        "chips_shown": [
            {"label": label, "url": address(part="" if part == "over" else part, colour=""),
             "active": asked.part == part, "count": f"{sums[part]:,}{'+' if capped else ''}",
             "danger": part == "over" and bool(sums[part])}
            for part, label in asking.PARTS.items()
        ],
        "lenses": [
            {"label": label, "url": address(lens="" if lens == "area" else lens), "active": asked.lens == lens}
            for lens, label in asking.LENSES.items()
        ],
        "worst": [
            {"name": one.name, "count": one.counts[asked.part], "url": address(holder=one.id)}
            for one in holders if one.counts[asked.part]
        ][:8] if not asked.holder else [],
        "selects": selects, "base": base, "kept": {key: asked.kept[key] for key in ("part", "lens")},
        "tags_shown": [{"label": label, "url": address(**{name: ""})} for name, label in shown],
        "clear_url": address(kind="", colour="", holder="", place=""),
        "export_url": url_for("cases.export_overdue", **{k: v for k, v in asked.kept.items() if v}),
        "pages": {"text": f"共 {sums[asked.part]:,}{'+' if capped else ''} 件，超得最久的在最前"
                  if not asked.colour else "",
                  "prev_url": address() if request.args.get("after") else None,
                  "next_url": address(after=following) if following else None},
    }


def _selects(asked, person, holders) -> tuple[list[dict], list[tuple[str, str]]]:
    """Return the filters with their choices, and (name, label) of those that are set."""
    own = readable(person)
    offered = [
        ("holder", "轮到谁", asked.holder, [(one.id, one.name) for one in holders]),
        ("kind", "种类", asked.kind, [(one.name, one.title) for one in own] if len(own) > 1 else []),
        ("place", "在哪里", asked.place.id if asked.place else None, _places(person)),
        ("colour", "建议颜色", asked.colour, list(COLOURS.items())),
    ]
    names = {"kind": kinds()[asked.kind].title if asked.kind else "", "colour": COLOURS.get(asked.colour, ""),
             "holder": next((one.name for one in holders if one.id == asked.holder), "所选单位"),
             "place": asked.place.short if asked.place else ""}
    return [
        {"name": name, "label": label, "options": [("", "全部", not chosen)] + [
            (value, text, value == chosen) for value, text in options]}
        for name, label, chosen, options in offered if options or chosen
    ], [(name, f"{label}：{names[name]}") for name, label, chosen, _ in offered if chosen]


def _places(person) -> list[tuple[int, str]]:
    """Return the towns of the own county, the villages of the own town, or the grids of the own village."""
    unit = person.post.unit
    parent = unit.county_id if unit.level == "department" and unit.reach == "line" else unit.top[0]
    query = Unit.select(Unit.id, Unit.short).where(
        Unit.parent == parent, Unit.level.in_(("town", "village", "grid")), Unit.valid_to.is_null()
    )
    return list(query.order_by(Unit.code).tuples())


@blueprint.get("/overdue/export")
@requires("cases.read")
@may_lag
def export_overdue():
    """The list as a table for spreadsheets; who took it is on the record."""
    person = who_asks()
    asked = asking.read(request.args, person)
    rows = lines.prepared(asking.every(asked, person, EXPORTED), person)
    audit.record("cases.export_overdue", detail={"hits": len(rows), **{k: v for k, v in asked.kept.items() if v}})
    answer = Response(lines.as_csv(rows, EXPORTED), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="overdue-{today()}.csv"'
    return answer


@blueprint.post("/overdue/press")
@requires("cases.remind")
def press():
    """Press for the chosen cases, or begin an order about them."""
    chosen = [key for text in request.form.getlist("id") if (key := _key(text))][:MOST]
    back = _back(request.form.get("back", ""))
    if not chosen:
        raise Refused("请先勾选要催办的案件，再点催办。")
    seen = asking.seen_of(current_user, chosen)
    if request.form.get("act") == "order":
        return redirect(url_for("cases.issue_order", case=seen))
    form = RemindForm()
    if not form.validate_on_submit():
        raise Refused("；".join(sentence for errors in form.errors.values() for sentence in errors))
    done, refused = remind_all(seen, current_user, form.text.data)
    if done:
        flash(f"已催办 {len(done)} 件，承办单位和承办人会收到消息。", "success")
    for case, sentence in refused[:5]:
        flash(f"{case.number} 没有催办：{sentence}", "warn")
    if len(refused) > 5:
        flash(f"另有 {len(refused) - 5} 件没有催办。", "warn")
    return redirect(back)


def _key(text: str) -> int | None:
    try:
        return row_id(text)
    except ValueError:
        return None


def _back(path: str) -> str:
    """Return where the list was; only ever this list."""
    base = url_for("cases.overdue")
    return path if path == base or path.startswith(f"{base}?") else base
