from plugins.grid import forms
from plugins.grid.blueprint import blueprint
from plugins.grid.boundary import written
from plugins.grid.households import current
from plugins.grid.models import Grid, GridWorker, Household
from plugins.grid.team import (
    add_worker,
    close_grid,
    create_grid,
    edit_grid,
    end_worker,
    open_grids,
    responsible,
    rows_of,
    unstaffed,
)
from plugins.grid.workflow import KIND
from portal.kit import (
    Case,
    Refused,
    Unit,
    abort,
    current_user,
    flash,
    get_object_or_404,
    open_cases_of,
    redirect,
    render_template,
    request,
    requires,
    today,
    url_for,
)

PAGE = 50


def seen(grid_id: int) -> Grid:
    """Return the grid with its unit if it lies in the person's area, else answer 404."""
    query = Grid.seen_by(current_user).select(Grid, Unit).join(Unit)
    return get_object_or_404(query, Grid.id == grid_id)


@blueprint.get("/")
@requires("grid.read")
def index():
    """The grids of the area in administrative order, those without a worker to be picked out."""
    words = " ".join(request.args.get("q", "").split())[:40]
    staffed, after = request.args.get("staffed", ""), request.args.get("after", "")[:24]
    query = open_grids(current_user)
    total, empty = query.count(), unstaffed(current_user)
    if words:
        found = Unit.name.contains(words) | Unit.initials.contains(words.lower()) | Unit.code.startswith(words)
        villages = Unit.select(Unit.id).where(Unit.level == "village", Unit.name.contains(words))
        query = query.where(found | Unit.parent.in_(villages))
    if staffed == "no":
        query = query.where(Grid.unit.not_in(responsible()))
    if after:
        query = query.where(Unit.code > after)
    grids = list(query.order_by(Unit.code).limit(PAGE + 1))
    kept = {name: value for name, value in (("q", words), ("staffed", staffed)) if value}
    return render_template(
        "grid/index.html", rows=rows_of(grids[:PAGE]), words=words, staffed=staffed, total=total, empty=empty,
        managing=current_user.may("grid.manage"),
        pages={
            "text": f"共 {total} 个网格",
            "next_url": url_for("grid.index", after=grids[PAGE - 1].unit.code, **kept) if len(grids) > PAGE else None,
            "prev_url": url_for("grid.index", **kept) if after else None,
        },
    )


@blueprint.get("/<int:grid_id>")
@requires("grid.read")
def show(grid_id):
    """One grid: who answers for it, how many households, what is open, which visits are due."""
    grid = seen(grid_id)
    team = list(GridWorker.select().where(GridWorker.unit == grid.unit_id).order_by(GridWorker.id))
    households = current(current_user).where(Household.unit == grid.unit_id)
    due = households.where(Household.due_on <= today())
    cases = open_cases_of(grid.unit, KIND.name).order_by(Case.due).limit(10)
    return render_template(
        "grid/show.html", grid=grid, team=[one for one in team if one.is_current],
        former=[one for one in team if not one.is_current], households=households.count(), due=due.count(),
        cases=list(cases), village=Unit.get_by_id(grid.village_id), staffed=any(_answers(one) for one in team),
        managing=current_user.may("grid.manage") and not grid.unit.is_closed,
        seeing=current_user.may("grid.household"), reporting=current_user.may("grid.report"),
    )


def _answers(worker: GridWorker) -> bool:
    return worker.is_current and worker.role in ("head", "full", "part")


@blueprint.get("/<int:grid_id>/notice")
@requires("grid.read")
def notice(grid_id):
    """网格公示 on A4: name, range, who works here with a phone, whom to complain to (滨州市条例第六条)."""
    grid = seen(grid_id)
    team = GridWorker.select().where(GridWorker.unit == grid.unit_id, GridWorker.until.is_null()).order_by(
        GridWorker.id
    )
    return render_template(
        "grid/notice.html", grid=grid, team=list(team), village=Unit.get_by_id(grid.village_id), day=today()
    )


# -- drawing, changing, closing ------------------------------------------------------------------------------------

@blueprint.route("/new", methods=["GET", "POST"])
@requires("grid.manage")
def new():
    """A new grid below a village of the area; a unit like any other, in the same records."""
    form = forms.GridForm()
    form.unit_id.offer()
    if form.validate_on_submit():
        try:
            if not current_user.may("grid.manage", form.unit_id.unit):
                raise Refused("只能在您的辖区之内划分网格。", "unit_id")
            grid = create_grid(form.unit_id.unit, form.values(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已划分。请登记网格员，打印公示。", "success")
            return redirect(url_for("grid.show", grid_id=grid.id))
    return render_template("grid/edit.html", form=form, grid=None), 422 if form.is_submitted() else 200


def managed(grid_id: int) -> Grid:
    grid = seen(grid_id)
    if grid.unit.is_closed:
        raise Refused("这个网格已停用，不能再改动。")
    return grid


@blueprint.route("/<int:grid_id>/edit", methods=["GET", "POST"])
@requires("grid.manage")
def edit(grid_id):
    grid = managed(grid_id)
    form = forms.EditGridForm(obj=grid, data={"name": grid.unit.name, "shape": written(grid.boundary)})
    if form.validate_on_submit():
        try:
            edit_grid(grid, form.values(), current_user, form.version.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存。公示内容变了的，请重新打印张贴。", "success")
            return redirect(url_for("grid.show", grid_id=grid.id))
    return render_template("grid/edit.html", form=form, grid=grid), 422 if form.is_submitted() else 200


@blueprint.route("/<int:grid_id>/close", methods=["GET", "POST"])
@requires("grid.manage")
def close(grid_id):
    """End a grid on which neither households nor open events hang."""
    grid = managed(grid_id)
    form = forms.CloseGridForm(data={"version": grid.version, "valid_to": today()})
    if form.validate_on_submit():
        try:
            close_grid(grid, form.values(), current_user, form.version.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已停用，历史仍可查。", "success")
            return redirect(url_for("grid.index"))
    return render_template("grid/close.html", form=form, grid=grid), 422 if form.is_submitted() else 200


# -- the team ------------------------------------------------------------------------------------------------------

@blueprint.route("/<int:grid_id>/workers/new", methods=["GET", "POST"])
@requires("grid.manage")
def new_worker(grid_id):
    grid = managed(grid_id)
    form = forms.WorkerForm(data={"since": today()})
    if form.validate_on_submit():
        try:
            worker = add_worker(grid, form.values(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已登记{worker.role_title}{worker.name}。", "success")
            return redirect(url_for("grid.show", grid_id=grid.id))
    return render_template("grid/worker.html", form=form, grid=grid), 422 if form.is_submitted() else 200


@blueprint.route("/workers/<int:worker_id>/end", methods=["GET", "POST"])
@requires("grid.manage")
def end_worker_time(worker_id):
    """End somebody's time on the team; the line stays in the history."""
    worker = get_object_or_404(GridWorker.seen_by(current_user), GridWorker.id == worker_id)
    grid = Grid.get_or_none(Grid.unit == worker.unit_id) or abort(404)
    form = forms.EndWorkerForm(data={"until": today()})
    if form.validate_on_submit():
        try:
            end_worker(worker, form.until.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"{worker.name}已离任，记录保留。", "success")
            return redirect(url_for("grid.show", grid_id=grid.id))
    return render_template("grid/end_worker.html", form=form, worker=worker, grid=grid), (
        422 if form.is_submitted() else 200
    )
