"""The pages of the proof: voiding a case, the list of void numbers, the checks, the daily heads."""

import segno
from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup
from playhouse.flask_utils import get_object_or_404

from portal.access import requires
from portal.cases import again, page, self_check, voiding
from portal.cases import heads as keeping
from portal.cases.forms import VoidForm
from portal.cases.kinds import kind_of, kinds, readable
from portal.cases.lens import seen_by
from portal.cases.models import Case
from portal.cases.proof_models import CheckRun, DailyHead
from portal.cases.timeline import entries
from portal.cases.views import blueprint, opened
from portal.db import today
from portal.forms import Form, row_id
from portal.paging import page_of
from portal.values import Refused

#: How many void numbers one page of a year shows; more than a county voids.
MOST_VOIDS = 1000


# -- void numbers --------------------------------------------------------------------------------------------------

@blueprint.route("/<int:case_id>/void", methods=["GET", "POST"])
@requires("cases.void")
def void(case_id):
    """End a case that was registered by mistake; its number is kept as void with the reason."""
    case = opened(case_id)
    if request.method == "GET" and (sentence := voiding.refusal(case, current_user, entries(case))):
        flash(sentence, "warn")
        return redirect(url_for("cases.show", case_id=case.id))
    form = VoidForm(data={"version": case.version} if request.method == "GET" else None)
    changed = []
    if form.validate_on_submit():
        voided, case, changed = again.tried(
            case, form, lambda: voiding.void(case, current_user, form.reason.data, form.version.data),
            lambda now: voiding.refusal(now, current_user, entries(now)) is None,
        )
        if voided:
            flash(f"已作废，编号 {case.number} 留在作废登记里，不再使用。", "success")
            return redirect(url_for("cases.show", case_id=case.id))
    view = {"case": case, "form": form, "next": page.head(case), "kind": kind_of(case)}
    return render_template("cases/void.html", **view, changed=changed), again.status(form, changed)


@blueprint.get("/voids")
@requires("cases.read")
def voids():
    """The void numbers of a year in the person's own area, by unit, ready to print."""
    year = request.args.get("year", type=int) or today().year
    if not 2000 <= year <= 2200:
        abort(404)
    mine = {"", *(kind.name for kind in readable(current_user))}
    found = [row for row in voiding.voids(current_user, year).limit(MOST_VOIDS) if row.kind in mine]
    unit = request.args.get("unit", type=row_id)
    units = sorted({(row.unit, row.unit_short) for row in found}, key=lambda one: one[1])
    shown = [row for row in found if unit in (None, row.unit)]
    open_to_me = {key for (key,) in seen_by(current_user).select(Case.id)
                  .where(Case.id.in_([row.case_id for row in shown if row.case_id] or [0])).tuples()}
    return render_template("cases/voids.html", rows=shown, year=year, years=range(today().year, today().year - 5, -1),
                           units=units, unit=unit, open_to_me=open_to_me,
                           closed={kind.name for kind in kinds().values() if kind.contents})


# -- checks --------------------------------------------------------------------------------------------------------

@blueprint.route("/check", methods=["GET", "POST"])
@requires("cases.check")
def check():
    """The checks of the whole portal, newest first; a button asks for one now."""
    form = Form()
    if form.validate_on_submit():
        try:
            self_check.ask(current_user)
        except Refused as refused:
            flash(refused.sentence, "warn")
        else:
            flash("已排上，几分钟内由后台任务运行；结果会出现在这里。", "success")
        return redirect(url_for("cases.check"))
    rows, pager = page_of(CheckRun.select(), CheckRun.id, "cases.check", size=30)
    return render_template("cases/check.html", form=form, rows=rows, pager_shown=pager, waiting=self_check.waiting())


@blueprint.get("/check/<int:run_id>")
@requires("cases.check")
def check_run(run_id):
    """One check: what it found, in words."""
    return render_template("cases/check_run.html", run=get_object_or_404(CheckRun, CheckRun.id == run_id))


# -- daily heads ---------------------------------------------------------------------------------------------------

@blueprint.get("/heads")
@requires("audit.read")
def heads():
    """The heads of the days, newest first."""
    columns = DailyHead.id, DailyHead.day, DailyHead.at, DailyHead.digest, DailyHead.entries_count
    rows, pager = page_of(DailyHead.select(*columns), DailyHead.id, "cases.heads", size=31)
    return render_template("cases/heads.html", rows=rows, pager_shown=pager, groups=keeping.groups)


@blueprint.get("/heads/<int:head_id>")
@requires("audit.read")
def head(head_id):
    """One head on A4, to be signed and kept outside the portal."""
    found = get_object_or_404(DailyHead, DailyHead.id == head_id)
    picture = segno.make(f"{found.day} {found.digest}", error="m").svg_inline(scale=3, border=2, omitsize=False)
    return render_template("cases/papers/head.html", head=found, groups=keeping.groups(found.digest),
                           before=keeping.groups(found.before), picture=Markup(picture))


@blueprint.get("/heads/<int:head_id>/text")
@requires("audit.read")
def head_text(head_id):
    """The head as a text file, to be sent away."""
    found = get_object_or_404(DailyHead, DailyHead.id == head_id)
    answer = make_response(found.text)
    answer.mimetype = "text/plain"
    answer.headers["Content-Disposition"] = f'attachment; filename="head-{found.day}-{found.id}.txt"'
    return answer
