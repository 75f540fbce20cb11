"""The ledger: one place for every matter, who is responsible for it, until when, and what happened."""

from portal.cases import merge_views, merging
from portal.cases.cards import CARDS
from portal.cases.checks import findings
from portal.cases.duplicates import DAYS, tidy
from portal.cases.kinds import kinds, plugin_of
from portal.cases.lens import COLUMNS, open_cases_of, seen_by
from portal.cases.models import Case, CaseEvent, Flow, Likeness, Merge, Pause, Rating, Reply, Series, Tally
from portal.cases.search_commands import reindex_cases
from portal.cases.search_text import find_cases, units_below
from portal.hookspecs import hookimpl
from portal.values import Job, MenuItem, Permission, Plugin, SearchProvider, Topic

__all__ = ["Case", "seen_by"]

STAFF = ("county_staff", "town_staff", "village_staff", "window", "grid_worker", "mediator")


@hookimpl
def portal_plugin():
    return Plugin("cases", "台账", level="core")


@hookimpl
def portal_models():
    return [Case, CaseEvent, Pause, Reply, Rating, Series, Tally, Flow, Merge, Likeness]


@hookimpl
def portal_blueprint():
    return merge_views.blueprint


@hookimpl
def portal_permissions():
    return [
        Permission("cases.read", "查看案件", roles=(*STAFF, "leader")),
        Permission("cases.assign", "在单位内交办", roles=("county_staff", "town_staff", "village_staff")),
        Permission("cases.merge", "并案、撤销并案、拆分", roles=("county_staff", "town_staff", "village_staff")),
        Permission("cases.note", "写备注、传附件、登记评价", roles=STAFF),
    ]


@hookimpl
def portal_menu():
    return [
        MenuItem(10, "我的待办", "cases.desk", "cases.read", icon="checklist", counts="*"),
        MenuItem(20, "全部案件", "cases.index", "cases.read", icon="list-details"),
        MenuItem(25, "可能重复的件", "cases.alike", "cases.merge", icon="copy"),
    ]


@hookimpl
def portal_cards():
    return list(CARDS)


@hookimpl
def portal_search():
    return [SearchProvider(10, "案件", "cases.read", find_cases, name="cases", filters=True, units=units_below)]


@hookimpl
def portal_commands():
    return [reindex_cases]


@hookimpl
def portal_settings():
    return [DAYS]


@hookimpl
def portal_topics():
    return [Topic(merging.TOPIC, "并案和撤销并案")]


@hookimpl
def portal_jobs():
    return [Job("cases.alike", "查找可能重复的件", tidy, at="02:40")]


@hookimpl
def portal_check():
    return findings()


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
