from plugins.grid import forms
from plugins.grid.blueprint import blueprint
from plugins.grid.models import THEMES, Patrol
from plugins.grid.team import own_ids, refuse_outside
from plugins.grid.views.places import offer_places
from portal.kit import (
    Refused,
    Unit,
    current_user,
    flash,
    page_of,
    redirect,
    render_template,
    request,
    requires,
    url_for,
)


@blueprint.get("/patrols")
@requires("grid.visit")
def patrols():
    """巡查: what was looked after, where, and what came of it."""
    theme = request.args.get("theme", "")[:12]
    query = Patrol.seen_by(current_user).select(Patrol, Unit).join(Unit)
    if theme in THEMES:
        query = query.where(Patrol.theme == theme)
    rows, pages = page_of(query, Patrol.id, "grid.patrols", theme=theme)
    return render_template("grid/patrols.html", rows=rows, pages=pages, theme=theme, themes=THEMES)


@blueprint.route("/patrols/new", methods=["GET", "POST"])
@requires("grid.visit")
def new_patrol():
    """Record a patrol: 正常 in one tap, or go on to the event that was found."""
    form = forms.PatrolForm()
    offer_places(form.unit_id)
    if not form.is_submitted():
        offered = {str(choice.value) for choice in form.unit_id.iter_choices()}
        own = [*own_ids(current_user), current_user.post.unit.id if current_user.post else 0]
        form.unit_id.data = next((str(one) for one in own if str(one) in offered), form.unit_id.data)
    if form.validate_on_submit():
        found = request.form.get("found") == "1"
        try:
            patrol = _keep(form, found)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("巡查已记下，请接着上报发现的问题。" if found else "巡查已记下：正常。", "success")
            return redirect(url_for("grid.report", patrol=patrol.id) if found else url_for("grid.patrols"))
    return render_template("grid/patrol.html", form=form, few=len(form.unit_id.choices) <= 10), (
        422 if form.is_submitted() else 200
    )


def _keep(form, found: bool) -> Patrol:
    unit = form.unit_id.unit
    refuse_outside(current_user, unit)
    return Patrol.create(
        unit=unit, theme=form.theme.data, route=form.route.data, note=form.note.data, normal=not found,
        by=current_user.id, by_name=current_user.full_name, **unit.place(),
    )
