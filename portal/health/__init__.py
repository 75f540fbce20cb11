"""How the plugins fare: what was left out, what fails, what is left alone for a while, and who is told."""

from portal.health.models import HookHealth
from portal.health.reporting import TOPIC, report_due
from portal.health.state import findings, forget_old, troubles
from portal.health.views import blueprint, card, may_read_metrics
from portal.hookspecs import hookimpl
from portal.values import Action, Card, Job, MenuItem, Plugin, Topic

__all__ = ["HookHealth", "may_read_metrics", "report_due", "troubles"]


def init_app(app) -> None:
    """Have every request, job and command report in the end what failed in it."""

    @app.teardown_request
    def report_of_request(error):
        report_due()

    @app.teardown_appcontext
    def report_of_others(error):
        report_due()


@hookimpl
def portal_plugin():
    return Plugin("health", "插件运行状况", level="core")


@hookimpl
def portal_models():
    return [HookHealth]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_menu():
    return [MenuItem(936, "插件运行状况", "health.index", "cases.check", icon="plug", group="系统管理")]


@hookimpl
def portal_cards():
    return [Card(6, "health", "插件运行状况", "health/card.html", card, "cases.check")]


@hookimpl
def portal_topics():
    return [Topic(TOPIC, "插件暂停调用", may_mute=False)]


@hookimpl
def portal_actions():
    return [Action("health.try_again", "重新试用插件")]


@hookimpl
def portal_jobs():
    return [Job("health.forget", "清理旧的插件失败记录", forget_old, at="03:45")]


@hookimpl
def portal_check():
    return findings()
