"""The menu of one person: what the plugins of their town offer, of what their post permits, grouped by platform."""

import functools
from dataclasses import dataclass
from typing import NamedTuple

from flask import current_app, g, get_template_attribute, request, url_for
from markupsafe import Markup

from portal.access import SIGNED_IN, who_asks
from portal.cases.desk import waiting_here
from portal.db import now
from portal.notify import unread_of
from portal.registry import registry_of

#: Remembered menus; there are as many as there are sets of permissions and of enabled plugins. And drawn lines: as many
#: as there are lines, times the figures beside them.
MOST, MOST_LINES = 500, 4000


@dataclass(frozen=True)
class Line:
    """One line of the menu, with its address worked out once."""

    label: str
    url: str
    icon: str
    endpoint: str
    counts: str
    centre: bool


class Item(NamedTuple):
    """A line as it stands on this page. Named tuples, because every page reads all of them."""

    label: str
    url: str
    icon: str
    count: int | None
    centre: bool
    active: bool
    #: How the side menu places it.
    drawn: Markup = Markup()


class Group(NamedTuple):
    title: str
    lines: list[Item]


def frame_values() -> dict:
    """Return what every template of the frame needs; error pages take nothing from the database."""
    values = {"portal_name": current_app.config["PORTAL"]["portal_name"], "menu": [], "tabs": []}
    if g.get("plain_page"):
        return values
    person = who_asks()
    values |= {"current_user": person, "large_type": person.large_type}
    post = person.post
    if not person.is_authenticated or person.must_change_password:
        return values
    groups = _groups(person)
    waiting = waiting_here() if person.may("cases.read") else None
    here = request.endpoint
    menu = [Group(title, [_item(line, _count(line, waiting), here == line.endpoint) for line in lines])
            for title, lines in groups]
    return values | {
        "menu": menu, "tabs": _tabs(menu), "county_name": post.county if post else "", "help_url": url_for("home.help"),
        "unread": sum(unread_of(person).values()), "page_at": now().isoformat(),
        "begin": next((item for group in menu for item in group.lines if item.centre), None),
        "upload_megabytes": current_app.config["PORTAL"]["upload_megabytes"],
    }


def _groups(person) -> list[tuple[str, list[Line]]]:
    """Return (heading, lines) of the menu; worked out once for each set of permissions and of enabled plugins."""
    known = current_app.extensions.setdefault("portal_menus", {})
    key = (person.post.permissions if person.post else None, person.enabled)
    if key not in known:
        if len(known) >= MOST:
            known.clear()
        known[key] = _worked_out(person)
    return known[key]


def _worked_out(person) -> list[tuple[str, list[Line]]]:
    order = list(registry_of(current_app).plugins)
    found = []
    for plugin, item in registry_of(current_app).collect("portal_menu", person.enabled):
        if item.permission == SIGNED_IN or person.may(item.permission):
            title = item.group or ("" if plugin.level == "core" else plugin.title)
            # The core's own lines come first, then the platforms, then what is grouped by the core (administration).
            rank = 0 if not title else 2 if plugin.level == "core" else 1
            found.append((rank, order.index(plugin.slug) if rank == 1 else 0, title, item))
    found.sort(key=lambda one: (one[0], one[1], one[2] if one[0] == 2 else "", one[3].order))
    groups: dict[str, list[Line]] = {}
    for _, _, title, item in found:
        line = Line(item.label, url_for(item.endpoint), item.icon, item.endpoint, item.counts, item.centre)
        groups.setdefault(title, []).append(line)
    return list(groups.items())


def _count(line: Line, waiting) -> int | None:
    if not line.counts or not waiting:
        return None
    return waiting.parts["mine"] if line.counts == "*" else waiting.kinds.get(line.counts)


@functools.lru_cache(MOST_LINES)
def _item(line: Line, count: int | None, active: bool) -> Item:
    """Return a line with its figure as it is placed; drawn once, because every page has thirty of them."""
    item = Item(line.label, line.url, line.icon, count, line.centre, active)
    return item._replace(drawn=Markup(get_template_attribute("macros/menu.html", "line")(item)))


def _tabs(menu: list[Group]) -> list[Item]:
    """Return the tab bar of phones: the first lines of the menu, and in the middle where a new matter begins."""
    lines = [item for group in menu for item in group.lines]
    centre = next((item for item in lines if item.centre), None)
    tabs = [item for item in lines if not item.centre][:3]
    if centre:
        tabs.insert(2, centre)
    return tabs
