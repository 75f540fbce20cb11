"""What the county does about many towns at once: rules about a plugin, and enabling it for those that are ticked."""

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user

from portal.access import requires
from portal.org.enablement import enable_many, switchable
from portal.org.matrix import table
from portal.org.models import Unit
from portal.org.plugin_forms import RuleForm
from portal.org.plugin_views import county_page, enabling_form, is_county, switched_here
from portal.org.rules import KINDS, Rules
from portal.org.ruling import lay_down, mark
from portal.org.views import blueprint
from portal.registry import registry_of
from portal.values import Plugin, Refused


@blueprint.route("/plugins/rules/<slug>", methods=["GET", "POST"])
@requires("org.enable")
def plugin_rule(slug):
    """What the county lays down about one plugin, for all of its towns or for one, and who does not keep to it."""
    units, one = switched_here(), _of_towns(slug)
    county = next((unit for unit in units if unit.level == "county"), None) or abort(404)
    rules = Rules(county.id, slug)
    form = RuleForm(data={"seen": mark(rules)} if request.method == "GET" else None)
    form.unit.choices = [(str(county.id), f"{county.short}所有乡镇"),
                         *((str(unit.id), unit.short) for unit in units if unit.level == "town")]
    if form.validate_on_submit():
        unit = next(unit for unit in units if str(unit.id) == form.unit.data)
        try:
            done = lay_down(one, unit, form.kind.data, form.reason.data, current_user, seen=form.seen.data or "-",
                            enable=form.enable.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已规定，从现在起有效。{_enabled(done.enabled)}", "success")
            _tell_refused(done.refused)
            return redirect(url_for("org.plugin_rule", slug=slug))
    lines = [(unit, cells[0]) for unit, cells in table(registry_of(current_app), units, slug)]
    view = {"plugin": one, "county": county, "form": form, "kinds": KINDS, "general": rules.own(county.id, slug),
            "special": [(unit, row) for unit in units if unit.level == "town" and (row := rules.own(unit.id, slug))],
            "lacking": [unit for unit, cell in lines if cell.against and not cell.enabled],
            "having": [(unit, cell) for unit, cell in lines if cell.against and cell.enabled]}
    return render_template("org/plugin_rule.html", **view), 422 if form.is_submitted() else 200


def _of_towns(slug: str) -> Plugin:
    """Return the plugin, if it is one that towns enable and the person speaks for the county; else answer 404."""
    one = next((one for one in registry_of(current_app).optional("town") if one.slug == slug), None)
    return one if one is not None and is_county() else abort(404)


@blueprint.post("/plugins/enable")
@requires("org.enable")
def enable_plugins():
    """Enable one plugin for the towns that are ticked, and say for each what came of it."""
    if not is_county():
        abort(404)
    form = enabling_form()
    if form.validate_on_submit():
        one = next(one for one in registry_of(current_app).optional() if one.slug == form.plugin.data)
        chosen = [unit for unit in switched_here() if unit.id in set(form.unit.data)]
        units = switchable(chosen, one)
        done, refused = enable_many(units, one.slug, current_user)
        told = {unit.id for places in refused.values() for unit in places} | {unit.id for unit in done}
        before = [unit for unit in units if unit.id not in told]
        if done or before:
            flash(f"“{one.title}”：{_enabled(done) or '没有新启用的。'}{_already(before)}", "success")
        if others := [unit for unit in chosen if unit not in units]:
            refused = {**refused, f"“{one.title}”由县里为全县启用": others}
        _tell_refused(refused)
        return redirect(url_for("org.plugins"))
    return county_page(form), 422


def _enabled(units: list[Unit]) -> str:
    return f"已为 {len(units)} 个单位启用：{_named(units)}。" if units else ""


def _already(units: list[Unit]) -> str:
    return f"本来就启用了的 {len(units)} 个：{_named(units)}。" if units else ""


def _tell_refused(refused: dict[str, list[Unit]]) -> None:
    for sentence, units in refused.items():
        flash(f"没有启用的 {len(units)} 个（{_named(units)}）：{sentence}", "warn")


def _named(units: list[Unit]) -> str:
    return "、".join(unit.short for unit in units)
