"""Which kinds of case there are, as the plugins declare them."""

from flask import current_app

from portal.cases.models import Assist
from portal.registry import registry_of
from portal.values import CaseKind, Plugin


def kinds() -> dict[str, CaseKind]:
    """Return all kinds of the running application by name."""
    return {name: kind for name, (_, kind) in _table().items()}


def kind_of(case) -> CaseKind:
    return _table()[case.kind][1]


def plugin_of(kind_name: str) -> Plugin:
    return _table()[kind_name][0]


def contents_seen(case, person) -> bool:
    """Tell whether the person may read what the case is about, and not only that it exists. A plugin that fails to say
    so has not said yes."""
    kind = kind_of(case)
    if kind.contents is None or registry_of(current_app).guarded(
        plugin_of(case.kind), says_yes, kind.contents, case, person, default=False,
        hook=f"portal_cases.{case.kind} contents",
    ):
        return True
    return bool(kind.assistants_read and case.assists) and Assist.select().where(
        Assist.case == case.id, Assist.unit.in_(list(person.acts_for)), Assist.ended.is_null()).exists()


def says_yes(ask, *arguments) -> bool:
    """Return what a plugin answers as yes or no, so that an answer which cannot say so fails where it is contained."""
    return bool(ask(*arguments))


def readable(person) -> list[CaseKind]:
    """Return the kinds that the person's active post may read in a town where their plugin is enabled."""
    enabled, may = person.enabled, person.may  # once: `person` may be a proxy, and every page asks for thirty kinds
    return [
        kind
        for plugin, kind in _table().values()
        if (plugin.level == "core" or plugin.slug in enabled) and may(kind.read)
    ]


def _table() -> dict[str, tuple[Plugin, CaseKind]]:
    extensions = current_app.extensions
    if "portal_kinds" not in extensions:
        found = registry_of(current_app).collect("portal_cases")
        extensions["portal_kinds"] = {kind.name: (plugin, kind) for plugin, kind in found}
    return extensions["portal_kinds"]
