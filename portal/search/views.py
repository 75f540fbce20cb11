from flask import Blueprint, current_app, render_template, request
from flask_login import current_user

from portal.access import signed_in
from portal.registry import registry_of
from portal.values import Hit

blueprint = Blueprint("search", __name__, template_folder="templates")

SHOWN = 20


@blueprint.get("")
@signed_in
def results():
    """Ask every provider that this person may use; each looks only at what the person may see."""
    words = " ".join(request.args.get("q", "").split())[:60]
    groups = []
    registry = registry_of(current_app)
    if words:
        found = registry.collect("portal_search", current_user.enabled)
        for plugin, provider in sorted(found, key=lambda one: one[1].order):
            if current_user.may(provider.permission):
                hits = registry.guarded(plugin, _hits, provider, words, default=[])
                groups.append({"title": provider.title, "hits": hits[:SHOWN], "more": len(hits) > SHOWN})
    return render_template("search/results.html", words=words, groups=groups, total=sum(len(g["hits"]) for g in groups))


def _hits(provider, words: str) -> list[Hit]:
    hits = list(provider.find(current_user, words, SHOWN + 1))
    if not all(isinstance(hit, Hit) for hit in hits):
        raise TypeError(f"the search of {provider.title} should return a list of Hit")
    return hits
