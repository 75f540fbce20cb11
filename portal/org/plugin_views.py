"""The pages about plugins: which are enabled where, one in detail, and switching one with what stands in the way."""

from flask import Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user

from portal import audit
from portal.access import requires, who_asks
from portal.db import today
from portal.org import matrix
from portal.org.effects import effects
from portal.org.enablement import hand_and_disable, lacking, set_enabled, switchable
from portal.org.in_the_way import forbidden, open_matters
from portal.org.models import TownPlugin, TownPluginEvent, Unit
from portal.org.plugin_forms import EnableForm, SwitchForm
from portal.org.rules import MARKS, Rules, said
from portal.org.views import blueprint
from portal.paging import page_of
from portal.registry import registry_of
from portal.values import Plugin, Refused

LEVELS = {"town": "由各乡镇启用", "county": "由县里为全县启用"}
#: How many switches the list of plugins tells.
LATEST = 20


def switched_here() -> list[Unit]:
    """Return the county and towns whose plugins the person may switch: a town's administrator only its own."""
    top, level = current_user.post.unit.top
    if level not in ("county", "town"):
        return []
    column = Unit.county_id if level == "county" else Unit.town_id
    query = Unit.select().where(column == top, Unit.level.in_(("county", "town")), Unit.valid_to.is_null())
    return list(query.order_by(Unit.code))


def is_county() -> bool:
    """Tell whether the person switches for a whole county."""
    return current_user.post.unit.top[1] == "county"


def asked_for() -> dict[str, str]:
    """Return what the table is narrowed to; what is no choice counts as none."""
    slugs = [plugin.slug for plugin in registry_of(current_app).optional()]
    slug, state = request.args.get("plugin", ""), request.args.get("state", "")
    return {"plugin": slug if slug in slugs else "", "state": state if state in matrix.STATES else "",
            "q": request.args.get("q", "").strip()[:60]}


def _lines(asked: dict[str, str]) -> list[tuple]:
    registry = registry_of(current_app)
    return matrix.table(registry, switched_here(), asked["plugin"], asked["state"], asked["q"])


@blueprint.get("/plugins")
@requires("org.enable")
def plugins():
    """What is installed, and which town has enabled what."""
    return county_page(enabling_form()) if is_county() else _town_page()


def enabling_form() -> EnableForm:
    """Return the form that enables one plugin for many towns."""
    form = EnableForm()
    form.plugin.choices = [("", "请选择"), *((one.slug, one.title) for one in registry_of(current_app).optional())]
    form.unit.choices = [(unit.id, unit.short) for unit in switched_here()]
    return form


def county_page(form: EnableForm):
    """Return the table of towns and plugins, with the form for those that are ticked."""
    registry, asked = registry_of(current_app), asked_for()
    columns = [plugin for plugin in registry.optional() if asked["plugin"] in ("", plugin.slug)]
    return render_template(
        "org/plugin_matrix.html", lines=_lines(asked), columns=columns, asked=asked, states=matrix.STATES, marks=MARKS,
        offered=registry.optional(), form=form, quarantined=registry.quarantined, history=_latest(),
        titles=_titles(), chosen=set(form.unit.data or ()),
        export_url=url_for("org.export_plugins", **{name: value for name, value in asked.items() if value}),
    )


def _town_page():
    registry = registry_of(current_app)
    lines = matrix.table(registry, switched_here())
    return render_template(
        "org/plugins.html", quarantined=registry.quarantined, history=_latest(), titles=_titles(), marks=MARKS,
        cells=[cell for _, cells in lines for cell in cells if not cell.follows],
    )


def _titles() -> dict[str, str]:
    return {slug: plugin.title for slug, plugin in registry_of(current_app).plugins.items()}


def _latest() -> list[TownPluginEvent]:
    own, level = current_user.post.unit.top
    column = {"county": Unit.county_id, "town": Unit.town_id}.get(level, Unit.id)
    query = TownPluginEvent.select(TownPluginEvent, Unit).join(Unit).where(column == own)
    return list(query.order_by(TownPluginEvent.id.desc()).limit(LATEST))


@blueprint.get("/plugins/export")
@requires("org.enable")
def export_plugins():
    """The table as a file, of the same towns and by the same filters; who took it is on the record."""
    asked = asked_for()
    lines = _lines(asked)
    audit.record("org.export_plugins", "plugin", asked["plugin"], detail={
        "rows": sum(len(cells) for _, cells in lines), **{name: value for name, value in asked.items() if value}})
    answer = Response(matrix.as_csv(lines), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="plugins-{today()}.csv"'
    return answer


def found(unit_id: int, slug: str) -> tuple[Unit, Plugin]:
    """Return the unit and the plugin if the person may switch it there, else answer 404."""
    plugin = next((plugin for plugin in registry_of(current_app).optional() if plugin.slug == slug), None)
    units = switchable(switched_here(), plugin) if plugin else []
    unit = next((unit for unit in units if unit.id == unit_id), None)
    return (unit, plugin) if unit else abort(404)


@blueprint.get("/plugins/<int:unit_id>/<slug>/about")
@requires("org.enable")
def plugin(unit_id, slug):
    """One plugin in one town: what it is, what enabling it changes, who enabled it, and every switch since."""
    unit, one = found(unit_id, slug)
    registry = registry_of(current_app)
    events = TownPluginEvent.select().where(TownPluginEvent.unit == unit.id, TownPluginEvent.plugin == slug)
    rows, pages = page_of(events, TownPluginEvent.id, "org.plugin", unit_id=unit.id, slug=slug)
    rule = Rules(unit.county_id, slug).holding(unit, slug)
    missing = {plugin.slug for plugin in lacking(registry, unit, one)}
    return render_template(
        "org/plugin.html", unit=unit, plugin=one, level=LEVELS[one.level], history=rows, pages=pages,
        row=TownPlugin.get_or_none(TownPlugin.unit == unit.id, TownPlugin.plugin == slug),
        rule=said(rule, one) if rule else "", rule_kind=rule.kind if rule else "", ruling=is_county(),
        depends=[(registry.plugins[needed].title, needed in missing) for needed in one.depends],
        **effects(registry, one),
    )


# -- switching -----------------------------------------------------------------------------------------------------

@blueprint.route("/plugins/<int:unit_id>/<slug>", methods=["GET", "POST"])
@requires("org.enable")
def switch_plugin(unit_id, slug):
    """Enable or disable one plugin for one town, after a page that says what it changes and what stands in the way."""
    unit, one = found(unit_id, slug)
    row = TownPlugin.get_or_none(TownPlugin.unit == unit.id, TownPlugin.plugin == slug)
    enable = not (row and row.enabled)
    form, way = SwitchForm(), {} if enable else open_matters(unit, one)
    form.keeper.choices = [("", "请选择"), *((str(user), name) for user, name in way.get("keepers", ()))]
    if form.validate_on_submit():
        try:
            flash(_switched(unit, one, form), "success")
        except Refused as refused:
            form.refuse(refused)
        else:
            return redirect(url_for("org.plugins"))
    form.enable.data = "1" if enable else "hand"
    menu = [item for owner, item in registry_of(current_app).collect("portal_menu") if owner.slug == slug]
    view = {"unit": unit, "plugin": one, "enable": enable, "form": form, "menu_lines": menu, "way": way,
            "forbidden": forbidden(unit, one, enable)}
    return render_template("org/switch.html", **view), 422 if form.is_submitted() else 200


def _switched(unit: Unit, one: Plugin, form: SwitchForm) -> str:
    """Carry out what the form says; return the sentence that says what was done. Raises Refused."""
    person = who_asks()
    if form.enable.data == "hand":
        keeper = int(form.keeper.data) if form.keeper.data else None
        done = hand_and_disable(unit, one.slug, person, form.text.data or "", keeper)
        return f"{unit.short}已停用“{one.title}”" + (f"，{'，'.join(done)}。" if done else "。")
    enable = form.enable.data == "1"
    set_enabled(unit, one.slug, enable, person)
    return f"{unit.short}已{'启用' if enable else '停用'}“{one.title}”。"
