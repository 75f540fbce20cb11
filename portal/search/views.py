"""The one search: all rooms and platforms, each for what this person may see, the best first."""

import itertools
import re
import unicodedata
from urllib.parse import urlencode

from flask import Blueprint, abort, current_app, render_template, request, url_for
from flask_login import current_user

from portal.access import may_lag, signed_in
from portal.asked import day_of
from portal.registry import registry_of
from portal.search.marking import marked
from portal.values import Hit, SearchFilters

blueprint = Blueprint("search", __name__, template_folder="templates")

#: Shown of each kind beside others, on a page of one kind, and counted at most.
SHOWN, PAGE, COUNTED = 20, 50, 200
MOST = 1000
STATES = {"open": "在办", "closed": "已办结"}
#: What is a number of a person as a whole belongs into no address and no log: it is found by another way.
PERSONAL = re.compile(r"1[3-9]\d{9}|\d{15}|\d{17}[\dXx]")


@blueprint.get("")
@signed_in
@may_lag
def results():
    """Ask every provider that this person may use; each looks only at what the person may see."""
    words = " ".join(request.args.get("q", "").split())[:60]
    personal = is_personal(words)
    filters = _filters(request.args) if current_user.post else SearchFilters()
    providers = _providers()
    only = request.args.get("in", "")
    if only and only not in {provider.key for _, provider in providers}:
        abort(404)
    groups = [] if not words or personal else _groups(providers, words, filters, only)
    page = max(request.args.get("page", 1, type=int), 1) if only else 1
    narrow = bool(filters) or "narrow" in request.args
    kept = {"q": words, "kind": filters.kind, "state": filters.state, "since": filters.since, "until": filters.until,
            "unit": filters.unit, "in": only}
    return render_template(
        "search/results.html", words="" if personal else words, personal=personal, kept=kept, only=only,
        groups=[_shown(group, words, kept, page) for group in groups], filters=filters, states=STATES,
        narrow=narrow, narrow_url=_address({**kept, "narrow": 1}), wide_url=_address({"q": words, "in": only}),
        choices=[(kind.name, kind.title) for kind in _kinds()],
        units=_units(providers) if narrow else [],
        pages=_pages(groups, kept, page) if only else None,
        total=sum(len(group["hits"]) for group in groups), finding=current_user.may("people.read"),
        kinds_of_result=_kinds_of_result(providers, groups, kept, only, filters),
    )


def is_personal(words: str) -> bool:
    """Tell whether the whole of what was typed looks like a phone or an ID card number."""
    return bool(PERSONAL.fullmatch(unicodedata.normalize("NFKC", words).replace(" ", "").replace("-", "")))


def _providers() -> list[tuple]:
    found = registry_of(current_app).collect("portal_search", current_user.enabled)
    return sorted(((plugin, one) for plugin, one in found if current_user.may(one.permission)),
                  key=lambda found: found[1].order)


def _kinds() -> list:
    """Return the kinds of case that the person may read, by which cases can be narrowed."""
    found = registry_of(current_app).collect("portal_cases", current_user.enabled)
    return [kind for _, kind in found if current_user.may(kind.read)]


def _filters(args) -> SearchFilters:
    """Return what `args` narrow the search to, every value checked; anything else in the address is ignored."""
    kind, state = args.get("kind", ""), args.get("state", "")
    return SearchFilters(
        kind=kind if kind in {one.name for one in _kinds()} else "", state=state if state in STATES else "",
        since=day_of(args.get("since")), until=day_of(args.get("until")),
        unit=_unit(args.get("unit", "")),
    )


def _unit(text: str) -> int | None:
    """Return the id of a unit; whether it is in sight is asked by the room that narrows its results to it."""
    return int(text) if text.isdecimal() and 0 < int(text[:12]) < 2**31 else None



def _units(providers) -> list[tuple[int, str]]:
    """Return the units to which results can be narrowed, as the providers name them."""
    registry = registry_of(current_app)
    found = [registry.guarded(plugin, _units_of, one, default=[], hook=f"portal_search.{one.key} units")
             for plugin, one in providers if one.units]
    return [unit for units in found for unit in units]


def _units_of(provider) -> list[tuple[int, str]]:
    return [(int(key), str(name)) for key, name in itertools.islice(provider.units(current_user), MOST)]


def _groups(providers, words: str, filters: SearchFilters, only: str) -> list[dict]:
    """Ask the providers: one more than is counted, so that it can be said that there are more."""
    registry, limit = registry_of(current_app), MOST if only else COUNTED
    groups = []
    for plugin, provider in providers:
        if (only and provider.key != only) or (filters and not provider.filters):
            continue
        hits = registry.guarded(plugin, _hits, provider, words, filters, limit + 1, default=[],
                                hook=f"portal_search.{provider.key}")
        groups.append({"key": provider.key, "title": provider.title, "hits": hits[:limit], "more": len(hits) > limit})
    return groups


def _hits(provider, words: str, filters: SearchFilters, limit: int) -> list[Hit]:
    more = (filters,) if provider.filters else ()
    hits = list(itertools.islice(provider.find(current_user, words, limit, *more), limit))
    if not all(isinstance(hit, Hit) for hit in hits):
        raise TypeError(f"the search of {provider.title} should return a list of Hit")
    return hits


def _shown(group: dict, words: str, kept: dict, page: int) -> dict:
    """Return the group as the page places it: some hits, marked, and how many there are."""
    alone, number = bool(kept["in"]), len(group["hits"])
    some = group["hits"][(page - 1) * PAGE : page * PAGE] if alone else group["hits"][:SHOWN]
    return {
        **group, "count": f"{number}+" if group["more"] else str(number), "any": bool(some),
        "all_url": _address(kept, **{"in": group["key"]}) if not alone and number > SHOWN else "",
        "hits": [
            {"title": marked(hit.title, words), "note": marked(hit.note, words), "url": hit.url, "icon": hit.icon}
            for hit in some
        ],
    }


def _address(kept: dict, **changes) -> str:
    query = {name: value for name, value in {**kept, **changes}.items() if value not in ("", None)}
    return f"{url_for('search.results')}?{urlencode(query)}"


def _pages(groups: list[dict], kept: dict, page: int) -> dict:
    number = len(groups[0]["hits"]) if groups else 0
    return {
        "text": f"共 {number}{'+' if groups and groups[0]['more'] else ''} 条",
        "prev_url": _address(kept, page=page - 1 if page > 2 else None) if page > 1 else None,
        "next_url": _address(kept, page=page + 1) if number > page * PAGE else None,
    }


def _kinds_of_result(providers, groups, kept, only, filters) -> list[dict]:
    """Return the chips by which one kind of result is chosen, with how many were found of each."""
    counts = {group["key"]: f"{len(group['hits'])}{'+' if group['more'] else ''}" for group in groups}
    chips = [{"label": "全部", "url": _address(kept, **{"in": ""}), "active": not only}]
    return chips + [
        {"label": provider.title, "url": _address(kept, **{"in": provider.key}), "active": only == provider.key,
         "count": counts.get(provider.key)}
        for _, provider in providers
        if (provider.filters or not filters) and (only or counts.get(provider.key) != "0")
    ]
