"""The page of the one list of cases: what a template needs of rows, chips, filters, tags, tree and pager."""

from urllib.parse import urlencode

from flask import abort, render_template, request, url_for
from flask_login import current_user

from portal.access import who_asks
from portal.cases import tallies
from portal.cases.asking import counts, has_restricted, page
from portal.cases.behind import DATED, MARKS, RATED, TIMINGS
from portal.cases.kinds import kinds, readable
from portal.cases.lens import LENSES
from portal.cases.models import RATINGS
from portal.cases.rows import prepared
from portal.cases.wanted import CHIPS, SORTS, Wanted, channels, read, states
from portal.org import tree
from portal.org.models import Unit


def render_list(kind=None, *, title: str, endpoint: str):
    """Answer with the list page at `endpoint`; with a `kind`, of that kind only."""
    person = who_asks()
    if person.post is None:
        abort(404)
    wanted = read(request.args, person, kind.name if kind else "")
    rows, previous, following = page(wanted, person, request.args.get("before"), request.args.get("after"))
    return render_template("cases/list.html", **_view(wanted, person, rows, previous, following, title, endpoint, kind))


def _view(wanted, person, rows, previous, following, title, endpoint, kind) -> dict:
    kept = _kept(wanted, bool(kind))
    base = url_for(endpoint)

    def address(**changes):
        query = urlencode({name: value for name, value in {**kept, **changes}.items() if value not in ("", None)})
        return f"{base}?{query}" if query else base

    found, more = counts(wanted, person)
    shown = {phase: f"{number:,}{'+' if phase in more else ''}" for phase, number in found.items()
             if number or phase not in more}
    total = shown.get(wanted.phase, "")
    asked = kind.name if kind else ""
    return {
        "title": title, "wanted": wanted, "rows": prepared(rows), "total": total, "base": base,
        "lenses": [
            {"label": label, "url": address(lens="" if name == "area" else name), "active": wanted.lens == name}
            for name, label in LENSES.items()
        ],
        "chips_shown": [
            {"label": label, "url": address(phase=phase), "active": wanted.phase == phase,
             "count": shown.get(phase, ""), "danger": phase == "overdue" and bool(found.get(phase))}
            for phase, label in CHIPS
        ],
        "kept_for_search": {name: value for name, value in kept.items() if name != "q"},
        "kept_for_filters": {name: value for name, value in kept.items() if name not in FILTERS},
        "selects": _selects(wanted, kind, person), "tags_shown": _tags(wanted, address, bool(kind)),
        "clear_url": address(**dict.fromkeys((*FILTERS, *BEHIND, "q", "unit"), "")),
        "pages": {"text": f"共 {total} 件" + ("，按到期先后" if wanted.by_due else ""),
                  "prev_url": address(before=previous) if previous else None,
                  "next_url": address(after=following) if following else None},
        "nodes": places(person, *tree.top(person), asked, wanted.unit),
        "children_url": url_for("cases.places", kind=asked or "all", unit_id=0).removesuffix("0"),
        "tree_url": address(unit="{id}", direct="").replace("%7Bid%7D", "{id}"), "own_place": person.post.unit.short,
        "place": wanted.unit.short if wanted.unit else "", "dated": DATED[wanted.by], **_creating(kind, person),
    }


#: What the panel of filters sets; the rest of the address is kept when it is sent.
FILTERS = ("kind", "state", "channel", "rating", "by", "since", "until", "sort")
#: What only the address of a figure sets.
BEHIND = ("timing", "mark", "rated", "holder", "direct", "common")


def _selects(wanted: Wanted, kind, person) -> list[dict]:
    offered = [
        ("channel", "来源", wanted.channel, [("", "全部"), *channels(wanted.kind, person).items()]),
        ("rating", "评价", wanted.rating or "", [("", "全部"), *RATINGS.items()]),
        ("by", "日期指", wanted.by, [(name, f"{title}日期") for name, title in DATED.items()]),
        ("sort", "排序", wanted.sort, list(SORTS.items())),
    ]
    if wanted.kind:
        offered.insert(0, ("state", "环节", wanted.state, [("", "全部"), *states(wanted.kind).items()]))
    if kind is None and len(readable(person)) > 1:
        names = [(one.name, one.title) for one in readable(person)]
        offered.insert(0, ("kind", "种类", wanted.kind, [("", "全部"), *names]))
    return [
        {"name": name, "label": label, "options": [(value, text, value == chosen) for value, text in options]}
        for name, label, chosen, options in offered
    ]


def _creating(kind, person) -> dict:
    """Return where a new case begins, for those whose post may open one."""
    for one in [kind] if kind else readable(person):
        if one.create and person.may(one.create_permission):
            return {"create_url": url_for(one.create), "create_label": one.create_label}
    return {"create_url": "", "create_label": ""}


def places(person, parent_id: int, level: str, kind: str = "", chosen: Unit | None = None) -> list[dict]:
    """Return the tree nodes below a unit of `level`, with how many open cases of the kind lie in each."""
    nodes = tree.nodes_below(person, parent_id)
    names = [one.name for one in readable(person) if not kind or one.name == kind]
    if nodes and not has_restricted(names):
        found = tallies.open_below(person, parent_id, level, names)
        for node in nodes:
            node["count"] = found.get(node["id"], 0) if person.area[0] != "line_id" else None
    for node in nodes:
        node["active"] = chosen is not None and chosen.id == node["id"]
    return nodes


def _kept(wanted: Wanted, one_kind: bool) -> dict:
    return {
        "lens": "" if wanted.lens == "area" else wanted.lens, "phase": wanted.phase,
        "sort": "" if wanted.sort == "newest" else wanted.sort, "kind": "" if one_kind else wanted.kind,
        "channel": wanted.channel, "state": wanted.state, "q": wanted.words, "rating": wanted.rating or "",
        "since": wanted.since or "", "until": wanted.until or "", "unit": wanted.unit.id if wanted.unit else "",
        "by": "" if wanted.by == "opened" else wanted.by, "timing": wanted.timing, "mark": wanted.mark,
        "rated": wanted.rated or "", "holder": wanted.holder.id if wanted.holder else "",
        "direct": "1" if wanted.direct else "", "common": "1" if wanted.common else "",
    }


def _tags(wanted: Wanted, address, one_kind: bool) -> list[dict]:
    found = []
    if wanted.unit:
        found.append(("所在：" + wanted.unit.short + ("本级" if wanted.direct else ""), {"unit": "", "direct": ""}))
    if wanted.words:
        found.append((f"包含“{wanted.words}”", {"q": ""}))
    if wanted.channel:
        found.append(("来源：" + channels(wanted.kind, current_user)[wanted.channel], {"channel": ""}))
    if wanted.state:
        found.append(("环节：" + states(wanted.kind)[wanted.state], {"state": ""}))
    if wanted.kind and not one_kind:
        found.append(("种类：" + kinds()[wanted.kind].title, {"kind": ""}))
    if wanted.sort != "newest":
        found.append(("排序：" + SORTS[wanted.sort], {"sort": ""}))
    if wanted.rating:
        found.append(("评价：" + RATINGS[wanted.rating], {"rating": ""}))
    day = DATED[wanted.by]
    if wanted.since:
        found.append((f"{day}不早于 {wanted.since}", {"since": ""}))
    if wanted.until:
        found.append((f"{day}不晚于 {wanted.until}", {"until": ""}))
    found += _tags_behind(wanted)
    return [{"label": label, "url": address(**change)} for label, change in found]


def _tags_behind(wanted: Wanted) -> list[tuple[str, dict]]:
    found = []
    if wanted.by != "opened":
        found.append((f"按{DATED[wanted.by]}日期", {"by": ""}))
    if wanted.holder:
        found.append((f"承办：{wanted.holder.short}", {"holder": ""}))
    if wanted.timing:
        found.append((TIMINGS[wanted.timing], {"timing": ""}))
    if wanted.mark:
        found.append((MARKS[wanted.mark], {"mark": ""}))
    if wanted.rated:
        found.append((RATED[wanted.rated], {"rated": ""}))
    if wanted.common:
        found.append(("只看不限制公开的", {"common": ""}))
    return found
