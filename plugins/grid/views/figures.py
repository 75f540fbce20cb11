import datetime

from plugins.grid.blueprint import blueprint
from plugins.grid.figures import following, month_of, table
from portal.kit import current_user, may_lag, render_template, request, requires, today, url_for


@blueprint.get("/figures")
@requires("grid.figures")
@may_lag
def figures():
    """What the grids of the area have and did in a month; denominators stand beside every rate."""
    first = month_of(request.args.get("month", "")[:7])
    heading, rows, total = table(current_user, first)
    earlier = (first - datetime.timedelta(days=1)).replace(day=1)
    later = following(first)
    return render_template(
        "grid/figures.html", heading=heading, rows=rows, total=total, first=first,
        earlier=url_for("grid.figures", month=f"{earlier:%Y-%m}"),
        later=url_for("grid.figures", month=f"{later:%Y-%m}") if later <= today() else "",
    )
