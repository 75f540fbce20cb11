"""What stands in the way of switching a plugin, as the page shows it before anything is pressed."""

from flask import current_app, request, url_for

from portal.access import who_asks
from portal.forms import row_id
from portal.org.enablement import refuse_unfit
from portal.org.models import Unit
from portal.org.rules import refuse_against
from portal.registry import registry_of
from portal.values import Plugin, Refused


def forbidden(unit: Unit, one: Plugin, enable: bool) -> str:
    """Return why it cannot be switched whatever is open, "" if it can."""
    try:
        refuse_against(unit, one, enable)
        refuse_unfit(registry_of(current_app), unit, one, enable)
    except Refused as refused:
        return refused.sentence
    return ""


def open_matters(unit: Unit, one: Plugin) -> dict:
    """Return what stands in the way of disabling: a page of open matters, what could be done, and the rest."""
    registry, asked = registry_of(current_app), {"town": unit, "plugin": one.slug}
    after = request.args.get("after", default=0, type=row_id) or 0
    try:
        told = registry.collect("portal_town_matters", {one.slug}, or_refuse=True, after=after,
                                person=who_asks(), **asked)
        # Not the ledger's sentences: it has just told the same, page by page.
        rest = [sentence for _, sentence in registry.collect(
            "portal_town_obstacles", {one.slug}, or_refuse=True, core=False, **asked)]
    except Refused as refused:
        return {"count": 0, "others": [refused.sentence], "matters": [], "keepers": ()}
    matters = [value for owner, value in told if owner.level == "core" or owner.slug == one.slug]
    following = max((value.following for value in matters), default=0)
    here = {"unit_id": unit.id, "slug": one.slug}
    return {
        "count": sum(value.count for value in matters), "matters": [row for value in matters for row in value.rows],
        "others": [*rest, *(sentence for value in matters for sentence in value.others)],
        "takers": [name for value in matters for name in value.takers],
        "refusal": next((value.refusal for value in matters if value.refusal), ""),
        "hidden": sum(value.hidden for value in matters),
        "keepers": [pair for value in matters for pair in value.keepers],
        "pages": {"text": f"共 {sum(value.count for value in matters)} 件，先登记的在前",
                  "prev_url": url_for("org.switch_plugin", **here) if after else None,
                  "next_url": url_for("org.switch_plugin", after=following, **here) if following else None},
    }
