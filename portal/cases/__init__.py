"""The ledger: one place for every matter, who is responsible for it, until when, and what happened."""

import datetime

from portal.cases import heads, proof_views, self_check, voiding
from portal.cases.cards import CARDS
from portal.cases.checks import findings
from portal.cases.commands import audit as audit_commands
from portal.cases.kinds import kinds, plugin_of
from portal.cases.lens import COLUMNS, open_cases_of, seen_by
from portal.cases.models import Case, CaseEvent, Flow, Pause, Rating, Reply, Series, Tally
from portal.cases.proof_models import CheckRun, DailyHead, VoidNumber
from portal.cases.search_text import find_cases
from portal.cases.views import blueprint
from portal.db import today
from portal.hookspecs import hookimpl
from portal.values import Job, MenuItem, Permission, Plugin, SearchProvider, Setting, Topic

__all__ = ["Case", "proof_views", "seen_by"]

STAFF = ("county_staff", "town_staff", "village_staff", "window", "grid_worker", "mediator")


@hookimpl
def portal_plugin():
    return Plugin("cases", "台账", level="core")


@hookimpl
def portal_models():
    return [Case, CaseEvent, Pause, Reply, Rating, Series, Tally, Flow, VoidNumber, CheckRun, DailyHead]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [
        Permission("cases.read", "查看案件", roles=(*STAFF, "leader")),
        Permission("cases.assign", "在单位内交办", roles=("county_staff", "town_staff", "village_staff")),
        Permission("cases.note", "写备注、传附件、登记评价", roles=STAFF),
        Permission("cases.void", "作废登记错的件", roles=STAFF),
        Permission("cases.check", "查看和运行自检", roles=("system_admin",)),
    ]


@hookimpl
def portal_menu():
    return [
        MenuItem(10, "我的待办", "cases.desk", "cases.read", icon="checklist", counts="*"),
        MenuItem(20, "全部案件", "cases.index", "cases.read", icon="list-details"),
        MenuItem(935, "自检", "cases.check", "cases.check", icon="circle-check", group="系统管理"),
        MenuItem(945, "每日校验值", "cases.heads", "audit.read", icon="rubber-stamp", group="系统管理"),
    ]


@hookimpl
def portal_cards():
    return list(CARDS)


@hookimpl
def portal_search():
    return [SearchProvider(10, "案件", "cases.read", find_cases)]


@hookimpl
def portal_settings():
    return [
        Setting(voiding.DAYS, "登记错的件几天内可以作废", voiding.USUAL_DAYS, measure="天", note="还没有人办过的才可以",
                least=0, most=30),
    ]


@hookimpl
def portal_topics():
    return [Topic(self_check.TOPIC, "自检发现问题", may_mute=False)]


@hookimpl
def portal_jobs():
    return [
        Job("cases.head", "每日校验值", head_of_yesterday, at="00:10"),
        Job("cases.check", "每夜自检", self_check.nightly, at="02:30"),
        Job("cases.check_asked", "有人要求的自检", self_check.asked, every=2),
    ]


def head_of_yesterday() -> str:
    head = heads.take(today() - datetime.timedelta(days=1))
    return f"{head.day} 的校验值 {head.digest[:8]}…，新增经过 {head.entries_count} 条。"


@hookimpl
def portal_commands():
    return [audit_commands]


@hookimpl
def portal_check(say=None):
    return findings(say)


@hookimpl
def portal_town_obstacles(town, plugin):
    """Name the open cases of the plugin's kinds: they would lie where nobody sees them any more."""
    names = [name for name in kinds() if plugin_of(name).slug == plugin]
    return [
        f"{case.number} {case.title}（{case.unit.name}负责，{case.phase_title}）"
        for name in names for case in open_cases_of(town, name)
    ]


@hookimpl
def portal_unit_obstacles(unit):
    """Say what the unit is responsible for, and what lies in it whoever is: both would be left without a place."""
    unclosed = Case.select().where(Case.closed.is_null())
    found = [(unclosed.where(Case.unit == unit.id).count(), "还有 {} 件没有办结的案件由它负责")]
    if column := COLUMNS.get(f"{unit.level}_id"):
        found.append((unclosed.where(column == unit.id).count(), "辖区内还有 {} 件没有办结的案件"))
    return [sentence.format(count) for count, sentence in found if count]
