"""The page of the auditor: the record with its filters, one entry, the export. Nothing here changes anything."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from playhouse.flask_utils import get_object_or_404

from portal.access import may_lag, requires
from portal.audit import export as exporting
from portal.audit import words
from portal.audit.filters import Wanted
from portal.audit.models import AuditEntry
from portal.db import today
from portal.forms import row_id
from portal.values import Refused

blueprint = Blueprint("audit", __name__, template_folder="templates")

PAGE = 50


def _seen():
    """Return the query of the entries of the reader's county, and of those before anybody had signed in."""
    county = current_user.post.unit.county_id
    return AuditEntry.select().where((AuditEntry.county_id == county) | AuditEntry.county_id.is_null())


@blueprint.get("/")
@requires("audit.read")
@may_lag
def index():
    """The record, newest first, filtered by who, where, what, how it ended, from where, and the days."""
    wanted = Wanted.of(request.args)
    query = wanted.narrow(_seen())
    after = request.args.get("after", type=row_id)
    if after:
        query = query.where(AuditEntry.id < after)
    found = list(query.order_by(AuditEntry.id.desc()).limit(PAGE + 1))
    kept = wanted.kept
    more = url_for("audit.index", after=found[PAGE - 1].id, **kept) if len(found) > PAGE else None
    first = url_for("audit.index", **kept) if after else None
    return render_template("audit/index.html", found=found[:PAGE], wanted=wanted, kept=kept, more=more, first=first,
                           words=words, actions=words.actions(), choices=_choices(), tags=_tags(kept))


@blueprint.get("/export")
@requires("audit.read")
def export():
    """What the filters show, as a file for table programs; the export is on the record."""
    wanted = Wanted.of(request.args)
    try:
        content, digest = exporting.export(wanted.narrow(_seen()), wanted.kept)
    except Refused as refused:
        flash(refused.sentence, "warn")
        return redirect(url_for("audit.index", **wanted.kept))
    answer = make_response(content)
    answer.mimetype = "text/csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="audit-{today()}-{digest[:8]}.csv"'
    return answer


def _tags(kept: dict) -> list[dict]:
    """Return the filters in words, each with the address that leaves it out."""
    actions, rooms = words.actions(), words.rooms()
    said = {
        "action": lambda code: actions.get(code) or rooms.get(code, code), "result": lambda code: words.titled(
            words.RESULTS, code), "object_type": lambda code: words.titled(words.OBJECTS, code),
    }
    return [
        {"label": f"{words.FILTERS[name]}：{said.get(name, str)(value)}",
         "url": url_for("audit.index", **{key: text for key, text in kept.items() if key != name})}
        for name, value in kept.items()
    ]


def _choices() -> list[tuple[str, list]]:
    """Return the actions by room, as the list of the filter offers them."""
    known = words.actions()
    return [
        (title, [(room, f"{title}（全部）")] + [one for one in known.items() if one[0].startswith(room)])
        for room, title in words.rooms().items()
    ]


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
