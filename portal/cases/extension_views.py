"""延期 through the door: ask, take back, decide, and the list of what waits for a decision."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from portal.access import requires
from portal.cases import again, extensions, page
from portal.cases.clock_forms import DecideForm, ExtendForm, WithdrawForm
from portal.cases.kinds import kind_of
from portal.cases.models import Case
from portal.cases.views import blueprint, opened
from portal.org.models import Unit
from portal.values import UNITS

SHOWN = 200


@blueprint.route("/<int:case_id>/extend", methods=["GET", "POST"])
@requires("cases.extend")
def extend(case_id):
    """Ask for more time, before it has run out."""
    case = opened(case_id)
    form = ExtendForm(data={"version": case.version} if request.method == "GET" else None)
    form.amount.label.text = f"延长多少{UNITS.get(case.limit_unit, '')}"
    if request.method == "GET" and (sentence := extensions.refusal(case, current_user)):
        flash(sentence, "warn")
        return redirect(url_for("cases.show", case_id=case.id))
    changed = []
    if form.validate_on_submit():
        asked, case, changed = again.tried(
            case, form, lambda: extensions.ask(
                case, current_user, form.amount.data, form.reason.data, form.version.data),
            lambda now: not extensions.refusal(now, current_user),
        )
        if asked:
            flash(f"已申请延期 {asked.period}，由{asked.approver.name}审批。批准以前期限不变。", "success")
            return redirect(url_for("cases.show", case_id=case.id))
    view = {
        "case": case, "form": form, "next": page.head(case), "most": extensions.longest(case),
        "law": kind_of(case).extension_law, "approver": extensions.approver_of(case), "changed": changed,
    }
    return render_template("cases/extend.html", **view), again.status(form, changed)


@blueprint.post("/<int:case_id>/extension/withdraw")
@requires("cases.extend")
def withdraw_extension(case_id):
    """Take back one's own request."""
    case, form = opened(case_id), WithdrawForm()
    if not form.validate():
        abort(400)
    extensions.withdraw(case, current_user, form.version.data)
    flash("已撤回延期申请，期限不变。", "success")
    return redirect(url_for("cases.show", case_id=case.id))


@blueprint.route("/<int:case_id>/extension", methods=["GET", "POST"])
@requires("cases.approve")
def extension(case_id):
    """Decide about a request: grant it and say how the person was told, or refuse it with the reason."""
    case = opened(case_id)
    asked = extensions.open_request(case) if case.extension_asked is not None else None
    if request.method == "GET" and (asked is None or not extensions.may_decide(case, current_user)):
        flash("这件事现在没有等您审批的延期申请。", "warn")
        return redirect(url_for("cases.show", case_id=case.id))
    form = DecideForm(data={"version": case.version} if request.method == "GET" else None)
    if not case.applicant:
        del form.told_channel
        del form.told_text
    changed = []
    if form.validate_on_submit():
        decided, case, changed = again.tried(
            case, form, lambda: extensions.decide(case, current_user, form.values(), form.version.data),
            lambda now: extensions.may_decide(now, current_user),
        )
        if decided:
            flash(_said(decided), "success")
            return redirect(url_for("cases.show", case_id=case.id))
        asked = extensions.open_request(case) if changed else asked  # it may have been taken back and asked anew
    view = {"case": case, "form": form, "next": page.head(case), "asked": asked, "law": kind_of(case).extension_law}
    return render_template("cases/extension.html", **view, changed=changed), again.status(form, changed)


def _said(decided) -> str:
    if decided.state == "refused":
        return "没有同意延期，期限不变，已通知申请人。"
    if decided.due_after is None:
        return "已同意延期，恢复计时后一并计算。"
    return f"已同意延期，期限改为 {decided.due_after:%Y-%m-%d}。延期告知书可以在案件的“文书”里打印。"


@blueprint.get("/extensions")
@requires("cases.approve")
def list_extensions():
    """What waits for a decision of one's unit, what is due first on top; the table stays short by itself."""
    query = extensions.waiting_for(current_user)
    rows = query.select(Case, Unit).join(Unit, on=(Case.unit == Unit.id)).limit(SHOWN)
    return render_template("cases/extensions.html", rows=_shown(list(rows)), shown=SHOWN)


def _shown(cases: list[Case]) -> list[dict]:
    asked = extensions.open_requests(cases)
    return [
        {"case": case, "asked": asked.get(case.id), "kind": kind_of(case), "light": page.light_of(case)}
        for case in cases
    ]


