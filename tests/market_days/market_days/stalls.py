"""Stalls: registered by the town, given to somebody, given back. People are kept in the people room, never here."""

from peewee import JOIN

from portal.kit import (
    Conflict,
    Refused,
    Resident,
    ResidentSection,
    ResidentUse,
    Unit,
    atomic,
    audit,
    current_user,
    find_or_create_resident,
    flash,
    get_object_or_404,
    redirect,
    render_template,
    requires,
    today,
    url_for,
)

from . import markets
from .forms import FreeForm, HolderForm, StallForm
from .models import Market, Stall
from .pages import blueprint


@blueprint.route("/markets/<int:market_id>/stalls/new", methods=["GET", "POST"])
@requires("market_days.manage")
def new_stall(market_id):
    market = markets.found(market_id)
    form = StallForm()
    if form.validate_on_submit():
        try:
            row = set_up(market, form.values(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已登记。", "success")
            return redirect(url_for("market_days.stall", stall_id=row.id))
    return render_template("market_days/new_stall.html", form=form, market=market), 422 if form.is_submitted() else 200


def set_up(market: Market, data: dict, actor) -> Stall:
    allowed(market, actor)
    if Stall.select().where(Stall.market == market, Stall.number == data["number"]).exists():
        raise Refused("这个集市已有这个编号。", "number")
    return Stall.create(market=market, number=data["number"], trade=data["trade"], **market.unit.place())


def allowed(market: Market, actor) -> None:
    if not actor.may("market_days.manage", market.unit):
        raise Refused("只能安排本乡镇的摊位。")


@blueprint.get("/stalls/<int:stall_id>")
@requires("market_days.read")
def stall(stall_id):
    row = found(stall_id)
    return page_for(row, FreeForm(obj=row))


def page_for(row: Stall, form: FreeForm):
    manages = current_user.may("market_days.manage", row.market.unit)
    return render_template("market_days/stall.html", stall=row, form=form, manages=manages)


def found(stall_id: int) -> Stall:
    query = Stall.seen_by(current_user).select(Stall, Market, Unit, Resident)
    query = query.join(Market).join(Unit).switch(Stall).join(Resident, JOIN.LEFT_OUTER)
    return get_object_or_404(query, Stall.id == stall_id)


@blueprint.route("/stalls/<int:stall_id>/holder", methods=["GET", "POST"])
@requires("market_days.manage")
def give_stall(stall_id):
    row = found(stall_id)
    form = HolderForm(obj=row)
    if form.validate_on_submit():
        try:
            give(row, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已登记摊主。", "success")
            return redirect(url_for("market_days.stall", stall_id=row.id))
    return render_template("market_days/holder.html", form=form, stall=row), 422 if form.is_submitted() else 200


def give(row: Stall, data: dict, version: int, actor) -> None:
    """Give a free stall to somebody. The number of their ID card and their phone go into the people room."""
    allowed(row.market, actor)
    if row.holder_id:
        raise Refused("这个摊位已有摊主，请先收回。", "name")
    with atomic():
        resident = find_or_create_resident(actor, name=data["name"], id_card=data["id_card"] or "",
                                           phone=data["phone"] or "", unit=row.market.unit)
        moved(row, version, holder=resident, since=today())
        audit.record("market_days.give", "market_days.stall", row.id)


@blueprint.post("/stalls/<int:stall_id>/free")
@requires("market_days.manage")
def free_stall(stall_id):
    row = found(stall_id)
    form = FreeForm(obj=row)
    if not form.validate_on_submit():
        return page_for(row, form), 422
    allowed(row.market, current_user)
    moved(row, form.version.data, holder=None, since=None)
    audit.record("market_days.free", "market_days.stall", row.id)
    flash("已收回，可以另外安排。", "success")
    return redirect(url_for("market_days.stall", stall_id=row.id))


def moved(row: Stall, version: int, **columns) -> None:
    changed = Stall.update(version=Stall.version + 1, **columns).where(
        Stall.id == row.id, Stall.version == version).execute()
    if not changed:
        raise Conflict("别人", "安排了这个摊位", url_for("market_days.stall", stall_id=row.id))


# What is kept about a resident, for whoever asks (个人信息保护法第十九、四十五、四十七条).


def held_by(resident):
    return Stall.select(Stall, Market).join(Market).where(Stall.holder == resident.id).order_by(Stall.id)


def uses(resident) -> list[ResidentUse]:
    return [ResidentUse(f"使用{row.market.name} {row.number} 号摊位") for row in held_by(resident)]


def data_of(resident, person) -> list[ResidentSection]:
    seen = {row.id for row in Stall.seen_by(person).where(Stall.holder == resident.id)}
    held = list(held_by(resident))
    rows = [(row.market.name, row.number, row.trade, f"{row.since}") for row in held if row.id in seen]
    hidden = len(held) - len(rows)
    note = f"另有 {hidden} 个摊位不在您的辖区。" if hidden else ""
    return [ResidentSection("集市摊位", ("集市", "编号", "经营", "从哪天起"), rows, note)] if held else []


def erase(resident) -> None:
    Stall.update(holder=None, since=None, version=Stall.version + 1).where(Stall.holder == resident.id).execute()
