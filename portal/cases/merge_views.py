"""Pages on which people decide that two cases are one matter, or that one holds two."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from playhouse.flask_utils import get_object_or_404

from portal.access import requires
from portal.cases import again, duplicates, merging, page, splitting, together
from portal.cases.kinds import kind_of, kinds
from portal.cases.lens import holds, seen_by
from portal.cases.merge_models import Likeness, Merge
from portal.cases.models import Case
from portal.cases.place import place_name
from portal.cases.views import blueprint, opened
from portal.db import atomic
from portal.forms import Choice, Form, LongText, Text, VersionedForm
from portal.paging import page_of
from portal.values import Refused


class MergeForm(VersionedForm):
    number = Text("并入哪一件（编号）", longest=40)
    text = LongText("为什么是同一件", required=False, longest=500)


class UnmergeForm(VersionedForm):
    text = LongText("为什么撤销", longest=500)


class SplitForm(VersionedForm):
    kind = Choice("另立哪一类的件")
    text = LongText("另外那件是什么事", longest=1000)


class ToldForm(Form):
    channel = Choice("告知方式", choices=list(page.REPLY_CHANNELS.items()), default="phone")


@blueprint.route("/<int:case_id>/merge", methods=["GET", "POST"])
@requires("cases.merge")
def merge(case_id):
    """Decide that this case is the same matter as another one, which then answers for both."""
    case = opened(case_id)
    form = MergeForm(data={"version": case.version, "number": request.args.get("into", "")[:40]}
                     if request.method == "GET" else None)
    good = form.validate_on_submit()  # first: a number with signs that no text may have is not looked for
    into = None if form.number.errors else _numbered(form.number.data, case)
    changed = []
    if good:
        merged, case, changed = again.tried(
            case, form, lambda: _merge(case, into, form), lambda now: now.is_open and into is not None)
        if merged:
            flash(f"已并案。{into.number} 答复时，会一并答复这件。", "success")
            return redirect(url_for("cases.show", case_id=into.id))
    both = [_compared(one) for one in (case, into) if one is not None]
    view = {"case": case, "kind": kind_of(case), "form": form, "both": both, "into": into,
            "alike": together.of(case, current_user)["alike"], "changed": changed}
    return render_template("cases/merge.html", **view), again.status(form, changed)


def _merge(case: Case, into: Case | None, form: MergeForm) -> Case:
    if into is None:
        raise Refused("没有找到这个编号的件，请核对编号；辖区以外的件不能并入。", "number")
    return merging.merge(case, into, current_user, form.text.data or "", version=form.version.data)


def _numbered(number: str | None, case: Case) -> Case | None:
    """Return the case with this number, if the reader may open it and read what it is about."""
    number = (number or "").strip()
    found = seen_by(current_user).where(Case.county_id == case.county_id, Case.number == number).first()
    return found if found is not None and found.kind in kinds() and page.find(current_user, found.id) else None


def _compared(case: Case) -> dict:
    kind = kind_of(case)
    return {
        "number": case.number, "title": case.title, "kind": kind.title, "who": case.applicant or "没有留名",
        "place": place_name(case), "opened": case.opened, "state": kind.workflow.state(case.state).title,
        "unit": case.unit.short, "due": case.due, "url": url_for("cases.show", case_id=case.id),
    }


@blueprint.route("/<int:case_id>/unmerge", methods=["GET", "POST"])
@requires("cases.merge")
def unmerge(case_id):
    """Take a merge back while the other case is open."""
    case = opened(case_id)
    if case.merged_into_id is None:
        if request.method == "POST":
            raise Refused("这件没有并入别的件，不用撤销。")
        flash("这件没有并入别的件，不用撤销。", "warn")
        return redirect(url_for("cases.show", case_id=case.id))
    form = UnmergeForm(data={"version": case.version} if request.method == "GET" else None)
    changed = []
    if form.validate_on_submit():
        undone, case, changed = again.tried(
            case, form, lambda: merging.undo(case, current_user, form.text.data, version=form.version.data),
            lambda now: now.merged_into_id is not None,
        )
        if undone:
            flash("已撤销并案，这件单独办理，期限接着原来的算。", "success")
            return redirect(url_for("cases.show", case_id=case.id))
    view = {"case": case, "kind": kind_of(case), "form": form, "into": Case.get_by_id(case.merged_into_id)}
    return render_template("cases/unmerge.html", **view, changed=changed), again.status(form, changed)


@blueprint.post("/<int:case_id>/told/<int:merged_id>")
@requires("cases.note")
def told(case_id, merged_id):
    """Tick that one of those whose cases lie in this one was told the answer, and how."""
    case, form = opened(case_id), ToldForm()
    row = get_object_or_404(Merge, Merge.id == merged_id, Merge.undone_at.is_null())
    if row.id not in {one.id for one in merging.merged_in(case.id)}:
        abort(404)
    if not form.validate_on_submit():
        raise Refused("请选择怎样告知的。")
    merging.told(case, row, current_user, form.channel.data)
    flash("已记下告知。", "success")
    return redirect(url_for("cases.show", case_id=case.id) + "#together")


# -- what may be the same ------------------------------------------------------------------------------------------

@blueprint.get("/alike")
@requires("cases.merge")
def alike():
    """The open cases of the own area that may be the same matter, two by two, with the reasons."""
    if current_user.post is None:
        abort(404)
    rows, pages = page_of(duplicates.undecided(current_user), Likeness.id, "cases.alike", size=30)
    rows = [row for row in duplicates.of_sight(current_user, rows) if {row.case.kind, row.other.kind} <= set(kinds())]
    return render_template("cases/alike.html", pairs=[together.pair(row) for row in rows], pages=pages,
                           kinds=kinds(), untold=_untold())


def _untold() -> list[Case]:
    """Return the cases of the own units in which somebody was answered and is still to be told."""
    query = (
        Case.select(Case.id, Case.number, Case.title).join(Merge, on=(Merge.into == Case.id))
        .where(Merge.county_id == current_user.post.unit.county_id, Merge.owed, Merge.told_at.is_null(),
               Merge.undone_at.is_null(), Case.replied.is_null(False), Case.unit.in_(list(current_user.acts_for)))
        .distinct().order_by(Case.id).limit(50)
    )
    return list(query)


@blueprint.post("/alike/<int:likeness_id>/different")
@requires("cases.merge")
def different(likeness_id):
    """Remember that two cases are not the same matter; they are not proposed again."""
    row = get_object_or_404(Likeness, Likeness.id == likeness_id)
    both = [page.find(current_user, key) or abort(404) for key in (row.case_id, row.other_id)]
    if not any(holds(current_user, one) or current_user.post.unit.covers(one.unit) for one in both):
        raise Refused("这两件都不由您的单位负责，请由负责的单位来定。")
    if Form().validate_on_submit() and row.verdict == "":
        with atomic():
            duplicates.settle(row.case_id, row.other_id, "different", current_user)
        flash("已记下不是重复，以后不再提示这一对。", "success")
    back = request.form.get("back", type=int)
    return redirect(url_for("cases.show", case_id=back) if back in (row.case_id, row.other_id) else url_for(
        "cases.alike"))


# -- one that holds two --------------------------------------------------------------------------------------------

@blueprint.route("/<int:case_id>/split", methods=["GET", "POST"])
@requires("cases.merge")
def split(case_id):
    """Open a second case for another matter that came up in this one; this one goes on."""
    case = opened(case_id)
    form = SplitForm(data={"version": case.version} if request.method == "GET" else None)
    form.kind.choices = [(kind.name, kind.title) for kind in splitting.offered(case)]
    changed = []
    if form.validate_on_submit():
        made, case, changed = again.tried(case, form, lambda: splitting.split(
            case, form.kind.data, current_user, form.text.data, version=form.version.data), lambda now: now.is_open)
        if made:
            flash(f"已另立一件，编号 {made.number}，由{made.unit.short}负责；原来这件继续办理。", "success")
            return redirect(url_for("cases.show", case_id=case.id))
    view = {"case": case, "kind": kind_of(case), "form": form, "next": page.head(case)}
    return render_template("cases/split.html", **view, changed=changed), again.status(form, changed)
