"""The pages of orders (督办单): the list, one order, issuing, taking note, answering, judging, printing."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from portal import audit
from portal.access import may_lag, requires, who_asks
from portal.cases import page
from portal.cases.kinds import kinds
from portal.cases.lens import seen_by
from portal.cases.models import Case
from portal.cases.supervision import forms, lists, orders
from portal.cases.supervision.escalation import days_over
from portal.cases.supervision.models import Order, OrderAnswer, OrderCase
from portal.cases.supervision.on_case import clock_of, sees
from portal.cases.supervision.reach import addressees, may_press
from portal.cases.supervision.rows import TONES
from portal.cases.supervision.rules import rules_of
from portal.cases.supervision.tabs import tabs
from portal.cases.views import MOST_FILES, blueprint
from portal.db import now
from portal.forms import row_id
from portal.org.models import Unit
from portal.paging import page_of
from portal.render import light_bar
from portal.values import Refused

Issuer = Unit.alias()


@blueprint.get("/orders", endpoint="orders")
@requires("cases.read")
@may_lag
def orders_page():
    """The orders that the unit got or issued, or all of its area."""
    person = who_asks()
    if person.post is None:
        abort(404)
    sides = lists.order_sides(person)
    side = request.args.get("side") if request.args.get("side") in sides else next(iter(sides))
    part = request.args.get("part") if request.args.get("part") in lists.ORDER_PARTS else "open"
    if request.args.get("part") == "all":
        part = ""
    found, pages = page_of(lists.orders(person, side, part), Order.id, "cases.orders", side=side, part=part or "all")
    counts = lists.order_counts(person, side)
    return render_template(
        "cases/supervision/orders.html", supervision_tabs=tabs("cases.orders", person), pages=pages, side=side,
        rows=[_line(order) for order in found],
        sides=[{"label": label, "url": url_for("cases.orders", side=name), "active": name == side}
               for name, label in sides.items()],
        chips_shown=[{"label": label, "url": url_for("cases.orders", side=side, part=name or "all"),
                      "active": name == part, "count": counts.get(name), "danger": name == "late"}
                     for name, label in lists.ORDER_PARTS.items()],
    )


def _line(order) -> dict:
    light = clock_of(order)
    return {
        "url": url_for("cases.order", order_id=order.id), "number": order.number, "subject": order.subject,
        "unit": order.unit.short, "issuer": order.issuer.short, "colour": order.colour_title,
        "tone": TONES[order.colour], "status": order.status_title, "due": order.due, "bar": light_bar(light),
        "late": order.is_owed and light.overdue, "owed": order.is_owed, "answered_at": order.answered_at,
        "issued_at": order.issued_at,
    }


def found_order(order_id: int) -> Order:
    """Return the order with its units if the person may open it, else answer 404."""
    query = (
        Order.select(Order, Unit, Issuer).join(Unit, on=(Order.unit == Unit.id))
        .join_from(Order, Issuer, on=(Order.issuer == Issuer.id), attr="issuer")
    )
    order = query.where(Order.id == order_id).first() if order_id < 2**63 else None
    return order if order is not None and sees(current_user, order) else abort(404)


def _cases(order) -> list[dict]:
    """Return the cases of the order; those that the person may open as links."""
    rows = list(
        Case.select(Case, Unit).join(Unit).join_from(Case, OrderCase, on=(OrderCase.case == Case.id))
        .where(OrderCase.order == order.id).order_by(Case.id)
    )
    seen = {key for (key,) in seen_by(current_user).select(Case.id).where(
        Case.id.in_([case.id for case in rows] or [0])).tuples()}
    return [
        {"number": case.number, "title": case.title if case.id in seen else "", "unit": case.unit.short,
         "kind": kinds()[case.kind].title if case.kind in kinds() else "", "stage": case.phase_title,
         "due": case.due, "url": url_for("cases.show", case_id=case.id) if case.id in seen else ""}
        for case in rows
    ]


def _answers(order) -> list[OrderAnswer]:
    return list(OrderAnswer.select().where(OrderAnswer.order == order.id).order_by(OrderAnswer.id))


@blueprint.get("/orders/<int:order_id>")
@requires("cases.read")
def order(order_id):
    """One order: whose turn it is, what is demanded, what was answered."""
    one = found_order(order_id)
    return render_template(
        "cases/supervision/order.html", order=one, tone=TONES[one.colour], cases=_cases(one), answers=_answers(one),
        bar=light_bar(clock_of(one)) if one.is_owed else "", acts=_acts(one),
        accepting=forms.AcceptForm(data={"version": one.version}), whose=_whose(one),
    )


def _whose(order) -> str:
    """Return whose turn it is, in one sentence."""
    if order.status == "issued":
        return f"等{order.unit.short}签收并答复"
    if order.is_owed:
        return f"等{order.unit.short}{'重新' if order.status == 'returned' else ''}答复"
    if order.status == "answered":
        return f"等{order.issuer.short}审核答复"
    return f"{order.settled_name}于 {order.settled_at:%Y-%m-%d %H:%M} {'办结' if order.status == 'closed' else '撤销'}"


def _acts(order) -> dict[str, bool]:
    ours = order.unit_id in current_user.acts_for and current_user.may("cases.note")
    issued = order.issuer_id in current_user.acts_for and current_user.may("cases.supervise")
    return {
        "accept": ours and order.status == "issued", "answer": ours and order.is_owed,
        "judge": issued and order.status == "answered", "withdraw": issued and order.is_open,
    }


# -- issuing -------------------------------------------------------------------------------------------------------

@blueprint.route("/orders/new", methods=["GET", "POST"])
@requires("cases.supervise")
def issue_order():
    """Issue an order about one case or several (?case=1&case=2)."""
    person = who_asks()
    ids = request.args.getlist("case", type=row_id)[:orders.MOST]
    if not ids and request.method == "GET":
        flash("请在超期清单里勾选案件，或在案件页面开督办单。", "warn")
        return redirect(url_for("cases.overdue"))
    cases = [case for key in dict.fromkeys(ids) if (case := page.find(person, key))] or abort(404)
    if blocked := next((case for case in cases if not may_press(person, case, "cases.supervise")), None):
        flash(f"{blocked.number} 现在不能由您督办：它已经办结，或承办单位不在您的管辖之内。", "warn")
        return redirect(url_for("cases.show", case_id=blocked.id))
    units = addressees(person, cases)
    if not units:
        flash("所选案件由不同的单位承办，没有共同的承办单位，请分别开督办单。", "warn")
        return redirect(url_for("cases.overdue"))
    form = forms.OrderForm(data=_proposed(person, cases) if request.method == "GET" else None)
    form.unit.choices = [(str(unit.id), unit.name) for unit in units]
    if form.validate_on_submit():
        asked = form.values()
        demand = orders.Demand(unit_id=int(asked.pop("unit")), **asked)
        try:
            made = orders.issue([case.id for case in cases], person, demand)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已签发 {made.number}，{made.unit.short}会收到消息。", "success")
            return redirect(url_for("cases.order", order_id=made.id))
    address = url_for("cases.issue_order", case=[case.id for case in cases])
    view = {"form": form, "cases": cases, "address": address, "back": url_for("cases.show", case_id=cases[0].id)}
    return render_template("cases/supervision/issue.html", **view), 422 if form.is_submitted() else 200


def _proposed(person, cases) -> dict:
    """Return what the form begins with: the first case's title, the colour that its delay proposes."""
    first, at = cases[0], now()
    worst = max(cases, key=lambda case: days_over(case, at))
    days = days_over(worst, at)
    colour = rules_of(worst.kind, worst.county_id, worst.town_id).colour(days)
    subject = first.title if len(cases) == 1 else f"{first.title}等 {len(cases)} 件"
    late = f"已超期 {days} 天，" if days else ""
    return {
        "subject": subject[:200], "colour": colour, "signer": person.full_name, "unit": str(first.unit_id),
        "demand": f"{late}请查明原因，采取措施尽快办结，并书面答复办理情况、结果和未能按期办结的原因。",
    }


# -- what the addressee and the issuer do ----------------------------------------------------------------------------

@blueprint.post("/orders/<int:order_id>/accept")
@requires("cases.note")
def accept_order(order_id):
    one, form = found_order(order_id), forms.AcceptForm()
    if form.validate_on_submit():
        orders.accept(one.id, current_user, form.version.data)
        flash(f"已签收 {one.number}，请在 {one.due:%m 月 %d 日}前答复。", "success")
    return redirect(url_for("cases.order", order_id=one.id))


def _act(order_id: int, form_class, name: str, carry_out, done: str):
    """Show the form of one act on an order, and carry it out with `carry_out(order, form)`."""
    one = found_order(order_id)
    form = form_class(data={"version": one.version} if request.method == "GET" else None)
    if not _acts(one)[ALLOWED[name]] and request.method == "GET":
        flash(f"这张督办单现在是“{one.status_title}”，不能“{TITLES[name]}”。", "warn")
        return redirect(url_for("cases.order", order_id=one.id))
    if form.validate_on_submit():
        try:
            carry_out(one, form)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(done, "success")
            return redirect(url_for("cases.order", order_id=one.id))
    view = {"order": one, "form": form, "title": TITLES[name], "answers": _answers(one), "danger": name == "withdraw"}
    return render_template("cases/supervision/act.html", **view), 422 if form.is_submitted() else 200


ALLOWED = {"answer": "answer", "approve": "judge", "return": "judge", "withdraw": "withdraw"}
TITLES = {"answer": "答复督办单", "approve": "办结督办单", "return": "退回重报", "withdraw": "撤销督办单"}


@blueprint.route("/orders/<int:order_id>/answer", methods=["GET", "POST"])
@requires("cases.note")
def answer_order(order_id):
    return _act(order_id, forms.AnswerForm, "answer", _answer, "已答复，签发单位会收到消息。")


def _answer(one, form) -> None:
    files = form.attachments.data or []
    if len(files) > MOST_FILES:
        raise Refused(f"一次最多上传 {MOST_FILES} 个文件，现在选了 {len(files)} 个。", "attachments")
    _, cases = orders.answer(one.id, current_user, form.text.data, form.version.data)
    for case in cases:
        for upload in files:
            page.attach(upload, case, current_user)


@blueprint.route("/orders/<int:order_id>/approve", methods=["GET", "POST"])
@requires("cases.supervise")
def approve_order(order_id):
    return _act(order_id, forms.ApproveForm, "approve", lambda one, form: orders.approve(
        one.id, current_user, form.text.data, form.version.data), "已办结这张督办单。")


@blueprint.route("/orders/<int:order_id>/return", methods=["GET", "POST"])
@requires("cases.supervise")
def return_order(order_id):
    return _act(order_id, forms.GiveBackForm, "return", lambda one, form: orders.give_back(
        one.id, current_user, form.text.data, form.version.data, form.until.data), "已退回，对方会收到消息。")


@blueprint.route("/orders/<int:order_id>/withdraw", methods=["GET", "POST"])
@requires("cases.supervise")
def withdraw_order(order_id):
    return _act(order_id, forms.WithdrawForm, "withdraw", lambda one, form: orders.withdraw(
        one.id, current_user, form.text.data, form.version.data), "已撤销这张督办单，编号保留。")


PAPERS = {"order": "督办单", "answer": "督办回复单"}


@blueprint.get("/orders/<int:order_id>/papers/<which>")
@requires("cases.read")
def order_paper(order_id, which):
    """The order, or its answer, on A4."""
    one = found_order(order_id)
    title = PAPERS.get(which) or abort(404)
    audit.record("cases.print_paper", "order", one.id, detail={"paper": title})
    return render_template(
        "cases/supervision/paper.html", order=one, cases=_cases(one), answers=_answers(one), which=which, title=title,
    )
