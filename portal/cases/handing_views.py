"""The doors for what people do about responsibility: 签收, 转交, 退回, 指定承办."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from portal.access import requires
from portal.cases import again, duties, handing, page
from portal.cases.forms import DecideForm, HandOverForm, PlainStep, SendBackForm
from portal.cases.kinds import kind_of
from portal.cases.lens import holds
from portal.cases.views import blueprint, opened
from portal.values import Refused


@blueprint.post("/<int:case_id>/sign")
@requires("cases.note")
def sign(case_id):
    """Sign for a case that was handed over: one tap."""
    case, form = opened(case_id), PlainStep()
    if not form.validate_on_submit():
        abort(400)
    try:
        handing.sign(case, current_user, form.version.data)
    except Refused as refused:
        flash(refused.sentence, "warn")
    else:
        flash("已签收，请抓紧办理。", "success")
    return redirect(url_for("cases.show", case_id=case.id))


@blueprint.route("/<int:case_id>/hand-over", methods=["GET", "POST"])
@requires("cases.hand_over")
def hand_over(case_id):
    """Hand the case to a unit below or beside, where the workflow of its kind has no step for that."""
    def possible(case) -> bool:
        return holds(current_user, case) and case.is_open and kind_of(case).hands_over

    case = opened(case_id)
    if request.method == "GET" and not possible(case):
        return _not_now(case, "转交")
    form = _blank(HandOverForm, case)
    form.unit.choices = _choices(handing.targets(case, current_user))

    def act():
        handing.hand_over(case, current_user, int(form.unit.data), form.text.data, form.version.data)
        return "已转交，等对方签收。"

    return _answer(case, form, act, possible, "cases/hand_over.html")


@blueprint.route("/<int:case_id>/send-back", methods=["GET", "POST"])
@requires("cases.send_back")
def send_back(case_id):
    """Send a case that is not the own unit's business back to the unit that handed it over."""
    case = opened(case_id)
    if request.method == "GET" and not handing.may_return(case, current_user):
        return _not_now(case, "退回")
    form = _blank(SendBackForm, case)

    def act():
        moved = handing.send_back(case, current_user, form.text.data, form.version.data)
        return f"已退回，由{moved.unit.short}{'指定承办单位' if moved.to_decide else '处理'}。"

    return _answer(case, form, act, lambda now: handing.may_return(now, current_user), "cases/send_back.html")


@blueprint.route("/<int:case_id>/decide", methods=["GET", "POST"])
@requires("cases.hand_over")
def decide(case_id):
    """Say who handles a case that went to and fro; it cannot be sent back any more."""
    def possible(case) -> bool:
        return holds(current_user, case) and case.to_decide and not handing.is_party(case, current_user)

    case = opened(case_id)
    if request.method == "GET" and not possible(case):
        return _not_now(case, "指定承办")
    form = _blank(DecideForm, case)
    form.unit.choices = _choices(handing.choosable(case, current_user))

    def act():
        moved = handing.decide(case, current_user, int(form.unit.data), form.text.data, form.version.data)
        return f"已指定由{moved.unit.short}承办，不能再退回。"

    return _answer(case, form, act, possible, "cases/decide.html")


def _blank(form_class, case):
    return form_class(data={"version": case.version} if request.method == "GET" else None)


def _choices(units) -> list[tuple[str, str]]:
    return [("", "请选择"), *((str(unit.id), unit.name) for unit in units)]


def _not_now(case, what: str):
    flash(f"这件事现在不能{what}，请看最新情况。", "warn")
    return redirect(url_for("cases.show", case_id=case.id))


def _answer(case, form, act, possible, template: str):
    """Take the act of a valid form and say what came of it, or show the form with what is wrong or what changed."""
    changed = []
    if form.validate_on_submit():
        said, case, changed = again.tried(case, form, act, possible)
        if said:
            flash(said, "success")
            return _back_to(case)
    head = {**duties.completed(page.head(case), case, current_user), "buttons": []}
    view = {"case": case, "form": form, "next": head, "kind": kind_of(case), "changed": changed}
    return render_template(template, **view), again.status(form, changed)


def _back_to(case):
    """Lead back to the case, or to the desk where it went out of the own sight."""
    if page.find(current_user, case.id):
        return redirect(url_for("cases.show", case_id=case.id))
    return redirect(url_for("cases.desk"))
