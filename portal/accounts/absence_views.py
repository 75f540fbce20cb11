"""The pages of 请假代理: who is away at the own unit, and who stands in."""

from flask import abort, flash, redirect, render_template, url_for
from flask_login import current_user

from portal.access import signed_in
from portal.accounts import absences as keeping
from portal.accounts import work
from portal.accounts.forms import AbsenceForm, ConfirmForm
from portal.accounts.models import Absence
from portal.accounts.views import blueprint
from portal.db import today
from portal.paging import page_of
from portal.values import Refused


@blueprint.get("/absences")
@signed_in
def absences():
    """The absences that concern the person, newest first, and their own posts with the way to hand work over."""
    _only_who_works()
    rows, pages = page_of(keeping.listed(current_user), Absence.id, "accounts.absences")
    return render_template(
        "accounts/absences.html", rows=rows, pages=pages, posts=keeping.posts_for(current_user), day=today(),
        arranging=current_user.may("accounts.stand_in"),
    )


@blueprint.route("/absences/add", methods=["GET", "POST"])
@signed_in
def add_absence():
    """Name who stands in, for oneself or, for who arranges the work of the unit, for somebody of it."""
    _only_who_works()
    form = AbsenceForm()
    form.post.choices = _named(keeping.posts_for(current_user))
    form.stand_in.choices = _named(_stand_ins())
    if form.validate_on_submit():
        try:
            made = keeping.add(current_user, int(form.post.data), int(form.stand_in.data), form.since.data,
                               form.until.data, form.note.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已安排，{made.since} 至 {made.until} 由{made.stand_in.user.full_name}代理。", "success")
            return redirect(url_for("accounts.absences"))
    return render_template("accounts/add_absence.html", form=form), 422 if form.is_submitted() else 200


def _only_who_works() -> None:
    """Answer 404 to who has no post, and to administrators: they take no part in the work."""
    if current_user.post is None or current_user.is_administrator:
        abort(404)


def _stand_ins():
    """Return who may stand in at any of the person's units, each post once."""
    found = {}
    for post in current_user.posts:
        if (own := work.full(post.id)) is not None:
            found[own.id] = own
            found |= {one.id: one for one in work.colleagues(own)}
    return list(found.values())


def _named(posts) -> list[tuple[str, str]]:
    return [("", "请选择"), *((str(one.id), f"{one.user.full_name}（{one.unit.short}，{one.title}）") for one in posts)]


@blueprint.post("/absences/<int:absence_id>/end")
@signed_in
def end_absence(absence_id):
    """End an absence early: by who was away, or who arranges the work of the unit."""
    if not ConfirmForm().validate_on_submit():
        abort(400)
    _only_who_works()
    found = keeping.listed(current_user).where(Absence.id == absence_id).first()
    if found is None or not (found.user_id == current_user.id or current_user.may("accounts.stand_in")):
        abort(404)
    keeping.end(current_user, found)
    flash("代理已结束。", "success")
    return redirect(url_for("accounts.absences"))
