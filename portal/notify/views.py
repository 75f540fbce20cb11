import datetime

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_login import current_user
from playhouse.flask_utils import get_object_or_404

from portal.access import signed_in, unattended
from portal.accounts.next_page import safe_next
from portal.db import now
from portal.forms import Form
from portal.notify import reading
from portal.notify.counting import topics, unread_of
from portal.notify.forms import SettingsForm
from portal.notify.models import DIGEST, Notice
from portal.paging import page_of

blueprint = Blueprint("notify", __name__, template_folder="templates")


@blueprint.get("/")
@signed_in
def index():
    """The inbox, newest first."""
    known = topics(current_user)
    topic = request.args.get("topic", "")
    topic = topic if topic in known else ""
    everything = request.args.get("all") == "1"
    kept = {"topic": topic, "all": "1" if everything else ""}
    query = reading.inbox(current_user, topic, only_unread=not everything)
    rows, pages = page_of(query, Notice.id, "notify.index", **kept)
    counts = unread_of(current_user)
    return render_template(
        "notify/index.html", rows=rows, pages=pages, topic=topic, everything=everything, topics=known,
        waiting=counts.get(topic, 0) if topic else sum(counts.values()),
    )


@blueprint.get("/<int:notice_id>")
@signed_in
def open(notice_id):
    """Mark a notice as read and go to where something can be done."""
    notice = get_object_or_404(reading.inbox(current_user), Notice.id == notice_id)
    reading.note_opened(notice)
    return redirect(safe_next(notice.url, url_for("notify.index", all=1)))


@blueprint.post("/<int:notice_id>/read")
@signed_in
def read(notice_id):
    """Mark one notice as read without opening it."""
    notice = get_object_or_404(reading.inbox(current_user), Notice.id == notice_id)
    if Form().validate_on_submit():
        reading.mark_read(Notice.id == notice.id)
    return redirect(_back())


@blueprint.post("/read-all")
@signed_in
def read_all():
    """Mark everything, or everything of one topic, as read."""
    if Form().validate_on_submit():
        number = reading.mark_all_read(current_user, request.args.get("topic", ""))
        flash(f"{number} 条消息已标为已读。" if number else "没有未读的消息。", "ok")
    return redirect(_back())


def _back() -> str:
    return url_for("notify.index", topic=request.args.get("topic") or None, all=request.args.get("all") or None)


@blueprint.route("/settings", methods=["GET", "POST"])
@signed_in
def settings():
    """Which topics one wants to be told of, and whether the workbench shows what is unread."""
    form, known, silent = SettingsForm(), topics(current_user), reading.muted_by(current_user)
    form.topics.choices = [(name, topic.title) for name, topic in known.items() if topic.may_mute]
    if form.validate_on_submit():
        reading.save_settings(current_user, set(form.topics.data or []), form.digest.data)
        flash("消息设置已保存。", "ok")
        return redirect(url_for("notify.settings"))
    if not form.is_submitted():
        form.topics.data = [name for name, topic in known.items() if topic.may_mute and name not in silent]
        form.digest.data = DIGEST not in silent
    always = [topic.title for topic in known.values() if not topic.may_mute]
    return render_template("notify/settings.html", form=form, always=always), 422 if form.is_submitted() else 200


@blueprint.get("/unread")
@unattended
@signed_in
def unread():
    """The figure at the bell, for a page that stays open, and the newest of what came since (?since=, a moment)."""
    newest = reading.newest(current_user, request.args.get("since", type=datetime.datetime.fromisoformat))
    g.plain_page = True  # a fragment has no frame, so nothing is asked for one
    return render_template(
        "notify/unread.html", newest=newest, unread=sum(unread_of(current_user).values()), page_at=now().isoformat(),
    )
