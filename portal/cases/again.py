"""The slower of two clerks: what they filled in comes back, on the case as it stands now, and pressing once more is
enough. Where the act is not possible any more the conflict goes on to its own page, which keeps the text."""

from flask import abort
from flask_login import current_user

from portal.cases import page
from portal.cases.kinds import contents_seen
from portal.values import Conflict, Refused


def tried(case, form, act, still_possible) -> tuple[object, object, list]:
    """Carry out `act()`: return what it returned, the case, and what somebody else changed in the meantime.

    Nothing is returned where a rule forbids it (the sentence stands in the form) or somebody was faster: then the form
    stands on the case as it is now, if `still_possible(case)`.
    """
    try:
        return act(), case, []
    except Refused as refused:
        form.refuse(refused)
    except Conflict as conflict:
        return None, *caught_up(case.id, form, conflict, still_possible)
    return None, case, []


def caught_up(case_id: int, form, conflict: Conflict, still_possible) -> tuple[object, list]:
    """Bring the form of the slower of two clerks up to the case as it stands: returns it and what changed meanwhile."""
    case = page.find(current_user, case_id) or abort(404)
    changed = page.since(case, form.version.data)
    if not changed or not still_possible(case) or not contents_seen(case, current_user):
        raise conflict
    form.renew(case.version)
    return case, changed


def status(form, changed) -> int:
    """Return the status of a page with a form: somebody was faster, something is wrong with it, or it is new."""
    return 409 if changed else 422 if form.is_submitted() else 200
