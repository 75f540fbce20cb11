from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from peewee import JOIN
from playhouse.flask_utils import get_object_or_404

from portal.access import requires, signed_in
from portal.org import settings as county_settings
from portal.org import tree
from portal.org.editing import CLOSED, add_unit, close_unit, rename_unit
from portal.org.enablement import set_enabled, switchable
from portal.org.forms import AddForm, CloseForm, RenameForm, SwitchForm, form_of
from portal.org.models import TownPlugin, TownPluginEvent, Unit, UnitChange
from portal.registry import registry_of
from portal.values import Refused

blueprint = Blueprint("org", __name__, template_folder="templates")


Other = Unit.alias()

#: What a line of a unit's history says happened.
CHANGED = {
    "created": "新设", "formed": "析出新设，来自", "renamed": "改名", "moved": "划转到", "received": "划入",
    "released": "划出", "merged": "并入", "absorbed": "并来", "split": "拆出", "closed": "停用", "reopened": "恢复",
}


def seen(unit_id: int) -> Unit:
    """Return the unit if it is in the person's sight, else answer 404."""
    return get_object_or_404(Unit.seen_by(current_user), Unit.id == unit_id)


@blueprint.get("/")
@requires("org.read")
def index():
    """The top of the person's own area."""
    return redirect(url_for("org.show", unit_id=_top_id()))


def _top_id() -> int:
    top = tree.top(current_user)
    return top[0] if top else abort(404)


@blueprint.get("/<int:unit_id>")
@requires("org.read")
def show(unit_id):
    unit = seen(unit_id)
    below = Unit.seen_by(current_user).where(Unit.parent == unit.id).order_by(Unit.level, Unit.code)
    nodes = tree.nodes_below(current_user, _top_id())
    changes, reached = _history(unit)
    return render_template(
        "org/show.html", unit=unit, ancestors=unit.ancestors(), below=list(below), nodes=nodes,
        changes=changes, changed=CHANGED, reached=reached,
        successor=unit.current() if unit.successor_id else None,
        managing=current_user.may("org.manage", unit),
    )


def _history(unit: Unit) -> tuple[list[UnitChange], set[int]]:
    """Return the lines of the unit's history, the newest first, and which of the other units in it are in sight."""
    query = UnitChange.select(UnitChange, Other).where(UnitChange.unit == unit.id).order_by(UnitChange.id.desc())
    changes = list(query.join(Other, JOIN.LEFT_OUTER, on=(UnitChange.other == Other.id), attr="other"))
    others = [change.other_id for change in changes if change.other_id]
    seen_ones = Unit.seen_by(current_user).where(Unit.id.in_(others)) if others else []
    return changes, {other.id for other in seen_ones}


@blueprint.get("/children/")
@signed_in
def top_nodes():
    """The fragment of the tree's top: the person's own unit, opened."""
    return render_template("org/nodes.html", nodes=tree.root(current_user))


@blueprint.get("/children/<int:unit_id>")
@signed_in
def children(unit_id):
    return render_template("org/nodes.html", nodes=tree.nodes_below(current_user, seen(unit_id).id))


@blueprint.get("/offices/")
@signed_in
def top_offices():
    """The same tree with departments and offices in it: for forms that ask where somebody works."""
    return render_template("org/nodes.html", nodes=tree.root(current_user, departments=True))


@blueprint.get("/offices/<int:unit_id>")
@signed_in
def offices(unit_id):
    return render_template("org/nodes.html", nodes=tree.nodes_below(current_user, seen(unit_id).id, departments=True))


@blueprint.get("/find")
@signed_in
def find():
    hits = [
        {"id": unit.id, "name": unit.short, "path": unit.above or "", "level_label": unit.level_title}
        for unit in tree.find(current_user, request.args.get("q", ""))
    ]
    return render_template("org/hits.html", hits=hits)


def managed(unit_id: int) -> Unit:
    """Return the unit if the person may change it: those above their own are seen, not touched."""
    unit = seen(unit_id)
    if not current_user.may("org.manage", unit):
        abort(404)
    if unit.is_closed:
        raise Refused(CLOSED)
    return unit


@blueprint.route("/<int:unit_id>/rename", methods=["GET", "POST"])
@requires("org.manage")
def rename(unit_id):
    """Change a unit's name; old cases go on printing the old one."""
    unit = managed(unit_id)
    return _edit(unit, RenameForm(obj=unit), rename_unit, "改名", "已改名，旧件仍印旧名。")


@blueprint.route("/<int:unit_id>/add", methods=["GET", "POST"])
@requires("org.manage")
def add(unit_id):
    """Add a department, an office or a grid below the unit."""
    unit = managed(unit_id)
    if unit.level not in ("county", "town", "village"):
        abort(404)
    form = AddForm()
    form.level.choices = [("grid", "网格")] if unit.level == "village" else [("department", "部门或办公室")]
    if unit.level != "county":
        del form.reach  # an office of a town works for the whole town
    return _edit(unit, form, add_unit, "新增下级", "已新增。")


@blueprint.route("/<int:unit_id>/close", methods=["GET", "POST"])
@requires("org.manage")
def close(unit_id):
    """End a unit that nothing hangs on any more; its history stays."""
    unit = managed(unit_id)
    return _edit(unit, CloseForm(obj=unit), close_unit, "停用", "已停用，历史仍可查。")


def _edit(unit: Unit, form, act, verb: str, done: str):
    if form.validate_on_submit():
        try:
            act(unit, form.values(), current_user, form.version.data if "version" in form else None)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(done, "success")
            return redirect(url_for("org.show", unit_id=unit.id))
    status = 422 if form.is_submitted() else 200
    return render_template("org/edit.html", unit=unit, form=form, verb=verb), status


@blueprint.get("/settings")
@requires("org.settings")
def settings():
    """What the county may set, by plugin, with what holds now and what would hold by default."""
    county, groups = _own_county(), {}
    for plugin, one in county_settings.settings_of(current_user):
        row = {"name": one.name, "title": one.title, "note": one.note, "value": county_settings.shown(one, county),
               "default": "、".join(one.default) if one.kind == "unit" else one.default}
        groups.setdefault(plugin.slug, (plugin, []))[1].append(row)
    return render_template("org/settings.html", groups=list(groups.values()))


@blueprint.route("/settings/<name>", methods=["GET", "POST"])
@requires("org.settings")
def edit_setting(name):
    """Set one of them, or go back to its default."""
    county = _own_county()
    found = [(plugin, one) for plugin, one in county_settings.settings_of(current_user) if one.name == name]
    plugin, declared = found[0] if found else abort(404)
    form = form_of(declared)(data={"value": county_settings.setting(name, county)})
    if declared.kind == "unit":
        form.value.offer()
    if form.validate_on_submit():
        value = None if form.default.data else form.value.unit.id if declared.kind == "unit" else form.value.data
        county_settings.save_setting(declared, county, value, current_user)
        flash("已保存，从下一次办理起生效。", "success")
        return redirect(url_for("org.settings"))
    view = {"form": form, "setting": declared, "plugin": plugin, "now_set": county_settings.shown(declared, county)}
    return render_template("org/setting.html", **view), 422 if form.is_submitted() else 200


def _own_county() -> int:
    return current_user.post.unit.county_id if current_user.post and current_user.post.unit.county_id else abort(404)


@blueprint.get("/plugins")
@requires("org.enable")
def plugins():
    """What is installed, and which town has enabled what."""
    units = _switched_here()
    rows = TownPlugin.select().where(TownPlugin.unit.in_([unit.id for unit in units]))
    state = {(row.unit_id, row.plugin): row for row in rows}
    registry = registry_of(current_app)
    permissions = {}
    for plugin, permission in registry.collect("portal_permissions"):
        permissions.setdefault(plugin.slug, []).append(permission.title)
    history = (
        TownPluginEvent.select(TownPluginEvent, Unit).join(Unit)
        .where(TownPluginEvent.unit.in_([unit.id for unit in units])).order_by(TownPluginEvent.id.desc()).limit(20)
    )
    return render_template(
        "org/plugins.html", state=state, permissions=permissions, quarantined=registry.quarantined,
        plugins=[(plugin, here) for plugin in registry.optional() if (here := switchable(units, plugin))],
        history=list(history),
        titles={slug: plugin.title for slug, plugin in registry.plugins.items()},
    )


@blueprint.route("/plugins/<int:unit_id>/<slug>", methods=["GET", "POST"])
@requires("org.enable")
def switch_plugin(unit_id, slug):
    """Enable or disable one plugin for one town, after a page that says what it changes."""
    plugin = next((plugin for plugin in registry_of(current_app).optional() if plugin.slug == slug), None)
    units = switchable(_switched_here(), plugin) if plugin else []
    unit = next((unit for unit in units if unit.id == unit_id), None)
    if unit is None:
        abort(404)
    row = TownPlugin.get_or_none(TownPlugin.unit == unit.id, TownPlugin.plugin == slug)
    enable = not (row and row.enabled)
    form = SwitchForm()
    if form.validate_on_submit():
        try:
            set_enabled(unit, slug, form.enable.data == "1", current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"{unit.short}已{'启用' if form.enable.data == '1' else '停用'}“{plugin.title}”。", "success")
            return redirect(url_for("org.plugins"))
    else:
        form.enable.data = "1" if enable else "0"
    menu = [item for owner, item in registry_of(current_app).collect("portal_menu") if owner.slug == slug]
    status = 422 if form.is_submitted() else 200
    return render_template("org/switch.html", unit=unit, plugin=plugin, enable=enable, form=form, menu=menu), status


def _switched_here() -> list[Unit]:
    """Return the county and towns whose plugins the person may switch: a town's administrator only its own."""
    top, level = current_user.post.unit.top
    if level not in ("county", "town"):
        return []
    column = Unit.county_id if level == "county" else Unit.town_id
    query = Unit.select().where(column == top, Unit.level.in_(("county", "town")), Unit.valid_to.is_null())
    return list(query.order_by(Unit.code))
