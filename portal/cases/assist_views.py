"""The doors of 协办: asking another unit to help, accepting, answering, declining, ending."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from portal.access import requires
from portal.cases import again, assists, page
from portal.cases.forms import AnswerAssistForm, AskAssistForm, EndAssistForm
from portal.cases.kinds import kind_of
from portal.cases.lens import holds
from portal.cases.models import Assist, Case
from portal.cases.views import blueprint, opened, seen
from portal.org.models import Unit
from portal.values import Refused


@blueprint.route("/<int:case_id>/assist", methods=["GET", "POST"])
@requires("cases.assist")
def assist(case_id):
    """Ask another unit to assist; the own one stays in charge."""
    def possible(case) -> bool:
        return holds(current_user, case) and case.is_open

    case, changed = opened(case_id), []
    if request.method == "GET" and not possible(case):
        flash("这件事现在不能请求协办，请看最新情况。", "warn")
        return _to(case)
    form = AskAssistForm(data={"version": case.version} if request.method == "GET" else None)
    form.unit.choices = [("", "请选择"), *((str(unit.id), unit.name) for unit in assists.candidates(case))]
    if form.validate_on_submit():
        asked, case, changed = again.tried(case, form, lambda: assists.ask(
            case, current_user, int(form.unit.data), form.wanted.data, form.due.data, form.version.data), possible)
        if asked:
            flash("已请求协办，等对方答复。", "success")
            return _to(case)
    return _form("cases/assist.html", case, form, changed=changed)


@blueprint.post("/<int:case_id>/assists/<int:assist_id>/accept")
@requires("cases.assist")
def accept_assist(case_id, assist_id):
    """Accept, so that whoever asked knows that somebody is at it."""
    case = seen(case_id)
    try:
        assists.accept(_assist(case, assist_id), current_user)
    except Refused as refused:
        flash(refused.sentence, "warn")
    else:
        flash("已接受协办，请在期限前答复。", "success")
    return _to(case)


@blueprint.route("/<int:case_id>/assists/<int:assist_id>/answer", methods=["GET", "POST"])
@requires("cases.assist")
def answer_assist(case_id, assist_id):
    """Answer what was asked, with files, or say why the unit cannot assist."""
    case = seen(case_id)
    one, form = _assist(case, assist_id), AnswerAssistForm()
    if request.method == "GET" and (one.ended or one.unit_id not in current_user.acts_for):
        flash("这次协办已经有了结果，或者不是请本单位办的。", "warn")
        return _to(case)
    if form.validate_on_submit():
        act = assists.decline if form.result.data == "declined" else assists.answer
        try:
            moved = act(one, current_user, form.text.data)
            for upload in form.attachments.data or []:
                page.attach(upload, moved, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已答复，主办单位看得到。", "success")
            return _to(case)
    return _form("cases/answer_assist.html", case, form, one)


@blueprint.route("/<int:case_id>/assists/<int:assist_id>/end", methods=["GET", "POST"])
@requires("cases.assist")
def end_assist(case_id, assist_id):
    """Stop waiting for an answer, with a reason."""
    case, form = opened(case_id), EndAssistForm()
    one = _assist(case, assist_id)
    if request.method == "GET" and (one.ended or not holds(current_user, case)):
        flash("这次协办已经有了结果，或者不由本单位主办。", "warn")
        return _to(case)
    if form.validate_on_submit():
        try:
            assists.end(one, current_user, form.text.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已结束协办。", "success")
            return _to(case)
    return _form("cases/end_assist.html", case, form, one)


def _assist(case: Case, assist_id: int) -> Assist:
    if not 0 < assist_id < 2**63:
        abort(404)
    query = Assist.select(Assist, Unit).join(Unit).where(Assist.id == assist_id, Assist.case == case.id)
    return query.first() or abort(404)


def _to(case: Case):
    """Lead back to the case, or to the desk where a declined matter went out of sight."""
    if page.find(current_user, case.id):
        return redirect(url_for("cases.show", case_id=case.id))
    return redirect(url_for("cases.desk"))


def _form(template: str, case: Case, form, one: Assist | None = None, changed=()):
    view = {"case": case, "form": form, "next": page.head(case), "kind": kind_of(case), "assist": one}
    return render_template(template, **view, changed=changed), again.status(form, changed)
