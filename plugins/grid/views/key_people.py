from plugins.grid import forms
from plugins.grid.blueprint import blueprint
from plugins.grid.households import key_people
from plugins.grid.models import KeyPerson
from portal.kit import (
    Resident,
    Unit,
    atomic,
    audit,
    current_user,
    flash,
    get_object_or_404,
    own_transaction,
    page_of,
    redirect,
    render_template,
    requires,
    url_for,
)


def _flags():
    return key_people(current_user).select(KeyPerson, Resident, Unit).join(Resident).join_from(KeyPerson, Unit)


@blueprint.get("/key-people", endpoint="key_people")
@requires("grid.key_people")
def index():
    """Who is flagged, masked and without the kind: that is opened one by one, for a reason."""
    rows, pages = page_of(_flags(), KeyPerson.id, "grid.key_people")
    return render_template("grid/key_people.html", rows=rows, pages=pages)


@blueprint.route("/key-people/<int:key_person_id>", methods=["GET", "POST"])
@requires("grid.key_people")
@own_transaction
def key_person(key_person_id):
    """Open one flag: the reason goes on the record, and the page is shown once."""
    found = get_object_or_404(_flags(), KeyPerson.id == key_person_id)
    form, shown = forms.WhyForm(), False
    if form.validate_on_submit():
        with atomic():
            audit.record("grid.open_key_person", "resident", found.resident_id, detail={"reason": form.reason.data})
        shown = True
    status = 422 if form.is_submitted() and not shown else 200
    return render_template(
        "grid/key_person.html", found=found, form=form, shown=shown, flagging=current_user.may("grid.flag")
    ), status


@blueprint.post("/key-people/<int:key_person_id>/end")
@requires("grid.flag")
def end_key_person(key_person_id):
    """Delete a flag when whoever decided it has lifted it (个人信息保护法第四十七条)."""
    found = get_object_or_404(_flags(), KeyPerson.id == key_person_id)
    found.delete_instance()
    audit.record("grid.unflag", "resident", found.resident_id)
    flash("标记已删除。", "success")
    return redirect(url_for("grid.key_people"))
