"""Markets: the list, a market and its month, registering and changing one, the card of tomorrow."""

import datetime

from portal.kit import (
    Conflict,
    Refused,
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

from . import rule
from .forms import MarketEditForm, MarketForm
from .models import Market, Stall
from .pages import blueprint


@blueprint.get("/")
@requires("market_days.read")
def index():
    query = Market.seen_by(current_user).select(Market, Unit).join(Unit)
    rows, pages = page_of(query, Market.id, "market_days.index")
    return render_template("market_days/index.html", rows=[(row, coming(row)) for row in rows], pages=pages,
                           manages=current_user.may("market_days.manage"))


def coming(market: Market) -> dict | None:
    """Return the next day of a market as the pages place it, None while it is paused or the calendar ends."""
    day = None if market.paused else market.rule.next(today())
    return day and told(day)


def told(day: datetime.date) -> dict:
    near = {0: "今天", 1: "明天", 2: "后天"}.get((day - today()).days, "")
    return {"day": day, "near": near, "weekday": rule.weekday(day), "lunar": rule.lunar_name(day)}


@blueprint.get("/markets/<int:market_id>")
@requires("market_days.read")
def market(market_id):
    row = found(market_id)
    first = month_of(request.args.get("month", ""))
    days = [told(day) for day in row.rule.of_month(first)]
    stalls = list(Stall.seen_by(current_user).where(Stall.market == row).order_by(Stall.number).limit(500))
    return render_template(
        "market_days/market.html", market=row, coming=coming(row), first=first, days=days, stalls=stalls,
        before=beside(first, -1), after=beside(first, 32), manages=current_user.may("market_days.manage", row.unit))


def found(market_id: int) -> Market:
    query = Market.seen_by(current_user).select(Market, Unit).join(Unit)
    return get_object_or_404(query, Market.id == market_id)


def month_of(text: str) -> datetime.date:
    """Return the first day of the month 2026-11; what is not one, or not known to the lunar calendar, is this month."""
    try:
        first = datetime.datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        return today().replace(day=1)
    return first if rule.FIRST <= first <= rule.LAST else today().replace(day=1)


def beside(first: datetime.date, days: int) -> str:
    """Return the month before (-1) or after (32) as the address has it, "" where the calendar ends."""
    other = (first + datetime.timedelta(days=days)).replace(day=1)
    return f"{other:%Y-%m}" if rule.FIRST <= other <= rule.LAST else ""


@blueprint.route("/new", methods=["GET", "POST"])
@requires("market_days.manage")
def new():
    form = MarketForm()
    form.unit.offer()
    if form.validate_on_submit():
        try:
            row = register(form.unit.unit, form.values(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已登记。", "success")
            return redirect(url_for("market_days.market", market_id=row.id))
    return render_template("market_days/new.html", form=form), 422 if form.is_submitted() else 200


def register(unit: Unit, data: dict, actor) -> Market:
    if not actor.may("market_days.manage", unit):
        raise Refused("只能登记本乡镇的集市。", "unit")
    if Market.select().where(Market.town_id == unit.town_id, Market.name == data["name"]).exists():
        raise Refused("本乡镇已有这个名称的集市。", "name")
    row = Market.create(unit=unit, name=data["name"], site=data["site"], **ruled(data), **unit.place())
    audit.record("market_days.register", "market_days.market", row.id)
    return row


def ruled(data: dict) -> dict:
    """Return the columns of the rule that was typed."""
    lunar = data["calendar"] == "lunar"
    return {"digits": ",".join(map(str, rule.read(data["rule"]))), "lunar": lunar,
            "thirty_first": data["thirty_first"] and not lunar}


@blueprint.route("/markets/<int:market_id>/edit", methods=["GET", "POST"])
@requires("market_days.manage")
def edit(market_id):
    row = found(market_id)
    form = MarketEditForm(obj=row)
    if not form.is_submitted():
        form.calendar.data, form.rule.data = "lunar" if row.lunar else "solar", str(row.rule)[2:]
    if form.validate_on_submit():
        try:
            change(row, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存。", "success")
            return redirect(url_for("market_days.market", market_id=row.id))
    return render_template("market_days/edit.html", form=form, market=row), 422 if form.is_submitted() else 200


def change(row: Market, data: dict, version: int, actor) -> None:
    """Save what was typed, unless somebody changed the market since the form was shown."""
    if not actor.may("market_days.manage", row.unit):
        raise Refused("只能修改本乡镇的集市。")
    same = Market.select().where(Market.town_id == row.town_id, Market.name == data["name"], Market.id != row.id)
    if same.exists():
        raise Refused("本乡镇已有这个名称的集市。", "name")
    columns = {name: data[name] for name in ("name", "site", "paused")}
    changed = Market.update(version=Market.version + 1, **columns, **ruled(data)).where(
        Market.id == row.id, Market.version == version).execute()
    if not changed:
        raise Conflict("别人", "修改了这个集市", url_for("market_days.market", market_id=row.id))
    audit.record("market_days.change", "market_days.market", row.id)


def tomorrow(person) -> dict | None:
    """Return the markets of tomorrow for the card; None where there is none."""
    day = today() + datetime.timedelta(days=1)
    markets = Market.seen_by(person).where(Market.paused == "").order_by(Market.name)
    open_ = [row for row in markets if row.rule.holds(day)]
    return {"markets": open_[:6], "more": len(open_) - 6, "day": told(day)} if open_ else None
