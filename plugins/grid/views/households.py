from plugins.grid import forms
from plugins.grid.blueprint import blueprint
from plugins.grid.households import (
    add_member,
    change_risk,
    current,
    flag,
    key_people,
    make_head,
    members_of,
    next_number,
    remove_member,
    save_household,
)
from plugins.grid.models import HOUSEHOLD_KINDS, Household, KeyPerson, Member, RiskChange, Visit
from plugins.grid.purposes import PURPOSES
from plugins.grid.views.places import offer_places
from portal.kit import (
    TAGS,
    Refused,
    Resident,
    Unit,
    audit,
    current_user,
    flash,
    get_object_or_404,
    page_of,
    redirect,
    render_template,
    request,
    requires,
    today,
    url_for,
)


def seen(household_id: int) -> Household:
    query = Household.seen_by(current_user).select(Household, Unit).join(Unit)
    return get_object_or_404(query, Household.id == household_id)


@blueprint.get("/households")
@requires("grid.household")
def households():
    """一户一档: the households of the area, the head's name masked."""
    words = " ".join(request.args.get("q", "").split())[:40]
    kind, tag = request.args.get("kind", "")[:12], request.args.get("tag", "")[:20]
    query = current(current_user).select(Household, Unit).join(Unit)
    total = query.count()
    if words:
        query = query.where(found_by(words))
    if kind in HOUSEHOLD_KINDS:
        query = query.where(Household.kind == kind)
    if tag in TAGS:
        tagged = Resident.tags.cast("text").contains(f'"{tag}"')
        query = query.where(Household.id.in_(_with_member(tagged)))
    rows, pages = page_of(query, Household.id, "grid.households", q=words, kind=kind, tag=tag)
    return render_template(
        "grid/households.html", rows=rows, pages=pages, words=words, kind=kind, tag=tag, tags=TAGS, total=total,
        kinds=HOUSEHOLD_KINDS, editing=current_user.may("grid.edit_household"),
    )


def _with_member(condition):
    return Member.select(Member.household).join(Resident).where(Member.until.is_null(), condition)


def found_by(words: str):
    """Return the condition that a household is found by its address, its number, or somebody who lives in it."""
    by_name = Resident.name.contains(words) | Resident.initials.startswith(words.lower())
    found = Household.address.contains(words) | Household.id.in_(_with_member(by_name))
    return found | (Household.number == int(words)) if words.isascii() and words.isdigit() and len(words) < 6 else found


@blueprint.route("/households/new", methods=["GET", "POST"])
@requires("grid.edit_household")
def new_household():
    form = forms.HouseholdForm()
    offer_places(form.unit_id)
    if not form.is_submitted():
        own = current_user.post.unit if current_user.post else None
        if own is not None and own.level in ("village", "grid"):
            form.unit_id.data, form.number.data = form.unit_id.data or str(own.id), next_number(own.village_id)
    if form.validate_on_submit():
        try:
            household = save_household(None, form.unit_id.unit, form.values(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已建档，请登记户主。", "success")
            return redirect(url_for("grid.new_member", household_id=household.id))
    return _form_page(form, None)


def _form_page(form, household):
    few = len(form.unit_id.choices) <= 9
    return render_template("grid/edit_household.html", form=form, household=household, few=few), (
        422 if form.is_submitted() else 200
    )


@blueprint.get("/households/<int:household_id>")
@requires("grid.household")
def household(household_id):
    """One household: the house, who lives in it (masked), risk, visits; that it was opened is on the record."""
    household = seen(household_id)
    audit.record_view("grid.open_household", "grid.household", household.id)
    members = members_of(household)
    flagged = {}
    if current_user.may("grid.key_people"):
        ids = [member.resident_id for member in members]
        for one in key_people(current_user).where(KeyPerson.resident.in_(ids)):
            flagged.setdefault(one.resident_id, []).append(one)
    visits = Visit.select().where(Visit.household == household.id).order_by(Visit.id.desc()).limit(10)
    changes = RiskChange.select().where(RiskChange.household == household.id).order_by(RiskChange.id.desc()).limit(10)
    may = current_user.may
    return render_template(
        "grid/household.html", household=household, members=members, flagged=flagged, visits=list(visits),
        changes=list(changes), editing=may("grid.edit_household"), visiting=may("grid.visit"),
        flagging=may("grid.flag"), seeing=may("people.read"),
    )


@blueprint.route("/households/<int:household_id>/edit", methods=["GET", "POST"])
@requires("grid.edit_household")
def edit_household(household_id):
    household = seen(household_id)
    form = forms.HouseholdForm(obj=household, data={"unit_id": str(household.unit_id)})
    offer_places(form.unit_id)
    if form.validate_on_submit():
        try:
            save_household(household, form.unit_id.unit, form.values(), current_user, form.version.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存。", "success")
            return redirect(url_for("grid.household", household_id=household.id))
    return _form_page(form, household)


@blueprint.route("/households/<int:household_id>/risk", methods=["GET", "POST"])
@requires("grid.edit_household")
def risk(household_id):
    """Change how often somebody calls; the reason stays."""
    household = seen(household_id)
    form = forms.RiskForm(obj=household)
    if form.validate_on_submit():
        try:
            change_risk(household, form.risk.data, form.reason.data, current_user, form.version.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已调整，走访期限跟着变。", "success")
            return redirect(url_for("grid.household", household_id=household.id))
    return render_template("grid/risk.html", form=form, household=household), 422 if form.is_submitted() else 200


# -- who lives there -----------------------------------------------------------------------------------------------

@blueprint.route("/households/<int:household_id>/members/new", methods=["GET", "POST"])
@requires("grid.edit_household")
def new_member(household_id):
    household = seen(household_id)
    form = forms.MemberForm()
    if not form.is_submitted() and not household.head:
        form.relation.data = "0"
    if form.validate_on_submit():
        try:
            add_member(household, form.values(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已登记。", "success")
            return redirect(url_for("grid.household", household_id=household.id))
    return render_template("grid/member.html", form=form, household=household), 422 if form.is_submitted() else 200


def _member(member_id: int) -> Member:
    """Return the member if their household lies in the person's area, else answer 404."""
    query = Member.select(Member, Household, Resident).join(Household).switch(Member).join(Resident).where(
        Member.household.in_(Household.seen_by(current_user).select(Household.id)), Member.until.is_null()
    )
    return get_object_or_404(query, Member.id == member_id)


@blueprint.post("/members/<int:member_id>/remove")
@requires("grid.edit_household")
def remove(member_id):
    """Note that somebody left the household."""
    member = _member(member_id)
    remove_member(member, current_user)
    flash("已移出，记录保留。", "success")
    return redirect(url_for("grid.household", household_id=member.household_id))


@blueprint.post("/members/<int:member_id>/head")
@requires("grid.edit_household")
def head(member_id):
    """Make somebody the head of the household instead of the one who is."""
    member = _member(member_id)
    make_head(member, current_user)
    flash("已改为户主，请核对其他人与户主的关系。", "success")
    return redirect(url_for("grid.household", household_id=member.household_id))


@blueprint.route("/members/<int:member_id>/flag", methods=["GET", "POST"], endpoint="flag")
@requires("grid.flag")
def flag_member(member_id):
    """Flag somebody as belonging to a key group: who decided it, since when."""
    member = _member(member_id)
    form = forms.KeyPersonForm(data={"since": today()})
    if form.validate_on_submit():
        try:
            flag(member.household, member.resident, form.values(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已登记，只有有权限的人能看到。", "success")
            return redirect(url_for("grid.household", household_id=member.household_id))
    return render_template("grid/flag.html", form=form, member=member), 422 if form.is_submitted() else 200


@blueprint.get("/purposes")
@requires("grid.read")
def purposes():
    """Which fields and tags are kept of a household, why, on what basis, by whom and how long."""
    return render_template("grid/purposes.html", purposes=PURPOSES)
