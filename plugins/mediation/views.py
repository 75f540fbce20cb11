from plugins.mediation import figures, forms, register
from plugins.mediation.models import Dispute
from plugins.mediation.record import contents, dispute_of, parties_of
from plugins.mediation.workflow import KIND, may_edit
from portal.kit import (
    Blueprint,
    Case,
    Refused,
    abort,
    attach,
    audit,
    current_user,
    flash,
    get_object_or_404,
    holds,
    may_lag,
    redirect,
    render_list,
    render_template,
    request,
    requires,
    seen_by,
    url_for,
)

blueprint = Blueprint("mediation", __name__, template_folder="templates")


@blueprint.get("/")
@requires("mediation.read")
@may_lag
def index():
    """The disputes through the three lenses; masked parties only."""
    return render_list(KIND, title="矛盾纠纷", endpoint="mediation.index")


@blueprint.route("/register", methods=["GET", "POST"], endpoint="register")
@requires("mediation.register")
def register_dispute():
    """登记: what it is about, how it came to be known, who quarrels with whom."""
    form = forms.RegisterForm()
    form.unit_id.offer()
    if form.validate_on_submit():
        try:
            case = register.register(form.unit_id.unit, current_user, form.values())
            for upload in form.attachments.data or []:
                if upload:
                    attach(upload, case, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已登记，编号 {case.number}。请核对后审查是否受理。", "success")
            return redirect(url_for("cases.show", case_id=case.id))
    return render_template("mediation/register.html", form=form), 422 if form.is_submitted() else 200


@blueprint.route("/disputes/<int:dispute_id>/edit", methods=["GET", "POST"])
@requires("mediation.register")
def edit(dispute_id):
    """Put right what was registered, until it is accepted."""
    case = _case(dispute_id)
    if not may_edit(case, current_user):
        abort(404)
    form = forms.FactsForm(obj=dispute_of(case))
    if form.validate_on_submit():
        try:
            register.edit_facts(case, current_user, form.values(), form.version.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            audit.record("mediation.edit", "case", case.id)
            flash("已保存。", "success")
            return redirect(url_for("cases.show", case_id=case.id))
    return render_template("mediation/edit.html", form=form, case=case), 422 if form.is_submitted() else 200


@blueprint.route("/disputes/<int:dispute_id>/parties", methods=["GET", "POST"])
@requires("mediation.read")
def parties(dispute_id):
    """The parties in full, for those who may read the contents; whoever mediates may add one."""
    case = _case(dispute_id)
    form = forms.PartyForm()
    adding = case.is_open and holds(current_user, case) and current_user.may("mediation.register")
    if form.validate_on_submit():
        try:
            if not adding:
                raise Refused("这件纠纷现在不能再加当事人。")
            party = register.add_party(case, current_user, form.values())
        except Refused as refused:
            form.refuse(refused)
        else:
            audit.record("mediation.add_party", "case", case.id)
            flash(f"已登记{party.side_title}。", "success")
            return redirect(url_for("mediation.parties", dispute_id=dispute_id))
    else:
        audit.record_view("mediation.parties", "case", case.id)
    view = {"case": case, "form": form, "adding": adding, "found": parties_of(case), "dispute_id": dispute_id}
    return render_template("mediation/parties.html", **view), 422 if form.is_submitted() else 200


@blueprint.get("/figures", endpoint="figures")
@requires("mediation.read")
@may_lag
def show_figures():
    """排查, 受理, 化解, 成功, with what each rate was divided by."""
    period = request.args.get("period", "year")
    if period not in figures.PERIODS:
        period = "year"
    found = figures.figures_of(current_user, period)
    first, after = figures.span_of(period)
    chips = [
        {"label": label, "url": url_for("mediation.figures", period=name), "active": name == period}
        for name, label in figures.PERIODS.items()
    ]
    return render_template(
        "mediation/figures.html", found=found, strip=figures.strip_of(found.total), types=figures.by_type(found),
        sources=figures.by_source(found), chart=figures.chart_of(found.months), chips_shown=chips, first=first,
        after=after, place=current_user.post.unit.short,
    )


def _case(dispute_id: int) -> Case:
    """Return the case of a dispute whose contents the person may read, else answer 404."""
    dispute = get_object_or_404(Dispute, Dispute.id == dispute_id)
    case = seen_by(current_user).where(Case.id == dispute.case_id, Case.kind == KIND.name).first() or abort(404)
    return case if contents(case, current_user) else abort(404)
