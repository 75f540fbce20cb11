import datetime

from plugins.grid.blueprint import blueprint
from plugins.grid.households import current, visit
from plugins.grid.models import RISKS, Household, Visit
from plugins.grid.team import own_grids
from plugins.grid.views.households import seen
from portal.kit import (
    Unit,
    abort,
    current_user,
    flash,
    page_of,
    redirect,
    render_template,
    request,
    requires,
    today,
    url_for,
)

SHOWN = 60
#: How far the list looks ahead.
AHEAD = datetime.timedelta(days=7)


@blueprint.get("/visits")
@requires("grid.visit")
def visits():
    """应访: whom to call at, the most overdue first; one tap records that all is well."""
    risk, mine = request.args.get("risk", "")[:8], request.args.get("mine") == "1"
    query = current(current_user).select(Household, Unit).join(Unit).where(
        Household.due_on <= today() + AHEAD, Household.kind != "registered"
    )
    if mine:
        query = query.where(Household.unit.in_(own_grids(current_user)))
    due, overdue = query.count(), query.where(Household.due_on < today()).count()
    if risk in RISKS:
        query = query.where(Household.risk == risk)
    rows = list(query.order_by(Household.due_on, Household.id).limit(SHOWN))
    return render_template(
        "grid/visits.html", rows=rows, due=due, overdue=overdue, risk=risk, risks=RISKS, mine=mine, shown=SHOWN,
    )


@blueprint.post("/households/<int:household_id>/visits/<result>")
@requires("grid.visit")
def record_visit(household_id, result):
    """Record a call: 正常 or 见面未遇, in one tap."""
    household = seen(household_id)
    if result not in ("normal", "absent"):
        abort(404)
    visit(household, result, current_user)
    flash(f"{household.number} 号户：{'正常' if result == 'normal' else '见面未遇，请另找时间'}。", "success")
    back = "grid.household" if request.args.get("from") == "household" else "grid.visits"
    return redirect(url_for(back, **({"household_id": household.id} if back == "grid.household" else {})))


@blueprint.get("/visits/done")
@requires("grid.visit")
def visited():
    """The calls that were made in the area, newest first."""
    query = Visit.seen_by(current_user).select(Visit, Household, Unit).join(Household).join(Unit)
    rows, pages = page_of(query, Visit.id, "grid.visited")
    return render_template("grid/visited.html", rows=rows, pages=pages)
