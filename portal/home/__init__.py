"""The first page, the frame around every page, and the answer to the question whether the portal is alive."""

from portal.home.menu import frame_values
from portal.home.views import blueprint
from portal.hookspecs import hookimpl
from portal.values import MenuItem, Plugin


def init_app(app) -> None:
    """Give every page its frame: menu, tabs, the person's post, how many matters wait."""
    app.context_processor(frame_values)


@hookimpl
def portal_plugin():
    return Plugin("home", "工作台", level="core")


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_menu():
    return [MenuItem(0, "工作台", "home.index", "signed_in", icon="layout-dashboard")]
