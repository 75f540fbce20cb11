from plugins.station import forms
from plugins.station.items import items_of, save_item, written
from plugins.station.models import ItemMaterial, ServiceItem, speed_up
from plugins.station.receive import asked_of, receive
from plugins.station.referral import source_of
from plugins.station.workflow import KIND
from portal.kit import (
    Blueprint,
    Refused,
    abort,
    current_user,
    flash,
    fn,
    get_object_or_404,
    may_lag,
    redirect,
    render_list,
    render_template,
    request,
    requires,
    row_id,
    url_for,
)

blueprint = Blueprint("station", __name__, template_folder="templates")

SHOWN = 60


@blueprint.get("/")
@requires("station.read")
@may_lag
def index():
    """The station's cases through the three lenses."""
    return render_list(KIND, title="代办事项", endpoint="station.index")


@blueprint.get("/items")
@requires("station.read")
def items():
    """The guide: what can be done, who decides, how long it takes, what to bring."""
    words = " ".join(request.args.get("q", "").split())[:40]
    theme = request.args.get("theme", "")[:20]
    listed = request.args.get("listed") == "1"
    found = list(items_of(current_user, words, theme, listed).limit(SHOWN + 1))
    return render_template(
        "station/items.html", found=found[:SHOWN], more=len(found) > SHOWN, words=words, theme=theme,
        themes=_themes(theme, listed), listed=listed, receiving=current_user.may("station.receive"),
    )


@blueprint.get("/items/<int:item_id>")
@requires("station.read")
def item(item_id):
    """One item's guide on a page that prints for the person who asks."""
    item = _item(item_id)
    return render_template(
        "station/item.html", item=item, speed_up=speed_up(item), materials=list(item.materials),
        receiving=current_user.may("station.receive"), managing=current_user.may("station.manage"),
    )


@blueprint.route("/items/<int:item_id>/edit", methods=["GET", "POST"])
@requires("station.manage")
def edit_item(item_id):
    """What the county may set: who decides, the promise, the materials, the words, whether it is received at all."""
    item = _item(item_id)
    form = forms.ItemForm(obj=item, data={"asked_for": written(item.materials.order_by(ItemMaterial.sort))})
    if form.validate_on_submit():
        try:
            save_item(item, form, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存，新的收件按新内容办理；已收的件仍按收件时的内容。", "success")
            return redirect(url_for("station.item", item_id=item.id))
    return render_template("station/edit_item.html", form=form, item=item), 422 if form.is_submitted() else 200


@blueprint.route("/receive", methods=["GET"])
@requires("station.receive")
def choose():
    """收件, first page: which item."""
    words = " ".join(request.args.get("q", "").split())[:40]
    found = list(items_of(current_user, words, "", False, only_active=True).limit(SHOWN))
    source = source_of(current_user, request.args.get("source", type=row_id))
    return render_template("station/choose.html", found=found, words=words, source=source)


@blueprint.route("/receive/<int:item_id>", methods=["GET", "POST"])
@requires("station.receive")
def receive_item(item_id):
    """收件, second page: who comes and what they bring."""
    item = _item(item_id)
    form = forms.ReceiveForm()
    form.unit_id.offer()
    materials = asked_of(item)
    form.received.choices = [(material.id, material.name) for material in materials]
    source = source_of(current_user, request.args.get("source", type=row_id))
    if form.validate_on_submit():
        try:
            case = receive(item, form.unit_id.unit, current_user, form.values(), source=source)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已收件，编号 {case.number}。请打印收件回执交给办事人。", "success")
            return redirect(url_for("cases.show", case_id=case.id))
    status = 422 if form.is_submitted() else 200
    return render_template("station/receive.html", form=form, item=item, materials=materials, source=source), status


def _themes(chosen: str, listed: bool) -> list[dict]:
    """Return the chips of the guide: how many items each stage of life has."""
    query = ServiceItem.select(ServiceItem.theme, fn.COUNT(ServiceItem.id)).where(
        ServiceItem.county_id == current_user.post.unit.county_id,
        ServiceItem.origin == ("listed" if listed else "catalogue"),
    )
    counts = list(query.group_by(ServiceItem.theme).order_by(ServiceItem.theme).tuples())
    kept = {"listed": "1"} if listed else {}
    everything = {"label": "全部", "count": sum(count for _, count in counts), "active": not chosen,
                  "url": url_for("station.items", **kept)}
    return [everything] + [
        {"label": theme, "count": count, "active": theme == chosen,
         "url": url_for("station.items", theme=theme, **kept)}
        for theme, count in counts
    ]


def _item(item_id: int) -> ServiceItem:
    if current_user.post is None:
        abort(404)
    return get_object_or_404(
        ServiceItem, ServiceItem.id == item_id, ServiceItem.county_id == current_user.post.unit.county_id
    )
