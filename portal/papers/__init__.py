"""Papers: documents printed on A4 from a record. A plugin declares them (`portal_papers`), this room lays them out."""

from flask import Blueprint, current_app, render_template

from portal.hookspecs import hookimpl
from portal.registry import registry_of
from portal.values import Paper, Plugin

__all__ = ["of", "page"]


def of(case, person) -> list[Paper]:
    """Return the papers that can be printed of `case` now, by this person."""
    registry = registry_of(current_app)
    return [
        paper for plugin, paper in registry.collect("portal_papers", person.enabled)
        if paper.kind in ("", case.kind) and person.may(paper.permission)
        and registry.guarded(plugin, _is_shown, paper, case, default=False, hook=f"portal_papers.{paper.name}")
    ]


def _is_shown(paper: Paper, case) -> bool:
    return bool(paper.shown(case))


def page(paper: Paper, case) -> str:
    """Return the page of one paper, ready to print."""
    return render_template(paper.template, case=case, paper=paper, **paper.prepare(case))


@hookimpl
def portal_plugin():
    return Plugin("papers", "文书", level="core")


@hookimpl
def portal_blueprint():
    """A blueprint without routes: it brings the sheet that the papers of all plugins extend."""
    return Blueprint("papers", __name__, template_folder="templates")
