"""A county in which a plugin has rows, and where it was disabled with all of them: what the contract looks at."""

import datetime
import io
from dataclasses import dataclass
from urllib.parse import quote

from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException

from portal.cases.models import Case, CaseEvent
from portal.cases.page import attach
from portal.db import atomic
from portal.notify import send
from portal.notify.models import Notice
from portal.org.enablement import renew_token
from portal.org.models import TownPlugin, Unit
from portal.testing.crawl import crawl, page_of


@dataclass(frozen=True)
class Filled:
    """`urls`: pages that show the rows; `reached`: where their owner comes from there and from the workbench; `cases`:
    the ids of the plugin's matters; `searches`: pages that look for them."""

    urls: list[str]
    reached: list[str]
    cases: list[int]
    searches: list[str]


def write(county, side, plugin: str, urls: list[str], insider: str, readers: tuple[str, ...]) -> Filled:
    """Add to what `fill` wrote on this `side` of the county what hangs on it, a file and notices; look where it leads.
    """
    cases = list(Case.select().where(Case.kind.startswith(f"{plugin}.")).order_by(Case.id))
    with county.app.test_request_context(), atomic():
        for case in cases[:1]:
            attach(FileStorage(_picture(), "照片.png", content_type="image/png"), case, side.person(insider))
        for name in _topics(county, plugin) if readers else ():
            send([county.person(reader) for reader in readers], name, "有一件事", urls[0] if urls else "/")
    browser, reached = side.sign_in(insider), []
    for start, clicks in [("/", 100), *((url, 1) for url in urls)]:
        reached += [url for url, *_ in crawl(county.app, browser, start, clicks=clicks, kind=page_of)]
    words = [word for case in cases for word in (case.number, case.title.split("：")[-1][:20])]
    searches = [f"{page}?q={quote(word)}" for word in dict.fromkeys(words) for page in ("/search", "/cases/")]
    for kind in [kind for owner, kind in county.registry.collect("portal_cases") if owner.slug == plugin]:
        lists = ("/search?q=一&", "/cases/?", "/cases/overdue?", "/cases/desk?")
        searches += [f"{page}kind={kind.name}" for page in lists]
        searches.append(f"/cases/places/{kind.name}/0")
    return Filled(list(urls), list(dict.fromkeys(reached)), [case.id for case in cases], searches)


def _topics(county, plugin: str) -> list[str]:
    return [topic.name for owner, topic in county.registry.collect("portal_topics") if owner.slug == plugin]


def _picture() -> io.BytesIO:
    drawn = io.BytesIO()
    Image.new("RGB", (4, 4), "teal").save(drawn, "PNG")
    drawn.seek(0)
    return drawn


def switch_off(county, slugs: list[str], *places: str) -> None:
    """Have the plugins be disabled, whatever is open: nothing of what lies there may show, though the portal itself
    would rather refuse than come to this."""
    units = [county.unit(place).id for place in places]
    with atomic():
        renew_token()
        TownPlugin.update(enabled=False).where(TownPlugin.plugin.in_(slugs), TownPlugin.unit.in_(units)).execute()


def forget_notices(plugin: str) -> None:
    """A portal without the plugin has never told anybody anything about its topics."""
    Notice.delete().where(Notice.topic.startswith(f"{plugin}.")).execute()


def rows_of(county, plugin: str) -> dict[str, list]:
    """Return all rows of the plugin's tables, what people were told, and how long the timelines are."""
    models = [model for owner in county.registry.owners() if owner.slug == plugin for model in owner.models]
    found = {model._meta.table_name: sorted(map(repr, model.select().tuples())) for model in models}
    told = Notice.select(Notice.id).where(Notice.topic.startswith(f"{plugin}.")).count()
    return found | {"notices": told, "timelines": CaseEvent.select().count()}


def names_a_row(county, url: str, plugin: str, shared: tuple[str, ...]) -> bool:
    """Tell whether an address of the plugin, or of the portal itself, has the id of a row in it that lies in a town."""
    try:
        endpoint, arguments = county.app.url_map.bind("localhost").match(url.split("?")[0], method="GET")
    except HTTPException:
        return False
    others = {one.slug for one in county.registry.optional()} - {plugin}
    if endpoint in shared or endpoint.split(".")[0] in others:
        return False
    unit = Unit.get_or_none(Unit.id == arguments["unit_id"]) if "unit_id" in arguments else None
    if unit is not None and unit.town_id is None:
        return False  # everybody knows what lies above them
    return any(name.endswith("_id") for name in arguments)


def present() -> datetime.datetime:
    """Return this moment, with its zone."""
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


__all__ = [
    "Filled", "forget_notices", "names_a_row", "present", "rows_of", "switch_off", "write",
]
