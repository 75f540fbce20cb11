"""The pages on which a county takes one town's set-up over to others, after a preview of each line."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from playhouse.flask_utils import get_object_or_404

from portal.access import requires
from portal.forms import row_id
from portal.org import copying
from portal.org.enablement import renew_token
from portal.org.forms import CopyForm
from portal.org.models import OrgCopy, Unit
from portal.org.settings import towns_of
from portal.org.settings_views import own_county
from portal.org.views import blueprint
from portal.paging import page_of


def _county() -> Unit:
    """Return the person's county if they may switch plugins there as well, else answer 404."""
    county = own_county()
    if not current_user.may("org.enable", county):
        abort(404)
    return county


@blueprint.route("/copy", methods=["GET", "POST"])
@requires("org.settings")
def copy_town():
    """Choose a town and those that shall be set up like it; look at the differences, tick, carry over."""
    towns = towns_of(_county().id)
    source = _chosen(towns, request.args.getlist("source", type=row_id)[:1])
    targets = _chosen(towns, request.args.getlist("target", type=row_id))
    targets = [town for town in targets if town not in source]
    _hold(source + targets)
    plans = [(source[0], target, copying.differences(source[0], target)) for target in targets] if source else []
    form = _form(plans)
    if form.validate_on_submit():
        return _carried_out(plans, form.lines.data)
    here = url_for("org.copy_town", source=[town.id for town in source], target=[town.id for town in targets])
    return render_template(
        "org/copy.html", towns=towns, source=source[0] if source else None, targets=targets, here=here, form=form,
        plans=_previews(plans, form), asked="source" in request.args,
    ), 422 if form.is_submitted() else 200


@blueprint.get("/copies")
@requires("org.settings")
def copies():
    """What was copied, the last first."""
    source = Unit.alias()
    query = (OrgCopy.select(OrgCopy, Unit, source).join(Unit, on=OrgCopy.target)
             .join_from(OrgCopy, source, on=(OrgCopy.source == source.id), attr="source")
             .where(OrgCopy.county_id == _county().id))
    rows, pages = page_of(query, OrgCopy.id, "org.copies")
    return render_template("org/copies.html", rows=rows, pages=pages)


@blueprint.get("/copies/<int:copy_id>")
@requires("org.settings")
def copied(copy_id):
    """What came of one copying, line by line."""
    copy = _copy(copy_id)
    undone = OrgCopy.select().where(OrgCopy.undoes == copy.id).order_by(OrgCopy.id.desc()).first()
    return render_template("org/copied.html", copy=copy, undone=undone)


@blueprint.route("/copies/<int:copy_id>/undo", methods=["GET", "POST"])
@requires("org.settings")
def undo_copy(copy_id):
    """The same preview the other way round: what the town would be again."""
    copy = _copy(copy_id)
    _hold([copy.source, copy.target])
    plans = [(copy.source, copy.target, copying.way_back(copy))]
    form = _form(plans)
    if form.validate_on_submit():
        return _carried_out(plans, form.lines.data, copy)
    return render_template(
        "org/undo_copy.html", copy=copy, form=form, plans=_previews(plans, form),
        here=url_for("org.undo_copy", copy_id=copy.id),
    ), 422 if form.is_submitted() else 200


def _copy(copy_id: int) -> OrgCopy:
    return get_object_or_404(OrgCopy.select().where(OrgCopy.county_id == _county().id), OrgCopy.id == copy_id)


def _chosen(towns: list[Unit], ids: list[int]) -> list[Unit]:
    """Return the towns of these ids; one that is none of the county's answers 404."""
    if not set(ids) <= {town.id for town in towns}:
        abort(404)
    return [town for town in towns if town.id in ids]


def _hold(towns: list[Unit]) -> None:
    """Let nobody else switch or set anything there until what was sent is carried out."""
    if request.method == "POST":
        renew_token()
        for town in sorted(towns, key=lambda town: town.id):
            Unit.hold(town.id)


def _key(target: Unit, line: copying.Line) -> str:
    return f"{target.id}.{line.key}"


def _form(plans) -> CopyForm:
    form = CopyForm()
    form.lines.choices = [(_key(target, line), line.name) for _, target, lines in plans for line in lines]
    if not form.is_submitted():
        form.lines.data = [
            _key(target, line) for _, target, lines in plans for line in lines if not (line.why or line.note)]
    return form


def _carried_out(plans, keys: list[str], undoes: OrgCopy | None = None):
    made = []
    for source, target, lines in plans:
        if ticked := [line for line in lines if _key(target, line) in keys]:
            made.append(copying.carry_out(source, target, ticked, current_user, undoes))
    for copy in made:
        left = len(copy.refused)
        told = f"{copy.target.short}：完成 {len(copy.lines) - left} 项" + (f"，{left} 项没有做" if left else "")
        flash(f"{told}。", "warn" if left else "success")
    return redirect(url_for("org.copied", copy_id=made[0].id) if len(made) == 1 else url_for("org.copies"))


def _previews(plans, form) -> list[dict]:
    """Return what the page shows of each town: its lines in words, and why some cannot be."""
    if form.lines.errors and form.lines.data:
        form.lines.errors = ["有的项目刚刚有人改过，下面是现在的差别，请核对后再勾选。"]
    ticked = form.lines.data or []
    found = []
    for _, target, lines in plans:
        rows = []
        for line, why in zip(lines, copying.rehearse(target, lines, current_user), strict=True):
            title, before, after = copying.words_of(line, target)
            key = _key(target, line)
            rows.append({"key": key, "title": title, "before": before, "after": after, "why": why, "note": line.note,
                         "ticked": key in ticked and not why})
        found.append({"town": target, "rows": rows})
    return found
