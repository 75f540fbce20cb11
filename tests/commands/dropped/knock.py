"""A plugin in a single file, as somebody drops it into instance/plugins: a knock at the door opens a case."""

from flask import render_template_string

from portal.kit import (
    Blueprint,
    CaseKind,
    Deadline,
    Form,
    MenuItem,
    Opening,
    Permission,
    Plugin,
    State,
    Step,
    Text,
    Unit,
    Workflow,
    current_user,
    hookimpl,
    open_case,
    redirect,
    requires,
    url_for,
)

PAGE = """{% extends "frame.html" %}{% block title %}敲门{% endblock %}{% block main %}
<form method="post">{{ form.hidden_tag() }}{{ form.text() }}{{ form.text.errors|join }}<button>敲门</button></form>
{% endblock %}"""

WORKFLOW = Workflow(
    states=(State("open", "待应门", "new", "去开门"), State("done", "已应门", "closed")),
    steps=(Step("answer", "应门", ("open",), "done", "knock.write"),),
    start="open",
)

blueprint = Blueprint("knock", __name__)


class Knock(Form):
    text = Text("事由")


@blueprint.route("/new", methods=["GET", "POST"])
@requires("knock.write")
def new():
    form = Knock()
    if form.validate_on_submit():
        unit = Unit.get_by_id(current_user.post.unit.id)
        opening = Opening("knock.matter", form.text.data, unit, Deadline(5), no_reply_because="没有留下姓名")
        return redirect(url_for("knock.heard", number=open_case(opening, current_user).number))
    return render_template_string(PAGE, form=form), 422 if form.errors else 200


@blueprint.get("/heard/<number>")
@requires("knock.write")
def heard(number):
    return render_template_string("{{ number }}", number=number)


@hookimpl
def portal_plugin():
    return Plugin("knock", "敲门", level="town")


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [Permission("knock.write", "敲门", roles=("window", "town_staff"))]


@hookimpl
def portal_menu():
    return [MenuItem(90, "敲门", "knock.new", "knock.write")]


@hookimpl
def portal_cases():
    return [CaseKind("knock.matter", "敲门", "QM", WORKFLOW, "knock.write")]
