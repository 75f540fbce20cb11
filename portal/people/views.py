from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from playhouse.flask_utils import get_object_or_404

from portal import audit
from portal.access import own_transaction, requires
from portal.audit.models import AuditEntry
from portal.db import atomic
from portal.forms import row_id
from portal.org.models import Unit
from portal.people import merging, residents, tracing
from portal.people.forms import EditForm, FindForm, ResidentForm, RevealForm
from portal.people.models import TAGS, Resident
from portal.people.purposes import PURPOSES
from portal.values import Refused

blueprint = Blueprint("people", __name__, template_folder="templates")

PAGE = 50


def seen(resident_id: int) -> Resident:
    return get_object_or_404(Resident.seen_by(current_user), Resident.id == resident_id)


@blueprint.get("/")
@requires("people.read")
def index():
    """The residents of the own area, newest first, masked."""
    words, tag = request.args.get("q", "").strip()[:40], request.args.get("tag", "")
    query = Resident.seen_by(current_user)
    if words:
        query = query.where(Resident.name.contains(words) | Resident.initials.startswith(words.lower()))
    after = request.args.get("after", type=row_id)
    if after:
        query = query.where(Resident.id < after)
    if tag in TAGS:
        query = query.where(Resident.tags.cast("text").contains(f'"{tag}"'))
    found = list(query.order_by(Resident.id.desc()).limit(PAGE + 1))
    places = {unit.id: unit.short for unit in Unit.select().where(Unit.id.in_({one.unit_id for one in found}))}
    kept = {name: value for name, value in (("q", words), ("tag", tag)) if value}
    more = url_for("people.index", after=found[PAGE - 1].id, **kept) if len(found) > PAGE else None
    return render_template(
        "people/index.html", found=found[:PAGE], places=places, words=words, tag=tag, tags=TAGS, more=more,
        first=url_for("people.index", **kept) if after else None, find=FindForm(),
        editing=current_user.may("people.edit"),
    )


@blueprint.route("/find", methods=["POST"])
@requires("people.read")
@own_transaction
def find():
    """Find by a whole ID card or phone number; sent by POST, so that the number is in no address and no log."""
    form = FindForm()
    found = []
    if form.validate_on_submit():
        with atomic():
            found = residents.find_exact(current_user, form.number.data)
        if len(found) == 1:
            return redirect(url_for("people.show", resident_id=found[0].id))
    return render_template("people/found.html", form=form, found=found), 422 if form.errors else 200


@blueprint.route("/new", methods=["GET", "POST"])
@requires("people.edit")
def new():
    """Register a resident at a village or grid of the own area."""
    form = ResidentForm()
    form.unit_id.offer()
    if request.method == "GET" and not form.unit_id.data and current_user.post.unit.level in ("village", "grid"):
        form.unit_id.data = str(current_user.post.unit.id)
    if form.validate_on_submit():
        try:
            resident = residents.create(current_user, form.unit_id.unit, form.values())
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已登记。", "success")
            return redirect(url_for("people.show", resident_id=resident.id))
    return render_template("people/edit.html", form=form, resident=None), 422 if form.is_submitted() else 200


@blueprint.get("/<int:resident_id>")
@requires("people.read")
def show(resident_id):
    """One resident, masked; that it was opened is on the record. Who was merged or erased is said or led on."""
    resident = get_object_or_404(Resident.any_seen_by(current_user), Resident.id == resident_id)
    if resident.merged_into_id:
        return redirect(url_for("people.show", resident_id=seen(merging.latest_of(resident).id).id))
    if resident.erased_at:
        return render_template("people/erased.html", resident=resident)
    audit.record_view("people.open", "resident", resident.id)
    return _page(resident, RevealForm())


def _page(resident: Resident, form: RevealForm, shown: str = ""):
    may = current_user.may
    looks = AuditEntry.select().where(
        AuditEntry.object_type == "resident", AuditEntry.object_id == str(resident.id)
    ).order_by(AuditEntry.id.desc()).limit(10) if may("people.trace") else []
    return render_template(
        "people/show.html", resident=resident, form=form, shown=shown, looks=tracing.lines(looks),
        place=Unit.get_by_id(resident.unit_id).label, fields=residents.FIELDS, editing=may("people.edit"),
        revealing=may("people.reveal"), tracing=may("people.trace"), exporting=may("people.export"),
        erasing=may("people.erase"),
    )


@blueprint.post("/<int:resident_id>/reveal")
@requires("people.reveal")
@own_transaction
def reveal(resident_id):
    """Show one number in full, once, for a reason that stays on the record."""
    resident = seen(resident_id)
    form = RevealForm()
    if form.validate_on_submit():
        try:
            with atomic():
                shown = residents.reveal(resident, form.field.data, form.reason.data, current_user)
            return _page(resident, form, shown or "没有登记")
        except Refused as refused:
            form.refuse(refused)
    return _page(resident, form), 422


@blueprint.route("/<int:resident_id>/edit", methods=["GET", "POST"])
@requires("people.edit")
def edit(resident_id):
    resident = seen(resident_id)
    form = EditForm(data={name: getattr(resident, name) for name in ("name", "address", "tags", "guardian", "version")})
    if form.validate_on_submit():
        try:
            residents.edit(resident, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存。", "success")
            return redirect(url_for("people.show", resident_id=resident.id))
    return render_template("people/edit.html", form=form, resident=resident), 422 if form.is_submitted() else 200


@blueprint.get("/purposes")
@requires("people.read")
def purposes():
    """Which personal fields are kept, why, on what basis, by whom and how long."""
    return render_template("people/purposes.html", purposes=PURPOSES)
