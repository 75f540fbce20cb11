"""What a change of the calendar moved: for those who answer for the cases, and for who keeps the calendar."""

from flask import abort, flash, redirect, render_template, url_for
from flask_login import current_user
from playhouse.flask_utils import get_object_or_404

from portal.access import own_transaction, requires
from portal.calendar.models import CalendarChange
from portal.cases import recompute
from portal.cases.clock_models import DueMove
from portal.cases.kinds import kinds
from portal.cases.lens import Reader, through_any
from portal.cases.models import Case
from portal.cases.views import blueprint
from portal.forms import Form
from portal.org.models import Unit
from portal.paging import page_of


class ContinueForm(Form):
    """A bare button: look at the next cases now."""


@blueprint.get("/due-moves/<int:change_id>")
@requires("cases.read")
def show_moves(change_id):
    """The cases in one's sight whose date was moved by a change of the calendar."""
    change = _change(change_id)
    if current_user.post is None:
        abort(404)
    seen = _moves(change).where(*through_any(Reader.of(current_user)))
    rows, pages = page_of(seen, DueMove.id, "cases.show_moves", change_id=change.id)
    return render_template("cases/moves.html", change=change, rows=_shown(rows, True), pages=pages, left=0, form=None)


@blueprint.get("/calendar-moves/<int:change_id>")
@requires("calendar.manage")
def review_moves(change_id):
    """All that a change moved in one's county: numbers and dates, not what the cases are about."""
    change = _change(change_id)
    county = current_user.post.unit.county_id if current_user.post else None
    rows, pages = page_of(
        _moves(change).where(DueMove.county_id == county), DueMove.id, "cases.review_moves", change_id=change.id)
    left = recompute.left(change)
    view = {"change": change, "rows": _shown(rows, False), "pages": pages, "left": left}
    return render_template("cases/moves.html", **view, form=ContinueForm() if left or not change.done_at else None)


@blueprint.post("/calendar-moves/<int:change_id>/continue")
@requires("calendar.manage")
@own_transaction
def continue_moves(change_id):
    """Go on with what is left, instead of waiting for the job."""
    change, form = _change(change_id), ContinueForm()
    if not form.validate():
        abort(400)
    looked = recompute.work()
    flash(f"又核对了 {looked} 件。", "success")
    return redirect(url_for("cases.review_moves", change_id=change.id))


def _change(change_id: int) -> CalendarChange:
    if change_id >= 2**31:
        abort(404)
    return get_object_or_404(CalendarChange, CalendarChange.id == change_id)


def _moves(change: CalendarChange):
    return (
        DueMove.select(DueMove, Case, Unit).join(Case).join_from(DueMove, Unit, on=(DueMove.unit == Unit.id))
        .where(DueMove.change_id == change.id)
    )


def _shown(rows, open_to_reader: bool) -> list[dict]:
    known = kinds()
    return [
        {"number": row.case.number, "title": row.case.title if open_to_reader else "",
         "url": url_for("cases.show", case_id=row.case_id) if open_to_reader else "", "unit": row.unit.name,
         "kind": known[row.case.kind].title if row.case.kind in known else row.case.kind,
         "old": row.old, "new": row.new, "kept": row.kept, "later": row.new > row.old}
        for row in rows
    ]
