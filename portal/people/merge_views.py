"""疑似重复居民: two rows side by side, made one or called two, and taken apart again."""

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from playhouse.flask_utils import get_object_or_404

from portal.access import requires
from portal.org.models import Unit
from portal.paging import page_of
from portal.people import merging, pairs
from portal.people.forms import MergeForm, UndoForm
from portal.people.models import Resident, ResidentMerge, ResidentPair
from portal.people.views import blueprint, seen
from portal.values import Refused

#: What stands under each other on the page, and what of it can be chosen.
COMPARED = (
    ("name", "姓名", "masked_name"), ("id_card", "身份证号", "masked_id"), ("phone", "电话", "masked_phone"),
    ("address", "住址", "address"), ("", "性别", "sex_title"), ("", "出生日期", "birth_date"),
)


@blueprint.get("/pairs")
@requires("people.merge")
def pairs_list():
    """The pairs of the own area that nobody has decided on."""
    found, pager = page_of(pairs.open_pairs(current_user), ResidentPair.id, "people.pairs_list")
    ids = {one.unit_id for pair in found for one in (pair.first, pair.second)}
    places = {unit.id: unit.short for unit in Unit.select().where(Unit.id.in_(ids))} if ids else {}
    return render_template(
        "people/pairs.html", found=found, pager=pager, places=places, reasons=pairs.REASONS,
        searching=_is_small(current_user),
    )


def _is_small(person) -> bool:
    """Tell whether the person's area is a town or less: a county is too large to look through while somebody waits."""
    return person.area is not None and person.area[0] in ("town_id", "village_id", "grid_id")


@blueprint.post("/pairs/search")
@requires("people.merge")
def search_pairs():
    """Look for pairs in the own area now; a whole county is looked through at night."""
    if not _is_small(current_user):
        raise Refused("全县的查找在夜里自动进行，不用手工查。")
    found = pairs.search(current_user.area)
    flash(f"新找到 {found} 对。" if found else "没有新的疑似重复。", "success" if found else "info")
    return redirect(url_for("people.pairs_list"))


@blueprint.post("/pairs/<int:pair_id>/apart")
@requires("people.merge")
def keep_apart(pair_id):
    """Two people with much in common: nobody is asked about them again."""
    pair = get_object_or_404(pairs.open_pairs(current_user), ResidentPair.id == pair_id)
    pairs.keep_apart(pair, current_user)
    flash("已记下：这是两个人，以后不再提示。", "success")
    return redirect(url_for("people.pairs_list"))


@blueprint.route("/<int:resident_id>/merge/<int:other_id>", methods=["GET", "POST"])
@requires("people.merge")
def merge(resident_id, other_id):
    """Compare two residents, choose what stays, and make the second part of the first."""
    kept, gone = _both(resident_id, other_id)
    form = MergeForm(data=_first_choice(kept, gone) if request.method == "GET" else None)
    differing = form.compare(kept, gone, COMPARED)
    if form.validate_on_submit():
        versions = {kept.id: form.version.data, gone.id: form.other_version.data}
        try:
            journal = merging.merge(kept.id, gone.id, form.values(), form.reason.data, versions, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已合并，{journal.rows_moved} 条记录转到了这一位名下。在“合并记录”里可以撤销。", "success")
            return redirect(url_for("people.show", resident_id=kept.id))
    places = {unit.id: unit.label for unit in Unit.select().where(Unit.id.in_([kept.unit_id, gone.unit_id]))}
    view = {"form": form, "kept": kept, "gone": gone, "differing": differing, "compared": COMPARED, "places": places}
    return render_template("people/merge.html", **view), 422 if form.is_submitted() else 200


def _both(resident_id: int, other_id: int) -> tuple[Resident, Resident]:
    """Return both rows, of the own area. What a colleague just merged is told when the form is sent."""
    if request.method == "POST":
        query = Resident.any_seen_by(current_user)
        return tuple(get_object_or_404(query, Resident.id == key) for key in (resident_id, other_id))
    return seen(resident_id), seen(other_id)


def _first_choice(kept: Resident, gone: Resident) -> dict:
    """Propose what is there where the other has nothing, and of the rest what stands in the row that stays."""
    stored = {"name": "name", "id_card": "id_card_index", "phone": "phone_index", "address": "address"}
    chosen = {name: "kept" if getattr(kept, column) or not getattr(gone, column) else "gone"
              for name, column in stored.items()}
    return {**chosen, "version": kept.version, "other_version": gone.version}


@blueprint.get("/merges")
@requires("people.merge")
def merges():
    """What was merged in the own area, and what of it was taken back."""
    query = ResidentMerge.seen_by(current_user).select(ResidentMerge, Resident).join(
        Resident, on=(ResidentMerge.kept == Resident.id)
    )
    found, pager = page_of(query, ResidentMerge.id, "people.merges")
    return render_template("people/merges.html", found=found, pager=pager)


@blueprint.route("/merges/<int:merge_id>/undo", methods=["GET", "POST"])
@requires("people.merge")
def undo_merge(merge_id):
    """Make two of one again, with everything that belonged to each."""
    journal = get_object_or_404(ResidentMerge.seen_by(current_user), ResidentMerge.id == merge_id)
    form = UndoForm()
    if form.validate_on_submit():
        try:
            back, left = merging.undo(journal, form.reason.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            kept_back = f"另有 {left} 条后来删除或改动过，没有动。" if left else ""
            flash(f"已撤销合并，{back} 条记录回到原来那一位名下。{kept_back}", "warn" if left else "success")
            return redirect(url_for("people.show", resident_id=journal.gone_id))
    kept = Resident.get_by_id(journal.kept_id)
    view = {"journal": journal, "form": form, "kept": kept}
    return render_template("people/undo_merge.html", **view), 422 if form.is_submitted() else 200
