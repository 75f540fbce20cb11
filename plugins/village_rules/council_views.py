"""The pages of the 红白理事会: members, what the village advises, notices, pledge, visit."""

from plugins.village_rules import forms
from plugins.village_rules.blueprint import answered, blueprint, village
from plugins.village_rules.council import (
    ADVISED,
    actual_hints,
    advice,
    council_of,
    electing,
    hints,
    limits_of,
    save_banquet,
    save_council,
    save_limits,
    visit,
    written,
)
from plugins.village_rules.ground import found, inside
from plugins.village_rules.meetings import named
from plugins.village_rules.models import Banquet
from portal.kit import (
    Refused,
    Unit,
    abort,
    current_user,
    flash,
    page_of,
    redirect,
    render_template,
    requires,
    today,
    url_for,
)

KNOWN = ("kind", "occasion", "on_day", "notice_on", "tables", "per_table", "tobacco", "alcohol", "gift", "cars", "days",
         "band", "pledged_on", "version")


@blueprint.get("/banquets")
@requires("village_rules.read")
def banquets():
    """The notices of the area, newest first; in a village also its council and what it advises."""
    query = Banquet.seen_by(current_user).select(Banquet, Unit).join(Unit)
    rows, pages = page_of(query, Banquet.id, "village_rules.banquets")
    own = current_user.post.unit.village_id if current_user.post else None
    limits = limits_of(own) if own else None
    return render_template(
        "village_rules/banquets.html", rows=rows, pages=pages, own=own, council=council_of(own) if own else None,
        advice=advice(limits), limits=limits, hints=hints, may=own and current_user.may("village_rules.council"),
        inside=lambda row: inside(current_user, row.village_id),
    )


@blueprint.route("/council", methods=["GET", "POST"])
@requires("village_rules.council")
def edit_council():
    """The council: its members, by which resolution they were elected, and until when."""
    unit = village()
    row, votes = council_of(unit.id), electing(unit.id)
    form = forms.CouncilForm(data={
        "version": row.version, "members": written(row.members), "elected_on": row.elected_on, "until": row.until,
        "resolution": str(row.resolution_id or ""),
    } if row else None)
    form.resolution.choices = [("", "没有记录")] + [(str(one.id), named(one)) for one in votes]
    if form.validate_on_submit():
        try:
            save_council(unit, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存红白理事会。", "success")
            return redirect(url_for("village_rules.banquets"))
    return answered("council.html", form, row=row)


@blueprint.route("/limits", methods=["GET", "POST"])
@requires("village_rules.council")
def edit_limits():
    """What the village advises; every field may stay empty."""
    unit = village()
    row = limits_of(unit.id)
    form = forms.LimitForm(obj=row)
    if form.validate_on_submit():
        try:
            save_limits(unit, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存提倡标准。", "success")
            return redirect(url_for("village_rules.banquets"))
    return answered("limits.html", form, row=row)


def _own(banquet_id: int) -> Banquet:
    """Return a notice of one's own village: who gives a feast is nobody else's business."""
    one = found(Banquet, banquet_id, current_user, Unit)
    return one if inside(current_user, one.village_id) else abort(404)


@blueprint.get("/banquets/<int:banquet_id>")
@requires("village_rules.read")
def banquet(banquet_id):
    one = _own(banquet_id)
    limits = limits_of(one.unit_id)
    return render_template(
        "village_rules/banquet.html", banquet=one, hints=hints(one, limits), actual=actual_hints(one, limits),
        advised=ADVISED, limits=limits, may=current_user.may("village_rules.council"),
    )


@blueprint.route("/banquets/new", methods=["GET", "POST"])
@requires("village_rules.council")
def add_banquet():
    unit, form = village(), forms.BanquetForm(data={"notice_on": today()})
    if form.validate_on_submit():
        try:
            one = save_banquet(unit, form.values(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            return _kept(one)
    return answered("edit_banquet.html", form, banquet=None, advice=advice(limits_of(unit.id)))


@blueprint.route("/banquets/<int:banquet_id>/edit", methods=["GET", "POST"])
@requires("village_rules.council")
def edit_banquet(banquet_id):
    one = _own(banquet_id)
    form = forms.BanquetForm(data={name: getattr(one, name) for name in KNOWN})
    if form.validate_on_submit():
        try:
            save_banquet(Unit.get_by_id(one.unit_id), form.values(), current_user, one, form.version.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            return _kept(one)
    return answered("edit_banquet.html", form, banquet=one, advice=advice(limits_of(one.unit_id)))


def _kept(one: Banquet):
    """Lead to the notice; what is above the advice is said there, kindly."""
    flash("已登记。请打印承诺书，由事主签名。" if one.pledged_on is None else "已登记。", "success")
    return redirect(url_for("village_rules.banquet", banquet_id=one.id))


@blueprint.route("/banquets/<int:banquet_id>/visit", methods=["GET", "POST"])
@requires("village_rules.council")
def visit_banquet(banquet_id):
    """How it turned out."""
    one = _own(banquet_id)
    form = forms.VisitForm(obj=one)
    if form.validate_on_submit():
        try:
            visit(one, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已登记到场情况。", "success")
            return redirect(url_for("village_rules.banquet", banquet_id=one.id))
    return answered("visit_banquet.html", form, banquet=one)


@blueprint.get("/banquets/<int:banquet_id>/pledge")
@requires("village_rules.read")
def pledge(banquet_id):
    """The pledge, to be signed on paper."""
    one = _own(banquet_id)
    return render_template(
        "village_rules/papers/pledge.html", banquet=one, advice=advice(limits_of(one.unit_id)), advised=ADVISED,
        limits=limits_of(one.unit_id), back=url_for("village_rules.banquet", banquet_id=one.id),
    )
