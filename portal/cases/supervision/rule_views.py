"""The rules of supervision: a county and its towns set when lights turn, and a county what follows on delay."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from portal.access import requires
from portal.cases.kinds import kinds
from portal.cases.supervision import rules as ruling
from portal.cases.supervision.forms import CountyRuleForm, TownRuleForm
from portal.cases.supervision.tabs import tabs
from portal.cases.views import blueprint
from portal.org.models import Unit
from portal.values import Refused

#: How the rules for all kinds are called in an address.
ALL = "all"
AUTO = {"yes": True, "no": False, "": None}


def _own_unit() -> Unit:
    """Return the county or town whose rules the person sets, else answer 404."""
    unit = current_user.post.unit if current_user.post else None
    if unit is None or unit.county_id is None or unit.village_id is not None:
        abort(404)
    return Unit.get_by_id(unit.town_id or unit.county_id)


@blueprint.get("/rules")
@requires("cases.change_rules")
def rules():
    unit = _own_unit()
    place = (unit.county_id, unit.town_id)
    rows = [
        {"title": title, "name": name or ALL, "held": ruling.rules_of(name, *place), "own": ruling.own(unit.id, name)}
        for name, title in [("", "全部种类"), *((kind.name, kind.title) for kind in kinds().values())]
    ]
    return render_template("cases/supervision/rules.html", unit=unit, rows=rows, supervision_tabs=_tabs())


def _tabs() -> list[dict]:
    return tabs("cases.rules", current_user) if current_user.may("cases.read") else []


@blueprint.route("/rules/<kind>", methods=["GET", "POST"])
@requires("cases.change_rules")
def edit_rule(kind):
    """Set the rules for a kind, or for all; what is left empty follows what holds one step further out."""
    unit, name = _own_unit(), "" if kind == ALL else kind
    if name and name not in kinds():
        abort(404)
    held = ruling.own(unit.id, name)
    of_county = unit.level == "county"
    begin = {**held, "auto_remind": {True: "yes", False: "no"}.get(held["auto_remind"], "")}
    form = (CountyRuleForm if of_county else TownRuleForm)(data=begin if request.method == "GET" else None)
    if form.validate_on_submit():
        values = form.values()
        if of_county:
            values["auto_remind"] = AUTO[values["auto_remind"] or ""]
        try:
            ruling.save(unit, name, values, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存，马上起作用。", "success")
            return redirect(url_for("cases.rules"))
    view = {
        "form": form, "unit": unit, "title": kinds()[name].title if name else "全部种类", "of_county": of_county,
        "held": ruling.rules_of(name, unit.county_id, unit.town_id),
    }
    return render_template("cases/supervision/rule.html", **view), 422 if form.is_submitted() else 200
