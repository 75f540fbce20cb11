"""Questions: people ask about a market or a stall, at whatever window they come to, and get an answer."""

from portal.kit import (
    Case,
    Deadline,
    Opening,
    Refused,
    Unit,
    current_user,
    mask_name,
    open_case,
    redirect,
    render_list,
    render_template,
    request,
    requires,
    setting,
    url_for,
)

from .forms import AskForm
from .models import Market, Question, Stall
from .pages import blueprint
from .workflow import KIND

#: Whoever sits in a village writes down what lies there; whoever sits above it, what lies with the market.
NEAR = ("village", "grid")


@blueprint.get("/questions")
@requires("market_days.read")
def questions():
    return render_list(KIND, title="赶集问答", endpoint="market_days.questions")


@blueprint.route("/ask", methods=["GET", "POST"])
@requires("market_days.ask")
def ask():
    form = AskForm()
    markets = Market.seen_by(current_user).select(Market, Unit).join(Unit).order_by(Market.name)
    seen = {str(row.id): row for row in markets}
    form.market.choices = [(number, row.name) for number, row in seen.items()]
    if not form.is_submitted():
        form.market.data = request.args.get("market", "")
    if form.validate_on_submit():
        try:
            case = receive(seen[form.market.data], form.values(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            return redirect(url_for("cases.show", case_id=case.id))
    return render_template("market_days/ask.html", form=form, seen=seen), 422 if form.is_submitted() else 200


def receive(market: Market, data: dict, actor) -> Case:
    """Open the case: it lies where the person came to, and with whoever runs the market.

    No law says by when; the county sets it.
    """
    own = actor.post.unit
    place = Unit.get_by_id(own.id) if own.level in NEAR and own.town_id == market.town_id else market.unit
    limit = Deadline(setting("market_days.days", market.county_id))
    opening = Opening(KIND.name, f"{market.name}：{data['title']}", place, limit, unit=market.unit,
                      applicant=mask_name(data["name"]))
    stall = stall_of(market, data["stall"])
    case = open_case(opening, actor)
    Question.create(county_id=case.county_id, case=case, market=market, stall=stall, text=data["text"])
    return case


def stall_of(market: Market, number: str) -> Stall | None:
    if not number:
        return None
    row = Stall.get_or_none(Stall.market == market, Stall.number == number)
    if row is None:
        raise Refused(f"{market.name}没有这个编号的摊位；不问摊位就不填。", "stall")
    return row
