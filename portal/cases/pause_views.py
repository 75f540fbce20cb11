"""停表 and 恢复 through the door."""

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user

from portal.access import requires
from portal.cases import again, page, pausing
from portal.cases.clock_forms import PauseForm, ResumeForm
from portal.cases.views import MOST_FILES, blueprint, opened
from portal.db import atomic
from portal.values import Refused


@blueprint.route("/<int:case_id>/pause", methods=["GET", "POST"])
@requires("cases.extend")
def pause(case_id):
    """Stop the clock for a lawful reason, with its evidence and its expected end."""
    case = opened(case_id)
    form = PauseForm(data={"version": case.version} if request.method == "GET" else None)
    form.reason.choices = [("", "请选择"), *((one.name, one.title) for one in pausing.reasons_of(case))]
    if request.method == "GET" and not pausing.may_pause(case, current_user):
        flash("这件事现在不能停表。", "warn")
        return redirect(url_for("cases.show", case_id=case.id))
    changed = []
    if form.validate_on_submit():
        paused, case, changed = again.tried(
            case, form, lambda: _pause(case, form), lambda now: pausing.may_pause(now, current_user))
        if paused:
            flash("已停表，停止的时间不计入时限。到预计的日期系统会提醒恢复。", "success")
            return redirect(url_for("cases.show", case_id=case.id))
    view = {"case": case, "form": form, "next": page.head(case), "reasons": pausing.reasons_of(case)}
    return render_template("cases/pause.html", **view, changed=changed), again.status(form, changed)


def _pause(case, form: PauseForm):
    uploads = [upload for upload in form.attachments.data or [] if getattr(upload, "filename", "")]
    if len(uploads) > MOST_FILES:
        raise Refused(f"一次最多上传 {MOST_FILES} 个文件，现在选了 {len(uploads)} 个。", "attachments")
    with atomic():
        names = [page.attach(upload, case, current_user).name for upload in uploads]
        evidence = "；".join(filter(None, [form.evidence.data, *(f"附件“{name}”" for name in names)]))
        return pausing.pause(
            case, current_user, form.reason.data, evidence=evidence[:500], until_expected=form.until_expected.data,
            text=form.text.data, version=form.version.data,
        )


@blueprint.route("/<int:case_id>/resume", methods=["GET", "POST"])
@requires("cases.extend")
def resume(case_id):
    """Let the clock run again."""
    case = opened(case_id)
    form = ResumeForm(data={"version": case.version} if request.method == "GET" else None)
    if request.method == "GET" and not pausing.may_resume(case, current_user):
        flash("这件事现在不用在这里恢复计时；由环节停表的，请办那个环节。", "warn")
        return redirect(url_for("cases.show", case_id=case.id))
    changed = []
    if form.validate_on_submit():
        said = {"evidence": form.evidence.data or "", "text": form.text.data}
        moved, case, changed = again.tried(
            case, form, lambda: pausing.resume(case, current_user, **said, version=form.version.data),
            lambda now: pausing.may_resume(now, current_user),
        )
        if moved:
            flash(f"已恢复计时，期限是 {moved.due:%Y-%m-%d}。", "success")
            return redirect(url_for("cases.show", case_id=case.id))
    view = {"case": case, "form": form, "next": page.head(case), "changed": changed}
    return render_template("cases/resume.html", **view), again.status(form, changed)
