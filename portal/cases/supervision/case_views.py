"""What is pressed for on one case: 催办, 提级, 批示 and the feedback; and the list of instructions."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from portal.access import may_lag, requires, who_asks
from portal.cases import again, page
from portal.cases.lens import holds
from portal.cases.supervision import forms, instructions, lists
from portal.cases.supervision.escalation import escalate, refusal
from portal.cases.supervision.models import Instruction
from portal.cases.supervision.on_case import clock_of
from portal.cases.supervision.reach import may_press, superior_of
from portal.cases.supervision.reminding import remind
from portal.cases.supervision.tabs import tabs
from portal.cases.views import MOST_FILES, blueprint, opened, seen
from portal.paging import page_of
from portal.render import light_bar
from portal.values import Refused

NOT_ABOVE = "这件事已经办结，或承办单位不在您的管辖之内，不能“{}”。"


def _press(case_id: int, form_class, permission: str, title: str, carry_out, done: str, **view):
    """Show the form of one act above the responsible unit, and carry it out with `carry_out(case, form)`."""
    case = seen(case_id)
    if request.method == "GET" and not may_press(current_user, case, permission):
        flash(NOT_ABOVE.format(title), "warn")
        return redirect(url_for("cases.show", case_id=case.id))
    versioned = issubclass(form_class, forms.VersionedForm)
    form, changed = form_class(data={"version": case.version} if versioned and request.method == "GET" else None), []
    if form.validate_on_submit():
        pressed, case, changed = again.tried(
            case, form, lambda: carry_out(case, form), lambda now: may_press(current_user, now, permission))
        if pressed:
            flash(done, "success")
            return redirect(url_for("cases.show", case_id=case.id))
    shown = {"case": case, "form": form, "title": title, "next": page.head(case), "changed": changed, **view}
    return render_template("cases/supervision/press.html", **shown), again.status(form, changed)


@blueprint.route("/<int:case_id>/remind", methods=["GET", "POST"], endpoint="remind")
@requires("cases.remind")
def remind_of(case_id):
    """Press for one case; once a day for each person and case."""
    return _press(
        case_id, forms.RemindForm, "cases.remind", "催办",
        lambda case, form: remind(case.id, current_user, form.text.data), "已催办，承办单位和承办人会收到消息。",
        note="承办单位和承办人会收到消息，催办写进经过。同一件事每人每天催办一次。",
        phrases=["已经超期，请今天反馈进展。", "群众多次来问，请尽快答复。", "确实不能按期办结的，请说明原因。"],
    )


@blueprint.route("/<int:case_id>/escalate", methods=["GET", "POST"], endpoint="escalate")
@requires("cases.supervise")
def escalate_case(case_id):
    """Make the superior unit responsible."""
    case = seen(case_id)
    if request.method == "GET" and (sentence := refusal(case)):
        flash(sentence, "warn")
        return redirect(url_for("cases.show", case_id=case.id))
    superior = superior_of(case)
    return _press(
        case_id, forms.EscalateForm, "cases.supervise", "提级",
        lambda case, form: escalate(case.id, current_user, form.text.data, form.version.data),
        f"已提级，现由{superior.name if superior else ''}负责。",
        note=_raised(case, superior),
    )


def _raised(case, superior) -> str:
    if superior is None:
        return "上面没有可以提级的单位。"
    return f"提级后由{superior.name}负责，{case.unit.name}协助；期限不变。"


@blueprint.route("/<int:case_id>/instruct", methods=["GET", "POST"], endpoint="instruct")
@requires("cases.instruct")
def instruct_on(case_id):
    """Write a leader's instruction, with feedback by a day or without."""
    return _press(
        case_id, forms.InstructForm, "cases.instruct", "批示",
        lambda case, form: instructions.instruct(case.id, current_user, form.text.data, form.until.data),
        "已批示，承办单位会收到消息。", note="写了反馈期限的，承办单位必须在期限前反馈；不写就是不要求反馈。",
    )


@blueprint.route("/<int:case_id>/instructions/<int:instruction_id>/feedback", methods=["GET", "POST"])
@requires("cases.note")
def feedback(case_id, instruction_id):
    """Tell the leader what came of the instruction."""
    case = opened(case_id)
    of_case = Instruction.select().where(Instruction.case == case.id)
    one = next((given for given in of_case if given.id == instruction_id), None) or abort(404)
    if request.method == "GET" and not (one.is_owed and holds(current_user, case)):
        flash(f"这条批示现在不用您反馈：已经反馈过，或这件事由{case.unit.name}负责。", "warn")
        return redirect(url_for("cases.show", case_id=case.id))
    form = forms.FeedbackForm()
    if form.validate_on_submit():
        try:
            _feed_back(one, case, form)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已反馈，{one.leader_name}会收到消息。", "success")
            return redirect(url_for("cases.show", case_id=case.id))
    view = {"case": case, "form": form, "one": one, "bar": light_bar(clock_of(one))}
    return render_template("cases/supervision/feedback.html", **view), 422 if form.is_submitted() else 200


def _feed_back(one, case, form) -> None:
    files = form.attachments.data or []
    if len(files) > MOST_FILES:
        raise Refused(f"一次最多上传 {MOST_FILES} 个文件，现在选了 {len(files)} 个。", "attachments")
    instructions.answer(one.id, current_user, form.text.data)
    for upload in files:
        page.attach(upload, case, current_user)


@blueprint.get("/instructions", endpoint="instructions")
@requires("cases.read")
@may_lag
def instructions_page():
    """Instructions on cases: those that wait for feedback, and all others."""
    person = who_asks()
    if person.post is None:
        abort(404)
    sides = lists.instruction_sides(person)
    side = request.args.get("side") if request.args.get("side") in sides else next(iter(sides))
    wanted = "" if request.args.get("part") == "all" else request.args.get("part", "open")
    part = wanted if wanted in lists.INSTRUCTION_PARTS else "open"
    rows, pages = page_of(lists.instructions(person, side, part), Instruction.id, "cases.instructions", side=side,
                          part=part or "all")
    return render_template(
        "cases/supervision/instructions.html", supervision_tabs=tabs("cases.instructions", person), pages=pages,
        rows=[(one, light, light_bar(light)) for one in rows for light in [clock_of(one)]],
        sides=[{"label": label, "url": url_for("cases.instructions", side=name), "active": name == side}
               for name, label in sides.items()],
        chips_shown=[{"label": label, "url": url_for("cases.instructions", side=side, part=name or "all"),
                      "active": name == part, "danger": name == "late"}
                     for name, label in lists.INSTRUCTION_PARTS.items()],
    )
