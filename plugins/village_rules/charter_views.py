"""The pages of 村规民约: the list, the text with its hints, clauses, opinions, what changed, orders to correct."""

from plugins.village_rules import forms
from plugins.village_rules.blueprint import answered, blueprint, village
from plugins.village_rules.charters import (
    DRAFTING,
    add_clause,
    add_opinion,
    answer_opinion,
    begin,
    clauses_of,
    edit_clause,
    opinions_of,
    remove_clause,
    screened,
)
from plugins.village_rules.correction import order
from plugins.village_rules.difference import compare
from plugins.village_rules.ground import found
from plugins.village_rules.models import CHARTER_STATES, HOWS, THEMES, Charter, Clause, Opinion
from plugins.village_rules.screening import marked, screen
from plugins.village_rules.workflow import KIND
from portal.kit import (
    Case,
    Refused,
    Unit,
    abort,
    current_user,
    flash,
    get_object_or_404,
    may_lag,
    page_of,
    redirect,
    render_list,
    render_template,
    request,
    requires,
    url_for,
)


@blueprint.get("/")
@requires("village_rules.read")
@may_lag
def index():
    """The editions that are being made or were made, through the three lenses."""
    return render_list(KIND, title="村规民约", endpoint="village_rules.index")


@blueprint.get("/texts")
@requires("village_rules.read")
def texts():
    """The rules themselves: what holds in which village."""
    status = request.args.get("status", "in_force")
    status = status if status in CHARTER_STATES else "in_force"
    query = Charter.seen_by(current_user).select(Charter, Unit).join(Unit).where(Charter.status == status)
    rows, pages = page_of(query, Charter.id, "village_rules.texts", status=status)
    chips = [{"label": label, "url": url_for("village_rules.texts", status=name), "active": name == status}
             for name, label in CHARTER_STATES.items()]
    return render_template("village_rules/texts.html", rows=rows, pages=pages, chips_shown=chips, states=CHARTER_STATES)


@blueprint.route("/charters/new", methods=["GET", "POST"])
@requires("village_rules.draft")
def begin_charter():
    """Begin a new edition: the clauses of the one in force are taken over."""
    unit, form = village(), forms.BeginForm()
    if form.validate_on_submit():
        try:
            case = begin(unit, current_user, form.values())
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已开始征集意见。原来施行的条文已经带过来，可以直接改。", "success")
            return redirect(url_for("cases.show", case_id=case.id))
    return answered("begin_charter.html", form, unit=unit)


def _charter(charter_id: int) -> Charter:
    return found(Charter, charter_id, current_user, Case, Unit)


def _writable(charter: Charter) -> bool:
    return (charter.case.state in DRAFTING and current_user.may("village_rules.draft")
            and charter.case.unit_id in current_user.acts_for)


@blueprint.get("/charters/<int:charter_id>")
@requires("village_rules.read")
def charter(charter_id):
    """The text of one edition, with the hints of screening and the opinions of the villagers."""
    one = _charter(charter_id)
    return render_template(
        "village_rules/charter.html", charter=one, case=one.case, clauses=screened(clauses_of(one)),
        opinions=opinions_of(one), themes=THEMES, hows=HOWS, writing=_writable(one),
        ordering=one.status == "in_force" and current_user.may("village_rules.review"),
    )


@blueprint.get("/charters/<int:charter_id>/changes")
@requires("village_rules.read")
def changes(charter_id):
    """What changed against the edition before it, or another one of the village."""
    one = _charter(charter_id)
    others = list(Charter.seen_by(current_user).where(Charter.unit == one.unit_id, Charter.id != one.id)
                  .order_by(Charter.edition.desc()))
    if not others:
        abort(404)
    wanted = request.args.get("with", "")
    usual = next((other for other in others if other.id == one.previous_id), others[0])
    other = next((other for other in others if str(other.id) == wanted), usual)
    return render_template(
        "village_rules/changes.html", charter=one, other=other, others=others,
        changes=compare(clauses_of(other), clauses_of(one)),
    )


@blueprint.route("/charters/<int:charter_id>/clauses", methods=["GET", "POST"])
@requires("village_rules.draft")
def write_clause(charter_id):
    """Write a new clause; what screening finds is shown at once and answered or mended afterwards."""
    one, form = _charter(charter_id), forms.ClauseForm()
    if form.validate_on_submit():
        try:
            _writing_here(one)
            clause = add_clause(one, one.case, form.values(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            return _after_writing(one, clause)
    return answered("clause.html", form, charter=one, clause=None, pieces=_pieces(form))


@blueprint.route("/clauses/<int:clause_id>", methods=["GET", "POST"], endpoint="edit_clause")
@requires("village_rules.draft")
def edit_clause_page(clause_id):
    """Change a clause, or say why the words that screening points at may stand."""
    clause = get_object_or_404(Clause, Clause.id == clause_id)
    one, form = _charter(clause.charter_id), forms.ClauseForm(obj=clause)
    if form.validate_on_submit():
        try:
            _writing_here(one)
            edit_clause(one, one.case, clause, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            return _after_writing(one, clause)
    return answered("clause.html", form, charter=one, clause=clause, pieces=_pieces(form))


def _writing_here(one: Charter) -> None:
    if one.case.unit_id not in current_user.acts_for:
        raise Refused("这件村规民约现在不由您的单位办理，不能改条文。")


def _pieces(form) -> list:
    """Return the text with its hints marked, where there are any."""
    text = form.text.data or ""
    return marked(text) if len(text) <= form.text.longest and screen(text) else []


def _after_writing(one: Charter, clause: Clause):
    if screen(clause.text) and not clause.answer:
        flash(f"已保存第 {clause.position} 条，但有字句需要改掉或写明理由。", "warn")
        return redirect(url_for("village_rules.edit_clause", clause_id=clause.id))
    flash(f"已保存第 {clause.position} 条。", "success")
    return redirect(url_for("village_rules.charter", charter_id=one.id))


@blueprint.route("/clauses/<int:clause_id>/remove", methods=["GET", "POST"])
@requires("village_rules.draft")
def drop_clause(clause_id):
    """Take a clause out."""
    clause = get_object_or_404(Clause, Clause.id == clause_id)
    one, form = _charter(clause.charter_id), forms.RemoveForm(obj=clause)
    if form.validate_on_submit():
        try:
            _writing_here(one)
            remove_clause(one, one.case, clause, form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已删去，后面各条往前移。", "success")
            return redirect(url_for("village_rules.charter", charter_id=one.id))
    return answered("drop_clause.html", form, charter=one, clause=clause)


@blueprint.route("/charters/<int:charter_id>/opinions", methods=["GET", "POST"])
@requires("village_rules.draft")
def write_opinion(charter_id):
    """Write down what villagers said."""
    one, form = _charter(charter_id), forms.OpinionForm()
    if form.validate_on_submit():
        try:
            add_opinion(one, one.case, form.values(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已登记，可以接着登记下一条。", "success")
            return redirect(url_for("village_rules.write_opinion", charter_id=one.id))
    return answered("opinion.html", form, charter=one)


@blueprint.route("/opinions/<int:opinion_id>", methods=["GET", "POST"], endpoint="answer_opinion")
@requires("village_rules.draft")
def answer_opinion_page(opinion_id):
    """Say whether an opinion is taken up, and why not."""
    opinion = get_object_or_404(Opinion, Opinion.id == opinion_id)
    one = _charter(opinion.charter_id)
    adopted = {True: "yes", False: "no", None: ""}[opinion.adopted]
    form = forms.AnswerForm(data={"version": opinion.version, "adopted": adopted, "reason": opinion.reason})
    if form.validate_on_submit():
        try:
            answer_opinion(one, one.case, opinion, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已写明。", "success")
            return redirect(url_for("village_rules.charter", charter_id=one.id))
    return answered("answer_opinion.html", form, charter=one, opinion=opinion, hows=HOWS)


@blueprint.route("/charters/<int:charter_id>/corrections", methods=["GET", "POST"])
@requires("village_rules.review")
def order_correction(charter_id):
    """责令改正 (第三十一条): at any time after filing."""
    one, form = _charter(charter_id), forms.OrderForm()
    if form.validate_on_submit():
        try:
            case = order(one, current_user, form.values())
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已责令改正，编号 {case.number}，由村里报告改正情况。", "success")
            return redirect(url_for("cases.show", case_id=case.id))
    return answered("order_correction.html", form, charter=one)
