from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from peewee import JOIN
from playhouse.flask_utils import get_object_or_404

from portal.access import may_lag, requires, signed_in
from portal.org import tree
from portal.org.editing import CLOSED, add_unit, close_unit, rename_unit
from portal.org.forms import AddForm, CloseForm, RenameForm
from portal.org.models import Unit, UnitChange
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
@may_lag
def top_nodes():
    """The fragment of the tree's top: the person's own unit, opened."""
    return render_template("org/nodes.html", nodes=tree.root(current_user))


@blueprint.get("/children/<int:unit_id>")
@signed_in
@may_lag
def children(unit_id):
    return render_template("org/nodes.html", nodes=tree.nodes_below(current_user, seen(unit_id).id))


@blueprint.get("/offices/")
@signed_in
@may_lag
def top_offices():
    """The same tree with departments and offices in it: for forms that ask where somebody works."""
    return render_template("org/nodes.html", nodes=tree.root(current_user, departments=True))


@blueprint.get("/offices/<int:unit_id>")
@signed_in
@may_lag
def offices(unit_id):
    return render_template("org/nodes.html", nodes=tree.nodes_below(current_user, seen(unit_id).id, departments=True))


@blueprint.get("/find")
@signed_in
@may_lag
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
