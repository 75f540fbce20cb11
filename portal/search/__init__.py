"""Search: one index for the words of all rooms, and the page that asks each room for what this person may see."""

from portal.hookspecs import hookimpl
from portal.search.grams import phrases
from portal.search.index import ids, match, matching, put, remove, rescope
from portal.search.models import SearchText
from portal.search.views import blueprint
from portal.values import Plugin

__all__ = ["ids", "match", "matching", "phrases", "put", "remove", "rescope"]


@hookimpl
def portal_plugin():
    return Plugin("search", "搜索", level="core")


@hookimpl
def portal_models():
    return [SearchText]


@hookimpl
def portal_blueprint():
    return blueprint
