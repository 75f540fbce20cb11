"""The pages of announcements: the list, one of them with its receipts, publishing, reminding, withdrawing."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from playhouse.flask_utils import get_object_or_404

from portal import files
from portal.access import requires
from portal.files.models import Attachment
from portal.forms import Form
from portal.notify import announcing
from portal.notify.announcing import AUDIENCES, find, manages
from portal.notify.forms import PublishForm, WithdrawForm
from portal.notify.models import Announcement
from portal.notify.views import blueprint
from portal.paging import page_of
from portal.values import Refused


@blueprint.get("/announcements/")
@requires("notify.read")
def announcements():
    """What was announced to one's unit, and what was published on one's ground."""
    everything = request.args.get("all") == "1"
    rows, pages = page_of(announcing.listed(current_user, everything), Announcement.id, "notify.announcements",
                          all="1" if everything else "")
    return render_template("notify/announcements.html", rows=rows, pages=pages, everything=everything,
                           voice=current_user.may("notify.publish") and announcing.speaks_as(current_user))


@blueprint.get("/announcements/<int:announcement_id>")
@requires("notify.read")
def announcement(announcement_id):
    """One announcement. Opening it is the receipt of the reader's unit."""
    found = find(current_user, announcement_id)
    announcing.note_opened(current_user, found)
    units = announcing.receipts(found) if announcing.oversees(current_user, found) else None
    return render_template(
        "notify/announcement.html", one=found, units=units, managing=manages(current_user, found),
        attachments=files.of("announcement", found.id), read=sum(unit.seen for unit in units or ()),
    )


@blueprint.get("/announcements/<int:announcement_id>/files/<int:file_id>")
@requires("notify.read")
def attachment(announcement_id, file_id):
    found = find(current_user, announcement_id)
    return files.send(get_object_or_404(
        Attachment, Attachment.id == file_id, Attachment.owner_type == "announcement",
        Attachment.owner_id == found.id, Attachment.removed_at.is_null(),
    ))


@blueprint.route("/publish", methods=["GET", "POST"])
@requires("notify.publish")
def publish():
    """Write an announcement and send it to the units below."""
    voice = announcing.speaks_as(current_user) or abort(404)
    form = PublishForm()
    form.audience.choices = list(AUDIENCES[voice].items())
    form.chosen.choices = [(str(unit.id), unit.short) for unit in announcing.below(current_user)]
    if not form.is_submitted():
        form.audience.data = next(iter(AUDIENCES[voice]))
    if form.validate_on_submit():
        data = form.values() | {"chosen": [int(key) for key in form.chosen.data or []]}
        try:
            made = announcing.publish(current_user, data, form.attachments.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已发布，收到的单位会在工作台看到。", "ok")
            return redirect(url_for("notify.announcement", announcement_id=made.id))
    return render_template("notify/publish.html", form=form), 422 if form.is_submitted() else 200


def _own(announcement_id: int) -> Announcement:
    """Return an announcement that the person may act on; raise Refused for one that they may only read."""
    found = find(current_user, announcement_id)
    if not manages(current_user, found):
        raise Refused(f"这条通知由{found.unit.name}发布，只有他们能撤回或催阅。")
    return found


@blueprint.post("/announcements/<int:announcement_id>/remind")
@requires("notify.publish")
def remind(announcement_id):
    """催阅: remind the units that have not opened it."""
    found = _own(announcement_id)
    if not Form().validate_on_submit():
        abort(400)
    try:
        number = announcing.remind(current_user, found)
    except Refused as refused:
        flash(refused.sentence, "warn")
    else:
        flash(f"已催 {number} 个单位。", "ok")
    return redirect(url_for("notify.announcement", announcement_id=found.id))


@blueprint.route("/announcements/<int:announcement_id>/withdraw", methods=["GET", "POST"])
@requires("notify.publish")
def withdraw(announcement_id):
    """Take an announcement back; it is kept with the reason."""
    if request.method == "GET" and not manages(current_user, seen := find(current_user, announcement_id)):
        return redirect(url_for("notify.announcement", announcement_id=seen.id))
    found = _own(announcement_id)
    form = WithdrawForm()
    if not form.is_submitted():
        form.version.data = found.version
    if form.validate_on_submit():
        announcing.withdraw(current_user, found, form.reason.data, form.version.data)
        flash("已撤回。", "ok")
        return redirect(url_for("notify.announcement", announcement_id=found.id))
    return render_template("notify/withdraw.html", form=form, one=found), 422 if form.is_submitted() else 200
