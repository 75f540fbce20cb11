"""Residents: the only room where personal data lives; masked by default, revealed with a reason."""

from flask import url_for

from portal.hookspecs import hookimpl
from portal.people import crypto
from portal.people.models import Resident
from portal.people.views import blueprint
from portal.values import Finding, Hit, MenuItem, Permission, Plugin, SearchProvider


@hookimpl
def portal_plugin():
    return Plugin("people", "居民", level="core")


@hookimpl
def portal_models():
    return [Resident]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    villages = ("town_staff", "village_staff", "window", "grid_worker")
    return [
        Permission("people.read", "查看居民（号码隐去）", roles=("county_staff", "mediator", *villages)),
        Permission("people.edit", "登记、修改居民", roles=villages),
        Permission("people.reveal", "查看完整号码", roles=("county_staff", "town_staff", "village_staff", "window")),
    ]


@hookimpl
def portal_menu():
    return [MenuItem(60, "居民", "people.index", "people.read", icon="users", group="基础信息")]


def find_residents(person, words: str, limit: int) -> list[Hit]:
    """Return residents of the own area by name or pinyin initials, masked."""
    query = Resident.seen_by(person).where(Resident.name.contains(words) | Resident.initials.startswith(words.lower()))
    return [
        Hit(one.masked_name, url_for("people.show", resident_id=one.id), one.masked_phone, "居民", "user")
        for one in query.order_by(Resident.id.desc()).limit(limit)
    ]


@hookimpl
def portal_check():
    return [Finding(sentence) for sentence in crypto.lost_keys()]


@hookimpl
def portal_search():
    return [SearchProvider(20, "居民", "people.read", find_residents, name="residents")]
