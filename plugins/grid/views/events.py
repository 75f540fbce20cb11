from plugins.grid import forms
from plugins.grid.blueprint import blueprint
from plugins.grid.catalogue import CATEGORIES
from plugins.grid.households import current, visit
from plugins.grid.likeness import alike as find_alike
from plugins.grid.models import Household, Patrol
from plugins.grid.report import COMPULSORY_TITLE, report
from plugins.grid.team import own_ids
from plugins.grid.views.places import offer_places
from plugins.grid.workflow import KIND
from portal.kit import (
    Refused,
    Unit,
    current_user,
    flash,
    may_lag,
    redirect,
    render_list,
    render_template,
    request,
    requires,
    row_id,
    setting,
    url_for,
)

#: More places than these are chosen in the tree.
FEW_PLACES = 9


@blueprint.get("/events")
@requires("grid.read")
@may_lag
def events():
    """The grid's cases through the three lenses."""
    return render_list(KIND, title="网格事件", endpoint="grid.events")


@blueprint.route("/report", methods=["GET", "POST"], endpoint="report")
@requires("grid.report")
def report_event():
    """上报, made for a phone in one hand: tiles, place, a few words, photos if there are any."""
    form = forms.ReportForm()
    offer_places(form.unit_id)
    household, patrol = _household(form), _patrol(form)
    if not form.is_submitted():
        _prefill(form, household, patrol)
    if form.validate_on_submit():
        try:
            case = report(form.unit_id.unit, current_user, form.values())
        except Refused as refused:
            form.refuse(refused)
        else:
            _link(case, household, patrol)
            flash(_said(case), "success")
            return redirect(url_for("cases.show", case_id=case.id))
    return render_template(
        "grid/report.html", form=form, categories=CATEGORIES, household=household, patrol=patrol,
        few=len(form.unit_id.choices) <= FEW_PLACES + 1, notes=_limits(),
    ), 422 if form.is_submitted() else 200


def _limits() -> dict:
    """Return the words under the two urgencies."""
    unit = current_user.post.unit if current_user.post else None
    hours = setting("grid.village_hours", unit) if unit else 24
    return {"normal": f"{hours} 小时内受理", "urgent": "先打电话，再上报"}


def _household(form) -> Household | None:
    """Return the household at which something was found, if the person sees it."""
    key = _key(form.household_id.data if form.is_submitted() else request.args.get("household"))
    return current(current_user).where(Household.id == key).first() if key else None


def _patrol(form) -> Patrol | None:
    key = _key(form.patrol_id.data if form.is_submitted() else request.args.get("patrol"))
    query = Patrol.seen_by(current_user).where(Patrol.id == key, Patrol.by == current_user.id, Patrol.case.is_null())
    return query.first() if key else None


def _key(text) -> int | None:
    try:
        return row_id(text)
    except (TypeError, ValueError):
        return None


def _prefill(form, household, patrol) -> None:
    wanted = request.args.get("category", "")
    if wanted in CATEGORIES:
        form.category.data = wanted
    offered = {str(choice.value) for choice in form.unit_id.iter_choices()}
    places = [household.unit_id] if household else [patrol.unit_id] if patrol else own_ids(current_user)
    if current_user.post.unit.level in ("village", "grid"):
        places = [*places, current_user.post.unit.id]
    form.unit_id.data = next((str(place) for place in places if str(place) in offered), form.unit_id.data)
    if household:
        form.household_id.data, form.where.data = str(household.id), household.address
    if patrol:
        form.patrol_id.data, form.where.data = str(patrol.id), patrol.route


def _link(case, household, patrol) -> None:
    if household:
        visit(household, "problem", current_user, case=case)
    if patrol:
        Patrol.update(case=case, normal=False).where(Patrol.id == patrol.id).execute()


def _said(case) -> str:
    if not case.is_open:
        return f"已上报并当场办结，编号 {case.number}。"
    if case.title == COMPULSORY_TITLE:
        return f"已直接报到{case.unit.short}，编号 {case.number}。请同时拨打 110，并在件里写明报告情况。"
    return f"已上报，编号 {case.number}，由{case.unit.short}受理。"


@blueprint.get("/alike")
@requires("grid.report")
def alike():
    """The fragment that names open events which may be the same matter, while somebody is still typing."""
    key = request.args.get("unit_id", type=row_id)
    place = Unit.seen_by(current_user).where(Unit.id == key).first() if key else None
    found = find_alike(
        current_user, place.village_id if place else None, request.args.get("category", "")[:20],
        request.args.get("text", "")[:200],
    )
    return render_template("grid/alike_hint.html", alike=found)
