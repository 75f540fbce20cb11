"""The administrator's page 插件运行状况, and the figures for a program that watches the portal."""

import hmac
from ipaddress import ip_address

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for

from portal import audit
from portal.access import requires
from portal.db import atomic, now
from portal.forms import Form
from portal.health import state
from portal.health.models import HookHealth
from portal.health.reporting import report_due
from portal.health.words import hook_in_words
from portal.registry import registry_of

blueprint = Blueprint("health", __name__, template_folder="templates")

#: What a proxy adds: whoever comes through one is not of this machine, whatever the address of the connection says.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


@blueprint.get("/")
@requires("cases.check")
def index():
    """What was left out at start and why, what fails and what is left alone for a while."""
    report_due(everything=True)
    registry, moment = registry_of(current_app), now()
    failed: dict[str, list[dict]] = {}
    for row in state.rows():
        failed.setdefault(row.plugin, []).append({
            "row": row, "what": hook_in_words(row.hook), "paused": state.is_paused(row, moment),
            "recent": row.last_at > moment - state.RECENT,
        })
    plugins = [
        {"plugin": plugin, "failed": rows, "paused": sum(one["paused"] for one in rows),
         "recent": any(one["recent"] for one in rows)}
        for plugin in registry.optional() for rows in [failed.get(plugin.slug, [])]
    ]
    plugins.sort(key=lambda one: (not one["paused"], not one["recent"], not one["failed"]))
    return render_template("health/index.html", quarantined=registry.quarantined, plugins=plugins,
                           limits=registry.breakers.limits)


@blueprint.post("/<int:hook_id>/try-again")
@requires("cases.check")
def try_again(hook_id):
    """Let a hook that is left alone be asked again: the next call decides. Other processes hear of it in seconds."""
    if not Form().validate_on_submit():
        abort(400)
    row = HookHealth.get_or_none(HookHealth.id == hook_id) or abort(404)
    registry = registry_of(current_app)
    plugin = registry.plugins.get(row.plugin) or abort(404)
    with atomic():
        HookHealth.update(open_until=None, freed_at=now(), told=False).where(HookHealth.id == row.id).execute()
        audit.record("health.try_again", "plugin", row.plugin, detail={"name": hook_in_words(row.hook)})
    registry.breakers.of(row.plugin, row.hook).try_again()
    flash(f"“{plugin.title}”的{hook_in_words(row.hook)}下一次照常调用；仍然失败就再暂停。", "success")
    return redirect(url_for("health.index"))


def may_read_metrics() -> bool:
    """Tell whether the figures may be given out: to a program on this machine, or to who has the token."""
    token = current_app.config["PORTAL"]["metrics_token"]
    if given := request.headers.get("Authorization", ""):
        return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    try:
        here = ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
    return here and not any(name in request.headers for name in FORWARDED)


def card(person) -> dict | None:
    """What is wrong with plugins, for those who look after the portal; nothing where all is well."""
    found = [f"插件 {one.slug} 已被隔离：{one.reason}" for one in registry_of(current_app).quarantined]
    found += [one.sentence for one in state.troubles()]
    return {"troubles": found[:5], "more": max(len(found) - 5, 0)} if found else None
