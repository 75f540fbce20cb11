"""The pages of organisations and sweeps."""

from plugins.mediation import committee_forms, committees, sweeps
from plugins.mediation.models import Committee, Mediator, Seat, Sweep, Team
from plugins.mediation.views import blueprint
from plugins.mediation.words import COMMITTEE_KINDS
from plugins.mediation.workflow import WORKFLOW
from portal.kit import (
    Refused,
    Unit,
    abort,
    current_user,
    flash,
    get_object_or_404,
    page_of,
    redirect,
    render_template,
    request,
    requires,
    staff_at,
    today,
    url_for,
)


@blueprint.get("/committees", endpoint="committees")
@requires("mediation.read")
def list_committees():
    """Which committees there are in the area, how many mediate, and until when their term runs."""
    words = " ".join(request.args.get("q", "").split())[:40]
    kind = request.args.get("kind", "")
    kind = kind if kind in COMMITTEE_KINDS else ""
    rows, pages = page_of(
        committees.listed(current_user, kind, words), Committee.id, "mediation.committees", q=words, kind=kind)
    chips = [
        {"label": label, "url": url_for("mediation.committees", kind=name or None, q=words or None),
         "active": name == kind}
        for name, label in {"": "全部", **COMMITTEE_KINDS}.items()
    ]
    return render_template(
        "mediation/committees.html", rows=rows, pages=pages, chips_shown=chips, words=words, kind=kind,
        managing=current_user.may("mediation.manage"), place=current_user.post.unit.short,
    )


@blueprint.get("/committees/<int:committee_id>")
@requires("mediation.read")
def committee(committee_id):
    """One committee: its term, its mediators now and before, its teams, its cases by year."""
    found = _committee(committee_id)
    people = committees.mediators_of(found)
    return render_template(
        "mediation/committee.html", committee=found, active=[one for one in people if one.active],
        left=[one for one in people if not one.active], teams=committees.teams_of(found),
        years=committees.cases_by_year(found), managing=_may_manage(found),
    )


@blueprint.route("/committees/new", methods=["GET", "POST"])
@requires("mediation.manage")
def create_committee():
    """Register a committee with its first members."""
    form = committee_forms.CommitteeForm(data=_own() if request.method == "GET" else None)
    form.unit_id.offer()
    if form.validate_on_submit():
        try:
            unit = form.unit_id.unit
            if not current_user.post.unit.covers(unit):
                raise Refused("只能登记您辖区内的调解组织。", "unit_id")
            made = committees.create_committee(unit, form.values(), form.members(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已登记{made.name}。", "success")
            return redirect(url_for("mediation.committee", committee_id=made.id))
    return render_template("mediation/create_committee.html", form=form), 422 if form.is_submitted() else 200


def _own() -> dict:
    """Return the place that the person works for, and the kind of committee that it has."""
    key, level = current_user.post.unit.top
    return {"unit_id": str(key), "kind": level if level in ("village", "town") else "", "sealed": True}


@blueprint.route("/committees/<int:committee_id>/edit", methods=["GET", "POST"])
@requires("mediation.manage")
def edit_committee(committee_id):
    found = _managed(committee_id)
    form = committee_forms.EditCommitteeForm(obj=found)
    if form.validate_on_submit():
        try:
            committees.edit_committee(found, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存。", "success")
            return redirect(url_for("mediation.committee", committee_id=found.id))
    view = {"form": form, "committee": found}
    return render_template("mediation/edit_committee.html", **view), 422 if form.is_submitted() else 200


@blueprint.route("/committees/<int:committee_id>/elect", methods=["GET", "POST"])
@requires("mediation.manage")
def elect(committee_id):
    """换届: the members of the new term; those of the old one stand in the rows already."""
    found = _managed(committee_id)
    form = committee_forms.ElectForm(data=_sitting(found) if request.method == "GET" else None)
    if form.validate_on_submit():
        try:
            committees.elect(found, form.elected_on.data, form.members(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已换届，任期三年。", "success")
            return redirect(url_for("mediation.committee", committee_id=found.id))
    view = {"form": form, "committee": found}
    return render_template("mediation/elect.html", **view), 422 if form.is_submitted() else 200


def _sitting(found: Committee) -> dict:
    rows = {"version": found.version}
    for row, member in enumerate(committees.members_of(found)[:committees.MOST], 1):
        for what in ("name", "sex", "time", "duty", "phone"):
            rows[f"{what}_{row}"] = getattr(member, what)
    return rows


@blueprint.route("/committees/<int:committee_id>/mediators/new", methods=["GET", "POST"])
@requires("mediation.manage")
def add_mediator(committee_id):
    found = _managed(committee_id)
    form = committee_forms.MediatorForm(data={"since": today(), "joined": "hired"} if request.method == "GET" else None)
    return _mediator_page(form, found, None)


@blueprint.route("/mediators/<int:mediator_id>/edit", methods=["GET", "POST"])
@requires("mediation.manage")
def edit_mediator(mediator_id):
    mediator = get_object_or_404(Mediator, Mediator.id == mediator_id)
    found = _managed(mediator.committee_id)
    form = committee_forms.MediatorForm(
        data={**mediator.__data__, "user": str(mediator.user_id or "")} if request.method == "GET" else None)
    return _mediator_page(form, found, mediator)


def _mediator_page(form, found: Committee, mediator: Mediator | None):
    accounts = staff_at(found.unit_id)
    if mediator and mediator.user_id and mediator.user_id not in {user.id for user in accounts}:
        accounts.append(mediator.user)  # their post ended, or lies elsewhere; saving must not lose them
    form.user.choices = [("", "没有账号"), *((str(user.id), user.full_name) for user in accounts)]
    if form.validate_on_submit():
        try:
            committees.save_mediator(found, mediator, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已保存调解员{form.name.data}。", "success")
            return redirect(url_for("mediation.committee", committee_id=found.id))
    view = {"form": form, "committee": found, "mediator": mediator}
    return render_template("mediation/mediator.html", **view), 422 if form.is_submitted() else 200


@blueprint.route("/committees/<int:committee_id>/teams/new", methods=["GET", "POST"])
@requires("mediation.manage")
def add_team(committee_id):
    found = _managed(committee_id)
    return _team_page(committee_forms.TeamForm(), found, None)


@blueprint.route("/teams/<int:team_id>/edit", methods=["GET", "POST"])
@requires("mediation.manage")
def edit_team(team_id):
    team = get_object_or_404(Team, Team.id == team_id)
    found = _managed(team.committee_id)
    seated = [seat.mediator_id for seat in Seat.select().where(Seat.team == team)]
    kept = {"name": team.name, "leader": str(team.leader_id), "mediators": seated, "dissolved_on": team.dissolved_on,
            "version": team.version}
    return _team_page(committee_forms.TeamForm(data=kept if request.method == "GET" else None), found, team)


def _team_page(form, found: Committee, team: Team | None):
    people = [one for one in committees.mediators_of(found) if one.active]
    form.mediators.choices = [(one.id, f"{one.name}（{one.joined_title}）") for one in people]
    form.leader.choices = [("", "请选择"), *((str(one.id), one.name) for one in people)]
    if form.validate_on_submit():
        try:
            committees.save_team(found, team, form.values(), form.version.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已保存{form.name.data}。", "success")
            return redirect(url_for("mediation.committee", committee_id=found.id))
    view = {"form": form, "committee": found, "team": team}
    return render_template("mediation/team.html", **view), 422 if form.is_submitted() else 200


# -- sweeps ------------------------------------------------------------------------------------------------------------

@blueprint.get("/sweeps", endpoint="sweeps")
@requires("mediation.read")
def list_sweeps():
    """Who looked for disputes when, what was found; zero is said too."""
    query = committees.seen_rows(Sweep, current_user).select(Sweep, Unit).join(Unit)
    rows, pages = page_of(query, Sweep.id, "mediation.sweeps")
    return render_template("mediation/sweeps.html", rows=rows, pages=pages, place=current_user.post.unit.short,
                           registering=current_user.may("mediation.register"))


@blueprint.route("/sweeps/new", methods=["GET", "POST"])
@requires("mediation.register")
def report_sweep():
    form = committee_forms.SweepForm(data={"until": today()} if request.method == "GET" else None)
    form.unit_id.offer()
    if form.validate_on_submit():
        try:
            if not current_user.post.unit.covers(form.unit_id.unit) and current_user.post.unit.level != "grid":
                raise Refused("只能报您辖区内的排查。", "unit_id")
            made = sweeps.report(form.unit_id.unit, form.values(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已报排查，发现 {made.found} 件，以前没有办结的 {made.open} 件继续办。", "success")
            return redirect(url_for("mediation.sweep", sweep_id=made.id))
    return render_template("mediation/report_sweep.html", form=form), 422 if form.is_submitted() else 200


@blueprint.get("/sweeps/<int:sweep_id>")
@requires("mediation.read")
def sweep(sweep_id):
    """One sweep as a table: what was found, and what rolls on from before."""
    found = get_object_or_404(committees.seen_rows(Sweep, current_user), Sweep.id == sweep_id)

    def state_title(name):
        return WORKFLOW.state(name).title

    return render_template(
        "mediation/sweep.html", sweep=found, unit=found.unit,
        found=sweeps.rows(sweeps.found_in(found.unit_id, found.since, found.until), state_title),
        rolled=sweeps.rows(sweeps.rolled(found.unit_id, found.since), state_title),
    )


def _committee(committee_id: int) -> Committee:
    query = committees.seen_committees(current_user)
    return query.where(Committee.id == committee_id).first() or abort(404)


def _may_manage(found: Committee) -> bool:
    """Whoever manages and whose area holds the unit; the county's 司法局 guides all of them."""
    own = current_user.post.unit
    return current_user.may("mediation.manage") and (own.covers(found.unit) or own.name.endswith("司法局"))


def _managed(committee_id: int) -> Committee:
    found = _committee(committee_id)
    return found if _may_manage(found) else abort(404)
