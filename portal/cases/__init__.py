"""The ledger: one place for every matter, who is responsible for it, until when, and what happened."""

import datetime

from portal.cases import (  # noqa: F401  (their routes)
    assist_views,
    clock_jobs,
    extension_views,
    figures_views,
    handing_town,
    handing_views,
    heads,
    leaving,
    merge_views,
    merging,
    moved_units,
    pause_views,
    proof_views,
    recompute,
    recompute_views,
    residents,
    self_check,
    telling,
    voiding,
    work,
)
from portal.cases.cards import CARDS
from portal.cases.checks import findings
from portal.cases.clock_models import DueMove, Extension, Pause
from portal.cases.clock_papers import PAPERS
from portal.cases.commands import audit as audit_commands
from portal.cases.commands import tally_commands
from portal.cases.counter_models import Flow, Series, Tally
from portal.cases.duplicates import DAYS, tidy
from portal.cases.figures import FAIR_COUNTS
from portal.cases.jobs import JOBS as RESPONSIBILITY_JOBS
from portal.cases.lens import COLUMNS, seen_by
from portal.cases.merge_models import Likeness, Merge
from portal.cases.models import Assist, Case, CaseEvent, Rating, Reply
from portal.cases.proof_models import CheckRun, DailyHead, VoidNumber
from portal.cases.responsibility import SETTINGS as RESPONSIBILITY_SETTINGS
from portal.cases.search_commands import reindex_cases
from portal.cases.search_text import find_cases, units_below
from portal.cases.supervision import case_views, order_views, overdue_views, rule_views
from portal.cases.supervision import jobs as supervision_jobs
from portal.cases.supervision.models import MODELS as SUPERVISION
from portal.cases.supervision.models import Order
from portal.cases.supervision.orders import given_numbers
from portal.cases.views import blueprint
from portal.db import today
from portal.hookspecs import hookimpl
from portal.values import Job, MenuItem, Permission, Plugin, SearchProvider, Setting, Topic

#: What supervision brings; imported, so that its pages are on the blueprint.
SUPERVISION_VIEWS = (case_views, order_views, overdue_views, rule_views)

__all__ = ["Case", "figures_views", "seen_by"]

DECIDERS = ("county_staff", "town_staff", "village_staff")
STAFF = ("county_staff", "town_staff", "village_staff", "window", "grid_worker", "mediator")


@hookimpl
def portal_plugin():
    return Plugin("cases", "台账", level="core")


@hookimpl
def portal_models():
    return [
        Case, CaseEvent, Pause, Reply, Rating, Series, Tally, Flow, Extension, DueMove, Merge, Likeness, Assist,
        VoidNumber, CheckRun, DailyHead, *SUPERVISION,
    ]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [
        Permission("cases.read", "查看案件", roles=(*STAFF, "leader")),
        Permission("cases.figures", "查看统计", roles=("county_staff", "town_staff", "village_staff", "leader")),
        Permission("cases.assign", "在单位内交办", roles=("county_staff", "town_staff", "village_staff")),
        Permission("cases.extend", "申请延期、停表和恢复计时", roles=STAFF),
        Permission("cases.approve", "审批延期", roles=("county_staff", "town_staff", "leader")),
        Permission("cases.merge", "并案、撤销并案、拆分", roles=("county_staff", "town_staff", "village_staff")),
        Permission("cases.note", "签收、写备注、传附件、登记评价", roles=STAFF),
        Permission("cases.hand_over", "转交别的单位、指定承办", roles=("county_staff", "town_staff")),
        Permission("cases.send_back", "退回不归本单位的件", roles=DECIDERS),
        Permission("cases.assist", "请求协办、答复协办", roles=DECIDERS),
        Permission("cases.void", "作废登记错的件", roles=STAFF),
        Permission("cases.check", "查看和运行自检", roles=("system_admin",)),
        Permission("cases.remind", "催办下级承办的件", roles=("county_staff", "town_staff", "village_staff", "leader")),
        Permission("cases.supervise", "开督办单、审核答复、提级", roles=("county_staff", "town_staff", "leader")),
        Permission("cases.instruct", "在案件上批示", roles=("leader",)),
        Permission("cases.change_rules", "设置亮灯和督办的天数", roles=("system_admin", "town_admin")),
    ]


@hookimpl
def portal_menu():
    return [
        MenuItem(10, "我的待办", "cases.desk", "cases.read", icon="checklist", counts="*"),
        MenuItem(20, "全部案件", "cases.index", "cases.read", icon="list-details"),
        MenuItem(30, "督办", "cases.overdue", "cases.read", icon="flag"),
        MenuItem(40, "统计", "cases.figures", "cases.figures", icon="chart-bar"),
        MenuItem(66, "重复的件", "cases.alike", "cases.merge", icon="copy", group="基础信息"),
        MenuItem(925, "督办规则", "cases.rules", "cases.change_rules", icon="adjustments", group="系统管理"),
        MenuItem(935, "自检", "cases.check", "cases.check", icon="circle-check", group="系统管理"),
        MenuItem(945, "每日校验值", "cases.heads", "audit.read", icon="rubber-stamp", group="系统管理"),
    ]


@hookimpl
def portal_topics():
    return [
        *telling.TOPICS, *clock_jobs.TOPICS,
        *supervision_jobs.TOPICS, Topic(merging.TOPIC, "并案和撤销并案"),
        Topic(self_check.TOPIC, "自检发现问题", may_mute=False),
    ]


@hookimpl
def portal_jobs():
    return [
        *RESPONSIBILITY_JOBS, *clock_jobs.JOBS, *supervision_jobs.JOBS,
        Job("cases.alike", "查找可能重复的件", tidy, at="02:40"),
        Job("cases.head", "每日校验值", head_of_yesterday, at="00:10"),
        Job("cases.check", "每夜自检", self_check.nightly, at="02:30"),
        Job("cases.check_asked", "有人要求的自检", self_check.asked, every=2),
    ]


def head_of_yesterday() -> str:
    head = heads.take(today() - datetime.timedelta(days=1))
    return f"{head.day} 的校验值 {head.digest[:8]}…，新增经过 {head.entries_count} 条。"


@hookimpl
def portal_settings():
    keep = Setting(
        "cases.keep_years", "案件办结后，档案保管多少年", 10, measure="年",
        note="归档文件的保管期限分永久、30 年、10 年，各县按本级的规定填写", least=1, most=100,
    )
    void = Setting(
        voiding.DAYS, "登记错的件几天内可以作废", voiding.USUAL_DAYS, measure="天", note="还没有人办过的才可以",
        most=30,
    )
    return [*RESPONSIBILITY_SETTINGS, DAYS, keep, void, Setting(
        FAIR_COUNTS, "“基本满意”计入满意率", True, "flag",
        note="国办发〔2019〕51号只把不满意、非常不满意算作差评；当地另有口径的，可以改为不计入。",
    )]


@hookimpl
def portal_commands():
    return [reindex_cases, tally_commands, audit_commands]


@hookimpl
def portal_cards():
    return list(CARDS)


@hookimpl
def portal_papers():
    return list(PAPERS)


@hookimpl
def portal_search():
    return [SearchProvider(10, "案件", "cases.read", find_cases, name="cases", filters=True, units=units_below)]


@hookimpl
def portal_unit_preview(change):
    return moved_units.effects(change)


@hookimpl
def portal_unit_parts(unit):
    return moved_units.parts(unit)


@hookimpl
def portal_unit_changed(change):
    moved_units.follow(change)


@hookimpl
def portal_resident_uses(resident):
    return residents.uses(resident)


@hookimpl
def portal_resident_data(resident, person):
    return residents.sections(resident, person)


@hookimpl
def portal_resident_records(resident, person):
    return residents.records(resident, person)


@hookimpl
def portal_resident_erased(resident, by):
    residents.erase(resident, by)


@hookimpl
def portal_work(post):
    return work.hanging_on(post)


@hookimpl
def portal_hand_work(post, names, successor, actor):
    work.hand(post, names, successor, actor)


@hookimpl
def portal_numbers():
    return given_numbers()


@hookimpl
def portal_check(say=None):
    return findings(say) + work.findings()


@hookimpl
def portal_calendar_preview(calendar):
    """Say how many dates would move, before an administrator saves the calendar."""
    found = recompute.foreseen(calendar)
    words = {"later": "推后", "earlier": "提前"}
    told = "，".join(f"{words[name]} {found[name]} 件" for name in words if found[name])
    said = [f"这会移动 {found['later'] + found['earlier']} 件的期限：{told}。"] if told else []
    return said + ([f"有 {found['kept']} 件按新日历已经到期，保持原来的期限。"] if found["kept"] else [])


@hookimpl
def portal_calendar_changed():
    recompute.work()


@hookimpl
def portal_town_obstacles(town, plugin):
    """Name the open cases that lie there: nobody would see them any more."""
    return leaving.obstacles(town, plugin)


@hookimpl
def portal_town_matters(town, plugin, person, after):
    return leaving.matters(town, plugin, person, after)


@hookimpl
def portal_town_counts(county):
    return leaving.counts(county)


@hookimpl
def portal_hand_town(town, plugin, actor, text, keeper):
    return handing_town.hand(town, plugin, actor, text, keeper)


@hookimpl
def portal_unit_obstacles(unit):
    """Say what the unit is responsible for, what it was asked, and what lies in it whoever is: all of that would be
    left without a place."""
    unclosed = Case.select().where(Case.closed.is_null())
    asked = Assist.select().where(Assist.unit == unit.id, Assist.ended.is_null())
    found = [
        (unclosed.where(Case.unit == unit.id).count(), "还有 {} 件没有办结的案件由它负责"),
        (asked.count(), "还有 {} 件请它协办的没有答复"),
        (Case.select().where(Case.extension_asked == unit.id).count(), "还有 {} 件延期申请等它审批"),
    ]
    if column := COLUMNS.get(f"{unit.level}_id"):
        found.append((unclosed.where(column == unit.id).count(), "辖区内还有 {} 件没有办结的案件"))
    owed = Order.select().where(Order.unit == unit.id, Order.settled_at.is_null())
    found.append((owed.count(), "还有 {} 张没有办结的督办单发给它"))
    return [sentence.format(count) for count, sentence in found if count]
