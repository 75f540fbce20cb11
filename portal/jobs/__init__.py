"""Background work: each job at its time, once, with a record of how it ended, and noticed when it did not."""

from portal.hookspecs import hookimpl
from portal.jobs.commands import jobs
from portal.jobs.consumer import work
from portal.jobs.models import JobRun, Lease
from portal.jobs.plan import findings, troubles
from portal.jobs.running import prune
from portal.jobs.views import blueprint, card
from portal.values import Action, Card, Job, MenuItem, Permission, Plugin, Topic

__all__ = ["JobRun", "troubles", "work"]


@hookimpl
def portal_plugin():
    return Plugin("jobs", "后台任务", level="core")


@hookimpl
def portal_models():
    return [JobRun, Lease]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [Permission("jobs.manage", "查看和运行后台任务", roles=("system_admin",))]


@hookimpl
def portal_menu():
    return [MenuItem(940, "后台任务", "jobs.index", "jobs.manage", icon="clock", group="系统管理")]


@hookimpl
def portal_cards():
    return [Card(5, "jobs", "后台任务", "jobs/card.html", card, "jobs.manage")]


@hookimpl
def portal_topics():
    return [Topic("jobs.failed", "后台任务没有成功", may_mute=False)]


@hookimpl
def portal_actions():
    return [Action("jobs.run_now", "立即运行后台任务")]


@hookimpl
def portal_jobs():
    return [Job("jobs.prune", "清理旧的运行记录", prune, at="03:40")]


@hookimpl
def portal_check():
    return findings()


@hookimpl
def portal_commands():
    return [jobs]
