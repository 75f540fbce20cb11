"""The pages of the ledger: lists, one case, its steps, notes, attachments, papers, the rating, the desk."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from playhouse.flask_utils import get_object_or_404

from portal import audit, files, papers
from portal.access import may_lag, requires, who_asks
from portal.cases import again, extensions, listing, page, together
from portal.cases import assign as assigning
from portal.cases import desk as desks
from portal.cases.forms import AssignForm, NoteForm, PlainStep, RatingForm, UploadForm
from portal.cases.kinds import contents_seen, kind_of, kinds
from portal.cases.ledger import available, rate, take
from portal.cases.lens import holds
from portal.cases.models import RATINGS, Case
from portal.cases.supervision import on_case
from portal.files.models import Attachment
from portal.org.models import Unit
from portal.values import Conflict, Refused

blueprint = Blueprint("cases", __name__, template_folder="templates")

MOST_FILES = 9


def seen(case_id: int) -> Case:
    """Return the case if one of the person's lenses reaches it, else answer 404."""
    return page.find(who_asks(), case_id) or abort(404)


def opened(case_id: int) -> Case:
    """Return the case if the person may read what it is about, else answer 404."""
    case = seen(case_id)
    return case if contents_seen(case, current_user) else abort(404)


def _to(case: Case):
    return redirect(url_for("cases.show", case_id=case.id))


@blueprint.get("/")
@requires("cases.read")
@may_lag
def index():
    return listing.render_list(title="全部案件", endpoint="cases.index")


@blueprint.get("/places/<kind>/<int:unit_id>")
@requires("cases.read")
@may_lag
def places(kind, unit_id):
    """The fragment of the tree below a unit, with how many open cases lie in each."""
    if kind != "all" and kind not in kinds():
        abort(404)
    unit = get_object_or_404(Unit.seen_by(current_user), Unit.id == unit_id)
    nodes = listing.places(current_user, unit.id, unit.level, "" if kind == "all" else kind)
    return render_template("org/nodes.html", nodes=nodes)


@blueprint.get("/desk")
@requires("cases.read")
def desk():
    """What waits for this person, the most urgent first."""
    parts = desks.parts_of(current_user)
    part = request.args.get("part", next(iter(parts)))
    if part not in parts:
        abort(404)
    switch = desks.segments(part, lambda name: url_for("cases.desk", part=name))
    view = {
        "rows": desks.rows(current_user, part), "asked": extensions.how_many_wait(current_user),
        "pressed": on_case.waiting(current_user) if part == next(iter(parts)) else [],
    }
    return render_template("cases/desk.html", part=part, switch=switch, **view)


@blueprint.get("/<int:case_id>")
@requires("cases.read")
def show(case_id):
    """One case: who must do what by when, the facts, what happened, the papers."""
    case = seen(case_id)
    if case.resident_id or kind_of(case).contents:
        audit.record_view("cases.open", "case", case.id)
    person = who_asks()
    return render_template(
        "cases/show.html", **page.view(case), assigning=person.may("cases.assign"), noting=person.may("cases.note"),
        together=together.of(case, person), seeing_people=page.sees_resident(case, person),
    )


# -- steps ---------------------------------------------------------------------------------------------------------

@blueprint.route("/<int:case_id>/steps/<step>", methods=["GET", "POST"])
@requires("cases.read")
def step(case_id, step):
    """The form of one step, and taking it."""
    case = opened(case_id)
    wanted = kind_of(case).workflow.step(step) or abort(404)
    if request.method == "GET" and wanted not in available(case, current_user):
        flash(f"这件事现在不能“{wanted.title}”，请看最新情况。", "warn")
        return _to(case)
    form, changed = _form_of(wanted, case), []
    if form.validate_on_submit():
        try:
            moved = take(step, case, current_user, form.values(), version=form.version.data)
            for upload in form.data.get("attachments") or []:
                page.attach(upload, moved, current_user)
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            case, changed = again.caught_up(case_id, form, conflict, lambda now: wanted in available(now, current_user))
        else:
            flash(_what_now(moved, wanted), "success")
            return _to(case)
    view = {"case": case, "step": wanted, "form": form, "next": page.head(case), "kind": kind_of(case)}
    return render_template("cases/step.html", **view, changed=changed), again.status(form, changed)


def _form_of(step, case):
    form = (step.form or PlainStep)(data={"version": case.version} if request.method == "GET" else None)
    for name, choices in (step.choices(case) if step.choices else {}).items():
        if choices is None:
            del form[name]
        else:
            form[name].choices = choices
    return form


def _what_now(case: Case, step) -> str:
    state = kind_of(case).workflow.state(case.state)
    if not case.is_open:
        return f"已{step.title}。" if state.title.endswith(step.title) else f"已{step.title}，{state.title}。"
    until = f"，{case.due:%m 月 %d 日}前" if case.due else ""
    return f"已{step.title}。接下来由{case.unit.short}{until}：{state.duty}。"


@blueprint.route("/<int:case_id>/assign", methods=["GET", "POST"])
@requires("cases.assign")
def assign(case_id):
    """Hand the case to somebody of the responsible unit."""
    case, changed = opened(case_id), []
    form = AssignForm(data={"version": case.version} if request.method == "GET" else None)
    form.person.choices = [("", "请选择")] + [(str(user.id), user.full_name) for user in assigning.colleagues(case)]
    if form.validate_on_submit():
        assigned, case, changed = again.tried(
            case, form, lambda: assigning.assign(
                case, current_user, int(form.person.data), form.text.data, form.version.data),
            lambda now: now.is_open and holds(current_user, now),
        )
        if assigned:
            flash("已交办。", "success")
            return _to(case)
    view = {"case": case, "form": form, "next": page.head(case), "kind": kind_of(case)}
    return render_template("cases/assign.html", **view, changed=changed), again.status(form, changed)


@blueprint.route("/<int:case_id>/notes", methods=["GET", "POST"])
@requires("cases.note")
def note(case_id):
    """Write beside the steps what somebody else should know; it changes nothing else."""
    case, form = opened(case_id), NoteForm()
    if form.validate_on_submit():
        assigning.note(case, current_user, form.text.data)
        return _to(case)
    view = {"case": case, "form": form, "next": page.head(case), "kind": kind_of(case)}
    return render_template("cases/note.html", **view), 422 if form.is_submitted() else 200


# -- attachments and papers ----------------------------------------------------------------------------------------

@blueprint.route("/<int:case_id>/files", methods=["GET", "POST"])
@requires("cases.note")
def add_files(case_id):
    """Add attachments: typed by their content, all of them or none."""
    case, form = opened(case_id), UploadForm()
    if form.validate_on_submit():
        chosen = [upload for upload in form.attachments.data or [] if upload]
        try:
            _add(chosen, case)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已上传 {len(chosen)} 个文件。", "success")
            return _to(case)
    view = {"case": case, "form": form, "next": page.head(case), "kind": kind_of(case)}
    return render_template("cases/files.html", **view), 422 if form.is_submitted() else 200


def _add(chosen: list, case: Case) -> None:
    if not chosen:
        raise Refused("请先选择要上传的文件。", "attachments")
    if len(chosen) > MOST_FILES:
        raise Refused(f"一次最多上传 {MOST_FILES} 个文件，现在选了 {len(chosen)} 个。", "attachments")
    for upload in chosen:
        page.attach(upload, case, current_user)


def _attachment(case: Case, attachment_id: int) -> Attachment:
    return get_object_or_404(
        Attachment, Attachment.id == attachment_id, Attachment.owner_type == "case", Attachment.owner_id == case.id,
        Attachment.removed_at.is_null(),
    )


@blueprint.get("/<int:case_id>/files/<int:attachment_id>")
@requires("cases.read")
def attachment(case_id, attachment_id):
    case = opened(case_id)
    found = _attachment(case, attachment_id)
    audit.record("cases.open_file", "case", case.id, detail={"file": found.name})
    return files.send(found)


@blueprint.post("/<int:case_id>/files/<int:attachment_id>/remove")
@requires("cases.note")
def remove_file(case_id, attachment_id):
    """Take back a file that one uploaded by mistake, while the case is open."""
    case = opened(case_id)
    found = _attachment(case, attachment_id)
    if not case.is_open or found.by_id != current_user.id:
        raise Refused("只有上传的人，在办结之前，才能删去附件。")
    files.remove(found, current_user)
    audit.record("cases.remove_file", "case", case.id, detail={"file": found.name})
    flash("已删去附件。", "success")
    return _to(case)


@blueprint.get("/<int:case_id>/papers/<name>")
@requires("cases.read")
def paper(case_id, name):
    """A document on A4, filled from the record."""
    case = opened(case_id)
    found = next((paper for paper in papers.of(case, current_user) if paper.name == name), None) or abort(404)
    audit.record("cases.print_paper", "case", case.id, detail={"paper": name})
    return papers.page(found, case)


@blueprint.route("/<int:case_id>/rating", methods=["GET", "POST"])
@requires("cases.note")
def rating(case_id):
    """The screen is turned to the person who came: five levels, voluntary, once."""
    case = opened(case_id)
    if not (page.may_rate(case, current_user) and holds(current_user, case)):
        flash("这件事现在不能评价。", "warn")
        return _to(case)
    form = RatingForm()
    if form.validate_on_submit():
        rate(case, current_user, int(form.level.data), form.channel.data, form.text.data)
        flash("谢谢评价。", "success")
        return _to(case)
    view = {"case": case, "form": form, "levels": RATINGS}
    return render_template("cases/rating.html", **view), 422 if form.is_submitted() else 200
