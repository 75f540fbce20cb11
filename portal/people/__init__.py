"""Residents: the only room where personal data lives; masked by default, revealed with a reason."""

from flask import url_for

from portal.hookspecs import hookimpl
from portal.people import (
    crypto,
    exporting,
    keeping,
    merge_views,
    merging,
    moved_residents,
    pairs,
    record_views,
    references,
)
from portal.people.models import Resident, ResidentMerge, ResidentPair, ResidentRequest
from portal.people.views import blueprint
from portal.values import Finding, Hit, Job, MenuItem, Permission, Plugin, SearchProvider, Setting, Topic

__all__ = ["merge_views", "record_views"]


@hookimpl
def portal_plugin():
    return Plugin("people", "居民", level="core")


@hookimpl
def portal_models():
    return [Resident, ResidentPair, ResidentMerge, ResidentRequest]


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
        # Above the village: who looked, also from above, is not for those whom somebody may be asking about.
        Permission("people.trace", "查看谁看过居民资料", roles=("county_staff", "town_staff", "audit_admin")),
        Permission("people.export", "按本人申请导出资料", roles=("county_staff",)),
        Permission("people.erase", "清理、删除居民资料", roles=("county_staff",)),
        Permission("people.merge", "合并重复居民、撤销合并", roles=("county_staff", "town_staff", "village_staff")),
    ]


@hookimpl
def portal_menu():
    return [
        MenuItem(60, "居民", "people.index", "people.read", icon="users", group="基础信息"),
        MenuItem(62, "疑似重复居民", "people.pairs_list", "people.merge", icon="user-question", group="基础信息"),
        MenuItem(64, "到期待清理", "people.expired", "people.erase", icon="clock", group="基础信息"),
    ]


@hookimpl
def portal_settings():
    return [
        Setting("people.undo_days", "合并居民后，多少天内可以撤销", 90, measure="天", note="过后删去合并前的内容",
                least=1, most=1095),
        Setting("people.idle_days", "没有用于任何事项的登记，保留多少天", 365, measure="天",
                note="从登记或最近一次修改算起；过后列入到期待清理", least=30, most=3650),
    ]


@hookimpl
def portal_jobs():
    return [
        Job("people.pairs", "查找疑似重复的居民", find_pairs, at="02:20"),
        Job("people.review", "查找保存期限已满的居民", keeping.review, at="03:00"),
        Job("people.forget", "删去过了撤销期的合并前内容", forget_merges, at="02:40"),
    ]


@hookimpl
def portal_topics():
    return [Topic("people.expired", "居民资料保存期限已满")]


@hookimpl
def portal_resident_data(resident, person):
    return exporting.own_sections(resident)


def find_pairs() -> str:
    late, found = merging.catch_up(), pairs.search()
    return f"新找到 {found} 对疑似重复的居民。" + (f"补转 {late} 条合并时正在办理的记录。" if late else "")


def forget_merges() -> str:
    return f"删去 {merging.forget_old()} 次合并的合并前内容。"


def find_residents(person, words: str, limit: int) -> list[Hit]:
    """Return residents of the own area by name or pinyin initials, masked."""
    query = Resident.seen_by(person).where(Resident.name.contains(words) | Resident.initials.startswith(words.lower()))
    return [
        Hit(one.masked_name, url_for("people.show", resident_id=one.id), one.masked_phone, "居民", "user")
        for one in query.order_by(Resident.id.desc()).limit(limit)
    ]


@hookimpl
def portal_unit_preview(change):
    return moved_residents.effects(change)


@hookimpl
def portal_unit_changed(change):
    moved_residents.follow(change)


@hookimpl
def portal_check():
    lost = [Finding(sentence) for sentence in crypto.lost_keys()]
    strays = sum(len(one.strays()) for one in references.references())
    late = "有 {} 位已并入别人的居民名下还有记录，夜里的“查找疑似重复的居民”会转过去。"
    return lost + ([Finding(late.format(strays), serious=False)] if strays else [])


@hookimpl
def portal_search():
    return [SearchProvider(20, "居民", "people.read", find_residents, name="residents")]
