import datetime

from flask import Blueprint, render_template, request, url_for
from flask_login import current_user
from playhouse.flask_utils import get_object_or_404

from portal.access import requires
from portal.audit import words
from portal.audit.models import AuditEntry
from portal.forms import row_id

blueprint = Blueprint("audit", __name__, template_folder="templates")

PAGE = 50


def _seen():
    """Return the query of the entries of the reader's county, and of those before anybody had signed in."""
    county = current_user.post.unit.county_id
    return AuditEntry.select().where((AuditEntry.county_id == county) | AuditEntry.county_id.is_null())


@blueprint.get("/")
@requires("audit.read")
def index():
    """The record, newest first, filtered by who, what, how it ended and the days."""
    wanted = {name: request.args.get(name, "").strip()[:60] for name in ("who", "action", "result", "since", "until")}
    query = _filtered(_seen(), wanted)
    after = request.args.get("after", type=row_id)
    if after:
        query = query.where(AuditEntry.id < after)
    found = list(query.order_by(AuditEntry.id.desc()).limit(PAGE + 1))
    kept = {name: value for name, value in wanted.items() if value}
    more = url_for("audit.index", after=found[PAGE - 1].id, **kept) if len(found) > PAGE else None
    first = url_for("audit.index", **kept) if after else None
    return render_template("audit/index.html", found=found[:PAGE], wanted=wanted, kept=kept, more=more, first=first,
                           words=words, actions=words.actions(), choices=_choices())


def _choices() -> list[tuple[str, list]]:
    """Return the actions by room, as the list of the filter offers them."""
    known = words.actions()
    return [
        (title, [(room, f"{title}（全部）")] + [one for one in known.items() if one[0].startswith(room)])
        for room, title in words.rooms().items()
    ]


def _filtered(query, wanted: dict):
    if wanted["who"]:
        query = query.where(AuditEntry.actor_name.contains(wanted["who"]))
    if wanted["action"]:
        of_room = wanted["action"].endswith(".")
        query = query.where(
            AuditEntry.action.startswith(wanted["action"]) if of_room else AuditEntry.action == wanted["action"]
        )
    if wanted["result"] in words.RESULTS:
        query = query.where(AuditEntry.result == wanted["result"])
    since, until = _day(wanted["since"]), _day(wanted["until"])
    if since:
        query = query.where(AuditEntry.at >= since)
    if until:
        query = query.where(AuditEntry.at < until + datetime.timedelta(days=1))
    return query


def _day(text: str):
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.datetime(day.year, day.month, day.day) if 1900 <= day.year <= 2200 else None


@blueprint.get("/<int:entry_id>")
@requires("audit.read")
def show(entry_id):
    entry = get_object_or_404(_seen(), AuditEntry.id == entry_id)
    named, said = words.FIELDS.get, words.text
    details = [(named(name, name), said(value)) for name, value in entry.detail.items()]
    changes = [(named(name, name), said(old), said(new)) for name, (old, new) in entry.changes.items()]
    return render_template(
        "audit/show.html", entry=entry, words=words, actions=words.actions(), details=details, changes=changes
    )
